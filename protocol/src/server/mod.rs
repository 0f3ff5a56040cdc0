//! Every session of one node. Methods are getters, commands, `handle_*` and `poll_*`.

use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use crate::{AckId, Deadline, DecodeError, Instant, Limits, Packet, Text, Transport};

/// One HTTP request with its response, or one upgraded channel; the carrier picks the number and never uses it twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ExchangeId(pub u64);

/// A session id, as issued by the caller of [`Server::accept`].
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionId(pub Text);

/// HTTP methods the protocol tells apart.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Method {
    /// GET (and HEAD, which the carrier answers without its body).
    Get,
    /// POST.
    Post,
    /// OPTIONS.
    Options,
    /// Anything else.
    Other,
}

/// An HTTP request, whole.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Request {
    /// The carrier's number for it.
    pub exchange: ExchangeId,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: Text,
    /// Names and values in their order; names compare without case.
    pub headers: Vec<(Text, Text)>,
    /// The body, whole.
    pub body: Bytes,
    /// The request asks for `Upgrade: websocket`.
    pub upgrade: bool,
    /// The peer's address, for the application.
    pub address: Text,
}

/// What the carrier tells the machine.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum ServerInput {
    /// A request arrived.
    Request(Request),
    /// A text message arrived on an upgraded exchange.
    Message {
        /// The exchange.
        exchange: ExchangeId,
        /// The message.
        text: Text,
    },
    /// The peer ended the exchange: an unanswered request was aborted, an upgraded channel closed.
    Closed {
        /// The exchange.
        exchange: ExchangeId,
        /// A FIN or close frame, not a reset.
        clean: bool,
    },
}

/// A response, whole; the carrier adds `Date` and framing.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names and values that Socket.IO sets.
    pub headers: Vec<(&'static str, Text)>,
    /// The body.
    pub body: Bytes,
}

/// What the machine asks the carrier to do, in this order.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum ServerTransmit {
    /// Answer a request; the exchange is over.
    Respond {
        /// The exchange.
        exchange: ExchangeId,
        /// The answer.
        response: Response,
    },
    /// Answer an upgrade request with 101; the exchange carries messages from now on.
    Upgrade {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// Send one text message on an upgraded exchange.
    Message {
        /// The exchange.
        exchange: ExchangeId,
        /// The message.
        text: Text,
    },
    /// End an exchange: an upgraded channel is closed, an unanswered request's connection is closed without a response.
    Close {
        /// The exchange.
        exchange: ExchangeId,
    },
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Cause {
    /// The server's application disconnected it, or the client sent `0::` (`booted`).
    Booted,
    /// The client disconnected by packet from an endpoint.
    Packet,
    /// No GET within the close timeout.
    CloseTimeout,
    /// No `2::` within the heartbeat timeout.
    HeartbeatTimeout,
    /// The current poll or socket was ended by the peer with a FIN (`socket end`).
    SocketEnd,
    /// The current poll or socket was reset (`socket close`).
    SocketClose,
    /// A limit was reached.
    Limit,
}

/// What the machine tells the application, in this order.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum ServerEvent {
    /// A handshake arrived: answer with [`Server::accept`] or [`Server::refuse`].
    HandshakeRequested {
        /// The exchange to answer.
        exchange: ExchangeId,
        /// The query, without its question mark.
        query: Text,
        /// The headers.
        headers: Vec<(Text, Text)>,
        /// The peer's address.
        address: Text,
    },
    /// A request outside the protocol: answer with [`Server::respond`].
    Outside(Request),
    /// The transport opened (endpoint empty), the client joined a namespace, or it repeated `1::` (facts 9.1).
    Connected {
        /// The session.
        session: SessionId,
        /// The endpoint joined; empty is the root.
        endpoint: Text,
        /// The transport in use.
        transport: Transport,
    },
    /// A message, JSON or event for an endpoint that exists. With `id` of `with_data`, answer by [`Server::acknowledge`].
    Received {
        /// The session.
        session: SessionId,
        /// The packet.
        packet: Packet,
    },
    /// The client acknowledged.
    Acknowledged {
        /// The session.
        session: SessionId,
        /// The endpoint.
        endpoint: Text,
        /// The id that [`Server::send`] returned.
        id: u64,
        /// JSON text of the arguments, or empty.
        args: Text,
    },
    /// The client left a namespace (not the root).
    Left {
        /// The session.
        session: SessionId,
        /// The endpoint.
        endpoint: Text,
    },
    /// The session is over; every endpoint of it is.
    Disconnected {
        /// The session.
        session: SessionId,
        /// Why.
        cause: Cause,
    },
    /// A transport was opened (`open`) or a POST made for a session this node does not know.
    UnknownSession {
        /// The id, as sent.
        session: Text,
        /// It was a GET or an upgrade, not a POST.
        open: bool,
    },
    /// The peer broke the protocol; the packet was dropped, or the session ended as `Disconnected` tells.
    PeerViolation {
        /// The session, if it is known.
        session: Option<SessionId>,
        /// What was wrong.
        error: DecodeError,
    },
}

