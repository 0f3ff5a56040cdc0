//! What holds of the codec whatever text comes in. Each function panics if it does not; the fuzz targets and the smoke
//! test in `protocol/tests/fuzz_smoke.rs` call them.

use bytes::BytesMut;
use socketio08::handshake::Handshake;
use socketio08::payload::{self, Payload, PayloadRef};
use socketio08::target::{self, Target};
use socketio08::{Limits, Packet, PacketRef, Text};

/// A packet that can be decoded encodes to its exact length and decodes to the same again; an error is inside the text.
pub fn packet(text: &str) {
    match PacketRef::decode(text) {
        Ok(packet) => {
            let mut encoded = BytesMut::new();
            packet.encode(&mut encoded);
            let again = packet.to_text();
            assert_eq!(encoded, again.as_bytes());
            assert_eq!(packet.encoded_len(), again.len());
            assert_eq!(PacketRef::decode(&again), Ok(packet));
            assert_eq!(Packet::decode(&Text::from(text)), Ok(packet.to_packet()));
            views(&packet);
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.offset), "{error}");
            assert_eq!(Packet::decode(&Text::from(text)), Err(error));
        }
    }
}

/// What the typed views accept is JSON, and where they refuse is inside the data.
fn views(packet: &PacketRef<'_>) {
    let data_len = packet.encoded_len();
    match packet.event() {
        Ok(event) => assert!(serde_json::from_str::<serde::de::IgnoredAny>(event.args_text()).is_ok()),
        Err(error) => assert!(error.offset <= data_len, "{error}"),
    }
    for error in [
        packet.json::<serde::de::IgnoredAny>().err(),
        packet.ack_args::<serde::de::IgnoredAny>().err(),
        packet.event().and_then(|event| event.args::<serde_json::Value>()).err(),
    ] {
        assert!(error.is_none_or(|error| error.offset <= data_len));
    }
}

/// A payload is read in linear time, its parts in order; what can be read is the same when written again.
pub fn payload(text: &str) {
    let limits = Limits { payload_len_max: usize::MAX, payload_packets_max: usize::MAX, ..Limits::default() };
    let mut parts = PayloadRef::new(text, &limits);
    let mut packets = Vec::new();
    for part in parts.by_ref() {
        match part {
            Ok(packet) => packets.push(packet),
            Err(error) => assert!(text.is_char_boundary(error.offset), "{error}"),
        }
    }
    assert!(parts.examined() <= 2 * text.len(), "{} of {} bytes", parts.examined(), text.len());

    let shared: Vec<Text> = Payload::new(Text::from(text), &limits).flatten().collect();
    assert_eq!(shared, packets);

    let again = payload::encode(&packets);
    assert_eq!(again.len(), payload::encoded_len(&packets));
    // One packet travels bare, where an empty one is none and a leading U+FFFD would be taken for a frame.
    if packets.len() != 1 {
        assert_eq!(PayloadRef::new(&again, &limits).collect::<Result<Vec<_>, _>>(), Ok(packets));
    }
}

/// A handshake that can be read is the same when written and read again; an error is inside the body.
pub fn handshake(body: &str) {
    match Handshake::decode(body) {
        Ok(handshake) => assert_eq!(Handshake::decode(&handshake.to_text()), Ok(handshake)),
        Err(error) => {
            assert!(error.field < 4, "{error}");
            assert!(body.is_char_boundary(error.offset), "{error}");
        }
    }
}

/// A target of a session or a handshake is the same when written and read again.
pub fn target(text: &str) {
    const RESOURCE: &str = "/socket.io";
    let read = Target::parse(RESOURCE, text);
    match read {
        Target::Session { transport: Ok(transport), session, query } => {
            assert_eq!(Target::parse(RESOURCE, &target::session(RESOURCE, transport, session, query)), read);
            assert_eq!(Target::parse_upgrade(RESOURCE, text), read);
        }
        Target::Handshake { query } => {
            assert_eq!(Target::parse(RESOURCE, &target::handshake(RESOURCE, query)), read);
        }
        Target::Outside => assert_eq!(Target::parse_upgrade(RESOURCE, text), Target::Outside),
        _ => {}
    }
}
