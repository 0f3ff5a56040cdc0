//! Handshakes and requests outside the protocol (facts 3, 8).

mod server_rig;

use std::time::Duration;

use server_rig::Rig;
use socketio08::server::{
    ExchangeId, HandshakeData, LocalError, Method, Refusal, Response, ServerConfig, ServerEvent, SessionId,
};
use socketio08::{Deadline, Instant, Limits, Origins, Text, Timer, Transport};

fn rig() -> Rig {
    Rig::new(ServerConfig::default())
}

/// A rig whose application has not answered its one handshake.
fn asked(target: &str, headers: &[(&str, &str)]) -> (Rig, ExchangeId) {
    let mut rig = Rig::new(ServerConfig::default().origins(Origins::any()));
    rig.accepting = false;
    let exchange = rig.request(Method::Get, target, "", headers, false);
    (rig, exchange)
}

#[test]
fn a_handshake_is_answered_with_the_session_and_the_timeouts() {
    let mut rig = rig();
    let exchange = rig.get("/socket.io/1/?t=1");
    assert_eq!(rig.status(exchange), Some(200));
    assert_eq!(rig.body(exchange), Some("s1:15:25:websocket,htmlfile,xhr-polling,jsonp-polling".to_owned()));
    assert_eq!(rig.header(exchange, "Content-Type"), Some("text/plain".to_owned()));
    assert_eq!(rig.header(exchange, "Access-Control-Allow-Origin"), None);
    assert_eq!((rig.server.session_count(), rig.server.sessions().count()), (1, 0));
}

#[test]
fn the_application_sees_query_headers_and_address_before_it_answers() {
    let (mut rig, asked) = asked("/socket.io/1/?t=1&user=x", &[("Cookie", "a=b")]);
    let events = rig.take_events();
    let [ServerEvent::HandshakeRequested { exchange, data }] = &events[..] else { panic!("{events:?}") };
    let expected = HandshakeData {
        headers: vec![(Text::from("Cookie"), Text::from("a=b"))],
        address: Text::from("192.0.2.7"),
        query: Text::from("t=1&user=x"),
        url: Text::from("/socket.io/1/?t=1&user=x"),
        xdomain: false,
        secure: false,
        issued: Instant::ZERO,
    };
    assert_eq!((*exchange, &**data), (asked, &expected));
    assert_eq!(rig.body(asked), None);
}

#[test]
fn any_method_handshakes_and_fields_switched_off_are_empty() {
    let config = ServerConfig::default()
        .heartbeats(false)
        .close_timeout(Duration::ZERO)
        .transports(vec![Transport::XhrPolling]);
    let mut rig = Rig::new(config);
    let exchange = rig.request(Method::Other, "/socket.io/1/", "", &[], false);
    assert_eq!(rig.body(exchange), Some("s1:::xhr-polling".to_owned()));
}

#[test]
fn refusals_have_their_status_and_text_and_a_bad_origin_no_cors_header() {
    for (refusal, status, text, cors) in [
        (Refusal::Unauthorized, 403, "handshake unauthorized", true),
        (Refusal::BadOrigin, 403, "handshake bad origin", false),
        (Refusal::Error, 500, "handshake error", true),
    ] {
        let (mut rig, exchange) = asked("/socket.io/1/", &[("Origin", "http://example.com")]);
        rig.server.refuse(rig.now, exchange, refusal).unwrap();
        rig.drive();
        assert_eq!((rig.status(exchange), rig.body(exchange)), (Some(status), Some(text.to_owned())));
        assert_eq!(rig.header(exchange, "Access-Control-Allow-Origin").is_some(), cors);
        assert_eq!(rig.server.session_count(), 0);
    }
}

#[test]
fn a_handshake_by_script_is_answered_as_a_script_and_so_is_its_refusal() {
    let mut accepted = rig();
    let exchange = accepted.get("/socket.io/1/?t=1&jsonp=12");
    assert_eq!(
        accepted.body(exchange),
        Some("io.j[12](\"s1:15:25:websocket,htmlfile,xhr-polling,jsonp-polling\");".to_owned())
    );
    assert_eq!(accepted.header(exchange, "Content-Type"), Some("application/javascript".to_owned()));
    let (mut refused, exchange) = asked("/socket.io/1/?jsonp=0", &[]);
    refused.server.refuse(refused.now, exchange, Refusal::Unauthorized).unwrap();
    refused.drive();
    assert_eq!(refused.status(exchange), Some(200));
    assert_eq!(refused.body(exchange), Some("io.j[0](new Error(\"handshake unauthorized\"));".to_owned()));
}

