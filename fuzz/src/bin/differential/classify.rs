//! Whether ours and theirs are the same, or in which documented way they differ.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use socketio08::payload::{self, PayloadRef};
use socketio08::{Body, BodyRef, Limits, Packet, PacketRef, Text};

use crate::common::{decode, packet, same};
use crate::generate::Case;

/// The class of a case; an error is a difference that no class covers. `theirs` is a line of the peer.
pub(crate) fn classify(case: &Case, theirs: &str) -> Result<&'static str, String> {
    // What is no JSON to us is a string with half of a surrogate pair: the peer writes everything else as JSON.
    let mut reader = serde_json::Deserializer::from_str(theirs);
    reader.disable_recursion_limit();
    let theirs = Value::deserialize(&mut reader).ok();
    match case {
        Case::DecodePacket(text) => decoded_packet(text, theirs.as_ref()),
        Case::EncodePacket(description) => encoded_packet(description, theirs.as_ref()),
        Case::DecodePayload(text) => decoded_payload(text, theirs.as_ref()),
        Case::EncodePayload(packets) => {
            let ours = payload::encode(packets);
            let is_same = theirs.is_some_and(|theirs| theirs == ours.as_str());
            if is_same { Ok("encode payload: same text") } else { Err(ours.to_string()) }
        }
    }
}

fn decoded_packet(text: &str, theirs: Option<&Value>) -> Result<&'static str, String> {
    let ours = decode(text);
    let Some(theirs) = theirs else {
        return match ours {
            Err(kind) if kind.starts_with("json-") => Ok("decode packet: half of a surrogate pair in JSON"),
            Err("type") if text.starts_with(':') => Ok("decode packet: junk before the type"),
            other => Err(format!("{other:?}, and half of a surrogate pair in theirs")),
        };
    };
    match ours {
        Ok(ours) if same(&ours, theirs) => Ok("decode packet: same packet"),
        Ok(ours) => Err(ours.to_string()),
        Err(kind) => rejected(kind, text, theirs).ok_or_else(|| format!("rejected: {kind}")),
    }
}

/// The class of a text that we reject with an error of `kind`, if what 0.8.7 makes of it fits that class.
fn rejected(kind: &str, text: &str, theirs: &Value) -> Option<&'static str> {
    let has_known_type = theirs.get("type").is_some_and(Value::is_string);
    let no_args = || theirs["args"].as_array().is_some_and(Vec::is_empty);
    let is_json = theirs["type"] == "json";
    Some(match kind {
        "type" | "id" if !has_known_type => "decode packet: no known type",
        "type" if text.starts_with(':') => "decode packet: junk before the type",
        "ack-id" if theirs.get("ackId").is_none() => "decode packet: ack without an id",
        "json-data" if theirs["data"] == false => "decode packet: json or event without data",
        "event-data" if theirs.get("name").is_none() => "decode packet: json or event without data",
        "reason" if !(theirs["reason"].is_string() && theirs["advice"].is_string()) => {
            "decode packet: property of an array as reason or advice"
        }
        "json-prototype" => "decode packet: key __proto__",
        "json-depth" => "decode packet: JSON deeper than 128",
        "json-event" if !theirs["name"].is_string() => "decode packet: event without a name that is a string",
        "json-event" if has_twice(text) => "decode packet: event with a key twice",
        "json-syntax" | "json-end" if is_json && theirs["data"] == false => "decode packet: malformed JSON",
        "json-syntax" | "json-end" if !is_json && no_args() => "decode packet: malformed JSON",
        // In a key that nothing reads, or a value that a later one replaced.
        "json-syntax" if text.to_ascii_lowercase().contains("\\ud") => {
            "decode packet: half of a surrogate pair in JSON"
        }
        _ => return None,
    })
}

