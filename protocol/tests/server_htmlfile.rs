//! The htmlfile transport of the server: a response that goes on. And sessions that change their transport.

mod server_rig;

use std::time::Duration;

use server_rig::Rig;
use socketio08::server::{
    AckMode, Audience, Cause, ExchangeId, Method, Outgoing, ServerConfig, ServerEvent, SessionId,
};
use socketio08::{Limits, Text, Transport};

fn rig() -> Rig {
    Rig::new(ServerConfig::default())
}

fn stream(rig: &mut Rig, session: &SessionId) -> ExchangeId {
    rig.get(&format!("/socket.io/1/htmlfile/{}?t=1", session.0))
}

fn jsonp(rig: &mut Rig, session: &SessionId) -> ExchangeId {
    rig.get(&format!("/socket.io/1/jsonp-polling/{}?t=1&i=0", session.0))
}

fn post(rig: &mut Rig, session: &SessionId, body: &str) {
    let target = format!("/socket.io/1/htmlfile/{}", session.0);
    let exchange = rig.request(Method::Post, &target, body, &[], false);
    assert_eq!(rig.body(exchange), Some("1".to_owned()));
}

fn send(rig: &mut Rig, session: &SessionId, text: &str) {
    let outgoing = Outgoing::Message(Text::from(text));
    rig.server.send(rig.now, session, &Text::EMPTY, outgoing, AckMode::None).expect("a live session");
    rig.drive();
}

fn scripts(payloads: &[&str]) -> Vec<String> {
    payloads.iter().map(|payload| format!("<script>_(\"{payload}\");</script>")).collect()
}

/// A session whose first transport is a stream that has said what it says first.
fn streaming_session(rig: &mut Rig) -> (SessionId, ExchangeId) {
    let session = rig.handshake();
    let exchange = stream(rig, &session);
    assert_eq!(rig.take_parts(exchange).len(), 2);
    rig.take_events();
    (session, exchange)
}

#[test]
fn a_stream_begins_with_256_bytes_and_1() {
    let mut rig = rig();
    let session = rig.handshake();
    let exchange = stream(&mut rig, &session);
    let parts = rig.take_parts(exchange);
    assert_eq!(parts[0].len(), 256);
    assert_eq!(
        parts[0].trim_end_matches(' '),
        "<html><body><script>var _ = function (msg) { parent.s._(msg, document); };</script>"
    );
    assert_eq!(parts[1..], scripts(&["1::"]));
    let head = &rig.stream_heads[&exchange];
    assert_eq!(head.status, 200);
    assert_eq!(head.headers[0], ("Content-Type", Text::from_static("text/html; charset=UTF-8")));
    let events = rig.take_events();
    assert!(matches!(events[0], ServerEvent::Connected { transport: Transport::Htmlfile, .. }), "{events:?}");
}

#[test]
fn each_packet_is_a_script_of_its_own() {
    let mut rig = rig();
    let (session, exchange) = streaming_session(&mut rig);
    send(&mut rig, &session, "m1");
    send(&mut rig, &session, "m2");
    post(&mut rig, &session, "\u{fffd}6\u{fffd}3:1::x\u{fffd}6\u{fffd}3:2::y");
    assert_eq!(rig.take_parts(exchange), scripts(&["3:::m1", "3:::m2", "6:::1", "6:::2"]));
}

