//! One packet: `TYPE:ID[+]:ENDPOINT[:DATA]`.

mod decode;
mod encode;
mod error;
mod kind;

pub use error::{DecodeError, DecodeErrorKind};
pub use kind::{Advice, PacketType, Reason};

use alloc::string::String;

use crate::Text;

/// Whether the arguments of an acknowledgement end here, as 0.8.7 reads them (facts 1.9).
const fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// The id field of a packet: decimal digits kept verbatim (`007` is echoed as `007`, facts 1.3), and who acknowledges.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct AckId {
    /// One or more ASCII digits.
    pub id: Text,
    /// `+` follows the id: the application answers, with data. Without it the receiver acknowledges by itself.
    pub with_data: bool,
}

/// A packet that shares the memory of the text it was decoded from. Every type may carry an id (facts 9.2).
///
/// The fields are written as they are: an endpoint with a colon, or an id that is not digits, encodes to a text that
/// decodes to something else.
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
        /// JSON text of the arguments (an array) on one line, or empty; see [`Body::ack`].
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

impl Packet {
    /// A packet without an id.
    pub fn new(endpoint: Text, body: Body) -> Self {
        Self { id: None, endpoint, body }
    }

    /// Which of the nine types it is.
    pub fn packet_type(&self) -> PacketType {
        self.as_ref().packet_type()
    }

    /// The borrowed view.
    pub fn as_ref(&self) -> PacketRef<'_> {
        PacketRef {
            id: self.id.as_ref().map(|id| (id.id.as_str(), id.with_data)),
            endpoint: &self.endpoint,
            body: self.body.as_ref(),
        }
    }
}

impl Body {
    /// The acknowledgement of the message `id`; `args` is JSON text, or empty.
    ///
    /// The peer reads the arguments up to the end of the line, and takes U+2028 and U+2029 for one too (facts 1.9), which
    /// JSON leaves as they are in strings: there they are escaped, and line ends between tokens become blanks.
    pub fn ack(id: Text, args: Text) -> Self {
        if !args.contains(is_line_end) {
            return Body::Ack { id, args };
        }
        let mut line = String::with_capacity(args.len());
        for c in args.chars() {
            match c {
                '\u{2028}' => line.push_str("\\u2028"),
                '\u{2029}' => line.push_str("\\u2029"),
                c if is_line_end(c) => line.push(' '),
                c => line.push(c),
            }
        }
        Body::Ack { id, args: Text::from(line) }
    }

    /// The borrowed view.
    pub fn as_ref(&self) -> BodyRef<'_> {
        match self {
            Body::Disconnect => BodyRef::Disconnect,
            Body::Connect { query } => BodyRef::Connect { query },
            Body::Heartbeat => BodyRef::Heartbeat,
            Body::Message { data } => BodyRef::Message { data },
            Body::Json { data } => BodyRef::Json { data },
            Body::Event { data } => BodyRef::Event { data },
            Body::Ack { id, args } => BodyRef::Ack { id, args },
            Body::Error { reason, advice } => BodyRef::Error { reason: *reason, advice: *advice },
            Body::Noop => BodyRef::Noop,
        }
    }
}

impl PacketRef<'_> {
    /// Which of the nine types it is.
    #[must_use]
    pub fn packet_type(&self) -> PacketType {
        match self.body {
            BodyRef::Disconnect => PacketType::Disconnect,
            BodyRef::Connect { .. } => PacketType::Connect,
            BodyRef::Heartbeat => PacketType::Heartbeat,
            BodyRef::Message { .. } => PacketType::Message,
            BodyRef::Json { .. } => PacketType::Json,
            BodyRef::Event { .. } => PacketType::Event,
            BodyRef::Ack { .. } => PacketType::Ack,
            BodyRef::Error { .. } => PacketType::Error,
            BodyRef::Noop => PacketType::Noop,
        }
    }

    /// The packet with memory of its own.
    #[must_use]
    pub fn to_packet(&self) -> Packet {
        self.share(&Text::EMPTY)
    }

    /// The packet over the memory of `whole`, the text it was decoded from.
    fn share(&self, whole: &Text) -> Packet {
        let part = |part| whole.slice_ref(part);
        let body = match self.body {
            BodyRef::Disconnect => Body::Disconnect,
            BodyRef::Connect { query } => Body::Connect { query: part(query) },
            BodyRef::Heartbeat => Body::Heartbeat,
            BodyRef::Message { data } => Body::Message { data: part(data) },
            BodyRef::Json { data } => Body::Json { data: part(data) },
            BodyRef::Event { data } => Body::Event { data: part(data) },
            BodyRef::Ack { id, args } => Body::Ack { id: part(id), args: part(args) },
            BodyRef::Error { reason, advice } => Body::Error { reason, advice },
            BodyRef::Noop => Body::Noop,
        };
        let id = self.id.map(|(id, with_data)| AckId { id: part(id), with_data });
        Packet { id, endpoint: part(self.endpoint), body }
    }
}
