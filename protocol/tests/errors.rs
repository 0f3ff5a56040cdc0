//! Errors in words: what is wrong, where, and what to do; and names that stay.

#![cfg(feature = "hixie")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::error::Error;

use socketio08::client::LossCause;
use socketio08::handshake::Handshake;
use socketio08::hixie::{HandshakeError, KeyError, NotOpen};
use socketio08::jsonp::{self, PostErrorKind};
use socketio08::policy::PolicyError;
use socketio08::script::{ScriptError, ScriptErrorKind};
use socketio08::server::{ClientFileError, SharedKey};
use socketio08::{
    Advice, JsonErrorKind, NotUtf8, OriginErrorKind, PacketRef, PacketType, Profile, Reason, Text, Violation,
};

#[test]
fn a_post_that_is_no_payload_is_told_with_its_place() {
    let told = |body: &str| jsonp::decode_post(body.as_bytes()).unwrap_err().to_string();
    let remedy = "jsonp-polling posts a form with the payload as a JSON string in `d`";
    assert_eq!(told("a=1"), format!("no field `d` up to byte 3: {remedy}"));
    assert_eq!(told("d=%22%22&d=%22%22"), format!("a second field `d` at byte 9: {remedy}"));
    assert_eq!(told("a=12&b=34&d=%22%22&d=1"), format!("a second field `d` at byte 19: {remedy}"));
    assert_eq!(told("d=x"), format!("`d` is no JSON at byte 0: {remedy}"));
    assert_eq!(told("d=%20%20x"), format!("`d` is no JSON at byte 2: {remedy}"));
    assert_eq!(told("d=%22a%22%20x"), format!("`d` is no JSON at byte 4: {remedy}"));
    assert_eq!(told("d=%20%22a%5Cq%22"), format!("`d` is no JSON at byte 3: {remedy}"));
    assert_eq!(told("d=%201"), format!("`d` is JSON, but no string, at byte 1: {remedy}"));
}

#[test]
fn kinds_of_errors_have_names_for_programs() {
    let posts =
        [PostErrorKind::NoData, PostErrorKind::TwoData, PostErrorKind::NotJson, PostErrorKind::NotString];
    assert_eq!(posts.map(PostErrorKind::name), ["no-data", "two-data", "not-json", "not-string"]);
    let losses = [LossCause::Booted, LossCause::Transport, LossCause::Silence];
    assert_eq!(losses.map(LossCause::name), ["booted", "transport", "silence"]);
    let scripts =
        [ScriptErrorKind::Call, ScriptErrorKind::Index, ScriptErrorKind::String, ScriptErrorKind::Escape];
    assert_eq!(scripts.map(ScriptErrorKind::name), ["call", "index", "string", "escape"]);
    let origins = [OriginErrorKind::Host, OriginErrorKind::Ipv6, OriginErrorKind::User];
    assert_eq!(origins.map(OriginErrorKind::name), ["host", "ipv6", "user"]);
}

#[test]
fn a_script_that_is_no_call_is_told_with_its_place() {
    let told = |kind| ScriptError { offset: 7, kind }.to_string();
    assert_eq!(told(ScriptErrorKind::Call), "not the one call expected at byte 7");
    assert_eq!(told(ScriptErrorKind::Index), "index that is not 1 to 10 digits at byte 7");
    assert_eq!(told(ScriptErrorKind::String), "no string literal at byte 7");
    assert_eq!(told(ScriptErrorKind::Unterminated), "string literal that does not end at byte 7");
    assert_eq!(told(ScriptErrorKind::Escape), "backslash that begins no escape at byte 7");
    assert_eq!(told(ScriptErrorKind::TooLong), "string literal too long at byte 7");
}

#[test]
fn a_field_that_a_handshake_lacks_is_named() {
    let told = |body: &str| {
        let told = Handshake::decode(body).unwrap_err().to_string();
        let (what, remedy) = told.split_once(": ").unwrap();
        assert_eq!(remedy, "a handshake is ID:HEARTBEAT:CLOSE:TRANSPORTS, the timeouts in seconds or empty");
        what.to_owned()
    };
    assert_eq!(told(":15:25:websocket"), "no session id at byte 0");
    assert_eq!(told("4711:x:25:websocket"), "no heartbeat timeout at byte 5");
    assert_eq!(told("4711:15:x:websocket"), "no close timeout at byte 8");
    assert_eq!(told("4711:15:25"), "no transports at byte 10");
}

