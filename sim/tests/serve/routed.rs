//! `--node`, `--peer`, `--portable` and `--secret-file`: servers that share sessions.

use std::net::TcpListener;
use std::path::PathBuf;

use crate::process::{Serve, refused};
use crate::usage::assert_refused;

/// A file of the test's own, removed when dropped.
struct Secret(PathBuf);

impl Secret {
    fn new(name: &str, content: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sio08-secret-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_session_of_one_server_is_served_by_the_other_one() {
    let secret = Secret::new("two", "0123456789abcdef0123456789abcdef\n");
    let port = free_port();
    let one_at = format!("one=http://127.0.0.1:{port}");
    let two =
        Serve::start(&["--app", "echo", "--node", "two", "--peer", &one_at, "--secret-file", secret.path()]);
    let two_at = format!("two=http://{}", two.address);
    let listen = port.to_string();
    let one = Serve::start_at(
        &listen,
        &["--app", "echo", "--node", "one", "--peer", &two_at, "--secret-file", secret.path()],
    );
    let mut session = one.open();
    session.go_on_at(&two);
    session.post("3:::hello");
    assert_eq!(session.poll(), "3:::hello");
    drop(one);
    assert_eq!(session.poll(), "7:::1+0");
}

#[test]
fn a_secret_that_is_none_is_refused() {
    let secret = Secret::new("short", "hunter2\n");
    let peer = "two=http://127.0.0.1:1";
    let output = refused(&["--node", "one", "--peer", peer, "--secret-file", secret.path()]);
    assert_eq!(output.status.code(), Some(64));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("has 7 bytes and needs 16 or more"), "{error}");
}

#[test]
fn a_peer_that_is_no_http_url_is_refused() {
    for (peer, reason) in
        [("two", "NAME=URL"), ("two=10.0.0.2:80", "http://HOST:PORT"), ("t-o=http://127.0.0.1:1", "letters")]
    {
        let output = refused(&["--node", "one", "--peer", peer, "--secret-file", "f"]);
        assert_eq!(output.status.code(), Some(64));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_secret_that_is_not_there_is_refused_with_what_makes_one() {
    let output = refused(&["--portable", "redis://127.0.0.1:1/", "--secret-file", "nowhere"]);
    assert_refused(
        &output,
        &["--secret-file nowhere: there is no such file", "openssl rand -base64 33 > nowhere"],
    );
}

#[test]
fn without_the_store_of_portable_sessions_the_log_says_that_nobody_can_connect_and_nobody_can() {
    let secret = Secret::new("portable", "0123456789abcdef0123456789abcdef\n");
    let serve = Serve::start(&["--portable", "redis://127.0.0.1:1/", "--secret-file", secret.path()]);
    assert_eq!(serve.get("/socket.io/1/").status, 503);
    let (_, log) = serve.signal("TERM");
    assert!(log.contains("portable      127.0.0.1:1  every server"), "{log}");
    assert!(log.contains("warning: redis not reached (") && log.contains("nobody can connect anew"), "{log}");
}
