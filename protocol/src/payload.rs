//! Several packets in one body: U+FFFD length U+FFFD packet ..., lengths in UTF-16 code units; one packet travels bare.
//!
//! ```
//! use socketio08::{Limits, Text, payload};
//!
//! let body = payload::encode(&["3:::é", "2::"]);
//! assert_eq!(body, "\u{FFFD}5\u{FFFD}3:::é\u{FFFD}3\u{FFFD}2::");
//!
//! let packets: Result<Vec<Text>, _> = payload::Payload::new(body, &Limits::default()).collect();
//! assert_eq!(packets?, ["3:::é", "2::"]);
//! # Ok::<(), payload::PayloadError>(())
//! ```

use alloc::string::String;
use core::fmt;
use core::iter::FusedIterator;
use core::ops::Range;

use bytes::BytesMut;

use crate::text::split_before;
use crate::{Limits, Text};

/// What stands before and after each length.
const MARK: char = '\u{FFFD}';

/// The packet texts of a payload, sharing its memory. Ends after the first error; what came before it was good.
///
/// ```
/// use socketio08::payload::{Payload, encode};
/// use socketio08::Limits;
///
/// let packets: Result<Vec<_>, _> = Payload::new(encode(&["2::", "8::"]), &Limits::default()).collect();
/// assert_eq!(packets?, ["2::", "8::"]);
/// # Ok::<(), socketio08::payload::PayloadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Payload {
    text: Text,
    cursor: Cursor,
}

/// The borrowed [`Payload`]: allocates nothing and touches no reference count.
///
/// ```
/// use socketio08::payload::PayloadRef;
/// use socketio08::{Limits, PacketRef};
///
/// let payload = "\u{FFFD}5\u{FFFD}3:::a\u{FFFD}3\u{FFFD}2::";
/// for text in PayloadRef::new(payload, &Limits::default()) {
///     assert!(PacketRef::decode(text?).is_ok());
/// }
/// # Ok::<(), socketio08::payload::PayloadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PayloadRef<'a> {
    text: &'a str,
    cursor: Cursor,
}

/// Where and why a text is not a payload.
///
/// ```
/// use socketio08::payload::{PayloadErrorKind, PayloadRef};
/// use socketio08::Limits;
///
/// let mut packets = PayloadRef::new("\u{FFFD}3\u{FFFD}2::\u{FFFD}9\u{FFFD}3:::a", &Limits::default());
/// assert_eq!(packets.next(), Some(Ok("2::")), "what came before the error was good");
/// let error = packets.next().and_then(Result::err).expect("nine are announced, five are there");
/// assert_eq!((error.offset, error.kind), (13, PayloadErrorKind::LengthBeyondEnd));
/// assert_eq!(packets.next(), None);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PayloadError {
    /// Offset in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub kind: PayloadErrorKind,
}

/// Named after the place that failed.
///
/// ```
/// use socketio08::payload::{PayloadErrorKind, PayloadRef};
/// use socketio08::Limits;
///
/// let mut packets = PayloadRef::new("2::", &Limits::default().payload_len_max(2));
/// let error = packets.next().and_then(Result::err).expect("three bytes");
/// assert_eq!(error.kind, PayloadErrorKind::PayloadTooLong);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum PayloadErrorKind {
    /// After a packet comes something other than U+FFFD: the length before it was too short, or this is no frame.
    Frame,
    /// The length is not plain ASCII digits between two U+FFFD (facts 2.3 lists what 0.8.7 takes for a number).
    Length,
    /// The length reaches beyond the end of the payload.
    LengthBeyondEnd,
    /// The length ends inside a surrogate pair.
    LengthCutsPair,
    /// The payload is longer than [`Limits::payload_len_max`].
    PayloadTooLong,
    /// The payload holds more packets than [`Limits::payload_packets_max`].
    TooManyPackets,
}

