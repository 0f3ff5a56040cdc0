//! The server over xhr-polling (facts 4).

mod server_rig;

use std::time::Duration;

use server_rig::Rig;
use socketio08::server::{AckMode, Cause, Method, Outgoing, ServerConfig, ServerEvent, SessionId};
use socketio08::{Deadline, Instant, Limits, Text, Timer, Transport};

fn rig() -> Rig {
    Rig::new(ServerConfig::default())
}

fn send(rig: &mut Rig, session: &SessionId, text: &str) {
    let message = Outgoing::Message(Text::from(text));
    rig.server.send(rig.now, session, &Text::EMPTY, message, AckMode::None).expect("a live session");
    rig.drive();
}

#[test]
fn the_first_poll_is_answered_at_once_and_connects() {
    let mut rig = rig();
    let session = rig.handshake();
    assert_eq!(rig.server.sessions().count(), 0);
    let poll = rig.poll(&session);
    assert_eq!(rig.body(poll), Some("1::".to_owned()));
    assert_eq!(rig.header(poll, "Content-Type"), Some("text/plain; charset=UTF-8".to_owned()));
    assert_eq!(rig.header(poll, "Content-Length"), Some("3".to_owned()));
    assert_eq!(rig.header(poll, "Connection"), Some("Keep-Alive".to_owned()));
    assert_eq!(rig.header(poll, "Access-Control-Allow-Origin"), None);
    let connected = ServerEvent::Connected {
        session: session.clone(),
        endpoint: Text::EMPTY,
        transport: Transport::XhrPolling,
    };
    assert_eq!(rig.take_events(), [connected]);
    assert_eq!(rig.server.sessions().collect::<Vec<_>>(), [&session]);
}

#[test]
fn one_packet_answers_the_poll_and_the_rest_comes_framed_with_the_next() {
    let mut rig = rig();
    let session = rig.polling_session();
    let poll = rig.poll(&session);
    for text in ["one", "two", "three"] {
        send(&mut rig, &session, text);
    }
    assert_eq!(rig.body(poll), Some("3:::one".to_owned()));
    let next = rig.poll(&session);
    assert_eq!(rig.body(next), Some("\u{FFFD}7\u{FFFD}3:::two\u{FFFD}9\u{FFFD}3:::three".to_owned()));
    send(&mut rig, &session, "single");
    let last = rig.poll(&session);
    assert_eq!(rig.body(last), Some("3:::single".to_owned()));
}

#[test]
fn a_poll_without_data_is_answered_noop_after_the_polling_duration() {
    let mut rig = rig();
    let session = rig.polling_session();
    rig.advance_secs(1);
    let poll = rig.poll(&session);
    let due = Deadline { at: Instant::from_millis(21_000), timer: Timer::Poll };
    assert_eq!(rig.server.poll_timeout(), Some(due));
    rig.advance(Duration::from_micros(19_999_999));
    assert_eq!(rig.body(poll), None);
    rig.advance(Duration::from_micros(1));
    assert_eq!(rig.body(poll), Some("8::".to_owned()));
}

#[test]
fn no_get_within_the_close_timeout_ends_the_session_whatever_is_posted() {
    let mut rig = rig();
    let session = rig.polling_session();
    for _ in 0..24 {
        rig.advance_secs(1);
        rig.post(&session, "2::");
    }
    assert_eq!(rig.take_events(), []);
    rig.advance_secs(1);
    let ended = ServerEvent::Disconnected { session: session.clone(), cause: Cause::CloseTimeout };
    assert_eq!(rig.take_events(), [ended]);
    let late = rig.poll(&session);
    assert_eq!(rig.body(late), Some("7:::1+0".to_owned()));
    assert_eq!(rig.server.session_count(), 0);
}

#[test]
fn a_get_clears_the_close_timeout() {
    let mut rig = rig();
    let session = rig.polling_session();
    for _ in 0..10 {
        rig.advance_secs(24);
        let poll = rig.poll(&session);
        rig.advance_secs(20);
        assert_eq!(rig.body(poll), Some("8::".to_owned()));
    }
}

