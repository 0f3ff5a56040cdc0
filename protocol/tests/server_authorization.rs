//! What waits for the application's word: handshakes, and joins of guarded endpoints.

mod server_rig;

use std::time::Duration;

use server_rig::Rig;
use socketio08::server::{
    AckMode, Audience, Cause, ExchangeId, HandshakeData, JoinRefusal, LocalError, Method, Outgoing, Refusal,
    ServerConfig, ServerEvent, SessionId,
};
use socketio08::{Deadline, Instant, Limits, Text, Timer, Transport};

const VIP: Text = Text::from_static("/vip");

fn guarded() -> Rig {
    Rig::new(ServerConfig::default().endpoints(vec![Text::from("/chat")]).guarded_endpoints(vec![VIP]))
}

fn requested(session: &SessionId, query: &str) -> ServerEvent {
    ServerEvent::JoinRequested { session: session.clone(), endpoint: VIP, query: Text::from(query) }
}

fn abandoned(session: &SessionId) -> ServerEvent {
    ServerEvent::JoinAbandoned { session: session.clone(), endpoint: VIP }
}

fn joined(session: &SessionId) -> ServerEvent {
    ServerEvent::Connected { session: session.clone(), endpoint: VIP, transport: Transport::Websocket }
}

fn left(session: &SessionId) -> ServerEvent {
    ServerEvent::Left { session: session.clone(), endpoint: VIP }
}

/// A session that waits for the answer to its join.
fn asking() -> (Rig, SessionId, ExchangeId) {
    let mut rig = guarded();
    let (session, socket) = rig.socket_session();
    rig.message(socket, "1::/vip");
    assert_eq!(rig.take_events(), [requested(&session, "")]);
    (rig, session, socket)
}

/// A session that has joined.
fn member() -> (Rig, SessionId, ExchangeId) {
    let (mut rig, session, socket) = asking();
    rig.server.accept_join(rig.now, &session, &VIP).expect("a join that waits");
    assert_eq!(rig.take_events(), [joined(&session)]);
    assert_eq!(rig.take_messages(socket), ["1::/vip"]);
    (rig, session, socket)
}

/// A handshake that waits for its answer.
fn shaking() -> (Rig, ExchangeId) {
    let mut rig = guarded();
    rig.accepting = false;
    let exchange = rig.get("/socket.io/1/");
    assert!(matches!(rig.take_events()[..], [ServerEvent::HandshakeRequested { .. }]));
    (rig, exchange)
}

fn data(headers: &[(&str, &str)], query: &str) -> HandshakeData {
    HandshakeData {
        headers: headers.iter().map(|&(name, value)| (Text::from(name), Text::from(value))).collect(),
        address: Text::EMPTY,
        query: Text::from(query),
        url: Text::EMPTY,
        xdomain: false,
        secure: false,
        issued: Instant::ZERO,
    }
}

#[test]
fn a_join_of_a_guarded_endpoint_waits_and_is_echoed_when_it_is_accepted() {
    let mut rig = guarded();
    let (session, socket) = rig.socket_session();
    rig.message(socket, "1::/vip:?token=x");
    assert_eq!(rig.take_events(), [requested(&session, "?token=x")]);
    assert!(rig.take_messages(socket).is_empty());
    rig.server.accept_join(rig.now, &session, &VIP).unwrap();
    assert_eq!(rig.take_events(), [joined(&session)]);
    assert_eq!(rig.take_messages(socket), ["1::/vip"]);
}

#[test]
fn a_refused_join_is_told_so_by_an_error_packet_and_the_session_goes_on() {
    for (refusal, packet) in
        [(JoinRefusal::Unauthorized, "7::/vip:2"), (JoinRefusal::Error, "7::/vip:undefined")]
    {
        let (mut rig, session, socket) = asking();
        rig.server.refuse_join(rig.now, &session, &VIP, refusal).unwrap();
        assert_eq!(rig.take_events(), []);
        assert_eq!(rig.take_messages(socket), [packet]);
        rig.message(socket, "1::/chat");
        assert_eq!(rig.take_messages(socket), ["1::/chat"]);
    }
}

#[test]
fn an_endpoint_that_is_not_guarded_is_joined_without_a_word() {
    let mut rig = guarded();
    let (_, socket) = rig.socket_session();
    rig.message(socket, "1::/chat");
    assert_eq!(rig.take_messages(socket), ["1::/chat"]);
    assert!(matches!(rig.take_events()[..], [ServerEvent::Connected { .. }]));
}

