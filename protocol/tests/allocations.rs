//! Borrowed decoding allocates nothing, and encoding into a buffer with room neither: a counting allocator looks on.

use std::hint::black_box;

use bytes::BytesMut;
use socketio08::payload::{self, Payload, PayloadRef};
use socketio08::target::Target;
use socketio08::{Limits, Packet, PacketRef, Text};

const PACKETS: [&str; 13] = [
    "0::/chat",
    "1::/chat:?x=1",
    "2::",
    "3:12+:/chat:é😀",
    r#"4:::{"a":[1,2]}"#,
    r#"5:1+::{"name":"say","args":["hi"]}"#,
    "6::/chat:12+[1]",
    "7:::1+0",
    "8::",
    "x",
    "3:x",
    "5::",
    "7:::length",
];

fn allocations<T>(run: impl FnOnce() -> T) -> u64 {
    allocation_counter::measure(|| _ = black_box(run())).count_total
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| Box::new(1)), 1);
}

#[test]
fn decoding_a_borrowed_packet_allocates_nothing() {
    for text in PACKETS {
        assert_eq!(allocations(|| PacketRef::decode(text)), 0, "{text}");
    }
}

#[test]
fn decoding_a_packet_that_shares_its_text_allocates_nothing_more_than_the_share() {
    // A buffer made from a vector becomes shared, which allocates, when its first part is taken.
    let text = Text::from("3:12+:/chat:hello");
    let share = Packet::decode(&text);
    assert_eq!(allocations(|| Packet::decode(&text)), 0);
    drop(share);
}

#[test]
fn decoding_a_borrowed_payload_allocates_nothing() {
    let limits = Limits::default();
    let mut payloads: Vec<Text> = PACKETS.map(Text::from).to_vec();
    payloads.push(payload::encode(&PACKETS));
    payloads.push(Text::from("\u{FFFD}9\u{FFFD}2::"));
    for text in &payloads {
        let decode = || PayloadRef::new(text, &limits).flatten().count();
        assert_eq!(allocations(decode), 0, "{text}");
    }
}

#[test]
fn decoding_a_shared_payload_allocates_nothing_more_than_the_share() {
    let text = payload::encode(&PACKETS);
    let share = text.slice_ref(&text[..3]);
    let decode = || Payload::new(text.clone(), &Limits::default()).flatten().count();
    assert_eq!(allocations(decode), 0);
    drop(share);
}

#[test]
fn reading_a_target_allocates_nothing() {
    for target in ["/socket.io/1/xhr-polling/42?t=1", "/socket.io/1.0/", "/socket.io/2/", "/socket.io/x", "/"]
    {
        assert_eq!(allocations(|| Target::parse("/socket.io", target)), 0, "{target}");
    }
}

#[test]
fn encoding_into_a_buffer_with_room_allocates_nothing() {
    let packets: Vec<Packet> =
        PACKETS.iter().flat_map(|text| PacketRef::decode(text)).map(|p| p.to_packet()).collect();
    let len = packets.iter().map(Packet::encoded_len).sum::<usize>() + payload::encoded_len(&PACKETS);
    let mut out = BytesMut::with_capacity(len);
    let encode = || {
        for packet in &packets {
            packet.encode(&mut out);
        }
        payload::encode_into(&PACKETS, &mut out);
    };
    assert_eq!(allocations(encode), 0);
    assert_eq!(out.len(), len);
}
