//! Routed sessions: a request for a session of another server goes to that server, once, whatever the balancer did.
#![allow(clippy::unwrap_used, reason = "tests")]

mod server_rig;

use std::time::Duration;

use server_rig::Rig;
use socketio08::server::{
    ExchangeId, Method, NodeName, Request, RoutedConfig, Routing, ServerConfig, ServerEvent, ServerInput,
    SessionId, SharedKey,
};
use socketio08::{Deadline, Instant, Text, Timer};

const HEADER: &str = "x-socketio08-forwarded";

fn name(name: &str) -> NodeName {
    NodeName::new(name).unwrap()
}

fn key(byte: u8) -> SharedKey {
    SharedKey::new(&[byte; 32]).unwrap()
}

fn routed(node: &str) -> RoutedConfig {
    let names = ["a", "b", "c"].into_iter().filter(|other| *other != node).map(name).collect();
    RoutedConfig::new(name(node), names, key(1))
}

fn with(routed: RoutedConfig) -> Rig {
    Rig::new(ServerConfig::default().routing(Routing::Routed(routed)))
}

fn node(node: &str) -> Rig {
    with(routed(node))
}

/// Gives what one server forwards to the other; the exchange there.
fn carry(from: &mut Rig, to: &mut Rig, number: u64) -> ExchangeId {
    let (_, _, request) = from.forwarded.pop().expect("a forwarded request");
    let exchange = ExchangeId(number);
    to.server.handle_input(to.now, ServerInput::Request(Request { exchange, ..request }));
    to.drive();
    exchange
}

fn begun(rig: &mut Rig, exchange: ExchangeId) {
    rig.server.handle_input(rig.now, ServerInput::ForwardBegun { exchange });
    rig.drive();
}

fn failed(rig: &mut Rig, exchange: ExchangeId) {
    rig.server.handle_input(rig.now, ServerInput::ForwardFailed { exchange });
    rig.drive();
}

fn of(owner: &str) -> SessionId {
    SessionId(Text::from(format!("{owner}-4711")))
}

fn target(transport: &str, session: &SessionId) -> String {
    format!("/socket.io/1/{transport}/{}", session.0)
}

#[test]
fn an_id_begins_with_the_name_of_its_server() {
    let mut rig = node("a");
    let handshake = rig.get("/socket.io/1/");
    assert!(rig.body(handshake).unwrap().starts_with("a-s1:15:25:"));
}

#[test]
fn a_request_for_its_own_session_is_answered_here() {
    let mut rig = node("a");
    rig.handshake();
    let poll = rig.poll(&SessionId(Text::from_static("a-s1")));
    assert_eq!(rig.body(poll).unwrap(), "1::");
    assert!(rig.forwarded.is_empty());
}

#[test]
fn every_transport_and_method_of_another_servers_session_is_forwarded_there() {
    let mut rig = node("a");
    let id = of("b");
    rig.poll(&id);
    rig.post(&id, "3:::x");
    rig.upgrade(&id);
    rig.get(&target("htmlfile", &id));
    rig.get(&target("jsonp-polling", &id));
    rig.get(&format!("{}?disconnect", target("xhr-polling", &id)));
    let forwarded: Vec<_> =
        rig.forwarded.iter().map(|(_, node, request)| (node.as_str(), request.method)).collect();
    let (get, post) = (("b", Method::Get), ("b", Method::Post));
    assert_eq!(forwarded, [get, post, get, get, get, get]);
    assert_eq!(&rig.forwarded[1].2.body[..], b"3:::x");
    assert!(rig.forwarded[2].2.upgrade);
    assert!(rig.responses.is_empty() && rig.closed.is_empty(), "nothing is answered yet");
}

#[test]
fn a_session_lives_behind_the_wrong_server() {
    let (mut a, mut b) = (node("a"), node("b"));
    b.handshake();
    let id = SessionId(Text::from_static("b-s1"));
    a.poll(&id);
    let poll = carry(&mut a, &mut b, 100);
    assert_eq!(b.body(poll).unwrap(), "1::");
    a.post(&id, "3:::hello");
    let post = carry(&mut a, &mut b, 101);
    assert_eq!(b.body(post).unwrap(), "1");
    let received = b.take_events().into_iter().filter(|event| matches!(event, ServerEvent::Received { .. }));
    assert_eq!(received.count(), 1);
}

