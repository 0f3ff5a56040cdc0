//! What the client driver does for transports other than polling and websocket: streams, forms, scripts, and the next
//! transport when one fails.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rig;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rig::user::{User, config};
use rig::{Raw, TestNode};
use socketio08::client::{ClientBehaviour, ClientConfig, ClientEvent, LossCause};
use socketio08::server::{AckMode, Outgoing};
use socketio08::{Limits, Text, Transport, Violation};
use socketio08_tokio::{DriverConfig, TcpConnector, TroubleKind};
use tokio::net::{TcpListener, TcpStream};

/// A server of the test's own making: what it was asked, and what it answers to the head of a request, piece by piece.
struct Canned {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    async fn start(answer: fn(&str) -> Vec<&'static [u8]>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let asked = Arc::clone(&heads);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let asked = Arc::clone(&asked);
                tokio::spawn(async move {
                    let mut raw: Raw<TcpStream> = Raw::new(stream);
                    loop {
                        let head = raw.request_head().await;
                        let len = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                        if raw.take(len.map_or(0, |len| len.parse().unwrap())).await.is_none() {
                            return;
                        }
                        asked.lock().unwrap().push(head.clone());
                        for piece in answer(&head) {
                            raw.write(piece).await;
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    }
                });
            }
        });
        Self { address, heads }
    }

    fn user(&self, client: ClientConfig) -> User {
        let connector = TcpConnector { to: self.address, from: None };
        User::start_with(DriverConfig::new("test"), client, connector)
    }

    fn targets(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap();
        let path = |head: &String| head.split([' ', '?']).nth(1).unwrap_or_default().to_owned();
        heads.iter().map(path).collect()
    }
}

const STREAM: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n";

fn htmlfile_in_pieces(head: &str) -> Vec<&'static [u8]> {
    if head.starts_with("GET /socket.io/1/htmlfile/") {
        vec![
            STREAM,
            b"e\r\n<html><script>\r\n",
            b"20\r\nvar _ = 1</script> <script>_(\"1:\r\n",
            b"14\r\n:\");</script><script\r\n",
            b"9\r\n>_(\"3:::\xC3\r\n",
            b"b\r\n\xA9\");</scrip\r\n",
            b"2\r\nt>\r\n",
        ]
    } else {
        vec![b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\ns1:15:25:htmlfile"]
    }
}

#[tokio::test]
async fn a_stream_is_read_as_it_comes_whatever_the_pieces() {
    let server = Canned::start(htmlfile_in_pieces).await;
    let user = server.user(config(Transport::Htmlfile));
    user.events(1, |event| matches!(event, ClientEvent::Received { .. })).await;
    assert_eq!(user.messages(), ["\u{e9}"]);
}

fn htmlfile_that_ends(head: &str) -> Vec<&'static [u8]> {
    if head.starts_with("GET /socket.io/1/htmlfile/") {
        vec![STREAM, b"1b\r\n<script>_(\"1::\");</script>\n\r\n", b"0\r\n\r\n"]
    } else {
        htmlfile_in_pieces(head)
    }
}

#[tokio::test]
async fn the_end_of_a_stream_reaches_the_machine() {
    let server = Canned::start(htmlfile_that_ends).await;
    let user = server.user(config(Transport::Htmlfile).behaviour(ClientBehaviour::Improved));
    let lost = user.events(1, |event| matches!(event, ClientEvent::Disconnected { .. })).await;
    assert_eq!(lost, ClientEvent::Disconnected { cause: LossCause::Transport });
    assert!(user.seen.troubles.lock().unwrap().is_empty(), "a regular end is no trouble");
}

fn only_polling_works(head: &str) -> Vec<&'static [u8]> {
    if head.starts_with("GET /socket.io/1/?") {
        vec![
            b"HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n",
            b"s1:15:25:websocket,flashsocket,htmlfile,jsonp-polling,xhr-polling",
        ]
    } else if head.starts_with("GET /socket.io/1/xhr-polling/s1") {
        vec![b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n1::"]
    } else {
        vec![b"HTTP/1.1 502 Bad Gateway\r\nServer: proxy\r\nContent-Length: 0\r\n\r\n"]
    }
}

#[tokio::test]
async fn transports_are_tried_in_order_on_the_same_session() {
    let server = Canned::start(only_polling_works).await;
    let client = ClientConfig::default().behaviour(ClientBehaviour::Improved).transports(vec![
        Transport::Flashsocket,
        Transport::Websocket,
        Transport::Htmlfile,
        Transport::JsonpPolling,
        Transport::XhrPolling,
    ]);
    let user = server.user(client);
    let connected = user.events(1, |event| matches!(event, ClientEvent::Connected { .. })).await;
    let session = Text::from_static("s1");
    assert_eq!(connected, ClientEvent::Connected { session, transport: Transport::XhrPolling });
    let paths = ["websocket", "flashsocket", "htmlfile", "jsonp-polling", "xhr-polling"]
        .map(|transport| format!("/socket.io/1/{transport}/s1"));
    assert_eq!(server.targets()[1..6], paths, "the server's order, whose list is as long");
    let refused = user.seen.troubles.lock().unwrap();
    let upgrades =
        refused.iter().filter(|trouble| matches!(trouble.kind, TroubleKind::UpgradeRefused { .. }));
    assert_eq!(upgrades.count(), 2);
}

fn jsonp(head: &str) -> Vec<&'static [u8]> {
    if head.starts_with("POST") {
        vec![b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"]
    } else if head.starts_with("GET /socket.io/1/?") {
        vec![b"HTTP/1.1 200 OK\r\nContent-Length: 36\r\n\r\nio.j[0](\"s1:15:25:jsonp-polling\");\r\n"]
    } else {
        vec![b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nio.j[1](\"1::\");"]
    }
}

#[tokio::test]
async fn a_form_says_that_it_is_one() {
    let server = Canned::start(jsonp).await;
    let user = server.user(config(Transport::JsonpPolling).script_handshake(true));
    user.connected().await;
    user.send(Outgoing::Message(Text::from("x")), AckMode::None);
    for _ in 0..500 {
        if server.heads.lock().unwrap().iter().any(|head| head.starts_with("POST")) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let heads = server.heads.lock().unwrap();
    let post = heads.iter().find(|head| head.starts_with("POST")).expect("a form");
    assert!(post.contains("content-type: application/x-www-form-urlencoded\r\n"), "{post}");
    assert!(post.starts_with("POST /socket.io/1/jsonp-polling/s1?t="), "{post}");
    assert!(heads[0].contains("&jsonp=0 "), "{}", heads[0]);
}

#[tokio::test]
async fn a_script_in_a_stream_longer_than_the_limit_is_dropped_and_the_stream_goes_on() {
    let node = TestNode::start().await;
    let limits = Limits::default().payload_len_max(100);
    let client = config(Transport::Htmlfile).limits(limits);
    let connector = TcpConnector { to: node.address, from: None };
    let user = User::start_with(DriverConfig::new("test"), client, connector);
    user.connected().await;
    for text in ["x".repeat(700), "short".to_owned()] {
        node.node.call(move |now, server| {
            let audience = socketio08::server::Audience::default();
            server.broadcast(now, &audience, &Outgoing::Message(Text::from(text.as_str()))).unwrap();
        });
    }
    user.events(1, |event| matches!(event, ClientEvent::Received { .. })).await;
    assert_eq!(user.messages(), ["short"]);
    user.events(1, |event| matches!(event, ClientEvent::PeerViolation { error: Violation::Script(_) })).await;
}
