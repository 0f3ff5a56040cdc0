//! The genuine client 0.8.7 over xhr-polling against `sio08 serve --app echo`; and against the genuine server, which shows
//! that the expectations are those of the genuine pair and not ours.

use serde_json::{Value, json};

use crate::common::{Sio08, free_port};
use crate::genuine::{Release, switched_on};
use crate::peer::Peer;
use crate::{MARKED, SILENCE};

/// Who serves the genuine client.
enum Host {
    Ours(#[allow(dead_code, reason = "held until the test ends")] Sio08),
    Genuine(#[allow(dead_code, reason = "held until the test ends")] Peer),
}

/// Starts a host of one kind on a port.
type Start = fn(u16) -> Host;

fn ours(port: u16) -> Host {
    Host::Ours(Sio08::serve(port, "echo"))
}

fn genuine(port: u16) -> Host {
    Host::Genuine(Peer::server(Release::V0_8_7, port, "websocket,xhr-polling"))
}

/// A host, and a genuine client connected to it.
struct Pair {
    client: Peer,
    host: Option<Host>,
    port: u16,
}

impl Pair {
    fn connect(start: Start) -> Self {
        let port = free_port();
        let host = start(port);
        let mut client = Peer::client(Release::V0_8_7, &format!("http://127.0.0.1:{port}"), "xhr-polling");
        client.wait_for(&json!({"on": "connect", "endpoint": ""}));
        Self { client, host: Some(host), port }
    }
}

fn echoes_messages(start: Start) {
    let mut pair = Pair::connect(start);
    for text in ["plain", MARKED, ""] {
        pair.client.tell(&json!({"do": "send", "data": text}));
        pair.client.wait_for(&json!({"on": "message", "data": text}));
    }
}

fn keeps_the_order_of_a_hundred_messages_each_way(start: Start) {
    let mut pair = Pair::connect(start);
    let numbered: Vec<Value> = (0..100).map(|number| json!(format!("{number} \u{e9}\u{1f600}"))).collect();
    for text in &numbered {
        pair.client.tell(&json!({"do": "send", "data": text}));
    }
    pair.client.wait_for(&json!({"on": "message", "data": numbered[99]}));
    let echoed: Vec<Value> =
        pair.client.seen(&json!({"on": "message"})).iter().map(|report| report["data"].clone()).collect();
    assert_eq!(echoed, numbered);
}

fn echoes_json(start: Start) {
    let mut pair = Pair::connect(start);
    for value in [json!({"a": [1, 2.5, null, true], "b": MARKED}), json!([]), json!(7)] {
        pair.client.tell(&json!({"do": "json", "data": value}));
        pair.client.wait_for(&json!({"on": "message", "data": value}));
    }
}

fn echoes_events(start: Start) {
    let mut pair = Pair::connect(start);
    pair.client.tell(&json!({"do": "emit", "name": "echo", "args": [MARKED, {"n": 1}]}));
    pair.client.wait_for(&json!({"on": "event", "name": "echo", "args": [MARKED, {"n": 1}]}));
}

fn acknowledges_a_message_by_itself(start: Start) {
    let mut pair = Pair::connect(start);
    pair.client.tell(&json!({"do": "send", "data": "m", "ack": 1}));
    pair.client.wait_for(&json!({"on": "ack", "ack": 1, "args": []}));
    pair.client.tell(&json!({"do": "json", "data": {"m": 1}, "ack": 2}));
    pair.client.wait_for(&json!({"on": "ack", "ack": 2, "args": []}));
}

fn acknowledges_an_event_with_data(start: Start) {
    let mut pair = Pair::connect(start);
    pair.client.tell(&json!({"do": "emit", "name": "echo", "args": [MARKED, 2], "ack": 1}));
    pair.client.wait_for(&json!({"on": "ack", "ack": 1, "args": [MARKED, 2]}));
}

fn is_answered_what_it_asks(start: Start) {
    let mut pair = Pair::connect(start);
    pair.client.tell(&json!({"do": "emit", "name": "ask", "args": []}));
    pair.client.wait_for(&json!({"on": "message", "data": "acknowledge this"}));
    // Asked only after the client acknowledged the message by itself.
    pair.client.wait_for(&json!({"on": "event", "name": "question", "args": ["and this"]}));
    pair.client.wait_for(&json!({"on": "event", "name": "answered", "args": ["the answer"]}));
}

fn keeps_a_client_through_a_silence_of_polls(start: Start) {
    let mut pair = Pair::connect(start);
    std::thread::sleep(SILENCE);
    pair.client.tell(&json!({"do": "send", "data": "still here"}));
    pair.client.wait_for(&json!({"on": "message", "data": "still here"}));
    assert_eq!(pair.client.seen(&json!({"on": "disconnect"})), Vec::<Value>::new());
}

fn serves_a_namespace_beside_the_root(start: Start) {
    let mut pair = Pair::connect(start);
    pair.client.tell(&json!({"do": "join", "endpoint": "/chat"}));
    pair.client.wait_for(&json!({"on": "connect", "endpoint": "/chat"}));
    pair.client.tell(&json!({"do": "send", "endpoint": "/chat", "data": "in chat"}));
    pair.client.wait_for(&json!({"on": "message", "endpoint": "/chat", "data": "in chat"}));
    pair.client.tell(&json!({"do": "send", "data": "on the root"}));
    pair.client.wait_for(&json!({"on": "message", "endpoint": "", "data": "on the root"}));
}

fn is_left_by_the_client(start: Start) {
    let mut pair = Pair::connect(start);
    pair.client.tell(&json!({"do": "disconnect"}));
    pair.client.wait_for(&json!({"on": "disconnect", "args": ["booted"]}));
    if let Some(Host::Genuine(server)) = &mut pair.host {
        server.wait_for(&json!({"on": "disconnect"}));
    }
    // A session that ended on purpose is not made again, and the host serves the next client.
    let mut next = Peer::client(Release::V0_8_7, &format!("http://127.0.0.1:{}", pair.port), "xhr-polling");
    next.wait_for(&json!({"on": "connect"}));
    next.tell(&json!({"do": "send", "data": "next"}));
    next.wait_for(&json!({"on": "message", "data": "next"}));
    assert_eq!(pair.client.seen(&json!({"on": "reconnecting"})), Vec::<Value>::new());
}

fn is_found_again_after_a_restart(start: Start) {
    let mut pair = Pair::connect(start);
    pair.host = None;
    pair.client.wait_for(&json!({"on": "disconnect"}));
    pair.client.tell(&json!({"do": "send", "data": "sent while away"}));
    pair.host = Some(start(pair.port));
    pair.client.wait_for(&json!({"on": "reconnect"}));
    pair.client.wait_for(&json!({"on": "message", "data": "sent while away"}));
    pair.client.tell(&json!({"do": "send", "data": MARKED}));
    pair.client.wait_for(&json!({"on": "message", "data": MARKED}));
}

macro_rules! tests {
    ($module:ident: $start:ident, $($name:ident),+ $(,)?) => {
        mod $module {
            $(#[test]
            fn $name() {
                if super::switched_on() {
                    super::$name(super::$start);
                }
            })+
        }
    };
}

macro_rules! against_both {
    ($($name:ident),+ $(,)?) => {
        tests!(sio08_serve: ours, $($name),+);
        tests!(genuine_server: genuine, $($name),+);
    };
}

against_both!(
    echoes_messages,
    keeps_the_order_of_a_hundred_messages_each_way,
    echoes_json,
    echoes_events,
    acknowledges_a_message_by_itself,
    acknowledges_an_event_with_data,
    is_answered_what_it_asks,
    keeps_a_client_through_a_silence_of_polls,
    serves_a_namespace_beside_the_root,
    is_left_by_the_client,
    is_found_again_after_a_restart,
);
