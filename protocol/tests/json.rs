//! The typed views of JSON data.
#![cfg(feature = "json")]

use serde_json::Value;
use socketio08::{EventView, JsonError, JsonErrorKind, PacketRef, event_text, event_text_raw, json_text};

fn packet(text: &str) -> PacketRef<'_> {
    PacketRef::decode(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn event(text: &str) -> Result<EventView<'_>, (JsonErrorKind, usize)> {
    packet(text).event().map_err(|error| (error.kind, error.offset))
}

#[test]
fn an_event_has_a_name_and_arguments() {
    let event = event(r#"5:::{"args":["hi",{"a":1}],"name":"say","x":[]}"#).unwrap();
    assert_eq!(event.name(), "say");
    assert_eq!(event.args_text(), r#"["hi",{"a":1}]"#);
    assert_eq!(event.args::<(String, Value)>().unwrap().0, "hi");
}

#[test]
fn names_may_hold_escapes_and_so_may_keys() {
    assert_eq!(event(r#"5:::{"n\u0061me":"s\u0061y\n"}"#).unwrap().name(), "say\n");
}

#[test]
fn arguments_that_javascript_takes_for_false_are_none() {
    for args in ["null", "false", "0", "-0.0e5", "\"\"", " null\n", "[]"] {
        assert_eq!(
            event(&format!(r#"5:::{{"name":"a","args":{args}}}"#)).unwrap().args_text(),
            "[]",
            "{args}"
        );
        assert_eq!(
            packet(&format!("6:::1+{}", args.trim())).ack_args::<Vec<u8>>().unwrap(),
            [0u8; 0],
            "{args}"
        );
    }
    assert_eq!(event(r#"5:::{"name":"a"}"#).unwrap().args_text(), "[]");
    assert_eq!(packet("6:::1").ack_args::<Vec<u8>>().unwrap(), [0u8; 0]);
}

#[test]
fn an_event_that_is_none_is_an_error_with_its_place() {
    for (data, kind, offset) in [
        (r#"{"name":1}"#, JsonErrorKind::Event, 8),
        (r#"["say",[]]"#, JsonErrorKind::Event, 0),
        (r#"{"args":[]}"#, JsonErrorKind::Event, 10),
        (r#"{"name":"a","name":"b"}"#, JsonErrorKind::Event, 17),
        (r#"{"name":"a","args":[],"args":[]}"#, JsonErrorKind::Event, 27),
        (r#"{"name":"a","args":[}"#, JsonErrorKind::Syntax, 20),
        ("{\"name\":\n\"a\",,}", JsonErrorKind::Syntax, 13),
        (r#"{"name":"a""#, JsonErrorKind::End, 11),
        (r#"{"name":"a","args":["\ud800"]}"#, JsonErrorKind::Syntax, 27),
        (r#"{"name":"a","args":[{"__proto__":1}]}"#, JsonErrorKind::Prototype, 21),
        (r#"{"name":"a","args":[{"__pro\u0074o__" :1}]}"#, JsonErrorKind::Prototype, 21),
    ] {
        assert_eq!(event(&format!("5:::{data}")).map(drop), Err((kind, offset)), "{data}");
    }
}

#[test]
fn a_prototype_that_is_no_key_is_data() {
    assert_eq!(packet(r#"4:::["__proto__"]"#).json::<[&str; 1]>().unwrap(), ["__proto__"]);
    assert!(packet(r#"4:::{"a\"__proto__":1}"#).json::<Value>().is_ok());
}

#[test]
fn json_may_nest_a_hundred_and_twenty_eight_deep_and_no_deeper() {
    let nested = |depth: usize| format!("4:::{}{}", "[".repeat(depth), "]".repeat(depth));
    let depth_error = |depth| {
        let text = nested(depth);
        let error = packet(&text).json::<serde::de::IgnoredAny>().err();
        error.map(|error| (error.kind, error.offset))
    };
    assert_eq!(depth_error(128), None);
    assert_eq!(depth_error(129), Some((JsonErrorKind::Depth, 128)));
    assert_eq!(depth_error(100_000), Some((JsonErrorKind::Depth, 128)));
    assert!(packet(&format!("4:::\"{}\"", "[".repeat(1_000))).json::<String>().is_ok());
}

#[test]
fn a_value_of_another_type_is_an_error_with_its_place() {
    let text = r#"5:::{"name":"a","args":["x"]}"#;
    let error = event(text).unwrap().args::<[u8; 1]>().unwrap_err();
    assert_eq!((error.kind, error.offset), (JsonErrorKind::Value, 22));
    assert_eq!(error.to_string(), r#"invalid type: string "x", expected u8 at byte 22 of the data"#);
}

#[test]
fn a_view_belongs_to_its_type_of_packet() {
    let kind = |result: Result<(), JsonError>| result.map_err(|error| error.kind);
    assert_eq!(kind(packet("3:::x").event().map(drop)), Err(JsonErrorKind::PacketType));
    assert_eq!(kind(packet("3:::x").json::<()>()), Err(JsonErrorKind::PacketType));
    assert_eq!(kind(packet("3:::x").ack_args::<()>()), Err(JsonErrorKind::PacketType));
}

#[test]
fn event_data_is_made_from_a_name_and_arguments() {
    assert_eq!(event_text("say", &("hi", 3)).unwrap(), r#"{"name":"say","args":["hi",3]}"#);
    assert_eq!(event_text::<[u8]>("tick", &[]).unwrap(), r#"{"name":"tick"}"#);
    assert_eq!(json_text(&vec!["é\u{2028}"]).unwrap(), "[\"é\u{2028}\"]");
}

#[test]
fn names_are_quoted_by_hand_as_by_serde() {
    let name: String = ('\0'..='\u{80}').chain("é\u{2028}\u{FFFD}😀".chars()).collect();
    let quoted = serde_json::to_string(&name).unwrap();
    assert_eq!(event_text_raw(&name, "[1]").as_str(), format!(r#"{{"name":{quoted},"args":[1]}}"#));
}

#[test]
fn a_number_beyond_the_doubles_is_json_but_no_event() {
    for data in ["1e400", r#"{"name":1e400}"#] {
        let text = format!("5:::{data}");
        let error = PacketRef::decode(&text).unwrap().event().unwrap_err();
        assert_eq!(error.kind, JsonErrorKind::Event, "{data}");
    }
}
