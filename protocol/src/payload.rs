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

use crate::{Limits, Text};

/// What stands before and after each length.
const MARK: char = '\u{FFFD}';
/// The same, encoded.
const MARK_BYTES: [u8; MARK.len_utf8()] = *b"\xEF\xBF\xBD";

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

    /// How many bytes were looked at so far, each time counted (but for a look ahead of at most 72 bytes a packet): at most
    /// twice the length of the payload, whatever it holds.
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

    /// How many bytes were looked at so far, each time counted (but for a look ahead of at most 72 bytes a packet): at most
    /// twice the length of the payload, whatever it holds.
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

        let frame = &text.as_bytes()[self.offset..];
        if !frame.starts_with(&MARK_BYTES) {
            return Err(at(self.offset, PayloadErrorKind::Frame));
        }
        let head = head(frame);
        let (Ok((_, head_len)) | Err(head_len)) = head;
        self.examined += head_len;
        let start = self.offset + head_len;
        let Ok((units, _)) = head else { return Err(at(start, PayloadErrorKind::Length)) };
        let length_at = self.offset + MARK_BYTES.len();
        let rest = &text[start..];
        // Every code unit is at least one byte.
        if units > rest.len() {
            return Err(at(length_at, PayloadErrorKind::LengthBeyondEnd));
        }
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
        let (len, left) = units_len(text.as_bytes(), units);
        self.examined += len;
        match left {
            Left::None => Ok(len),
            Left::HalfOfPair => Err(PayloadErrorKind::LengthCutsPair),
            Left::Some => Err(PayloadErrorKind::LengthBeyondEnd),
        }
    }
}

/// Of the units asked for, what the text did not give.
enum Left {
    None,
    Some,
    HalfOfPair,
}

/// The length in bytes of the first `units` code units. Apart, so that ASCII does not pay for it.
#[inline(never)]
fn units_len(bytes: &[u8], mut units: usize) -> (usize, Left) {
    // Chunks first, then words: counting in them is fast. Either may end inside a character, which its first byte counts.
    let mut len = 0;
    for chunk in bytes.as_chunks().0 {
        let fits = if units < CHUNK / 2 { None } else { units.checked_sub(chunk_units(chunk)) };
        let Some(left) = fits else { break };
        units = left;
        len += CHUNK;
    }
    for word in bytes[len..].as_chunks().0 {
        let Some(left) = units.checked_sub(word_units(*word)) else { break };
        units = left;
        len += WORD;
    }
    for byte in &bytes[len..] {
        let width = usize::from(byte_units(*byte));
        if units == 0 && width > 0 {
            break;
        }
        let Some(left) = units.checked_sub(width) else { return (len, Left::HalfOfPair) };
        units = left;
        len += 1;
    }
    (len, if units == 0 { Left::None } else { Left::Some })
}

/// Bytes counted at once; any number is right, this one is fast.
const CHUNK: usize = 64;

/// Bytes of a word, counted at once where less than a chunk is left: most messages that are not ASCII are short.
const WORD: usize = 8;

/// U+FFFD digits U+FFFD: the number, and how many bytes that was; or how many until it failed. More than a usize holds is more than
/// any text has, as is the largest one.
fn head(frame: &[u8]) -> Result<(usize, usize), usize> {
    let mut len = MARK_BYTES.len();
    let mut units = 0_usize;
    while let Some(digit @ b'0'..=b'9') = frame.get(len) {
        units = units.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
        len += 1;
    }
    let has_digits = len > MARK_BYTES.len();
    if has_digits && frame[len..].starts_with(&MARK_BYTES) {
        Ok((units, len + MARK_BYTES.len()))
    } else {
        Err(len)
    }
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
        packets => packets.iter().map(|packet| frame_len(utf16_len(packet.as_ref()), packet.as_ref())).sum(),
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
    if let [packet] = packets {
        return out.extend_from_slice(packet.as_ref().as_bytes());
    }
    // At most a few bytes too many, for characters that are shorter in UTF-16: counting those twice would cost more.
    out.reserve(packets.iter().map(|packet| frame_len(packet.as_ref().len(), packet.as_ref())).sum());
    for packet in packets {
        let packet = packet.as_ref();
        out.extend_from_slice(Head::new(utf16_len(packet)).as_bytes());
        out.extend_from_slice(packet.as_bytes());
    }
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
    if let [packet] = packets {
        text.push_str(packet.as_ref());
        return Text::from(text);
    }
    for packet in packets {
        let packet = packet.as_ref();
        text.push_str(Head::new(utf16_len(packet)).as_str());
        text.push_str(packet);
    }
    Text::from(text)
}

/// The length in bytes of the frame of a packet of so many code units.
fn frame_len(units: usize, packet: &str) -> usize {
    let digits = units.checked_ilog10().map_or(1, |power| power as usize + 1);
    2 * MARK_BYTES.len() + digits + packet.len()
}

/// The length of `text` in UTF-16 code units.
fn utf16_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { utf16_units(text.as_bytes()) }
}

/// The UTF-16 code units of the characters that start in `bytes`, a part of a text.
fn utf16_units(bytes: &[u8]) -> usize {
    let (chunks, rest) = bytes.as_chunks();
    let (words, rest) = rest.as_chunks();
    let chunks: usize = chunks.iter().map(chunk_units).sum();
    let words: usize = words.iter().map(|word| word_units(*word)).sum();
    let rest: usize = rest.iter().map(|byte| usize::from(byte_units(*byte))).sum();
    chunks + words + rest
}

fn chunk_units(chunk: &[u8; CHUNK]) -> usize {
    // No byte starts more than two units and only every fourth one that many, so the sum fits a byte.
    usize::from(chunk.iter().map(|byte| byte_units(*byte)).sum::<u8>())
}

/// [`utf16_units`] of a word: one for each byte, less the continuation bytes, more the bytes that start four.
fn word_units(word: [u8; WORD]) -> usize {
    const TOPS: u64 = 0x8080_8080_8080_8080;
    /// One in each byte; multiplied by it, the bytes add up in the highest one.
    const SUM: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(word);
    let two_bits = word & (word << 1);
    let continued = word & !(word << 1) & TOPS;
    let of_four = two_bits & (two_bits << 2) & TOPS;
    let units = SUM - (continued >> 7) + (of_four >> 7);
    usize::from((units.wrapping_mul(SUM) >> 56) as u8)
}

/// The UTF-16 code units of the character that a byte of UTF-8 starts: none for a continuation byte, two if the character
/// has four bytes.
fn byte_units(byte: u8) -> u8 {
    u8::from(byte & 0xC0 != 0x80) + u8::from(byte >= 0xF0)
}

/// What precedes a packet: its length between two marks.
struct Head {
    /// Filled from the end.
    bytes: [u8; Head::LEN_MAX],
    start: usize,
}

impl Head {
    /// 2^64 - 1 has twenty digits.
    const LEN_MAX: usize = 20 + 2 * MARK_BYTES.len();

    fn new(mut units: usize) -> Self {
        let mut head = Self { bytes: [0; Self::LEN_MAX], start: Self::LEN_MAX };
        head.put_mark();
        loop {
            head.start -= 1;
            head.bytes[head.start] = b"0123456789"[units % 10];
            units /= 10;
            if units == 0 {
                break;
            }
        }
        head.put_mark();
        head
    }

    fn put_mark(&mut self) {
        let end = self.start;
        self.start -= MARK_BYTES.len();
        self.bytes[self.start..end].copy_from_slice(&MARK_BYTES);
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn as_str(&self) -> &str {
        // Marks and digits are UTF-8, so the fallback is never taken; it keeps `unsafe` out.
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}
