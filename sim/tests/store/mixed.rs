//! A server of ours and a genuine one.

use serde_json::json;

use crate::client::{Socket, handshake, poll, post};
use crate::genuine::switched_on;
use crate::redis::Redis;
use crate::servers::{Genuine, Ours};
use crate::settle;

fn pair(app: &str) -> (Redis, Ours, Genuine) {
    let redis = Redis::start();
    let ours = Ours::start(app, &redis);
    let genuine = Genuine::start(&redis);
    (redis, ours, genuine)
}

#[test]
fn a_session_handshaken_at_the_genuine_server_opens_at_ours() {
    if !switched_on() {
        return;
    }
    let (_redis, ours, mut genuine) = pair("echo");
    let session = handshake(genuine.port);
    let mut socket = Socket::open(ours.port, &session);
    socket.send("3:::hello");
    assert_eq!(socket.next(), "3:::hello");
    genuine
        .tell(&json!({"do": "emit", "session": session, "name": "news", "args": ["from the other server"]}));
    assert_eq!(socket.next(), r#"5:::{"name":"news","args":["from the other server"]}"#);
    genuine.tell(&json!({"do": "volatile", "session": session, "name": "news", "args": ["now or never"]}));
    assert_eq!(socket.next(), r#"5:::{"name":"news","args":["now or never"]}"#);
}

#[test]
fn a_session_handshaken_at_ours_opens_at_the_genuine_server() {
    if !switched_on() {
        return;
    }
    let (_redis, ours, mut genuine) = pair("echo");
    let session = handshake(ours.port);
    let mut socket = Socket::open(genuine.port, &session);
    socket.send("3:::hello");
    genuine.wait_for(&json!({"on": "message", "session": session, "data": "hello"}));
    genuine.tell(&json!({"do": "emit", "session": session, "name": "news", "args": [1]}));
    assert_eq!(socket.next(), r#"5:::{"name":"news","args":[1]}"#);
}

#[test]
fn broadcasts_go_both_ways() {
    if !switched_on() {
        return;
    }
    let (_redis, ours, mut genuine) = pair("chat");
    let mut here = Socket::open(ours.port, &handshake(ours.port));
    let mut there = Socket::open(genuine.port, &handshake(ours.port));
    here.send("3:::to all");
    assert_eq!(there.next(), r#"5:::{"name":"message","args":["to all"]}"#);
    genuine.tell(&json!({"do": "broadcast", "name": "news", "args": ["to all"]}));
    assert_eq!(here.next(), r#"5:::{"name":"news","args":["to all"]}"#);
    assert_eq!(there.next(), r#"5:::{"name":"news","args":["to all"]}"#);
}

#[test]
fn a_room_joined_at_the_genuine_server_holds_a_session_of_ours() {
    if !switched_on() {
        return;
    }
    let (_redis, ours, mut genuine) = pair("chat");
    let session = handshake(ours.port);
    let mut socket = Socket::open(ours.port, &session);
    genuine.tell(&json!({"do": "join", "session": session, "room": "red"}));
    settle();
    genuine.tell(&json!({"do": "broadcast", "room": "red", "name": "news", "args": ["red"]}));
    assert_eq!(socket.next(), r#"5:::{"name":"news","args":["red"]}"#);
    genuine.tell(&json!({"do": "leave", "session": session, "room": "red"}));
    settle();
    genuine.tell(&json!({"do": "broadcast", "room": "red", "name": "news", "args": ["nobody"]}));
    genuine.tell(&json!({"do": "broadcast", "name": "news", "args": ["next"]}));
    assert_eq!(socket.next(), r#"5:::{"name":"news","args":["next"]}"#);
}

#[test]
fn packets_posted_at_either_server_reach_the_home_of_the_session() {
    if !switched_on() {
        return;
    }
    let (_redis, ours, mut genuine) = pair("echo");
    let theirs = handshake(ours.port);
    assert_eq!(poll(genuine.port, &theirs), "1::");
    settle();
    post(ours.port, &theirs, r#"5:::{"name":"note","args":["x",2]}"#);
    genuine.wait_for(&json!({"on": "event", "session": theirs, "name": "note", "args": ["x", 2]}));

    let session = handshake(genuine.port);
    assert_eq!(poll(ours.port, &session), "1::");
    settle();
    post(genuine.port, &session, "3:::posted there");
    settle();
    assert_eq!(poll(ours.port, &session), "3:::posted there");
}

#[test]
fn the_genuine_application_ends_a_session_of_ours_and_ours_is_forgotten_there_when_it_ends() {
    if !switched_on() {
        return;
    }
    let (_redis, ours, mut genuine) = pair("echo");
    let session = handshake(ours.port);
    let mut socket = Socket::open(ours.port, &session);
    genuine.tell(&json!({"do": "disconnect", "session": session}));
    assert_eq!(socket.next(), "0::");
    assert_eq!(socket.next(), "closed");

    let other = handshake(ours.port);
    let mut socket = Socket::open(ours.port, &other);
    genuine.tell(&json!({"do": "state"}));
    genuine.wait_for(&json!({"on": "state", "handshaken": [other], "connected": [other]}));
    socket.send("0::");
    settle();
    genuine.tell(&json!({"do": "state"}));
    genuine.wait_for(&json!({"on": "state", "handshaken": [], "connected": [], "closed": []}));
}

#[test]
fn a_forced_disconnect_at_one_server_ends_the_websocket_at_the_other() {
    if !switched_on() {
        return;
    }
    let (_redis, ours, mut genuine) = pair("echo");
    let session = handshake(ours.port);
    let mut socket = Socket::open(genuine.port, &session);
    // The server closes that connection without an answer; a POST of 0:: does the same and has one.
    post(ours.port, &session, "0::");
    assert_eq!(socket.next(), "0::");
    genuine.wait_for(&json!({"on": "disconnect", "session": session}));

    let session = handshake(genuine.port);
    let mut socket = Socket::open(ours.port, &session);
    post(genuine.port, &session, "0::");
    assert_eq!(socket.next(), "0::");
}
