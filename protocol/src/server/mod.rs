//! Every session of one node. Methods are getters, commands, `handle_*` and `poll_*`.
//!
//! The carrier feeds whole requests and messages, and carries out what [`Server::poll_transmit`] says; the application answers
//! handshakes and reacts to [`Server::poll_event`]. An event tells what has happened already: when `Connected` comes out, the
//! `1::` that answers the client has been queued before it.
//!
//! ```
//! use bytes::Bytes;
//! use socketio08::server::{
//!     ExchangeId, Method, Request, Server, ServerConfig, ServerEvent, ServerInput, ServerTransmit, SessionId,
//! };
//! use socketio08::{Instant, Text};
//!
//! let mut now = Instant::ZERO;
//! let mut server = Server::new(ServerConfig::default(), now);
//! server.handle_input(now, ServerInput::Request(Request {
//!     exchange: ExchangeId(1),
//!     method: Method::Get,
//!     target: Text::from_static("/socket.io/1/"),
//!     headers: Vec::new(),
//!     body: Bytes::new(),
//!     upgrade: false,
//!     address: Text::from_static("192.0.2.7"),
//!     secure: false,
//! }));
//! // The loop of every carrier: transmits, events, then wait for input or for the deadline.
//! loop {
//!     while let Some(transmit) = server.poll_transmit() {
//!         if let ServerTransmit::Respond { response, .. } = transmit {
//!             assert_eq!(response.body, "4711:15:25:websocket,htmlfile,xhr-polling,jsonp-polling");
//!         }
//!     }
//!     let Some(event) = server.poll_event() else { break };
//!     if let ServerEvent::HandshakeRequested { exchange, .. } = event {
//!         server.accept(now, exchange, SessionId(Text::from_static("4711")))?;
//!     }
//! }
//! while let Some(deadline) = server.poll_timeout() {
//!     now = deadline.at;
//!     server.handle_timeout(now);
//! }
//! assert_eq!((now.as_millis(), server.session_count()), (30_000, 0), "nobody used the handshake");
//! # Ok::<(), socketio08::server::LocalError>(())
//! ```

mod authorization;
mod client_files;
mod config;
mod event_name;
mod exchange;
mod handshake_data;
mod htmlfile;
mod members;
mod namespaces;
mod polling;
mod requests;
mod response;
mod revised;
mod sending;
mod session;
mod socket;
mod store;
mod timers;
mod types;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;

pub use client_files::{ClientFileError, ClientFiles};
pub use config::ServerConfig;
pub use handshake_data::HandshakeData;
pub use store::{RedisConfig, Store, StoreError};
pub use types::{
    Audience, Cause, JoinRefusal, Method, Refusal, Request, Response, ServerEvent, ServerInput,
    ServerTransmit, SessionId,
};

#[doc(no_inline)]
pub use crate::{AckMode, ExchangeId, LocalError, Outgoing, Violation};

use self::authorization::Questions;
use self::exchange::Exchange;
use self::members::Members;
use self::session::Session;
use self::timers::Deadlines;
use crate::{AckId, Deadline, Instant, Text};

