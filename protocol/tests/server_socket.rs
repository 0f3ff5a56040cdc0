//! The server over websocket, above the framing (facts 7, 8).

mod server_rig;

use std::time::Duration;

use server_rig::Rig;
use socketio08::server::{
    AckMode, Cause, ExchangeId, Method, Outgoing, ServerConfig, ServerEvent, SessionId, Violation,
};
use socketio08::{Deadline, DecodeErrorKind, Instant, Limits, Text, Timer, Transport};

fn rig() -> Rig {
    Rig::new(ServerConfig::default())
}

fn send(rig: &mut Rig, session: &SessionId, text: &str) {
    let message = Outgoing::Message(Text::from(text));
    rig.server.send(rig.now, session, &Text::EMPTY, message, AckMode::None).expect("a live session");
    rig.drive();
}

fn ended(session: &SessionId, cause: Cause) -> ServerEvent {
    ServerEvent::Disconnected { session: session.clone(), cause }
}

#[test]
fn an_upgrade_is_answered_101_and_the_connect_packet() {
    let mut rig = rig();
    let session = rig.handshake();
    let socket = rig.upgrade(&session);
    assert!(rig.upgraded.contains(&socket));
    assert_eq!(rig.take_messages(socket), ["1::"]);
    let connected =
        ServerEvent::Connected { session, endpoint: Text::EMPTY, transport: Transport::Websocket };
    assert_eq!(rig.take_events(), [connected]);
}

#[test]
fn every_packet_is_a_message_of_its_own() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    send(&mut rig, &session, "a");
    send(&mut rig, &session, "b");
    assert_eq!(rig.take_messages(socket), ["3:::a", "3:::b"]);
}

#[test]
fn a_heartbeat_is_sent_each_interval_after_the_last_answer() {
    let mut rig = rig();
    let (_, socket) = rig.socket_session();
    rig.advance(Duration::from_micros(19_999_999));
    assert!(rig.take_messages(socket).is_empty());
    rig.advance(Duration::from_micros(1));
    assert_eq!(rig.take_messages(socket), ["2::"]);
    rig.advance_secs(14);
    rig.message(socket, "2::");
    let next = Deadline { at: Instant::from_millis(54_000), timer: Timer::Heartbeat };
    assert_eq!(rig.server.poll_timeout(), Some(next));
    assert_eq!(rig.take_events(), []);
}

#[test]
fn only_a_heartbeat_clears_the_heartbeat_timeout_and_its_expiry_closes_without_a_word() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    rig.advance_secs(20);
    rig.take_messages(socket);
    rig.advance_secs(14);
    rig.message(socket, "3:::still here");
    rig.take_events();
    rig.advance_secs(1);
    assert_eq!(rig.take_events(), [ended(&session, Cause::HeartbeatTimeout)]);
    assert!(rig.closed.contains(&socket));
    assert!(rig.take_messages(socket).is_empty());
}

#[test]
fn a_heartbeat_nobody_asked_for_changes_nothing() {
    let mut rig = rig();
    let (_, socket) = rig.socket_session();
    rig.advance_secs(10);
    rig.message(socket, "2::");
    let due = Deadline { at: Instant::from_millis(20_000), timer: Timer::Heartbeat };
    assert_eq!(rig.server.poll_timeout(), Some(due));
}

#[test]
fn heartbeats_switched_off_are_never_sent() {
    let mut rig = Rig::new(ServerConfig::default().heartbeats(false));
    let (_, socket) = rig.socket_session();
    assert_eq!(rig.server.poll_timeout(), None);
    rig.advance_secs(1_000);
    assert!(rig.take_messages(socket).is_empty());
}

#[test]
fn a_disconnect_packet_is_echoed_and_the_socket_closed() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    rig.message(socket, "0::");
    assert_eq!(rig.take_messages(socket), ["0::"]);
    assert!(rig.closed.contains(&socket));
    assert_eq!(rig.take_events(), [ended(&session, Cause::Booted)]);
    rig.message(socket, "3:::too late");
    assert_eq!(rig.take_events(), []);
}

