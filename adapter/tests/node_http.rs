//! A node over HTTP: polling sessions, aborts, and requests that break a limit.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rig;

use std::time::Duration;

use rig::{Raw, TestNode, counted_ids, reset};
use socketio08::server::{Cause, ServerConfig, ServerEvent};
use socketio08::{Limits, Text};
use socketio08_tokio::{CarrierLimits, Farewell, Node, NodeConfig};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

#[tokio::test]
async fn a_handshake_is_answered_with_id_timeouts_and_transports() {
    let node = TestNode::start().await;
    let response = node.connect().await.get("/socket.io/1/?t=1").await;
    assert_eq!(
        (response.status, response.body.as_str()),
        (200, "s1:15:25:websocket,htmlfile,xhr-polling,jsonp-polling")
    );
    assert!(response.header("date").is_some());
}

#[tokio::test]
async fn a_session_opens_by_a_poll_and_echoes_a_post_on_the_next() {
    let node = TestNode::start().await;
    let id = node.open_polling().await;
    let target = format!("/socket.io/1/xhr-polling/{id}");
    let mut poll = node.connect().await;
    poll.send_get(&target).await;
    let posted = node.connect().await.post(&target, "3:::grüße 😀").await;
    assert_eq!((posted.status, posted.body.as_str()), (200, "1"));
    assert_eq!(poll.response().await.unwrap().body, "3:::grüße 😀");
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    assert_eq!(raw.get("/socket.io/1/").await.status, 200);
    assert_eq!(raw.get("/socket.io/1/xhr-polling/s1").await.body, "1::");
    assert_eq!(raw.post("/socket.io/1/xhr-polling/s1", "3:::x").await.body, "1");
    assert_eq!(raw.get("/socket.io/1/xhr-polling/s1").await.body, "3:::x");
}

#[tokio::test]
async fn an_id_without_plus_is_acknowledged_plainly() {
    let node = TestNode::start().await;
    let id = node.open_polling().await;
    let target = format!("/socket.io/1/xhr-polling/{id}");
    let mut raw = node.connect().await;
    raw.post(&target, "3:7::x").await;
    assert_eq!(raw.get(&target).await.body, "\u{fffd}5\u{fffd}6:::7\u{fffd}5\u{fffd}3:::x");
}

#[tokio::test]
async fn an_id_with_plus_is_acknowledged_with_data() {
    let node = TestNode::start().await;
    let id = node.open_polling().await;
    let target = format!("/socket.io/1/xhr-polling/{id}");
    let mut raw = node.connect().await;
    raw.post(&target, "3:7+::x").await;
    assert_eq!(raw.get(&target).await.body, "\u{fffd}11\u{fffd}6:::7+[\"x\"]\u{fffd}5\u{fffd}3:::x");
}

