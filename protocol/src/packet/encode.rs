//! From packets to text.

use alloc::string::String;

use bytes::BytesMut;

use super::{BodyRef, Packet, PacketRef};
use crate::Text;

impl PacketRef<'_> {
    /// The exact number of bytes [`PacketRef::encode`] writes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.pieces().iter().map(|piece| piece.len()).sum()
    }

    /// Appends the packet to `out`.
    pub fn encode(&self, out: &mut BytesMut) {
        let pieces = self.pieces();
        out.reserve(pieces.iter().map(|piece| piece.len()).sum());
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            out.extend_from_slice(piece.as_bytes());
        }
    }

    /// Encodes into a text of its own.
    #[must_use]
    pub fn to_text(&self) -> Text {
        let pieces = self.pieces();
        let mut text = String::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
        for piece in pieces {
            text.push_str(piece);
        }
        Text::from(text)
    }

    /// The packet in order of writing: one list for the length and the bytes, so they cannot disagree.
    fn pieces(&self) -> [&str; 10] {
        let (id, plus) = self.id.map_or(("", ""), |(id, with_data)| (id, if with_data { "+" } else { "" }));
        let data = self.data();
        // Without data the separator before it is left out (facts 1.11).
        let separator = if data.iter().all(|piece| piece.is_empty()) { "" } else { ":" };
        let [first, second, third] = data;
        [self.packet_type().digit(), ":", id, plus, ":", self.endpoint, separator, first, second, third]
    }

    fn data(&self) -> [&str; 3] {
        match self.body {
            BodyRef::Disconnect | BodyRef::Heartbeat | BodyRef::Noop => ["", "", ""],
            BodyRef::Connect { query: data }
            | BodyRef::Message { data }
            | BodyRef::Json { data }
            | BodyRef::Event { data } => [data, "", ""],
            BodyRef::Ack { id, args: "" } => [id, "", ""],
            BodyRef::Ack { id, args } => [id, "+", args],
            BodyRef::Error { reason, advice } => {
                let reason = reason.map_or("", |reason| reason.digit());
                advice.map_or([reason, "", ""], |advice| [reason, "+", advice.digit()])
            }
        }
    }
}

impl Packet {
    /// The exact number of bytes [`Packet::encode`] writes.
    pub fn encoded_len(&self) -> usize {
        self.as_ref().encoded_len()
    }

    /// Appends the packet to `out`.
    pub fn encode(&self, out: &mut BytesMut) {
        self.as_ref().encode(out);
    }

    /// Encodes into a text of its own.
    pub fn to_text(&self) -> Text {
        self.as_ref().to_text()
    }
}
