//! The blocking server with plain sockets and a blocking websocket client.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use socketio08::server::{AckMode, Cause, Outgoing, ServerConfig, ServerEvent};
use socketio08::{Body, Transport};
use tungstenite::{Message, WebSocket};

/// An echo on a free port, and its events.
fn start(config: ServerConfig) -> (SocketAddr, Receiver<ServerEvent>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (events, told) = channel();
    let config = config.transports(vec![Transport::Websocket, Transport::XhrPolling]);
    thread::spawn(move || {
        socketio08_example_threads::serve(
            &listener,
            config,
            move |now, server: &mut _, event: ServerEvent| {
                let server: &mut socketio08::server::Server = server;
                if let ServerEvent::Received { session, packet } = &event
                    && let Body::Message { data } = &packet.body
                {
                    server
                        .send(now, session, &packet.endpoint, Outgoing::Message(data.clone()), AckMode::None)
                        .unwrap();
                }
                let _ = events.send(event);
            },
        )
    });
    (address, told)
}

/// A kept connection.
struct Http(TcpStream);

impl Http {
    fn connect(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(stream)
    }

    fn send(&mut self, method: &str, target: &str, body: &str) {
        let len = body.len();
        // In one piece, or each part would wait for the acknowledgement of the one before.
        let request =
            format!("{method} {target} HTTP/1.1\r\nHost: test\r\nContent-Length: {len}\r\n\r\n{body}");
        self.0.write_all(request.as_bytes()).unwrap();
    }

    /// The status and body of the next response.
    fn answer(&mut self) -> (u16, String) {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            assert_eq!(self.0.read(&mut byte).unwrap(), 1, "the connection ended");
            bytes.push(byte[0]);
        }
        let head = String::from_utf8(bytes).unwrap();
        let len = head.split("Content-Length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        let mut body = vec![0; len];
        self.0.read_exact(&mut body).unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), String::from_utf8(body).unwrap())
    }

    fn get(&mut self, target: &str) -> String {
        self.send("GET", target, "");
        self.answer().1
    }

    fn handshake(&mut self) -> String {
        let body = self.get("/socket.io/1/");
        assert!(body.ends_with(":15:25:websocket,xhr-polling"), "{body}");
        body.split(':').next().unwrap().to_owned()
    }
}

fn websocket(to: SocketAddr) -> WebSocket<TcpStream> {
    let id = Http::connect(to).handshake();
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (mut socket, _) =
        tungstenite::client(format!("ws://{to}/socket.io/1/websocket/{id}"), stream).unwrap();
    assert_eq!(socket.read().unwrap(), Message::text("1::"));
    socket
}

fn disconnected(events: &Receiver<ServerEvent>) -> Cause {
    loop {
        let event = events.recv_timeout(Duration::from_secs(20)).unwrap();
        if let ServerEvent::Disconnected { cause, .. } = event {
            return cause;
        }
    }
}

#[test]
fn a_hundred_messages_come_back_over_polls() {
    let (address, _events) = start(ServerConfig::default());
    let mut http = Http::connect(address);
    let session = format!("/socket.io/1/xhr-polling/{}", http.handshake());
    assert_eq!(http.get(&session), "1::");
    for number in 0..100 {
        let packet = format!("3:::{number} grüße 😀");
        http.send("POST", &session, &packet);
        assert_eq!(http.answer(), (200, "1".to_owned()));
        assert_eq!(http.get(&session), packet);
    }
}

#[test]
fn a_hundred_messages_come_back_over_a_websocket_in_order() {
    let (address, _events) = start(ServerConfig::default());
    let mut socket = websocket(address);
    for number in 0..100 {
        socket.send(Message::text(format!("3:::{number} grüße 😀"))).unwrap();
    }
    for number in 0..100 {
        assert_eq!(socket.read().unwrap(), Message::text(format!("3:::{number} grüße 😀")));
    }
}

#[test]
fn pings_are_answered_between_messages() {
    let (address, _events) = start(ServerConfig::default());
    let mut socket = websocket(address);
    socket.send(Message::Ping("there?".into())).unwrap();
    socket.send(Message::text("3:::x")).unwrap();
    let mut answers = [socket.read().unwrap(), socket.read().unwrap()];
    answers.sort_by_key(Message::is_text);
    assert_eq!(answers, [Message::Pong("there?".into()), Message::text("3:::x")]);
}

#[test]
fn a_waiting_poll_is_answered_by_the_timer() {
    let duration = Duration::from_millis(300);
    let (address, _events) = start(ServerConfig::default().polling_duration(duration));
    let mut http = Http::connect(address);
    let session = format!("/socket.io/1/xhr-polling/{}", http.handshake());
    assert_eq!(http.get(&session), "1::");
    let asked = Instant::now();
    assert_eq!(http.get(&session), "8::");
    assert!(asked.elapsed() >= duration, "too early: {:?}", asked.elapsed());
}

#[test]
fn a_peer_that_hangs_up_during_a_poll_ends_its_session() {
    let (address, events) = start(ServerConfig::default());
    let mut http = Http::connect(address);
    let session = format!("/socket.io/1/xhr-polling/{}", http.handshake());
    assert_eq!(http.get(&session), "1::");
    http.send("GET", &session, "");
    thread::sleep(Duration::from_millis(100));
    drop(http);
    assert_eq!(disconnected(&events), Cause::SocketEnd);
}

#[test]
fn a_socket_that_goes_away_ends_its_session() {
    let (address, events) = start(ServerConfig::default());
    drop(websocket(address));
    assert_eq!(disconnected(&events), Cause::SocketEnd);
}

#[test]
fn a_disconnect_packet_is_answered_and_the_socket_closed() {
    let (address, events) = start(ServerConfig::default());
    let mut socket = websocket(address);
    socket.send(Message::text("0::")).unwrap();
    assert_eq!(socket.read().unwrap(), Message::text("0::"));
    assert!(matches!(socket.read().unwrap(), Message::Close(_)));
    assert_eq!(disconnected(&events), Cause::Booted);
}

#[test]
fn a_transport_that_is_not_offered_is_cut_off_without_a_byte() {
    let (address, _events) = start(ServerConfig::default());
    let mut http = Http::connect(address);
    http.send("GET", "/socket.io/1/htmlfile/4711", "");
    assert_eq!(http.0.read(&mut [0]).unwrap(), 0);
}

#[test]
fn garbage_is_answered_400_and_others_go_on() {
    let (address, _events) = start(ServerConfig::default());
    let mut http = Http::connect(address);
    http.0.write_all(b"\x16\x03\x01 hello\r\n\r\n").unwrap();
    assert_eq!(http.answer().0, 400);
    assert!(!Http::connect(address).handshake().is_empty());
}
