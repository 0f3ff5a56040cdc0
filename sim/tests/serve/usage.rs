//! What is refused, and how.

use std::net::TcpListener;
use std::process::Output;

use crate::process::{Serve, refused};

#[track_caller]
pub(crate) fn assert_refused(output: &Output, wanted: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{text}");
    for part in wanted {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
}

#[test]
fn an_address_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = refused(&["--listen", &address]);
    assert_refused(&output, &[&address, "another process listens there", "--listen"]);
}

#[test]
fn an_address_of_another_machine_is_named() {
    assert_refused(
        &refused(&["--listen", "192.0.2.1:8000"]),
        &["192.0.2.1:8000", "does not have that address"],
    );
}

#[test]
fn an_address_that_is_none_is_shown_how_to_write() {
    assert_refused(&refused(&["--listen", "here"]), &["here", "127.0.0.1:8000"]);
}

#[test]
fn a_client_script_that_cannot_be_read_is_named() {
    let output = refused(&["--listen", "0", "--client-js", "no-such-file.js"]);
    assert_refused(&output, &["--client-js", "no-such-file.js", "No such file"]);
}

#[test]
fn a_client_file_that_nobody_asks_for_is_named_with_those_that_are() {
    let file = std::env::temp_dir().join(format!("sio08-serve-{}.html", std::process::id()));
    std::fs::write(&file, "x").unwrap();
    let output = refused(&["--listen", "0", "--client-file", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    assert_refused(&output, &["--client-file", ".html", "WebSocketMain.swf"]);
}

#[test]
fn an_unknown_application_is_told_the_known_ones() {
    assert_refused(&refused(&["--app", "ftp"]), &["ftp", "chat", "echo"]);
}

#[test]
fn a_namespace_without_slash_is_refused() {
    assert_refused(&refused(&["--namespace", "chat"]), &["starts with a slash"]);
}

#[test]
fn an_oversized_body_is_refused_and_others_go_on() {
    let serve = Serve::start(&["--app", "echo"]);
    let mut session = serve.open();
    let answer = serve.connect().request("POST", "/socket.io/1/xhr-polling/x", &"x".repeat(1_000_001));
    assert_eq!(answer.status, 413);
    session.post("3:::x");
    assert_eq!(session.poll(), "3:::x");
}

#[test]
fn a_wrong_path_or_method_is_answered_and_others_go_on() {
    let serve = Serve::start(&["--app", "echo"]);
    let mut session = serve.open();
    assert_eq!(serve.get("/socket.io/2/").status, 500);
    assert_eq!(serve.get("/socket.io/1/xhr-polling/nobody").body, "7:::1+0");
    assert_eq!(serve.connect().request("PATCH", "/", "").status, 405);
    session.post("3:::x");
    assert_eq!(session.poll(), "3:::x");
}
