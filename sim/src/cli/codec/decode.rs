//! From the wire to JSON.

use serde_json::value::RawValue;
use socketio08::payload::PayloadRef;
use socketio08::{BodyRef, DecodeError, JsonError, Limits, PacketRef};

use super::json::{Failure, compact, quote, string};

/// The answer to a line that holds a packet as a JSON string.
pub(super) fn packet_line(line: &str) -> String {
    string(line).and_then(|text| packet(&text)).unwrap_or_else(|failure| failure.to_string())
}

/// The answer to a line that holds a payload as a JSON string.
pub(super) fn payload_line(line: &str) -> String {
    // The line has its own limit; within it the number of packets needs none.
    let limits = Limits::default().payload_len_max(usize::MAX).payload_packets_max(usize::MAX);
    match string(line) {
        Err(failure) => failure.to_string(),
        Ok(text) => {
            let (packets, failure) = packets(&text, &limits);
            match failure {
                None => packets,
                Some(failure) => format!(r#"{{"error":{},"packets":{packets}}}"#, failure.fields()),
            }
        }
    }
}

/// The array of the packets of a payload.
pub(super) fn payload(text: &str, limits: &Limits) -> Result<String, Failure> {
    match packets(text, limits) {
        (packets, None) => Ok(packets),
        (_, Some(failure)) => Err(failure),
    }
}

/// The array of what can be read of a payload, an error object for each bad packet, and the first error.
fn packets(text: &str, limits: &Limits) -> (String, Option<Failure>) {
    let mut array = Vec::new();
    let mut first_failure = None;
    for item in PayloadRef::new(text, limits) {
        match item {
            Ok(part) => array.push(packet_in(text, part).unwrap_or_else(|failure| {
                let object = failure.to_string();
                first_failure.get_or_insert(failure);
                object
            })),
            Err(error) => {
                let failure =
                    Failure { kind: error.kind.name(), offset: error.offset, message: error.to_string() };
                first_failure.get_or_insert(failure);
            }
        }
    }
    (format!("[{}]", array.join(",")), first_failure)
}

/// The object of a packet.
pub(super) fn packet(text: &str) -> Result<String, Failure> {
    packet_in(text, text)
}

/// The object of the packet that is the part `text` of `whole`, its errors counted from the start of `whole`.
fn packet_in(whole: &str, text: &str) -> Result<String, Failure> {
    let packet = PacketRef::decode(text).map_err(|error| {
        let error = DecodeError { offset: offset_in(whole, text) + error.offset, ..error };
        Failure { kind: error.kind.name(), offset: error.offset, message: error.to_string() }
    })?;
    let mut object = format!(r#"{{"type":"{}""#, packet.packet_type());
    if let Some((id, with_data)) = packet.id {
        put(&mut object, "id", &quote(id));
        put(&mut object, "ack", if with_data { r#""data""# } else { "true" });
    }
    put(&mut object, "endpoint", &quote(packet.endpoint));
    put_body(&mut object, whole, &packet)?;
    object.push('}');
    Ok(object)
}

fn put_body(object: &mut String, whole: &str, packet: &PacketRef<'_>) -> Result<(), Failure> {
    match packet.body {
        BodyRef::Disconnect | BodyRef::Heartbeat | BodyRef::Noop => {}
        BodyRef::Connect { query } => put(object, "qs", &quote(query)),
        BodyRef::Message { data } => put(object, "data", &quote(data)),
        BodyRef::Json { data } => {
            let json: &RawValue = packet.json().map_err(|error| not_json(&error, whole, data))?;
            put(object, "data", &compacted(json.get(), whole)?);
        }
        BodyRef::Event { data } => {
            let event = packet.event().map_err(|error| not_json(&error, whole, data))?;
            put(object, "name", &quote(event.name()));
            put(object, "args", &compacted(event.args_text(), whole)?);
        }
        BodyRef::Ack { id, args } => {
            let json: &RawValue = packet.ack_args().map_err(|error| not_json(&error, whole, args))?;
            put(object, "ackId", &quote(id));
            put(object, "args", &compacted(json.get(), whole)?);
        }
        BodyRef::Error { reason, advice } => {
            put(object, "reason", &quote(reason.map_or("", |reason| reason.name())));
            put(object, "advice", &quote(advice.map_or("", |advice| advice.name())));
        }
    }
    Ok(())
}

fn put(object: &mut String, name: &str, value: &str) {
    for piece in [",\"", name, "\":", value] {
        object.push_str(piece);
    }
}

fn compacted(json: &str, whole: &str) -> Result<String, Failure> {
    compact(json).map_err(|offset| {
        Failure::new("json-syntax", offset_in(whole, json) + offset, "half a surrogate pair")
    })
}

/// An error in `data`, its place counted from the start of `whole`.
fn not_json(error: &JsonError, whole: &str, data: &str) -> Failure {
    Failure::new(error.kind.name(), offset_in(whole, data) + error.offset, error.message())
}

/// Where `part`, a part of `whole`, starts.
fn offset_in(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize).min(whole.len())
}