/// What to send, to one session or many.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Outgoing {
    /// `socket.send(text)`.
    Message(Text),
    /// `socket.json.send(value)`: JSON text.
    Json(Text),
    /// `socket.emit(name, args..)`: JSON text `{"name":..,"args":[..]}`; see [`crate::Packet`] views for building it.
    Event(Text),
}

/// Who acknowledges a packet that the server sends.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum AckMode {
    /// Nobody.
    #[default]
    None,
    /// The receiver, by itself (`id`).
    Plain,
    /// The receiver's application, with data (`id+`).
    WithData,
}

/// Why the application refuses a handshake.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Refusal {
    /// 403 `handshake unauthorized`.
    Unauthorized,
    /// 403 `handshake bad origin`.
    BadOrigin,
    /// 500 `handshake error`.
    Error,
    /// 503: no room for another session.
    Full,
}

/// Who receives a broadcast.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Audience {
    /// The endpoint; only its members receive (facts 9.4).
    pub endpoint: Text,
    /// Only members of this room of the endpoint.
    pub room: Option<Text>,
    /// Not these sessions.
    pub except: Vec<SessionId>,
    /// Drop it for a session whose transport cannot take it at once.
    pub volatile: bool,
}

/// The caller's misuse; the peer can cause none of these.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum LocalError {
    /// No such session (it may have ended: look at the events).
    UnknownSession,
    /// No such exchange waits for an answer.
    UnknownExchange,
    /// The session id is empty, has a character outside `A-Z a-z 0-9 - _`, or is in use.
    BadSessionId,
    /// The endpoint has a colon or is too long.
    BadEndpoint,
    /// A limit of [`Limits`] is reached, by name.
    Limit(&'static str),
}

/// Timers and choices; the defaults are those of 0.8.7 (facts 8).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ServerConfig {
    /// The resource, `/socket.io`.
    pub resource: Text,
    /// Advertised and accepted, in order.
    pub transports: Vec<Transport>,
    /// 15 s; `heartbeats: false` advertises an empty field and sends none.
    pub heartbeat_timeout: Duration,
    /// 20 s.
    pub heartbeat_interval: Duration,
    /// Whether heartbeats are sent.
    pub heartbeats: bool,
    /// 25 s.
    pub close_timeout: Duration,
    /// 20 s; zero never answers `8::`.
    pub polling_duration: Duration,
    /// 10 s: how often unused handshakes are swept.
    pub handshake_sweep: Duration,
    /// 30 s: how old an unused handshake must be.
    pub handshake_lifetime: Duration,
    /// Namespaces beside the root.
    pub endpoints: Vec<Text>,
    /// Bounds.
    pub limits: Limits,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            resource: Text::from_static("/socket.io"),
            transports: alloc::vec![Transport::Websocket, Transport::XhrPolling],
            heartbeat_timeout: Duration::from_secs(15),
            heartbeat_interval: Duration::from_secs(20),
            heartbeats: true,
            close_timeout: Duration::from_secs(25),
            polling_duration: Duration::from_secs(20),
            handshake_sweep: Duration::from_secs(10),
            handshake_lifetime: Duration::from_secs(30),
            endpoints: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// Every session of one node, without I/O.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Server {
    config: ServerConfig,
}

