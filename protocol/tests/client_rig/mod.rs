//! A client in virtual time: what it transmits is answered by a script or a model, and everything is written down.
#![allow(dead_code, unreachable_pub, reason = "each test target uses a part of the rig")]

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use socketio08::client::{Client, ClientBehaviour, ClientConfig, ClientEvent, ClientInput, ClientTransmit};
use socketio08::server::{AckMode, ExchangeId, Outgoing};
use socketio08::{Deadline, Instant, Text, Transport};

/// What happened, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    Sent(Instant, ClientTransmit),
    Told(Instant, ClientEvent),
}

/// Answers what a client transmits, now or later.
pub trait Peer {
    /// Each answer with the delay after which it arrives.
    fn take(&mut self, now: Instant, transmit: &ClientTransmit) -> Vec<(Duration, ClientInput)>;
}

/// A peer that never answers: the test does it.
pub struct Silent;

impl Peer for Silent {
    fn take(&mut self, _: Instant, _: &ClientTransmit) -> Vec<(Duration, ClientInput)> {
        Vec::new()
    }
}

pub struct Rig<P> {
    pub client: Client,
    pub peer: P,
    pub now: Instant,
    pub log: Vec<Happening>,
    arriving: BTreeMap<(Instant, u64), ClientInput>,
    serial: u64,
}

impl Rig<Silent> {
    pub fn silent(config: ClientConfig) -> Self {
        Rig::new(config, Silent)
    }
}

/// What a server answers to a handshake.
pub fn handshake_body(session: &str, transports: &str) -> String {
    format!("{session}:15:25:{transports}")
}

pub fn polling() -> ClientConfig {
    ClientConfig::default().transports(vec![Transport::XhrPolling])
}

pub fn websocket() -> ClientConfig {
    ClientConfig::default().transports(vec![Transport::Websocket])
}

pub fn improved(config: ClientConfig) -> ClientConfig {
    config.behaviour(ClientBehaviour::Improved)
}

impl Rig<Silent> {
    /// A client connected as session `s1`, and its open poll.
    pub fn polling(config: ClientConfig) -> (Self, ExchangeId) {
        let mut rig = Rig::silent(config);
        rig.connect();
        let poll = rig.establish_polling("s1");
        (rig, poll)
    }

    /// Answers the handshake that was just sent, and the first poll; gives the second one.
    pub fn establish_polling(&mut self, session: &str) -> ExchangeId {
        let handshake = exchange(&self.only_sent());
        self.answer(handshake, &handshake_body(session, "xhr-polling"));
        let poll = exchange(&self.only_sent());
        self.answer(poll, "1::");
        let sent = self.sent();
        let polls: Vec<&ClientTransmit> =
            sent.iter().filter(|sent| matches!(sent, ClientTransmit::Get { .. })).collect();
        assert_eq!(polls.len(), 1, "{sent:#?}");
        let poll = exchange(polls[0]);
        self.told();
        poll
    }

    /// A client connected as session `s1`, and its websocket.
    pub fn websocket(config: ClientConfig) -> (Self, ExchangeId) {
        let mut rig = Rig::silent(config);
        rig.connect();
        let socket = rig.establish_websocket("s1");
        (rig, socket)
    }

    /// Answers the handshake that was just sent, and opens the websocket.
    pub fn establish_websocket(&mut self, session: &str) -> ExchangeId {
        let handshake = exchange(&self.only_sent());
        self.answer(handshake, &handshake_body(session, "websocket"));
        let socket = exchange(&self.only_sent());
        self.opened(socket);
        self.message(socket, "1::");
        self.told();
        socket
    }
}

impl<P: Peer> Rig<P> {
    pub fn new(config: ClientConfig, peer: P) -> Self {
        let now = Instant::ZERO;
        Self { client: Client::new(config), peer, now, log: Vec::new(), arriving: BTreeMap::new(), serial: 0 }
    }

    /// Calls the client, then drains it, as law 1 asks.
    pub fn call<R>(&mut self, call: impl FnOnce(&mut Client, Instant) -> R) -> R {
        let result = call(&mut self.client, self.now);
        self.drain();
        result
    }

    pub fn connect(&mut self) {
        self.call(Client::connect);
    }

    pub fn input(&mut self, input: ClientInput) {
        self.call(|client, now| client.handle_input(now, input));
    }

    /// Answers the exchange with 200.
    pub fn answer(&mut self, exchange: ExchangeId, body: &str) {
        self.input(response(exchange, 200, body));
    }

    pub fn message(&mut self, exchange: ExchangeId, text: &str) {
        self.input(ClientInput::Message { exchange, text: Text::from(text) });
    }

    /// A part of a stream.
    pub fn chunk(&mut self, exchange: ExchangeId, data: &str) {
        self.input(ClientInput::Chunk { exchange, chunk: Bytes::copy_from_slice(data.as_bytes()) });
    }

    pub fn opened(&mut self, exchange: ExchangeId) {
        self.input(ClientInput::Opened { exchange });
    }

