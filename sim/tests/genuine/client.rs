//! The genuine clients in Node against `sio08 serve --app echo`: 0.8.7 over xhr-polling, and 0.9.17 over both its transports
//! with a server of `--profile 0.9`; both also with `--threads 2`. 0.8.7 also against the genuine server, which shows that the expectations are those of the
//! genuine pair and not ours.

use std::time::Duration;

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

/// Which genuine client, over which transport, and its host.
#[derive(Clone, Copy)]
struct Case {
    client: Release,
    transport: &'static str,
    /// Starts a host on a port.
    start: fn(u16) -> Host,
    /// Longer than it takes the host to find that its heartbeats or polls are not answered.
    silence: Duration,
}

impl Case {
    fn client(&self, port: u16) -> Peer {
        Peer::client(self.client, &format!("http://127.0.0.1:{port}"), self.transport)
    }
}

const OURS: Case = Case {
    client: Release::V0_8_7,
    transport: "xhr-polling",
    start: |port| Host::Ours(Sio08::serve(port, "echo")),
    silence: SILENCE,
};

const GENUINE: Case = Case {
    start: |port| Host::Genuine(Peer::server(Release::V0_8_7, port, "websocket,xhr-polling")),
    ..OURS
};

const OURS_0_9_POLLING: Case = Case {
    client: Release::V0_9_17,
    start: |port| Host::Ours(Sio08::serve_with(port, "echo", &["--profile", "0.9"])),
    ..OURS
};

/// A heartbeat comes after 25 s and waits for 60 s.
const OURS_0_9_WEBSOCKET: Case =
    Case { transport: "websocket", silence: Duration::from_secs(90), ..OURS_0_9_POLLING };

/// The sessions of one server on two threads: half of all connections come in at the thread that has not their session.
const OURS_TWO_THREADS: Case =
    Case { start: |port| Host::Ours(Sio08::serve_with(port, "echo", &["--threads", "2"])), ..OURS };

const OURS_0_9_TWO_THREADS: Case = Case {
    start: |port| Host::Ours(Sio08::serve_with(port, "echo", &["--profile", "0.9", "--threads", "2"])),
    ..OURS_0_9_WEBSOCKET
};

/// A host, and a genuine client connected to it.
struct Pair {
    client: Peer,
    host: Option<Host>,
    port: u16,
}

impl Pair {
    fn connect(case: Case) -> Self {
        let port = free_port();
        let host = (case.start)(port);
        let mut client = case.client(port);
        client.wait_for(&json!({"on": "connect", "endpoint": ""}));
        Self { client, host: Some(host), port }
    }
}

fn echoes_messages(case: Case) {
    let mut pair = Pair::connect(case);
    for text in ["plain", MARKED, ""] {
        pair.client.tell(&json!({"do": "send", "data": text}));
        pair.client.wait_for(&json!({"on": "message", "data": text}));
    }
}

fn keeps_the_order_of_a_hundred_messages_each_way(case: Case) {
    let mut pair = Pair::connect(case);
    let numbered: Vec<Value> = (0..100).map(|number| json!(format!("{number} \u{e9}\u{1f600}"))).collect();
    for text in &numbered {
        pair.client.tell(&json!({"do": "send", "data": text}));
    }
    pair.client.wait_for(&json!({"on": "message", "data": numbered[99]}));
    let echoed: Vec<Value> =
        pair.client.seen(&json!({"on": "message"})).iter().map(|report| report["data"].clone()).collect();
    assert_eq!(echoed, numbered);
}

fn echoes_json(case: Case) {
    let mut pair = Pair::connect(case);
    for value in [json!({"a": [1, 2.5, null, true], "b": MARKED}), json!([]), json!(7)] {
        pair.client.tell(&json!({"do": "json", "data": value}));
        pair.client.wait_for(&json!({"on": "message", "data": value}));
    }
}

fn echoes_events(case: Case) {
    let mut pair = Pair::connect(case);
    pair.client.tell(&json!({"do": "emit", "name": "echo", "args": [MARKED, {"n": 1}]}));
    pair.client.wait_for(&json!({"on": "event", "name": "echo", "args": [MARKED, {"n": 1}]}));
}

fn acknowledges_a_message_by_itself(case: Case) {
    let mut pair = Pair::connect(case);
    pair.client.tell(&json!({"do": "send", "data": "m", "ack": 1}));
    pair.client.wait_for(&json!({"on": "ack", "ack": 1, "args": []}));
    pair.client.tell(&json!({"do": "json", "data": {"m": 1}, "ack": 2}));
    pair.client.wait_for(&json!({"on": "ack", "ack": 2, "args": []}));
}

