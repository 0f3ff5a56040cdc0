//! What goes in and out of the machine.

use alloc::sync::Arc;
use alloc::vec::Vec;

use core::time::Duration;

use bytes::Bytes;

use super::{HandshakeData, NodeName, StoreAnswer, StoreError};
use crate::config::config;
use crate::{ExchangeId, Packet, Text, Transport, Violation};

/// How much a server knows, in numbers.
///
/// ```
/// # use socketio08::{Instant, server::{Known, Server, ServerConfig}};
/// assert_eq!(Server::new(ServerConfig::default(), Instant::ZERO).known(), Known::default());
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Known {
    /// Sessions, unused handshakes and those of other nodes included.
    pub handshaken: usize,
    /// Those of them that were opened, here or at another node.
    pub connected: usize,
    /// Sessions that the application here had a side of and that ended, but are never freed: only with the faults of 0.8.7.
    pub ended: usize,
    /// Of `sockets`, those without a websocket or another stream open.
    pub polled: usize,
    /// Sessions that the application here has a side of. With the faults of 0.8.7 also those that it got by mistake and never frees.
    pub sockets: usize,
}

/// A session id, as issued by the caller of [`Server::accept`](crate::server::Server::accept).
///
/// ```
/// # use socketio08::{Text, server::SessionId};
/// // The server in these examples has `ann` and `bob`.
/// # let (server, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
/// assert!(server.sessions().any(|session| *session == SessionId(Text::from_static("ann"))));
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SessionId(pub Text);

/// HTTP methods the protocol tells apart.
///
/// ```
/// # use socketio08::{Instant, server::{ExchangeId, Method, Request, Server, ServerConfig, ServerInput, ServerTransmit}};
/// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
/// let request = Request { method: Method::Other, ..Request::get(ExchangeId(1), "/socket.io/1/xhr-polling/ann") };
/// server.handle_input(Instant::ZERO, ServerInput::Request(request));
/// let Some(ServerTransmit::Respond { response, .. }) = server.poll_transmit() else { unreachable!() };
/// assert_eq!(response.status, 405);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD: as GET for handshakes and files, whose bodies the carrier leaves out. For a session it is refused by 405:
    /// 0.8.7 takes it for a poll, and what it answers with is lost.
    Head,
    /// POST.
    Post,
    /// OPTIONS.
    Options,
    /// Anything else.
    Other,
}

/// An HTTP request, whole.
///
/// ```
/// use socketio08::Text;
/// use socketio08::server::{ExchangeId, Method, Request};
///
/// let request = Request {
///     method: Method::Post,
///     headers: vec![(Text::from_static("Content-Type"), Text::from_static("text/plain"))],
///     body: "3:::hello".into(),
///     address: Text::from_static("192.0.2.7"),
///     ..Request::get(ExchangeId(4), "/socket.io/1/xhr-polling/ann")
/// };
/// assert!(!request.upgrade);
/// ```
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
    /// It came over TLS.
    pub secure: bool,
}

impl Request {
    /// A GET without headers or body, from no address: a start, to be filled in.
    ///
    /// ```
    /// # use socketio08::server::{ExchangeId, Method, Request};
    /// let request = Request::get(ExchangeId(1), "/socket.io/1/");
    /// assert_eq!((request.method, request.target.as_str()), (Method::Get, "/socket.io/1/"));
    /// ```
    #[must_use]
    pub fn get(exchange: ExchangeId, target: impl Into<Text>) -> Self {
        Self {
            exchange,
            method: Method::Get,
            target: target.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            upgrade: false,
            address: Text::EMPTY,
            secure: false,
        }
    }
}