    pub fn fail(&mut self, exchange: ExchangeId, status: u16, body: &str) {
        self.input(response(exchange, status, body));
    }

    pub fn message_to(&mut self, endpoint: &str, data: &str) {
        self.send(endpoint, data, AckMode::None);
    }

    pub fn send(&mut self, endpoint: &str, data: &str, ack: AckMode) -> Option<u64> {
        let (endpoint, outgoing) = (Text::from(endpoint), Outgoing::Message(Text::from(data)));
        self.call(|client, now| client.send(now, &endpoint, outgoing, ack)).expect("room")
    }

    pub fn join(&mut self, endpoint: &str) {
        self.call(|client, now| client.join(now, Text::from(endpoint))).expect("a good endpoint");
    }

    /// What was sent since the last call, in words.
    pub fn shown(&mut self) -> Vec<String> {
        self.sent().iter().map(show).collect()
    }

    pub fn closed(&mut self, exchange: ExchangeId) {
        self.input(ClientInput::Closed { exchange, clean: false });
    }

    fn drain(&mut self) {
        while let Some(transmit) = self.client.poll_transmit() {
            for (delay, input) in self.peer.take(self.now, &transmit) {
                self.serial += 1;
                self.arriving.insert((self.now + delay, self.serial), input);
            }
            self.log.push(Happening::Sent(self.now, transmit));
        }
        while let Some(event) = self.client.poll_event() {
            self.log.push(Happening::Told(self.now, event));
        }
    }

    /// Lets time pass, with everything that is due on the way.
    pub fn run_until(&mut self, end: Instant) {
        loop {
            let timer = self.client.poll_timeout().map(|Deadline { at, .. }| at);
            let arrival = self.arriving.keys().next().map(|(at, _)| *at);
            let Some(next) = timer.into_iter().chain(arrival).min().filter(|at| *at <= end) else { break };
            self.now = self.now.max(next);
            if arrival == Some(next) {
                let (_, input) = self.arriving.pop_first().expect("an arrival was seen");
                self.input(input);
            } else {
                self.call(Client::handle_timeout);
                assert!(self.client.poll_timeout().is_none_or(|deadline| deadline.at > self.now), "law 3");
            }
        }
        self.now = self.now.max(end);
    }

    pub fn run_for(&mut self, duration: Duration) {
        self.run_until(self.now + duration);
    }

    /// Takes what was sent since the last call.
    pub fn sent(&mut self) -> Vec<ClientTransmit> {
        let (sent, log) = self.log.drain(..).partition(|happening| matches!(happening, Happening::Sent(..)));
        self.log = log;
        let sent: Vec<Happening> = sent;
        let transmits = sent.into_iter().map(|happening| match happening {
            Happening::Sent(_, transmit) => transmit,
            Happening::Told(..) => unreachable!("only what was sent"),
        });
        transmits.collect()
    }

    /// Takes what was told since the last call.
    pub fn told(&mut self) -> Vec<ClientEvent> {
        let (told, log) = self.log.drain(..).partition(|happening| matches!(happening, Happening::Told(..)));
        self.log = log;
        let told: Vec<Happening> = told;
        let events = told.into_iter().map(|happening| match happening {
            Happening::Told(_, event) => event,
            Happening::Sent(..) => unreachable!("only what was told"),
        });
        events.collect()
    }

    /// Takes the only thing sent since the last call.
    pub fn only_sent(&mut self) -> ClientTransmit {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:#?}");
        sent.remove(0)
    }
}

pub fn exchange(transmit: &ClientTransmit) -> ExchangeId {
    transmit.exchange()
}

/// The path of a request, without its query; empty for what is no request.
pub fn path(transmit: &ClientTransmit) -> &str {
    match transmit {
        ClientTransmit::Get { target, .. }
        | ClientTransmit::Post { target, .. }
        | ClientTransmit::Form { target, .. }
        | ClientTransmit::Stream { target, .. }
        | ClientTransmit::Open { target, .. } => target.split('?').next().unwrap_or_default(),
        ClientTransmit::Message { .. } | ClientTransmit::Close { .. } => "",
    }
}

/// `get PATH`, `post PATH BODY`, `form PATH BODY`, `stream PATH`, `open PATH`, `message TEXT`, `close`.
pub fn show(transmit: &ClientTransmit) -> String {
    match transmit {
        ClientTransmit::Get { .. } => format!("get {}", path(transmit)),
        ClientTransmit::Post { body, .. } => format!("post {} {body}", path(transmit)),
        ClientTransmit::Form { body, .. } => format!("form {} {body}", path(transmit)),
        ClientTransmit::Stream { .. } => format!("stream {}", path(transmit)),
        ClientTransmit::Open { .. } => format!("open {}", path(transmit)),
        ClientTransmit::Message { text, .. } => format!("message {text}"),
        ClientTransmit::Close { .. } => String::from("close"),
    }
}

pub fn response(exchange: ExchangeId, status: u16, body: &str) -> ClientInput {
    ClientInput::Response { exchange, status, body: Bytes::copy_from_slice(body.as_bytes()) }
}

pub fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

pub fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}
