//! Where and why a text is not a packet.

use core::fmt;

/// Where and why a text is not a packet.
///
/// ```
/// use socketio08::{DecodeErrorKind, PacketRef};
///
/// let error = PacketRef::decode("5:1x::{}").unwrap_err();
/// assert_eq!((error.offset, error.kind), (3, DecodeErrorKind::Id));
/// assert!(error.to_string().starts_with("no id field at byte 3: "));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct DecodeError {
    /// Offset in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub kind: DecodeErrorKind,
}

/// Named after the place that failed.
///
/// ```
/// # use socketio08::{DecodeErrorKind, PacketRef};
/// assert_eq!(PacketRef::decode("5::").unwrap_err().kind, DecodeErrorKind::EventData);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// An acknowledgement (type 6) whose data does not start with the id it answers.
    AckId,
    /// An event (type 5) without data.
    EventData,
    /// The id field is not digits and an optional `+` up to the second colon, or that colon is missing.
    Id,
    /// A JSON packet (type 4) without data.
    JsonData,
    /// The reason or the advice of an error (type 7) is the name of a property of every JavaScript array: 0.8.7 reads
    /// a number or a function where its application expects words.
    Reason,
    /// No digit 0 to 8 followed by a colon at the start.
    Type,
}

impl DecodeErrorKind {
    /// A stable name for machines: `event-data`.
    ///
    /// ```
    /// # use socketio08::DecodeErrorKind;
    /// assert_eq!(DecodeErrorKind::EventData.name(), "event-data");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            DecodeErrorKind::AckId => "ack-id",
            DecodeErrorKind::EventData => "event-data",
            DecodeErrorKind::Id => "id",
            DecodeErrorKind::JsonData => "json-data",
            DecodeErrorKind::Reason => "reason",
            DecodeErrorKind::Type => "type",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            DecodeErrorKind::AckId => "ack without the id it answers",
            DecodeErrorKind::EventData => "event without data",
            DecodeErrorKind::Id => "no id field",
            DecodeErrorKind::JsonData => "json without data",
            DecodeErrorKind::Reason => "name of a JavaScript property as reason or advice",
            DecodeErrorKind::Type => "no packet type",
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            DecodeErrorKind::AckId => "an ack is 6::[endpoint]:id[+[args]], the id in digits",
            DecodeErrorKind::EventData => r#"an event is 5:[id[+]]:[endpoint]:{"name":..,"args":[..]}"#,
            DecodeErrorKind::Id => "after the type come digits or nothing, an optional + and a colon",
            DecodeErrorKind::JsonData => "a json packet is 4:[id[+]]:[endpoint]:json",
            DecodeErrorKind::Reason => "a reason is 0, 1 or 2, an advice is 0",
            DecodeErrorKind::Type => "a packet starts with one digit, 0 to 8, and a colon",
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.kind.what(), self.offset, self.kind.remedy())
    }
}

impl core::error::Error for DecodeError {}
