//! Typed views of JSON data, strict about names.
//!
//! ```
//! use socketio08::{PacketRef, event_text};
//!
//! let packet = PacketRef::decode(r#"5:1+:/chat:{"name":"say","args":["hi",3]}"#)?;
//! let event = packet.event()?;
//! assert_eq!(event.name(), "say");
//! assert_eq!(event.args::<(&str, u32)>()?, ("hi", 3));
//!
//! assert_eq!(event_text("say", &("hi", 3))?, r#"{"name":"say","args":["hi",3]}"#);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod error;
mod event;

pub use error::{JsonError, JsonErrorKind};
pub use event::EventView;

use alloc::string::String;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::{BodyRef, Packet, PacketRef, Text, event_text_raw};

/// How deep arrays and objects may nest: what `serde_json` stops at, and far beyond what messages need.
pub const JSON_DEPTH_MAX: usize = 128;

impl<'a> PacketRef<'a> {
    /// The event (type 5), its JSON checked.
    ///
    /// ```
    /// # use socketio08::PacketRef;
    /// assert_eq!(PacketRef::decode(r#"5:::{"name":"tick"}"#)?.event()?.name(), "tick");
    /// assert!(PacketRef::decode("3:::tick")?.event().is_err(), "a message is no event");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`JsonError`] if the packet is no event, its data is not JSON, or it has no name.
    pub fn event(&self) -> Result<EventView<'a>, JsonError> {
        match self.body {
            BodyRef::Event { data } => EventView::read(data),
            _ => Err(JsonError::packet_type("an event")),
        }
    }

    /// The data of a JSON packet (type 4) as a `T`.
    ///
    /// ```
    /// # use socketio08::PacketRef;
    /// assert_eq!(PacketRef::decode(r#"4:::["a","b"]"#)?.json::<[&str; 2]>()?, ["a", "b"], "borrowed");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`JsonError`] if the packet is of another type, its data is not JSON, or not a `T`.
    pub fn json<T: Deserialize<'a>>(&self) -> Result<T, JsonError> {
        match self.body {
            BodyRef::Json { data } => {
                let value = read(data)?;
                check(data)?;
                Ok(value)
            }
            _ => Err(JsonError::packet_type("a json packet")),
        }
    }

    /// The arguments of an acknowledgement (type 6) as a `T`: `[]` if there are none.
    ///
    /// ```
    /// # use socketio08::PacketRef;
    /// assert_eq!(PacketRef::decode("6:::1+[true,2]")?.ack_args::<(bool, u8)>()?, (true, 2));
    /// assert!(PacketRef::decode("6:::1")?.ack_args::<Vec<u8>>()?.is_empty(), "an answer without data");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`JsonError`] if the packet is of another type, its data is not JSON, or not a `T`.
    pub fn ack_args<T: Deserialize<'a>>(&self) -> Result<T, JsonError> {
        match self.body {
            BodyRef::Ack { args: "", .. } => read("[]"),
            BodyRef::Ack { args, .. } => {
                read::<IgnoredAny>(args)?;
                check(args)?;
                read(args_or_empty(args))
            }
            _ => Err(JsonError::packet_type("an ack")),
        }
    }
}

impl Packet {
    /// The event (type 5), its JSON checked.
    ///
    /// ```
    /// # use socketio08::{Packet, Text};
    /// let packet = Packet::decode(&Text::from_static(r#"5:::{"name":"say","args":["hi"]}"#))?;
    /// assert_eq!(packet.event()?.args::<[String; 1]>()?, ["hi"]);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`JsonError`] if the packet is no event, its data is not JSON, or it has no name.
    pub fn event(&self) -> Result<EventView<'_>, JsonError> {
        self.as_ref().event()
    }

    /// The data of a JSON packet (type 4) as a `T`.
    ///
    /// ```
    /// # use socketio08::{Packet, Text};
    /// let packet = Packet::decode(&Text::from_static("4:::[1,2,3]"))?;
    /// assert_eq!(packet.json::<Vec<u32>>()?, [1, 2, 3]);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`JsonError`] if the packet is of another type, its data is not JSON, or not a `T`.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        self.as_ref().json()
    }

    /// The arguments of an acknowledgement (type 6) as a `T`: `[]` if there are none.
    ///
    /// ```
    /// # use socketio08::{Packet, Text};
    /// let packet = Packet::decode(&Text::from_static(r#"6:::7+["saved"]"#))?;
    /// assert_eq!(packet.ack_args::<(String,)>()?.0, "saved");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`JsonError`] if the packet is of another type, its data is not JSON, or not a `T`.
    pub fn ack_args<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        self.as_ref().ack_args()
    }
}