impl PayloadErrorKind {
    /// A stable name for machines: `length-beyond-end`.
    ///
    /// ```
    /// # use socketio08::payload::PayloadErrorKind;
    /// assert_eq!(PayloadErrorKind::LengthCutsPair.name(), "length-cuts-pair");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PayloadErrorKind::Frame => "frame",
            PayloadErrorKind::Length => "length",
            PayloadErrorKind::LengthBeyondEnd => "length-beyond-end",
            PayloadErrorKind::LengthCutsPair => "length-cuts-pair",
            PayloadErrorKind::PayloadTooLong => "payload-too-long",
            PayloadErrorKind::TooManyPackets => "too-many-packets",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            PayloadErrorKind::Frame => "no U+FFFD after the packet",
            PayloadErrorKind::Length => "no length between two U+FFFD",
            PayloadErrorKind::LengthBeyondEnd => "length beyond the end of the payload",
            PayloadErrorKind::LengthCutsPair => "length that cuts a surrogate pair",
            PayloadErrorKind::PayloadTooLong => "payload too long",
            PayloadErrorKind::TooManyPackets => "too many packets",
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            PayloadErrorKind::Frame => {
                "frames follow each other without a gap; is the length before it too short?"
            }
            PayloadErrorKind::Length => "a frame is U+FFFD digits U+FFFD packet",
            PayloadErrorKind::LengthBeyondEnd | PayloadErrorKind::LengthCutsPair => {
                "lengths count UTF-16 code units, an astral character being two"
            }
            PayloadErrorKind::PayloadTooLong => "Limits::payload_len_max bounds it",
            PayloadErrorKind::TooManyPackets => "Limits::payload_packets_max bounds them",
        }
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.kind.what(), self.offset, self.kind.remedy())
    }
}

impl core::error::Error for PayloadError {}

impl Payload {
    /// The packets of `text`; an empty text has none.
    ///
    /// ```
    /// # use socketio08::{Limits, Text, payload::Payload};
    /// let bare = Payload::new(Text::from_static("3:::one packet"), &Limits::default());
    /// assert_eq!(bare.flatten().collect::<Vec<_>>(), ["3:::one packet"]);
    /// ```
    pub fn new(text: Text, limits: &Limits) -> Self {
        Self { cursor: Cursor::new(&text, limits), text }
    }

    /// How many bytes were looked at so far, each time counted: at most twice the
    /// length of the payload, whatever it holds.
    ///
    /// ```
    /// # use socketio08::{Limits, payload::{Payload, encode}};
    /// let body = encode(&["3:::ééé", "2::"]);
    /// let mut payload = Payload::new(body.clone(), &Limits::default());
    /// while payload.next().is_some() {}
    /// assert!(payload.examined() <= 2 * body.len());
    /// ```
    pub fn examined(&self) -> usize {
        self.cursor.examined
    }
}

impl Iterator for Payload {
    type Item = Result<Text, PayloadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let range = self.cursor.next(&self.text)?;
        Some(range.map(|range| self.text.slice_ref(&self.text[range])))
    }
}

impl FusedIterator for Payload {}

impl<'a> PayloadRef<'a> {
    /// The packets of `text`; an empty text has none.
    ///
    /// ```
    /// # use socketio08::{Limits, payload::PayloadRef};
    /// assert_eq!(PayloadRef::new("", &Limits::default()).next(), None);
    /// ```
    #[must_use]
    pub fn new(text: &'a str, limits: &Limits) -> Self {
        Self { text, cursor: Cursor::new(text, limits) }
    }

    /// How many bytes were looked at so far, each time counted: at most twice the
    /// length of the payload, whatever it holds.
    ///
    /// ```
    /// # use socketio08::{Limits, payload::PayloadRef};
    /// let mut packets = PayloadRef::new("3:::one packet", &Limits::default());
    /// packets.next();
    /// assert_eq!(packets.examined(), 0, "a bare packet is handed on unread");
    /// ```
    #[must_use]
    pub fn examined(&self) -> usize {
        self.cursor.examined
    }
}

impl<'a> Iterator for PayloadRef<'a> {
    type Item = Result<&'a str, PayloadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let range = self.cursor.next(self.text)?;
        Some(range.map(|range| &self.text[range]))
    }
}

