//! From text to packets.
//!
//! ```text
//! packet   = type ":" [digits] ["+"] ":" endpoint [":" data]
//! type     = "0" to "8"
//! endpoint = anything but ":"
//! data     = anything, colons and newlines included
//! ack data = digits ["+"] [rest of the line]
//! error    = [reason] ["+" [advice] ["+" anything]]
//! ```
//!
//! 0.8.7 searches for this form anywhere in the text (facts 1.1); we ask for it at the start.

use super::{
    Advice, BodyRef, DecodeError, DecodeErrorKind, Packet, PacketRef, PacketType, Reason, is_line_end,
};
use crate::Text;
use crate::text::split_before;

impl<'a> PacketRef<'a> {
    /// Decodes one packet.
    ///
    /// ```
    /// # use socketio08::{BodyRef, PacketRef};
    /// let packet = PacketRef::decode("3::/chat:one: two\nthree")?;
    /// assert_eq!((packet.endpoint, packet.body), ("/chat", BodyRef::Message { data: "one: two\nthree" }));
    /// # Ok::<(), socketio08::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// [`DecodeError`] with the byte offset.
    pub fn decode(text: &'a str) -> Result<Self, DecodeError> {
        let mut header = Header { text, offset: 0 };
        let packet_type = header.packet_type()?;
        let id = header.id_field()?;
        let endpoint = header.endpoint();
        let body = body(packet_type, header.data())
            .map_err(|fault| DecodeError { offset: text.len() - fault.rest.len(), kind: fault.kind })?;
        Ok(Self { id, endpoint, body })
    }
}

impl Packet {
    /// Decodes one packet, sharing the memory of `text`.
    ///
    /// ```
    /// # use socketio08::{Body, Packet, Text};
    /// let text = Text::from("3:::hello");
    /// let Body::Message { data } = Packet::decode(&text)?.body else { unreachable!("type 3") };
    /// assert_eq!(data.as_ptr(), text[4..].as_ptr(), "nothing was copied");
    /// # Ok::<(), socketio08::DecodeError>(())
    /// ```
    ///
    /// # Errors
    /// [`DecodeError`] with the byte offset.
    pub fn decode(text: &Text) -> Result<Self, DecodeError> {
        PacketRef::decode(text).map(|packet| packet.share(text))
    }
}

/// The fields before the data, read byte by byte: all that delimits them is ASCII, so no offset cuts a character.
struct Header<'a> {
    text: &'a str,
    /// The first byte not read.
    offset: usize,
}

impl<'a> Header<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    /// Reads `byte` if it is next.
    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.offset += usize::from(found);
        found
    }

    fn fault(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError { offset: self.offset, kind }
    }

    fn packet_type(&mut self) -> Result<PacketType, DecodeError> {
        let digit = self.peek().map(char::from).and_then(PacketType::from_digit);
        let packet_type = digit.ok_or_else(|| self.fault(DecodeErrorKind::Type))?;
        self.offset = 1;
        if self.skip(b':') { Ok(packet_type) } else { Err(self.fault(DecodeErrorKind::Type)) }
    }

    /// `+` without digits means nothing (facts 1.3).
    #[inline]
    fn id_field(&mut self) -> Result<Option<(&'a str, bool)>, DecodeError> {
        // Most packets have none.
        if self.skip(b':') {
            return Ok(None);
        }
        let (id, _) = split_before(self.rest(), |byte| !byte.is_ascii_digit());
        self.offset += id.len();
        let plus = self.skip(b'+');
        if !self.skip(b':') {
            return Err(self.fault(DecodeErrorKind::Id));
        }
        Ok((!id.is_empty()).then_some((id, plus)))
    }

    fn endpoint(&mut self) -> &'a str {
        let (endpoint, _) = split_before(self.rest(), |byte| byte == b':');
        self.offset += endpoint.len();
        endpoint
    }

    /// The rest; of missing data, the place where it was expected.
    fn data(&mut self) -> &'a str {
        self.skip(b':');
        self.rest()
    }
}

/// What failed, and the input from there on.
struct Fault<'a> {
    rest: &'a str,
    kind: DecodeErrorKind,
}

#[inline]
fn body(packet_type: PacketType, data: &str) -> Result<BodyRef<'_>, Fault<'_>> {
    Ok(match packet_type {
        PacketType::Disconnect => BodyRef::Disconnect,
        PacketType::Connect => BodyRef::Connect { query: data },
        PacketType::Heartbeat => BodyRef::Heartbeat,
        PacketType::Message => BodyRef::Message { data },
        PacketType::Json => BodyRef::Json { data: filled(data, DecodeErrorKind::JsonData)? },
        PacketType::Event => BodyRef::Event { data: filled(data, DecodeErrorKind::EventData)? },
        PacketType::Ack => ack(data)?,
        PacketType::Error => error(data)?,
        PacketType::Noop => BodyRef::Noop,
    })
}

fn filled(data: &str, kind: DecodeErrorKind) -> Result<&str, Fault<'_>> {
    if data.is_empty() { Err(Fault { rest: data, kind }) } else { Ok(data) }
}

/// The arguments end with the line, as 0.8.7 reads them, and the plus may be missing (facts 1.9).
fn ack(data: &str) -> Result<BodyRef<'_>, Fault<'_>> {
    let (id, rest) = split_before(data, |byte| !byte.is_ascii_digit());
    if id.is_empty() {
        return Err(Fault { rest: data, kind: DecodeErrorKind::AckId });
    }
    let rest = rest.strip_prefix('+').unwrap_or(rest);
    let args = match rest.bytes().position(may_end_line) {
        Some(_) => rest.find(is_line_end).map_or(rest, |end| &rest[..end]),
        None => rest,
    };
    Ok(BodyRef::Ack { id, args })
}

/// Whether a line end may start with `byte`: looking at bytes first is faster than at characters, and hardly any text has one.
const fn may_end_line(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | 0xE2)
}

/// Unknown reasons and advice are none, and what follows a second plus is ignored (facts 1.10).
fn error(data: &str) -> Result<BodyRef<'_>, Fault<'_>> {
    let (reason, rest) = part(data)?;
    let advice = rest.strip_prefix('+').map(part).transpose()?.map(|(advice, _)| advice);
    let reason = Reason::ALL.into_iter().find(|known| known.digit() == reason);
    let advice = advice.filter(|advice| *advice == Advice::Reconnect.digit()).map(|_| Advice::Reconnect);
    Ok(BodyRef::Error { reason, advice })
}

/// Up to the next plus, and the rest from there on.
fn part(data: &str) -> Result<(&str, &str), Fault<'_>> {
    let (part, rest) = split_before(data, |byte| byte == b'+');
    // All names are longer than a digit, and almost all parts are one.
    if part.len() > 1 && ARRAY_PROPERTIES.contains(&part) {
        return Err(Fault { rest: data, kind: DecodeErrorKind::Reason });
    }
    Ok((part, rest))
}

/// The names every JavaScript array answers to.
const ARRAY_PROPERTIES: [&str; 32] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "concat",
    "constructor",
    "every",
    "filter",
    "forEach",
    "hasOwnProperty",
    "indexOf",
    "isPrototypeOf",
    "join",
    "lastIndexOf",
    "length",
    "map",
    "pop",
    "propertyIsEnumerable",
    "push",
    "reduce",
    "reduceRight",
    "reverse",
    "shift",
    "slice",
    "some",
    "sort",
    "splice",
    "toLocaleString",
    "toString",
    "unshift",
    "valueOf",
];