#[test]
fn packets_before_the_answer_are_dropped_but_acknowledged_as_any() {
    let (mut rig, session, socket) = asking();
    rig.message(socket, "3:1:/vip:early");
    rig.message(socket, "3:2+:/vip:early");
    rig.message(socket, "5::/vip:{\"name\":\"early\"}");
    rig.message(socket, "4::/vip:{}");
    assert_eq!(rig.take_events(), []);
    assert_eq!(rig.take_messages(socket), ["6::/vip:1"]);
    rig.server.accept_join(rig.now, &session, &VIP).unwrap();
    assert_eq!(rig.take_events(), [joined(&session)]);
    rig.message(socket, "3::/vip:in time");
    assert!(matches!(&rig.take_events()[..], [ServerEvent::Received { .. }]));
}

#[test]
fn packets_after_leaving_are_dropped_too() {
    let (mut rig, session, socket) = member();
    rig.message(socket, "0::/vip");
    rig.message(socket, "3::/vip:late");
    rig.message(socket, "0::/vip");
    assert_eq!(rig.take_events(), [left(&session)]);
}

#[test]
fn broadcasts_reach_members_only_once_they_are_accepted() {
    let (mut rig, session, socket) = asking();
    let everybody = Audience::default().endpoint(VIP);
    let hello = Outgoing::Message(Text::from("hello"));
    assert_eq!(rig.server.broadcast(rig.now, &everybody, &hello), Ok(0));
    rig.server.accept_join(rig.now, &session, &VIP).unwrap();
    assert_eq!(rig.server.broadcast(rig.now, &everybody, &hello), Ok(1));
    rig.drive();
    assert_eq!(rig.take_messages(socket), ["1::/vip", "3::/vip:hello"]);
}

#[test]
fn a_join_repeated_before_the_answer_is_one_question_and_after_it_another() {
    let (mut rig, session, socket) = asking();
    rig.message(socket, "1::/vip");
    assert_eq!(rig.take_events(), []);
    rig.server.accept_join(rig.now, &session, &VIP).unwrap();
    rig.message(socket, "1::/vip");
    assert_eq!(rig.take_events(), [joined(&session), requested(&session, "")]);
    rig.server.accept_join(rig.now, &session, &VIP).unwrap();
    assert_eq!(rig.take_events(), [joined(&session)]);
}

#[test]
fn a_member_that_asks_again_and_is_refused_is_out() {
    let (mut rig, session, socket) = member();
    rig.server.join_room(&session, &VIP, Text::from("room")).unwrap();
    rig.message(socket, "1::/vip");
    rig.take_events();
    rig.server.refuse_join(rig.now, &session, &VIP, JoinRefusal::Unauthorized).unwrap();
    assert_eq!(rig.take_events(), [left(&session)]);
    assert_eq!(rig.take_messages(socket), ["7::/vip:2"]);
    let room = Audience::default().endpoint(VIP).room(Some(Text::from("room")));
    assert_eq!(rig.server.broadcast(rig.now, &room, &Outgoing::Message(Text::from("x"))), Ok(0));
}

#[test]
fn a_join_is_abandoned_when_the_client_leaves_the_endpoint() {
    let (mut rig, session, socket) = asking();
    rig.message(socket, "0::/vip");
    assert_eq!(rig.take_events(), [abandoned(&session)]);
    let answer = rig.server.accept_join(rig.now, &session, &VIP);
    assert_eq!(answer, Err(LocalError::NoJoinRequested));
}

#[test]
fn a_join_is_abandoned_when_the_session_ends() {
    let (mut rig, session, socket) = asking();
    rig.close(socket, true);
    let over = ServerEvent::Disconnected { session: session.clone(), cause: Cause::SocketEnd };
    assert_eq!(rig.take_events(), [abandoned(&session), over]);
    let answer = rig.server.refuse_join(rig.now, &session, &VIP, JoinRefusal::Unauthorized);
    assert_eq!(answer, Err(LocalError::UnknownSession));
}

#[test]
fn a_join_without_an_answer_is_refused_in_time() {
    let (mut rig, session, socket) = asking();
    let deadline = Deadline { at: Instant::from_millis(20_000), timer: Timer::Authorization };
    assert_eq!(rig.server.poll_timeout(), Some(deadline));
    rig.advance_secs(20);
    assert_eq!(rig.take_events(), [abandoned(&session)]);
    assert!(rig.take_messages(socket).contains(&"7::/vip:undefined".to_owned()));
    assert_ne!(rig.server.poll_timeout().map(|deadline| deadline.timer), Some(Timer::Authorization));
}

#[test]
fn a_join_nobody_asked_for_cannot_be_answered() {
    let mut rig = guarded();
    let (session, _) = rig.socket_session();
    for endpoint in [VIP, Text::from("/chat"), Text::EMPTY] {
        let answer = rig.server.accept_join(rig.now, &session, &endpoint);
        assert_eq!(answer, Err(LocalError::NoJoinRequested));
    }
}

#[test]
fn what_is_sent_to_a_session_beside_its_membership_is_acknowledged_all_the_same() {
    let (mut rig, session, socket) = asking();
    let id = rig.server.send(rig.now, &session, &VIP, Outgoing::Message(Text::from("x")), AckMode::Plain);
    assert_eq!(id, Ok(Some(1)));
    rig.message(socket, "6::/vip:1");
    assert!(matches!(rig.take_events()[..], [ServerEvent::Acknowledged { id: 1, .. }]));
}