fn acknowledges_an_event_with_data(case: Case) {
    let mut pair = Pair::connect(case);
    pair.client.tell(&json!({"do": "emit", "name": "echo", "args": [MARKED, 2], "ack": 1}));
    pair.client.wait_for(&json!({"on": "ack", "ack": 1, "args": [MARKED, 2]}));
}

fn is_answered_what_it_asks(case: Case) {
    let mut pair = Pair::connect(case);
    pair.client.tell(&json!({"do": "emit", "name": "ask", "args": []}));
    pair.client.wait_for(&json!({"on": "message", "data": "acknowledge this"}));
    // Asked only after the client acknowledged the message by itself.
    pair.client.wait_for(&json!({"on": "event", "name": "question", "args": ["and this"]}));
    pair.client.wait_for(&json!({"on": "event", "name": "answered", "args": ["the answer"]}));
}

fn keeps_a_client_through_a_silence(case: Case) {
    let mut pair = Pair::connect(case);
    std::thread::sleep(case.silence);
    pair.client.tell(&json!({"do": "send", "data": "still here"}));
    pair.client.wait_for(&json!({"on": "message", "data": "still here"}));
    assert_eq!(pair.client.seen(&json!({"on": "disconnect"})), Vec::<Value>::new());
}

fn serves_a_namespace_beside_the_root(case: Case) {
    let mut pair = Pair::connect(case);
    pair.client.tell(&json!({"do": "join", "endpoint": "/chat"}));
    pair.client.wait_for(&json!({"on": "connect", "endpoint": "/chat"}));
    pair.client.tell(&json!({"do": "send", "endpoint": "/chat", "data": "in chat"}));
    pair.client.wait_for(&json!({"on": "message", "endpoint": "/chat", "data": "in chat"}));
    pair.client.tell(&json!({"do": "send", "data": "on the root"}));
    pair.client.wait_for(&json!({"on": "message", "endpoint": "", "data": "on the root"}));
}

fn is_left_by_the_client(case: Case) {
    let mut pair = Pair::connect(case);
    pair.client.tell(&json!({"do": "disconnect"}));
    pair.client.wait_for(&json!({"on": "disconnect", "args": ["booted"]}));
    if let Some(Host::Genuine(server)) = &mut pair.host {
        server.wait_for(&json!({"on": "disconnect"}));
    }
    // A session that ended on purpose is not made again, and the host serves the next client.
    let mut next = case.client(pair.port);
    next.wait_for(&json!({"on": "connect"}));
    next.tell(&json!({"do": "send", "data": "next"}));
    next.wait_for(&json!({"on": "message", "data": "next"}));
    assert_eq!(pair.client.seen(&json!({"on": "reconnecting"})), Vec::<Value>::new());
}

fn is_found_again_after_a_restart(case: Case) {
    let mut pair = Pair::connect(case);
    pair.host = None;
    pair.client.wait_for(&json!({"on": "disconnect"}));
    pair.client.tell(&json!({"do": "send", "data": "sent while away"}));
    pair.host = Some((case.start)(pair.port));
    pair.client.wait_for(&json!({"on": "reconnect"}));
    pair.client.wait_for(&json!({"on": "message", "data": "sent while away"}));
    pair.client.tell(&json!({"do": "send", "data": MARKED}));
    pair.client.wait_for(&json!({"on": "message", "data": MARKED}));
}

macro_rules! tests {
    ($module:ident: $case:ident, $($name:ident),+ $(,)?) => {
        mod $module {
            $(#[test]
            fn $name() {
                if super::switched_on() {
                    super::$name(super::$case);
                }
            })+
        }
    };
}

macro_rules! in_each_case {
    ($($name:ident),+ $(,)?) => {
        tests!(sio08_serve: OURS, $($name),+);
        tests!(genuine_server: GENUINE, $($name),+);
        tests!(sio08_serve_0_9_polling: OURS_0_9_POLLING, $($name),+);
        tests!(sio08_serve_0_9_websocket: OURS_0_9_WEBSOCKET, $($name),+);
        tests!(sio08_serve_two_threads: OURS_TWO_THREADS, $($name),+);
        tests!(sio08_serve_0_9_two_threads: OURS_0_9_TWO_THREADS, $($name),+);
    };
}

in_each_case!(
    echoes_messages,
    keeps_the_order_of_a_hundred_messages_each_way,
    echoes_json,
    echoes_events,
    acknowledges_a_message_by_itself,
    acknowledges_an_event_with_data,
    is_answered_what_it_asks,
    keeps_a_client_through_a_silence,
    serves_a_namespace_beside_the_root,
    is_left_by_the_client,
    is_found_again_after_a_restart,
);
