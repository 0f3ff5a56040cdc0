//! From packets to text.
//!
//! A piece costs more than its bytes, and where one ends is only known when it is written. So the pieces are few, and those of
//! known length are arrays: the compiler writes them without a call.

use alloc::string::String;

use bytes::BytesMut;

use super::{BodyRef, Packet, PacketRef};
use crate::Text;

#[expect(
    clippy::inline_always,
    reason = "else the view of an owned packet is built in memory first: 4 of 8 ns, measured"
)]
impl PacketRef<'_> {
    /// The exact number of bytes [`PacketRef::encode`] writes.
    ///
    /// ```
    /// # use socketio08::PacketRef;
    /// assert_eq!(PacketRef::decode("3:::é")?.encoded_len(), 6, "bytes, not characters");
    /// # Ok::<(), socketio08::DecodeError>(())
    /// ```
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut len = Len(0);
        self.write(&mut len);
        len.0
    }

    /// Appends the packet to `out`.
    ///
    /// ```
    /// # use socketio08::PacketRef;
    /// let mut out = bytes::BytesMut::new();
    /// PacketRef::decode("4:1+::[1]")?.encode(&mut out);
    /// assert_eq!(out, "4:1+::[1]");
    /// # Ok::<(), socketio08::DecodeError>(())
    /// ```
    pub fn encode(&self, out: &mut BytesMut) {
        self.append(out);
    }

    #[inline(always)]
    fn append(&self, out: &mut BytesMut) {
        let mut len = Len(0);
        self.write(&mut len);
        out.reserve(len.0);
        self.write(out);
    }

    /// Encodes into a text of its own.
    ///
    /// ```
    /// # use socketio08::PacketRef;
    /// assert_eq!(PacketRef::decode("2:::ignored")?.to_text(), "2::");
    /// # Ok::<(), socketio08::DecodeError>(())
    /// ```
    #[must_use]
    pub fn to_text(&self) -> Text {
        let mut text = String::with_capacity(self.encoded_len());
        self.write(&mut text);
        Text::from(text)
    }

    /// The packet in order of writing: for its length and for its bytes, so they cannot disagree.
    #[inline(always)]
    fn write(&self, out: &mut impl Write) {
        let digit = ascii(self.packet_type().digit());
        match self.id {
            None => out.ascii([digit, b':', b':']),
            Some((id, with_data)) => {
                out.ascii([digit, b':']);
                out.digits(id);
                if with_data { out.ascii([b'+', b':']) } else { out.ascii([b':']) }
            }
        }
        if !self.endpoint.is_empty() {
            out.text(self.endpoint);
        }
        // Without data the separator before it is left out (facts 1.11).
        match self.body {
            BodyRef::Connect { query: data }
            | BodyRef::Message { data }
            | BodyRef::Json { data }
            | BodyRef::Event { data }
                if !data.is_empty() =>
            {
                out.ascii([b':']);
                out.text(data);
            }
            BodyRef::Ack { id, args } if !(id.is_empty() && args.is_empty()) => {
                out.ascii([b':']);
                out.digits(id);
                if !args.is_empty() {
                    out.ascii([b'+']);
                    out.text(args);
                }
            }
            BodyRef::Error { reason: Some(reason), advice: None } => out.ascii([b':', ascii(reason.digit())]),
            BodyRef::Error { reason: None, advice: Some(advice) } => {
                out.ascii([b':', b'+', ascii(advice.digit())]);
            }
            BodyRef::Error { reason: Some(reason), advice: Some(advice) } => {
                out.ascii([b':', ascii(reason.digit()), b'+', ascii(advice.digit())]);
            }
            _ => {}
        }
    }
}

/// The byte of a digit.
#[inline]
const fn ascii(digit: &str) -> u8 {
    digit.as_bytes()[0]
}

/// What a packet is written to, after room was made.
trait Write {
    /// Writes `bytes`, all of them ASCII.
    fn ascii<const N: usize>(&mut self, bytes: [u8; N]);

    /// Writes `text`.
    fn text(&mut self, text: &str);

    /// Writes an id. Most are short, and writing a byte or two is faster than calling what copies any number.
    #[inline]
    fn digits(&mut self, id: &str) {
        match *id.as_bytes() {
            [one] if one.is_ascii() => self.ascii([one]),
            [one, two] if one.is_ascii() && two.is_ascii() => self.ascii([one, two]),
            _ => self.text(id),
        }
    }
}

impl Write for BytesMut {
    #[inline]
    fn ascii<const N: usize>(&mut self, bytes: [u8; N]) {
        self.extend_from_slice(&bytes);
    }

    #[inline]
    fn text(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }
}

impl Write for String {
    #[inline]
    fn ascii<const N: usize>(&mut self, bytes: [u8; N]) {
        for byte in bytes {
            self.push(char::from(byte));
        }
    }

    #[inline]
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Counts bytes instead of writing them.
struct Len(usize);

impl Write for Len {
    #[inline]
    fn ascii<const N: usize>(&mut self, _: [u8; N]) {
        self.0 += N;
    }

    #[inline]
    fn text(&mut self, text: &str) {
        self.0 += text.len();
    }
}

impl Packet {
    /// The exact number of bytes [`Packet::encode`] writes.
    ///
    /// ```
    /// # use socketio08::{Body, Packet, Text};
    /// let packet = Packet::new(Text::from_static("/chat"), Body::Disconnect);
    /// assert_eq!(packet.encoded_len(), packet.to_text().len());
    /// ```
    pub fn encoded_len(&self) -> usize {
        self.as_ref().encoded_len()
    }

    /// Appends the packet to `out`.
    ///
    /// ```
    /// # use socketio08::{Body, Packet, Text};
    /// let mut out = bytes::BytesMut::from("before ");
    /// Packet::new(Text::EMPTY, Body::Noop).encode(&mut out);
    /// assert_eq!(out, "before 8::");
    /// ```
    pub fn encode(&self, out: &mut BytesMut) {
        self.as_ref().append(out);
    }

    /// Encodes into a text of its own.
    ///
    /// ```
    /// # use socketio08::{AckId, Body, Packet, Text};
    /// let id = Some(AckId { id: Text::from_static("1"), with_data: true });
    /// let packet = Packet { id, ..Packet::new(Text::EMPTY, Body::Json { data: Text::from_static("[1]") }) };
    /// assert_eq!(packet.to_text(), "4:1+::[1]");
    /// ```
    pub fn to_text(&self) -> Text {
        self.as_ref().to_text()
    }
}