impl FusedIterator for PayloadRef<'_> {}

/// Where reading stands.
#[derive(Clone, Debug)]
struct Cursor {
    /// The first byte not read; the length of the text once reading has ended.
    offset: usize,
    framed: bool,
    examined: usize,
    packets_left: usize,
    len_max: usize,
}

impl Cursor {
    fn new(text: &str, limits: &Limits) -> Self {
        Self {
            offset: 0,
            framed: text.starts_with(MARK),
            examined: 0,
            packets_left: limits.payload_packets_max,
            len_max: limits.payload_len_max,
        }
    }

    fn next(&mut self, text: &str) -> Option<Result<Range<usize>, PayloadError>> {
        if self.offset == text.len() {
            return None;
        }
        let packet = self.read(text);
        self.offset = packet.as_ref().map_or(text.len(), |range| range.end);
        Some(packet)
    }

    fn read(&mut self, text: &str) -> Result<Range<usize>, PayloadError> {
        let at = |offset, kind| PayloadError { offset, kind };
        if text.len() > self.len_max {
            return Err(at(self.len_max, PayloadErrorKind::PayloadTooLong));
        }
        if self.packets_left == 0 {
            return Err(at(self.offset, PayloadErrorKind::TooManyPackets));
        }
        self.packets_left -= 1;
        if !self.framed {
            return Ok(0..text.len());
        }

        let frame = &text[self.offset..];
        if !frame.starts_with(MARK) {
            return Err(at(self.offset, PayloadErrorKind::Frame));
        }
        let parsed = length(frame);
        let (Ok((rest, _)) | Err(rest)) = parsed;
        self.examined += frame.len() - rest.len();
        let Ok((rest, digits)) = parsed else {
            return Err(at(text.len() - rest.len(), PayloadErrorKind::Length));
        };
        let length_at = self.offset + MARK.len_utf8();
        // Every code unit is at least one byte, and more digits than a usize holds are more than any text has.
        let units = digits.parse().ok().filter(|units| *units <= rest.len());
        let Some(units) = units else { return Err(at(length_at, PayloadErrorKind::LengthBeyondEnd)) };
        let start = text.len() - rest.len();
        match self.take_units(rest, units) {
            Ok(len) => Ok(start..start + len),
            Err(kind) => Err(at(length_at, kind)),
        }
    }

    /// The length in bytes of the first `units` UTF-16 code units of `text`; `units` is at most the bytes of `text`.
    fn take_units(&mut self, text: &str, units: usize) -> Result<usize, PayloadErrorKind> {
        self.examined += units;
        if text.as_bytes()[..units].is_ascii() {
            return Ok(units);
        }
        let bytes = text.as_bytes();
        let mut units_left = units;
        // Whole chunks first: counting in them is fast. A chunk may end inside a character, which its first byte counts.
        let mut offset = 0;
        for chunk in bytes.chunks(CHUNK) {
            let Some(left) = units_left.checked_sub(utf16_units(chunk)) else { break };
            units_left = left;
            offset += chunk.len();
        }
        let rest = &bytes[offset..];
        let mut len = 0;
        while let Some(byte) = rest.get(len) {
            let width = usize::from(byte_units(*byte));
            if units_left == 0 && width > 0 {
                break;
            }
            units_left = units_left.checked_sub(width).ok_or(PayloadErrorKind::LengthCutsPair)?;
            len += 1;
        }
        self.examined += offset + len;
        if units_left == 0 { Ok(offset + len) } else { Err(PayloadErrorKind::LengthBeyondEnd) }
    }
}

/// Bytes counted at once; any number is right, this one is fast.
const CHUNK: usize = 64;

/// U+FFFD digits U+FFFD: what follows, and the digits; or the input from the place that failed on.
fn length(frame: &str) -> Result<(&str, &str), &str> {
    let rest = frame.strip_prefix(MARK).ok_or(frame)?;
    let (digits, rest) = split_before(rest, |byte| !byte.is_ascii_digit());
    if digits.is_empty() {
        return Err(rest);
    }
    Ok((rest.strip_prefix(MARK).ok_or(rest)?, digits))
}

