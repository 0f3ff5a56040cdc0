//! The packet codec, rule by rule; the recorded vectors are in `vectors.rs`.

use bytes::BytesMut;
use socketio08::{
    AckId, Advice, Body, BodyRef, DecodeErrorKind, Packet, PacketRef, PacketType, Reason, Text,
};

fn decode(text: &str) -> PacketRef<'_> {
    PacketRef::decode(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn each_type_survives_the_way_there_and_back() {
    let texts = [
        "0::",
        "0::/chat",
        "1::",
        "1::/chat:?x=1",
        "2::",
        "3:::a:b\nc",
        "3:7:/chat:hi",
        "3:007+:/chat:hi",
        "3::",
        "4:::null",
        r#"5:1+::{"name":"say","args":["hi"]}"#,
        "6:::12",
        r"6::/chat:12+[1]",
        "7::",
        "7:::1",
        "7:::1+0",
        "7:::+0",
        "8::",
    ];
    for text in texts {
        let text = Text::from(text);
        let packet = Packet::decode(&text).unwrap();
        let mut out = BytesMut::new();
        packet.encode(&mut out);
        assert_eq!(out, text.as_str());
        assert_eq!(packet.to_text(), text);
        assert_eq!(packet.encoded_len(), text.len());
        assert_eq!(PacketRef::decode(&text).unwrap(), packet.as_ref());
        assert_eq!(packet.as_ref().to_packet(), packet);
    }
}

#[test]
fn an_id_is_kept_verbatim() {
    assert_eq!(decode("3:007:/n:x").id, Some(("007", false)));
    assert_eq!(
        decode("3:123456789012345678901234567890+::x").id,
        Some(("123456789012345678901234567890", true))
    );
}

#[test]
fn a_plus_without_digits_means_nothing() {
    assert_eq!(decode("3:+::x").id, None);
}

#[test]
fn an_endpoint_is_everything_up_to_the_next_colon() {
    assert_eq!(decode("1::/a?b=c:d").endpoint, "/a?b=c");
    assert_eq!(decode("1::/a?b=c:d").body, BodyRef::Connect { query: "d" });
    assert_eq!(decode("3:: /\né:x").endpoint, " /\né");
}

#[test]
fn the_arguments_of_an_ack_end_with_the_line() {
    for end in ["\n", "\r", "\u{2028}", "\u{2029}"] {
        let text = format!("6:::12+[1]{end}[2]");
        assert_eq!(decode(&text).body, BodyRef::Ack { id: "12", args: "[1]" });
    }
}

#[test]
fn the_plus_of_an_ack_may_be_missing() {
    assert_eq!(decode("6:::12[1]").body, BodyRef::Ack { id: "12", args: "[1]" });
}

#[test]
fn unknown_reasons_and_advice_are_none() {
    let error = |reason, advice| BodyRef::Error { reason, advice };
    assert_eq!(decode("7:::undefined").body, error(None, None));
    assert_eq!(decode("7:::01+00").body, error(None, None));
    assert_eq!(decode("7:::2+0+x").body, error(Some(Reason::Unauthorized), Some(Advice::Reconnect)));
}

#[test]
fn an_error_names_the_place() {
    let error = |text| PacketRef::decode(text).map_err(|error| (error.kind, error.offset));
    let cases = [
        ("", DecodeErrorKind::Type, 0),
        ("9::", DecodeErrorKind::Type, 0),
        (" 3::", DecodeErrorKind::Type, 0),
        ("::5:::{}", DecodeErrorKind::Type, 0),
        ("33::", DecodeErrorKind::Type, 1),
        ("3", DecodeErrorKind::Type, 1),
        ("3:", DecodeErrorKind::Id, 2),
        ("3:1", DecodeErrorKind::Id, 3),
        ("3:1++::", DecodeErrorKind::Id, 4),
        ("3:é::", DecodeErrorKind::Id, 2),
        ("4::/chat", DecodeErrorKind::JsonData, 8),
        ("4::/chat:", DecodeErrorKind::JsonData, 9),
        ("5:1+:/chat", DecodeErrorKind::EventData, 10),
        ("6::/chat", DecodeErrorKind::AckId, 8),
        ("6:::+[1]", DecodeErrorKind::AckId, 4),
        ("7:::length", DecodeErrorKind::Reason, 4),
        ("7:::1+push", DecodeErrorKind::Reason, 6),
    ];
    for (text, kind, offset) in cases {
        assert_eq!(error(text), Err((kind, offset)), "{text:?}");
    }
}

#[test]
fn an_error_tells_a_person_what_to_write() {
    let error = PacketRef::decode("5:1+:/chat").unwrap_err();
    let expected =
        r#"event without data at byte 10: an event is 5:[id[+]]:[endpoint]:{"name":..,"args":[..]}"#;
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_packet_shares_the_memory_of_its_text() {
    let text = Text::from("3:12+:/chat:hello");
    let packet = Packet::decode(&text).unwrap();
    let Body::Message { data } = &packet.body else { panic!("not a message") };
    assert_eq!(data.as_ptr(), text[12..].as_ptr());
    assert_eq!(packet.id, Some(AckId { id: Text::from("12"), with_data: true }));
    assert_eq!(packet.packet_type(), PacketType::Message);
}

#[test]
fn encoding_appends() {
    let mut out = BytesMut::from("before");
    Packet::new(Text::EMPTY, Body::Heartbeat).encode(&mut out);
    assert_eq!(out, "before2::");
}

#[test]
fn the_arguments_of_an_ack_are_written_on_one_line() {
    let ack =
        Packet::new(Text::EMPTY, Body::ack(Text::from("1"), Text::from("[\n\"a\u{2028}\u{2029}\",\r1]")));
    assert_eq!(ack.to_text(), r#"6:::1+[ "a\u2028\u2029", 1]"#);
}
