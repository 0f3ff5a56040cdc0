//! A node over the transports of pages without XHR: jsonp-polling, and htmlfile with its response that goes on.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rig;

use std::time::Duration;

use rig::{Raw, TestNode, counted_ids, reset};
use socketio08::server::{Cause, Outgoing, ServerConfig, ServerEvent, SessionId};
use socketio08::{Limits, Text};
use socketio08_tokio::{Farewell, Node, NodeConfig};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

const HEAD: &str = "<html><body><script>var _ = function (msg) { parent.s._(msg, document); };</script>";

/// One chunk of a response that goes on; the last one is empty.
async fn chunk<Io: AsyncRead + AsyncWrite + Unpin>(raw: &mut Raw<Io>) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.extend(raw.take(1).await.expect("a chunk"));
    }
    let len = usize::from_str_radix(String::from_utf8(line).unwrap().trim(), 16).unwrap();
    let chunk = raw.take(len).await.expect("a whole chunk");
    assert_eq!(raw.take(2).await.unwrap(), b"\r\n");
    String::from_utf8(chunk).unwrap()
}

/// Opens a stream as the first transport of a new session.
async fn open_stream(node: &TestNode) -> (String, Raw<tokio::net::TcpStream>) {
    let mut raw = node.connect().await;
    let handshake = raw.get("/socket.io/1/").await;
    let id = handshake.body.split(':').next().unwrap().to_owned();
    raw.send_get(&format!("/socket.io/1/htmlfile/{id}")).await;
    assert_eq!(raw.response_head().await.unwrap().status, 200);
    assert_eq!(chunk(&mut raw).await.len(), 256);
    assert_eq!(chunk(&mut raw).await, "<script>_(\"1::\");</script>");
    (id, raw)
}

fn form(json: &str) -> String {
    socketio08::script::form_field("d", json)
}

#[tokio::test]
async fn a_jsonp_session_opens_by_a_script_and_echoes_a_posted_form() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.get("/socket.io/1/?jsonp=2").await;
    let first = raw.get("/socket.io/1/jsonp-polling/s1?t=1&i=2").await;
    assert_eq!((first.status, first.body.as_str()), (200, "io.j[2](\"1::\");"));
    assert_eq!(first.header("content-type"), Some("text/javascript; charset=UTF-8"));
    assert_eq!(first.header("x-xss-protection"), Some("0"));
    let mut poll = node.connect().await;
    poll.send_get("/socket.io/1/jsonp-polling/s1?t=2&i=3").await;
    let posted = raw.post("/socket.io/1/jsonp-polling/s1?t=3&i=2", &form("\"3:::a </script> é\"")).await;
    assert_eq!((posted.status, posted.body.as_str()), (200, "1"));
    assert_eq!(poll.response().await.unwrap().body, "io.j[3](\"3:::a <\\/script> é\");");
}

#[tokio::test]
async fn a_stream_begins_with_its_page_and_has_a_chunk_for_each_packet() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.get("/socket.io/1/").await;
    raw.send_get("/socket.io/1/htmlfile/s1?t=1").await;
    let head = raw.response_head().await.unwrap();
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-type"), Some("text/html; charset=UTF-8"));
    assert_eq!(head.header("connection"), Some("keep-alive"));
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    assert_eq!(chunk(&mut raw).await, format!("{HEAD:<256}"));
    assert_eq!(chunk(&mut raw).await, "<script>_(\"1::\");</script>");
    let target = "/socket.io/1/htmlfile/s1";
    assert_eq!(node.connect().await.post(target, "3:::m1").await.body, "1");
    assert_eq!(chunk(&mut raw).await, "<script>_(\"3:::m1\");</script>");
    let payload = "\u{fffd}6\u{fffd}3:1::x\u{fffd}5\u{fffd}3:::y";
    assert_eq!(node.connect().await.post(target, payload).await.body, "1");
    for packet in ["6:::1", "3:::x", "3:::y"] {
        assert_eq!(chunk(&mut raw).await, format!("<script>_(\"{packet}\");</script>"));
    }
}

#[tokio::test]
async fn a_stream_that_the_server_ends_is_whole_and_its_connection_stays() {
    let node = TestNode::start().await;
    let (id, mut raw) = open_stream(&node).await;
    node.node.call(move |now, server| server.disconnect(now, &SessionId(Text::from(id))).unwrap());
    assert_eq!(chunk(&mut raw).await, "<script>_(\"0::\");</script>");
    assert_eq!(chunk(&mut raw).await, "");
    assert_eq!(raw.get("/socket.io/1/").await.status, 200);
}

#[tokio::test]
async fn a_stream_of_an_unknown_session_says_so_and_ends() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.send_get("/socket.io/1/htmlfile/nobody").await;
    assert_eq!(raw.response_head().await.unwrap().status, 200);
    assert_eq!(chunk(&mut raw).await.len(), 256);
    assert_eq!(chunk(&mut raw).await, "<script>_(\"7:::1+0\");</script>");
    assert_eq!(chunk(&mut raw).await, "");
    assert_eq!(raw.get("/socket.io/1/").await.status, 200);
}

#[tokio::test]
async fn a_fin_during_a_stream_ends_the_session() {
    let node = TestNode::start().await;
    let (id, mut raw) = open_stream(&node).await;
    raw.io.shutdown().await.unwrap();
    let event = node.echo.disconnected(&id).await;
    assert!(matches!(event, ServerEvent::Disconnected { cause: Cause::SocketEnd, .. }), "{event:?}");
}