/// The exact number of bytes [`encode_into`] writes.
///
/// ```
/// # use socketio08::payload::{encode, encoded_len};
/// let packets = ["3:::é", "2::"];
/// assert_eq!(encoded_len(&packets), encode(&packets).len());
/// ```
pub fn encoded_len<T: AsRef<str>>(packets: &[T]) -> usize {
    match packets {
        [packet] => packet.as_ref().len(),
        packets => packets.iter().map(|packet| frame_len(packet.as_ref())).sum(),
    }
}

/// Appends the payload of `packets` to `out`: nothing if there are none, the packet itself if there is one, frames if
/// there are several (facts 2.1).
///
/// ```
/// # use socketio08::payload::encode_into;
/// let mut body = bytes::BytesMut::new();
/// encode_into(&["2::"], &mut body);
/// assert_eq!(body, "2::", "one packet travels bare");
/// ```
pub fn encode_into<T: AsRef<str>>(packets: &[T], out: &mut BytesMut) {
    out.reserve(encoded_len(packets));
    write(packets, |piece| out.extend_from_slice(piece.as_bytes()));
}

/// The payload of `packets` as a text of its own; see [`encode_into`].
///
/// ```
/// # use socketio08::payload::encode;
/// assert_eq!(encode(&["3:::a", "3:::😀"]), "\u{FFFD}5\u{FFFD}3:::a\u{FFFD}6\u{FFFD}3:::😀");
/// assert_eq!(encode::<&str>(&[]), "");
/// ```
pub fn encode<T: AsRef<str>>(packets: &[T]) -> Text {
    let mut text = String::with_capacity(encoded_len(packets));
    write(packets, |piece| text.push_str(piece));
    Text::from(text)
}

fn write<T: AsRef<str>>(packets: &[T], mut put: impl FnMut(&str)) {
    if let [packet] = packets {
        return put(packet.as_ref());
    }
    let mut mark = [0; MARK.len_utf8()];
    let mark = &*MARK.encode_utf8(&mut mark);
    for packet in packets {
        let packet = packet.as_ref();
        put(mark);
        put(Decimal::new(utf16_len(packet)).as_str());
        put(mark);
        put(packet);
    }
}

fn frame_len(packet: &str) -> usize {
    2 * MARK.len_utf8() + Decimal::new(utf16_len(packet)).as_str().len() + packet.len()
}

/// The length of `text` in UTF-16 code units.
fn utf16_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { utf16_units(text.as_bytes()) }
}

/// The UTF-16 code units of the characters that start in `bytes`, a part of a text.
fn utf16_units(bytes: &[u8]) -> usize {
    // No byte starts more than two units and only every fourth one that many, so a chunk's sum fits a byte.
    let chunk_units = |chunk: &[u8]| chunk.iter().map(|byte| byte_units(*byte)).sum::<u8>();
    bytes.chunks(CHUNK).map(|chunk| usize::from(chunk_units(chunk))).sum()
}

/// The UTF-16 code units of the character that a byte of UTF-8 starts: none for a continuation byte, two if the character
/// has four bytes.
fn byte_units(byte: u8) -> u8 {
    u8::from(byte & 0xC0 != 0x80) + u8::from(byte >= 0xF0)
}

/// A number in decimal, without allocating.
struct Decimal {
    digits: [u8; Decimal::LEN_MAX],
    start: usize,
}

impl Decimal {
    /// 2^64 - 1 has twenty digits.
    const LEN_MAX: usize = 20;

    fn new(mut number: usize) -> Self {
        let mut digits = [b'0'; Self::LEN_MAX];
        let mut start = Self::LEN_MAX;
        loop {
            start -= 1;
            digits[start] = b"0123456789"[number % 10];
            number /= 10;
            if number == 0 {
                return Self { digits, start };
            }
        }
    }

    fn as_str(&self) -> &str {
        // Digits are ASCII, so the fallback is never taken; it keeps `unsafe` out.
        core::str::from_utf8(&self.digits[self.start..]).unwrap_or_default()
    }
}