#[test]
fn a_second_poll_takes_over_and_the_first_is_never_answered() {
    let mut rig = rig();
    let session = rig.polling_session();
    let (first, second) = (rig.poll(&session), rig.poll(&session));
    send(&mut rig, &session, "to the newest");
    assert_eq!(rig.body(first), None);
    assert_eq!(rig.body(second), Some("3:::to the newest".to_owned()));
    rig.close(first, false);
    assert_eq!(rig.take_events(), [], "the end of a superseded poll is harmless");
}

#[test]
fn aborting_the_current_poll_ends_the_session_at_once() {
    for (clean, cause) in [(true, Cause::SocketEnd), (false, Cause::SocketClose)] {
        let mut rig = rig();
        let session = rig.polling_session();
        let poll = rig.poll(&session);
        rig.close(poll, clean);
        assert_eq!(rig.take_events(), [ServerEvent::Disconnected { session: session.clone(), cause }]);
        let next = rig.poll(&session);
        assert_eq!(rig.body(next), Some("7:::1+0".to_owned()));
    }
}

#[test]
fn the_end_of_an_answered_exchange_is_harmless() {
    let mut rig = rig();
    let session = rig.polling_session();
    let poll = rig.poll(&session);
    send(&mut rig, &session, "x");
    rig.close(poll, false);
    assert_eq!(rig.take_events(), []);
}

#[test]
fn a_post_is_answered_before_its_packets_are_processed() {
    let mut rig = rig();
    let session = rig.polling_session();
    let post = rig.post(&session, "\u{FFFD}5\u{FFFD}3:::a\u{FFFD}7\u{FFFD}3:1::b\u{e9}");
    assert_eq!((rig.status(post), rig.body(post)), (Some(200), Some("1".to_owned())));
    assert_eq!(rig.header(post, "Content-Length"), Some("1".to_owned()));
    assert_eq!(rig.header(post, "Content-Type"), None);
    assert_eq!(rig.take_events().len(), 2);
    let poll = rig.poll(&session);
    assert_eq!(rig.body(poll), Some("6:::1".to_owned()));
}

#[test]
fn an_empty_body_is_answered_and_ignored() {
    let mut rig = rig();
    let session = rig.polling_session();
    let post = rig.post(&session, "");
    assert_eq!(rig.body(post), Some("1".to_owned()));
    assert_eq!(rig.take_events(), []);
}

#[test]
fn packets_before_broken_framing_are_processed_and_the_break_is_reported() {
    let mut rig = rig();
    let session = rig.polling_session();
    rig.post(&session, "\u{FFFD}5\u{FFFD}3:::a\u{FFFD}-4\u{FFFD}3:::b");
    let events = rig.take_events();
    assert!(
        matches!(&events[..], [ServerEvent::Received { .. }, ServerEvent::PeerViolation { .. }]),
        "{events:?}"
    );
    assert_eq!(rig.server.session_count(), 1);
}

#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    let mut rig = rig();
    let session = rig.polling_session();
    let post = socketio08::server::Request {
        exchange: socketio08::server::ExchangeId(999),
        method: Method::Post,
        target: Text::from(format!("/socket.io/1/xhr-polling/{}", session.0)),
        headers: Vec::new(),
        body: bytes::Bytes::from_static(b"3:::a\xc3"),
        upgrade: false,
        address: Text::EMPTY,
        secure: false,
    };
    rig.server.handle_input(rig.now, socketio08::server::ServerInput::Request(post));
    let [ServerEvent::Received { packet, .. }] = &rig.take_events()[..] else { panic!("one packet") };
    assert_eq!(packet.to_text(), "3:::a\u{FFFD}");
}