#[tokio::test]
async fn a_fin_during_a_poll_ends_the_session() {
    let node = TestNode::start().await;
    let id = node.open_polling().await;
    let mut raw = node.connect().await;
    raw.send_get(&format!("/socket.io/1/xhr-polling/{id}")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    raw.io.shutdown().await.unwrap();
    let event = node.echo.disconnected(&id).await;
    assert!(matches!(event, ServerEvent::Disconnected { cause: Cause::SocketEnd, .. }), "{event:?}");
}

#[tokio::test]
async fn a_reset_during_a_poll_ends_the_session() {
    let node = TestNode::start().await;
    let id = node.open_polling().await;
    let mut raw = node.connect().await;
    raw.send_get(&format!("/socket.io/1/xhr-polling/{id}")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    reset(raw.io);
    let event = node.echo.disconnected(&id).await;
    assert!(matches!(event, ServerEvent::Disconnected { cause: Cause::SocketClose, .. }), "{event:?}");
}

#[tokio::test]
async fn a_fin_between_polls_is_harmless() {
    let node = TestNode::start().await;
    let id = node.open_polling().await;
    let target = format!("/socket.io/1/xhr-polling/{id}");
    let mut raw = node.connect().await;
    raw.post(&target, "3:::x").await;
    drop(raw);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(node.connect().await.get(&target).await.body, "3:::x");
}

#[tokio::test]
async fn a_poll_of_an_unknown_session_is_told_to_reconnect() {
    let node = TestNode::start().await;
    let response = node.connect().await.get("/socket.io/1/xhr-polling/nobody").await;
    assert_eq!((response.status, response.body.as_str()), (200, "7:::1+0"));
}

#[tokio::test]
async fn a_post_to_an_unknown_session_is_answered_as_if_all_were_well() {
    let node = TestNode::start().await;
    let response = node.connect().await.post("/socket.io/1/xhr-polling/nobody", "3:::x").await;
    assert_eq!((response.status, response.body.as_str()), (200, "1"));
}

#[tokio::test]
async fn an_unknown_transport_ends_the_connection_without_a_response() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.send_get("/socket.io/1/carrier-pigeon/s1").await;
    assert!(raw.response().await.is_none());
}

#[tokio::test]
async fn a_wrong_protocol_version_is_refused() {
    let node = TestNode::start().await;
    let response = node.connect().await.get("/socket.io/2/").await;
    assert_eq!((response.status, response.body.as_str()), (500, "Protocol version not supported."));
}

#[tokio::test]
async fn a_path_outside_the_resource_is_the_applications() {
    let node = TestNode::start().await;
    let response = node.connect().await.get("/elsewhere").await;
    assert_eq!((response.status, response.body.as_str()), (404, "not found\n"));
}

#[tokio::test]
async fn any_method_makes_a_handshake() {
    let node = TestNode::start().await;
    for method in ["GET", "PUT", "DELETE", "BREW"] {
        let mut raw = node.connect().await;
        raw.write(format!("{method} /socket.io/1/ HTTP/1.1\r\nHost: test\r\n\r\n")).await;
        let response = raw.response().await.unwrap();
        assert_eq!(response.status, 200, "{method}");
        assert!(response.body.ends_with(":15:25:websocket,htmlfile,xhr-polling,jsonp-polling"), "{method}");
    }
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.write("HEAD /elsewhere HTTP/1.1\r\nHost: test\r\n\r\n").await;
    let head = raw.response_head().await.unwrap();
    assert_eq!((head.status, head.header("content-length")), (404, Some("10")));
    assert_eq!(raw.get("/socket.io/1/").await.status, 200, "the next response follows at once");
}

#[tokio::test]
async fn connect_is_not_for_servers() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.write("CONNECT elsewhere:80 HTTP/1.1\r\nHost: test\r\n\r\n").await;
    assert_eq!(raw.response().await.unwrap().status, 405);
}

#[tokio::test]
async fn garbage_instead_of_http_is_answered_400() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.write("<policy-file-request/>\0\r\n\r\n").await;
    assert_eq!(raw.response_head().await.unwrap().status, 400);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_answered_413_and_others_go_on() {
    let node = TestNode::start().await;
    let id = node.open_polling().await;
    let target = format!("/socket.io/1/xhr-polling/{id}");
    let body = format!("3:::{}", "x".repeat(1_000_000));
    let mut raw = node.connect().await;
    let response = raw.post(&target, &body).await;
    assert_eq!((response.status, response.header("connection")), (413, Some("close")));
    assert_eq!(response.body, "the request body is longer than 1000000 bytes\n");
    assert_eq!(node.connect().await.post(&target, "3:::x").await.body, "1");
    assert_eq!(node.connect().await.get(&target).await.body, "3:::x");
}

#[tokio::test]
async fn a_body_announced_far_beyond_the_limit_is_answered_before_it_comes() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.write(
        "POST /socket.io/1/xhr-polling/s1 HTTP/1.1\r\nHost: test\r\nContent-Length: 999999999999\r\n\r\n",
    )
    .await;
    assert_eq!(raw.response().await.unwrap().status, 413);
}

#[tokio::test]
async fn a_chunked_body_beyond_the_limit_is_answered_413() {
    let limits = Limits::default().payload_len_max(10);
    let config = NodeConfig::new(ServerConfig::default().limits(limits));
    let node = TestNode::start_with(config).await;
    let mut raw = node.connect().await;
    raw.write(
        "POST /socket.io/1/xhr-polling/s1 HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n",
    )
    .await;
    raw.write("8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n").await;
    assert_eq!(raw.response().await.unwrap().status, 413);
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_answered_431() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    let cookie = "x".repeat(16_384);
    raw.write(format!("GET /socket.io/1/ HTTP/1.1\r\nHost: test\r\nCookie: {cookie}\r\n\r\n")).await;
    assert_eq!(raw.response_head().await.unwrap().status, 431);
}