/// Every session of one node, without I/O.
///
/// The commands, once sessions are there:
///
/// ```
/// use socketio08::server::{AckMode, Audience, Outgoing, ServerEvent, ServerTransmit};
/// # use bytes::Bytes;
/// # use socketio08::server::{ExchangeId, LocalError, Method, Request, Server, ServerConfig, ServerInput, SessionId};
/// use socketio08::{Instant, Text};
///
/// # let now = Instant::ZERO;
/// # let mut server = Server::new(ServerConfig::default(), now);
/// # let request = |number, target: &'static str| {
/// #     let (exchange, target) = (ExchangeId(number), Text::from_static(target));
/// #     let (headers, body, address) = (Vec::new(), Bytes::new(), Text::EMPTY);
/// #     let (method, upgrade, secure) = (Method::Get, number > 2, false);
/// #     ServerInput::Request(Request { exchange, method, target, headers, body, upgrade, address, secure })
/// # };
/// # for (number, id) in [(1, "ann"), (2, "bob")] {
/// #     server.handle_input(now, request(number, "/socket.io/1/"));
/// #     server.accept(now, ExchangeId(number), SessionId(Text::from_static(id)))?;
/// # }
/// # server.handle_input(now, request(3, "/socket.io/1/websocket/ann"));
/// # server.handle_input(now, request(4, "/socket.io/1/websocket/bob"));
/// # while server.poll_transmit().is_some() {}
/// # while server.poll_event().is_some() {}
/// # let (ann, bob) = (SessionId(Text::from_static("ann")), SessionId(Text::from_static("bob")));
/// let root = Text::EMPTY;
/// let room = Text::from_static("kitchen");
/// // To one, who shall acknowledge with data; `Acknowledged` will come with this id.
/// let id = server.send(now, &ann, &root, Outgoing::Message(Text::from_static("tea?")), AckMode::WithData)?;
/// assert_eq!(id, Some(1));
/// // To everyone in a room but one.
/// server.join_room(&ann, &root, room.clone())?;
/// server.join_room(&bob, &root, room.clone())?;
/// let others = Audience::default().room(Some(room)).except(vec![ann.clone()]);
/// assert_eq!(server.broadcast(now, &others, &Outgoing::Json(Text::from_static("[1,2]")))?, 1);
/// // Whatever a websocket takes at once, it takes volatile too.
/// assert!(server.send_volatile(now, &bob, &root, Outgoing::Message(Text::from_static("tick")))?);
/// server.disconnect(now, &bob)?;
///
/// let mut sent = Vec::new();
/// while let Some(transmit) = server.poll_transmit() {
///     if let ServerTransmit::Message { text, .. } = transmit {
///         sent.push(text.to_string());
///     }
/// }
/// assert_eq!(sent, ["3:1+::tea?", "4:::[1,2]", "3:::tick", "0::"]);
/// assert!(matches!(server.poll_event(), Some(ServerEvent::Disconnected { session, .. }) if session == bob));
/// # Ok::<(), LocalError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Server {
    config: ServerConfig,
    /// The sweep of unused handshakes ticks from here.
    started: Instant,
    /// The latest instant seen (law 2).
    now: Instant,
    sessions: BTreeMap<SessionId, Session>,
    exchanges: BTreeMap<ExchangeId, Exchange>,
    /// How many exchanges wait for the application.
    waiting: usize,
    members: Members,
    deadlines: Deadlines,
    questions: Questions,
    transmits: VecDeque<ServerTransmit>,
    events: VecDeque<ServerEvent>,
    store: Option<store::Link>,
}