impl Server {
    /// A server that listens from `now` on (the sweep of unused handshakes ticks from here).
    pub fn new(config: ServerConfig, _now: Instant) -> Self {
        Self { config }
    }

    // --- getters

    /// The configuration.
    pub fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// Sessions that opened a transport and have not ended, in a fixed order.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionId> {
        core::iter::empty()
    }

    /// How many sessions are known, unused handshakes included.
    pub fn session_count(&self) -> usize {
        0
    }

    // --- commands

    /// Accepts a handshake under `session`, an id that must be unguessable.
    ///
    /// # Errors
    /// [`LocalError`] if the exchange is unknown or the id cannot be used; the exchange still waits then.
    pub fn accept(
        &mut self,
        _now: Instant,
        _exchange: ExchangeId,
        _session: SessionId,
    ) -> Result<(), LocalError> {
        Ok(())
    }

    /// Refuses a handshake.
    ///
    /// # Errors
    /// [`LocalError::UnknownExchange`].
    pub fn refuse(
        &mut self,
        _now: Instant,
        _exchange: ExchangeId,
        _refusal: Refusal,
    ) -> Result<(), LocalError> {
        Ok(())
    }

    /// Answers a request reported by [`ServerEvent::Outside`].
    ///
    /// # Errors
    /// [`LocalError::UnknownExchange`].
    pub fn respond(
        &mut self,
        _now: Instant,
        _exchange: ExchangeId,
        _response: Response,
    ) -> Result<(), LocalError> {
        Ok(())
    }

    /// Sends to one session; returns the id to be acknowledged if `ack` asks for one.
    ///
    /// # Errors
    /// [`LocalError`]; nothing is sent then.
    pub fn send(
        &mut self,
        _now: Instant,
        _session: &SessionId,
        _endpoint: &Text,
        _outgoing: Outgoing,
        _ack: AckMode,
    ) -> Result<Option<u64>, LocalError> {
        Ok(None)
    }

    /// Sends to one session if its transport can take it at once; tells whether it did.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn send_volatile(
        &mut self,
        _now: Instant,
        _session: &SessionId,
        _endpoint: &Text,
        _outgoing: Outgoing,
    ) -> Result<bool, LocalError> {
        Ok(false)
    }

    /// Acknowledges a received packet with data; `args` is a JSON array or empty.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn acknowledge(
        &mut self,
        _now: Instant,
        _session: &SessionId,
        _endpoint: &Text,
        _id: &AckId,
        _args: Text,
    ) -> Result<(), LocalError> {
        Ok(())
    }

    /// Sends to many; returns to how many.
    ///
    /// # Errors
    /// [`LocalError::BadEndpoint`].
    pub fn broadcast(
        &mut self,
        _now: Instant,
        _audience: &Audience,
        _outgoing: &Outgoing,
    ) -> Result<usize, LocalError> {
        Ok(0)
    }

    /// Puts a session into a room of an endpoint.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn join_room(
        &mut self,
        _session: &SessionId,
        _endpoint: &Text,
        _room: Text,
    ) -> Result<(), LocalError> {
        Ok(())
    }

    /// Takes a session out of a room.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn leave_room(
        &mut self,
        _session: &SessionId,
        _endpoint: &Text,
        _room: &Text,
    ) -> Result<(), LocalError> {
        Ok(())
    }

    /// Ends a session: `0::` to an open transport, then closed (facts 4.9, 7.9).
    ///
    /// # Errors
    /// [`LocalError::UnknownSession`].
    pub fn disconnect(&mut self, _now: Instant, _session: &SessionId) -> Result<(), LocalError> {
        Ok(())
    }

    // --- handle

    /// Takes what the carrier received. Cannot fail: a bad peer is an event.
    pub fn handle_input(&mut self, _now: Instant, _input: ServerInput) {}

    /// Lets the timers due at `now` fire.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    // --- poll

    /// The next thing to transmit. May change after any command or `handle_*`.
    #[must_use]
    pub fn poll_transmit(&mut self) -> Option<ServerTransmit> {
        None
    }

    /// The next event. May change after any command or `handle_*`.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        None
    }

    /// The next deadline. May change after any command or `handle_*`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        None
    }
}
