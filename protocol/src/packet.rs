//! One packet: `TYPE:ID[+]:ENDPOINT[:DATA]`.

use bytes::BytesMut;

use crate::Text;

/// The nine packet types, by their digit on the wire.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum PacketType {
    /// `0`
    Disconnect,
    /// `1`
    Connect,
    /// `2`
    Heartbeat,
    /// `3`
    Message,
    /// `4`
    Json,
    /// `5`
    Event,
    /// `6`
    Ack,
    /// `7`
    Error,
    /// `8`
    Noop,
}

/// The id field of a packet: decimal digits kept verbatim (`007` is echoed as `007`, facts 1.3), and who acknowledges.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct AckId {
    /// One or more ASCII digits.
    pub id: Text,
    /// `+` follows the id: the application answers, with data. Without it the receiver acknowledges by itself.
    pub with_data: bool,
}

/// Why the server refuses (type 7).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// `0`
    TransportNotSupported,
    /// `1`
    ClientNotHandshaken,
    /// `2`
    Unauthorized,
}

/// What the client should do about an error (type 7).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Advice {
    /// `0`
    Reconnect,
}

/// A packet that shares the memory of the text it was decoded from. Every type may carry an id (facts 9.2).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Packet {
    /// The message id, if the sender wants an acknowledgement.
    pub id: Option<AckId>,
    /// The endpoint (namespace); empty is the root. Never contains a colon.
    pub endpoint: Text,
    /// What the type carries.
    pub body: Body,
}

/// What each type carries. JSON stays text: it is checked by the typed views, not by the codec.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Body {
    /// Type 0.
    Disconnect,
    /// Type 1, with the query of the endpoint (`?x=1`), or empty.
    Connect {
        /// The query, with its question mark.
        query: Text,
    },
    /// Type 2.
    Heartbeat,
    /// Type 3.
    Message {
        /// The message.
        data: Text,
    },
    /// Type 4.
    Json {
        /// JSON text.
        data: Text,
    },
    /// Type 5.
    Event {
        /// JSON text `{"name":..,"args":[..]}`.
        data: Text,
    },
    /// Type 6.
    Ack {
        /// The id of the message acknowledged: ASCII digits.
        id: Text,
        /// JSON text of the arguments (an array), or empty.
        args: Text,
    },
    /// Type 7.
    Error {
        /// The reason, if it is a known one.
        reason: Option<Reason>,
        /// The advice, if it is a known one.
        advice: Option<Advice>,
    },
    /// Type 8.
    Noop,
}

/// The borrowed [`Packet`]: decoding touches no reference count and allocates nothing.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PacketRef<'a> {
    /// The digits of the id and whether `+` followed.
    pub id: Option<(&'a str, bool)>,
    /// The endpoint.
    pub endpoint: &'a str,
    /// What the type carries.
    pub body: BodyRef<'a>,
}

/// The borrowed [`Body`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[allow(missing_docs)]
pub enum BodyRef<'a> {
    Disconnect,
    Connect { query: &'a str },
    Heartbeat,
    Message { data: &'a str },
    Json { data: &'a str },
    Event { data: &'a str },
    Ack { id: &'a str, args: &'a str },
    Error { reason: Option<Reason>, advice: Option<Advice> },
    Noop,
}

/// Where and why a text is not a packet.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct DecodeError {
    /// Offset in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub kind: DecodeErrorKind,
}

/// Named after the place that failed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// No digit 0 to 8 followed by a colon at the start.
    Type,
}

impl<'a> PacketRef<'a> {
    /// Decodes one packet.
    ///
    /// # Errors
    /// [`DecodeError`] with the byte offset.
    pub fn decode(_text: &'a str) -> Result<Self, DecodeError> {
        Err(DecodeError { offset: 0, kind: DecodeErrorKind::Type })
    }
}

impl Packet {
    /// Decodes one packet, sharing the memory of `text`.
    ///
    /// # Errors
    /// [`DecodeError`] with the byte offset.
    pub fn decode(_text: &Text) -> Result<Self, DecodeError> {
        Err(DecodeError { offset: 0, kind: DecodeErrorKind::Type })
    }

    /// The borrowed view.
    pub fn as_ref(&self) -> PacketRef<'_> {
        PacketRef { id: None, endpoint: &self.endpoint, body: BodyRef::Noop }
    }

    /// The exact number of bytes [`Packet::encode`] writes.
    pub fn encoded_len(&self) -> usize {
        0
    }

    /// Appends the packet to `out`.
    pub fn encode(&self, _out: &mut BytesMut) {}

    /// Encodes into a text of its own.
    pub fn to_text(&self) -> Text {
        Text::EMPTY
    }
}
