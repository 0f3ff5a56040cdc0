//! The laws of a client under any calls, good and bad, in any order.

use bytes::Bytes;
use socketio08::client::{
    Client, ClientBehaviour, ClientConfig, ClientEvent, ClientInput, ClientState, ClientTransmit,
};
use socketio08::server::{AckMode, ExchangeId, Outgoing};
use socketio08::{AckId, Instant, Limits, Profile, Text, Transport};

use super::draws::Draws;

/// What one call may give out: the limits below are far smaller, so more of it never ends.
const OUTPUTS_MAX: usize = 10_000;

const ENDPOINTS: [&str; 6] = ["", "", "/a", "/b", "a:b", "/far-too-long-for-this-client"];

const HANDSHAKE: &str = "s1:15:25:websocket,flashsocket,htmlfile,xhr-polling,jsonp-polling";

const TEXTS: [&str; 28] = [
    "1::",
    "1::",
    "8::",
    "",
    "0::",
    "0::/a",
    "1::/a",
    "1::/b",
    "2::",
    "3:1::x",
    "3:2+:/b:x",
    "4:::{}",
    "5:3+::{\"name\":\"e\"}",
    "5:::[",
    "6:::1",
    "6:::2+[1]",
    "7:::1+0",
    "7:::2",
    "7::/a:2",
    "9:::x",
    "\u{FFFD}3\u{FFFD}1::\u{FFFD}3\u{FFFD}0::",
    "\u{FFFD}6\u{FFFD}3:::\u{1F600}\u{FFFD}3\u{FFFD}2::",
    "\u{FFFD}99\u{FFFD}x",
    "s2:15:25:xhr-polling",
    "s3:::websocket",
    "s4:1:1:htmlfile",
    "s/5:1:1:x",
    "1",
];

/// After how many calls, which `bytes` stand for, a client was connected. They are made on two of them: equal calls give equal outputs and equal states, what is drained is
/// empty, no deadline is left behind, a repeated timeout changes nothing, limits hold.
pub fn client_operations(bytes: &[u8]) -> usize {
    let mut draws = Draws::new(bytes);
    let client = Client::new(config(&mut draws));
    let mut run = Run { twin: client.clone(), client, now: Instant::ZERO, opened: Vec::new() };
    let mut connected = 0;
    while !draws.is_over() {
        run.step(&mut draws);
        connected += usize::from(run.client.state() == ClientState::Connected);
    }
    connected
}

fn config(draws: &mut Draws<'_>) -> ClientConfig {
    let profile = draws.pick(&Profile::ALL);
    let choice = draws.byte();
    let transports = match choice % 8 {
        0 => vec![Transport::XhrPolling],
        1 => vec![Transport::Websocket],
        2 => vec![Transport::JsonpPolling, Transport::Htmlfile],
        3 => vec![Transport::Htmlfile, Transport::Flashsocket],
        4 => Vec::new(),
        5 => Transport::ALL.to_vec(),
        _ => vec![Transport::Websocket, Transport::XhrPolling],
    };
    let mut config = ClientConfig::for_profile(profile)
        .transports(transports)
        .script_handshake(choice & 8 != 0)
        .try_multiple_transports(choice & 16 == 0)
        .reconnect(choice & 32 == 0);
    if choice & 64 != 0 {
        config = config.behaviour(ClientBehaviour::Improved);
    }
    if choice & 128 != 0 {
        let limits = Limits::default()
            .payload_len_max(64)
            .payload_packets_max(3)
            .endpoint_len_max(8)
            .endpoints_max(4)
            .outbox_packets_max(8)
            .pending_acks_max(4)
            .session_exchanges_max(3)
            .client_links_max(3)
            .client_timers_max(5);
        config = config.limits(limits).max_reconnection_attempts(3);
    }
    config
}