#[test]
fn the_end_of_the_socket_ends_the_session_without_grace() {
    for (clean, cause) in [(true, Cause::SocketEnd), (false, Cause::SocketClose)] {
        let mut rig = rig();
        let (session, socket) = rig.socket_session();
        rig.close(socket, clean);
        assert_eq!(rig.take_events(), [ended(&session, cause)]);
        assert!(!rig.closed.contains(&socket), "the peer closed it");
        let again = rig.upgrade(&session);
        assert_eq!(rig.take_messages(again), ["7:::1+0"]);
    }
}

#[test]
fn an_upgrade_for_an_unknown_session_is_told_so_in_a_message() {
    let mut rig = rig();
    let nobody = SessionId(Text::from("nobody"));
    let socket = rig.upgrade(&nobody);
    assert!(rig.upgraded.contains(&socket) && rig.closed.contains(&socket));
    assert_eq!(rig.take_messages(socket), ["7:::1+0"]);
    assert_eq!(rig.take_events(), [ServerEvent::UnknownSession { session: nobody.0, open: true }]);
}

#[test]
fn a_plain_request_on_a_websocket_target_is_cut_off_and_the_session_stays() {
    let mut rig = rig();
    let session = rig.handshake();
    let target = format!("/socket.io/1/websocket/{}", session.0);
    for method in [Method::Get, Method::Post] {
        let exchange = rig.request(method, &target, "", &[], false);
        assert!(rig.closed.contains(&exchange));
    }
    let poll = rig.poll(&session);
    assert_eq!(rig.body(poll), Some("1::".to_owned()));
}

/// What a server of 0.8.7 does: `connection` at once, and the poll after 2.5 s brings what was sent meanwhile (`peers/stack/ghost.js`).
#[test]
fn a_plain_request_on_a_websocket_target_leaves_a_ghost_where_0_8_7_is_simulated() {
    let mut rig = Rig::new(ServerConfig::default().ghosts(true));
    let session = rig.handshake();
    let plain = rig.get(&format!("/socket.io/1/websocket/{}", session.0));
    assert!(rig.closed.contains(&plain));
    let (endpoint, transport) = (Text::EMPTY, Transport::Websocket);
    let connected = ServerEvent::Connected { session: session.clone(), endpoint, transport };
    assert_eq!(rig.take_events(), [connected]);
    send(&mut rig, &session, "a");
    rig.advance_secs(3_600);
    assert_eq!((rig.take_events(), rig.server.outbox_len(&session)), (Vec::new(), Some(2)), "for ever");
    let poll = rig.poll(&session);
    assert_eq!(rig.body(poll), Some("\u{FFFD}3\u{FFFD}1::\u{FFFD}5\u{FFFD}3:::a".to_owned()));
    rig.advance_secs(25);
    assert_eq!(rig.take_events(), [ended(&session, Cause::CloseTimeout)], "as any that polled");
}

#[test]
fn a_second_socket_takes_over_and_the_first_still_speaks() {
    let mut rig = rig();
    let (session, first) = rig.socket_session();
    let second = rig.upgrade(&session);
    assert!(rig.take_messages(second).is_empty(), "no second connect packet");
    rig.message(first, "3:1::from the first");
    assert_eq!(rig.take_messages(second), ["6:::1"]);
    assert!(rig.take_messages(first).is_empty());
    assert_eq!(rig.take_events().len(), 1);
    rig.close(first, false);
    assert_eq!(rig.take_events(), [], "its end is harmless");
    rig.close(second, false);
    assert_eq!(rig.take_events(), [ended(&session, Cause::SocketClose)]);
}

