//! The genuine profile over websocket, and the change to the next transport.

mod client_rig;

use client_rig::{Rig, exchange, handshake_body, secs, show, websocket};
use socketio08::client::{Client, ClientConfig, ClientEvent, ClientState, ClientTransmit, LossCause};
use socketio08::server::ExchangeId;
use socketio08::{Text, Transport};

/// A client that prefers websocket to xhr-polling, at the opening of its websocket.
fn opening() -> (Rig<client_rig::Silent>, ExchangeId) {
    let mut rig = Rig::silent(ClientConfig::default());
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s1", "websocket,xhr-polling"));
    let socket = exchange(&rig.only_sent());
    rig.told();
    (rig, socket)
}

#[test]
fn the_target_of_a_websocket_has_the_users_query_and_no_time() {
    let mut rig = Rig::silent(websocket().query(Text::from("token=x")));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s1", "websocket"));
    let ClientTransmit::Open { target, .. } = rig.only_sent() else { panic!("a websocket") };
    assert_eq!(target, "/socket.io/1/websocket/s1?token=x");
}

#[test]
fn connected_is_the_first_root_connect_and_each_further_one_is_told_again() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.message(socket, "1::");
    let connected = ClientEvent::Connected { session: Text::from("s1"), transport: Transport::Websocket };
    assert_eq!(rig.told(), [connected]);
}

#[test]
fn what_waits_follows_as_single_messages() {
    let mut rig = Rig::silent(websocket());
    rig.message_to("", "a");
    rig.message_to("", "b");
    rig.connect();
    let handshake = exchange(&rig.sent()[0]);
    rig.answer(handshake, &handshake_body("s1", "websocket"));
    let socket = exchange(&rig.only_sent());
    rig.opened(socket);
    assert_eq!(rig.sent(), []);
    rig.message(socket, "1::");
    assert_eq!(rig.shown(), ["message 3:::a", "message 3:::b"]);
}

#[test]
fn a_heartbeat_is_answered_at_once() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.message(socket, "2::");
    assert_eq!(rig.shown(), ["message 2::"]);
}

#[test]
fn a_payload_in_one_message_is_taken_apart() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.message(socket, "\u{FFFD}5\u{FFFD}3:::a\u{FFFD}5\u{FFFD}3:::b");
    assert_eq!(rig.told().len(), 2);
}

#[test]
fn a_silent_server_is_never_noticed() {
    let (mut rig, _) = Rig::websocket(websocket());
    rig.run_for(secs(3_600));
    assert_eq!(rig.client.state(), ClientState::Connected);
}

#[test]
fn a_refused_websocket_waits_for_the_connect_timeout_and_the_next_transport_gets_the_same_session() {
    let (mut rig, socket) = opening();
    rig.closed(socket);
    rig.run_for(secs(9));
    assert_eq!(rig.sent(), []);
    rig.run_for(secs(1));
    assert_eq!(show(&rig.only_sent()), "get /socket.io/1/xhr-polling/s1");
    assert_eq!(rig.told().last(), Some(&ClientEvent::Connecting { transport: Transport::XhrPolling }));
}

#[test]
fn a_websocket_rejected_by_an_unknown_session_waits_for_the_connect_timeout_as_well() {
    let (mut rig, socket) = opening();
    rig.opened(socket);
    rig.message(socket, "7:::1+0");
    rig.closed(socket);
    assert_eq!(rig.sent(), []);
    rig.run_for(secs(10));
    assert_eq!(show(&rig.only_sent()), "get /socket.io/1/xhr-polling/s1");
}

#[test]
fn without_another_transport_it_fails_for_good() {
    let mut rig = Rig::silent(websocket());
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s1", "websocket"));
    let socket = exchange(&rig.only_sent());
    rig.closed(socket);
    rig.told();
    rig.run_for(secs(10));
    assert_eq!(rig.told(), [ClientEvent::ConnectFailed { endpoint: Text::EMPTY }]);
    assert_eq!(rig.client.poll_timeout(), None);
    assert_eq!(rig.client.state(), ClientState::Idle);
}

#[test]
fn without_leave_to_try_others_nothing_ever_comes_of_it() {
    let mut rig = Rig::silent(ClientConfig::default().try_multiple_transports(false));
    rig.connect();
    let handshake = exchange(&rig.only_sent());
    rig.answer(handshake, &handshake_body("s1", "websocket,xhr-polling"));
    rig.told();
    rig.sent();
    rig.run_for(secs(3_600));
    assert_eq!((rig.sent(), rig.told()), (vec![], vec![]));
}

#[test]
fn a_transport_that_connects_late_is_written_to_by_nobody_and_still_heard() {
    let (mut rig, socket) = opening();
    rig.run_for(secs(10));
    let poll = exchange(&rig.only_sent());
    rig.answer(poll, "1::");
    rig.sent();
    rig.opened(socket);
    rig.message(socket, "1::");
    rig.told();
    rig.message(socket, "3:::late");
    assert_eq!(rig.told().len(), 1);
    rig.message_to("", "x");
    assert!(rig.shown()[0].starts_with("post /socket.io/1/xhr-polling/s1"));
    assert_eq!(rig.client.live_sessions().count(), 2);
}

#[test]
fn a_closed_websocket_is_a_loss_and_what_is_sent_meanwhile_waits() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.closed(socket);
    assert_eq!(rig.told()[0], ClientEvent::Disconnected { cause: LossCause::Transport });
    rig.message_to("", "queued");
    rig.run_for(secs(1));
    rig.told();
    rig.establish_websocket("s2");
    assert_eq!(rig.shown(), ["message 3:::queued"]);
}

#[test]
fn packets_that_wait_go_before_the_namespaces_are_joined_again() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.join("/chat");
    rig.sent();
    rig.closed(socket);
    rig.message_to("/chat", "queued");
    rig.run_for(secs(1));
    rig.told();
    rig.establish_websocket("s2");
    assert_eq!(rig.shown(), ["message 3::/chat:queued", "message 1::/chat"]);
}

#[test]
fn a_disconnect_says_so_and_closes() {
    let (mut rig, socket) = Rig::websocket(websocket());
    rig.call(Client::disconnect);
    let sent = rig.sent();
    assert_eq!(show(&sent[0]), "message 0::");
    assert_eq!(sent[1..], [ClientTransmit::Close { exchange: socket }]);
    assert_eq!(rig.told(), [ClientEvent::Disconnected { cause: LossCause::Booted }]);
    assert_eq!(rig.client.poll_timeout(), None);
}