/// What the carrier tells the machine.
///
/// ```
/// use socketio08::server::{Cause, ExchangeId, ServerEvent, ServerInput};
/// use socketio08::Instant;
///
/// // A server whose session `ann` has websocket 3; it breaks.
/// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
/// server.handle_input(Instant::ZERO, ServerInput::Closed { exchange: ExchangeId(3), clean: false });
/// let (session, cause) = (ann, Cause::SocketClose);
/// assert_eq!(server.poll_event(), Some(ServerEvent::Disconnected { session, cause }));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
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
    /// The peer ended the exchange: a request was aborted before its response was whole, an upgraded channel closed.
    Closed {
        /// The exchange.
        exchange: ExchangeId,
        /// A FIN or close frame, not a reset.
        clean: bool,
    },
    /// The answer to a [`ServerTransmit::Forward`] began. The carrier relays it, and says
    /// [`Closed`](ServerInput::Closed) when it is over.
    ForwardBegun {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// The server that a request was forwarded to cannot be reached, or ended the connection without an answer. Once
    /// [`ForwardBegun`](ServerInput::ForwardBegun) was said it is too late for that.
    ForwardFailed {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// What the store said to [`ServerTransmit::StoreGet`], [`ServerTransmit::StorePut`] or [`ServerTransmit::StoreDelete`].
    Stored {
        /// The operation's.
        ticket: u64,
        /// The answer.
        answer: StoreAnswer,
    },
    /// The store carried a publication on a channel that the machine subscribed to; its own come back too.
    Published {
        /// The channel.
        channel: Text,
        /// The message.
        message: Text,
    },
}

/// A response, whole; the carrier adds `Date` and framing.
///
/// ```
/// use socketio08::Text;
/// use socketio08::server::Response;
///
/// let kind = ("Content-Type", Text::from_static("text/html"));
/// let page = Response { status: 200, headers: vec![kind], body: "<p>Hello</p>".into() };
/// assert_eq!(page.body.len(), 12);
/// ```
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
///
/// ```
/// use socketio08::server::{ExchangeId, Request, Server, ServerConfig, ServerInput, ServerTransmit};
/// use socketio08::Instant;
///
/// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
/// let request = Request::get(ExchangeId(1), "/socket.io/2/");
/// server.handle_input(Instant::ZERO, ServerInput::Request(request));
/// let Some(ServerTransmit::Respond { exchange, response }) = server.poll_transmit() else { unreachable!() };
/// assert_eq!((exchange, response.status), (ExchangeId(1), 500), "no such protocol version");
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum ServerTransmit {
    /// Answer a request; the exchange is over.
    Respond {
        /// The exchange.
        exchange: ExchangeId,
        /// The answer.
        response: Response,
    },
    /// Answer a request by a response that goes on: its body holds the first part. [`ServerTransmit::Chunk`] adds to it and
    /// [`ServerTransmit::Close`] ends it, as a whole response. Each part is for the peer at once.
    Begin {
        /// The exchange.
        exchange: ExchangeId,
        /// Status, headers without a length, and the first part of the body.
        response: Response,
    },
    /// The next part of a response that goes on.
    Chunk {
        /// The exchange.
        exchange: ExchangeId,
        /// The bytes.
        chunk: Bytes,
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
    /// End an exchange: an upgraded channel is closed, a response that goes on is completed, an unanswered request's
    /// connection is closed without a response.
    Close {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// Make this request to another server of the pool, once, and relay its answer: only with
    /// [`Routing::Routed`](super::Routing::Routed). If the exchange is answered or closed before the relaying began, the other server
    /// did not answer in time: give the request up.
    Forward {
        /// The exchange.
        exchange: ExchangeId,
        /// The server.
        node: NodeName,
        /// The request as it is to be made, but for headers that belong to one connection.
        request: Request,
    },
    /// Get a record from the store: only with [`Store::Portable`](super::Store::Portable), as the next two. Operations are answered
    /// by [`ServerInput::Stored`], and those of one key are done in the order in which they come.
    StoreGet {
        /// Tells answers apart.
        ticket: u64,
        /// The key.
        key: Text,
    },
    /// Put a record under a key if the one there has the version `expected`, as the version after it.
    StorePut {
        /// Tells answers apart.
        ticket: u64,
        /// The key.
        key: Text,
        /// The version that must be there; 0: there must be no record.
        expected: u64,
        /// The record.
        record: Text,
        /// After how long the store forgets it.
        lifetime: Duration,
    },
    /// Delete a record if it has the version `expected`.
    StoreDelete {
        /// Tells answers apart.
        ticket: u64,
        /// The key.
        key: Text,
        /// The version that must be there.
        expected: u64,
    },
    /// Publish a message to every node, this one included. Only with a [`Store`](super::Store) other than memory, as the next two.
    Publish {
        /// The channel.
        channel: Text,
        /// The message.
        message: Text,
    },
    /// Subscribe to a channel, once more after each loss of the store, until [`ServerTransmit::Unsubscribe`].
    Subscribe {
        /// The channel.
        channel: Text,
    },
    /// Subscribe to a channel no longer.
    Unsubscribe {
        /// The channel.
        channel: Text,
    },
}

/// Why a session ended.
///
/// ```
/// # use socketio08::{Instant, server::{Cause, ServerEvent}};
/// // A server with the session `ann`.
/// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
/// server.disconnect(Instant::ZERO, &ann)?;
/// assert!(matches!(server.poll_event(), Some(ServerEvent::Disconnected { cause: Cause::Booted, .. })));
/// # Ok::<(), socketio08::LocalError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Cause {
    /// The server's application disconnected it, or the client sent `0::` (`booted`).
    Booted,
    /// The client disconnected by packet from an endpoint.
    Packet,
    /// No GET within the close timeout.
    CloseTimeout,
    /// No `2::` within the heartbeat timeout.
    HeartbeatTimeout,
    /// The current poll, stream or socket was ended by the peer with a FIN (`socket end`).
    SocketEnd,
    /// The current poll, stream or socket was reset (`socket close`).
    SocketClose,
    /// A limit was reached.
    Limit,
    /// What the client posted could not be read: only 0.9 ends a session for that (facts 11).
    Error,
}

impl Cause {
    /// A stable name for machines, the words of 0.8.7 where it has some: `socket end`.
    ///
    /// ```
    /// # use socketio08::server::Cause;
    /// assert_eq!(Cause::HeartbeatTimeout.name(), "heartbeat timeout");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Booted => "booted",
            Cause::Packet => "packet",
            Cause::CloseTimeout => "close timeout",
            Cause::HeartbeatTimeout => "heartbeat timeout",
            Cause::SocketEnd => "socket end",
            Cause::SocketClose => "socket close",
            Cause::Limit => "limit",
            Cause::Error => "error",
        }
    }
}