#[test]
fn a_forwarded_request_is_never_forwarded_again() {
    let (mut a, mut c) = (node("a"), node("c"));
    a.poll(&of("b"));
    // The balancer of a wrong configuration: what is for b arrives at c.
    let poll = carry(&mut a, &mut c, 100);
    assert!(c.forwarded.is_empty());
    assert_eq!(c.body(poll).unwrap(), "7:::1+0");
}

#[test]
fn a_request_forwarded_by_a_server_with_another_secret_is_not_forwarded_again() {
    let mut stranger = with(routed("a").key(key(2)));
    let mut b = node("b");
    stranger.poll(&of("c"));
    stranger.forwarded[0].1 = "b".to_owned();
    let poll = carry(&mut stranger, &mut b, 100);
    assert!(b.forwarded.is_empty());
    assert_eq!(b.body(poll).unwrap(), "7:::1+0");
}

/// What the application of a server sees of an outside request with these headers.
fn seen(rig: &mut Rig, headers: &[(&str, &str)]) -> Request {
    rig.request(Method::Get, "/page", "", headers, false);
    match rig.take_events().pop() {
        Some(ServerEvent::Outside(request)) => request,
        other => panic!("not an outside request but {other:?}"),
    }
}

#[test]
fn a_clients_own_copy_of_the_header_is_not_believed_and_not_passed_on() {
    let mut rig = node("b");
    let forged = "a https AAAAAAAAAAAAAAAAAAAAAA 127.0.0.1";
    let request = seen(&mut rig, &[("X-SocketIO08-Forwarded", forged), ("cookie", "a=1")]);
    assert_eq!((request.address.as_str(), request.secure), ("192.0.2.7", false));
    assert_eq!(request.headers, [(Text::from_static("cookie"), Text::from_static("a=1"))]);
}

#[test]
fn a_signature_is_good_for_one_request_and_one_owner() {
    let mut a = node("a");
    a.poll(&of("b"));
    let (_, _, request) = a.forwarded.pop().unwrap();
    let (_, value) = request.headers.iter().find(|(name, _)| name.as_str() == HEADER).unwrap();
    // The same header on another target: its address is not taken.
    let stolen = value.replace("192.0.2.7", "10.0.0.1");
    let mut b = node("b");
    for header in [value.as_str(), &stolen] {
        assert_eq!(seen(&mut b, &[(HEADER, header)]).address, "192.0.2.7");
    }
    let origin = ("origin", "http://evil.example");
    let exchange =
        b.request(Method::Get, &target("websocket", &of("b")), "", &[(HEADER, value), origin], true);
    assert!(b.closed.contains(&exchange));
    let refused = b.take_events().into_iter().find_map(|event| match event {
        ServerEvent::OriginRefused { address, .. } => Some(address),
        _ => None,
    });
    assert_eq!(refused.unwrap(), "192.0.2.7", "signed for another target");
}

#[test]
fn the_owner_sees_the_clients_address_and_headers() {
    let (mut a, mut b) = (node("a"), node("b"));
    b.handshake();
    let id = SessionId(Text::from_static("b-s1"));
    let headers = [("x-forwarded-for", "198.51.100.4"), ("origin", "http://evil.example")];
    a.request(Method::Get, &target("websocket", &id), "", &headers, true);
    let forwarded = a.forwarded.pop().unwrap().2;
    assert_eq!(forwarded.headers[0].1, "198.51.100.4");
    // As the carrier of b gives it: the connection is a's.
    let request = Request { exchange: ExchangeId(9), address: Text::from_static("10.0.0.1"), ..forwarded };
    b.server.handle_input(b.now, ServerInput::Request(request));
    let refused = b.take_events().into_iter().find_map(|event| match event {
        ServerEvent::OriginRefused { address, .. } => Some(address),
        _ => None,
    });
    assert_eq!(refused.unwrap(), "192.0.2.7");
}

