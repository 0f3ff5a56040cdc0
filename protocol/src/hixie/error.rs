//! What a peer, or a caller, can do wrong.

use core::fmt;

/// Why a handshake fails; none of it is answered by a digest.
///
/// ```
/// use std::error::Error;
///
/// use socketio08::hixie::{Challenge, KeyError};
///
/// let error = Challenge::new("1x 2", "no number").unwrap_err();
/// assert_eq!(error.to_string(), "Sec-WebSocket-Key2: no digits: a key hides a number among other characters");
/// assert_eq!(error.source().and_then(|source| source.downcast_ref()), Some(&KeyError::NoDigits));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The head is not that of an HTTP message.
    NotHttp,
    /// The head is longer than allowed, in bytes.
    HeadTooLong {
        /// The longest allowed.
        len_max: usize,
    },
    /// The head has more headers than are read: 100, as hyper's.
    TooManyHeaders,
    /// A header has a character that would end it.
    BadHeader(&'static str),
    /// `Sec-WebSocket-Key1` is no key.
    Key1(KeyError),
    /// `Sec-WebSocket-Key2` is no key.
    Key2(KeyError),
    /// Client: the status is not 101.
    Status(u16),
    /// Client: the header is missing or not what was asked for.
    Mismatch(&'static str),
    /// Client: the server cannot have read the challenge.
    Digest,
}

/// Why a key of hixie-76 has no number.
///
/// ```
/// # use socketio08::hixie::{Challenge, HandshakeError, KeyError};
/// assert_eq!(Challenge::new("1  3", "4 2"), Err(HandshakeError::Key1(KeyError::NotDivisible)), "13 by two");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyError {
    /// It has no digit.
    NoDigits,
    /// It has no space, which is what its number is divided by.
    NoSpaces,
    /// Its digits make more than 4,294,967,295.
    TooLarge,
    /// Its digits are no multiple of its spaces.
    NotDivisible,
}

/// Why a stream of frames ends.
///
/// ```
/// # use socketio08::hixie::{FrameError, FrameReader};
/// let error = FrameReader::new(1_000).next(&mut b"\x81\x03hey".as_slice());
/// assert_eq!(error, Some(Err(FrameError::Start(0x81))), "a frame of RFC 6455");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame starts with this byte instead of 00 or FF. Frames with a length (80 to FE) are among them: no message of
    /// Socket.IO travels in one and 0.8.7 ends the connection, so their lengths are never looked at.
    Start(u8),
    /// FF, which begins a close, is followed by this byte instead of 00.
    Close(u8),
    /// The message is longer than allowed, in bytes.
    MessageTooLong {
        /// The longest allowed.
        len_max: usize,
    },
}

/// A message cannot be sent: the handshake is not done, or the connection is over.
///
/// ```
/// # use socketio08::hixie::{Connection, NotOpen};
/// # let opening = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/opening.rs"));
/// assert_eq!(Connection::connect(opening, 1_000_000).send("2::"), Err(NotOpen));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct NotOpen;

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeError::NotHttp => f.write_str("not the head of an HTTP/1.1 message"),
            HandshakeError::HeadTooLong { len_max } => {
                write!(f, "the head is longer than {len_max} bytes: shorten its headers or raise the limit")
            }
            HandshakeError::TooManyHeaders => f.write_str("more than 100 headers"),
            HandshakeError::BadHeader(name) => write!(f, "a control character in the header {name}"),
            HandshakeError::Key1(error) => write!(f, "Sec-WebSocket-Key1: {error}"),
            HandshakeError::Key2(error) => write!(f, "Sec-WebSocket-Key2: {error}"),
            HandshakeError::Status(status) => write!(f, "the server answers {status} instead of 101"),
            HandshakeError::Mismatch(name) => {
                write!(f, "the header {name} of the response is missing or not what was asked for")
            }
            HandshakeError::Digest => f.write_str("the digest is not that of the keys and the nonce"),
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyError::NoDigits => "no digits: a key hides a number among other characters",
            KeyError::NoSpaces => "no spaces: the number is divided by their count",
            KeyError::TooLarge => "the digits make more than 4294967295",
            KeyError::NotDivisible => "the number is no multiple of the count of spaces",
        })
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Start(byte @ 0x80..) => {
                write!(f, "a frame with a length ({byte:02X}): messages are 00, UTF-8, FF")
            }
            FrameError::Start(byte) => write!(f, "a frame starts with {byte:02X} instead of 00"),
            FrameError::Close(byte) => write!(f, "FF is followed by {byte:02X}: a close is FF 00"),
            FrameError::MessageTooLong { len_max } => {
                write!(f, "a message is longer than {len_max} bytes: send less at once or raise the limit")
            }
        }
    }
}

impl fmt::Display for NotOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not open: messages can be sent after Event::Open and before the end")
    }
}

impl core::error::Error for HandshakeError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            HandshakeError::Key1(error) | HandshakeError::Key2(error) => Some(error),
            _ => None,
        }
    }
}

impl core::error::Error for KeyError {}
impl core::error::Error for FrameError {}
impl core::error::Error for NotOpen {}
