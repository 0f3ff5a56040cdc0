//! Every recorded row of the genuine parsers is here: it gives the same result, or belongs to a named class of
//! deliberate differences. `cargo test -p socketio08 --test vectors -- --nocapture` prints how many rows each has.
#![cfg(feature = "json")]

mod common;

use std::collections::BTreeMap;

use common::{decode, packet, rows, same, text};
use serde_json::Value;
use socketio08::payload::{self, PayloadRef};
use socketio08::{Limits, Text};

const PACKETS: &str = include_str!("data/packet-vectors.json");
const PAYLOADS: &str = include_str!("data/payload-vectors.json");

/// Sorts each row of a list into one of `classes`; fails if a row fits none or a class stays empty.
fn classify(
    file: &str,
    list: &str,
    classes: &[&str],
    class_of: impl Fn(&Value) -> Result<&'static str, String>,
) {
    let mut counts: BTreeMap<&str, usize> = classes.iter().map(|class| (*class, 0)).collect();
    let mut strays = Vec::new();
    let rows = rows(file, list);
    for row in &rows {
        match class_of(row) {
            Ok(class) if classes.contains(&class) => *counts.entry(class).or_default() += 1,
            Ok(class) => strays.push(format!("{class}: {row}")),
            Err(ours) => strays.push(format!("{ours}\n    for {row}")),
        }
    }
    println!("{list}: {} rows", rows.len());
    for (class, count) in &counts {
        println!("{count:6}  {class}");
    }
    assert!(strays.is_empty(), "{} rows of {list} are in no class:\n{}", strays.len(), strays.join("\n"));
    let empty: Vec<_> = counts.iter().filter(|(_, count)| **count == 0).collect();
    assert!(empty.is_empty(), "empty classes: {empty:?}");
    assert_eq!(counts.values().sum::<usize>(), rows.len());
}

#[test]
fn packets_are_decoded_as_recorded() {
    let classes = [
        "same packet",
        "ack without an id",
        "event without a name, or with two",
        "json or event without data",
        "junk before the type",
        "key __proto__",
        "lone surrogate",
        "malformed JSON",
        "no known type",
        "not a string",
        "property of an array as reason or advice",
    ];
    classify(PACKETS, "decodePacket", &classes, |row| {
        let text = match text(&row["input"]) {
            Ok(text) => text,
            Err(class) => return Ok(class),
        };
        let theirs = &row["output"];
        match decode(text) {
            Ok(ours) if same(&ours, theirs) => Ok("same packet"),
            Ok(ours) => Err(ours.to_string()),
            Err(kind) => rejected_as(kind, text, row).ok_or_else(|| kind.to_string()),
        }
    });
}

/// Whether a recorded packet is of one of the nine types.
fn has_known_type(packet: &Value) -> bool {
    packet.get("type").is_some_and(Value::is_string)
}

/// The class of a row that we reject with an error of `kind`, if what 0.8.7 makes of it fits that class.
fn rejected_as(kind: &str, text: &str, row: &Value) -> Option<&'static str> {
    let theirs = &row["output"];
    let empty_args = || theirs["args"].as_array().is_some_and(Vec::is_empty);
    let class = match kind {
        "type" | "id" if !has_known_type(theirs) => "no known type",
        "type" if text.starts_with(':') => "junk before the type",
        "ack-id" if theirs.get("ackId").is_none() => "ack without an id",
        "json-data" if theirs["data"] == false => "json or event without data",
        "event-data" if theirs.get("name").is_none() => "json or event without data",
        "reason" if !theirs["reason"].is_string() => "property of an array as reason or advice",
        "json-prototype" => "key __proto__",
        "json-event" if !theirs["name"].is_string() || text.matches("\"name\"").count() > 1 => {
            "event without a name, or with two"
        }
        "json-syntax" if row.get("lone_surrogate").is_some() => "lone surrogate",
        "json-syntax" | "json-end" if theirs["type"] == "json" && theirs["data"] == false => "malformed JSON",
        "json-syntax" | "json-end" if theirs["type"] != "json" && empty_args() => "malformed JSON",
        _ => return None,
    };
    Some(class)
}

