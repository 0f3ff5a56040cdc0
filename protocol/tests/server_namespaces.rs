//! Endpoints, acknowledgements, broadcasts and rooms (facts 9).

mod server_rig;

use server_rig::Rig;
use socketio08::server::{
    AckMode, Audience, Cause, ExchangeId, LocalError, Outgoing, ServerConfig, ServerEvent, SessionId,
};
use socketio08::{AckId, Body, Limits, Text, Transport};

fn rig() -> Rig {
    let endpoints = vec![Text::from("/chat"), Text::from("/news")];
    Rig::new(ServerConfig::default().endpoints(endpoints))
}

fn chat() -> Text {
    Text::from("/chat")
}

fn text(data: &str) -> Outgoing {
    Outgoing::Message(Text::from(data))
}

fn connected(session: &SessionId, endpoint: &str) -> ServerEvent {
    let (session, endpoint) = (session.clone(), Text::from(endpoint));
    ServerEvent::Connected { session, endpoint, transport: Transport::Websocket }
}

fn broadcast(rig: &mut Rig, audience: &Audience) -> usize {
    let reached = rig.server.broadcast(rig.now, audience, &text("b")).expect("an endpoint of ours");
    rig.drive();
    reached
}

#[test]
fn joining_is_echoed_without_the_query_and_reported_every_time() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    for packet in ["1::/chat", "1::/chat:?x=1", "1::"] {
        rig.message(socket, packet);
    }
    assert_eq!(rig.take_messages(socket), ["1::/chat", "1::/chat", "1::"]);
    let events = [connected(&session, "/chat"), connected(&session, "/chat"), connected(&session, "")];
    assert_eq!(rig.take_events(), events);
}

#[test]
fn endpoints_the_application_does_not_have_are_ignored_but_for_the_automatic_ack() {
    let mut rig = rig();
    let (_, socket) = rig.socket_session();
    for packet in ["1::/nope", "1::/chat?x=1", "1::/", "3::/nope:x", "3:1+:/nope:x", "0::/nope"] {
        rig.message(socket, packet);
    }
    assert!(rig.take_messages(socket).is_empty());
    rig.message(socket, "3:1:/nope:x");
    assert_eq!(rig.take_messages(socket), ["6::/nope:1"]);
    assert_eq!(rig.take_events(), []);
}

#[test]
fn an_id_alone_is_acknowledged_whatever_the_type_but_for_heartbeats_and_the_end() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    for packet in
        ["8:12::", "7:13::1+0", "6:16::1", "0:18:/chat", "3:007::x", "2:17::", "2:19:/chat", "8:22+::"]
    {
        rig.message(socket, packet);
    }
    assert_eq!(rig.take_messages(socket), ["6:::12", "6:::13", "6:::16", "6::/chat:18", "6:::007"]);
    rig.message(socket, "1:9::");
    assert_eq!(rig.take_messages(socket), ["6:::9", "1::"], "the ack goes first");
    rig.take_events();
    rig.message(socket, "0:11::");
    assert_eq!(rig.take_messages(socket), ["0::"]);
    assert_eq!(rig.take_events(), [ServerEvent::Disconnected { session, cause: Cause::Booted }]);
}

#[test]
fn packets_reach_an_endpoint_before_joining_and_after_leaving() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    for packet in ["3::/chat:before", "1::/chat", "0::/chat", "0::/chat", "3::/chat:after"] {
        rig.message(socket, packet);
    }
    let left = ServerEvent::Left { session: session.clone(), endpoint: chat() };
    let events = rig.take_events();
    assert_eq!(events.len(), 5, "{events:?}");
    assert!(matches!(&events[0], ServerEvent::Received { .. }));
    assert_eq!(events[1..4], [connected(&session, "/chat"), left.clone(), left]);
    assert!(matches!(&events[4], ServerEvent::Received { .. }));
    assert_eq!(rig.take_messages(socket), ["1::/chat"], "leaving has no answer");
}

