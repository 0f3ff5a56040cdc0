//! Every limit lets through what is exactly as long as it says, and nothing longer.

#![allow(clippy::unwrap_used, reason = "tests")]

mod client_rig;
mod server_rig;

use client_rig::{Rig as Client, exchange, improved, polling, websocket};
use server_rig::Rig as Server;
use socketio08::client::ClientEvent;
use socketio08::server::{
    Audience, Cause, ClientFileError, ClientFiles, Method, ServerConfig, ServerEvent, SessionId,
};
use socketio08::{AckMode, Limits, LocalError, Outgoing, Text};

fn server(limits: Limits) -> Server {
    Server::new(ServerConfig::default().limits(limits))
}

fn text(len: usize) -> Outgoing {
    Outgoing::Message(Text::from("x".repeat(len)))
}

/// A message of the root endpoint of so many bytes, `3:::` among them.
fn packet(len: usize) -> Outgoing {
    text(len - 4)
}

fn send(rig: &mut Server, session: &SessionId, outgoing: Outgoing) -> Result<(), LocalError> {
    let sent = rig.server.send(rig.now, session, &Text::EMPTY, outgoing, AckMode::None);
    rig.drive();
    sent.map(|_| ())
}

#[test]
fn a_server_sends_packets_as_long_as_a_payload() {
    let mut rig = server(Limits::default().payload_len_max(20));
    let (session, socket) = rig.socket_session();
    send(&mut rig, &session, packet(20)).unwrap();
    assert_eq!(rig.take_messages(socket).len(), 1);
    assert_eq!(send(&mut rig, &session, packet(21)), Err(LocalError::Limit("payload_len_max")));
    let now = rig.now;
    // `3:1::` and fifteen.
    let numbered = |len: usize| text(len - 5);
    let ask =
        |rig: &mut Server, outgoing| rig.server.send(now, &session, &Text::EMPTY, outgoing, AckMode::Plain);
    assert_eq!(ask(&mut rig, numbered(20)), Ok(Some(1)));
    assert_eq!(ask(&mut rig, numbered(21)), Err(LocalError::Limit("payload_len_max")));
}

#[test]
fn a_server_broadcasts_packets_as_long_as_a_payload() {
    let mut rig = server(Limits::default().payload_len_max(20));
    rig.socket_session();
    let now = rig.now;
    assert_eq!(rig.server.broadcast(now, &Audience::default(), &packet(20)), Ok(1));
    let refused = rig.server.broadcast(now, &Audience::default(), &packet(21));
    assert_eq!(refused, Err(LocalError::Limit("payload_len_max")));
}

#[test]
fn a_server_takes_messages_as_long_as_a_payload() {
    let mut rig = server(Limits::default().payload_len_max(20));
    let (session, socket) = rig.socket_session();
    rig.message(socket, &format!("3:::{}", "x".repeat(16)));
    assert!(matches!(rig.take_events().as_slice(), [ServerEvent::Received { .. }]));
    rig.message(socket, &format!("3:::{}", "x".repeat(17)));
    assert_eq!(rig.take_events(), [ServerEvent::Disconnected { session, cause: Cause::Limit }]);
}

#[test]
fn a_poll_takes_as_many_packets_as_fit_with_their_frames() {
    // A packet of six bytes counts as thirty-two.
    for (len_max, packets) in [(64, 2), (63, 1), (96, 3), (95, 2)] {
        let mut rig = server(Limits::default().payload_len_max(len_max));
        let session = rig.polling_session();
        for _ in 0..3 {
            send(&mut rig, &session, packet(6)).unwrap();
        }
        let poll = rig.poll(&session);
        let body = rig.body(poll).unwrap();
        assert_eq!(body.matches("3:::").count(), packets, "{len_max}: {body}");
    }
}

#[test]
fn a_server_keeps_as_many_bytes_for_a_poll_as_the_limit_says_and_has_room_again_after_it() {
    let mut rig = server(Limits::default().outbox_len_max(20));
    let session = rig.polling_session();
    for _ in 0..2 {
        send(&mut rig, &session, packet(10)).unwrap();
        send(&mut rig, &session, packet(10)).unwrap();
        let poll = rig.poll(&session);
        assert_eq!(rig.body(poll).unwrap().matches("3:::").count(), 2);
    }
    send(&mut rig, &session, packet(10)).unwrap();
    let _ = send(&mut rig, &session, packet(11));
    assert!(rig.take_events().contains(&ServerEvent::Disconnected { session, cause: Cause::Limit }));
}

