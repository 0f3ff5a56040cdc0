//! Two servers of ours.

use crate::client::{Socket, handshake, poll, post};
use crate::genuine::switched_on;
use crate::redis::Redis;
use crate::servers::Ours;
use crate::settle;

fn two(app: &str) -> (Redis, Ours, Ours) {
    let redis = Redis::start();
    let one = Ours::start(app, &redis);
    let other = Ours::start(app, &redis);
    (redis, one, other)
}

#[test]
fn a_session_handshaken_at_one_server_opens_at_the_other() {
    if !switched_on() {
        return;
    }
    let (_redis, one, other) = two("echo");
    let session = handshake(one.port);
    let mut socket = Socket::open(other.port, &session);
    socket.send("3:::h\u{e9}llo \u{1f600}");
    assert_eq!(socket.next(), "3:::h\u{e9}llo \u{1f600}");
}

#[test]
fn polls_and_posts_that_alternate_between_servers_lose_and_double_nothing() {
    if !switched_on() {
        return;
    }
    let (_redis, one, other) = two("echo");
    let session = handshake(one.port);
    assert_eq!(poll(other.port, &session), "1::");
    settle();
    for number in 0..12 {
        // Every combination of where is posted and polled comes round.
        let (posted_at, polled_at) = (number % 2, number / 2 % 2);
        let port = |which| if which == 0 { one.port } else { other.port };
        post(port(posted_at), &session, &format!("3:::{number}"));
        settle();
        assert_eq!(poll(port(polled_at), &session), format!("3:::{number}"), "posted at {posted_at}");
        settle();
    }
    post(one.port, &session, "0::");
    settle();
    assert_eq!(poll(one.port, &session), "7:::1+0");
    assert_eq!(poll(other.port, &session), "7:::1+0");
}

#[test]
fn what_is_said_at_one_server_reaches_the_clients_of_the_other() {
    if !switched_on() {
        return;
    }
    let (_redis, one, other) = two("chat");
    let mut here = Socket::open(one.port, &handshake(one.port));
    let mut there = Socket::open(other.port, &handshake(one.port));
    here.send("3:::from here");
    assert_eq!(there.next(), r#"5:::{"name":"message","args":["from here"]}"#);
    there.send("3:::from there");
    // Not its own message: the sender is left out, at whichever server it is.
    assert_eq!(here.next(), r#"5:::{"name":"message","args":["from there"]}"#);
}

#[test]
fn sessions_live_on_without_redis_and_are_shared_again_when_it_is_back() {
    if !switched_on() {
        return;
    }
    let (mut redis, one, other) = two("chat");
    let mut here = Socket::open(one.port, &handshake(one.port));
    let mut beside = Socket::open(one.port, &handshake(one.port));
    let mut there = Socket::open(other.port, &handshake(one.port));
    redis.kill();
    one.wait_for_log("warning: redis lost");
    other.wait_for_log("warning: redis lost");
    here.send("3:::while away");
    assert_eq!(beside.next(), r#"5:::{"name":"message","args":["while away"]}"#);
    redis.run();
    one.wait_for_log("redis         connected again");
    other.wait_for_log("redis         connected again");
    here.send("3:::healed");
    assert_eq!(beside.next(), r#"5:::{"name":"message","args":["healed"]}"#);
    // What was said meanwhile is lost to the other server, and nothing else.
    assert_eq!(there.next(), r#"5:::{"name":"message","args":["healed"]}"#);
    let session = handshake(other.port);
    // A newcomer is given what its server kept.
    let mut late = Socket::open(one.port, &session);
    assert_eq!(late.next(), "3:::while away");
}