#[test]
fn no_data_can_end_a_script_of_the_page() {
    let mut rig = rig();
    let (session, exchange) = streaming_session(&mut rig);
    send(&mut rig, &session, "a/b </script><!-- \u{2028}\u{2029} \"\\\0");
    let parts = rig.take_parts(exchange);
    assert_eq!(parts, scripts(&[r#"3:::a/b <\/script>\u003c!-- \u2028\u2029 \"\\\u0000"#]));
}

#[test]
fn what_waited_comes_as_one_script_with_a_framed_payload_and_no_1() {
    let mut rig = rig();
    let session = rig.polling_session();
    send(&mut rig, &session, "b1");
    send(&mut rig, &session, "b2");
    let exchange = stream(&mut rig, &session);
    assert_eq!(rig.take_parts(exchange)[1..], scripts(&["\u{fffd}6\u{fffd}3:::b1\u{fffd}6\u{fffd}3:::b2"]));
}

#[test]
fn one_packet_that_waited_comes_bare() {
    let mut rig = rig();
    let session = rig.polling_session();
    send(&mut rig, &session, "b1");
    let exchange = stream(&mut rig, &session);
    assert_eq!(rig.take_parts(exchange)[1..], scripts(&["3:::b1"]));
}

#[test]
fn what_waited_and_is_too_much_for_one_payload_comes_in_several_scripts() {
    let limits = Limits::default().payload_packets_max(2);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    let session = rig.polling_session();
    for text in ["a", "b", "c"] {
        send(&mut rig, &session, text);
    }
    let exchange = stream(&mut rig, &session);
    let expected = scripts(&["\u{fffd}5\u{fffd}3:::a\u{fffd}5\u{fffd}3:::b", "3:::c"]);
    assert_eq!(rig.take_parts(exchange)[1..], expected);
}

#[test]
fn a_stream_outlives_the_polling_duration_by_heartbeats() {
    let mut rig = rig();
    let (session, exchange) = streaming_session(&mut rig);
    for _ in 0..5 {
        rig.advance_secs(20);
        assert_eq!(rig.take_parts(exchange), scripts(&["2::"]));
        post(&mut rig, &session, "2::");
    }
    assert_eq!(rig.server.session_count(), 1);
}

#[test]
fn a_heartbeat_without_an_answer_ends_the_stream_without_a_word() {
    let mut rig = rig();
    let (session, exchange) = streaming_session(&mut rig);
    rig.advance_secs(20);
    rig.take_parts(exchange);
    post(&mut rig, &session, "3:::something else");
    rig.take_events();
    rig.advance_secs(15);
    assert_eq!(rig.take_parts(exchange), Vec::<String>::new());
    assert!(rig.closed.contains(&exchange));
    assert_eq!(rig.take_events(), [ServerEvent::Disconnected { session, cause: Cause::HeartbeatTimeout }]);
}

#[test]
fn a_session_that_is_ended_says_0_and_its_stream_is_complete() {
    let mut rig = rig();
    let (session, exchange) = streaming_session(&mut rig);
    rig.server.disconnect(rig.now, &session).expect("a live session");
    rig.drive();
    assert_eq!(rig.take_parts(exchange), scripts(&["0::"]));
    assert!(rig.closed.contains(&exchange));
}

#[test]
fn a_client_that_posts_0_is_answered_0_on_its_stream() {
    let mut rig = rig();
    let (session, exchange) = streaming_session(&mut rig);
    post(&mut rig, &session, "0::");
    assert_eq!(rig.take_parts(exchange), scripts(&["0::"]));
    assert!(rig.closed.contains(&exchange));
    assert_eq!(rig.take_events(), [ServerEvent::Disconnected { session, cause: Cause::Booted }]);
}

#[test]
fn a_client_that_hangs_up_ends_its_session_at_once() {
    let mut rig = rig();
    let (session, exchange) = streaming_session(&mut rig);
    rig.close(exchange, true);
    assert_eq!(rig.take_events(), [ServerEvent::Disconnected { session, cause: Cause::SocketEnd }]);
}

#[test]
fn a_stream_of_an_unknown_session_says_so_and_is_complete() {
    let mut rig = rig();
    let exchange = rig.get("/socket.io/1/htmlfile/nobody?t=1");
    assert_eq!(rig.take_parts(exchange)[1..], scripts(&["7:::1+0"]));
    assert!(rig.closed.contains(&exchange));
    assert!(matches!(&rig.take_events()[..], [ServerEvent::UnknownSession { open: true, .. }]));
}

#[test]
fn an_upgrade_is_cut_off() {
    let mut rig = rig();
    let session = rig.polling_session();
    for id in [session.0.as_str(), "nobody"] {
        let exchange = rig.request(Method::Get, &format!("/socket.io/1/htmlfile/{id}"), "", &[], true);
        assert!(rig.closed.contains(&exchange) && rig.take_parts(exchange).is_empty(), "{id}");
    }
    assert_eq!(rig.take_events(), []);
}

#[test]
fn a_volatile_message_goes_to_an_open_stream() {
    let mut rig = rig();
    let (_, exchange) = streaming_session(&mut rig);
    let audience = Audience::default().volatile(true);
    let news = Outgoing::Message(Text::from_static("news"));
    assert_eq!(rig.server.broadcast(rig.now, &audience, &news), Ok(1));
    rig.drive();
    assert_eq!(rig.take_parts(exchange), scripts(&["3:::news"]));
}

#[test]
fn disconnect_in_the_query_ends_an_open_stream() {
    let mut rig = rig();
    let (session, exchange) = streaming_session(&mut rig);
    rig.get(&format!("/socket.io/1/htmlfile/{}?disconnect", session.0));
    assert_eq!(rig.take_parts(exchange), scripts(&["0::"]));
    assert!(rig.closed.contains(&exchange));
}

// --- a session may change its transport at any time (facts 4.12, 7.11)

/// Opens a transport; returns its exchange.
fn open(rig: &mut Rig, session: &SessionId, transport: Transport) -> ExchangeId {
    match transport {
        Transport::Websocket => rig.upgrade(session),
        Transport::Htmlfile => stream(rig, session),
        Transport::JsonpPolling => jsonp(rig, session),
        _ => rig.poll(session),
    }
}

/// What an exchange said that was not said when it opened.
fn said(rig: &mut Rig, exchange: ExchangeId) -> Vec<String> {
    let mut said = rig.take_messages(exchange);
    said.extend(rig.take_parts(exchange).into_iter().filter(|part| !part.starts_with("<html>")));
    said.extend(
        rig.responses.remove(&exchange).map(|response| String::from_utf8_lossy(&response.body).into_owned()),
    );
    said
}

const TRANSPORTS: [Transport; 4] =
    [Transport::Websocket, Transport::Htmlfile, Transport::XhrPolling, Transport::JsonpPolling];

#[test]
fn any_transport_takes_over_from_any_other_without_a_word_and_gets_what_is_sent() {
    for before in TRANSPORTS {
        for after in TRANSPORTS {
            let mut rig = rig();
            let session = rig.polling_session();
            let old = open(&mut rig, &session, before);
            let new = open(&mut rig, &session, after);
            assert_eq!(
                (said(&mut rig, old), said(&mut rig, new)),
                (vec![], vec![]),
                "{before} {after}: no 1::"
            );
            send(&mut rig, &session, "where");
            assert_eq!(said(&mut rig, old), Vec::<String>::new(), "{before} {after}");
            let new_said = said(&mut rig, new);
            assert!(
                new_said.len() == 1 && new_said[0].contains("3:::where"),
                "{before} {after}: {new_said:?}"
            );
            assert!(!rig.closed.contains(&old), "{before} {after}: the old one is left as it is");
            rig.close(old, true);
            assert_eq!(rig.take_events(), [], "{before} {after}: its end is harmless");
            assert_eq!(rig.server.session_count(), 1);
        }
    }
}

#[test]
fn what_waited_after_a_poll_goes_to_whichever_transport_opens_next() {
    for after in TRANSPORTS {
        let mut rig = rig();
        let session = rig.polling_session();
        send(&mut rig, &session, "kept");
        let new = open(&mut rig, &session, after);
        let new_said = said(&mut rig, new);
        assert!(new_said.len() == 1 && new_said[0].contains("3:::kept"), "{after}: {new_said:?}");
    }
}

#[test]
fn a_poll_that_takes_over_from_a_stream_stops_its_heartbeats() {
    let mut rig = rig();
    let (session, exchange) = streaming_session(&mut rig);
    rig.advance_secs(10);
    let waiting = jsonp(&mut rig, &session);
    rig.advance_secs(19);
    assert_eq!(rig.take_parts(exchange), Vec::<String>::new());
    assert_eq!(rig.body(waiting), None);
    rig.advance_secs(1);
    assert_eq!(rig.body(waiting), Some("io.j[0](\"8::\");".to_owned()));
}

#[test]
fn a_stream_that_takes_over_between_polls_stops_the_close_timeout() {
    let mut rig = rig();
    let session = rig.polling_session();
    rig.advance_secs(24);
    let exchange = stream(&mut rig, &session);
    rig.advance(Duration::from_secs(19));
    assert_eq!(rig.server.session_count(), 1);
    rig.advance_secs(1);
    assert_eq!(rig.take_parts(exchange)[1..], scripts(&["2::"]));
}

#[test]
fn a_heartbeat_of_a_stream_may_be_answered_over_any_transport_that_posts() {
    let mut rig = rig();
    let (session, exchange) = streaming_session(&mut rig);
    rig.advance_secs(20);
    rig.post(&session, "2::");
    rig.advance_secs(20);
    let target = format!("/socket.io/1/jsonp-polling/{}", session.0);
    rig.request(Method::Post, &target, "d=\"2::\"", &[], false);
    rig.advance_secs(20);
    assert_eq!(rig.take_parts(exchange), scripts(&["2::", "2::", "2::"]));
    assert_eq!(rig.server.session_count(), 1);
}

#[test]
fn the_end_of_a_session_ends_the_streams_that_others_took_over_from() {
    let mut rig = rig();
    let (session, first) = streaming_session(&mut rig);
    let second = stream(&mut rig, &session);
    rig.close(second, true);
    assert!(rig.closed.contains(&first));
}

#[test]
fn the_oldest_of_too_many_streams_is_ended() {
    let limits = Limits::default().session_exchanges_max(2);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    let (session, first) = streaming_session(&mut rig);
    let second = stream(&mut rig, &session);
    let third = stream(&mut rig, &session);
    assert!(rig.closed.contains(&first) && !rig.closed.contains(&second) && !rig.closed.contains(&third));
}