#[test]
fn a_socket_takes_over_from_a_poll_with_what_was_buffered_and_no_connect_packet() {
    let mut rig = rig();
    let session = rig.polling_session();
    send(&mut rig, &session, "b1");
    send(&mut rig, &session, "b2");
    let socket = rig.upgrade(&session);
    assert_eq!(rig.take_messages(socket), ["3:::b1", "3:::b2"]);
    let poll = rig.poll(&session);
    send(&mut rig, &session, "to the poll");
    assert_eq!(rig.body(poll), Some("3:::to the poll".to_owned()));
    let waiting = rig.poll(&session);
    let again = rig.upgrade(&session);
    send(&mut rig, &session, "where");
    assert_eq!(rig.body(waiting), None);
    assert_eq!(rig.take_messages(again), ["3:::where"]);
    rig.advance_secs(20);
    assert_eq!(rig.take_messages(again), ["2::"], "the heartbeat runs from the take-over");
    assert_eq!(rig.body(waiting), None, "the left poll is not even answered a noop");
}

#[test]
fn the_end_of_a_session_closes_the_exchanges_that_were_taken_over() {
    let mut rig = rig();
    let (session, first) = rig.socket_session();
    let second = rig.upgrade(&session);
    rig.server.disconnect(rig.now, &session).expect("a live session");
    rig.drive();
    assert_eq!(rig.take_messages(second), ["0::"]);
    assert!(rig.closed.contains(&first) && rig.closed.contains(&second));
}

#[test]
fn a_message_is_one_packet_and_never_a_payload() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    rig.message(socket, "\u{FFFD}5\u{FFFD}3:::a");
    let events = rig.take_events();
    let [ServerEvent::PeerViolation { session: by, error: Violation::Packet(error) }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((by, error.kind), (&Some(session), DecodeErrorKind::Type));
}

#[test]
fn a_message_longer_than_the_limit_ends_the_session() {
    let limits = Limits::default().payload_len_max(10);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    let (session, socket) = rig.socket_session();
    rig.message(socket, "3:::0123456789");
    assert_eq!(rig.take_events(), [ended(&session, Cause::Limit)]);
    assert!(rig.closed.contains(&socket));
}

#[test]
fn the_disconnect_query_ends_a_session_over_a_socket() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    rig.get(&format!("/socket.io/1/xhr-polling/{}?disconnect=1", session.0));
    assert_eq!(rig.take_messages(socket), ["0::"]);
    assert_eq!(rig.take_events(), [ended(&session, Cause::Booted)]);
}

fn upgrade_to_flashsocket(rig: &mut Rig, session: &SessionId) -> ExchangeId {
    let target = format!("/socket.io/1/flashsocket/{}", session.0);
    rig.request(Method::Get, &target, "", &[], true)
}

#[test]
fn flashsocket_is_a_websocket_by_another_name_where_it_is_listed() {
    let transports = vec![Transport::Flashsocket, Transport::XhrPolling];
    let mut rig = Rig::new(ServerConfig::default().transports(transports));
    let session = rig.handshake();
    let socket = upgrade_to_flashsocket(&mut rig, &session);
    assert_eq!(rig.take_messages(socket), ["1::"]);
    let transport = Transport::Flashsocket;
    let connected = ServerEvent::Connected { session, endpoint: Text::EMPTY, transport };
    assert_eq!(rig.take_events(), [connected]);
    rig.advance_secs(20);
    assert_eq!(rig.take_messages(socket), ["2::"]);
}

#[test]
fn flashsocket_is_cut_off_unless_it_is_listed() {
    let mut rig = rig();
    let session = rig.handshake();
    let socket = upgrade_to_flashsocket(&mut rig, &session);
    assert!(rig.closed.contains(&socket));
    assert_eq!(rig.take_messages(socket), [""; 0]);
}

#[test]
fn flashsocket_tells_an_unknown_session_to_reconnect() {
    let transports = vec![Transport::Flashsocket];
    let mut rig = Rig::new(ServerConfig::default().transports(transports));
    let socket = upgrade_to_flashsocket(&mut rig, &SessionId(Text::from("nobody")));
    assert_eq!(rig.take_messages(socket), ["7:::1+0"]);
    assert!(rig.closed.contains(&socket));
}
