//! `{"name":..,"args":[..]}`

use alloc::borrow::Cow;
use core::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{JsonError, JsonErrorKind, args_or_empty, check, read};

/// An event whose JSON was checked; the arguments stay text until they are asked for.
///
/// ```
/// use socketio08::PacketRef;
///
/// let packet = PacketRef::decode(r#"5:::{"name":"move","args":[3,4]}"#)?;
/// let event = packet.event()?;
/// match event.name() {
///     "move" => assert_eq!(event.args::<(i32, i32)>()?, (3, 4)),
///     other => unreachable!("{other}"),
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct EventView<'a> {
    name: Cow<'a, str>,
    args: &'a str,
    /// Where the arguments start in the data.
    args_start: usize,
}

impl<'a> EventView<'a> {
    /// The name.
    ///
    /// ```
    /// # use socketio08::PacketRef;
    /// let packet = PacketRef::decode(r#"5:::{"name":"caf\u00e9"}"#)?;
    /// assert_eq!(packet.event()?.name(), "café");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of the arguments: `[]` if there are none. Peers may send something else than an array (facts 1.8).
    ///
    /// ```
    /// # use socketio08::PacketRef;
    /// assert_eq!(PacketRef::decode(r#"5:::{"name":"tick"}"#)?.event()?.args_text(), "[]");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn args_text(&self) -> &'a str {
        self.args
    }

    /// The arguments as a `T`: a tuple, a `Vec`, or a struct to be filled in order.
    ///
    /// ```
    /// # use socketio08::PacketRef;
    /// let packet = PacketRef::decode(r#"5:::{"name":"say","args":["hi",3]}"#)?;
    /// assert_eq!(packet.event()?.args::<(&str, u32)>()?, ("hi", 3));
    /// assert!(packet.event()?.args::<(u32, u32)>().is_err());
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`JsonError`] if they are not a `T`.
    pub fn args<T: Deserialize<'a>>(&self) -> Result<T, JsonError> {
        read(self.args).map_err(|error: JsonError| error.after(self.args_start))
    }

    pub(super) fn read(data: &'a str) -> Result<Self, JsonError> {
        let fields: Fields<'a> = read(data).map_err(|error: JsonError| match error.kind {
            JsonErrorKind::Value => JsonError::event(error.offset, error.message()),
            _ => error,
        })?;
        check(data)?;
        let args = fields.args.map_or("", RawValue::get);
        let args_start = (args.as_ptr() as usize).saturating_sub(data.as_ptr() as usize);
        let args_start = if args.is_empty() { data.len() } else { args_start };
        Ok(Self { name: fields.name, args: args_or_empty(args), args_start })
    }
}

/// The fields of an event, read by hand: a derived reader would take an array for them too.
struct Fields<'a> {
    name: Cow<'a, str>,
    args: Option<&'a RawValue>,
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"an event {"name":..,"args":[..]}"#)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut name: Option<Name<'de>> = None;
        let mut args: Option<&'de RawValue> = None;
        while let Some(key) = map.next_key::<Name<'de>>()? {
            match &*key.0 {
                "name" if name.is_some() => return Err(A::Error::duplicate_field("name")),
                "name" => name = Some(map.next_value()?),
                "args" if args.is_some() => return Err(A::Error::duplicate_field("args")),
                "args" => args = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let Some(Name(name)) = name else { return Err(A::Error::missing_field("name")) };
        Ok(Fields { name, args })
    }
}

/// A string that is borrowed unless it holds escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
