//! A client and a server of ours, joined by a schedule that means them no good: what is on its way waits, overtakes what
//! travels in other exchanges, or is lost with its exchange; the server restarts; time passes at the worst moments.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use socketio08::client::{
    Client, ClientBehaviour, ClientConfig, ClientEvent, ClientInput, ClientState, ClientTransmit,
};
use socketio08::server::{
    AckMode, ExchangeId, Method, Outgoing, Request, Server, ServerConfig, ServerEvent, ServerInput,
    ServerTransmit, SessionId,
};
use socketio08::{Body, Instant, Packet, Profile, Text, Transport};

use super::draws::Draws;

/// How long a healed world may take until its client is connected: longer than every backoff and timer.
const HEALING: Duration = Duration::from_secs(3_600);

const LATENCY: Duration = Duration::from_millis(20);

/// In how many sessions something was delivered, one way or the other, in the run that `bytes` stand for.
///
/// In a session nothing is delivered twice, and with an improved client everything in order, whichever way it goes; an acknowledgement
/// is told at most once and only of an id that was asked for; and once the schedule turns kind, an improved client that was not told
/// to stop is connected again, to one live session.
pub fn joined(bytes: &[u8]) -> usize {
    let mut draws = Draws::new(bytes);
    let mut world = World::new(config(&mut draws));
    while !draws.is_over() {
        world.step(&mut draws);
    }
    if world.client.config().behaviour == ClientBehaviour::Improved {
        world.heal();
    }
    world.at_server.values().chain(world.at_client.values()).filter(|heard| !heard.0.is_empty()).count()
}

fn config(draws: &mut Draws<'_>) -> ClientConfig {
    let profile = draws.pick(&Profile::ALL);
    let choice = draws.byte();
    let transports = match choice % 5 {
        0 => vec![Transport::Websocket],
        1 => vec![Transport::XhrPolling],
        2 => vec![Transport::Htmlfile],
        3 => vec![Transport::JsonpPolling],
        _ => vec![Transport::Websocket, Transport::XhrPolling],
    };
    let config = ClientConfig::for_profile(profile).transports(transports);
    if choice & 128 != 0 { config.behaviour(ClientBehaviour::Improved) } else { config }
}

struct World {
    client: Client,
    server: Server,
    now: Instant,
    /// What travels in each exchange, in its order: towards the server, towards the client.
    up: BTreeMap<ExchangeId, VecDeque<ServerInput>>,
    down: BTreeMap<ExchangeId, VecDeque<ClientInput>>,
    /// Exchanges that neither side has ended.
    open: BTreeSet<ExchangeId>,
    issued: u64,
    /// What either application was told, by session.
    at_server: BTreeMap<Text, Heard>,
    at_client: BTreeMap<Text, Heard>,
    sent: u64,
    asked: BTreeSet<u64>,
}

/// The numbers heard in one session, each once.
#[derive(Default)]
struct Heard(BTreeSet<u64>);

impl Heard {
    fn hears(&mut self, packet: &Packet, by: &str, ordered: bool) {
        let Body::Message { data } = &packet.body else { return };
        let Ok(number) = data.parse::<u64>() else { panic!("{by} heard what nobody sent: {data:?}") };
        assert!(!ordered || self.0.last() < Some(&number), "{by} heard {number} after {:?}", self.0.last());
        assert!(self.0.insert(number), "{by} heard {number} twice");
    }
}

impl World {
    fn new(config: ClientConfig) -> Self {
        let now = Instant::ZERO;
        let mut world = Self {
            server: Server::new(ServerConfig::for_profile(config.profile), now),
            client: Client::new(config),
            now,
            up: BTreeMap::new(),
            down: BTreeMap::new(),
            open: BTreeSet::new(),
            issued: 0,
            at_server: BTreeMap::new(),
            at_client: BTreeMap::new(),
            sent: 0,
            asked: BTreeSet::new(),
        };
        world.client.connect(now);
        world.drain();
        world
    }

    fn step(&mut self, draws: &mut Draws<'_>) {
        match draws.below(16) {
            0 => self.client_sends(draws.pick(&[AckMode::None, AckMode::Plain])),
            1 => self.server_sends(),
            2 | 3 => self.time_passes(draws.duration()),
            4 => self.loses(draws),
            5 if draws.one_in(4) => self.server_restarts(),
            5 => self.deadline(),
            6 if draws.one_in(8) => self.client.disconnect(self.now),
            6 if draws.one_in(4) => self.client.connect(self.now),
            7 if draws.one_in(4) => self.server_disconnects(),
            8..=11 => drop(self.arrives_at_server(draws.byte())),
            _ => drop(self.arrives_at_client(draws.byte())),
        }
        self.drain();
    }