#[test]
fn a_handshake_without_an_answer_is_an_error_in_time() {
    let (mut rig, exchange) = shaking();
    rig.advance(Duration::from_millis(19_999));
    assert_eq!(rig.status(exchange), None);
    rig.advance(Duration::from_millis(1));
    assert_eq!(rig.body(exchange), Some("handshake error".to_owned()));
    assert_eq!(rig.take_events(), [ServerEvent::HandshakeAbandoned { exchange }]);
    let answer = rig.server.accept(rig.now, exchange, SessionId(Text::from("s1")));
    assert_eq!(answer, Err(LocalError::UnknownExchange));
}

#[test]
fn a_handshake_is_abandoned_when_its_client_leaves() {
    let (mut rig, exchange) = shaking();
    rig.close(exchange, true);
    assert_eq!(rig.take_events(), [ServerEvent::HandshakeAbandoned { exchange }]);
    assert_eq!(rig.server.poll_timeout(), None);
}

/// As many handshakes wait as there may be sessions.
#[test]
fn a_client_that_leaves_makes_room_for_the_handshake_of_another() {
    let limits = Limits::default().sessions_max(2);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    rig.accepting = false;
    for _ in 0..3 {
        let waiting = [rig.get("/socket.io/1/"), rig.get("/socket.io/1/")];
        let refused = rig.get("/socket.io/1/");
        assert_eq!(waiting.map(|exchange| rig.status(exchange)), [None, None]);
        assert_ne!(rig.status(refused), None);
        for exchange in waiting {
            rig.close(exchange, true);
        }
    }
}

#[test]
fn an_answered_handshake_leaves_no_deadline_of_its_own() {
    let (mut rig, exchange) = shaking();
    rig.server.refuse(rig.now, exchange, Refusal::Unauthorized).unwrap();
    assert_eq!(rig.server.poll_timeout(), None);
}

#[test]
fn an_authorization_timeout_of_zero_waits_for_ever() {
    let mut rig = Rig::new(ServerConfig::default().authorization_timeout(Duration::ZERO));
    rig.accepting = false;
    let exchange = rig.get("/socket.io/1/");
    assert_eq!(rig.server.poll_timeout(), None);
    rig.advance_secs(100_000);
    assert_eq!(rig.status(exchange), None);
}

#[test]
fn what_the_handshake_told_is_kept_for_the_session_and_forgotten_with_it() {
    let mut rig = guarded();
    rig.now = Instant::from_millis(7);
    let headers = [("Origin", "http://io.example.com"), ("Host", "io.example.com")];
    rig.request(Method::Get, "/socket.io/1/?a=b", "", &headers, false);
    let session = SessionId(Text::from("s1"));
    let data = rig.server.handshake_data(&session).unwrap();
    assert_eq!((data.url.as_str(), data.query.as_str()), ("/socket.io/1/?a=b", "a=b"));
    assert_eq!((data.xdomain, data.secure, data.issued), (true, false, Instant::from_millis(7)));
    rig.poll(&session);
    rig.server.disconnect(rig.now, &session).unwrap();
    assert_eq!(rig.server.handshake_data(&session), None);
}

#[test]
fn a_handshake_of_absurd_length_is_refused_and_not_kept() {
    let limits = Limits::default().handshake_len_max(100);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    let exchange = rig.request(Method::Get, "/socket.io/1/", "", &[("Cookie", &"x".repeat(100))], false);
    assert_eq!(rig.status(exchange), Some(431));
    assert_eq!((rig.server.session_count(), rig.take_events()), (0, Vec::new()));
}

#[test]
fn parameters_of_the_query_are_decoded() {
    let data = data(&[], "a=1&b=x%20y+z&a=2&empty&&=v&bad=%4&%C3%A9=%ff%zz");
    let pairs: Vec<(String, String)> =
        data.parameters().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let expected = [
        ("a", "1"),
        ("b", "x y z"),
        ("a", "2"),
        ("empty", ""),
        ("", "v"),
        ("bad", "%4"),
        ("é", "\u{FFFD}%zz"),
    ];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(data.parameter("a"), Some(Text::from("1")));
    assert_eq!(data.parameter("none"), None);
}

#[test]
fn headers_and_cookies_are_found_by_name() {
    let data = data(&[("COOKIE", "a=1; sid=\"x=y\" ;b"), ("cookie", "late=2")], "");
    assert_eq!(data.header("Cookie"), Some(&Text::from("a=1; sid=\"x=y\" ;b")));
    assert_eq!(
        (data.cookie("sid"), data.cookie("late"), data.cookie("b")),
        (Some("\"x=y\""), Some("2"), None)
    );
}
