//! Where and why data is not the JSON that was asked for.

use alloc::string::{String, ToString};
use core::fmt;

use serde_json::error::Category;

/// Where and why data is not the JSON that was asked for.
///
/// ```
/// use socketio08::{JsonErrorKind, PacketRef};
///
/// let error = PacketRef::decode("4:::[1,]")?.json::<Vec<u32>>().unwrap_err();
/// assert_eq!((error.offset, error.kind), (3, JsonErrorKind::Syntax), "in the data `[1,]`");
/// # Ok::<(), socketio08::DecodeError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct JsonError {
    /// Offset in bytes, in the data of the packet (for an acknowledgement: in its arguments).
    pub offset: usize,
    /// What is wrong there.
    pub kind: JsonErrorKind,
    message: String,
}

/// What is wrong.
///
/// ```
/// # use socketio08::{JsonErrorKind, PacketRef};
/// let error = PacketRef::decode(r#"4:::{"__proto__":1}"#)?.json::<serde_json::Value>().unwrap_err();
/// assert_eq!(error.kind, JsonErrorKind::Prototype);
/// # Ok::<(), socketio08::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// Arrays and objects nest deeper than [`JSON_DEPTH_MAX`](crate::json::JSON_DEPTH_MAX).
    Depth,
    /// The text ends before the JSON value does.
    End,
    /// An event whose data is not an object with a string `name`, or names something twice.
    Event,
    /// The view belongs to another type of packet.
    PacketType,
    /// A key `__proto__`, which changes the prototype of an object in the genuine programs.
    Prototype,
    /// Not JSON.
    Syntax,
    /// JSON, but not of the type asked for; or a value that JSON cannot express.
    Value,
}

impl JsonErrorKind {
    /// A stable name for machines: `json-syntax`.
    ///
    /// ```
    /// # use socketio08::JsonErrorKind;
    /// assert_eq!(JsonErrorKind::Depth.name(), "json-depth");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            JsonErrorKind::Depth => "json-depth",
            JsonErrorKind::End => "json-end",
            JsonErrorKind::Event => "json-event",
            JsonErrorKind::PacketType => "packet-type",
            JsonErrorKind::Prototype => "json-prototype",
            JsonErrorKind::Syntax => "json-syntax",
            JsonErrorKind::Value => "json-value",
        }
    }
}

impl JsonError {
    /// What is wrong, without the place.
    ///
    /// ```
    /// # use socketio08::PacketRef;
    /// let error = PacketRef::decode("3:::[1]")?.json::<Vec<u32>>().unwrap_err();
    /// assert_eq!(error.message(), "the packet is not a json packet");
    /// # Ok::<(), socketio08::DecodeError>(())
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The view belongs to another type of packet.
    pub(super) fn packet_type(expected: &str) -> Self {
        Self {
            offset: 0,
            kind: JsonErrorKind::PacketType,
            message: alloc::format!("the packet is not {expected}"),
        }
    }

    pub(super) fn depth(offset: usize) -> Self {
        let message = "arrays and objects nest deeper than 128".to_string();
        Self { offset, kind: JsonErrorKind::Depth, message }
    }

    pub(super) fn prototype(offset: usize) -> Self {
        let message = "key __proto__, which changes the prototype of an object".to_string();
        Self { offset, kind: JsonErrorKind::Prototype, message }
    }

    pub(super) fn event(offset: usize, message: &str) -> Self {
        Self { offset, kind: JsonErrorKind::Event, message: message.to_string() }
    }

    pub(super) fn unwritable(error: &serde_json::Error) -> Self {
        Self { offset: 0, kind: JsonErrorKind::Value, message: error.to_string() }
    }

    /// The error, its place counted from `start` bytes earlier.
    pub(super) fn after(self, start: usize) -> Self {
        Self { offset: start + self.offset, ..self }
    }

    /// What `serde_json` says of `text`, its line and column turned into an offset.
    pub(super) fn read(text: &str, error: &serde_json::Error) -> Self {
        let message = error.to_string();
        // `serde_json` gives the place a second time, as text, and names the depth nowhere but in the text.
        let message = message.split_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        let kind = match error.classify() {
            Category::Eof => JsonErrorKind::End,
            Category::Data => JsonErrorKind::Value,
            // JSON bounds no number: what is wrong is the type that was asked for.
            Category::Io | Category::Syntax if message == "number out of range" => JsonErrorKind::Value,
            Category::Io | Category::Syntax if message == "recursion limit exceeded" => JsonErrorKind::Depth,
            Category::Io | Category::Syntax => JsonErrorKind::Syntax,
        };
        let offset =
            if kind == JsonErrorKind::End { text.len() } else { offset(text, error.line(), error.column()) };
        Self { offset, kind, message: message.to_string() }
    }
}

/// The offset of a line and a column in bytes, both from 1.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines_before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (lines_before + column.saturating_sub(1)).min(text.len())
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} of the data", self.message, self.offset)
    }
}

impl core::error::Error for JsonError {}