    fn client_sends(&mut self, ack: AckMode) {
        self.sent += 1;
        let outgoing = Outgoing::Message(Text::from(self.sent.to_string()));
        if let Ok(Some(id)) = self.client.send(self.now, &Text::EMPTY, outgoing, ack) {
            self.asked.insert(id);
        }
    }

    fn server_sends(&mut self) {
        let Some(session) = self.server.sessions().last().cloned() else { return };
        self.sent += 1;
        let outgoing = Outgoing::Message(Text::from(self.sent.to_string()));
        // A session that has just ended refuses; nothing is to be delivered then.
        drop(self.server.send(self.now, &session, &Text::EMPTY, outgoing, AckMode::None));
    }

    fn server_disconnects(&mut self) {
        let Some(session) = self.server.sessions().next().cloned() else { return };
        drop(self.server.disconnect(self.now, &session));
    }

    fn time_passes(&mut self, duration: Duration) {
        self.now = self.now + duration;
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
        for deadline in [self.client.poll_timeout(), self.server.poll_timeout()].into_iter().flatten() {
            assert!(deadline.at > self.now, "a deadline passed: {deadline:?}");
        }
    }

    /// The next deadline, exactly.
    fn deadline(&mut self) {
        let deadlines = [self.client.poll_timeout(), self.server.poll_timeout()];
        if let Some(deadline) = deadlines.into_iter().flatten().min_by_key(|deadline| deadline.at) {
            self.now = self.now.max(deadline.at);
            self.time_passes(Duration::ZERO);
        }
    }

    /// An exchange breaks: what travels in it is lost, and either side hears of it, or first the one and then the other.
    fn loses(&mut self, draws: &mut Draws<'_>) {
        let index = draws.byte();
        let Some(&exchange) = nth(&self.open, index) else { return };
        self.open.remove(&exchange);
        let at_once = draws.one_in(2);
        let begun = self.up.remove(&exchange).is_none();
        self.down.remove(&exchange);
        if begun {
            self.travel_up(exchange, ServerInput::Closed { exchange, clean: false });
        }
        self.travel_down(exchange, ClientInput::Closed { exchange, clean: false });
        if at_once {
            while self.arrives_at_server(0) {
                self.drain();
            }
        }
    }

    /// The process is gone with its sessions, and another one is there at once.
    fn server_restarts(&mut self) {
        self.server = Server::new(self.server.config().clone(), self.now);
        self.up.clear();
        self.down.clear();
        for exchange in std::mem::take(&mut self.open) {
            self.travel_down(exchange, ClientInput::Closed { exchange, clean: false });
        }
    }

    fn travel_up(&mut self, exchange: ExchangeId, input: ServerInput) {
        self.up.entry(exchange).or_default().push_back(input);
    }

    fn travel_down(&mut self, exchange: ExchangeId, input: ClientInput) {
        self.down.entry(exchange).or_default().push_back(input);
    }

    fn arrives_at_server(&mut self, index: u8) -> bool {
        let Some(input) = next(&mut self.up, index) else { return false };
        self.server.handle_input(self.now, input);
        true
    }

    fn arrives_at_client(&mut self, index: u8) -> bool {
        let Some(input) = next(&mut self.down, index) else { return false };
        self.client.handle_input(self.now, input);
        true
    }

    fn drain(&mut self) {
        while let Some(transmit) = self.client.poll_transmit() {
            self.carry_up(transmit);
        }
        while let Some(event) = self.client.poll_event() {
            self.client_is_told(event);
        }
        while let Some(transmit) = self.server.poll_transmit() {
            self.carry_down(transmit);
        }
        while let Some(event) = self.server.poll_event() {
            self.server_is_told(event);
        }
    }

    /// A genuine client does not close a websocket that takes too long when it goes on to the next transport (facts 10.4): what is
    /// still on its way there overtakes, and is overtaken. An improved one closes it.
    fn keeps_order(&self) -> bool {
        self.client.config().behaviour == ClientBehaviour::Improved
    }

    fn client_is_told(&mut self, event: ClientEvent) {
        let ordered = self.keeps_order();
        match event {
            ClientEvent::Received { packet, session } => {
                self.at_client.entry(session).or_default().hears(&packet, "the client", ordered);
            }
            ClientEvent::Acknowledged { id, .. } => {
                assert!(self.asked.remove(&id), "{id} was acknowledged twice, or never asked for");
            }
            _ => {}
        }
    }

