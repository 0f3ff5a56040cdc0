//! The handshake body, as the recordings show it.

use std::time::Duration;

use socketio08::handshake::Handshake;
use socketio08::{Text, Transport};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn the_default_body_is_read_and_written() {
    let body = "6528866141448937771:15:25:websocket,htmlfile,xhr-polling,jsonp-polling";
    let handshake = Handshake::decode(body).unwrap();
    let transports =
        [Transport::Websocket, Transport::Htmlfile, Transport::XhrPolling, Transport::JsonpPolling];
    let expected = Handshake {
        session: Text::from("6528866141448937771"),
        heartbeat_timeout: Some(millis(15_000)),
        close_timeout: Some(millis(25_000)),
        transports: transports.to_vec(),
    };
    assert_eq!(handshake, expected);
    assert_eq!(handshake.to_text(), body);
}

#[test]
fn timeouts_may_have_fractions() {
    let handshake = Handshake::decode("1:1.25:2.5:websocket").unwrap();
    assert_eq!(
        (handshake.heartbeat_timeout, handshake.close_timeout),
        (Some(millis(1_250)), Some(millis(2_500)))
    );
    assert_eq!(handshake.to_text(), "1:1.25:2.5:websocket");
}

#[test]
fn empty_and_zero_timeouts_are_none() {
    for body in ["1:::websocket", "1:0:0.0:websocket"] {
        let handshake = Handshake::decode(body).unwrap();
        assert_eq!((handshake.heartbeat_timeout, handshake.close_timeout), (None, None));
        assert_eq!(handshake.to_text(), "1:::websocket");
    }
}

#[test]
fn transports_may_be_empty_or_unknown() {
    assert_eq!(Handshake::decode("1:15:25:").unwrap().transports, []);
    assert_eq!(Handshake::decode("1:15:25:").unwrap().to_text(), "1:15:25:");
    let handshake = Handshake::decode("1:15:25:carrier-pigeon,xhr-polling").unwrap();
    assert_eq!(handshake.transports, [Transport::XhrPolling]);
}

#[test]
fn what_follows_the_transports_is_ignored() {
    assert_eq!(Handshake::decode("1:15:25:websocket:x").unwrap().to_text(), "1:15:25:websocket");
}

#[test]
fn an_error_names_the_field_and_its_offset() {
    for (body, field, offset) in [
        ("", 0, 0),
        (":15:25:websocket", 0, 0),
        ("a/b:15:25:websocket", 0, 0),
        ("a b:15:25:websocket", 0, 0),
        ("handshake unauthorized", 0, 0),
        ("42", 1, 2),
        ("42:x:25:websocket", 1, 3),
        ("42:-1:25:websocket", 1, 3),
        ("42:1e3:25:websocket", 1, 3),
        ("42:15", 2, 5),
        ("42:15:99999999999999999999:websocket", 2, 6),
        ("42:15:25", 3, 8),
    ] {
        let error = Handshake::decode(body).unwrap_err();
        assert_eq!((error.field, error.offset), (field, offset), "{body:?}");
    }
}

#[test]
fn an_error_tells_a_person_what_to_write() {
    let error = Handshake::decode("42:x:25:websocket").unwrap_err();
    let expected = "no heartbeat timeout at byte 3: \
                    a handshake is ID:HEARTBEAT:CLOSE:TRANSPORTS, the timeouts in seconds or empty";
    assert_eq!(error.to_string(), expected);
}
