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
///
/// ```
/// use socketio08::{AckId, Packet, Text};
///
/// let packet = Packet::decode(&Text::from_static("3:007+::hello"))?;
/// assert_eq!(packet.id, Some(AckId { id: Text::from_static("007"), with_data: true }));
/// # Ok::<(), socketio08::DecodeError>(())
/// ```
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
///
/// ```
/// use socketio08::{Body, Packet, Text};
///
/// let data = Text::from_static("a:b");
/// let packet = Packet { id: None, endpoint: Text::from_static("/chat"), body: Body::Message { data } };
/// assert_eq!(packet.to_text(), "3::/chat:a:b");
/// assert_eq!(Packet::decode(&packet.to_text())?, packet);
/// # Ok::<(), socketio08::DecodeError>(())
/// ```
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
///
/// ```
/// use socketio08::{Body, Packet, Text};
///
/// let body = Packet::decode(&Text::from_static("1::/chat:?room=1"))?.body;
/// assert_eq!(body, Body::Connect { query: Text::from_static("?room=1") });
/// # Ok::<(), socketio08::DecodeError>(())
/// ```
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
///
/// ```
/// use socketio08::{BodyRef, PacketRef};
///
/// let packet = PacketRef::decode("3:1::hello")?;
/// assert_eq!((packet.id, packet.endpoint), (Some(("1", false)), ""));
/// assert_eq!(packet.body, BodyRef::Message { data: "hello" });
/// # Ok::<(), socketio08::DecodeError>(())
/// ```
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
///
/// ```
/// use socketio08::{BodyRef, PacketRef, Reason};
///
/// let body = PacketRef::decode("7:::1+0")?.body;
/// assert!(matches!(body, BodyRef::Error { reason: Some(Reason::ClientNotHandshaken), .. }));
/// # Ok::<(), socketio08::DecodeError>(())
/// ```
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
    ///
    /// ```
    /// # use socketio08::{Body, Packet, Text};
    /// assert_eq!(Packet::new(Text::EMPTY, Body::Heartbeat).to_text(), "2::");
    /// ```
    pub fn new(endpoint: Text, body: Body) -> Self {
        Self { id: None, endpoint, body }
    }

    /// Which of the nine types it is.
    ///
    /// ```
    /// # use socketio08::{Body, Packet, PacketType, Text};
    /// let packet = Packet::new(Text::from_static("/chat"), Body::Disconnect);
    /// assert_eq!(packet.packet_type(), PacketType::Disconnect);
    /// ```
    pub fn packet_type(&self) -> PacketType {
        self.as_ref().packet_type()
    }

    /// The borrowed view.
    ///
    /// ```
    /// # use socketio08::{Body, Packet, PacketRef, Text};
    /// let packet = Packet::new(Text::from_static("/chat"), Body::Disconnect);
    /// assert_eq!(Ok(packet.as_ref()), PacketRef::decode("0::/chat"));
    /// ```
    #[inline]
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
    ///
    /// ```
    /// # use socketio08::{Body, Packet, Text};
    /// let args = Text::from_static("[\"a\u{2028}b\",\n1]");
    /// let ack = Packet::new(Text::EMPTY, Body::ack(Text::from_static("4"), args));
    /// assert_eq!(ack.to_text(), r#"6:::4+["a\u2028b", 1]"#, "one line, also for JavaScript");
    /// ```
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
    ///
    /// ```
    /// # use socketio08::{Body, BodyRef, Text};
    /// let body = Body::Message { data: Text::from_static("hello") };
    /// assert_eq!(body.as_ref(), BodyRef::Message { data: "hello" });
    /// ```
    #[inline]
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
    ///
    /// ```
    /// # use socketio08::{PacketRef, PacketType};
    /// assert_eq!(PacketRef::decode("8::")?.packet_type(), PacketType::Noop);
    /// # Ok::<(), socketio08::DecodeError>(())
    /// ```
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
    ///
    /// ```
    /// # use socketio08::PacketRef;
    /// let kept = {
    ///     let text = String::from("3:::hello");
    ///     PacketRef::decode(&text)?.to_packet()
    /// };
    /// assert_eq!(kept.to_text(), "3:::hello", "it outlives the text");
    /// # Ok::<(), socketio08::DecodeError>(())
    /// ```
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
