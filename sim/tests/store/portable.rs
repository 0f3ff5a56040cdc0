//! Servers that keep sessions in one Redis and take them over from each other: `sio08 serve --portable`.

use std::path::PathBuf;

use crate::client::{handshake, poll, post};
use crate::genuine::switched_on;
use crate::redis::Redis;
use crate::servers::Ours;

/// The secret of the pool, removed when dropped.
struct Secret(PathBuf);

impl Secret {
    fn new(redis: &Redis) -> Self {
        let name = format!("sio08-portable-{}-{}", std::process::id(), redis.port());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "0123456789abcdef0123456789abcdef\n").unwrap();
        Self(path)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

fn server(redis: &Redis, secret: &Secret) -> Ours {
    let path = secret.0.to_str().unwrap();
    Ours::start_with("echo", &["--portable", &redis.url(), "--secret-file", path])
}

#[test]
fn polls_and_posts_at_any_of_three_servers_lose_and_double_nothing() {
    if !switched_on() {
        return;
    }
    let redis = Redis::start();
    let secret = Secret::new(&redis);
    let servers = [server(&redis, &secret), server(&redis, &secret), server(&redis, &secret)];
    let session = handshake(servers[0].port);
    assert_eq!(poll(servers[1].port, &session), "1::");
    for number in 0..18 {
        post(servers[number % 3].port, &session, &format!("3:::m{number}"));
        assert_eq!(poll(servers[number / 3 % 3].port, &session), format!("3:::m{number}"));
    }
}

#[test]
fn a_session_whose_server_was_killed_is_unknown_and_a_new_one_opens() {
    if !switched_on() {
        return;
    }
    let redis = Redis::start();
    let secret = Secret::new(&redis);
    let (one, other) = (server(&redis, &secret), server(&redis, &secret));
    let session = handshake(one.port);
    assert_eq!(poll(one.port, &session), "1::");
    drop(one);
    assert_eq!(poll(other.port, &session), "7:::1+0");
    let session = handshake(other.port);
    assert_eq!(poll(other.port, &session), "1::");
}
