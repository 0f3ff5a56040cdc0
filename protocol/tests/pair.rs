//! A client and a server of ours, joined by a wire in virtual time.

mod client_rig;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use client_rig::{improved, millis, polling, secs};
use socketio08::client::{
    Client, ClientBehaviour, ClientConfig, ClientEvent, ClientInput, ClientState, ClientTransmit,
};
use socketio08::server::{
    AckMode, ExchangeId, Method, Outgoing, Request, Server, ServerConfig, ServerEvent, ServerInput,
    ServerTransmit, SessionId,
};
use socketio08::{Body, Instant, Packet, Profile, Text, Transport};

const LATENCY: Duration = Duration::from_millis(1);

enum Arrival {
    AtClient(ClientInput),
    AtServer(ServerInput),
}

/// Both machines, what is on its way between them, and what both were told.
struct Pair {
    client: Client,
    server: Server,
    now: Instant,
    wire: BTreeMap<(Instant, u64), Arrival>,
    serial: u64,
    issued: u64,
    /// Exchanges that the client opened and nobody ended.
    open: BTreeSet<ExchangeId>,
    told_client: Vec<ClientEvent>,
    told_server: Vec<ServerEvent>,
}

impl Pair {
    fn new(config: ClientConfig) -> Self {
        let now = Instant::ZERO;
        let release = config.profile;
        let mut pair = Self {
            client: Client::new(config),
            server: Server::new(ServerConfig::for_profile(release), now),
            now,
            wire: BTreeMap::new(),
            serial: 0,
            issued: 0,
            open: BTreeSet::new(),
            told_client: Vec::new(),
            told_server: Vec::new(),
        };
        pair.client.connect(now);
        pair.run_for(secs(1));
        assert_eq!(pair.client.state(), ClientState::Connected);
        pair
    }

    fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            self.drain();
            let arrival = self.wire.keys().next().map(|(at, _)| *at);
            let timers = [self.client.poll_timeout(), self.server.poll_timeout()];
            let timer = timers.into_iter().flatten().map(|deadline| deadline.at).min();
            let Some(next) = arrival.into_iter().chain(timer).min().filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            if arrival == Some(next) {
                let (_, arrival) = self.wire.pop_first().expect("an arrival was seen");
                self.arrive(arrival);
            } else {
                self.client.handle_timeout(self.now);
                self.server.handle_timeout(self.now);
            }
        }
        self.now = end;
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::AtClient(input) => self.client.handle_input(self.now, input),
            Arrival::AtServer(input) => self.server.handle_input(self.now, input),
        }
    }

    fn travel(&mut self, arrival: Arrival) {
        self.serial += 1;
        self.wire.insert((self.now + LATENCY, self.serial), arrival);
    }

    fn drain(&mut self) {
        while let Some(transmit) = self.client.poll_transmit() {
            let input = self.sent_to_server(transmit);
            self.travel(Arrival::AtServer(input));
        }
        while let Some(transmit) = self.server.poll_transmit() {
            let input = self.sent_to_client(transmit);
            self.travel(Arrival::AtClient(input));
        }
        while let Some(event) = self.client.poll_event() {
            self.told_client.push(event);
        }
        while let Some(event) = self.server.poll_event() {
            if let ServerEvent::HandshakeRequested { exchange, .. } = &event {
                self.issued += 1;
                let session = SessionId(Text::from(self.issued.to_string()));
                self.server.accept(self.now, *exchange, session).expect("a new session");
                self.drain();
            }
            self.told_server.push(event);
        }
    }

    fn sent_to_server(&mut self, transmit: ClientTransmit) -> ServerInput {
        let request = |exchange, method, target, body: Text, upgrade| {
            let (headers, address) = (Vec::new(), Text::EMPTY);
            let body = body.into_bytes();
            ServerInput::Request(Request {
                exchange,
                method,
                target,
                headers,
                body,
                upgrade,
                address,
                secure: false,
            })
        };
        if !matches!(transmit, ClientTransmit::Close { .. }) {
            self.open.insert(client_rig::exchange(&transmit));
        }
        match transmit {
            ClientTransmit::Get { exchange, target } | ClientTransmit::Stream { exchange, target } => {
                request(exchange, Method::Get, target, Text::EMPTY, false)
            }
            ClientTransmit::Post { exchange, target, body }
            | ClientTransmit::Form { exchange, target, body } => {
                request(exchange, Method::Post, target, body, false)
            }
            ClientTransmit::Open { exchange, target } => {
                let ServerInput::Request(mut request) =
                    request(exchange, Method::Get, target, Text::EMPTY, true)
                else {
                    unreachable!("a request was made")
                };
                request.headers.push((Text::from("Upgrade"), Text::from("websocket")));
                request.headers.push((Text::from("Sec-WebSocket-Version"), Text::from("13")));
                ServerInput::Request(request)
            }
            ClientTransmit::Message { exchange, text } => ServerInput::Message { exchange, text },
            ClientTransmit::Close { exchange } => {
                self.open.remove(&exchange);
                ServerInput::Closed { exchange, clean: true }
            }
        }
    }

    fn sent_to_client(&mut self, transmit: ServerTransmit) -> ClientInput {
        match transmit {
            ServerTransmit::Respond { exchange, response } => {
                self.open.remove(&exchange);
                ClientInput::Response { exchange, status: response.status, body: response.body }
            }
            ServerTransmit::Begin { exchange, response } => {
                assert_eq!(response.status, 200);
                ClientInput::Chunk { exchange, chunk: response.body }
            }
            ServerTransmit::Chunk { exchange, chunk } => ClientInput::Chunk { exchange, chunk },
            ServerTransmit::Upgrade { exchange } => ClientInput::Opened { exchange },
            ServerTransmit::Message { exchange, text } => ClientInput::Message { exchange, text },
            ServerTransmit::Close { exchange } => {
                self.open.remove(&exchange);
                ClientInput::Closed { exchange, clean: true }
            }
            ServerTransmit::Forward { .. }
            | ServerTransmit::StoreGet { .. }
            | ServerTransmit::StorePut { .. }
            | ServerTransmit::StoreDelete { .. }
            | ServerTransmit::Publish { .. }
            | ServerTransmit::Subscribe { .. }
            | ServerTransmit::Unsubscribe { .. } => unreachable!("a server alone"),
        }
    }

    /// The process is gone with its sessions, and another one is there at once.
    fn restart_server(&mut self) {
        self.drain();
        self.server = Server::new(ServerConfig::for_profile(self.client.config().profile), self.now);
        self.wire.clear();
        for exchange in std::mem::take(&mut self.open) {
            self.travel(Arrival::AtClient(ClientInput::Closed { exchange, clean: false }));
        }
    }

    fn client_sends(&mut self, data: &str, ack: AckMode) -> Option<u64> {
        let outgoing = Outgoing::Message(Text::from(data));
        self.client.send(self.now, &Text::EMPTY, outgoing, ack).expect("room")
    }

    fn server_sends(&mut self, data: &str, ack: AckMode) -> Option<u64> {
        let session = self.server.sessions().next().expect("a session").clone();
        let outgoing = Outgoing::Message(Text::from(data));
        self.server.send(self.now, &session, &Text::EMPTY, outgoing, ack).expect("room")
    }

    fn received_by_server(&self) -> Vec<String> {
        self.told_server
            .iter()
            .filter_map(|event| match event {
                ServerEvent::Received { packet, .. } => message(packet),
                _ => None,
            })
            .collect()
    }

    fn received_by_client(&self) -> Vec<String> {
        self.told_client
            .iter()
            .filter_map(|event| match event {
                ClientEvent::Received { packet, .. } => message(packet),
                _ => None,
            })
            .collect()
    }
}

fn message(packet: &Packet) -> Option<String> {
    match &packet.body {
        Body::Message { data } => Some(data.to_string()),
        _ => None,
    }
}

const TRANSPORTS: [Transport; 4] =
    [Transport::Websocket, Transport::Htmlfile, Transport::XhrPolling, Transport::JsonpPolling];

/// Every transport that a server has unless told otherwise, both releases, both profiles.
fn configs() -> Vec<ClientConfig> {
    let mut configs = Vec::new();
    for transport in TRANSPORTS {
        for release in Profile::ALL {
            let config = ClientConfig::for_profile(release).transports(vec![transport]);
            configs.push(improved(config.clone()));
            configs.push(config);
        }
    }
    configs
}