/// Whether the event in `text` says its name or its arguments twice.
fn has_twice(text: &str) -> bool {
    let data = PacketRef::decode(text).ok().and_then(|packet| match packet.body {
        BodyRef::Event { data } => Some(data),
        _ => None,
    });
    // Escaped once more, a half of a surrogate pair can be read.
    let keys = data.and_then(|data| {
        let read = |data: &str| serde_json::from_str::<Keys>(data).ok();
        read(data).or_else(|| read(&data.replace("\\u", "\\\\u")))
    });
    let count = |keys: &Keys, name| keys.0.iter().filter(|key| *key == name).count();
    keys.is_some_and(|keys| ["name", "args"].iter().any(|name| count(&keys, name) > 1))
}

/// The keys of an object, those that come twice included.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = map.next_entry()? {
            keys.push(key);
        }
        Ok(Keys(keys))
    }
}

fn encoded_packet(description: &Value, theirs: Option<&Value>) -> Result<&'static str, String> {
    let ours = match packet(description) {
        // Arguments are put into an ack by this function, which keeps them on one line.
        Ok(Packet { body: Body::Ack { id: of, args }, id, endpoint }) => {
            Packet { id, ..Packet::new(endpoint, Body::ack(of, args)) }.to_text()
        }
        Ok(packet) => packet.to_text(),
        Err(_) => return Ok("encode packet: not a packet of the protocol, which ours cannot express"),
    };
    let Some(theirs) = theirs.and_then(Value::as_str) else { return Err(ours.to_string()) };
    if theirs == ours.as_str() {
        return Ok("encode packet: same text");
    }
    let escaped = theirs.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    let is_same =
        |text: &str| matches!((decode(&ours), decode(text)), (Ok(ours), Ok(theirs)) if same(&ours, &theirs));
    match ours.starts_with("6:") && escaped != theirs {
        true if is_same(&escaped) => Ok("encode packet: U+2028 in the arguments of an ack is escaped"),
        false if is_same(theirs) => {
            Ok("encode packet: same JSON, its numbers and the order of its keys as they were given")
        }
        _ => Err(ours.to_string()),
    }
}

fn decoded_payload(text: &str, theirs: Option<&Value>) -> Result<&'static str, String> {
    let limits = Limits::default();
    let ours: Vec<Text> = PayloadRef::new(text, &limits).map_while(Result::ok).map(Text::from).collect();
    let error = PayloadRef::new(text, &limits).find_map(Result::err).map(|error| error.kind.name());
    let Some(theirs) = theirs else {
        return match error {
            Some("length-cuts-pair") => Ok("decode payload: length that cuts a surrogate pair"),
            // They read on after a length that we refuse, and cut a pair later.
            Some("length" | "frame") => {
                Ok("decode payload: half of a surrogate pair after a frame that is none")
            }
            other => Err(format!("{ours:?} {other:?}, and half of a surrogate pair in theirs")),
        };
    };
    if theirs == "endless" {
        let is_refused = error.is_some();
        return if is_refused {
            Ok("decode payload: negative length")
        } else {
            Err(format!("{ours:?} {error:?}"))
        };
    }
    let theirs: Vec<&str> =
        theirs.as_array().map(Vec::as_slice).unwrap_or_default().iter().filter_map(Value::as_str).collect();
    if text.is_empty() && theirs == [""] && ours.is_empty() {
        return Ok("decode payload: empty, which is no packet");
    }
    if theirs.len() < ours.len() || ours.iter().zip(&theirs).any(|(ours, theirs)| ours != theirs) {
        return Err(format!("{ours:?} instead of {theirs:?}"));
    }
    match error {
        None if ours.len() == theirs.len() => Ok("decode payload: same packets"),
        Some("frame") => Ok("decode payload: junk after a packet"),
        Some("length") => Ok("decode payload: length that is not plain digits, or without an end"),
        Some("length-beyond-end") if theirs.len() == ours.len() + 1 => {
            Ok("decode payload: length beyond the end")
        }
        other => Err(format!("{ours:?} {other:?} instead of {theirs:?}")),
    }
}
