//! `sio08 probe` against the genuine server 0.8.7.

use std::process::Command;

use crate::common::free_port;
use crate::genuine::{Release, switched_on};
use crate::peer::Peer;

#[test]
fn the_probe_says_that_a_genuine_server_works_over_both_transports() {
    if !switched_on() {
        return;
    }
    let port = free_port();
    let _server = Peer::server(Release::V0_8_7, port, "websocket,xhr-polling");
    let output = Command::new(env!("CARGO_BIN_EXE_sio08"))
        .args(["probe", &format!("http://127.0.0.1:{port}")])
        .output()
        .unwrap();
    let screen = String::from_utf8_lossy(&output.stdout);
    for line in [
        "  HTTP         200 in ",
        "  handshake    protocol 1 (heartbeat 15 s, close 25 s), transports websocket xhr-polling\n",
        "  xhr-polling  a b c d e echoed, 5 s quiet, last one echoed\n",
        "  websocket    a b c d e echoed, 5 s quiet, last one echoed\n",
        "  stickiness   20 handshakes, 20 first polls: none rejected: sticky, or a single server\n",
        "It worked.\n",
    ] {
        assert!(screen.contains(line), "no {line:?} in:\n{screen}");
    }
    assert_eq!(output.status.code(), Some(0));
}
