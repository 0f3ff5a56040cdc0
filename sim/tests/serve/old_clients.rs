//! Clients of 2010 and 2011: drafts before RFC 6455, and the Flash player.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::process::{Serve, refused};

const POLICY_REQUEST: &[u8] = b"<policy-file-request/>\0";

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Reads until `end` has come.
fn read_to(stream: &mut TcpStream, end: &[u8]) -> String {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(end) {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "it ends after {}", read.escape_ascii());
        read.push(byte[0]);
    }
    read.escape_ascii().to_string()
}

fn upgrade(serve: &Serve, transport: &str) -> TcpStream {
    let id = serve.get("/socket.io/1/").body.split(':').next().unwrap().to_owned();
    let mut stream = connect(serve.address);
    write!(
        stream,
        "GET /socket.io/1/{transport}/{id} HTTP/1.1\r\nHost: test\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
         Origin: http://test\r\n\r\n"
    )
    .unwrap();
    stream
}

/// A port that was free a moment ago.
fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[test]
fn drafts_are_served_when_asked_for() {
    let serve = Serve::start(&["--app", "echo", "--hixie"]);
    let mut stream = upgrade(&serve, "websocket");
    assert!(read_to(&mut stream, b"\r\n\r\n").starts_with("HTTP/1.1 101 Web Socket Protocol Handshake"));
    assert_eq!(read_to(&mut stream, b"\xff"), r"\x001::\xff");
    stream.write_all(b"\x003:::hello\xff").unwrap();
    assert_eq!(read_to(&mut stream, b"\xff"), r"\x003:::hello\xff");
}

#[test]
fn drafts_are_refused_unless_asked_for() {
    let serve = Serve::start(&["--app", "echo"]);
    let mut stream = upgrade(&serve, "websocket");
    assert!(read_to(&mut stream, b"\r\n\r\n").starts_with("HTTP/1.1 426 "));
}

#[test]
fn transports_are_offered_as_named() {
    let serve = Serve::start(&["--transport", "xhr-polling", "--transport", "flashsocket"]);
    assert!(serve.get("/socket.io/1/").body.ends_with(":xhr-polling,flashsocket"));
    assert_eq!(refused(&["--transport", "pigeon"]).status.code(), Some(64));
}

#[test]
fn flashsocket_is_served_over_the_drafts_when_named() {
    let serve = Serve::start(&["--app", "echo", "--hixie", "--transport", "flashsocket"]);
    let mut stream = upgrade(&serve, "flashsocket");
    read_to(&mut stream, b"\r\n\r\n");
    assert_eq!(read_to(&mut stream, b"\xff"), r"\x001::\xff");
}

#[test]
fn the_policy_names_hosts_and_the_port_and_is_given_on_both_ports() {
    let port = free_port();
    let serve = Serve::start(&["--flash-policy-host", "app.example.com", "--flash-policy-port", &port]);
    let rule =
        format!("<allow-access-from domain=\"app.example.com\" to-ports=\"{}\"/>", serve.address.port());
    let own = SocketAddr::new(serve.address.ip(), port.parse().unwrap());
    for (address, request) in [(serve.address, POLICY_REQUEST), (own, b"")] {
        let mut stream = connect(address);
        stream.write_all(request).unwrap();
        let mut policy = String::new();
        stream.read_to_string(&mut policy).unwrap();
        assert!(policy.contains(&rule) && !policy.contains("\"*\""), "{policy}");
    }
    assert_eq!(serve.get("/").status, 200, "HTTP goes on beside it");
}

#[test]
fn a_policy_needs_hosts_and_a_wildcard_is_written_out() {
    for arguments in [&["--flash-policy-port", "0"][..], &["--flash-policy-host", "*.example.com"]] {
        assert_eq!(refused(arguments).status.code(), Some(64), "{arguments:?}");
    }
    let serve = Serve::start(&["--flash-policy-host", "*"]);
    let mut stream = connect(serve.address);
    stream.write_all(POLICY_REQUEST).unwrap();
    let mut policy = String::new();
    stream.read_to_string(&mut policy).unwrap();
    assert!(policy.contains("domain=\"*\""), "{policy}");
}
