//! The payload codec, rule by rule; the recorded vectors are in `vectors.rs`.

use bytes::BytesMut;
use socketio08::payload::{self, Payload, PayloadErrorKind, PayloadRef};
use socketio08::{Limits, Text};

/// The packets before the first error, and the error.
fn decode(text: &str) -> (Vec<&str>, Option<(PayloadErrorKind, usize)>) {
    decode_within(text, &Limits::default())
}

fn decode_within<'a>(text: &'a str, limits: &Limits) -> (Vec<&'a str>, Option<(PayloadErrorKind, usize)>) {
    let mut packets = Vec::new();
    for packet in PayloadRef::new(text, limits) {
        match packet {
            Ok(packet) => packets.push(packet),
            Err(error) => return (packets, Some((error.kind, error.offset))),
        }
    }
    (packets, None)
}

#[test]
fn several_packets_travel_in_frames() {
    let packets = ["3:::a", "", "3:::é😀\u{FFFD}\n"];
    let text = payload::encode(&packets);
    assert_eq!(text, "\u{FFFD}5\u{FFFD}3:::a\u{FFFD}0\u{FFFD}\u{FFFD}9\u{FFFD}3:::é😀\u{FFFD}\n");
    assert_eq!(text.len(), payload::encoded_len(&packets));
    assert_eq!(decode(&text), (packets.to_vec(), None));
}

#[test]
fn lengths_are_utf16_code_units_however_characters_mix() {
    let characters = ['x', 'é', '日', '😀', '\u{FFFD}'];
    let packets: Vec<String> = (0..300)
        .map(|len| (0..len).map(|index| characters[(index * index + len) % characters.len()]).collect())
        .collect();
    let text = payload::encode(&packets);
    let frame = |packet: &String| format!("\u{FFFD}{}\u{FFFD}{packet}", packet.encode_utf16().count());
    let lengths = packets.iter().map(frame).collect::<Vec<_>>().concat();
    assert_eq!(text, lengths.as_str());
    assert_eq!(decode(&text), (packets.iter().map(String::as_str).collect(), None));
}

#[test]
fn one_packet_travels_bare() {
    assert_eq!(payload::encode(&["3:::a"]), "3:::a");
    assert_eq!(payload::encoded_len(&["3:::a"]), 5);
    assert_eq!(decode("3:::a\u{FFFD}5\u{FFFD}3:::b"), (vec!["3:::a\u{FFFD}5\u{FFFD}3:::b"], None));
}

#[test]
fn no_packet_is_an_empty_payload() {
    assert_eq!(payload::encode::<Text>(&[]), "");
    assert_eq!(payload::encoded_len::<Text>(&[]), 0);
    assert_eq!(decode(""), (vec![], None));
}

#[test]
fn encoding_appends() {
    let mut out = BytesMut::from("before");
    payload::encode_into(&["2::", "8::"], &mut out);
    assert_eq!(out, "before\u{FFFD}3\u{FFFD}2::\u{FFFD}3\u{FFFD}8::".as_bytes());
}

#[test]
fn the_packets_before_an_error_are_yielded() {
    let good = "\u{FFFD}3\u{FFFD}2::";
    for (bad, kind, offset) in [
        ("x", PayloadErrorKind::Frame, 0),
        ("\u{FFFD}", PayloadErrorKind::Length, 3),
        ("\u{FFFD}x\u{FFFD}2::", PayloadErrorKind::Length, 3),
        ("\u{FFFD}3", PayloadErrorKind::Length, 4),
        ("\u{FFFD}3.0\u{FFFD}2::", PayloadErrorKind::Length, 4),
        ("\u{FFFD}-4\u{FFFD}2::", PayloadErrorKind::Length, 3),
        ("\u{FFFD}٣\u{FFFD}2::", PayloadErrorKind::Length, 3),
        ("\u{FFFD}4\u{FFFD}2::", PayloadErrorKind::LengthBeyondEnd, 3),
        ("\u{FFFD}3\u{FFFD}é:", PayloadErrorKind::LengthBeyondEnd, 3),
        ("\u{FFFD}99999999999999999999\u{FFFD}2::", PayloadErrorKind::LengthBeyondEnd, 3),
        ("\u{FFFD}5\u{FFFD}3:::😀", PayloadErrorKind::LengthCutsPair, 3),
    ] {
        let text = format!("{good}{bad}");
        assert_eq!(decode(&text), (vec!["2::"], Some((kind, good.len() + offset))), "{bad:?}");
    }
}

#[test]
fn nothing_comes_after_an_error() {
    let mut packets = PayloadRef::new("\u{FFFD}x\u{FFFD}3\u{FFFD}2::", &Limits::default());
    assert!(packets.next().is_some_and(|packet| packet.is_err()));
    assert!(packets.next().is_none());
    assert!(packets.next().is_none());
}

#[test]
fn a_payload_longer_than_the_limit_is_refused_whole() {
    let limits = Limits::default().payload_len_max(4);
    assert_eq!(decode_within("3:::", &limits), (vec!["3:::"], None));
    assert_eq!(decode_within("3:::a", &limits), (vec![], Some((PayloadErrorKind::PayloadTooLong, 4))));
}

#[test]
fn more_packets_than_the_limit_are_refused() {
    let limits = Limits::default().payload_packets_max(1);
    let text = payload::encode(&["2::", "2::"]);
    assert_eq!(decode_within(&text, &limits), (vec!["2::"], Some((PayloadErrorKind::TooManyPackets, 10))));
}

#[test]
fn the_packets_share_the_memory_of_the_payload() {
    let text = payload::encode(&["3:::a", "3:::b"]);
    let packets: Vec<Text> = Payload::new(text.clone(), &Limits::default()).map(Result::unwrap).collect();
    assert_eq!(packets, ["3:::a", "3:::b"]);
    assert_eq!(packets[0].as_ptr(), text[7..].as_ptr());
}

#[test]
fn an_error_tells_a_person_what_to_write() {
    let error = PayloadRef::new("\u{FFFD}9\u{FFFD}2::", &Limits::default()).next().unwrap().unwrap_err();
    let expected = "length beyond the end of the payload at byte 3: lengths count UTF-16 code units, \
                    an astral character being two";
    assert_eq!(error.to_string(), expected);
}

/// Bytes looked at while decoding all of `text`.
fn examined(text: &str) -> usize {
    let limits = Limits::default().payload_len_max(usize::MAX).payload_packets_max(usize::MAX);
    let mut packets = PayloadRef::new(text, &limits);
    packets.by_ref().for_each(drop);
    packets.examined()
}

#[test]
fn decoding_is_linear_on_every_input() {
    let frames = |frame: &str| frame.repeat(1_000_000 / frame.len());
    for (name, text) in [
        ("one-byte frames", frames("\u{FFFD}1\u{FFFD}x")),
        ("empty frames", frames("\u{FFFD}0\u{FFFD}")),
        ("unterminated lengths", frames("\u{FFFD}1")),
        ("one endless length", format!("\u{FFFD}{}", "1".repeat(1_000_000))),
        ("one length too long", format!("\u{FFFD}999999\u{FFFD}{}", "é".repeat(499_999))),
        ("nested marks", frames("\u{FFFD}")),
        ("frames of marks", frames("\u{FFFD}1\u{FFFD}\u{FFFD}")),
        ("astral characters", frames("\u{FFFD}2\u{FFFD}😀")),
        ("one bare packet", frames("3:::\u{FFFD}")),
    ] {
        assert!(examined(&text) <= 2 * text.len(), "{name}: {} of {} bytes", examined(&text), text.len());
    }
}
