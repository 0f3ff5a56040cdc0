//! What goes into the machine and what comes out of it.

use core::time::Duration;

use bytes::Bytes;

use crate::{Advice, ExchangeId, Packet, Reason, Text, Transport, Violation};

/// What the carrier tells the machine.
///
/// ```
/// use socketio08::client::{ClientEvent, ClientInput, LossCause};
/// use socketio08::Instant;
///
/// // A client that is connected; its websocket breaks.
/// # let (mut client, exchange, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
/// client.handle_input(Instant::ZERO, ClientInput::Closed { exchange, clean: false });
/// assert_eq!(client.poll_event(), Some(ClientEvent::Disconnected { cause: LossCause::Transport }));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ClientInput {
    /// A GET or POST was answered.
    Response {
        /// The exchange.
        exchange: ExchangeId,
        /// The HTTP status.
        status: u16,
        /// The body, whole.
        body: Bytes,
    },
    /// An `Open` was answered by 101.
    Opened {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// A text message arrived.
    Message {
        /// The exchange.
        exchange: ExchangeId,
        /// The message.
        text: Text,
    },
    /// A part of the body of a streamed answer arrived, of any length.
    Chunk {
        /// The exchange.
        exchange: ExchangeId,
        /// The bytes.
        chunk: Bytes,
    },
    /// The exchange ended without (or, for an upgraded or a streamed one, after) an answer: refused, reset, closed, or a
    /// streamed body is whole.
    Closed {
        /// The exchange.
        exchange: ExchangeId,
        /// A FIN, a close frame or the regular end of a streamed body, not a reset or a refusal.
        clean: bool,
    },
}

/// What the machine asks the carrier to do, in this order. The client numbers its exchanges itself, from 1.
///
/// ```
/// use socketio08::client::{Client, ClientConfig, ClientTransmit};
///
/// let mut client = Client::new(ClientConfig::default());
/// client.connect(socketio08::Instant::ZERO);
/// let Some(ClientTransmit::Get { target, .. }) = client.poll_transmit() else { unreachable!("a handshake") };
/// assert!(target.starts_with("/socket.io/1/?t="));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum ClientTransmit {
    /// Make a GET request.
    Get {
        /// The exchange.
        exchange: ExchangeId,
        /// Path and query.
        target: Text,
    },
    /// Make a POST request with `Content-Type: text/plain;charset=UTF-8`.
    Post {
        /// The exchange.
        exchange: ExchangeId,
        /// Path and query.
        target: Text,
        /// The body.
        body: Text,
    },
    /// Make a POST request with `Content-Type: application/x-www-form-urlencoded`.
    Form {
        /// The exchange.
        exchange: ExchangeId,
        /// Path and query.
        target: Text,
        /// The body.
        body: Text,
    },
    /// Make a GET request whose body is handed in as it comes, if its status is 200: [`ClientInput::Chunk`] for each part,
    /// [`ClientInput::Closed`] at the end. Another status is a [`ClientInput::Response`].
    Stream {
        /// The exchange.
        exchange: ExchangeId,
        /// Path and query.
        target: Text,
    },
    /// Open a websocket.
    Open {
        /// The exchange.
        exchange: ExchangeId,
        /// Path and query.
        target: Text,
    },
    /// Send one text message on an opened websocket.
    Message {
        /// The exchange.
        exchange: ExchangeId,
        /// The message.
        text: Text,
    },
    /// Abort a request or close a websocket; no input about the exchange is expected any more. A request may be one whose
    /// answer was handed in just before: the genuine client aborts it while it handles the answer, and a carrier that keeps
    /// connections alive loses that connection, as the measured client does.
    Close {
        /// The exchange.
        exchange: ExchangeId,
    },
}

impl ClientTransmit {
    /// The exchange it is about.
    ///
    /// ```
    /// # use socketio08::{ExchangeId, client::ClientTransmit};
    /// assert_eq!(ClientTransmit::Close { exchange: ExchangeId(7) }.exchange(), ExchangeId(7));
    /// ```
    pub fn exchange(&self) -> ExchangeId {
        match self {
            ClientTransmit::Get { exchange, .. }
            | ClientTransmit::Post { exchange, .. }
            | ClientTransmit::Form { exchange, .. }
            | ClientTransmit::Stream { exchange, .. }
            | ClientTransmit::Open { exchange, .. }
            | ClientTransmit::Message { exchange, .. }
            | ClientTransmit::Close { exchange } => *exchange,
        }
    }
}

impl ClientInput {
    /// The exchange it is about.
    ///
    /// ```
    /// # use socketio08::{ExchangeId, client::ClientInput};
    /// assert_eq!(ClientInput::Opened { exchange: ExchangeId(7) }.exchange(), ExchangeId(7));
    /// ```
    pub fn exchange(&self) -> ExchangeId {
        match self {
            ClientInput::Response { exchange, .. }
            | ClientInput::Opened { exchange }
            | ClientInput::Message { exchange, .. }
            | ClientInput::Chunk { exchange, .. }
            | ClientInput::Closed { exchange, .. } => *exchange,
        }
    }
}

