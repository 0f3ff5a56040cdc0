//! What both machines speak of.

use core::fmt;

use crate::jsonp::PostError;
use crate::payload::PayloadError;
use crate::script::ScriptError;
use crate::{DecodeError, Text};

/// One HTTP request with its response, or one upgraded channel; whoever starts it picks the number and never uses it
/// twice: the carrier of a server, the client machine.
///
/// ```
/// use socketio08::ExchangeId;
/// use socketio08::client::{Client, ClientConfig};
///
/// let mut client = Client::new(ClientConfig::default());
/// client.connect(socketio08::Instant::ZERO);
/// let handshake = client.poll_transmit().expect("a request");
/// assert_eq!(handshake.exchange(), ExchangeId(1), "a client numbers its own");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ExchangeId(pub u64);

/// What to send.
///
/// ```
/// use socketio08::{AckMode, Instant, Outgoing, Text, event_text_raw};
///
/// // A client that is connected.
/// # let (mut client, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
/// let (now, root) = (Instant::ZERO, Text::EMPTY);
/// client.send(now, &root, Outgoing::Message(Text::from_static("hi")), AckMode::None)?;
/// client.send(now, &root, Outgoing::Json(Text::from_static("[1]")), AckMode::None)?;
/// client.send(now, &root, Outgoing::Event(event_text_raw("tick", "")), AckMode::None)?;
/// assert_eq!(sent(&mut client), ["3:::hi", "4:::[1]", r#"5:::{"name":"tick"}"#]);
/// # Ok::<(), socketio08::LocalError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Outgoing {
    /// `socket.send(text)`.
    Message(Text),
    /// `socket.json.send(value)`: JSON text.
    Json(Text),
    /// `socket.emit(name, args..)`: JSON text `{"name":..,"args":[..]}`; `event_text` and [`event_text_raw`](crate::event_text_raw) write it.
    Event(Text),
}

/// Who acknowledges a packet that is sent.
///
/// ```
/// use socketio08::{AckMode, Instant, Outgoing, Text};
///
/// // A client that is connected.
/// # let (mut client, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
/// for ack in [AckMode::None, AckMode::Plain, AckMode::WithData] {
///     client.send(Instant::ZERO, &Text::EMPTY, Outgoing::Message(Text::from_static("hi")), ack)?;
/// }
/// assert_eq!(sent(&mut client), ["3:::hi", "3:1::hi", "3:2+::hi"]);
/// # Ok::<(), socketio08::LocalError>(())
/// ```
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

/// How a peer broke the protocol, as an event of either machine tells.
///
/// ```
/// use socketio08::client::{ClientEvent, ClientInput};
/// use socketio08::{DecodeErrorKind, Instant, Text, Violation};
///
/// // A client that is connected; its websocket brings something else than a packet.
/// # let (mut client, exchange, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
/// client.handle_input(Instant::ZERO, ClientInput::Message { exchange, text: Text::from_static("hello") });
/// let Some(ClientEvent::PeerViolation { error: Violation::Packet(error) }) = client.poll_event() else {
///     unreachable!("no other event")
/// };
/// assert_eq!(error.kind, DecodeErrorKind::Type);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Violation {
    /// A text that is no packet; it was dropped.
    Packet(DecodeError),
    /// A body that is no payload; the packets before the error were processed.
    Payload(PayloadError),
    /// Server: data for the application of another node that is not the JSON it must be; the packet was dropped.
    NotJson,
    /// Server: the body of a POST of jsonp-polling that brings no payload.
    Post(PostError),
    /// Client: a script that is not the call expected; it was dropped.
    Script(ScriptError),
}

/// The caller's misuse; the peer can cause none of these.
///
/// ```
/// use socketio08::{AckMode, Instant, LocalError, Outgoing, Text};
///
/// // A server of the endpoints `/chat` and `/staff`, with the session `ann`.
/// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
/// let hello = Outgoing::Message(Text::from_static("hello"));
/// let sent = server.send(Instant::ZERO, &ann, &Text::from_static("/news"), hello, AckMode::None);
/// assert_eq!(sent, Err(LocalError::BadEndpoint));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum LocalError {
    /// No such session (it may have ended: look at the events).
    UnknownSession,
    /// No such exchange waits for an answer.
    UnknownExchange,
    /// An acknowledgement was asked for, and the session's home is another node: acknowledgements only reach that one.
    OtherNode,
    /// The session has not asked to join this endpoint, or does no longer.
    NoJoinRequested,
    /// The session id is empty, has a character outside `A-Z a-z 0-9 - _`, or is in use.
    BadSessionId,
    /// Server: the endpoint is not one of [`ServerConfig::endpoints`](crate::server::ServerConfig::endpoints). Client: it has a colon,
    /// is too long, or was not joined.
    BadEndpoint,
    /// A limit of [`Limits`](crate::Limits) is reached, by name.
    Limit(&'static str),
}

impl fmt::Display for LocalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LocalError::UnknownSession => {
                f.write_str("no such session: it never opened a transport or has ended, as an event tells")
            }
            LocalError::UnknownExchange => f.write_str("no such exchange waits for an answer"),
            LocalError::OtherNode => f.write_str(
                "acknowledgements of this session go to another node: send without one, or from the node it is connected to",
            ),
            LocalError::NoJoinRequested => f.write_str("the session does not ask to join this endpoint"),
            LocalError::BadSessionId => {
                f.write_str("a session id is one or more of A-Z a-z 0-9 - _, and not in use")
            }
            LocalError::BadEndpoint => f.write_str(
                "bad endpoint: a server has those of ServerConfig::endpoints, a client those it joined, without a colon",
            ),
            LocalError::Limit(name) => write!(f, "a limit is reached: Limits::{name}"),
        }
    }
}

impl core::error::Error for LocalError {}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Packet(error) => error.fmt(f),
            Violation::Payload(error) => error.fmt(f),
            Violation::NotJson => {
                f.write_str("the data is not JSON, and cannot be passed on to another node")
            }
            Violation::Post(error) => error.fmt(f),
            Violation::Script(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Violation {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Violation::Packet(error) => Some(error),
            Violation::Payload(error) => Some(error),
            Violation::NotJson => None,
            Violation::Post(error) => Some(error),
            Violation::Script(error) => Some(error),
        }
    }
}
