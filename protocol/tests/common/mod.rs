//! What the vectors show of a packet, made from ours, and the other way round.

use serde_json::{Map, Value};
use socketio08::{
    AckId, Advice, Body, BodyRef, JsonError, Packet, PacketRef, PacketType, Reason, Text, event_text_raw,
    json_text,
};

/// The rows of one list of a vector file.
pub(crate) fn rows(file: &str, list: &str) -> Vec<Value> {
    let mut vectors: Value = serde_json::from_str(file).unwrap_or_default();
    match vectors[list].take() {
        Value::Array(rows) => rows,
        _ => Vec::new(),
    }
}

/// The text of a row's input, or the class of the inputs that are none.
pub(crate) fn text(input: &Value) -> Result<&str, &'static str> {
    match input {
        Value::String(text) => Ok(text),
        tagged if tagged.get("$utf16").is_some() => Err("lone surrogate"),
        _ => Err("not a string"),
    }
}

/// The packet of `text`, shaped as in the vectors; or the kind of the error.
pub(crate) fn decode(text: &str) -> Result<Value, &'static str> {
    let packet = PacketRef::decode(text).map_err(|error| error.kind.name())?;
    fields(&packet).map(Value::Object).map_err(|error| error.kind.name())
}

fn fields(packet: &PacketRef<'_>) -> Result<Map<String, Value>, JsonError> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.into(), value));
    put("type", packet.packet_type().name().into());
    put("endpoint", packet.endpoint.into());
    if let Some((id, with_data)) = packet.id {
        put("id", id.into());
        put("ack", if with_data { "data".into() } else { true.into() });
    }
    match packet.body {
        BodyRef::Disconnect | BodyRef::Heartbeat | BodyRef::Noop => {}
        BodyRef::Connect { query } => put("qs", query.into()),
        BodyRef::Message { data } => put("data", data.into()),
        BodyRef::Json { .. } => put("data", packet.json()?),
        BodyRef::Event { .. } => {
            let event = packet.event()?;
            put("name", event.name().into());
            put("args", event.args()?);
        }
        BodyRef::Ack { id, .. } => {
            put("ackId", id.into());
            put("args", packet.ack_args()?);
        }
        BodyRef::Error { reason, advice } => {
            put("reason", reason.map_or("", |reason| reason.name()).into());
            put("advice", advice.map_or("", |advice| advice.name()).into());
        }
    }
    Ok(fields)
}

/// Whether two values are the same to JavaScript: numbers by their double, objects in any order.
pub(crate) fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => double(ours) == double(theirs),
        (Value::Number(ours), tagged) => {
            let theirs = tagged.get("$number").and_then(|number| number.as_str()?.parse().ok());
            theirs.is_some() && double(ours) == theirs
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            let same_field = |(key, ours)| theirs.get(key).is_some_and(|theirs| same(ours, theirs));
            ours.len() == theirs.len() && ours.iter().all(same_field)
        }
        (ours, theirs) => ours == theirs,
    }
}

fn double(number: &serde_json::Number) -> Option<f64> {
    number.to_string().parse().ok()
}

/// The packet that a row's input describes, or the class of the inputs that ours cannot express.
pub(crate) fn packet(input: &Value) -> Result<Packet, &'static str> {
    if holds_tag(input, "$utf16") {
        return Err("lone surrogate");
    }
    let fields =
        input.as_object().filter(|fields| !fields.contains_key("$undefined")).ok_or("not an object")?;
    let name = fields.get("type").and_then(Value::as_str).unwrap_or_default();
    let packet_type = PacketType::from_name(name).ok_or("unknown type")?;
    let body = body(packet_type, fields)?;
    let id = id(fields)?;
    let endpoint = optional_text(fields.get("endpoint")).ok_or("endpoint that is not a string")?;
    Ok(Packet { id, endpoint, body })
}

fn id(fields: &Map<String, Value>) -> Result<Option<AckId>, &'static str> {
    let with_data = fields.get("ack").is_some_and(|ack| ack == "data");
    let id = fields.get("id");
    if id.is_none_or(is_falsy) {
        return if with_data { Err("plus without an id") } else { Ok(None) };
    }
    Ok(Some(AckId { id: digits(id)?, with_data }))
}

fn digits(id: Option<&Value>) -> Result<Text, &'static str> {
    let text = match id {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let is_id = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_id { Ok(Text::from(text)) } else { Err("id that is not digits") }
}

fn body(packet_type: PacketType, fields: &Map<String, Value>) -> Result<Body, &'static str> {
    let field = |name| fields.get(name);
    Ok(match packet_type {
        PacketType::Disconnect => Body::Disconnect,
        PacketType::Connect => {
            Body::Connect { query: optional_text(field("qs")).ok_or("query that is not a string")? }
        }
        PacketType::Heartbeat => Body::Heartbeat,
        PacketType::Message => {
            let zero = field("data").is_some_and(|data| data.is_number() || data.is_boolean());
            let data =
                optional_text(field("data")).filter(|_| !zero).ok_or("message that is not a string")?;
            Body::Message { data }
        }
        PacketType::Json => Body::Json { data: json(field("data"))? },
        PacketType::Event => {
            let name = field("name").and_then(Value::as_str).ok_or("event without a name")?;
            let none = Value::Array(Vec::new());
            let args = field("args").unwrap_or(&none);
            let args = if is_falsy(args) { &none } else { args };
            args.as_array().ok_or("event arguments that are not an array")?;
            Body::Event { data: event_text_raw(name, &json(Some(args))?) }
        }
        PacketType::Ack => {
            let args = field("args")
                .filter(|args| !is_falsy(args) && args.as_array().is_none_or(|args| !args.is_empty()));
            Body::Ack { id: digits(field("ackId"))?, args: json(args)? }
        }
        PacketType::Error => Body::Error {
            reason: known(field("reason"), Reason::from_name)?,
            advice: known(field("advice"), Advice::from_name)?,
        },
        PacketType::Noop => Body::Noop,
    })
}

fn known<T>(word: Option<&Value>, from_name: impl Fn(&str) -> Option<T>) -> Result<Option<T>, &'static str> {
    match word.filter(|word| !is_falsy(word)) {
        None => Ok(None),
        Some(word) => word.as_str().and_then(from_name).map(Some).ok_or("unknown reason or advice"),
    }
}

/// JSON text of a value; nothing for one that is absent.
fn json(value: Option<&Value>) -> Result<Text, &'static str> {
    match value {
        Some(value) if value.get("$undefined").is_none() => {
            if ["$date", "$entries", "$function", "$number", "$undefined"]
                .iter()
                .any(|tag| holds_tag(value, tag))
            {
                return Err("value that JSON does not have");
            }
            Ok(json_text(value).unwrap_or_default())
        }
        _ => Ok(Text::EMPTY),
    }
}

fn holds_tag(value: &Value, tag: &str) -> bool {
    match value {
        Value::Array(values) => values.iter().any(|value| holds_tag(value, tag)),
        Value::Object(fields) => {
            fields.contains_key(tag) || fields.values().any(|value| holds_tag(value, tag))
        }
        _ => false,
    }
}

/// The text of a field; empty for what JavaScript takes for false.
fn optional_text(value: Option<&Value>) -> Option<Text> {
    match value {
        None => Some(Text::EMPTY),
        Some(value) if is_falsy(value) => Some(Text::EMPTY),
        Some(value) => value.as_str().map(Text::from),
    }
}

fn is_falsy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => double(number) == Some(0.0),
        Value::Object(tagged) => tagged.contains_key("$undefined"),
        Value::Bool(true) | Value::Array(_) => false,
    }
}