/// Why the connection was lost.
///
/// ```
/// use socketio08::client::{ClientEvent, LossCause};
///
/// // A client that is connected.
/// # let (mut client, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
/// client.disconnect(socketio08::Instant::ZERO);
/// assert_eq!(client.poll_event(), Some(ClientEvent::Disconnected { cause: LossCause::Booted }));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum LossCause {
    /// `0::` from the server, our own disconnect, or `7:::1+0` (`booted`).
    Booted,
    /// The transport failed or closed.
    Transport,
    /// Improved profile: nothing was heard for too long.
    Silence,
}

impl LossCause {
    /// A stable name for machines: `booted`.
    ///
    /// ```
    /// # use socketio08::client::LossCause;
    /// assert_eq!(LossCause::Silence.name(), "silence");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            LossCause::Booted => "booted",
            LossCause::Transport => "transport",
            LossCause::Silence => "silence",
        }
    }
}

/// What the machine tells the application, in this order.
///
/// ```
/// use socketio08::client::{ClientEvent, ClientInput};
/// use socketio08::{Body, Instant, Text};
///
/// // A client that is connected; its websocket brings a message.
/// # let (mut client, exchange, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
/// client.handle_input(Instant::ZERO, ClientInput::Message { exchange, text: Text::from_static("3:::hi") });
/// let Some(ClientEvent::Received { packet, .. }) = client.poll_event() else { unreachable!("a packet") };
/// assert_eq!(packet.body, Body::Message { data: Text::from_static("hi") });
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The handshake succeeded.
    Handshaken {
        /// The session id issued.
        session: Text,
    },
    /// A transport is tried.
    Connecting {
        /// Which.
        transport: Transport,
    },
    /// `1::` arrived on the root (facts 10.5: once for each).
    Connected {
        /// The session id.
        session: Text,
        /// The transport that brought it.
        transport: Transport,
    },
    /// `1::/endpoint` arrived.
    Joined {
        /// The endpoint.
        endpoint: Text,
    },
    /// A message, JSON or event. With an id of `with_data`, answer by [`Client::acknowledge`](crate::client::Client::acknowledge).
    Received {
        /// The packet.
        packet: Packet,
        /// The session whose transport brought it (a genuine client can hold two).
        session: Text,
    },
    /// The server acknowledged.
    Acknowledged {
        /// The endpoint.
        endpoint: Text,
        /// The id that [`Client::send`](crate::client::Client::send) returned.
        id: u64,
        /// JSON text of the arguments, or empty.
        args: Text,
    },
    /// The server disconnected an endpoint (not the root).
    Left {
        /// The endpoint.
        endpoint: Text,
    },
    /// The connection was lost.
    Disconnected {
        /// Why.
        cause: LossCause,
    },
    /// The next attempt is due after `delay`.
    ReconnectScheduled {
        /// Counted from 1.
        attempt: u32,
        /// From now.
        delay: Duration,
    },
    /// An attempt starts (`reconnecting`).
    Reconnecting {
        /// Counted from 1.
        attempt: u32,
    },
    /// Connected again.
    Reconnected,
    /// Given up for good (`reconnect_failed`).
    ReconnectFailed,
    /// No transport connected (`connect_failed`), or an endpoint was refused.
    ConnectFailed {
        /// The endpoint; empty is the root.
        endpoint: Text,
    },
    /// The handshake was answered by something else than a handshake.
    HandshakeFailed {
        /// The HTTP status; 0 if there was no answer.
        status: u16,
        /// The body.
        body: Text,
    },
    /// An error packet arrived.
    Error {
        /// The endpoint.
        endpoint: Text,
        /// The reason, if known.
        reason: Option<Reason>,
        /// The advice, if known.
        advice: Option<Advice>,
    },
    /// A limit of [`crate::Limits`] was reached, by name, and the oldest or the newest of what it bounds was given up.
    Overflow {
        /// The field of [`crate::Limits`].
        limit: &'static str,
    },
    /// The server broke the protocol. What came before the place was taken, what is wrong was dropped.
    PeerViolation {
        /// What was wrong.
        error: Violation,
    },
}

/// Where a client stands.
///
/// ```
/// # use socketio08::{Instant, client::{Client, ClientConfig, ClientState}};
/// let mut client = Client::new(ClientConfig::default());
/// assert_eq!(client.state(), ClientState::Idle);
/// client.connect(Instant::ZERO);
/// assert_eq!(client.state(), ClientState::Connecting);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ClientState {
    /// Nothing is going on.
    Idle,
    /// Handshaking or opening a transport.
    Connecting,
    /// `1::` was received and the connection was not lost since.
    Connected,
    /// Waiting for, or making, another attempt.
    Reconnecting,
}
