//! From packets to text.

use alloc::string::String;

use bytes::BytesMut;

use super::{BodyRef, Packet, PacketRef};
use crate::Text;

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
        self.pieces().iter().map(|piece| piece.len()).sum()
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
        let pieces = self.pieces();
        out.reserve(pieces.iter().map(|piece| piece.len()).sum());
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            out.extend_from_slice(piece.as_bytes());
        }
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
        let pieces = self.pieces();
        let mut text = String::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
        for piece in pieces {
            text.push_str(piece);
        }
        Text::from(text)
    }

    /// The packet in order of writing: one list for the length and the bytes, so they cannot disagree. As few pieces as
    /// there can be: each costs more than the bytes of a small packet.
    fn pieces(&self) -> [&str; 8] {
        let (prefix, id, id_end) = match self.id {
            None => (self.packet_type().prefix(), "", ""),
            Some((id, with_data)) => {
                (&self.packet_type().prefix()[..2], id, if with_data { "+:" } else { ":" })
            }
        };
        let data = self.data();
        // Without data the separator before it is left out (facts 1.11).
        let separator = if data.iter().all(|piece| piece.is_empty()) { "" } else { ":" };
        let [first, second, third] = data;
        [prefix, id, id_end, self.endpoint, separator, first, second, third]
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
        self.as_ref().encode(out);
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
