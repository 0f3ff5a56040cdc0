//! `sio08 probe` against the genuine servers: every transport, and which release it is.

use std::process::Command;

use crate::common::{Sio08, free_port};
use crate::genuine::{Release, switched_on};
use crate::peer::Peer;

const TRANSPORTS: &str = "websocket,htmlfile,xhr-polling,jsonp-polling";

#[track_caller]
fn assert_probed(port: u16, lines: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_sio08"))
        .args(["probe", &format!("http://127.0.0.1:{port}"), "--quiet", "1"])
        .output()
        .unwrap();
    let screen = String::from_utf8_lossy(&output.stdout);
    for line in lines {
        assert!(screen.contains(line), "no {line:?} in:\n{screen}");
    }
    assert_eq!(output.status.code(), Some(0), "{screen}");
}

/// What every server that echoes shows.
const WORKS: [&str; 7] = [
    "  HTTP          200 in ",
    "  xhr-polling   a b c d e echoed, 1 s quiet, last one echoed\n",
    "  jsonp-polling a b c d e echoed, 1 s quiet, last one echoed\n",
    "  htmlfile      a b c d e echoed, 1 s quiet, last one echoed\n",
    "  websocket     a b c d e echoed, 1 s quiet, last one echoed\n",
    "  stickiness    20 handshakes, 20 first polls: none rejected: sticky, or a single server\n",
    "It worked.\n",
];

fn recognises(release: Release, signs: &[&str]) {
    let port = free_port();
    let _server = Peer::server(release, port, TRANSPORTS);
    assert_probed(port, &[&WORKS, signs].concat());
}

#[test]
fn a_genuine_0_8_7_works_over_every_transport_and_is_recognised() {
    if !switched_on() {
        return;
    }
    recognises(
        Release::V0_8_7,
        &[
            "  handshake     protocol 1 (heartbeat 15 s, close 25 s), transports websocket htmlfile xhr-polling jsonp-polling\n",
            "  profile       0.8, certain: 7 signs, none against it\n",
            "    0.8  timers 15:25, the defaults of 0.8\n",
            "    0.8  a session id of ",
            "    0.8  any origin is allowed by *\n",
            "    0.8  jsonp=sio08 is written into a script unchecked\n",
            "    0.8  a POST is answered without a Content-Type\n",
            "    0.8  ?disconnect is not answered\n",
            "    0.8  a poll that is hung up ends the session\n",
        ],
    );
}

const SIGNS_0_9: [&str; 8] = [
    "  handshake     protocol 1 (heartbeat 60 s, close 60 s), transports websocket htmlfile xhr-polling jsonp-polling\n",
    "  profile       0.9, certain: 6 signs, none against it\n",
    "    0.9  timers 60:60, the defaults of 0.9\n",
    "    0.9  a session id of 20 characters of base64\n",
    "    0.9  any origin is allowed by its name\n",
    "    0.9  a POST is answered with Content-Type text/plain; charset=UTF-8\n",
    "    0.9  ?disconnect is answered 200\n",
    "    0.9  a session survives a poll that is hung up\n",
];

#[test]
fn a_genuine_0_9_17_works_over_every_transport_and_is_recognised() {
    if switched_on() {
        recognises(Release::V0_9_17, &SIGNS_0_9);
    }
}

#[test]
fn a_genuine_0_9_19_works_over_every_transport_and_is_recognised() {
    if switched_on() {
        recognises(Release::V0_9_19, &SIGNS_0_9);
    }
}

#[test]
fn ours_of_0_9_shows_the_signs_of_the_genuine_one() {
    if switched_on() {
        let port = free_port();
        let _server = Sio08::serve_with(port, "echo", &["--profile", "0.9", "--origin", "*"]);
        assert_probed(port, &SIGNS_0_9[1..]);
    }
}
