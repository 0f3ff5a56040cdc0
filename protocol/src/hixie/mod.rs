//! The websocket drafts before RFC 6455 that clients of 2010 and 2011 speak, hixie-75 and hixie-76 (facts 7.1 to 7.10),
//! without I/O: handshakes with the challenge of 76, and frames `00 text FF`.
//!
//! Nothing here is used by the machines, whose boundary is above frames: a carrier that wants to serve the drafts reads the
//! head of a request with a [`HeadReader`], asks [`Upgrade::parse`] whether it is one of theirs, and carries the rest by a
//! [`Connection`]. Bytes may be cut anywhere; the messages are the same.
//!
//! ```
//! use socketio08::hixie::{Connection, Event, HeadReader, Upgrade};
//!
//! let bytes = b"GET /socket.io/1/websocket/7 HTTP/1.1\r\nHost: a.example\r\nUpgrade: WebSocket\r\n\
//! Connection: Upgrade\r\nOrigin: http://a.example\r\n\r\n\x003:::hello\xff";
//! let mut reader = HeadReader::new(16_384);
//! let (head, rest) = reader.handle_bytes(bytes)?.expect("the head is whole");
//! let upgrade = Upgrade::parse(&head)?.expect("hixie-75: no version, no keys");
//!
//! let mut connection = Connection::accept(&upgrade, false, 1_000_000);
//! connection.handle_bytes(rest);
//! let response = connection.poll_transmit().expect("a response");
//! assert!(response.starts_with(b"HTTP/1.1 101 Web Socket Protocol Handshake\r\n"));
//! assert_eq!(connection.poll_event(), Some(Event::Open));
//! assert_eq!(connection.poll_event(), Some(Event::Message("3:::hello".into())));
//! # Ok::<(), socketio08::hixie::HandshakeError>(())
//! ```

mod challenge;
mod connection;
mod error;
mod frame;
mod head;
mod opening;
mod upgrade;

pub use challenge::{Challenge, DIGEST_LEN, NONCE_LEN};
pub use connection::{Connection, Event};
pub use error::{FrameError, HandshakeError, KeyError, NotOpen};
pub use frame::{CLOSE, Frame, FrameReader, write_message};
pub use head::HeadReader;
pub use opening::{Keys, Opening};
pub use upgrade::Upgrade;

/// Which of the two drafts.
///
/// ```
/// # use socketio08::{Text, hixie::{Draft, Upgrade}};
/// let header = |name, value| (Text::from_static(name), Text::from_static(value));
/// let headers = vec![header("Upgrade", "WebSocket"), header("Host", "a.example")];
/// let upgrade = Upgrade::from_headers("/socket.io/1/websocket/7".into(), headers)?;
/// assert_eq!(upgrade.map(|upgrade| upgrade.draft()), Some(Draft::Hixie75), "it has no keys");
/// # Ok::<(), socketio08::hixie::HandshakeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Draft {
    /// draft-hixie-thewebsocketprotocol-75: no challenge.
    Hixie75,
    /// draft-hixie-thewebsocketprotocol-76, also known as hybi-00: two keys and a nonce, answered by their MD5.
    Hixie76,
}