impl Server {
    /// A server that listens from `now` on (the sweep of unused handshakes ticks from here).
    ///
    /// ```
    /// # use socketio08::{Instant, server::{Server, ServerConfig}};
    /// let server = Server::new(ServerConfig::default(), Instant::ZERO);
    /// assert_eq!((server.session_count(), server.poll_timeout()), (0, None));
    /// ```
    pub fn new(config: ServerConfig, now: Instant) -> Self {
        let mut server = Self {
            config,
            started: now,
            now,
            sessions: BTreeMap::new(),
            exchanges: BTreeMap::new(),
            waiting: 0,
            members: Members::default(),
            deadlines: Deadlines::default(),
            questions: Questions::default(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            store: None,
        };
        server.open_store();
        server
    }

    // --- getters

    /// The configuration.
    ///
    /// ```
    /// # use socketio08::{Instant, server::{Server, ServerConfig}};
    /// let server = Server::new(ServerConfig::default(), Instant::ZERO);
    /// assert_eq!(server.config().resource, "/socket.io");
    /// ```
    pub fn config(&self) -> &ServerConfig {
        &self.config
    }

    /// Sessions that opened a transport and have not ended, in a fixed order. With a store, those of this node's application.
    ///
    /// ```
    /// // A server with the sessions `ann` and `bob`.
    /// # let (server, ann, bob, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// assert_eq!(server.sessions().collect::<Vec<_>>(), [&ann, &bob]);
    /// ```
    pub fn sessions(&self) -> impl Iterator<Item = &SessionId> {
        self.sessions.iter().filter(|(_, session)| session.is_ours()).map(|(id, _)| id)
    }

    /// How many sessions are known, unused handshakes and those of other nodes included.
    ///
    /// ```
    /// # use socketio08::{Instant, Text, server::{ExchangeId, Request, Server, ServerConfig, ServerInput, SessionId}};
    /// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
    /// let request = Request::get(ExchangeId(1), "/socket.io/1/");
    /// server.handle_input(Instant::ZERO, ServerInput::Request(request));
    /// server.accept(Instant::ZERO, ExchangeId(1), SessionId(Text::from_static("4711")))?;
    /// assert_eq!((server.session_count(), server.sessions().count()), (1, 0), "handshaken, not connected");
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// What the handshake of a session told, until the session ends.
    ///
    /// ```
    /// // A server with the session `ann`.
    /// # let (server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// assert_eq!(server.handshake_data(&ann).map(|data| data.url.as_str()), Some("/socket.io/1/"));
    /// ```
    pub fn handshake_data(&self, session: &SessionId) -> Option<&Arc<HandshakeData>> {
        self.sessions.get(session).map(|session| &session.handshake)
    }

    // --- commands

    /// Accepts a handshake under `session`, an id that must be unguessable.
    ///
    /// ```
    /// # use socketio08::{Instant, LocalError, Text, server::{ExchangeId, Request, Server, ServerConfig, ServerInput, SessionId}};
    /// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
    /// let request = Request::get(ExchangeId(1), "/socket.io/1/");
    /// server.handle_input(Instant::ZERO, ServerInput::Request(request));
    /// let accepted = server.accept(Instant::ZERO, ExchangeId(1), SessionId(Text::from_static("a/b")));
    /// assert_eq!(accepted, Err(LocalError::BadSessionId), "the exchange still waits");
    /// server.accept(Instant::ZERO, ExchangeId(1), SessionId(Text::from_static("4711")))?;
    /// # Ok::<(), LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`] if the exchange is unknown or the id cannot be used; the exchange still waits then.
    pub fn accept(
        &mut self,
        now: Instant,
        exchange: ExchangeId,
        session: SessionId,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.accept_handshake(exchange, session)
    }

    /// Refuses a handshake.
    ///
    /// ```
    /// # use socketio08::{Instant, LocalError, server::{ExchangeId, Refusal, Request, Server, ServerConfig, ServerInput, ServerTransmit}};
    /// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
    /// let request = Request::get(ExchangeId(1), "/socket.io/1/");
    /// server.handle_input(Instant::ZERO, ServerInput::Request(request));
    /// server.refuse(Instant::ZERO, ExchangeId(1), Refusal::Unauthorized)?;
    /// let Some(ServerTransmit::Respond { response, .. }) = server.poll_transmit() else { unreachable!() };
    /// assert_eq!((response.status, &response.body[..]), (403, b"handshake unauthorized".as_slice()));
    /// # Ok::<(), LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownExchange`].
    pub fn refuse(&mut self, now: Instant, exchange: ExchangeId, refusal: Refusal) -> Result<(), LocalError> {
        self.advance(now);
        let (style, _) = self.take_handshake(exchange)?;
        self.store_withdrawn(exchange);
        self.transmit_response(exchange, response::refused(&style, refusal));
        Ok(())
    }

    /// Lets a session join a guarded endpoint that it asked for.
    ///
    /// ```
    /// use socketio08::server::{ExchangeId, ServerEvent, ServerInput};
    /// use socketio08::{Instant, Text};
    ///
    /// // A server that guards `/staff`; `ann`, at websocket 3, asks to join it.
    /// # let (mut server, ann, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let text = Text::from_static("1::/staff");
    /// server.handle_input(Instant::ZERO, ServerInput::Message { exchange: ExchangeId(3), text });
    /// let Some(ServerEvent::JoinRequested { session, endpoint, .. }) = server.poll_event() else { unreachable!() };
    /// server.accept_join(Instant::ZERO, &session, &endpoint)?;
    /// assert_eq!(sent(&mut server), ["1::/staff"]);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownSession`], [`LocalError::NoJoinRequested`].
    pub fn accept_join(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.answer_join(session, endpoint, Ok(()))
    }

    /// Refuses a session a guarded endpoint that it asked for. A session that had joined it before and asked again leaves it.
    ///
    /// ```
    /// use socketio08::server::{JoinRefusal, LocalError};
    /// use socketio08::{Instant, Text};
    ///
    /// // A server that guards `/staff`, which `ann` did not ask to join.
    /// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let staff = Text::from_static("/staff");
    /// let refused = server.refuse_join(Instant::ZERO, &ann, &staff, JoinRefusal::Unauthorized);
    /// assert_eq!(refused, Err(LocalError::NoJoinRequested));
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownSession`], [`LocalError::NoJoinRequested`].
    pub fn refuse_join(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
        refusal: JoinRefusal,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.answer_join(session, endpoint, Err(refusal))
    }

    /// Answers a request reported by [`ServerEvent::Outside`].
    ///
    /// ```
    /// use socketio08::server::{
    ///     ExchangeId, Request, Response, Server, ServerConfig, ServerEvent, ServerInput, ServerTransmit,
    /// };
    /// use socketio08::Instant;
    ///
    /// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
    /// server.handle_input(Instant::ZERO, ServerInput::Request(Request::get(ExchangeId(1), "/")));
    /// let Some(ServerEvent::Outside(request)) = server.poll_event() else { unreachable!() };
    /// let response = Response { status: 404, headers: Vec::new(), body: "not found".into() };
    /// server.respond(Instant::ZERO, request.exchange, response)?;
    /// assert!(matches!(server.poll_transmit(), Some(ServerTransmit::Respond { .. })));
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownExchange`].
    pub fn respond(
        &mut self,
        now: Instant,
        exchange: ExchangeId,
        response: Response,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.take_outside(exchange)?;
        self.transmit_response(exchange, response);
        Ok(())
    }

    /// Sends to one session; returns the id to be acknowledged if `ack` asks for one.
    ///
    /// ```
    /// use socketio08::{AckMode, Instant, Outgoing, Text};
    ///
    /// // A server with the session `ann`.
    /// # let (mut server, ann, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let (now, root) = (Instant::ZERO, Text::EMPTY);
    /// let id = server.send(now, &ann, &root, Outgoing::Message(Text::from_static("tea?")), AckMode::WithData)?;
    /// assert_eq!((id, sent(&mut server)), (Some(1), vec!["3:1+::tea?".to_owned()]));
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`]; nothing is sent then.
    pub fn send(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
        outgoing: Outgoing,
        ack: AckMode,
    ) -> Result<Option<u64>, LocalError> {
        self.advance(now);
        self.send_packet(session, endpoint, outgoing, ack)
    }

    /// Sends to one session if its transport can take it at once; tells whether it did.
    ///
    /// ```
    /// use socketio08::{Instant, Outgoing, Text};
    ///
    /// // A server with the session `ann`, over a websocket, which takes everything at once.
    /// # let (mut server, ann, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let tick = Outgoing::Message(Text::from_static("tick"));
    /// assert!(server.send_volatile(Instant::ZERO, &ann, &Text::EMPTY, tick)?);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn send_volatile(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
        outgoing: Outgoing,
    ) -> Result<bool, LocalError> {
        self.advance(now);
        self.send_packet_volatile(session, endpoint, outgoing)
    }