#[test]
fn a_disconnect_packet_answers_the_poll_with_one_and_drops_the_rest_of_its_payload() {
    let mut rig = rig();
    let session = rig.polling_session();
    let poll = rig.poll(&session);
    rig.post(&session, "\u{FFFD}3\u{FFFD}0::\u{FFFD}5\u{FFFD}3:::b");
    assert_eq!(rig.body(poll), Some("0::".to_owned()));
    let ended = ServerEvent::Disconnected { session, cause: Cause::Booted };
    assert_eq!(rig.take_events(), [ended]);
}

#[test]
fn disconnecting_between_polls_sends_nothing() {
    let mut rig = rig();
    let session = rig.polling_session();
    rig.server.disconnect(rig.now, &session).unwrap();
    let ended = ServerEvent::Disconnected { session: session.clone(), cause: Cause::Booted };
    assert_eq!(rig.take_events(), [ended]);
    let next = rig.poll(&session);
    assert_eq!(rig.body(next), Some("7:::1+0".to_owned()));
}

#[test]
fn volatile_packets_are_dropped_between_polls() {
    let mut rig = rig();
    let session = rig.polling_session();
    let volatile = |rig: &mut Rig| {
        let message = Outgoing::Message(Text::from("v"));
        rig.server.send_volatile(rig.now, &session, &Text::EMPTY, message).unwrap()
    };
    assert!(!volatile(&mut rig));
    let poll = rig.poll(&session);
    assert_eq!(rig.body(poll), None);
    assert!(volatile(&mut rig));
    rig.drive();
    assert_eq!(rig.body(poll), Some("3:::v".to_owned()));
}

#[test]
fn a_post_before_any_get_connects_without_a_packet_and_the_get_waits() {
    let mut rig = rig();
    let session = rig.handshake();
    rig.post(&session, "3:::early");
    let events = rig.take_events();
    assert!(
        matches!(&events[..], [ServerEvent::Connected { .. }, ServerEvent::Received { .. }]),
        "{events:?}"
    );
    let poll = rig.poll(&session);
    assert_eq!(rig.body(poll), None);
    rig.advance_secs(20);
    assert_eq!(rig.body(poll), Some("8::".to_owned()));
}

#[test]
fn a_session_that_only_posted_is_ended_by_the_close_timeout() {
    let mut rig = rig();
    let session = rig.handshake();
    rig.post(&session, "");
    rig.take_events();
    rig.advance_secs(25);
    assert_eq!(rig.take_events(), [ServerEvent::Disconnected { session, cause: Cause::CloseTimeout }]);
}

#[test]
fn the_disconnect_query_ends_a_session_whose_poll_waits_and_no_other() {
    let mut rig = rig();
    let session = rig.polling_session();
    let target = format!("/socket.io/1/xhr-polling/{}?disconnect", session.0);
    let ignored = rig.get(&target);
    assert!(rig.closed.contains(&ignored));
    assert_eq!(rig.take_events(), []);
    let poll = rig.poll(&session);
    let heard = rig.get(&target);
    assert!(rig.closed.contains(&heard));
    assert_eq!(rig.body(poll), Some("0::".to_owned()));
    assert_eq!(rig.take_events(), [ServerEvent::Disconnected { session, cause: Cause::Booted }]);
}

#[test]
fn an_unknown_session_is_told_so_by_a_get_and_not_by_a_post() {
    let mut rig = rig();
    let session = SessionId(Text::from("nobody"));
    let (poll, post) = (rig.poll(&session), rig.post(&session, "3:::x"));
    assert_eq!((rig.status(poll), rig.body(poll)), (Some(200), Some("7:::1+0".to_owned())));
    assert_eq!((rig.status(post), rig.body(post)), (Some(200), Some("1".to_owned())));
    let unknown = |open| ServerEvent::UnknownSession { session: session.0.clone(), open };
    assert_eq!(rig.take_events(), [unknown(true), unknown(false)]);
}