#[tokio::test]
async fn a_reset_during_a_stream_ends_the_session() {
    let node = TestNode::start().await;
    let (id, raw) = open_stream(&node).await;
    reset(raw.io);
    let event = node.echo.disconnected(&id).await;
    assert!(matches!(event, ServerEvent::Disconnected { cause: Cause::SocketClose, .. }), "{event:?}");
}

#[tokio::test]
async fn an_http_1_0_peer_gets_its_stream_without_chunks_until_the_connection_ends() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.get("/socket.io/1/").await;
    raw.write("GET /socket.io/1/htmlfile/s1 HTTP/1.0\r\nHost: test\r\n\r\n").await;
    let head = raw.response_head().await.unwrap();
    assert_eq!((head.status, head.header("transfer-encoding")), (200, None));
    assert_eq!(head.header("connection"), Some("close"));
    let page = format!("{HEAD:<256}<script>_(\"1::\");</script>");
    assert_eq!(raw.take(page.len()).await.unwrap(), page.as_bytes());
    node.node.call(|now, server| server.disconnect(now, &SessionId(Text::from("s1"))).unwrap());
    assert_eq!(raw.take(26).await.unwrap(), b"<script>_(\"0::\");</script>");
    assert!(raw.take(1).await.is_none(), "the end of the connection is the end of the page");
}

#[tokio::test]
async fn heartbeats_come_down_the_stream_and_are_answered_by_post() {
    let config = ServerConfig::default()
        .heartbeat_interval(Duration::from_millis(100))
        .heartbeat_timeout(Duration::from_millis(300));
    let node = TestNode::start_with(NodeConfig::new(config)).await;
    let (id, mut raw) = open_stream(&node).await;
    for _ in 0..4 {
        assert_eq!(chunk(&mut raw).await, "<script>_(\"2::\");</script>");
        node.connect().await.post(&format!("/socket.io/1/htmlfile/{id}"), "2::").await;
    }
    assert_eq!(chunk(&mut raw).await, "<script>_(\"2::\");</script>");
    assert_eq!(chunk(&mut raw).await, "", "one that is not answered ends the stream, without a word");
    let event = node.echo.disconnected(&id).await;
    assert!(matches!(event, ServerEvent::Disconnected { cause: Cause::HeartbeatTimeout, .. }), "{event:?}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_reads_its_stream_is_cut_when_its_queue_is_full() {
    let limits = Limits::default().outbox_packets_max(16);
    let config = NodeConfig::new(ServerConfig::default().limits(limits));
    let echo = rig::Echo::default();
    let node = Node::start(config, echo.clone(), counted_ids());
    let (ours, theirs) = tokio::io::duplex(1_024);
    let serving = tokio::spawn({
        let node = node.clone();
        async move { node.serve_connection(theirs, "test").await }
    });
    let mut raw = Raw::new(ours);
    raw.get("/socket.io/1/").await;
    raw.send_get("/socket.io/1/htmlfile/s1").await;
    raw.response_head().await.unwrap();
    let began = tokio::time::Instant::now();
    while !serving.is_finished() {
        assert!(began.elapsed() < Duration::from_secs(30), "the stall timeout is not what cuts it");
        node.call(|now, server| {
            let news = Outgoing::Message(Text::from("x".repeat(100_000)));
            server.broadcast(now, &socketio08::server::Audience::default(), &news).unwrap();
        });
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let event = echo.disconnected("s1").await;
    assert!(matches!(event, ServerEvent::Disconnected { cause: Cause::SocketClose, .. }), "{event:?}");
}

#[tokio::test]
async fn a_node_that_leaves_completes_its_streams() {
    let node = TestNode::start().await;
    let (_, mut raw) = open_stream(&node).await;
    timeout(Duration::from_secs(5), node.node.shutdown(Farewell::Disconnect)).await.expect("it ends");
    assert_eq!(chunk(&mut raw).await, "<script>_(\"0::\");</script>");
    assert_eq!(chunk(&mut raw).await, "");
    assert!(raw.take(1).await.is_none());
}

#[tokio::test]
async fn a_node_that_cuts_leaves_its_streams_unfinished() {
    let node = TestNode::start().await;
    let (_, mut raw) = open_stream(&node).await;
    timeout(Duration::from_secs(5), node.node.shutdown(Farewell::Cut)).await.expect("it ends");
    assert!(raw.take(1).await.is_none());
}

#[tokio::test]
async fn an_upgrade_on_a_jsonp_or_htmlfile_target_is_cut_off_and_the_session_lives() {
    let node = TestNode::start().await;
    let id = node.open_polling().await;
    for transport in ["jsonp-polling", "htmlfile"] {
        let mut raw = node.connect().await;
        raw.write(format!(
            "GET /socket.io/1/{transport}/{id} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ))
        .await;
        assert!(raw.response().await.is_none(), "{transport}");
    }
    let mut raw = node.connect().await;
    raw.post(&format!("/socket.io/1/jsonp-polling/{id}"), &form("\"3:::alive\"")).await;
    assert_eq!(raw.get(&format!("/socket.io/1/jsonp-polling/{id}")).await.body, "io.j[0](\"3:::alive\");");
}