/// The data of an event: `{"name":name,"args":args}`. `args` serializes to an array: a tuple, a slice.
///
/// ```
/// # use socketio08::event_text;
/// assert_eq!(event_text("say", &("hi", 3))?, r#"{"name":"say","args":["hi",3]}"#);
/// # Ok::<(), socketio08::JsonError>(())
/// ```
///
/// # Errors
/// [`JsonError`] if `args` cannot be written as JSON.
pub fn event_text<T: Serialize + ?Sized>(name: &str, args: &T) -> Result<Text, JsonError> {
    Ok(event_text_raw(name, &json_text(args)?))
}

/// `value` as JSON text: the data of a JSON packet, or the arguments of an acknowledgement.
///
/// ```
/// # use socketio08::json_text;
/// assert_eq!(json_text(&[Some(1), None])?, "[1,null]");
/// # Ok::<(), socketio08::JsonError>(())
/// ```
///
/// # Errors
/// [`JsonError`] if `value` cannot be written as JSON.
pub fn json_text<T: Serialize + ?Sized>(value: &T) -> Result<Text, JsonError> {
    serde_json::to_string(value).map(Text::from).map_err(|error| JsonError::unwritable(&error))
}

/// Reads all of `text` as a `T`.
fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, JsonError> {
    serde_json::from_str(text).map_err(|error| JsonError::read(text, &error))
}

/// Checks that `text`, which is JSON, holds whole characters, does not nest too deep, and has no key `__proto__`.
fn check(text: &str) -> Result<(), JsonError> {
    let mut depth = 0usize;
    let mut offset = 0;
    while let Some(byte) = text.as_bytes().get(offset) {
        match byte {
            b'"' => offset = check_string(text, offset)?,
            b'[' | b'{' if depth == JSON_DEPTH_MAX => return Err(JsonError::depth(offset)),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        offset += 1;
    }
    Ok(())
}

/// Checks the string that starts at `start` and tells where its closing quote is. Refused are half a surrogate pair, and a
/// key that changes the prototype of an object: the genuine programs would see another object than we do.
fn check_string(text: &str, start: usize) -> Result<usize, JsonError> {
    let body = &text[start + 1..];
    let quote = body.find('"').unwrap_or(body.len());
    let has_escapes = body[..quote].contains('\\');
    let end = start + 1 + if has_escapes { escaped_len(body) } else { quote };
    let is_prototype = if has_escapes {
        let string: String = read(&text[start..=end]).map_err(|error| error.after(start))?;
        string == PROTOTYPE
    } else {
        &body[..quote] == PROTOTYPE
    };
    if is_prototype && text[end + 1..].trim_start_matches(BLANKS).starts_with(':') {
        return Err(JsonError::prototype(start));
    }
    Ok(end)
}

/// The length of a string with escapes, up to its closing quote.
fn escaped_len(body: &str) -> usize {
    let mut escaped = false;
    for (offset, byte) in body.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return offset,
            _ => {}
        }
    }
    body.len()
}

/// The key that sets the prototype of an object in JavaScript.
const PROTOTYPE: &str = "__proto__";

/// What JSON allows between its tokens.
const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Well-formed arguments that JavaScript takes for false count as none (facts 1.8, 1.9).
fn args_or_empty(args: &str) -> &str {
    let args = args.trim_matches(BLANKS);
    let zero = || args.parse::<f64>().is_ok_and(|number| number == 0.0);
    if matches!(args, "" | "null" | "false" | "\"\"") || zero() { "[]" } else { args }
}
