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

use nom::bytes::complete::{take_till, take_while};
use nom::character::complete::{anychar, char, digit1};
use nom::combinator::{map_opt, opt, rest};
use nom::error::{ErrorKind, ParseError};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::{
    Advice, BodyRef, DecodeError, DecodeErrorKind, Packet, PacketRef, PacketType, Reason, is_line_end,
};
use crate::Text;

/// What failed, and the input from there on: nom hands out the rest of the text, not an offset.
struct Fault<'a> {
    rest: &'a str,
    kind: DecodeErrorKind,
}

impl<'a> ParseError<&'a str> for Fault<'a> {
    fn from_error_kind(rest: &'a str, _kind: ErrorKind) -> Self {
        Self { rest, kind: DecodeErrorKind::Type }
    }

    fn append(_rest: &'a str, _kind: ErrorKind, other: Self) -> Self {
        other
    }
}

type Parsed<'a, T> = IResult<&'a str, T, Fault<'a>>;

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
        match packet(text) {
            Ok((_, packet)) => Ok(packet),
            Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => {
                Err(DecodeError { offset: text.len() - fault.rest.len(), kind: fault.kind })
            }
            // Complete parsers never ask for more.
            Err(nom::Err::Incomplete(_)) => {
                Err(DecodeError { offset: text.len(), kind: DecodeErrorKind::Type })
            }
        }
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

fn packet(text: &str) -> Parsed<'_, PacketRef<'_>> {
    let (text, packet_type) = named(DecodeErrorKind::Type, packet_type).parse(text)?;
    let (text, id) = named(DecodeErrorKind::Id, id_field).parse(text)?;
    let (text, endpoint) = take_till(|c| c == ':').parse(text)?;
    let (text, data) = opt(preceded(char(':'), rest)).parse(text)?;
    // What follows the data is nothing, so `text` is where missing data was expected.
    let (text, body) = body(packet_type, data.unwrap_or(text))?;
    Ok((text, PacketRef { id, endpoint, body }))
}

/// Gives the failures of `parser` the name of the place and the offset of its start or of the part that failed.
fn named<'a, T>(
    kind: DecodeErrorKind,
    mut parser: impl Parser<&'a str, Output = T, Error = Fault<'a>>,
) -> impl Parser<&'a str, Output = T, Error = Fault<'a>> {
    move |text| parser.parse(text).map_err(|error| error.map(|fault| Fault { rest: fault.rest, kind }))
}

fn packet_type(text: &str) -> Parsed<'_, PacketType> {
    terminated(map_opt(anychar, PacketType::from_digit), char(':')).parse(text)
}

/// `+` without digits means nothing (facts 1.3).
fn id_field(text: &str) -> Parsed<'_, Option<(&str, bool)>> {
    let (text, id) = opt(digit1).parse(text)?;
    let (text, plus) = terminated(opt(char('+')), char(':')).parse(text)?;
    Ok((text, id.map(|id| (id, plus.is_some()))))
}

fn body(packet_type: PacketType, data: &str) -> Parsed<'_, BodyRef<'_>> {
    let body = match packet_type {
        PacketType::Disconnect => BodyRef::Disconnect,
        PacketType::Connect => BodyRef::Connect { query: data },
        PacketType::Heartbeat => BodyRef::Heartbeat,
        PacketType::Message => BodyRef::Message { data },
        PacketType::Json if data.is_empty() => return fail(data, DecodeErrorKind::JsonData),
        PacketType::Json => BodyRef::Json { data },
        PacketType::Event if data.is_empty() => return fail(data, DecodeErrorKind::EventData),
        PacketType::Event => BodyRef::Event { data },
        PacketType::Ack => return named(DecodeErrorKind::AckId, ack).parse(data),
        PacketType::Error => return error(data),
        PacketType::Noop => BodyRef::Noop,
    };
    Ok(("", body))
}

fn fail<T>(rest: &str, kind: DecodeErrorKind) -> Parsed<'_, T> {
    // A failure, which `opt` passes on, not an error, which it would take for an absent part.
    Err(nom::Err::Failure(Fault { rest, kind }))
}

/// The arguments end with the line, as 0.8.7 reads them, and the plus may be missing (facts 1.9).
fn ack(data: &str) -> Parsed<'_, BodyRef<'_>> {
    let (data, id) = digit1(data)?;
    let (data, args) = preceded(opt(char('+')), take_till(is_line_end)).parse(data)?;
    Ok((data, BodyRef::Ack { id, args }))
}

/// Unknown reasons and advice are none, and what follows a second plus is ignored (facts 1.10).
fn error(data: &str) -> Parsed<'_, BodyRef<'_>> {
    let (rest, reason) = part(data)?;
    let (rest, advice) = opt(preceded(char('+'), part)).parse(rest)?;
    let reason = Reason::ALL.into_iter().find(|known| known.digit() == reason);
    let advice = advice.filter(|advice| *advice == Advice::Reconnect.digit()).map(|_| Advice::Reconnect);
    Ok((rest, BodyRef::Error { reason, advice }))
}

fn part(data: &str) -> Parsed<'_, &str> {
    let (rest, part) = take_while(|c| c != '+').parse(data)?;
    if ARRAY_PROPERTIES.contains(&part) { fail(data, DecodeErrorKind::Reason) } else { Ok((rest, part)) }
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
