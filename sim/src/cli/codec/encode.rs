//! From JSON to the wire.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use socketio08::payload;
use socketio08::{AckId, Advice, Body, Packet, PacketType, Reason, Text, event_text_raw};

use super::json::{Failure, blanks, compact, quote, raw, syntax};

/// The fields a packet may have, those that its type does not carry included.
const FIELDS: [&str; 11] =
    ["ack", "ackId", "advice", "args", "data", "endpoint", "id", "name", "qs", "reason", "type"];

/// The answer to a line that holds the object of a packet.
pub(super) fn packet_line(line: &str) -> String {
    match raw(line).and_then(|object| packet(line, object)) {
        Ok(packet) => quote(&packet.to_text()),
        Err(failure) => failure.to_string(),
    }
}

/// The answer to a line that holds an array of packets.
pub(super) fn payload_line(line: &str) -> String {
    match packets(line) {
        Ok(packets) => quote(&payload::encode(&packets)),
        Err(failure) => failure.to_string(),
    }
}

fn packets(line: &str) -> Result<Vec<Text>, Failure> {
    let array = raw(line)?;
    if !array.get().starts_with('[') {
        return Err(Failure::new("line-not-array", blanks(line), "the line is not an array of packets"));
    }
    let items: Vec<&RawValue> = serde_json::from_str(line).map_err(|error| syntax(line, &error))?;
    items
        .into_iter()
        .map(|item| {
            let field = Field { line, name: "packet", value: item.get() };
            if item.get().starts_with('"') { field.string() } else { Ok(packet(line, item)?.to_text()) }
        })
        .collect()
}

/// One field of an object, and the line it is in.
#[derive(Clone, Copy)]
struct Field<'a> {
    line: &'a str,
    name: &'static str,
    value: &'a str,
}

impl Field<'_> {
    fn failure(&self, remedy: &str) -> Failure {
        let offset = (self.value.as_ptr() as usize).saturating_sub(self.line.as_ptr() as usize);
        Failure::new("field", offset, format_args!("{}: {remedy}", self.name))
    }

    /// What JavaScript takes for false counts as absent, as in 0.8.7.
    fn is_falsy(&self) -> bool {
        let zero = || self.value.parse::<f64>().is_ok_and(|number| number == 0.0);
        matches!(self.value, "null" | "false" | "\"\"") || zero()
    }

    fn string(&self) -> Result<Text, Failure> {
        let text: Result<String, _> = serde_json::from_str(self.value);
        text.map(Text::from).map_err(|_| self.failure("must be a string of whole characters"))
    }

    /// An id: digits, in a string or as a number.
    fn digits(&self) -> Result<Text, Failure> {
        let text = if self.value.starts_with('"') { self.string()? } else { Text::from(self.value) };
        let is_id = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_id { Ok(text) } else { Err(self.failure("must be digits")) }
    }

    fn json(&self) -> Result<String, Failure> {
        compact(self.value).map_err(|_| self.failure("holds half a surrogate pair"))
    }

    /// Arguments: an array, or what 0.8.7 takes for one because it has a length.
    fn args(&self) -> Result<String, Failure> {
        let json = self.json()?;
        let has_length = || {
            let object: BTreeMap<String, &RawValue> = serde_json::from_str(&json).ok()?;
            let length = Field { value: object.get("length")?.get(), ..*self };
            (!length.is_falsy()).then_some(())
        };
        match json.as_bytes().first() {
            Some(b'[' | b'"') => Ok(json),
            _ if has_length().is_some() => Ok(json),
            _ => Err(self.failure("must be an array")),
        }
    }
}

/// The fields of one object.
struct Fields<'a> {
    line: &'a str,
    /// Where the object starts in the line.
    start: usize,
    values: BTreeMap<String, &'a RawValue>,
}

impl<'a> Fields<'a> {
    fn read(line: &'a str, object: &'a RawValue) -> Result<Self, Failure> {
        let text = object.get();
        let start = (text.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
        if !text.starts_with('{') {
            return Err(Failure::new("line-not-object", start, "a packet is an object"));
        }
        let values: BTreeMap<String, &'a RawValue> = serde_json::from_str(text)
            .map_err(|_| Failure::new("field", start, "a key holds half a surrogate pair"))?;
        if let Some(name) = values.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            let message = format!("no field `{name}` in a packet; there are {}", FIELDS.join(", "));
            return Err(Failure::new("field", start, message));
        }
        Ok(Self { line, start, values })
    }

