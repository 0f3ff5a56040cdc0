//! The client on smol and the server on threads: neither knows tokio.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::net::{SocketAddr, TcpListener};
use std::thread;

use socketio08::client::{Client, ClientBehaviour, ClientConfig, ClientEvent};
use socketio08::server::{AckMode, Outgoing, Server, ServerConfig, ServerEvent};
use socketio08::{Body, Instant, Text, Transport};
use socketio08_example_smol::{Next, drive};

const MESSAGES: usize = 100;

/// Sends each message back, but ends the session of who says `leave`.
fn echo(now: Instant, server: &mut Server, event: ServerEvent) {
    if let ServerEvent::Received { session, packet } = event
        && let Body::Message { data } = packet.body
    {
        if data == "leave" {
            server.disconnect(now, &session).unwrap();
        } else {
            server.send(now, &session, &packet.endpoint, Outgoing::Message(data), AckMode::None).unwrap();
        }
    }
}

fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let transports = vec![Transport::Websocket, Transport::XhrPolling];
    let config = ServerConfig::default().transports(transports);
    thread::spawn(move || socketio08_example_threads::serve(&listener, config, echo));
    address
}

fn client(transport: Transport) -> Client {
    Client::new(ClientConfig::default().behaviour(ClientBehaviour::Improved).transports(vec![transport]))
}

fn message(text: &str) -> Outgoing {
    Outgoing::Message(Text::from(text))
}

fn text(number: usize) -> String {
    format!("{number} grüße 😀")
}

fn a_hundred_messages_come_back_in_order(transport: Transport) {
    let mut received = Vec::new();
    smol::block_on(drive(start(), &mut client(transport), |now, client, event| match event {
        ClientEvent::Connected { transport: used, .. } => {
            assert_eq!(used, transport);
            for number in 0..MESSAGES {
                client.send(now, &Text::EMPTY, message(&text(number)), AckMode::None).unwrap();
            }
            Next::Continue
        }
        ClientEvent::Received { packet, .. } => {
            if let Body::Message { data } = packet.body {
                received.push(data.to_string());
            }
            if received.len() == MESSAGES { Next::Stop } else { Next::Continue }
        }
        ClientEvent::Disconnected { cause } => panic!("disconnected: {cause:?}"),
        _ => Next::Continue,
    }));
    assert_eq!(received, (0..MESSAGES).map(text).collect::<Vec<_>>());
}

#[test]
fn a_hundred_messages_come_back_over_a_websocket() {
    a_hundred_messages_come_back_in_order(Transport::Websocket);
}

#[test]
fn a_hundred_messages_come_back_over_polls() {
    a_hundred_messages_come_back_in_order(Transport::XhrPolling);
}

#[test]
fn a_session_that_the_server_ends_is_over() {
    for transport in [Transport::Websocket, Transport::XhrPolling] {
        let mut ended = false;
        smol::block_on(drive(start(), &mut client(transport), |now, client, event| match event {
            ClientEvent::Connected { .. } => {
                client.send(now, &Text::EMPTY, message("leave"), AckMode::None).unwrap();
                Next::Continue
            }
            ClientEvent::Disconnected { .. } => {
                ended = true;
                Next::Stop
            }
            _ => Next::Continue,
        }));
        assert!(ended, "{transport}");
    }
}

#[test]
fn a_server_that_is_not_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = listener.local_addr().unwrap();
    drop(listener);
    let mut failed = false;
    smol::block_on(drive(nowhere, &mut client(Transport::Websocket), |_, _, event| match event {
        ClientEvent::HandshakeFailed { status, .. } => {
            assert_eq!(status, 0, "there was no answer");
            failed = true;
            Next::Stop
        }
        _ => Next::Continue,
    }));
    assert!(failed);
}
