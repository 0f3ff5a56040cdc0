//! A carrier in virtual time for the server machine: numbers the exchanges, accepts handshakes, keeps what came out.
#![allow(dead_code, reason = "each test file uses its own part of the rig")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use socketio08::server::{
    ExchangeId, Method, Request, Response, Server, ServerConfig, ServerEvent, ServerInput, ServerTransmit,
    SessionId,
};
use socketio08::{Instant, Text};

pub(crate) struct Rig {
    pub(crate) server: Server,
    pub(crate) now: Instant,
    pub(crate) responses: BTreeMap<ExchangeId, Response>,
    pub(crate) messages: BTreeMap<ExchangeId, Vec<String>>,
    /// The parts of responses that go on, as far as they were not taken.
    streams: BTreeMap<ExchangeId, Vec<String>>,
    pub(crate) stream_heads: BTreeMap<ExchangeId, Response>,
    pub(crate) upgraded: BTreeSet<ExchangeId>,
    pub(crate) closed: BTreeSet<ExchangeId>,
    /// What the machine told the store, in order.
    pub(crate) store: Vec<ServerTransmit>,
    /// Requests for other servers, as they are to be made.
    pub(crate) forwarded: Vec<(ExchangeId, String, Request)>,
    events: Vec<ServerEvent>,
    exchanges: u64,
    /// Ended by the peer.
    left: BTreeSet<ExchangeId>,
    handshakes: u64,
    /// Whether handshakes are accepted as they come.
    pub(crate) accepting: bool,
    /// Whether requests come over TLS.
    pub(crate) secure: bool,
}

impl Rig {
    pub(crate) fn new(config: ServerConfig) -> Self {
        Self {
            server: Server::new(config, Instant::ZERO),
            now: Instant::ZERO,
            responses: BTreeMap::new(),
            messages: BTreeMap::new(),
            streams: BTreeMap::new(),
            stream_heads: BTreeMap::new(),
            upgraded: BTreeSet::new(),
            closed: BTreeSet::new(),
            store: Vec::new(),
            forwarded: Vec::new(),
            events: Vec::new(),
            exchanges: 0,
            left: BTreeSet::new(),
            handshakes: 0,
            accepting: true,
            secure: false,
        }
    }

    /// Every exchange so far that the peer did not end.
    pub(crate) fn exchanges(&self) -> impl Iterator<Item = ExchangeId> {
        (1..=self.exchanges).map(ExchangeId).filter(|exchange| !self.left.contains(exchange))
    }

    /// Makes a request and drains the machine.
    pub(crate) fn request(
        &mut self,
        method: Method,
        target: &str,
        body: &str,
        headers: &[(&str, &str)],
        upgrade: bool,
    ) -> ExchangeId {
        self.exchanges += 1;
        let exchange = ExchangeId(self.exchanges);
        let request = Request {
            exchange,
            method,
            target: Text::from(target),
            headers: headers.iter().map(|&(name, value)| (Text::from(name), Text::from(value))).collect(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            upgrade,
            address: Text::from("192.0.2.7"),
            secure: self.secure,
        };
        self.server.handle_input(self.now, ServerInput::Request(request));
        self.drive();
        exchange
    }

    pub(crate) fn get(&mut self, target: &str) -> ExchangeId {
        self.request(Method::Get, target, "", &[], false)
    }

    /// Handshakes; the ids are `s1`, `s2`, ...
    pub(crate) fn handshake(&mut self) -> SessionId {
        self.get("/socket.io/1/?t=1");
        SessionId(Text::from(format!("s{}", self.handshakes)))
    }

    pub(crate) fn poll(&mut self, session: &SessionId) -> ExchangeId {
        self.get(&format!("/socket.io/1/xhr-polling/{}?t=1", session.0))
    }

    pub(crate) fn post(&mut self, session: &SessionId, body: &str) -> ExchangeId {
        let target = format!("/socket.io/1/xhr-polling/{}", session.0);
        self.request(Method::Post, &target, body, &[], false)
    }

    pub(crate) fn upgrade(&mut self, session: &SessionId) -> ExchangeId {
        let target = format!("/socket.io/1/websocket/{}", session.0);
        self.request(Method::Get, &target, "", &[], true)
    }

    pub(crate) fn message(&mut self, exchange: ExchangeId, text: &str) {
        let input = ServerInput::Message { exchange, text: Text::from(text) };
        self.server.handle_input(self.now, input);
        self.drive();
    }

    pub(crate) fn close(&mut self, exchange: ExchangeId, clean: bool) {
        self.left.insert(exchange);
        self.server.handle_input(self.now, ServerInput::Closed { exchange, clean });
        self.drive();
    }

    /// A session over xhr-polling that got its `1::`; no poll waits.
    pub(crate) fn polling_session(&mut self) -> SessionId {
        let session = self.handshake();
        let first = self.poll(&session);
        assert_eq!(self.body(first), Some("1::".to_owned()));
        self.events.clear();
        session
    }

    /// A session over websocket that got its `1::`.
    pub(crate) fn socket_session(&mut self) -> (SessionId, ExchangeId) {
        let session = self.handshake();
        let socket = self.upgrade(&session);
        assert_eq!(self.take_messages(socket), ["1::"]);
        self.events.clear();
        (session, socket)
    }

    /// The body an exchange was answered with, if it was.
    pub(crate) fn body(&self, exchange: ExchangeId) -> Option<String> {
        self.responses
            .get(&exchange)
            .map(|response| String::from_utf8(response.body.to_vec()).expect("a body in UTF-8"))
    }

    pub(crate) fn status(&self, exchange: ExchangeId) -> Option<u16> {
        self.responses.get(&exchange).map(|response| response.status)
    }

    pub(crate) fn header(&self, exchange: ExchangeId, name: &str) -> Option<String> {
        let headers = &self.responses[&exchange].headers;
        headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string())
    }

