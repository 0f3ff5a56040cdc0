//! A node over websockets.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rig;

use std::time::Duration;

use rig::{Raw, TestNode};
use socketio08::server::{AckMode, Cause, Outgoing, ServerConfig, ServerEvent, SessionId};
use socketio08::{Limits, Text};
use socketio08_tokio::{Farewell, Node, NodeConfig};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

async fn open(node: &TestNode) -> Raw<TcpStream> {
    let mut raw = node.connect().await;
    let handshake = raw.get("/socket.io/1/").await;
    let id = handshake.body.split(':').next().unwrap().to_owned();
    assert_eq!(raw.upgrade(&format!("/socket.io/1/websocket/{id}")).await.status, 101);
    assert_eq!(raw.text().await, "1::");
    raw
}

#[tokio::test]
async fn an_upgrade_is_accepted_by_the_rule_of_rfc_6455() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.get("/socket.io/1/").await;
    let response = raw.upgrade("/socket.io/1/websocket/s1").await;
    assert_eq!(response.status, 101);
    assert_eq!(response.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

#[tokio::test]
async fn messages_are_echoed_one_frame_each() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    for message in ["3:::a", "3:::grüße 😀", "4:::{\"a\":1}", "5:::{\"name\":\"x\"}"] {
        raw.send_frame(0x81, message.as_bytes()).await;
        assert_eq!(raw.text().await, message);
    }
}

#[tokio::test]
async fn both_acknowledgements_are_given() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    raw.send_frame(0x81, b"3:1::x").await;
    assert_eq!(raw.text().await, "6:::1");
    assert_eq!(raw.text().await, "3:::x");
    raw.send_frame(0x81, b"3:2+::x").await;
    assert_eq!(raw.text().await, "6:::2+[\"x\"]");
    assert_eq!(raw.text().await, "3:::x");
}

#[tokio::test]
async fn a_frame_sent_with_the_upgrade_request_is_not_lost() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.get("/socket.io/1/").await;
    let mut bytes = b"GET /socket.io/1/websocket/s1 HTTP/1.1\r\nHost: test\r\nUpgrade: WebSocket\r\nConnection: keep-alive, \
        Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n"
        .to_vec();
    bytes.extend_from_slice(&[0x81, 0x85, 0, 0, 0, 0]);
    bytes.extend_from_slice(b"3:::x");
    raw.write(bytes).await;
    assert_eq!(raw.response_head().await.unwrap().status, 101);
    assert_eq!(raw.text().await, "1::");
    assert_eq!(raw.text().await, "3:::x");
}

#[tokio::test]
async fn an_unknown_session_is_upgraded_told_to_reconnect_and_closed() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    assert_eq!(raw.upgrade("/socket.io/1/websocket/nobody").await.status, 101);
    assert_eq!(raw.text().await, "7:::1+0");
    assert_eq!(raw.frame().await.unwrap().0, 0x88, "a close frame");
}

#[tokio::test]
async fn a_get_without_upgrade_is_cut() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.get("/socket.io/1/").await;
    raw.send_get("/socket.io/1/websocket/s1").await;
    assert!(raw.response().await.is_none());
}

#[tokio::test]
async fn an_unknown_version_is_told_the_known_ones() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.write(
        "GET /socket.io/1/websocket/s1 HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 12\r\n\r\n",
    )
    .await;
    let response = raw.response().await.unwrap();
    assert_eq!((response.status, response.header("sec-websocket-version")), (426, Some("13, 8, 7")));
}

#[tokio::test]
async fn an_upgrade_without_a_key_is_answered_400() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.write(
        "GET /socket.io/1/websocket/s1 HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n",
    )
    .await;
    assert_eq!(raw.response().await.unwrap().status, 400);
}

#[tokio::test]
async fn pings_are_answered_and_binary_messages_ignored() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    raw.send_frame(0x89, b"hi").await;
    assert_eq!(raw.frame().await.unwrap(), (0x8a, b"hi".to_vec()));
    raw.send_frame(0x82, b"3:::x").await;
    raw.send_frame(0x81, b"3:::y").await;
    assert_eq!(raw.text().await, "3:::y");
}

#[tokio::test]
async fn an_unmasked_frame_is_accepted() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    raw.write(b"\x81\x053:::x").await;
    assert_eq!(raw.text().await, "3:::x");
}

#[tokio::test]
async fn a_fin_ends_the_session_at_once() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    raw.io.shutdown().await.unwrap();
    let event = node.echo.disconnected("s1").await;
    assert!(matches!(event, ServerEvent::Disconnected { cause: Cause::SocketEnd, .. }), "{event:?}");
}

#[tokio::test]
async fn a_reset_ends_the_session_at_once() {
    let node = TestNode::start().await;
    let raw = open(&node).await;
    rig::reset(raw.io);
    let event = node.echo.disconnected("s1").await;
    assert!(matches!(event, ServerEvent::Disconnected { cause: Cause::SocketClose, .. }), "{event:?}");
}

#[tokio::test]
async fn a_close_frame_ends_the_session_and_is_answered() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    raw.send_frame(0x88, &[]).await;
    assert_eq!(raw.frame().await.unwrap().0, 0x88);
    node.echo.disconnected("s1").await;
}