/// A genuine client does not notice that a stream ended, or (0.9) only by its heartbeats.
fn notices_the_end(config: &ClientConfig) -> bool {
    config.transports != [Transport::Htmlfile] || config.behaviour == ClientBehaviour::Improved
}

#[test]
fn a_hundred_messages_each_way_arrive_once_and_in_order() {
    let expected: Vec<String> = (0..100).map(|number| format!("{number} \u{e9}\u{1f600}")).collect();
    for config in configs() {
        let mut pair = Pair::new(config);
        for data in &expected {
            pair.client_sends(data, AckMode::None);
            pair.server_sends(data, AckMode::None);
            pair.run_for(millis(1));
        }
        pair.run_for(secs(1));
        assert_eq!(pair.received_by_server(), expected);
        assert_eq!(pair.received_by_client(), expected);
    }
}

#[test]
fn plain_acknowledgements_come_by_themselves_both_ways() {
    for config in configs() {
        let mut pair = Pair::new(config);
        assert_eq!(pair.client_sends("up", AckMode::Plain), Some(1));
        assert_eq!(pair.server_sends("down", AckMode::Plain), Some(1));
        pair.run_for(secs(1));
        assert!(
            pair.told_client.iter().any(|event| matches!(event, ClientEvent::Acknowledged { id: 1, .. }))
        );
        assert!(
            pair.told_server.iter().any(|event| matches!(event, ServerEvent::Acknowledged { id: 1, .. }))
        );
    }
}

#[test]
fn an_hour_of_quiet_keeps_the_session() {
    for config in configs() {
        let mut pair = Pair::new(config);
        pair.run_for(secs(3_600));
        assert_eq!(pair.client.state(), ClientState::Connected);
        assert_eq!(pair.issued, 1, "no second handshake");
        assert_eq!(pair.server.sessions().count(), 1);
    }
}

#[test]
fn after_a_restart_of_the_server_there_is_a_new_session_and_what_was_sent_meanwhile_arrives() {
    for config in configs().into_iter().filter(notices_the_end) {
        let mut pair = Pair::new(config);
        pair.restart_server();
        pair.run_for(millis(100));
        assert_eq!(pair.client.state(), ClientState::Reconnecting);
        pair.client_sends("meanwhile", AckMode::None);
        pair.run_for(secs(1));
        assert!(pair.told_client.contains(&ClientEvent::Reconnected));
        assert_eq!(pair.received_by_server(), ["meanwhile"]);
        pair.server_sends("again", AckMode::None);
        pair.run_for(secs(1));
        assert_eq!(pair.received_by_client(), ["again"]);
        assert_eq!(pair.client.live_sessions().count(), 1);
    }
}

#[test]
fn an_improved_client_loses_no_message_that_was_being_posted_when_the_server_went() {
    let mut pair = Pair::new(improved(polling()));
    pair.client_sends("posted", AckMode::None);
    pair.restart_server();
    pair.run_for(secs(2));
    assert_eq!(pair.received_by_server(), ["posted"]);
}

#[test]
fn a_genuine_client_loses_a_message_that_was_being_posted_when_the_server_went() {
    let mut pair = Pair::new(polling());
    pair.client_sends("posted", AckMode::None);
    pair.restart_server();
    pair.run_for(secs(2));
    assert_eq!(pair.received_by_server(), [""; 0]);
}

#[test]
fn a_disconnect_of_the_client_ends_the_session_at_once() {
    for config in configs() {
        let mut pair = Pair::new(config);
        pair.client.disconnect(pair.now);
        pair.run_for(millis(100));
        assert_eq!(pair.server.session_count(), 0);
        assert_eq!(pair.client.state(), ClientState::Idle);
    }
}

#[test]
fn a_disconnect_by_the_server_is_final() {
    for config in configs() {
        let mut pair = Pair::new(config);
        let session = pair.server.sessions().next().expect("a session").clone();
        pair.server.disconnect(pair.now, &session).expect("a session");
        pair.run_for(secs(60));
        assert_eq!(pair.client.state(), ClientState::Idle);
        assert_eq!(pair.issued, 1);
    }
}
