//! What is tried with each peer over each transport.

use std::time::Duration;

use serde_json::{Value, json};

use super::table::Outcome;
use super::{Row, relay};
use crate::MARKED;

/// Longer than 60 s, and than what it takes either release to find that nobody answers its heartbeats: 25 s and 60 s in 0.9.
const QUIET: Duration = Duration::from_secs(90);

/// Time for a polling client's next poll to reach the server.
const SETTLED: Duration = Duration::from_secs(1);

/// What is tried with every peer over every transport.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) attempt: fn(&Row<'_>) -> Outcome,
    /// It waits for most of its time, so that it can be tried beside others.
    pub(super) long: bool,
}

const fn short(title: &'static str, attempt: fn(&Row<'_>) -> Outcome) -> Column {
    Column { title, attempt, long: false }
}

const fn long(title: &'static str, attempt: fn(&Row<'_>) -> Outcome) -> Column {
    Column { title, attempt, long: true }
}

pub(super) const COLUMNS: [Column; 8] = [
    short("connect", connects),
    short("messages both ways", exchanges_messages),
    short("acks", acknowledges),
    short("namespaces", joins_a_namespace),
    long("90 s of heartbeats", stays_through_a_silence),
    short("server restart", comes_back_after_a_restart),
    short("unknown session", is_told_of_an_unknown_session),
    short("disconnect", disconnects),
];

fn connects(row: &Row<'_>) -> Outcome {
    let mut client = row.client(row.port);
    client.wait_for(&json!({"on": "connect", "endpoint": "", "transport": row.transport}));
    Outcome::Works
}

/// A hundred each way, in order, and texts that a careless framing would not survive.
fn exchanges_messages(row: &Row<'_>) -> Outcome {
    let mut client = row.connected(row.port);
    let mut texts: Vec<Value> = (0..100).map(|number| json!(format!("{number} \u{e9}\u{1f600}"))).collect();
    texts.push(json!(MARKED));
    for text in &texts {
        client.tell(&json!({"do": "send", "data": text}));
    }
    client.wait_for(&json!({"on": "message", "data": MARKED}));
    let echoed = client.reports().seen(&json!({"on": "message"}));
    let echoed: Vec<Value> = echoed.iter().map(|report| report["data"].clone()).collect();
    assert_eq!(echoed, texts);
    client.tell(&json!({"do": "json", "data": {"a": [1, null, MARKED]}}));
    client.wait_for(&json!({"on": "message", "data": {"a": [1, null, MARKED]}}));
    client.tell(&json!({"do": "emit", "name": "echo", "args": [MARKED, {"n": 1}]}));
    client.wait_for(&json!({"on": "event", "name": "echo", "args": [MARKED, {"n": 1}]}));
    Outcome::Works
}

/// Plain ones and ones with data, asked for by either side.
fn acknowledges(row: &Row<'_>) -> Outcome {
    let mut client = row.connected(row.port);
    client.tell(&json!({"do": "send", "data": "m", "ack": 1}));
    client.wait_for(&json!({"on": "ack", "ack": 1, "args": []}));
    client.tell(&json!({"do": "emit", "name": "echo", "args": [MARKED, 2], "ack": 2}));
    client.wait_for(&json!({"on": "ack", "ack": 2, "args": [MARKED, 2]}));
    client.tell(&json!({"do": "emit", "name": "ask", "args": []}));
    client.wait_for(&json!({"on": "message", "data": "acknowledge this"}));
    // Asked only after the client acknowledged the message.
    client.wait_for(&json!({"on": "event", "name": "question", "args": ["and this"]}));
    client.wait_for(&json!({"on": "event", "name": "answered", "args": ["the answer"]}));
    Outcome::Works
}

fn joins_a_namespace(row: &Row<'_>) -> Outcome {
    let mut client = row.connected(row.port);
    client.tell(&json!({"do": "join", "endpoint": "/chat"}));
    client.wait_for(&json!({"on": "connect", "endpoint": "/chat"}));
    for endpoint in ["/chat", ""] {
        client.tell(&json!({"do": "send", "endpoint": endpoint, "data": MARKED}));
        client.wait_for(&json!({"on": "message", "endpoint": endpoint, "data": MARKED}));
    }
    Outcome::Works
}

fn stays_through_a_silence(row: &Row<'_>) -> Outcome {
    let mut client = row.connected(row.port);
    if row.hangs_up_between_heartbeats() {
        client.wait_for(&json!({"on": "disconnect"}));
        client.wait_for(&json!({"on": "reconnect"}));
        return Outcome::No(
            "A client 0.9 hangs up and connects again if it hears nothing for the time that the handshake names, and a server 0.8 \
             names 15 s but is heard from every 20 s. With the genuine server 0.8.7 it is the same; \
             `sio08 serve --profile 0.9` is for such clients.",
        );
    }
    std::thread::sleep(QUIET);
    client.tell(&json!({"do": "send", "data": "still here"}));
    client.wait_for(&json!({"on": "message", "data": "still here"}));
    assert_eq!(client.reports().seen(&json!({"on": "disconnect"})), Vec::<Value>::new());
    Outcome::Works
}

fn comes_back_after_a_restart(row: &Row<'_>) -> Outcome {
    let (server, port) = row.own_server();
    let mut client = row.connected(port);
    drop(server);
    client.wait_for(&json!({"on": "disconnect"}));
    let _server = row.host.start(port, row.script());
    client.wait_for(&json!({"on": "reconnect"}));
    // The genuine client 0.8.7 may have started a second handshake meanwhile, and throws if told to send before its socket is open.
    std::thread::sleep(Duration::from_secs(2));
    client.tell(&json!({"do": "send", "data": MARKED}));
    client.wait_for(&json!({"on": "message", "data": MARKED}));
    Outcome::Works
}

/// The client opens a session that its server does not know, as behind a balancer that is not sticky.
fn is_told_of_an_unknown_session(row: &Row<'_>) -> Outcome {
    let mut client = row.client(relay::misleading(row.port));
    if row.recovers_while_connecting() {
        client.wait_for(&json!({"on": "connect", "endpoint": ""}));
        return Outcome::Works;
    }
    let told = client.wait_for(&json!({"on": "error"}));
    assert!(told["args"][0].as_str().unwrap().contains("not handshaken"), "{told}");
    Outcome::Partly(
        "It is told, and reports it as an error; before it is connected, this client does no more than that.",
    )
}

/// From either side, on purpose: nobody comes back.
fn disconnects(row: &Row<'_>) -> Outcome {
    assert_eq!(
        returns_after(row, &json!({"do": "disconnect"})),
        Vec::<Value>::new(),
        "the client disconnected"
    );
    // A server that ends a session between two polls has nobody to tell: the next poll is refused as of an unknown session, and
    // the client comes back. The genuine server does the same, and a busy machine may deliver the poll after the request to leave.
    let attempts = if row.transport.ends_with("polling") { 3 } else { 1 };
    let mut sent_away =
        (0..attempts).map(|_| returns_after(row, &json!({"do": "emit", "name": "leave", "args": []})));
    assert!(
        sent_away.any(|returns| returns.is_empty()),
        "the client came back, {attempts} times, after the server disconnected"
    );
    Outcome::Works
}

/// The attempts to come back within two seconds of a disconnection on purpose.
fn returns_after(row: &Row<'_>, command: &Value) -> Vec<Value> {
    let mut client = row.connected(row.port);
    std::thread::sleep(SETTLED);
    client.tell(command);
    client.wait_for(&json!({"on": "disconnect"}));
    std::thread::sleep(Duration::from_secs(2));
    client.reports().seen(&json!({"on": "reconnecting"}))
}
