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
mod commands;
mod config;
mod event_name;
mod exchange;
mod handshake_data;
mod htmlfile;
mod key;
mod members;
mod namespaces;
mod polling;
mod portable;
mod rebase;
mod requests;
mod response;
mod revised;
mod routed;
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
pub use key::{SharedKey, WeakKey};
pub use portable::{PortableConfig, StoreAnswer};
pub use routed::{BadNodeName, NodeName, RoutedConfig, Routing};
pub use store::{RedisConfig, Store, StoreError};
pub use types::{
    Audience, Cause, JoinRefusal, Known, Method, Refusal, Request, Response, ServerEvent, ServerInput,
    ServerTransmit, SessionId,
};

#[doc(no_inline)]
pub use crate::{AckMode, ExchangeId, LocalError, Outgoing, Violation};

use self::authorization::Questions;
use self::exchange::Exchange;
use self::members::Members;
use self::session::{Channel, Session};
use self::timers::Deadlines;
use crate::seeded::SeededFault;
use crate::{Deadline, Instant};

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
    forwards: routed::Forwards,
    portable: portable::Portable,
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
            forwards: routed::Forwards::default(),
            portable: portable::Portable::default(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            store: None,
        };
        server.open_store();
        server.open_portable();
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

    /// How much is known, in numbers: what its memory depends on.
    ///
    /// ```
    /// # let (server, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let known = server.known();
    /// assert_eq!((known.handshaken, known.connected, known.sockets, known.polled), (2, 2, 2, 0));
    /// ```
    pub fn known(&self) -> Known {
        let connected = |session: &&Session| session.transport.is_some() || session.is_elsewhere();
        let sockets = || self.sessions.values().filter(|session| session.has_socket());
        let polled =
            |session: &&Session| !matches!(session.channel, Some(Channel::Socket(_) | Channel::Stream(_)));
        Known {
            ended: self.ended_sockets(),
            polled: sockets().filter(polled).count(),
            handshaken: self.sessions.len(),
            connected: self.sessions.values().filter(connected).count(),
            sockets: sockets().count().saturating_add(self.stray_sockets()),
        }
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

    /// Whether this fault was planted.
    #[cfg(feature = "seeded-faults")]
    fn seeded(&self, fault: SeededFault) -> bool {
        self.config.seeded_fault == Some(fault)
    }

    #[cfg(not(feature = "seeded-faults"))]
    #[expect(clippy::unused_self, reason = "nothing is ever planted")]
    const fn seeded(&self, _: SeededFault) -> bool {
        false
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
            ServerInput::Request(request) => {
                let ours = self.route_request(request);
                if let Some(request) = ours.and_then(|request| self.park_request(request)) {
                    self.request(request);
                }
            }
            ServerInput::Message { exchange, text } => self.message(exchange, &text),
            ServerInput::Closed { exchange, clean } => self.closed(exchange, clean),
            ServerInput::ForwardBegun { exchange } => self.forward_begun(exchange),
            ServerInput::ForwardFailed { exchange } => self.forward_failed(exchange),
            ServerInput::Stored { ticket, answer } => self.stored(ticket, answer),
            ServerInput::Published { message, .. } if self.is_portable() => self.portable_heard(&message),
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
        [self.deadlines.next(), self.questions.next(), self.forwards.next(), self.portable.next()]
            .into_iter()
            .flatten()
            .min()
    }

    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }
}