#[test]
fn other_methods_and_upgrades_of_a_poll_are_refused_without_harm() {
    let mut rig = rig();
    let session = rig.polling_session();
    let target = format!("/socket.io/1/xhr-polling/{}", session.0);
    let put = rig.request(Method::Other, &target, "", &[], false);
    assert_eq!(rig.status(put), Some(405));
    let upgrade = rig.request(Method::Get, &target, "", &[], true);
    assert!(rig.closed.contains(&upgrade));
    let unknown = rig.request(Method::Get, "/socket.io/1/xhr-polling/nobody", "", &[], true);
    assert!(rig.closed.contains(&unknown));
    assert_eq!(rig.server.session_count(), 1);
}

#[test]
fn a_head_of_a_session_is_refused_and_takes_nothing_from_it() {
    let mut rig = rig();
    let session = rig.polling_session();
    for transport in ["xhr-polling", "jsonp-polling", "htmlfile"] {
        let head =
            rig.request(Method::Head, &format!("/socket.io/1/{transport}/{}", session.0), "", &[], false);
        assert_eq!(rig.status(head), Some(405), "{transport}");
    }
    assert_eq!(rig.server.session_count(), 1);
    let handshake = rig.request(Method::Head, "/socket.io/1/", "", &[], false);
    assert_ne!(rig.status(handshake), Some(405), "a handshake may be asked for by any method (facts 4.3)");
}

#[test]
fn unknown_and_disabled_transports_are_cut_off_without_a_response() {
    let config = ServerConfig::default().transports(vec![Transport::XhrPolling]);
    let mut rig = Rig::new(config);
    let session = rig.handshake();
    for transport in ["bogus", "htmlfile", "websocket", "toString"] {
        let target = format!("/socket.io/1/{transport}/{}", session.0);
        for (method, upgrade) in [(Method::Get, false), (Method::Post, false), (Method::Get, true)] {
            let exchange = rig.request(method, &target, "", &[], upgrade);
            assert!(rig.closed.contains(&exchange), "{transport}");
        }
    }
    assert_eq!(rig.take_events(), []);
}

#[test]
fn a_full_outbox_ends_the_session_and_says_so() {
    let limits = Limits::default().outbox_packets_max(3);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    let session = rig.polling_session();
    for _ in 0..3 {
        send(&mut rig, &session, "x");
    }
    let message = Outgoing::Message(Text::from("one too many"));
    let refused = rig.server.send(rig.now, &session, &Text::EMPTY, message, AckMode::None);
    assert!(refused.is_err());
    assert_eq!(rig.take_events(), [ServerEvent::Disconnected { session, cause: Cause::Limit }]);
}

#[test]
fn a_payload_stays_within_what_a_peer_accepts_and_the_rest_follows() {
    let limits = Limits::default().payload_packets_max(2);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    let session = rig.polling_session();
    for text in ["a", "b", "c"] {
        send(&mut rig, &session, text);
    }
    let (first, second) = (rig.poll(&session), rig.poll(&session));
    assert_eq!(rig.body(first), Some("\u{FFFD}5\u{FFFD}3:::a\u{FFFD}5\u{FFFD}3:::b".to_owned()));
    assert_eq!(rig.body(second), Some("3:::c".to_owned()));
}

#[test]
fn a_body_longer_than_the_limit_is_refused_and_the_session_lives() {
    let limits = Limits::default().payload_len_max(10);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    let session = rig.polling_session();
    let post = rig.post(&session, "3:::0123456789");
    assert_eq!(rig.status(post), Some(413));
    assert_eq!((rig.take_events(), rig.server.session_count()), (vec![], 1));
}

#[test]
fn beyond_the_limit_of_exchanges_the_oldest_superseded_poll_is_closed() {
    let limits = Limits::default().session_exchanges_max(2);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    let session = rig.polling_session();
    let polls: Vec<_> = (0..3).map(|_| rig.poll(&session)).collect();
    assert!(rig.closed.contains(&polls[0]) && !rig.closed.contains(&polls[1]));
    assert_eq!(rig.take_events(), []);
}
