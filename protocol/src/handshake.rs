//! The handshake body: `SID:HEARTBEAT:CLOSE:TRANSPORTS`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use nom::bytes::complete::take_while1;
use nom::character::complete::{char, digit0, digit1};
use nom::combinator::{all_consuming, opt};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use crate::{Text, Transport};

/// What the server answers to a handshake (facts 3.3).
///
/// ```
/// use socketio08::Transport;
/// use socketio08::handshake::Handshake;
///
/// let handshake = Handshake::decode("4711:15:25:websocket,xhr-polling")?;
/// assert_eq!(handshake.session, "4711");
/// assert_eq!(handshake.close_timeout.map(|timeout| timeout.as_secs()), Some(25));
/// assert_eq!(handshake.transports, [Transport::Websocket, Transport::XhrPolling]);
/// # Ok::<(), socketio08::handshake::HandshakeError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Handshake {
    /// The session id: visible ASCII without `:`, `/`, `?` and `#`, never empty.
    pub session: Text,
    /// The heartbeat timeout, advertised in seconds; `None` if heartbeats are off (an empty field). Zero is written as
    /// an empty field too, as 0.8.7 does.
    pub heartbeat_timeout: Option<Duration>,
    /// The close timeout, advertised in seconds; `None` for an empty field.
    pub close_timeout: Option<Duration>,
    /// The server's transports in its order. Unknown names are left out.
    pub transports: Vec<Transport>,
}

/// A handshake body that is not one, with the field (0 to 3) that is wrong.
///
/// ```
/// use socketio08::handshake::{Handshake, HandshakeError};
///
/// assert_eq!(Handshake::decode("4711:soon:25:websocket"), Err(HandshakeError { field: 1, offset: 5 }));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct HandshakeError {
    /// The index of the bad or missing field, from 0.
    pub field: usize,
    /// The offset in bytes of that field, or of the end of the body if the field is missing.
    pub offset: usize,
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.field {
            0 => "no session id",
            1 => "no heartbeat timeout",
            2 => "no close timeout",
            _ => "no transports",
        };
        let remedy = "a handshake is ID:HEARTBEAT:CLOSE:TRANSPORTS, the timeouts in seconds or empty";
        write!(f, "{what} at byte {}: {remedy}", self.offset)
    }
}

impl core::error::Error for HandshakeError {}

impl Handshake {
    /// Reads a body. What follows a fourth colon is ignored, as the genuine client does.
    ///
    /// ```
    /// # use socketio08::handshake::Handshake;
    /// let handshake = Handshake::decode("4711::25:websocket,telepathy")?;
    /// assert_eq!(handshake.heartbeat_timeout, None, "heartbeats are off");
    /// assert_eq!(handshake.transports.len(), 1, "unknown names are left out");
    /// # Ok::<(), socketio08::handshake::HandshakeError>(())
    /// ```
    ///
    /// # Errors
    /// [`HandshakeError`] with the field that is missing or wrong.
    pub fn decode(body: &str) -> Result<Self, HandshakeError> {
        let mut fields = Fields { body, next: Some(0), index: 0 };
        let session = fields.read(|field| complete(session_id, field))?;
        let heartbeat_timeout = Some(fields.read(timeout)?).filter(|timeout| !timeout.is_zero());
        let close_timeout = Some(fields.read(timeout)?).filter(|timeout| !timeout.is_zero());
        let transports =
            fields.read(|field| Some(field.split(',').filter_map(Transport::from_name).collect()))?;
        Ok(Self { session: Text::from(session), heartbeat_timeout, close_timeout, transports })
    }

    /// The body.
    ///
    /// ```
    /// # use socketio08::handshake::Handshake;
    /// let body = "4711:15:1.25:websocket,xhr-polling";
    /// assert_eq!(Handshake::decode(body)?.to_text(), body);
    /// # Ok::<(), socketio08::handshake::HandshakeError>(())
    /// ```
    pub fn to_text(&self) -> Text {
        let mut text = String::from(self.session.as_str());
        for timeout in [self.heartbeat_timeout, self.close_timeout] {
            text.push(':');
            text.push_str(&timeout.map_or_else(String::new, seconds));
        }
        for (index, transport) in self.transports.iter().enumerate() {
            text.push(if index == 0 { ':' } else { ',' });
            text.push_str(transport.name());
        }
        if self.transports.is_empty() {
            text.push(':');
        }
        Text::from(text)
    }
}

/// The fields of a body, from left to right.
struct Fields<'a> {
    body: &'a str,
    /// Where the next field starts, if there is one.
    next: Option<usize>,
    index: usize,
}

impl<'a> Fields<'a> {
    fn read<T>(&mut self, parse: impl FnOnce(&'a str) -> Option<T>) -> Result<T, HandshakeError> {
        let field = self.index;
        let Some(start) = self.next else { return Err(HandshakeError { field, offset: self.body.len() }) };
        let end = self.body[start..].find(':').map(|len| start + len);
        self.next = end.map(|end| end + 1);
        self.index += 1;
        let text = &self.body[start..end.unwrap_or(self.body.len())];
        parse(text).ok_or(HandshakeError { field, offset: start })
    }
}

fn complete<'a, T>(parser: impl Parser<&'a str, Output = T, Error = ()>, text: &'a str) -> Option<T> {
    all_consuming(parser).parse(text).ok().map(|(_, value)| value)
}

/// The id becomes a segment of request targets, so it may hold nothing that would end one.
fn session_id(text: &str) -> IResult<&str, &str, ()> {
    take_while1(|c: char| c.is_ascii_graphic() && !matches!(c, ':' | '/' | '?' | '#')).parse(text)
}

/// Seconds, possibly with a fraction (`1.25`); an empty field is zero.
fn timeout(field: &str) -> Option<Duration> {
    if field.is_empty() {
        return Some(Duration::ZERO);
    }
    let (seconds, fraction) = complete((digit1, opt(preceded(char('.'), digit0))), field)?;
    let nanos = fraction.unwrap_or_default().bytes().chain(core::iter::repeat(b'0')).take(9);
    let nanos = nanos.fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    Some(Duration::new(seconds.parse().ok()?, nanos))
}

/// Seconds as 0.8.7 prints them: no trailing zeros, nothing at all for zero.
fn seconds(timeout: Duration) -> String {
    match (timeout.as_secs(), timeout.subsec_nanos()) {
        (0, 0) => String::new(),
        (seconds, 0) => format!("{seconds}"),
        (seconds, nanos) => {
            let text = format!("{seconds}.{nanos:09}");
            String::from(text.trim_end_matches('0'))
        }
    }
}