#[test]
fn packets_are_encoded_as_recorded() {
    let classes = [
        "same text",
        "same JSON, a number written as it was given (1e-07)",
        "endpoint that is not a string",
        "event arguments that are not an array",
        "event without a name",
        "id that is not digits",
        "lone surrogate",
        "message that is not a string",
        "not an object",
        "plus without an id",
        "query that is not a string",
        "unknown reason or advice",
        "unknown type",
        "value that JSON does not have",
    ];
    classify(PACKETS, "encodePacket", &classes, |row| {
        let packet = match packet(&row["input"]) {
            Ok(packet) => packet,
            Err(class) => return Ok(class),
        };
        let text = packet.to_text();
        assert_eq!(packet.encoded_len(), text.len());
        if row["output"] == text.as_str() {
            return Ok("same text");
        }
        let json = (decode(&text), row["output"].as_str().map(decode));
        match json {
            (Ok(ours), Some(Ok(theirs))) if same(&ours, &theirs) && theirs["data"].is_number() => {
                Ok("same JSON, a number written as it was given (1e-07)")
            }
            _ => Err(text.to_string()),
        }
    });
}

#[test]
fn payloads_are_decoded_as_recorded() {
    let classes = [
        "same packets",
        "same packets, those of no known type rejected",
        "empty payload: no packet, where 0.8.7 makes one of no type",
        "frame: junk after a packet (0.8.7 ignores it or reads it as a length)",
        "length that is not plain digits",
        "length beyond the end",
        "length that cuts a surrogate pair",
        "not a string",
    ];
    classify(PAYLOADS, "decodePayload", &classes, |row| {
        let text = match text(&row["input"]) {
            Ok(text) => text,
            Err(class) => return Ok(class),
        };
        if text.is_empty() {
            return Ok("empty payload: no packet, where 0.8.7 makes one of no type");
        }
        let theirs = row["output"].as_array().map(Vec::as_slice).unwrap_or_default();
        let read: Result<Vec<&str>, _> = PayloadRef::new(text, &Limits::default()).collect();
        let good: Vec<&str> = PayloadRef::new(text, &Limits::default()).filter_map(Result::ok).collect();
        let ours: Vec<_> = good.into_iter().map(decode).collect();
        // What comes before an error is what 0.8.7 makes of it.
        let mut differing = ours.iter().zip(theirs).filter(|(ours, theirs)| match ours {
            Ok(ours) => !same(ours, theirs),
            Err(_) => has_known_type(theirs),
        });
        if let Some((ours, theirs)) = differing.next() {
            return Err(format!("{ours:?} instead of {theirs}"));
        }
        match read.map_err(|error| error.kind.name()) {
            Ok(_) if ours.len() != theirs.len() => Err(format!("{ours:?}")),
            Ok(_) if ours.iter().all(Result::is_ok) => Ok("same packets"),
            Ok(_) => Ok("same packets, those of no known type rejected"),
            Err("frame") => Ok("frame: junk after a packet (0.8.7 ignores it or reads it as a length)"),
            Err("length") => Ok("length that is not plain digits"),
            Err("length-beyond-end") => Ok("length beyond the end"),
            Err("length-cuts-pair") => Ok("length that cuts a surrogate pair"),
            Err(kind) => Err(kind.to_string()),
        }
    });
}

#[test]
fn payloads_are_encoded_as_recorded() {
    let classes = ["same text", "not a list", "packet that is not a string"];
    classify(PAYLOADS, "encodePayload", &classes, |row| {
        let Some(packets) = row["input"].as_array() else { return Ok("not a list") };
        if !packets.iter().all(Value::is_string) {
            return Ok("packet that is not a string");
        }
        let packets: Vec<Text> = packets.iter().filter_map(Value::as_str).map(Text::from).collect();
        let text = payload::encode(&packets);
        assert_eq!(payload::encoded_len(&packets), text.len());
        if row["output"] == text.as_str() { Ok("same text") } else { Err(text.to_string()) }
    });
}
