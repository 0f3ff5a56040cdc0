//! A server machine, its carrier being the benchmark.

use std::hint::black_box;

use bytes::Bytes;
use socketio08::server::{
    Audience, ExchangeId, Method, Outgoing, Request, Server, ServerConfig, ServerEvent, ServerInput,
    SessionId,
};
use socketio08::{Instant, Limits, Text};

/// A server with the instant it lives at and its next exchange number. Whatever it transmits or tells is taken at once and dropped.
#[derive(Clone)]
pub struct Node {
    /// The machine.
    pub server: Server,
    /// The instant of the next call.
    pub now: Instant,
    exchanges: u64,
}

/// What is sent or broadcast.
#[must_use]
pub fn message() -> Outgoing {
    Outgoing::Message(Text::from_static("hello, everybody"))
}

impl Default for Node {
    fn default() -> Self {
        // The index of deadlines is measured with a million sessions.
        let limits = Limits::default().sessions_max(usize::MAX);
        let server = Server::new(ServerConfig::default().limits(limits), Instant::ZERO);
        Self { server, now: Instant::ZERO, exchanges: 0 }
    }
}

impl Node {
    /// `count` sessions over websocket, and their sockets.
    #[must_use]
    pub fn with_sockets(count: usize) -> (Self, Vec<ExchangeId>) {
        let mut node = Self::default();
        let sockets = (0..count)
            .map(|_| {
                let id = node.session();
                node.open(&id)
            })
            .collect();
        (node, sockets)
    }

    /// `count` sessions, each with a poll that waits.
    #[must_use]
    pub fn with_polls(count: usize) -> Self {
        let mut node = Self::default();
        for _ in 0..count {
            let id = node.session();
            node.poll(&id);
            node.poll(&id);
        }
        node
    }

    /// A request from the path on.
    pub fn request(
        &mut self,
        method: Method,
        target: String,
        body: &'static str,
        upgrade: bool,
    ) -> ExchangeId {
        self.exchanges += 1;
        let exchange = ExchangeId(self.exchanges);
        self.server.handle_input(
            self.now,
            ServerInput::Request(Request {
                exchange,
                method,
                target: Text::from(target),
                headers: Vec::new(),
                body: Bytes::from_static(body.as_bytes()),
                upgrade,
                address: Text::EMPTY,
                secure: false,
            }),
        );
        self.drain();
        exchange
    }

    /// A handshake.
    ///
    /// # Panics
    /// If the server does not ask for an id.
    pub fn session(&mut self) -> SessionId {
        self.request(Method::Get, "/socket.io/1/".to_owned(), "", false);
        let id = SessionId(Text::from(format!("{:020}", self.exchanges)));
        self.server.accept(self.now, ExchangeId(self.exchanges), id.clone()).expect("a fresh id");
        self.drain();
        id
    }

    /// A poll of the session.
    pub fn poll(&mut self, id: &SessionId) -> ExchangeId {
        self.request(Method::Get, format!("/socket.io/1/xhr-polling/{}?t=1", id.0), "", false)
    }

    /// A POST of the session.
    pub fn post(&mut self, id: &SessionId, body: &'static str) -> ExchangeId {
        self.request(Method::Post, format!("/socket.io/1/xhr-polling/{}", id.0), body, false)
    }

    /// Opens a websocket for the session.
    pub fn open(&mut self, id: &SessionId) -> ExchangeId {
        self.request(Method::Get, format!("/socket.io/1/websocket/{}", id.0), "", true)
    }

    /// The session polls, and is sent a message, which answers the poll. Gives how much the server transmitted.
    ///
    /// # Panics
    /// If the session is gone.
    pub fn poll_cycle(&mut self, id: &SessionId) -> usize {
        self.poll(id);
        let none = socketio08::AckMode::None;
        self.server.send(self.now, id, &Text::EMPTY, message(), none).expect("a live session");
        self.drain()
    }

    /// The next deadline, which must be a heartbeat of `socket`, comes and is answered.
    ///
    /// # Panics
    /// If nothing is due.
    pub fn heartbeat(&mut self, socket: ExchangeId) -> usize {
        self.now = self.server.poll_timeout().expect("a heartbeat").at;
        self.server.handle_timeout(self.now);
        let transmitted = self.drain();
        let answer = ServerInput::Message { exchange: socket, text: Text::from_static("2::") };
        self.server.handle_input(self.now, answer);
        transmitted + self.drain()
    }

    /// One message to everybody. Gives how much the server transmitted.
    ///
    /// # Panics
    /// If the message is not one that can be sent.
    pub fn broadcast(&mut self) -> usize {
        self.server.broadcast(self.now, &Audience::default(), &message()).expect("a message");
        self.drain()
    }

    /// Takes what the server transmits and tells. Gives how much it transmitted.
    pub fn drain(&mut self) -> usize {
        let mut count = 0;
        loop {
            while let Some(transmit) = self.server.poll_transmit() {
                black_box(transmit);
                count += 1;
            }
            let Some(event) = self.server.poll_event() else { return count };
            if !matches!(event, ServerEvent::HandshakeRequested { .. }) {
                black_box(event);
            }
        }
    }
}
