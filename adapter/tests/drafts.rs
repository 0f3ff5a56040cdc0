//! A node for clients of 2010 and 2011: websockets of the drafts hixie-75 and hixie-76, and the flash policy.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rig;

use std::time::Duration;

use rig::{Echo, Raw, TestNode, counted_ids};
use socketio08::Limits;
use socketio08::policy::{Policy, Ports, REQUEST};
use socketio08::server::{Cause, ServerConfig, ServerEvent};
use socketio08_tokio::{Farewell, Node, NodeConfig, PolicyServer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

const KEYS: &str = "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n";
const NONCE: &[u8] = b"^n:ds[4U";
const DIGEST: &[u8] = b"8jKS'y:G*Co,Wxa-";

fn old() -> NodeConfig {
    let mut config = NodeConfig::new(ServerConfig::default());
    config.hixie = true;
    config.flash_policy = Some(policy());
    config
}

fn policy() -> Policy {
    Policy::new().allow("app.example.com", Ports::Some(&[8000])).unwrap()
}

fn request(id: &str, more: &str) -> String {
    format!(
        "GET /socket.io/1/websocket/{id} HTTP/1.1\r\nHost: test\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
         Origin: http://test\r\n{more}\r\n"
    )
}

/// A session over hixie-75, its `1::` read.
async fn open(node: &TestNode) -> Raw<TcpStream> {
    let mut raw = node.connect().await;
    let id = raw.get("/socket.io/1/").await.body.split(':').next().unwrap().to_owned();
    let mut raw = node.connect().await;
    raw.write(request(&id, "")).await;
    raw.response_head().await.unwrap();
    assert_eq!(message(&mut raw).await, "1::");
    raw
}

/// One message of a draft.
async fn message<Io: AsyncRead + AsyncWrite + Unpin>(raw: &mut Raw<Io>) -> String {
    assert_eq!(raw.take(1).await.expect("a frame"), b"\x00");
    let mut text = Vec::new();
    loop {
        match raw.take(1).await.expect("more of the frame")[0] {
            0xff => return String::from_utf8(text).unwrap(),
            byte => text.push(byte),
        }
    }
}

/// A connection within the test's own time.
fn duplex(config: NodeConfig) -> (Echo, Raw<DuplexStream>) {
    let echo = Echo::default();
    let node = Node::start(config, echo.clone(), counted_ids());
    let (ours, theirs) = tokio::io::duplex(65_536);
    tokio::spawn(async move { node.serve_connection(theirs, "test").await });
    (echo, Raw::new(ours))
}

#[tokio::test]
async fn messages_of_a_draft_are_echoed() {
    let node = TestNode::start_with(old()).await;
    let mut raw = open(&node).await;
    for text in ["3:::a", "3:::grüße 😀", "5:::{\"name\":\"x\"}"] {
        raw.write([b"\x00", text.as_bytes(), b"\xff"].concat()).await;
        assert_eq!(message(&mut raw).await, text);
    }
}

#[tokio::test]
async fn a_challenge_is_answered_however_late_its_nonce_comes() {
    let node = TestNode::start_with(old()).await;
    node.connect().await.get("/socket.io/1/").await;
    let mut raw = node.connect().await;
    raw.write(request("s1", KEYS)).await;
    assert_eq!(raw.response_head().await.unwrap().status, 101);
    raw.write(&NONCE[..5]).await;
    raw.write([&NONCE[5..], b"\x003:::x\xff"].concat()).await;
    assert_eq!(raw.take(DIGEST.len()).await.unwrap(), DIGEST);
    assert_eq!(message(&mut raw).await, "1::");
    assert_eq!(message(&mut raw).await, "3:::x");
}

#[tokio::test]
async fn an_unknown_session_is_told_to_reconnect_after_the_digest() {
    let node = TestNode::start_with(old()).await;
    let mut raw = node.connect().await;
    raw.write(request("nobody", KEYS)).await;
    raw.response_head().await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    raw.write(NONCE).await;
    assert_eq!(raw.take(DIGEST.len()).await.unwrap(), DIGEST);
    assert_eq!(message(&mut raw).await, "7:::1+0");
    assert_eq!(raw.take(1).await, None, "the end");
}

#[tokio::test(start_paused = true)]
async fn a_nonce_that_never_comes_is_waited_for_until_the_head_timeout() {
    let (_echo, mut raw) = duplex(old());
    raw.write(request("nobody", KEYS)).await;
    let began = Instant::now();
    raw.response_head().await.unwrap();
    assert_eq!(raw.take(1).await, None, "cut");
    assert_eq!(began.elapsed().as_secs(), 120);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_trickled_is_cut_at_the_head_timeout() {
    let (_echo, mut raw) = duplex(old());
    let began = Instant::now();
    for byte in request("s1", KEYS).bytes().take(100) {
        if raw.io.write_all(&[byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    assert_eq!(raw.take(1).await, None, "no response");
    assert!(began.elapsed() <= Duration::from_secs(100 * 5), "{:?}", began.elapsed());
    assert!(began.elapsed() >= Duration::from_secs(120));
}

#[tokio::test]
async fn endless_headers_are_answered_431_with_the_drafts_on_too() {
    let node = TestNode::start_with(old()).await;
    let mut raw = node.connect().await;
    let mut head = "GET /socket.io/1/websocket/s1 HTTP/1.1\r\nUpgrade: WebSocket\r\n".to_owned();
    while head.len() < 40_000 {
        head.push_str("X-Filler: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
    }
    // The node may end the connection before it has all of it.
    let _ = raw.io.write_all(head.as_bytes()).await;
    assert_eq!(raw.response().await.unwrap().status, 431);
}

#[tokio::test]
async fn http_goes_on_as_before_with_the_drafts_on() {
    let node = TestNode::start_with(old()).await;
    let mut raw = node.connect().await;
    raw.write(
        "GET /socket.io/1/ HTTP/1.1\r\nHost: test\r\n\r\nGET /socket.io/1/xhr-polling/s1 HTTP/1.1\r\nHost: test\r\n\r\n\
         POST /socket.io/1/xhr-polling/s1 HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n3:::x",
    )
    .await;
    assert!(raw.response().await.unwrap().body.starts_with("s1:"));
    assert_eq!(raw.response().await.unwrap().body, "1::");
    assert_eq!(raw.response().await.unwrap().body, "1");
    assert_eq!(raw.get("/socket.io/1/xhr-polling/s1").await.body, "3:::x");
    let mut post = node.connect().await;
    assert_eq!(post.post("/socket.io/1/xhr-polling/s1", "3:::y").await.body, "1");
    let mut socket = node.connect().await;
    assert_eq!(socket.upgrade("/socket.io/1/websocket/s1").await.status, 101);
    assert_eq!(socket.text().await, "3:::y");
}

#[tokio::test]
async fn hixie_length_frames_and_endless_messages_end_their_session_only() {
    let limits = Limits::default().payload_len_max(1_000);
    let mut config = old();
    config.server.limits = limits;
    let node = TestNode::start_with(config).await;
    let mut other = open(&node).await;
    for (session, bytes) in
        [("s2", b"\x80\xff\xff\xff\xff\x7f".to_vec()), ("s3", [b"\x00", &[b'x'; 1_001][..]].concat())]
    {
        let mut raw = open(&node).await;
        raw.write(bytes).await;
        let event = node.echo.disconnected(session).await;
        assert!(matches!(event, ServerEvent::Disconnected { cause: Cause::SocketClose, .. }), "{event:?}");
        assert_eq!(raw.take(1).await, None, "the end");
    }
    other.write(b"\x003:::x\xff").await;
    assert_eq!(message(&mut other).await, "3:::x");
}

#[tokio::test]
async fn bad_utf_8_in_a_draft_ends_its_session_only() {
    let node = TestNode::start_with(old()).await;
    let mut other = open(&node).await;
    let mut raw = open(&node).await;
    raw.write(b"\x003:::a\xc3(b\xff").await;
    // What came before it is heard, as recorded.
    node.echo
        .event(|event| matches!(event, ServerEvent::Received { packet, .. } if packet.to_text() == "3:::a"))
        .await;
    node.echo.disconnected("s2").await;
    other.write(b"\x003:::x\xff").await;
    assert_eq!(message(&mut other).await, "3:::x");
}

#[tokio::test]
async fn a_close_of_a_draft_ends_the_session() {
    let node = TestNode::start_with(old()).await;
    let mut raw = open(&node).await;
    raw.write(b"\xff\x00").await;
    node.echo.disconnected("s1").await;
    assert_eq!(raw.take(1).await, None, "a FIN and nothing else");
}

#[tokio::test]
async fn a_node_that_leaves_says_so_on_drafts_and_drops_half_a_head() {
    let node = TestNode::start_with(old()).await;
    let mut raw = open(&node).await;
    let mut half = node.connect().await;
    half.write("GET /socket.io/1/").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let leaving = node.node.clone();
    let ending = tokio::spawn(async move { leaving.shutdown(Farewell::Disconnect).await });
    assert_eq!(message(&mut raw).await, "0::");
    assert_eq!(raw.take(1).await, None);
    assert_eq!(half.take(1).await, None);
    drop((raw, half));
    timeout(Duration::from_secs(5), ending).await.expect("it ends").unwrap();
}

async fn rest(raw: &mut Raw<TcpStream>) -> String {
    let mut text = String::new();
    raw.io.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_policy_request_in_pieces_is_answered_and_its_connection_ends() {
    let node = TestNode::start_with(old()).await;
    let mut raw = node.connect().await;
    for piece in REQUEST.chunks(5) {
        raw.write(piece).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(rest(&mut raw).await, policy().to_text().as_str());
    node.open_polling().await;
}

#[tokio::test]
async fn a_policy_server_gives_the_file_whether_it_is_asked_or_not() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { PolicyServer::new(&policy()).serve_tcp(&listener).await });
    for bytes in [&b""[..], REQUEST, &[b'x'; 10_000]] {
        let mut raw = Raw::new(TcpStream::connect(address).await.unwrap());
        raw.write(bytes).await;
        assert_eq!(rest(&mut raw).await, policy().to_text().as_str());
    }
}