    /// Acknowledges a received packet with data; `args` is a JSON array or empty.
    ///
    /// ```
    /// use socketio08::server::{ExchangeId, ServerEvent, ServerInput};
    /// use socketio08::{Instant, Text};
    ///
    /// // A server whose session `ann` has websocket 3, and asks.
    /// # let (mut server, ann, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let text = Text::from_static("3:5+::tea?");
    /// server.handle_input(Instant::ZERO, ServerInput::Message { exchange: ExchangeId(3), text });
    /// let Some(ServerEvent::Received { session, packet }) = server.poll_event() else { unreachable!() };
    /// if let Some(id) = packet.id.filter(|id| id.with_data) {
    ///     server.acknowledge(Instant::ZERO, &session, &packet.endpoint, &id, Text::from_static(r#"["yes"]"#))?;
    /// }
    /// assert_eq!(sent(&mut server), [r#"6:::5+["yes"]"#]);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn acknowledge(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
        id: &AckId,
        args: Text,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.send_ack(session, endpoint, id, args)
    }

    /// Sends to many; returns to how many.
    ///
    /// ```
    /// use socketio08::server::Audience;
    /// use socketio08::{Instant, Outgoing, Text};
    ///
    /// // A server with the sessions `ann` and `bob`.
    /// # let (mut server, _, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let news = Outgoing::Message(Text::from_static("news"));
    /// assert_eq!(server.broadcast(Instant::ZERO, &Audience::default(), &news)?, 2);
    /// assert_eq!(sent(&mut server), ["3:::news", "3:::news"]);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::BadEndpoint`].
    pub fn broadcast(
        &mut self,
        now: Instant,
        audience: &Audience,
        outgoing: &Outgoing,
    ) -> Result<usize, LocalError> {
        self.advance(now);
        self.send_to_audience(audience, outgoing)
    }

    /// Puts a session into a room of an endpoint.
    ///
    /// ```
    /// use socketio08::server::Audience;
    /// use socketio08::{Instant, Outgoing, Text};
    ///
    /// // A server with the sessions `ann` and `bob`.
    /// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let kitchen = Text::from_static("kitchen");
    /// server.join_room(&ann, &Text::EMPTY, kitchen.clone())?;
    /// let there = Audience::default().room(Some(kitchen));
    /// assert_eq!(server.broadcast(Instant::ZERO, &there, &Outgoing::Message(Text::from_static("tea")))?, 1);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn join_room(&mut self, session: &SessionId, endpoint: &Text, room: Text) -> Result<(), LocalError> {
        self.enter_room(session, endpoint, room)
    }

    /// Takes a session out of a room.
    ///
    /// ```
    /// use socketio08::server::Audience;
    /// use socketio08::{Instant, Outgoing, Text};
    ///
    /// // A server with the sessions `ann` and `bob`.
    /// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let kitchen = Text::from_static("kitchen");
    /// server.join_room(&ann, &Text::EMPTY, kitchen.clone())?;
    /// server.leave_room(&ann, &Text::EMPTY, &kitchen)?;
    /// let there = Audience::default().room(Some(kitchen));
    /// assert_eq!(server.broadcast(Instant::ZERO, &there, &Outgoing::Message(Text::from_static("tea")))?, 0);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn leave_room(
        &mut self,
        session: &SessionId,
        endpoint: &Text,
        room: &Text,
    ) -> Result<(), LocalError> {
        self.exit_room(session, endpoint, room)
    }

    /// Ends a session: `0::` to an open transport, then closed (facts 4.9, 7.9).
    ///
    /// ```
    /// use socketio08::Instant;
    ///
    /// // A server with the sessions `ann` and `bob`.
    /// # let (mut server, ann, bob, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// server.disconnect(Instant::ZERO, &ann)?;
    /// assert_eq!(sent(&mut server), ["0::"]);
    /// assert_eq!(server.sessions().collect::<Vec<_>>(), [&bob]);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownSession`].
    pub fn disconnect(&mut self, now: Instant, session: &SessionId) -> Result<(), LocalError> {
        self.advance(now);
        if !self.sessions.contains_key(session) {
            return Err(LocalError::UnknownSession);
        }
        if !self.store_disconnects(session) {
            self.boot(session);
        }
        Ok(())
    }

    /// Ends a session's membership of one endpoint: `0::/chat` in 0.9; in 0.8.7 the whole session ends, whatever the endpoint
    /// (facts 9.7, 11). The root stands for the whole session in both.
    ///
    /// ```
    /// use socketio08::{Instant, Text};
    ///
    /// // A server of profile 0.8, with the sessions `ann` and `bob`.
    /// # let (mut server, ann, bob, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// server.disconnect_endpoint(Instant::ZERO, &ann, &Text::from_static("/chat"))?;
    /// assert_eq!(server.sessions().collect::<Vec<_>>(), [&bob], "0.8.7 ends the whole session");
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownSession`] or [`LocalError::BadEndpoint`].
    pub fn disconnect_endpoint(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.boot_from(session, endpoint)
    }

    // --- handle

    /// Takes what the carrier received. Cannot fail: a bad peer is an event.
    ///
    /// ```
    /// use socketio08::server::{ExchangeId, ServerEvent, ServerInput};
    /// use socketio08::{Instant, Text};
    ///
    /// // A server whose session `ann` has websocket 3, and joins `/chat`.
    /// # let (mut server, _, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let text = Text::from_static("1::/chat");
    /// server.handle_input(Instant::ZERO, ServerInput::Message { exchange: ExchangeId(3), text });
    /// assert_eq!(sent(&mut server), ["1::/chat"]);
    /// assert!(matches!(server.poll_event(), Some(ServerEvent::Connected { endpoint, .. }) if endpoint == "/chat"));
    /// ```
    pub fn handle_input(&mut self, now: Instant, input: ServerInput) {
        self.advance(now);
        match input {
            ServerInput::Request(request) => self.request(request),
            ServerInput::Message { exchange, text } => self.message(exchange, &text),
            ServerInput::Closed { exchange, clean } => self.closed(exchange, clean),
            ServerInput::Published { channel, message } => self.published(&channel, &message),
        }
    }

    /// Lets the timers due at `now` fire.
    ///
    /// ```
    /// // A server with two sessions over websockets.
    /// # let (mut server, _, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let deadline = server.poll_timeout().expect("heartbeats are due");
    /// server.handle_timeout(deadline.at);
    /// assert_eq!(sent(&mut server), ["2::", "2::"], "one call fires all that is due");
    /// ```
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
        self.fire_due();
    }

    // --- poll

    /// The next thing to transmit. May change after any command or `handle_*`.
    ///
    /// ```
    /// use socketio08::server::{ExchangeId, ServerTransmit};
    /// use socketio08::Instant;
    ///
    /// // A server whose session `ann` has websocket 3.
    /// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// server.disconnect(Instant::ZERO, &ann)?;
    /// assert!(matches!(server.poll_transmit(), Some(ServerTransmit::Message { .. })), "first the `0::`");
    /// assert_eq!(server.poll_transmit(), Some(ServerTransmit::Close { exchange: ExchangeId(3) }));
    /// assert_eq!(server.poll_transmit(), None);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    #[must_use]
    pub fn poll_transmit(&mut self) -> Option<ServerTransmit> {
        self.transmits.pop_front()
    }

    /// The next event. May change after any command or `handle_*`.
    ///
    /// ```
    /// use socketio08::server::{ExchangeId, ServerEvent, ServerInput};
    /// use socketio08::{Instant, Text};
    ///
    /// // A server whose session `ann` has websocket 3, and leaves.
    /// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let text = Text::from_static("0::");
    /// server.handle_input(Instant::ZERO, ServerInput::Message { exchange: ExchangeId(3), text });
    /// assert!(matches!(server.poll_event(), Some(ServerEvent::Disconnected { session, .. }) if session == ann));
    /// assert_eq!(server.poll_event(), None);
    /// ```
    #[must_use]
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    /// The next deadline. May change after any command or `handle_*`.
    ///
    /// ```
    /// use socketio08::Timer;
    ///
    /// // A server with two sessions over websockets, from instant zero.
    /// # let (server, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let deadline = server.poll_timeout().expect("heartbeats are due");
    /// assert_eq!((deadline.at.as_millis(), deadline.timer), (20_000, Timer::Heartbeat));
    /// ```
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        [self.deadlines.next(), self.questions.next()].into_iter().flatten().min()
    }

    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }
}