struct Run {
    client: Client,
    /// A clone of `client` that is called as it is.
    twin: Client,
    now: Instant,
    /// Every exchange the client opened, with what answers it well.
    opened: Vec<(ExchangeId, &'static str)>,
}

#[derive(Clone)]
enum Operation {
    Abandon,
    Acknowledge(Text),
    Connect,
    Disconnect,
    Input(ClientInput),
    Jitter(u16),
    Join(Text),
    Leave(Text),
    Send(Text, Outgoing, AckMode),
    Timeout,
}

impl Run {
    fn step(&mut self, draws: &mut Draws<'_>) {
        let operation = self.draw(draws);
        self.now = self.now + draws.duration();
        let is_timeout = matches!(operation, Operation::Timeout);
        apply(&mut self.client, self.now, operation.clone());
        apply(&mut self.twin, self.now, operation);
        let outputs = drain(&mut self.client);
        assert_eq!(outputs, drain(&mut self.twin), "equal calls");
        assert_eq!(self.client, self.twin, "equal calls");
        if is_timeout {
            self.time_has_passed();
        }
        self.limits_hold();
        self.opened.extend(outputs.0.iter().filter_map(good_answer));
        if draws.one_in(4) {
            self.twin = self.client.clone();
        }
    }

    fn time_has_passed(&mut self) {
        assert!(
            self.client.poll_timeout().is_none_or(|deadline| deadline.at > self.now),
            "a deadline passed"
        );
        self.client.handle_timeout(self.now);
        self.client.handle_timeout(Instant::ZERO);
        assert_eq!(drain(&mut self.client), (Vec::new(), Vec::new()), "nothing was due");
        assert_eq!(self.client, self.twin, "a repeated timeout");
    }

    fn limits_hold(&self) {
        let limits = &self.client.config().limits;
        assert!(self.client.live_sessions().count() <= limits.client_links_max);
        assert!(self.client.outbox_len() <= limits.outbox_packets_max + limits.endpoints_max);
    }

    fn draw(&self, draws: &mut Draws<'_>) -> Operation {
        match draws.below(24) {
            0 | 1 => Operation::Connect,
            2 => Operation::Join(endpoint(draws)),
            3 => Operation::Leave(endpoint(draws)),
            4 if draws.one_in(8) => Operation::Disconnect,
            5 if draws.one_in(8) => Operation::Abandon,
            6 => Operation::Acknowledge(endpoint(draws)),
            7 => Operation::Jitter(u16::from(draws.byte()) * 8),
            8 | 9 => {
                let outgoing = outgoing(draws);
                let ack = draws.pick(&[AckMode::None, AckMode::Plain, AckMode::WithData]);
                Operation::Send(endpoint(draws), outgoing, ack)
            }
            10..=12 => Operation::Timeout,
            _ => Operation::Input(self.input(draws)),
        }
    }

