//! The laws of the machines, for clients: lists of operations drawn from a seed, good and bad, in any order.

mod client_rig;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;
use client_rig::improved;
use socketio08::client::{Client, ClientConfig, ClientInput, ClientState, ClientTransmit};
use socketio08::server::{AckMode, ExchangeId, Outgoing};
use socketio08::{AckId, Instant, Limits, Profile, Text, Transport};

/// A small generator of our own: tests must not depend on another crate's numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next()).expect("31 bits") % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

#[derive(Clone, Debug)]
enum Operation {
    Abandon,
    Acknowledge(Text),
    Connect,
    Disconnect,
    Input(ClientInput),
    Jitter(u16),
    Join(Text),
    Leave(Text),
    Send(Text, AckMode),
    Timeout,
}

const BODIES: &[&str] = &[
    "",
    "0::",
    "0::/a",
    "1::",
    "1::",
    "1::",
    "1::/a",
    "2::",
    "3:1::x",
    "3:2+:/b:x",
    "4:::{}",
    "5:3+::{\"name\":\"e\"}",
    "6:::1",
    "6:::2+[1]",
    "7:::1+0",
    "7:::1+0",
    "7:::2",
    "7::/a:2",
    "8::",
    "9:::x",
    "\u{FFFD}3\u{FFFD}1::\u{FFFD}3\u{FFFD}0::",
    "\u{FFFD}99\u{FFFD}x",
    "s1:15:25:websocket,xhr-polling",
    "s2:15:25:xhr-polling",
    "s3:::websocket",
    "s4:1:1:htmlfile",
    "garbage",
    "::",
    "1",
    "3:::1",
    "2::/x",
];
const ENDPOINTS: &[&str] = &["", "/a", "/b", "/c", "a:b", "/far-too-long-for-this-client"];
const STATUSES: &[u16] = &[200, 200, 200, 200, 403, 500, 502, 503, 0];

/// The next operation, mostly about an exchange that the client opened not long ago, and mostly as a server would act.
fn draw(random: &mut Random, opened: &[ClientTransmit]) -> Operation {
    let endpoint = Text::from(random.pick(ENDPOINTS));
    let recent = opened.len().saturating_sub(1 + random.below(5));
    let (exchange, good_body) = opened.get(recent).map_or((ExchangeId(999), ""), |transmit| {
        let good_body = match transmit {
            ClientTransmit::Get { target, .. } if target.contains("jsonp=") => {
                "io.j[0](\"s1:15:25:websocket,flashsocket,htmlfile,xhr-polling,jsonp-polling\");"
            }
            ClientTransmit::Get { target, .. } if target.contains("/1/?") => {
                "s1:15:25:websocket,flashsocket,htmlfile,xhr-polling,jsonp-polling"
            }
            ClientTransmit::Get { target, .. } if target.contains("&i=1") => "io.j[1](\"1::\");",
            ClientTransmit::Get { target, .. } if target.contains("&i=0") => "io.j[0](\"1::\");",
            ClientTransmit::Get { .. } => "1::",
            ClientTransmit::Stream { .. } => "<script>_(\"1::\");</script>",
            _ => "1",
        };
        (client_rig::exchange(transmit), good_body)
    });
    match random.below(32) {
        0 | 18 | 19 => Operation::Connect,
        1 => Operation::Join(endpoint),
        2 => Operation::Leave(endpoint),
        3 if random.below(8) == 0 => Operation::Disconnect,
        3 if random.below(8) == 0 => Operation::Abandon,
        3..=4 => Operation::Send(endpoint, random.pick(&[AckMode::None, AckMode::Plain, AckMode::WithData])),
        5 => Operation::Acknowledge(endpoint),
        6 => Operation::Jitter(u16::try_from(random.below(2_000)).expect("small")),
        7..=9 => Operation::Timeout,
        10..=12 => Operation::Input(ClientInput::Opened { exchange }),
        13 if random.below(2) == 0 => {
            Operation::Input(ClientInput::Closed { exchange, clean: random.below(2) == 0 })
        }
        14 => Operation::Input(ClientInput::Message { exchange, text: Text::from(random.pick(BODIES)) }),
        13 | 15 | 16 => Operation::Input(ClientInput::Message { exchange, text: Text::from("1::") }),
        28 | 29 => {
            let chunk = Bytes::copy_from_slice(good_body.as_bytes());
            Operation::Input(ClientInput::Chunk { exchange, chunk })
        }
        30 => Operation::Input(ClientInput::Chunk { exchange, chunk: junk(random) }),
        31 => Operation::Input(ClientInput::Response { exchange, status: 200, body: junk(random) }),
        17 => {
            let body = Bytes::from_static(random.pick(BODIES).as_bytes());
            Operation::Input(ClientInput::Response { exchange, status: random.pick(STATUSES), body })
        }
        _ => {
            let body = Bytes::copy_from_slice(good_body.as_bytes());
            Operation::Input(ClientInput::Response { exchange, status: 200, body })
        }
    }
}

