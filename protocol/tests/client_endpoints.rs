//! Namespaces of the genuine profile, and packets that are none.

mod client_rig;

use client_rig::{Rig, exchange, polling, secs, websocket};
use socketio08::client::ClientEvent;
use socketio08::server::{AckMode, LocalError, Outgoing};
use socketio08::{Advice, Limits, Reason, Text, Violation};

#[test]
fn joining_twice_is_said_once() {
    let (mut rig, _) = Rig::websocket(websocket());
    rig.join("/chat");
    rig.join("/chat");
    assert_eq!(rig.shown(), ["message 1::/chat"]);
}

#[test]
fn an_endpoint_that_the_server_names_is_joined() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.message(socket, "3::/other:x");
    rig.message(socket, "3::/other:y");
    assert_eq!(rig.shown(), ["message 1::/other"]);
    assert_eq!(rig.told().len(), 2);
}

#[test]
fn an_endpoint_that_was_left_is_joined_again_after_a_reconnection() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.join("/chat");
    rig.call(|client, now| client.leave(now, &Text::from("/chat"))).expect("joined");
    assert_eq!(rig.shown(), ["message 1::/chat", "message 0::/chat"]);
    rig.closed(socket);
    rig.told();
    rig.run_for(secs(1));
    rig.establish_websocket("s2");
    assert_eq!(rig.shown(), ["message 1::/chat"]);
}

#[test]
fn the_server_ends_an_endpoint_without_ending_the_connection() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.join("/chat");
    rig.message(socket, "0::/chat");
    assert_eq!(rig.told(), [ClientEvent::Left { endpoint: Text::from("/chat") }]);
}

#[test]
fn a_refused_endpoint_has_failed_and_other_errors_are_errors() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.join("/chat");
    rig.message(socket, "7::/chat:2");
    rig.message(socket, "7::/chat:0");
    let endpoint = Text::from("/chat");
    let error = ClientEvent::Error {
        endpoint: endpoint.clone(),
        reason: Some(Reason::TransportNotSupported),
        advice: None::<Advice>,
    };
    assert_eq!(rig.told(), [ClientEvent::ConnectFailed { endpoint }, error]);
}

#[test]
fn messages_and_json_with_a_plain_id_are_acknowledged_at_once_and_events_never() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.message(socket, "3:007::m");
    rig.message(socket, "4:8:/chat:{}");
    rig.message(socket, "5:9::{\"name\":\"e\"}");
    rig.message(socket, "3:10+::m");
    assert_eq!(rig.shown(), ["message 6:::007", "message 1::/chat", "message 6::/chat:8"]);
}

#[test]
fn the_application_acknowledges_with_data_or_without() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.message(socket, "5:9+::{\"name\":\"e\"}");
    let told = rig.told();
    let ClientEvent::Received { packet, session } = &told[0] else { panic!("a packet") };
    assert_eq!(*session, "s1");
    let id = packet.id.clone().expect("an id");
    for args in ["[\"ok\",2]", "[]", ""] {
        rig.call(|client, now| client.acknowledge(now, &Text::EMPTY, &id, Text::from(args))).expect("room");
    }
    assert_eq!(rig.shown(), ["message 6:::9+[\"ok\",2]", "message 6:::9", "message 6:::9"]);
}

#[test]
fn a_text_that_is_no_packet_is_reported_and_answered_by_a_root_connect_once() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.message(socket, "garbage");
    rig.message(socket, "garbage");
    assert_eq!(rig.shown(), ["message 1::"]);
    assert!(
        rig.told()
            .iter()
            .all(|event| matches!(event, ClientEvent::PeerViolation { error: Violation::Packet(_) }))
    );
}

#[test]
fn an_unknown_type_with_an_endpoint_joins_that() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.message(socket, "9:5+:/odd:x");
    rig.message(socket, "9:::x");
    assert_eq!(rig.shown(), ["message 1::/odd"]);
}

#[test]
fn endpoints_of_the_servers_making_are_limited() {
    let limits = Limits::default().endpoints_max(3).endpoint_len_max(5);
    let (mut rig, socket) = Rig::websocket(websocket().limits(limits));
    rig.message(socket, "3::/a:x");
    rig.message(socket, "3::/b:x");
    rig.message(socket, "3::/c:x");
    assert_eq!(rig.shown(), ["message 1::/a", "message 1::/b"]);
    assert!(rig.told().contains(&ClientEvent::Overflow { limit: "endpoints_max" }));
    let join = |endpoint: &'static str| {
        move |client: &mut socketio08::client::Client, now| client.join(now, Text::from(endpoint))
    };
    assert_eq!(rig.call(join("/d")), Err(LocalError::Limit("endpoints_max")));
    assert_eq!(rig.call(join("/long!")), Err(LocalError::BadEndpoint));
    assert_eq!(rig.call(join("a:b")), Err(LocalError::BadEndpoint));
}

#[test]
fn a_full_outbox_refuses_and_loses_nothing() {
    let limits = Limits::default().outbox_packets_max(2);
    let mut rig = Rig::silent(polling().limits(limits));
    rig.message_to("", "a");
    rig.message_to("", "b");
    let outgoing = Outgoing::Message(Text::from("c"));
    let refused = rig.call(|client, now| client.send(now, &Text::EMPTY, outgoing, AckMode::Plain));
    assert_eq!(refused, Err(LocalError::Limit("outbox_packets_max")));
    assert_eq!(rig.client.outbox_len(), 2);
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, "s1:15:25:xhr-polling");
    let poll = exchange(&rig.only_sent());
    rig.answer(poll, "1::");
    assert_eq!(
        rig.shown()[0],
        "post /socket.io/1/xhr-polling/s1 \u{FFFD}5\u{FFFD}3:::a\u{FFFD}5\u{FFFD}3:::b"
    );
}

#[test]
fn a_message_longer_than_any_peer_takes_is_refused() {
    let (mut rig, _) = Rig::websocket(websocket());
    let outgoing = Outgoing::Message(Text::from("x".repeat(1_000_000)));
    let refused = rig.call(|client, now| client.send(now, &Text::EMPTY, outgoing, AckMode::None));
    assert_eq!(refused, Err(LocalError::Limit("payload_len_max")));
}

#[test]
fn acknowledgements_owed_are_limited() {
    let limits = Limits::default().pending_acks_max(1);
    let (mut rig, socket) = Rig::websocket(websocket().limits(limits));
    rig.send("", "a", AckMode::Plain);
    let outgoing = Outgoing::Message(Text::from("b"));
    let refused = rig.call(|client, now| client.send(now, &Text::EMPTY, outgoing.clone(), AckMode::Plain));
    assert_eq!(refused, Err(LocalError::Limit("pending_acks_max")));
    rig.message(socket, "6:::1");
    let sent = rig.call(|client, now| client.send(now, &Text::EMPTY, outgoing, AckMode::Plain));
    assert_eq!(sent, Ok(Some(2)));
}