    /// The field, unless it is absent or false.
    fn get(&self, name: &'static str) -> Option<Field<'a>> {
        self.present(name).filter(|field| !field.is_falsy())
    }

    fn present(&self, name: &'static str) -> Option<Field<'a>> {
        let value = self.values.get(name)?;
        Some(Field { line: self.line, name, value: value.get() })
    }

    fn text(&self, name: &'static str) -> Result<Text, Failure> {
        self.get(name).map_or(Ok(Text::EMPTY), |field| field.string())
    }

    fn missing(&self, name: &str, remedy: &str) -> Failure {
        Failure::new("field", self.start, format_args!("{name}: {remedy}"))
    }
}

fn packet<'a>(line: &'a str, object: &'a RawValue) -> Result<Packet, Failure> {
    let fields = Fields::read(line, object)?;
    let types = "must be one of disconnect, connect, heartbeat, message, json, event, ack, error, noop";
    let field = fields.present("type").ok_or_else(|| fields.missing("type", types))?;
    let packet_type = PacketType::from_name(&field.string()?).ok_or_else(|| field.failure(types))?;
    let id = id(&fields)?;
    let endpoint = fields.text("endpoint")?;
    let body = body(packet_type, &fields)?;
    Ok(Packet { id, endpoint, body })
}

fn id(fields: &Fields<'_>) -> Result<Option<AckId>, Failure> {
    let ack = fields.get("ack");
    let with_data = ack.is_some_and(|ack| ack.value == r#""data""#);
    match (fields.get("id"), ack) {
        (Some(id), _) => Ok(Some(AckId { id: id.digits()?, with_data })),
        (None, Some(ack)) if with_data => Err(ack.failure("an acknowledgement with data needs an id")),
        (None, _) => Ok(None),
    }
}

fn body(packet_type: PacketType, fields: &Fields<'_>) -> Result<Body, Failure> {
    Ok(match packet_type {
        PacketType::Disconnect => Body::Disconnect,
        PacketType::Connect => Body::Connect { query: fields.text("qs")? },
        PacketType::Heartbeat => Body::Heartbeat,
        PacketType::Message => Body::Message { data: message(fields)? },
        PacketType::Json => {
            let data = fields.present("data").map(|field| field.json()).transpose()?;
            Body::Json { data: Text::from(data.unwrap_or_default()) }
        }
        PacketType::Event => {
            let name = fields.present("name").ok_or_else(|| fields.missing("name", "an event has a name"))?;
            Body::Event { data: event_text_raw(&name.string()?, &args(fields)?) }
        }
        PacketType::Ack => {
            let id = fields
                .present("ackId")
                .ok_or_else(|| fields.missing("ackId", "an ack has the id it answers"))?;
            let args = args(fields)?;
            let args = if args == "[]" { Text::EMPTY } else { Text::from(args) };
            // Not `Body::ack`: what 0.8.7 writes is asked for, and it leaves U+2028 and U+2029 as they are.
            Body::Ack { id: id.digits()?, args }
        }
        PacketType::Error => Body::Error {
            reason: word(fields.get("reason"), Reason::from_name, &Reason::ALL.map(Reason::name))?,
            advice: word(fields.get("advice"), Advice::from_name, &[Advice::Reconnect.name()])?,
        },
        PacketType::Noop => Body::Noop,
    })
}

/// The text of a message: absent, `null` and empty are the same, but 0 and `false` are not texts.
fn message(fields: &Fields<'_>) -> Result<Text, Failure> {
    match fields.present("data") {
        None => Ok(Text::EMPTY),
        Some(field) if field.value == "null" => Ok(Text::EMPTY),
        Some(field) => field.string(),
    }
}

fn args(fields: &Fields<'_>) -> Result<String, Failure> {
    fields.get("args").map_or(Ok(String::new()), |field| field.args())
}

fn word<T>(
    field: Option<Field<'_>>,
    from_name: impl Fn(&str) -> Option<T>,
    names: &[&str],
) -> Result<Option<T>, Failure> {
    let Some(field) = field else { return Ok(None) };
    let remedy = || field.failure(&format!("must be empty or one of: {}", names.join(", ")));
    from_name(&field.string()?).map(Some).ok_or_else(remedy)
}