#[test]
fn a_handshake_may_be_as_long_as_the_limit_says() {
    // The target, and of each header the name and the value.
    let target = "/socket.io/1/?t=1";
    for (over, status) in [(0, 200), (1, 431)] {
        let mut rig = server(Limits::default().handshake_len_max(target.len() + 10));
        let exchange = rig.request(Method::Get, target, "", &[("name", &"x".repeat(6 + over))], false);
        assert_eq!(rig.status(exchange), Some(status), "{over} over");
    }
}

#[test]
fn a_client_file_may_be_as_long_as_the_limit_says_and_compresses_only_to_less() {
    let mut files = ClientFiles::default();
    let whole = vec![b' '; ClientFiles::LEN_MAX];
    files.add("socket.io.js", whole.into(), None).unwrap();
    let long = vec![b' '; ClientFiles::LEN_MAX + 1];
    assert_eq!(files.add("socket.io.js", long.into(), None), Err(ClientFileError::Length));
}

#[test]
fn a_client_sends_packets_as_long_as_a_payload() {
    let (mut rig, _) = Client::websocket(websocket().limits(Limits::default().payload_len_max(20)));
    let send = |rig: &mut Client<_>, len| {
        rig.call(|client, now| client.send(now, &Text::EMPTY, packet(len), AckMode::None))
    };
    assert_eq!(send(&mut rig, 20), Ok(None));
    assert_eq!(send(&mut rig, 21), Err(LocalError::Limit("payload_len_max")));
}

#[test]
fn a_client_keeps_as_many_bytes_as_the_limit_says_those_on_their_way_among_them() {
    let (mut rig, _) = Client::polling(improved(polling().limits(Limits::default().outbox_len_max(20))));
    let send = |rig: &mut Client<_>, len| {
        rig.call(|client, now| client.send(now, &Text::EMPTY, packet(len), AckMode::None))
    };
    // The first is on its way at once, and waits for its answer.
    assert_eq!(send(&mut rig, 10), Ok(None));
    let post = exchange(&rig.only_sent());
    assert_eq!(send(&mut rig, 10), Ok(None));
    assert_eq!(send(&mut rig, 5), Err(LocalError::Limit("outbox_len_max")));
    rig.answer(post, "1");
    assert_eq!(send(&mut rig, 10), Ok(None), "room again");
}

#[test]
fn a_client_posts_as_many_packets_at_once_as_fit_with_their_frames() {
    // A packet of six bytes counts as thirty-two.
    for (len_max, packets) in [(64, 2), (63, 1), (96, 3), (95, 2)] {
        let (mut rig, _) =
            Client::polling(improved(polling().limits(Limits::default().payload_len_max(len_max))));
        rig.message_to("", "aa");
        let post = exchange(&rig.only_sent());
        for _ in 0..3 {
            rig.message_to("", "bb");
        }
        rig.answer(post, "1");
        let shown = rig.shown().join(" ");
        assert_eq!(shown.matches("3:::bb").count(), packets, "{len_max}: {shown}");
    }
}

#[test]
fn a_client_has_endpoints_as_long_as_the_limit_says() {
    let limits = Limits::default().endpoint_len_max(5);
    let (mut rig, _) = Client::websocket(websocket().limits(limits));
    rig.join("/long");
    assert_eq!(rig.shown(), ["message 1::/long"]);
    let refused = rig.call(|client, now| client.join(now, Text::from("/long!")));
    assert_eq!(refused, Err(LocalError::BadEndpoint));
    assert!(!rig.told().iter().any(|event| matches!(event, ClientEvent::Overflow { .. })));
}

#[test]
fn a_client_does_not_leave_the_root_endpoint() {
    let (mut rig, _) = Client::websocket(websocket());
    let refused = rig.call(|client, now| client.leave(now, &Text::EMPTY));
    assert_eq!(refused, Err(LocalError::BadEndpoint));
}