#[test]
fn the_application_acknowledges_with_data_or_without() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    rig.message(socket, "5:007+:/chat:{\"name\":\"q\"}");
    let events = rig.take_events();
    let [ServerEvent::Received { packet, .. }] = &events[..] else { panic!("{events:?}") };
    assert!(matches!(packet.body, Body::Event { .. }));
    let id = packet.id.clone().expect("an id");
    assert!(rig.take_messages(socket).is_empty(), "no automatic ack");
    for args in ["[1,\"a\"]", "[]", ""] {
        rig.server.acknowledge(rig.now, &session, &chat(), &id, Text::from(args)).unwrap();
    }
    rig.drive();
    assert_eq!(rig.take_messages(socket), ["6::/chat:007+[1,\"a\"]", "6::/chat:007", "6::/chat:007"]);
}

#[test]
fn ack_ids_count_from_one_for_each_session_and_endpoint() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    let mut send =
        |endpoint: &Text, outgoing, ack| rig.server.send(rig.now, &session, endpoint, outgoing, ack);
    assert_eq!(send(&Text::EMPTY, text("a"), AckMode::Plain), Ok(Some(1)));
    assert_eq!(send(&Text::EMPTY, text("b"), AckMode::None), Ok(None));
    let event = Outgoing::Event(Text::from("{\"name\":\"q\"}"));
    assert_eq!(send(&Text::EMPTY, event, AckMode::WithData), Ok(Some(2)));
    assert_eq!(send(&chat(), Outgoing::Json(Text::from("{}")), AckMode::Plain), Ok(Some(1)));
    rig.drive();
    let expected = ["3:1::a", "3:::b", "5:2+::{\"name\":\"q\"}", "4:1:/chat:{}"];
    assert_eq!(rig.take_messages(socket), expected);
}

#[test]
fn each_ack_of_the_client_counts_once_and_unknown_ones_are_ignored() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    rig.server.send(rig.now, &session, &Text::EMPTY, text("a"), AckMode::Plain).unwrap();
    for packet in ["6:::2", "6:::01", "6::/chat:1", "6:::1+[\"r\"]", "6:::1+[\"again\"]"] {
        rig.message(socket, packet);
    }
    let acknowledged =
        ServerEvent::Acknowledged { session, endpoint: Text::EMPTY, id: 1, args: Text::from("[\"r\"]") };
    assert_eq!(rig.take_events(), [acknowledged]);
}

#[test]
fn the_event_named_disconnect_is_kept_from_the_application_and_others_are_not() {
    let mut rig = rig();
    let (_, socket) = rig.socket_session();
    rig.message(socket, "5:::{\"name\":\"disconnect\"}");
    assert_eq!(rig.take_events(), []);
    for name in ["error", "connect", "message", "newListener"] {
        rig.message(socket, &format!("5:::{{\"name\":\"{name}\"}}"));
        assert!(matches!(&rig.take_events()[..], [ServerEvent::Received { .. }]), "{name}");
    }
}

#[test]
fn a_broadcast_reaches_the_members_of_the_endpoint_only() {
    let mut rig = rig();
    let (a, socket_a) = rig.socket_session();
    let (_, socket_b) = rig.socket_session();
    rig.handshake();
    rig.message(socket_a, "1::/chat");
    rig.take_messages(socket_a);
    assert_eq!(broadcast(&mut rig, &Audience::default()), 2, "an unused handshake is no member");
    let audience = Audience::default().endpoint(chat());
    assert_eq!(broadcast(&mut rig, &audience), 1);
    assert_eq!(rig.take_messages(socket_a), ["3:::b", "3::/chat:b"]);
    assert_eq!(rig.take_messages(socket_b), ["3:::b"]);
    rig.message(socket_a, "0::/chat");
    assert_eq!(broadcast(&mut rig, &audience), 0);
    rig.server.send(rig.now, &a, &chat(), text("direct"), AckMode::None).unwrap();
    rig.drive();
    assert_eq!(rig.take_messages(socket_a), ["3::/chat:direct"], "direct sends need no membership");
}

#[test]
fn rooms_belong_to_an_endpoint_and_broadcasts_have_exceptions() {
    let mut rig = rig();
    let sessions: Vec<(SessionId, ExchangeId)> = (0..3).map(|_| rig.socket_session()).collect();
    let room = Text::from("r1");
    for (session, _) in &sessions[..2] {
        rig.server.join_room(session, &Text::EMPTY, room.clone()).unwrap();
    }
    let to = |endpoint: Text, except: Vec<SessionId>| {
        Audience::default().endpoint(endpoint).room(Some(Text::from("r1"))).except(except)
    };
    assert_eq!(broadcast(&mut rig, &to(Text::EMPTY, vec![])), 2);
    assert_eq!(broadcast(&mut rig, &to(chat(), vec![])), 0);
    assert_eq!(broadcast(&mut rig, &to(Text::EMPTY, vec![sessions[0].0.clone()])), 1);
    rig.server.leave_room(&sessions[1].0, &Text::EMPTY, &room).unwrap();
    assert_eq!(broadcast(&mut rig, &to(Text::EMPTY, vec![])), 1);
    rig.server.disconnect(rig.now, &sessions[0].0).unwrap();
    assert_eq!(broadcast(&mut rig, &to(Text::EMPTY, vec![])), 0, "the end of a session leaves its rooms");
}