#[tokio::test]
async fn a_frame_beyond_the_limit_ends_its_session_only() {
    let limits = Limits::default().payload_len_max(100);
    let config = NodeConfig::new(ServerConfig::default().limits(limits));
    let node = TestNode::start_with(config).await;
    let mut other = open(&node).await;
    let mut raw = open(&node).await;
    raw.send_frame(0x81, &[b'x'; 101]).await;
    let (first, payload) = raw.frame().await.unwrap();
    assert_eq!((first, payload.as_slice()), (0x88, 1_009_u16.to_be_bytes().as_slice()));
    node.echo.disconnected("s2").await;
    other.send_frame(0x81, b"3:::x").await;
    assert_eq!(other.text().await, "3:::x");
}

#[tokio::test]
async fn a_text_that_is_not_utf_8_ends_its_session_only() {
    let node = TestNode::start().await;
    let mut other = open(&node).await;
    let mut raw = open(&node).await;
    raw.send_frame(0x81, b"3:::\xff").await;
    assert_eq!(raw.frame().await.unwrap().1, 1_007_u16.to_be_bytes());
    node.echo.disconnected("s2").await;
    other.send_frame(0x81, b"3:::x").await;
    assert_eq!(other.text().await, "3:::x");
}

#[tokio::test]
async fn a_disconnect_from_the_server_is_said_before_the_close() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    node.node.call(|now, server| {
        server.disconnect(now, &SessionId(Text::from_static("s1"))).unwrap();
    });
    assert_eq!(raw.text().await, "0::");
    assert_eq!(raw.frame().await.unwrap().0, 0x88);
}

#[tokio::test]
async fn a_connection_ends_right_after_the_close_frame_of_the_server() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    raw.send_frame(0x81, b"0::").await;
    assert_eq!(raw.text().await, "0::");
    assert_eq!(raw.frame().await.unwrap().0, 0x88);
    // A peer of 0.8.7 waits for the FIN and answers no close frame.
    let end = timeout(Duration::from_secs(2), raw.frame()).await.expect("a FIN");
    assert_eq!(end, None);
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut_when_its_queue_is_full() {
    let limits = Limits::default().outbox_packets_max(64);
    let config = NodeConfig::new(ServerConfig::default().limits(limits));
    let node = TestNode::start_with(config).await;
    let _deaf = open(&node).await;
    let session = SessionId(Text::from_static("s1"));
    let big = Text::from("x".repeat(500_000));
    node.node.call(move |now, server| {
        for _ in 0..100 {
            let message = Outgoing::Message(big.clone());
            let _ = server.send(now, &session, &Text::EMPTY, message, AckMode::None);
        }
    });
    node.echo.disconnected("s1").await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_cut_before_its_queue_is_full() {
    let config = NodeConfig::new(ServerConfig::default().heartbeats(false));
    let echo = rig::Echo::default();
    let node = Node::start(config, echo.clone(), rig::counted_ids());
    let (ours, theirs) = tokio::io::duplex(1_024);
    let serving = node.clone();
    tokio::spawn(async move { serving.serve_connection(theirs, "test").await });
    let mut raw = Raw::new(ours);
    raw.get("/socket.io/1/").await;
    raw.upgrade("/socket.io/1/websocket/s1").await;
    raw.text().await;
    let began = tokio::time::Instant::now();
    node.call(|now, server| {
        let session = SessionId(Text::from_static("s1"));
        let message = Outgoing::Message(Text::from("x".repeat(10_000)));
        server.send(now, &session, &Text::EMPTY, message, AckMode::None).unwrap();
    });
    while echo.events.lock().unwrap().iter().all(|event| !matches!(event, ServerEvent::Disconnected { .. })) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(began.elapsed().as_secs(), 60);
}

#[tokio::test]
async fn a_peer_may_write_much_before_it_reads() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    let count = 2_000;
    let mut frames = Vec::new();
    for _ in 0..count {
        frames.extend_from_slice(&[0x81, 0x80 | 0x64, 0, 0, 0, 0]);
        frames.extend_from_slice(b"3:::");
        frames.extend_from_slice(&[b'x'; 96]);
    }
    timeout(Duration::from_secs(10), raw.write(frames)).await.expect("the node reads");
    for _ in 0..count {
        assert_eq!(raw.text().await.len(), 100);
    }
}

#[tokio::test]
async fn a_node_that_disconnects_all_says_so_on_sockets() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    let shared = node.node.clone();
    let ending = tokio::spawn(async move { shared.shutdown(Farewell::Disconnect).await });
    assert_eq!(raw.text().await, "0::");
    assert_eq!(raw.frame().await.unwrap().0, 0x88);
    drop(raw);
    timeout(Duration::from_secs(5), ending).await.expect("it ends").unwrap();
}

#[tokio::test]
async fn a_node_that_closes_sends_what_is_queued_and_a_close_frame() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    let session = SessionId(Text::from_static("s1"));
    node.node.call(move |now, server| {
        let message = Outgoing::Message(Text::from_static("last words"));
        server.send(now, &session, &Text::EMPTY, message, AckMode::None).unwrap();
    });
    let shared = node.node.clone();
    let ending = tokio::spawn(async move { shared.shutdown(Farewell::Close).await });
    assert_eq!(raw.text().await, "3:::last words");
    assert_eq!(raw.frame().await.unwrap().0, 0x88);
    drop(raw);
    timeout(Duration::from_secs(5), ending).await.expect("it ends").unwrap();
}

#[tokio::test]
async fn a_node_that_cuts_says_nothing_on_sockets() {
    let node = TestNode::start().await;
    let mut raw = open(&node).await;
    node.node.shutdown(Farewell::Cut).await;
    assert_eq!(raw.frame().await, None);
}