    pub(crate) fn take_messages(&mut self, exchange: ExchangeId) -> Vec<String> {
        self.messages.remove(&exchange).unwrap_or_default()
    }

    /// The parts of a response that goes on, since they were taken last.
    pub(crate) fn take_parts(&mut self, exchange: ExchangeId) -> Vec<String> {
        self.streams.get_mut(&exchange).map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn take_events(&mut self) -> Vec<ServerEvent> {
        self.drive();
        std::mem::take(&mut self.events)
    }

    /// Lets time pass, waking the machine at each deadline on the way.
    pub(crate) fn advance(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(deadline) = self.server.poll_timeout().filter(|deadline| deadline.at <= until) {
            assert!(deadline.at >= self.now, "a deadline in the past was left");
            self.now = deadline.at;
            self.server.handle_timeout(self.now);
            self.drive();
        }
        self.now = until;
        self.server.handle_timeout(self.now);
        self.drive();
    }

    pub(crate) fn advance_secs(&mut self, secs: u64) {
        self.advance(Duration::from_secs(secs));
    }

    /// Drains transmits and events.
    pub(crate) fn drive(&mut self) {
        loop {
            while let Some(transmit) = self.server.poll_transmit() {
                self.carry_out(transmit);
            }
            let Some(event) = self.server.poll_event() else { return };
            match event {
                ServerEvent::HandshakeRequested { exchange, .. } if self.accepting => {
                    self.handshakes += 1;
                    let session = SessionId(Text::from(format!("s{}", self.handshakes)));
                    self.server.accept(self.now, exchange, session).expect("a fresh id");
                }
                event => self.events.push(event),
            }
        }
    }

    fn carry_out(&mut self, transmit: ServerTransmit) {
        match transmit {
            ServerTransmit::Respond { exchange, response } => {
                assert!(!self.upgraded.contains(&exchange), "a response after 101");
                assert!(self.responses.insert(exchange, response).is_none(), "answered twice");
            }
            ServerTransmit::Begin { exchange, response } => {
                let first = String::from_utf8(response.body.to_vec()).expect("a page in UTF-8");
                assert!(!self.responses.contains_key(&exchange), "answered twice");
                assert!(self.streams.insert(exchange, vec![first]).is_none(), "begun twice");
                self.stream_heads.insert(exchange, response);
            }
            ServerTransmit::Chunk { exchange, chunk } => {
                assert!(!self.closed.contains(&exchange), "a chunk after the end");
                let chunk = String::from_utf8(chunk.to_vec()).expect("a script in UTF-8");
                self.streams.get_mut(&exchange).expect("a chunk before the beginning").push(chunk);
            }
            ServerTransmit::Upgrade { exchange } => assert!(self.upgraded.insert(exchange)),
            ServerTransmit::Message { exchange, text } => {
                assert!(self.upgraded.contains(&exchange), "a message before 101");
                assert!(!self.closed.contains(&exchange), "a message after the close");
                self.messages.entry(exchange).or_default().push(text.to_string());
            }
            ServerTransmit::Close { exchange } => {
                assert!(!self.responses.contains_key(&exchange), "a close after the response");
                assert!(self.closed.insert(exchange), "closed twice");
            }
            ServerTransmit::StoreGet { .. }
            | ServerTransmit::StorePut { .. }
            | ServerTransmit::StoreDelete { .. }
            | ServerTransmit::Publish { .. }
            | ServerTransmit::Subscribe { .. }
            | ServerTransmit::Unsubscribe { .. } => self.store.push(transmit),
            ServerTransmit::Forward { exchange, node, request } => {
                self.forwarded.push((exchange, node.to_string(), request));
            }
        }
    }
}