#[test]
fn what_is_wrong_with_a_key_of_hixie_76_is_told_and_is_the_source_of_the_refusal() {
    let kinds = [KeyError::NoDigits, KeyError::NoSpaces, KeyError::TooLarge, KeyError::NotDivisible];
    let words = [
        "no digits: a key hides a number among other characters",
        "no spaces: the number is divided by their count",
        "the digits make more than 4294967295",
        "the number is no multiple of the count of spaces",
    ];
    assert_eq!(kinds.map(|kind| kind.to_string()), words);
    for refusal in [HandshakeError::Key1(KeyError::NoSpaces), HandshakeError::Key2(KeyError::NoSpaces)] {
        assert_eq!(refusal.source().unwrap().to_string(), KeyError::NoSpaces.to_string());
    }
    assert!(HandshakeError::Digest.source().is_none());
    assert_eq!(NotOpen.to_string(), "not open: messages can be sent after Event::Open and before the end");
}

#[test]
fn what_a_caller_gave_is_refused_in_words() {
    assert_eq!("1.0".parse::<Profile>().unwrap_err().to_string(), "no such profile: there are 0.8 and 0.9");
    assert_eq!(NotUtf8 { valid_up_to: 3 }.to_string(), "not UTF-8 at byte 3");
    assert_eq!(
        [PolicyError::Host, PolicyError::Ports].map(|error| error.to_string()),
        [
            "a host of a flash policy is a name or an address, such as www.example.com",
            "a rule of a flash policy names at least one port, each from 1 to 65535",
        ]
    );
    assert_eq!(
        ClientFileError::Name.to_string(),
        "no name that clients ask for: those are socket.io.js, socket.io+TRANSPORT.js, WebSocketMain.swf and \
         WebSocketMainInsecure.swf"
    );
    assert!(ClientFileError::Length.to_string().starts_with("longer than "));
}

#[test]
fn a_violation_is_told_as_the_error_in_it() {
    let packet = PacketRef::decode("9").unwrap_err();
    assert_eq!(Violation::Packet(packet).to_string(), packet.to_string());
    let post = jsonp::decode_post(b"").unwrap_err();
    assert_eq!(Violation::Post(post).to_string(), post.to_string());
    let script = ScriptError { offset: 0, kind: ScriptErrorKind::Call };
    assert_eq!(Violation::Script(script).to_string(), script.to_string());
    assert_eq!(
        Violation::NotJson.to_string(),
        "the data is not JSON, and cannot be passed on to another node"
    );
}

#[test]
fn types_reasons_and_advices_are_shown_by_their_names_and_found_by_them() {
    assert_eq!(PacketType::Heartbeat.to_string(), "heartbeat");
    assert_eq!(Reason::Unauthorized.to_string(), "unauthorized");
    assert_eq!(Reason::from_name("unauthorized"), Some(Reason::Unauthorized));
    assert_eq!(Advice::Reconnect.to_string(), "reconnect");
    assert_eq!(Advice::from_name("reconnect"), Some(Advice::Reconnect));
    assert_eq!(Advice::from_name("again"), None);
}

#[test]
fn a_key_does_not_show_itself_and_a_text_shows_what_it_holds() {
    assert_eq!(format!("{:?}", SharedKey::new(&[7; 32]).unwrap()), "SharedKey(..)");
    assert_eq!(format!("{:?}", Text::from_static("a\"b")), r#""a\"b""#);
}

#[test]
fn json_that_an_application_cannot_read_is_told_with_its_kind() {
    let read = |data: &str| {
        let text = format!("4:::{data}");
        let error = PacketRef::decode(&text).unwrap().json::<Vec<u8>>().unwrap_err();
        (error.kind, error.message().to_owned())
    };
    let (kind, message) = read("[1e999]");
    assert_eq!((kind, message.as_str()), (JsonErrorKind::Value, "number out of range"));
    assert_eq!(read("[1").0, JsonErrorKind::End);
    assert_eq!(read("[1,]").0, JsonErrorKind::Syntax);
}