#[test]
fn leaving_an_endpoint_leaves_its_rooms() {
    let mut rig = rig();
    let (session, socket) = rig.socket_session();
    rig.message(socket, "1::/chat");
    rig.server.join_room(&session, &chat(), Text::from("r")).unwrap();
    rig.message(socket, "0::/chat");
    let audience = Audience::default().endpoint(chat()).room(Some(Text::from("r")));
    assert_eq!(broadcast(&mut rig, &audience), 0);
}

#[test]
fn a_volatile_broadcast_skips_those_who_cannot_take_it_at_once() {
    let mut rig = rig();
    rig.polling_session();
    rig.socket_session();
    let audience = Audience::default().volatile(true);
    assert_eq!(broadcast(&mut rig, &audience), 1);
    assert_eq!(broadcast(&mut rig, &Audience::default()), 2);
}

#[test]
fn misuse_by_the_caller_is_an_error_and_changes_nothing() {
    let limits = Limits::default().pending_acks_max(1).rooms_max(1).payload_len_max(20);
    let mut rig = Rig::new(ServerConfig::default().limits(limits));
    let (session, socket) = rig.socket_session();
    let nobody = SessionId(Text::from("nobody"));
    let unused = rig.handshake();
    let before = rig.server.clone();
    let now = rig.now;
    let server = &mut rig.server;
    let root = Text::EMPTY;
    for id in [&nobody, &unused] {
        assert_eq!(server.send(now, id, &root, text("x"), AckMode::None), Err(LocalError::UnknownSession));
        assert_eq!(server.send_volatile(now, id, &root, text("x")), Err(LocalError::UnknownSession));
        assert_eq!(server.join_room(id, &root, root.clone()), Err(LocalError::UnknownSession));
    }
    assert_eq!(server.disconnect(now, &nobody), Err(LocalError::UnknownSession));
    assert_eq!(server.send(now, &session, &chat(), text("x"), AckMode::None), Err(LocalError::BadEndpoint));
    let long = text(&"x".repeat(21));
    for ack in [AckMode::None, AckMode::Plain] {
        let refused = server.send(now, &session, &root, long.clone(), ack);
        assert_eq!(refused, Err(LocalError::Limit("payload_len_max")));
    }
    assert!(*server == before, "nothing changed");
    assert_eq!(server.send(now, &session, &root, text("x"), AckMode::Plain), Ok(Some(1)));
    let refused = server.send(now, &session, &root, text("x"), AckMode::Plain);
    assert_eq!(refused, Err(LocalError::Limit("pending_acks_max")));
    server.join_room(&session, &root, Text::from("a")).unwrap();
    let refused = server.join_room(&session, &root, Text::from("b"));
    assert_eq!(refused, Err(LocalError::Limit("rooms_max")));
    let id = AckId { id: Text::from("1"), with_data: true };
    let refused = server.acknowledge(now, &nobody, &root, &id, Text::EMPTY);
    assert_eq!(refused, Err(LocalError::UnknownSession));
    rig.drive();
    assert_eq!(rig.take_messages(socket), ["3:1::x"]);
}

#[test]
fn joining_more_endpoints_than_the_limit_ends_the_session() {
    let limits = Limits::default().endpoints_max(1);
    let endpoints = vec![Text::from("/a"), Text::from("/b")];
    let mut rig = Rig::new(ServerConfig::default().endpoints(endpoints).limits(limits));
    let (session, socket) = rig.socket_session();
    rig.message(socket, "1::/a");
    rig.message(socket, "1::/a");
    rig.take_events();
    rig.message(socket, "1::/b");
    assert_eq!(rig.take_events(), [ServerEvent::Disconnected { session, cause: Cause::Limit }]);
}
