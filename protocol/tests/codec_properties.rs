//! Properties of the codec, for packets and payloads drawn by proptest.

use bytes::BytesMut;
use proptest::prelude::*;
use socketio08::payload::{self, Payload, PayloadErrorKind, PayloadRef};
use socketio08::{AckId, Advice, Body, Limits, Packet, PacketRef, PacketType, Reason, Text};

/// Texts in which every width of character and every separator of the grammar occurs.
fn text() -> impl Strategy<Value = Text> {
    "[:+,0-9a-zA-Z \u{e9}\u{FFFD}\u{1F600}\n\\[\\]{}\"]{0,24}".prop_map(Text::from)
}

fn digits() -> impl Strategy<Value = Text> {
    "[0-9]{1,24}".prop_map(Text::from)
}

fn json() -> impl Strategy<Value = Text> {
    prop::sample::select(vec!["1", "{}", "[]", "null", "\"\u{1F600}\"", "[1,\"a:b\",{\"c\":[]}]", " [ ] "])
        .prop_map(Text::from)
}

fn body_of(packet_type: PacketType) -> BoxedStrategy<Body> {
    let reason = prop::option::of(prop::sample::select(Reason::ALL.to_vec()));
    let advice = prop::option::of(Just(Advice::Reconnect));
    let args = prop_oneof![Just(Text::EMPTY), json()];
    match packet_type {
        PacketType::Disconnect => Just(Body::Disconnect).boxed(),
        PacketType::Connect => text().prop_map(|query| Body::Connect { query }).boxed(),
        PacketType::Heartbeat => Just(Body::Heartbeat).boxed(),
        PacketType::Message => text().prop_map(|data| Body::Message { data }).boxed(),
        PacketType::Json => json().prop_map(|data| Body::Json { data }).boxed(),
        PacketType::Event => json().prop_map(|data| Body::Event { data }).boxed(),
        PacketType::Ack => (digits(), args).prop_map(|(id, args)| Body::Ack { id, args }).boxed(),
        PacketType::Error => {
            (reason, advice).prop_map(|(reason, advice)| Body::Error { reason, advice }).boxed()
        }
        PacketType::Noop => Just(Body::Noop).boxed(),
    }
}

fn packet_of(packet_type: PacketType) -> impl Strategy<Value = Packet> {
    let id = prop::option::of((digits(), any::<bool>()).prop_map(|(id, with_data)| AckId { id, with_data }));
    let endpoint = prop_oneof![Just(Text::EMPTY), "/[a-z?=\u{e9} ]{0,8}".prop_map(Text::from)];
    (id, endpoint, body_of(packet_type))
        .prop_map(|(id, endpoint, body)| Packet { id, ..Packet::new(endpoint, body) })
}

fn packet() -> impl Strategy<Value = Packet> {
    prop::sample::select(PacketType::ALL.to_vec()).prop_flat_map(packet_of)
}

fn comes_back(packet: &Packet) {
    let text = packet.to_text();
    assert_eq!(Packet::decode(&text).as_ref(), Ok(packet), "{text:?}");
    assert_eq!(PacketRef::decode(&text).map(|packet| packet.to_packet()).as_ref(), Ok(packet));
    let mut out = BytesMut::from("before");
    packet.encode(&mut out);
    assert_eq!(out, ["before", text.as_str()].concat());
    assert_eq!(packet.encoded_len(), text.len());
}

fn decode(text: &str) -> (Vec<&str>, Option<PayloadErrorKind>) {
    let mut packets = Vec::new();
    for packet in PayloadRef::new(text, &Limits::default()) {
        match packet {
            Ok(packet) => packets.push(packet),
            Err(error) => return (packets, Some(error.kind)),
        }
    }
    (packets, None)
}

#[test]
fn a_packet_of_each_type_comes_back_as_it_was_sent() {
    for packet_type in PacketType::ALL {
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        let held = runner.run(&packet_of(packet_type), |packet| {
            comes_back(&packet);
            Ok(())
        });
        assert_eq!(held, Ok(()), "{packet_type:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn any_text_that_is_a_packet_is_the_same_packet_when_written_again(text in "[0-9]:[0-9]{0,3}\\+?:[/a]{0,3}:?(?s:.{0,16})") {
        if let Ok(packet) = Packet::decode(&Text::from(text)) {
            comes_back(&packet);
        }
    }

    #[test]
    fn packets_come_back_from_a_payload_in_their_order(packets in prop::collection::vec(packet(), 0..12)) {
        let texts: Vec<Text> = packets.iter().map(Packet::to_text).collect();
        let payload = payload::encode(&texts);
        prop_assert_eq!(payload.len(), payload::encoded_len(&texts));
        let back: Result<Vec<Text>, _> = Payload::new(payload, &Limits::default()).collect();
        let back: Result<Vec<Packet>, _> = back.unwrap_or_default().iter().map(Packet::decode).collect();
        prop_assert_eq!(back, Ok(packets));
    }

    #[test]
    fn a_payload_cut_anywhere_gives_the_packets_before_the_cut_and_then_an_error(
        packets in prop::collection::vec(packet(), 2..8)
    ) {
        let texts: Vec<Text> = packets.iter().map(Packet::to_text).collect();
        let payload = payload::encode(&texts);
        // The end of each frame; a payload of one packet would be the packet itself.
        let mut ends = vec![0];
        for (count, text) in texts.iter().enumerate() {
            let units = text.encode_utf16().count();
            ends.push(ends[count] + format!("\u{FFFD}{units}\u{FFFD}{text}").len());
        }
        prop_assert_eq!(ends.last(), Some(&payload.len()));
        for cut in (0..=payload.len()).filter(|cut| payload.is_char_boundary(*cut)) {
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            let (read, error) = decode(&payload[..cut]);
            let before: Vec<&str> = texts[..whole].iter().map(Text::as_str).collect();
            prop_assert_eq!(read, before, "cut at {}", cut);
            prop_assert_eq!(error.is_none(), ends.contains(&cut), "cut at {}: {:?}", cut, error);
        }
    }
}