/// What the machine tells the application, in this order.
///
/// ```
/// use socketio08::server::{ExchangeId, ServerEvent, ServerInput};
/// use socketio08::{Body, Instant, Text};
///
/// // A server whose session `ann` has websocket 3, and sends a message.
/// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
/// let text = Text::from_static("3:::hello");
/// server.handle_input(Instant::ZERO, ServerInput::Message { exchange: ExchangeId(3), text });
/// let Some(ServerEvent::Received { session, packet }) = server.poll_event() else { unreachable!() };
/// assert_eq!((session, packet.body), (ann, Body::Message { data: Text::from_static("hello") }));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A handshake arrived: answer with [`Server::accept`](crate::server::Server::accept) or [`Server::refuse`](crate::server::Server::refuse).
    HandshakeRequested {
        /// The exchange to answer.
        exchange: ExchangeId,
        /// What the handshake tells.
        data: Arc<HandshakeData>,
    },
    /// A handshake needs no answer any more: its client is gone, or the authorization timeout passed.
    HandshakeAbandoned {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// A client wants to join a guarded endpoint: answer with [`Server::accept_join`](crate::server::Server::accept_join) or
    /// [`Server::refuse_join`](crate::server::Server::refuse_join). Its packets for that endpoint are dropped until then.
    JoinRequested {
        /// The session.
        session: SessionId,
        /// The endpoint.
        endpoint: Text,
        /// The query of the join, with its question mark, or empty; 0.8.7 ignores it.
        query: Text,
    },
    /// A join needs no answer any more: the client left the endpoint, the session ended, or the authorization timeout
    /// passed.
    JoinAbandoned {
        /// The session.
        session: SessionId,
        /// The endpoint.
        endpoint: Text,
    },
    /// A request outside the protocol: answer with [`Server::respond`](crate::server::Server::respond).
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
    /// A message, JSON or event for an endpoint that exists. With `id` of `with_data`, answer by [`Server::acknowledge`](crate::server::Server::acknowledge).
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
        /// The id that [`Server::send`](crate::server::Server::send) returned.
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
    /// A session that another server had is ours from here on; only with [`Store::Portable`](super::Store::Portable). It keeps its
    /// endpoints, rooms and acknowledgements.
    Adopted {
        /// The session.
        session: SessionId,
        /// The transport it had.
        transport: Transport,
    },
    /// A session is no longer ours: another server wants it. What is sent to it from here on goes nowhere.
    HandedOver {
        /// The session.
        session: SessionId,
    },
    /// A handshake or an upgrade of a page that [`ServerConfig::origins`](super::ServerConfig::origins) does not allow was
    /// refused.
    OriginRefused {
        /// Where the request says it comes from; empty if it does not say.
        origin: Text,
        /// The peer's address.
        address: Text,
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
        error: Violation,
    },
    /// Something was published that no node publishes; it was dropped.
    StoreViolation {
        /// The channel.
        channel: Text,
        /// What was wrong.
        error: StoreError,
    },
}

