//! `serve --threads N`: the same applications over several shards.

use std::collections::BTreeSet;

use crate::process::{Serve, refused};
use crate::usage::assert_refused;

/// So many sessions that each of four shards has some, but for a chance of one in ten million.
const SESSIONS: usize = 60;

#[test]
fn the_chat_reaches_the_sessions_of_every_shard_once() {
    let serve = Serve::start(&["--app", "chat", "--threads", "4"]);
    let mut sessions: Vec<_> = (0..SESSIONS).map(|_| serve.open()).collect();
    sessions[0].post("3:::one");
    for session in &mut sessions[1..] {
        assert_eq!(session.poll(), r#"5:::{"name":"message","args":["one"]}"#);
    }
    sessions[1].post("3:::two");
    for (number, session) in sessions.iter_mut().enumerate().filter(|(number, _)| *number != 1) {
        assert_eq!(session.poll(), r#"5:::{"name":"message","args":["two"]}"#, "{number}");
    }
}

#[test]
fn a_newcomer_at_any_shard_is_given_what_was_said_before() {
    let serve = Serve::start(&["--app", "chat", "--threads", "4"]);
    let mut first = serve.open();
    let mut witnesses: Vec<_> = (0..SESSIONS).map(|_| serve.open()).collect();
    first.post("3:::one");
    // Once every shard's sessions have it, every shard has kept it.
    for witness in &mut witnesses {
        witness.poll();
    }
    let said: BTreeSet<String> = (0..SESSIONS).map(|_| serve.open().poll()).collect();
    assert_eq!(said, BTreeSet::from(["3:::one".to_owned()]));
}

#[test]
fn it_ends_when_told_to() {
    let serve = Serve::start(&["--threads", "2"]);
    let _session = serve.open();
    let (status, log) = serve.signal("TERM");
    assert!(status.success(), "{log}");
}

#[test]
fn threads_do_not_go_with_what_shares_sessions_with_other_servers() {
    let stores = [
        &["--redis", "redis://127.0.0.1:1/"][..],
        &["--portable", "redis://127.0.0.1:1/"],
        &["--node", "s1", "--peer", "s2=http://127.0.0.1:1"],
    ];
    for store in stores {
        let output = refused(&[&["--threads", "2", "--secret-file", "none"], store].concat());
        assert_refused(&output, &["--threads <N>", "cannot be used with", store[0]]);
    }
    for number in ["0", "2000", "many"] {
        assert_refused(&refused(&["--threads", number]), &["a number from 1 to 1024"]);
    }
}