    /// Something about an exchange that was opened not long ago, or about one that never was.
    fn input(&self, draws: &mut Draws<'_>) -> ClientInput {
        let back = if draws.one_in(3) { draws.below(6) } else { 0 };
        let recent = self.opened.len().saturating_sub(1 + back);
        let (exchange, good) = self.opened.get(recent).copied().unwrap_or((ExchangeId(999), ""));
        match draws.below(12) {
            0 => ClientInput::Closed { exchange, clean: true },
            1 => ClientInput::Closed { exchange, clean: false },
            2 | 3 => ClientInput::Opened { exchange },
            4 => ClientInput::Message { exchange, text: Text::from("1::") },
            5 => ClientInput::Message { exchange, text: text(draws) },
            6 => ClientInput::Chunk { exchange, chunk: Bytes::copy_from_slice(good.as_bytes()) },
            7 => ClientInput::Chunk { exchange, chunk: body(draws) },
            8 => {
                let status = draws.pick(&[200, 403, 500, 503, 0]);
                ClientInput::Response { exchange, status, body: body(draws) }
            }
            _ => {
                let body = Bytes::copy_from_slice(good.as_bytes());
                ClientInput::Response { exchange, status: 200, body }
            }
        }
    }
}

fn endpoint(draws: &mut Draws<'_>) -> Text {
    Text::from(draws.pick(&ENDPOINTS))
}

fn outgoing(draws: &mut Draws<'_>) -> Outgoing {
    match draws.below(4) {
        0 => Outgoing::Json(Text::from("{\"a\":1}")),
        1 => Outgoing::Event(socketio08::event_text_raw("e", "[1]")),
        2 => Outgoing::Message(Text::from(String::from_utf8_lossy(draws.raw()).as_ref())),
        _ => Outgoing::Message(Text::from("m")),
    }
}

fn text(draws: &mut Draws<'_>) -> Text {
    if draws.one_in(4) {
        return Text::from(String::from_utf8_lossy(draws.raw()).as_ref());
    }
    Text::from(draws.pick(&TEXTS))
}

/// A text of the protocol, in a script or bare, or bytes that mean nothing.
fn body(draws: &mut Draws<'_>) -> Bytes {
    match draws.below(6) {
        0 => Bytes::copy_from_slice(draws.raw()),
        1 => {
            let quoted = socketio08::script::quote(&text(draws));
            Bytes::from(format!("io.j[{}]({quoted});", draws.below(2)))
        }
        2 => Bytes::from(format!("<script>_({});</script>", socketio08::script::quote(&text(draws)))),
        _ => Bytes::copy_from_slice(text(draws).as_bytes()),
    }
}

/// What a server would answer to a request.
fn good_answer(transmit: &ClientTransmit) -> Option<(ExchangeId, &'static str)> {
    let answer = match transmit {
        ClientTransmit::Get { target, .. } if target.contains("jsonp=") => {
            "io.j[0](\"s1:15:25:websocket,flashsocket,htmlfile,xhr-polling,jsonp-polling\");"
        }
        ClientTransmit::Get { target, .. } if target.contains("/1/?") => HANDSHAKE,
        ClientTransmit::Get { target, .. } if target.contains("&i=1") => "io.j[1](\"1::\");",
        ClientTransmit::Get { target, .. } if target.contains("&i=0") => "io.j[0](\"1::\");",
        ClientTransmit::Get { .. } => "1::",
        ClientTransmit::Stream { .. } => "<script>_(\"1::\");</script>",
        ClientTransmit::Post { .. } | ClientTransmit::Form { .. } | ClientTransmit::Open { .. } => "1",
        ClientTransmit::Message { .. } | ClientTransmit::Close { .. } => return None,
    };
    Some((transmit.exchange(), answer))
}

fn apply(client: &mut Client, now: Instant, operation: Operation) {
    // Refusals are the point of some of these calls; what they leave behind is checked with everything else.
    match operation {
        Operation::Abandon => client.abandon(now),
        Operation::Acknowledge(endpoint) => {
            let id = AckId { id: Text::from("7"), with_data: true };
            let _ = client.acknowledge(now, &endpoint, &id, Text::from("[1]"));
        }
        Operation::Connect => client.connect(now),
        Operation::Disconnect => client.disconnect(now),
        Operation::Input(input) => client.handle_input(now, input),
        Operation::Jitter(permille) => client.set_jitter(permille),
        Operation::Join(endpoint) => drop(client.join(now, endpoint)),
        Operation::Leave(endpoint) => drop(client.leave(now, &endpoint)),
        Operation::Send(endpoint, outgoing, ack) => drop(client.send(now, &endpoint, outgoing, ack)),
        Operation::Timeout => client.handle_timeout(now),
    }
}

/// Everything a client gives out, in the order the laws ask for.
fn drain(client: &mut Client) -> (Vec<ClientTransmit>, Vec<ClientEvent>) {
    let transmits: Vec<_> = core::iter::from_fn(|| client.poll_transmit()).take(OUTPUTS_MAX).collect();
    let events: Vec<_> = core::iter::from_fn(|| client.poll_event()).take(OUTPUTS_MAX).collect();
    assert!(transmits.len().max(events.len()) < OUTPUTS_MAX, "outputs without end");
    assert!(client.poll_transmit().is_none() && client.poll_event().is_none(), "what is drained is empty");
    (transmits, events)
}