/// Why the application refuses a handshake.
///
/// ```
/// # use socketio08::{Instant, server::{ExchangeId, Refusal, Request, Server, ServerConfig, ServerInput, ServerTransmit}};
/// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
/// let request = Request::get(ExchangeId(1), "/socket.io/1/");
/// server.handle_input(Instant::ZERO, ServerInput::Request(request));
/// server.refuse(Instant::ZERO, ExchangeId(1), Refusal::Full)?;
/// let Some(ServerTransmit::Respond { response, .. }) = server.poll_transmit() else { unreachable!() };
/// assert_eq!(response.status, 503);
/// # Ok::<(), socketio08::LocalError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
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

/// Why the application refuses a join.
///
/// ```
/// use socketio08::server::{ExchangeId, JoinRefusal, ServerInput};
/// use socketio08::{Instant, Text};
///
/// // A server that guards `/staff`; `ann`, at websocket 3, asks to join it.
/// # let (mut server, ann, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
/// let text = Text::from_static("1::/staff");
/// server.handle_input(Instant::ZERO, ServerInput::Message { exchange: ExchangeId(3), text });
/// server.refuse_join(Instant::ZERO, &ann, &Text::from_static("/staff"), JoinRefusal::Unauthorized)?;
/// assert_eq!(sent(&mut server), ["7::/staff:2"]);
/// # Ok::<(), socketio08::LocalError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum JoinRefusal {
    /// `7::/chat:2`: unauthorized.
    Unauthorized,
    /// `7::/chat:undefined`: what 0.8.7 makes of any other reason (facts 9.6).
    Error,
}

config! {
    /// Who receives a broadcast.
    ///
    /// ```
    /// use socketio08::server::Audience;
    /// use socketio08::{Instant, Outgoing, Text};
    ///
    /// // A server with the sessions `ann` and `bob`.
    /// # let (mut server, ann, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let others = Audience::default().except(vec![ann]).volatile(true);
    /// let reached = server.broadcast(Instant::ZERO, &others, &Outgoing::Message(Text::from_static("hi")))?;
    /// assert_eq!(reached, 1);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
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
}
