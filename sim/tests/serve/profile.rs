//! `--profile`: what a server of 0.9 shows on the wire.

use crate::process::{Serve, refused};

fn id(body: &str) -> &str {
    body.split(':').next().unwrap()
}

#[test]
fn the_default_is_the_profile_of_0_8() {
    let serve = Serve::start(&[]);
    assert!(serve.get("/socket.io/1/").body.ends_with(":15:25:websocket,htmlfile,xhr-polling,jsonp-polling"));
    assert!(!serve.greeting.contains("profile"), "{}", serve.greeting);
}

#[test]
fn a_server_of_0_9_advertises_its_timers_and_issues_ids_of_20_characters() {
    let serve = Serve::start(&["--profile", "0.9"]);
    assert!(serve.greeting.contains("profile 0.9"), "{}", serve.greeting);
    let bodies = [serve.get("/socket.io/1/").body, serve.get("/socket.io/1/").body];
    for body in &bodies {
        assert!(body.ends_with(":60:60:websocket,htmlfile,xhr-polling,jsonp-polling"), "{body}");
        assert_eq!(id(body).len(), 20, "{body}");
        assert!(id(body).bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{body}");
    }
    assert_ne!(id(&bodies[0]), id(&bodies[1]));
}

#[test]
fn a_server_of_0_9_answers_a_disconnect_by_query() {
    for (profile, answered) in [("0.8", false), ("0.9", true)] {
        let serve = Serve::start(&["--profile", profile]);
        let mut http = serve.connect();
        http.send("GET", "/socket.io/1/xhr-polling/nobody?disconnect=1", "");
        assert_eq!(!http.ended(), answered, "{profile}");
    }
}

#[test]
fn a_session_of_0_9_survives_a_poll_that_is_hung_up() {
    let serve = Serve::start(&["--profile", "0.9", "--app", "echo"]);
    let mut session = serve.open();
    session.wait();
    session.hang_up(&serve);
    session.post("3:::late");
    assert_eq!(session.poll(), "3:::late");
}

#[test]
fn an_unknown_profile_is_told_the_known_ones() {
    let output = refused(&["--profile", "1.0"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{text}");
    assert!(text.contains("1.0") && text.contains("there are 0.8 and 0.9"), "{text}");
}