/// Pieces of scripts in any order, and bytes that are no text.
fn junk(random: &mut Random) -> Bytes {
    const PIECES: &[&[u8]] = &[
        b"<script>",
        b"_(",
        b"\"",
        b"3:::x",
        b"0::",
        b"\\u00",
        b"\\",
        b");",
        b"</script>",
        b"</",
        b"io.j[0](",
        b"new Error(",
        b"\xFF\xFE",
        b"\xEF\xBF",
        b"\n",
    ];
    let pieces = (0..random.below(12)).map(|_| random.pick(PIECES));
    pieces.flatten().copied().collect()
}

fn apply(client: &mut Client, now: Instant, operation: Operation) {
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
        Operation::Join(endpoint) => {
            let _ = client.join(now, endpoint);
        }
        Operation::Leave(endpoint) => {
            let _ = client.leave(now, &endpoint);
        }
        Operation::Send(endpoint, ack) => {
            let _ = client.send(now, &endpoint, Outgoing::Message(Text::from("m")), ack);
        }
        Operation::Timeout => client.handle_timeout(now),
    }
}

/// Everything a client gives out, and its own hash.
fn drain(client: &mut Client) -> (Vec<ClientTransmit>, usize, u64) {
    let mut transmits = Vec::new();
    while let Some(transmit) = client.poll_transmit() {
        transmits.push(transmit);
    }
    let mut events = 0;
    while client.poll_event().is_some() {
        events += 1;
    }
    let mut hasher = DefaultHasher::new();
    client.hash(&mut hasher);
    (transmits, events, hasher.finish())
}

fn configs() -> Vec<ClientConfig> {
    let limits = Limits::default()
        .endpoint_len_max(8)
        .endpoints_max(4)
        .outbox_packets_max(8)
        .pending_acks_max(4)
        .session_exchanges_max(3)
        .client_links_max(3)
        .client_timers_max(5);
    let small = ClientConfig::default().limits(limits).max_reconnection_attempts(3);
    let scripts =
        small.clone().transports(vec![Transport::JsonpPolling, Transport::Htmlfile]).script_handshake(true);
    let streams =
        small.clone().transports(vec![Transport::Htmlfile, Transport::Flashsocket, Transport::JsonpPolling]);
    let mut configs = Vec::new();
    for config in [ClientConfig::default(), small, scripts, streams] {
        configs.push(config.clone().profile(Profile::V0_9));
        configs.push(improved(config.clone()));
        configs.push(config);
    }
    configs
}