    fn server_is_told(&mut self, event: ServerEvent) {
        let ordered = self.keeps_order();
        match event {
            ServerEvent::HandshakeRequested { exchange, .. } => {
                self.issued += 1;
                let session = SessionId(Text::from(format!("s{}", self.issued)));
                let accepted = self.server.accept(self.now, exchange, session);
                assert_eq!(accepted, Ok(()), "a new id for a handshake that waits");
                self.drain();
            }
            ServerEvent::Received { session, packet } => {
                self.at_server.entry(session.0).or_default().hears(&packet, "the server", ordered);
            }
            _ => {}
        }
    }

    fn carry_up(&mut self, transmit: ClientTransmit) {
        let exchange = transmit.exchange();
        let request = |method, target: Text, body: Text| Request {
            method,
            body: body.into_bytes(),
            ..Request::get(exchange, target)
        };
        let request = match transmit {
            ClientTransmit::Get { target, .. } | ClientTransmit::Stream { target, .. } => {
                request(Method::Get, target, Text::EMPTY)
            }
            ClientTransmit::Post { target, body, .. } | ClientTransmit::Form { target, body, .. } => {
                request(Method::Post, target, body)
            }
            ClientTransmit::Open { target, .. } => {
                let headers = [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")];
                let headers = headers.map(|(name, value)| (Text::from(name), Text::from(value))).to_vec();
                Request { upgrade: true, headers, ..request(Method::Get, target, Text::EMPTY) }
            }
            ClientTransmit::Message { text, .. } => {
                if self.open.contains(&exchange) {
                    self.travel_up(exchange, ServerInput::Message { exchange, text });
                }
                return;
            }
            ClientTransmit::Close { .. } => {
                if self.open.remove(&exchange) {
                    self.travel_up(exchange, ServerInput::Closed { exchange, clean: true });
                    self.down.remove(&exchange);
                }
                return;
            }
        };
        self.open.insert(exchange);
        self.travel_up(exchange, ServerInput::Request(request));
    }

    fn carry_down(&mut self, transmit: ServerTransmit) {
        let (exchange, input, ends) = match transmit {
            ServerTransmit::Respond { exchange, response } => {
                let (status, body) = (response.status, response.body);
                (exchange, ClientInput::Response { exchange, status, body }, true)
            }
            ServerTransmit::Begin { exchange, response } => {
                (exchange, ClientInput::Chunk { exchange, chunk: response.body }, false)
            }
            ServerTransmit::Chunk { exchange, chunk } => {
                (exchange, ClientInput::Chunk { exchange, chunk }, false)
            }
            ServerTransmit::Upgrade { exchange } => (exchange, ClientInput::Opened { exchange }, false),
            ServerTransmit::Message { exchange, text } => {
                (exchange, ClientInput::Message { exchange, text }, false)
            }
            ServerTransmit::Close { exchange } => {
                (exchange, ClientInput::Closed { exchange, clean: true }, true)
            }
            other => panic!("a server alone: {other:?}"),
        };
        // What is sent into a broken exchange is lost.
        if self.open.contains(&exchange) {
            self.travel_down(exchange, input);
        }
        if ends {
            self.open.remove(&exchange);
        }
    }

    /// A genuine client may be stuck for good, or ask without pause (facts 10); an improved one may not. From here on everything arrives in its turn, and every deadline is kept.
    fn heal(&mut self) {
        let stopped = self.client.state() == ClientState::Idle;
        let end = self.now + HEALING;
        while self.now < end {
            while self.arrives_at_server(0) || self.arrives_at_client(0) {
                self.drain();
                self.now = self.now + LATENCY;
            }
            self.deadline();
            self.drain();
            if self.client.poll_timeout().is_none() && self.server.poll_timeout().is_none() {
                break;
            }
        }
        if !stopped && self.client.state() != ClientState::Idle {
            assert_eq!(self.client.state(), ClientState::Connected, "healed");
            assert_eq!(self.client.live_sessions().count(), 1, "healed");
        }
    }
}

fn nth(open: &BTreeSet<ExchangeId>, index: u8) -> Option<&ExchangeId> {
    open.iter().nth(usize::from(index) % open.len().max(1))
}

/// The next of one of the exchanges.
fn next<T>(lanes: &mut BTreeMap<ExchangeId, VecDeque<T>>, index: u8) -> Option<T> {
    let exchange = *lanes.keys().nth(usize::from(index) % lanes.len().max(1))?;
    let lane = lanes.get_mut(&exchange)?;
    let input = lane.pop_front();
    if lane.is_empty() {
        lanes.remove(&exchange);
    }
    input
}