#[test]
fn a_callback_index_that_is_not_digits_never_reaches_a_script() {
    for query in ["jsonp=a](\"x\"", "jsonp=", "jsonp=1&jsonp=2", "jsonp=0;alert(1)", "jsonp=99999999999"] {
        let mut rig = rig();
        let exchange = rig.get(&format!("/socket.io/1/?{query}"));
        assert_eq!(
            rig.body(exchange),
            Some("s1:15:25:websocket,htmlfile,xhr-polling,jsonp-polling".to_owned()),
            "{query}"
        );
    }
}

#[test]
fn ids_that_could_break_a_body_or_are_in_use_are_refused_to_the_caller() {
    let (mut rig, exchange) = asked("/socket.io/1/", &[]);
    for id in ["", "a:b", "a/b", "a\"b", "a b", "é"] {
        let refused = rig.server.accept(rig.now, exchange, SessionId(Text::from(id)));
        assert_eq!(refused, Err(LocalError::BadSessionId), "{id}");
    }
    assert_eq!(rig.server.accept(rig.now, exchange, SessionId(Text::from("toString"))), Ok(()));
    let again = rig.server.accept(rig.now, exchange, SessionId(Text::from("other")));
    assert_eq!(again, Err(LocalError::UnknownExchange));
    let second = rig.get("/socket.io/1/");
    let taken = rig.server.accept(rig.now, second, SessionId(Text::from("toString")));
    assert_eq!(taken, Err(LocalError::BadSessionId));
}

#[test]
fn a_handshake_whose_client_left_can_no_longer_be_answered() {
    let (mut rig, exchange) = asked("/socket.io/1/", &[]);
    rig.close(exchange, false);
    let late = rig.server.refuse(rig.now, exchange, Refusal::Error);
    assert_eq!(late, Err(LocalError::UnknownExchange));
}

#[test]
fn beyond_the_limit_of_sessions_a_handshake_is_answered_503() {
    let limits = Limits::default().sessions_max(2);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    rig.handshake();
    rig.handshake();
    let third = rig.get("/socket.io/1/");
    assert_eq!(rig.status(third), Some(503));
    assert_eq!((rig.take_events(), rig.server.session_count()), (vec![], 2));
}

#[test]
fn unused_handshakes_die_at_the_first_tick_at_which_they_are_old_enough() {
    let mut rig = rig();
    rig.advance(Duration::from_millis(100));
    let early = rig.handshake();
    rig.advance(Duration::from_millis(27_900));
    let late = rig.handshake();
    let tick = Deadline { at: Instant::from_millis(40_000), timer: Timer::Handshake };
    assert_eq!(rig.server.poll_timeout(), Some(tick));
    rig.advance(Duration::from_millis(11_999));
    assert_eq!(rig.server.session_count(), 2);
    rig.advance(Duration::from_millis(1));
    assert_eq!((rig.server.session_count(), rig.take_events()), (1, vec![]));
    let (dead, alive) = (rig.poll(&early), rig.poll(&late));
    assert_eq!(rig.body(dead), Some("7:::1+0".to_owned()));
    assert_eq!(rig.body(alive), Some("1::".to_owned()));
}

#[test]
fn paths_under_the_resource_that_are_no_requests_are_welcomed() {
    let mut rig = rig();
    for target in ["/socket.io", "/socket.io/", "/socket.iofoo", "/socket.io/1/a/b/c/d"] {
        let exchange = rig.get(target);
        assert_eq!(rig.body(exchange), Some("Welcome to socket.io.".to_owned()), "{target}");
        assert_eq!(rig.status(exchange), Some(200));
    }
}

#[test]
fn another_revision_of_the_protocol_is_refused() {
    let mut rig = rig();
    let exchange = rig.get("/socket.io/2/");
    assert_eq!(rig.status(exchange), Some(500));
    assert_eq!(rig.body(exchange), Some("Protocol version not supported.".to_owned()));
}

#[test]
fn requests_outside_the_protocol_are_the_applications() {
    let mut rig = rig();
    let exchange = rig.get("/index.html");
    assert!(
        matches!(&rig.take_events()[..], [ServerEvent::Outside(request)] if request.exchange == exchange)
    );
    let response = Response { status: 404, headers: vec![], body: bytes::Bytes::from_static(b"no") };
    rig.server.respond(rig.now, exchange, response.clone()).unwrap();
    rig.drive();
    assert_eq!(rig.status(exchange), Some(404));
    let again = rig.server.respond(rig.now, exchange, response);
    assert_eq!(again, Err(LocalError::UnknownExchange));
    let upgrade = rig.request(Method::Get, "/chat", "", &[], true);
    assert!(rig.closed.contains(&upgrade), "an upgrade outside the protocol is cut off");
}