/// Runs lists of operations; `check` sees the client after each, with the instant.
fn run(mut check: impl FnMut(&Client, Instant, &ClientConfig)) {
    for config in configs() {
        for seed in 0..16 {
            let mut random = Random(seed);
            let mut client = Client::new(config.clone());
            let mut now = Instant::ZERO;
            let mut opened = Vec::new();
            for _ in 0..200 {
                now = now + Duration::from_micros(random.next() % 1_000_000);
                let operation = draw(&mut random, &opened);
                apply(&mut client, now, operation);
                let (transmits, ..) = drain(&mut client);
                let is_new = |transmit: &ClientTransmit| {
                    !matches!(transmit, ClientTransmit::Close { .. } | ClientTransmit::Message { .. })
                };
                opened.extend(transmits.into_iter().filter(is_new));
                check(&client, now, &config);
            }
        }
    }
}

#[test]
fn the_drawn_operations_reach_what_they_are_drawn_for() {
    let (mut connected, mut reconnecting, mut two_sessions, mut waiting) = (0, 0, 0, 0);
    run(|client, _, _| {
        connected += u32::from(client.state() == ClientState::Connected);
        reconnecting += u32::from(client.state() == ClientState::Reconnecting);
        two_sessions += u32::from(client.live_sessions().count() > 1);
        waiting += u32::from(client.outbox_len() > 0);
    });
    println!(
        "connected {connected}, reconnecting {reconnecting}, two sessions {two_sessions}, waiting {waiting}"
    );
    assert!(connected > 500 && reconnecting > 500 && two_sessions > 20 && waiting > 500);
}

#[test]
fn the_drawn_operations_connect_over_scripts_and_streams() {
    let (mut scripts, mut streams) = (0, 0);
    run(|client, _, config| {
        let connected = u32::from(client.state() == ClientState::Connected);
        match config.transports[0] {
            Transport::JsonpPolling => scripts += connected,
            Transport::Htmlfile => streams += connected,
            _ => {}
        }
    });
    assert!(scripts > 200 && streams > 200, "{scripts} {streams}");
}

#[test]
fn a_clone_goes_on_in_the_same_way() {
    run(|client, now, _| {
        let (mut one, mut other) = (client.clone(), client.clone());
        assert_eq!(one, other);
        let later = now + Duration::from_secs(3);
        one.handle_timeout(later);
        other.handle_timeout(later);
        assert_eq!(drain(&mut one), drain(&mut other));
        assert_eq!(one, other);
    });
}

#[test]
fn after_a_timeout_every_deadline_is_later_than_now() {
    run(|client, now, _| {
        let mut client = client.clone();
        for later in [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(20)] {
            let now = now + later;
            client.handle_timeout(now);
            drain(&mut client);
            assert!(client.poll_timeout().is_none_or(|deadline| deadline.at > now));
        }
    });
}

#[test]
fn an_early_or_repeated_timeout_changes_nothing() {
    run(|client, now, _| {
        let mut client = client.clone();
        client.handle_timeout(now);
        drain(&mut client);
        let before = client.clone();
        client.handle_timeout(now);
        assert_eq!(drain(&mut client).0, []);
        assert_eq!(client, before);
    });
}

#[test]
fn time_that_goes_back_counts_as_the_last_time_seen() {
    run(|client, now, _| {
        let mut client = client.clone();
        client.handle_timeout(now);
        let (mut one, mut other) = (client.clone(), client);
        one.connect(Instant::ZERO);
        other.connect(now);
        assert_eq!(one, other);
    });
}

#[test]
fn what_a_client_holds_stays_within_its_limits() {
    run(|client, _, config| {
        let limits = &config.limits;
        assert!(client.live_sessions().count() <= limits.client_links_max);
        assert!(client.outbox_len() <= limits.outbox_packets_max + limits.endpoints_max);
    });
}

#[test]
fn the_end_of_time_is_survived() {
    for config in configs() {
        let mut client = Client::new(config);
        let end = Instant::from_micros(u64::MAX);
        client.connect(end);
        drain(&mut client);
        let body = Bytes::from_static(b"s1:15:25:websocket");
        client.handle_input(end, ClientInput::Response { exchange: ExchangeId(1), status: 200, body });
        client.handle_timeout(end);
        client.handle_timeout(end);
    }
}