#[test]
fn an_owner_that_cannot_be_reached_is_a_session_that_nobody_knows() {
    let mut rig = node("a");
    let id = of("b");
    let poll = rig.poll(&id);
    failed(&mut rig, poll);
    assert_eq!(rig.body(poll).unwrap(), "7:::1+0");
    let jsonp = rig.get(&format!("{}?i=3", target("jsonp-polling", &id)));
    failed(&mut rig, jsonp);
    assert_eq!(rig.body(jsonp).unwrap(), r#"io.j[3]("7:::1+0");"#);
    let socket = rig.upgrade(&id);
    failed(&mut rig, socket);
    assert_eq!(rig.take_messages(socket), ["7:::1+0"]);
    assert!(rig.closed.contains(&socket));
    let stream = rig.get(&target("htmlfile", &id));
    failed(&mut rig, stream);
    assert!(rig.take_parts(stream)[1].contains("7:::1+0"));
    assert!(rig.closed.contains(&stream));
}

#[test]
fn packets_that_no_owner_took_are_not_said_to_be_taken() {
    let mut rig = node("a");
    let post = rig.post(&of("b"), "3:::x");
    failed(&mut rig, post);
    assert_eq!(rig.status(post), Some(503));
}

#[test]
fn a_server_that_is_not_of_the_pool_is_asked_for_nothing() {
    let mut rig = node("a");
    let poll = rig.poll(&of("z"));
    assert_eq!(rig.body(poll).unwrap(), "7:::1+0");
    let own = rig.poll(&of("a"));
    assert_eq!(rig.body(own).unwrap(), "7:::1+0");
    assert!(rig.forwarded.is_empty());
}

#[test]
fn an_owner_that_says_nothing_is_given_up_in_time() {
    let mut rig = node("a");
    let poll = rig.poll(&of("b"));
    let post = rig.post(&of("b"), "3:::x");
    let deadline = Deadline { at: Instant::from_millis(5_000), timer: Timer::Forward };
    assert_eq!(rig.server.poll_timeout(), Some(deadline));
    rig.advance_secs(5);
    assert_eq!(rig.status(post), Some(503));
    rig.advance(Duration::from_millis(19_999));
    assert_eq!(rig.body(poll), None, "the owner holds a poll for 20 s");
    rig.advance(Duration::from_millis(1));
    assert_eq!(rig.body(poll).unwrap(), "7:::1+0");
    assert_eq!(rig.server.poll_timeout(), None);
}

#[test]
fn a_server_that_puts_its_past_away_waits_no_longer_for_an_owner() {
    let mut rig = node("a");
    rig.post(&of("b"), "3:::x");
    rig.server.rebase(Instant::from_millis(2_000));
    let deadline = Deadline { at: Instant::from_millis(3_000), timer: Timer::Forward };
    assert_eq!(rig.server.poll_timeout(), Some(deadline));
}

#[test]
fn an_answer_that_began_is_not_waited_for_after_the_past_was_put_away() {
    let mut rig = node("a");
    let stream = rig.get(&target("htmlfile", &of("b")));
    rig.advance_secs(1);
    rig.server.rebase(rig.now);
    rig.now = Instant::ZERO;
    begun(&mut rig, stream);
    assert_eq!(rig.server.poll_timeout(), None);
}

#[test]
fn a_poll_that_its_owner_holds_for_ever_is_waited_for_as_long() {
    let config =
        ServerConfig::default().routing(Routing::Routed(routed("a"))).polling_duration(Duration::ZERO);
    let mut rig = Rig::new(config);
    let poll = rig.poll(&of("b"));
    rig.advance_secs(3_600);
    assert_eq!(rig.status(poll), None);
}

#[test]
fn an_answer_that_began_takes_its_time() {
    let mut rig = node("a");
    let stream = rig.get(&target("htmlfile", &of("b")));
    begun(&mut rig, stream);
    rig.advance_secs(600);
    assert!(!rig.stream_heads.contains_key(&stream) && !rig.closed.contains(&stream));
    rig.close(stream, true);
    assert_eq!(rig.server.poll_timeout(), None);
}

#[test]
fn what_comes_too_late_changes_nothing() {
    let mut rig = node("a");
    let post = rig.post(&of("b"), "3:::x");
    failed(&mut rig, post);
    let before = rig.server.clone();
    for input in [
        ServerInput::ForwardFailed { exchange: post },
        ServerInput::ForwardBegun { exchange: post },
        ServerInput::Closed { exchange: post, clean: true },
    ] {
        rig.server.handle_input(rig.now, input);
        assert_eq!(rig.server, before);
    }
}

#[test]
fn no_more_are_forwarded_at_once_than_allowed() {
    let mut rig = with(routed("a").forwards_max(1));
    let first = rig.poll(&of("b"));
    let second = rig.poll(&of("b"));
    assert_eq!(rig.status(second), Some(503));
    rig.close(first, true);
    let third = rig.poll(&of("b"));
    assert_eq!(rig.status(third), None, "a place was free again");
    assert_eq!(rig.forwarded.len(), 2);
}