#[tokio::test]
async fn a_head_within_the_limit_is_read() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    let cookie = "x".repeat(15_000);
    raw.write(format!("GET /socket.io/1/ HTTP/1.1\r\nHost: test\r\nCookie: {cookie}\r\n\r\n")).await;
    assert_eq!(raw.response().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_connection_too_many_is_answered_503() {
    let mut config = NodeConfig::new(ServerConfig::default());
    config.limits = CarrierLimits::default().connections_max(1);
    let node = TestNode::start_with(config).await;
    let mut first = node.connect().await;
    assert_eq!(first.get("/socket.io/1/").await.status, 200);
    let response = node.connect().await.response().await.unwrap();
    assert_eq!((response.status, response.body.as_str()), (503, "too many connections\n"));
    assert_eq!(first.get("/socket.io/1/").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_ends_the_connection() {
    let node = Node::start(NodeConfig::new(ServerConfig::default()), rig::Echo::default(), counted_ids());
    let (ours, theirs) = tokio::io::duplex(1_024);
    let serving = tokio::spawn(async move { node.serve_connection(theirs, "test").await });
    let mut raw = Raw::new(ours);
    raw.write("GET /socket.io/1/ HTTP/1.1\r\nHo").await;
    let began = tokio::time::Instant::now();
    serving.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 120);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_answered_408() {
    let node = Node::start(NodeConfig::new(ServerConfig::default()), rig::Echo::default(), counted_ids());
    let (ours, theirs) = tokio::io::duplex(1_024);
    tokio::spawn(async move { node.serve_connection(theirs, "test").await });
    let mut raw = Raw::new(ours);
    raw.write("POST /socket.io/1/xhr-polling/s1 HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n3::")
        .await;
    assert_eq!(raw.response().await.unwrap().status, 408);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_take_its_response_is_cut() {
    let node = Node::start(NodeConfig::new(ServerConfig::default()), rig::Echo::default(), counted_ids());
    let (ours, theirs) = tokio::io::duplex(1_024);
    let serving = tokio::spawn(async move { node.serve_connection(theirs, "test").await });
    let mut raw = Raw::new(ours);
    raw.get("/socket.io/1/").await;
    raw.get("/socket.io/1/xhr-polling/s1").await;
    raw.post("/socket.io/1/xhr-polling/s1", &format!("3:::{}", "x".repeat(100_000))).await;
    raw.send_get("/socket.io/1/xhr-polling/s1").await;
    let began = tokio::time::Instant::now();
    serving.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 60);
}

#[tokio::test]
async fn an_upgrade_over_http_1_0_is_taken_for_a_plain_get() {
    let node = TestNode::start().await;
    let mut raw = node.connect().await;
    raw.write(
        "GET /socket.io/1/websocket/s1 HTTP/1.0\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    )
    .await;
    assert!(raw.response().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_poll_without_news_is_answered_after_the_polling_duration() {
    let node = Node::start(NodeConfig::new(ServerConfig::default()), rig::Echo::default(), counted_ids());
    let (ours, theirs) = tokio::io::duplex(1_024);
    tokio::spawn(async move { node.serve_connection(theirs, "test").await });
    let mut raw = Raw::new(ours);
    raw.get("/socket.io/1/").await;
    raw.get("/socket.io/1/xhr-polling/s1").await;
    let began = tokio::time::Instant::now();
    assert_eq!(raw.get("/socket.io/1/xhr-polling/s1").await.body, "8::");
    assert_eq!(began.elapsed().as_millis(), 20_000);
}

#[tokio::test]
async fn a_node_that_disconnects_all_answers_polls_with_the_end() {
    let node = TestNode::start().await;
    let id = node.open_polling().await;
    let mut poll = node.connect().await;
    poll.send_get(&format!("/socket.io/1/xhr-polling/{id}")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    timeout(Duration::from_secs(5), node.node.shutdown(Farewell::Disconnect)).await.expect("it ends");
    assert_eq!(poll.response().await.unwrap().body, "0::");
}

#[tokio::test]
async fn a_node_that_cuts_ends_polls_without_a_response() {
    let node = TestNode::start().await;
    let id = node.open_polling().await;
    let mut poll = node.connect().await;
    poll.send_get(&format!("/socket.io/1/xhr-polling/{id}")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    timeout(Duration::from_secs(5), node.node.shutdown(Farewell::Cut)).await.expect("it ends");
    assert!(poll.response().await.is_none());
}

#[tokio::test]
async fn a_command_from_outside_is_carried_out() {
    let node = TestNode::start().await;
    let id = node.open_polling().await;
    let mut poll = node.connect().await;
    poll.send_get(&format!("/socket.io/1/xhr-polling/{id}")).await;
    node.node.call(move |now, server| {
        let audience = socketio08::server::Audience::default();
        let outgoing = socketio08::server::Outgoing::Message(Text::from_static("news"));
        server.broadcast(now, &audience, &outgoing).unwrap();
    });
    assert_eq!(poll.response().await.unwrap().body, "3:::news");
}
