//! What the tests of the adapter share: a node with an application that echoes, and a peer that writes raw bytes.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "each test file uses its part of the rig")]

pub mod pool;
pub mod user;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socketio08::server::{AckMode, Outgoing, Server, ServerConfig, ServerEvent, SessionId};
use socketio08::{Body, Instant, Text};
use socketio08_tokio::{Application, Node, NodeConfig, serve_tcp};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Answers each message with the same, and notes every event.
#[derive(Clone, Default)]
pub struct Echo {
    pub events: Arc<Mutex<Vec<ServerEvent>>>,
}

impl Application for Echo {
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
        if let ServerEvent::Received { session, packet } = &event {
            let (outgoing, args) = match packet.body.clone() {
                Body::Message { data } => (Outgoing::Message(data.clone()), format!("[\"{data}\"]")),
                Body::Json { data } => (Outgoing::Json(data.clone()), format!("[{data}]")),
                Body::Event { data } => (Outgoing::Event(data), "[\"event\"]".to_owned()),
                _ => return,
            };
            if let Some(id) = packet.id.as_ref().filter(|id| id.with_data) {
                server.acknowledge(now, session, &packet.endpoint, id, Text::from(args)).unwrap();
            }
            server.send(now, session, &packet.endpoint, outgoing, AckMode::None).unwrap();
        }
        self.events.lock().unwrap().push(event);
    }
}

impl Echo {
    /// Waits for an event that `wanted` likes.
    pub async fn event(&self, wanted: impl Fn(&ServerEvent) -> bool) -> ServerEvent {
        for _ in 0..500 {
            if let Some(event) = self.events.lock().unwrap().iter().find(|event| wanted(event)) {
                return event.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the event did not come; there were {:?}", self.events.lock().unwrap());
    }

    pub async fn disconnected(&self, id: &str) -> ServerEvent {
        let id = SessionId(Text::from(id));
        self.event(|event| matches!(event, ServerEvent::Disconnected { session, .. } if *session == id)).await
    }
}

/// A node on a TCP port, with ids `s1`, `s2` and so on.
pub struct TestNode {
    pub node: Node,
    pub echo: Echo,
    pub address: SocketAddr,
    accepting: JoinHandle<()>,
}

pub fn counted_ids() -> impl FnMut() -> Text + Send + 'static {
    let mut issued = 0;
    move || {
        issued += 1;
        Text::from(format!("s{issued}"))
    }
}

impl TestNode {
    pub async fn start() -> Self {
        Self::start_with(NodeConfig::new(ServerConfig::default())).await
    }

    pub async fn start_with(config: NodeConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::start_on(listener, config)
    }

    pub fn start_on(listener: TcpListener, config: NodeConfig) -> Self {
        let address = listener.local_addr().unwrap();
        let echo = Echo::default();
        let node = Node::start(config, echo.clone(), counted_ids());
        let serving = node.clone();
        let accepting = tokio::spawn(async move { serve_tcp(&serving, &listener).await });
        Self { node, echo, address, accepting }
    }

    /// Stops listening; connections go on.
    pub async fn stop_listening(&mut self) {
        self.accepting.abort();
        let _ = (&mut self.accepting).await;
    }

    pub async fn connect(&self) -> Raw<TcpStream> {
        Raw::new(TcpStream::connect(self.address).await.unwrap())
    }

    /// Handshakes and opens the session by a first poll; returns the id.
    pub async fn open_polling(&self) -> String {
        let mut raw = self.connect().await;
        let handshake = raw.get("/socket.io/1/").await;
        let id = handshake.body.split(':').next().unwrap().to_owned();
        assert_eq!(raw.get(&format!("/socket.io/1/xhr-polling/{id}")).await.body, "1::");
        id
    }
}

/// A peer that writes bytes and reads responses.
pub struct Raw<Io> {
    pub io: Io,
    buffer: Vec<u8>,
}

#[derive(Debug)]
pub struct RawResponse {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl RawResponse {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Raw<Io> {
    pub fn new(io: Io) -> Self {
        Self { io, buffer: Vec::new() }
    }

    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.io.write_all(bytes.as_ref()).await.unwrap();
    }

    pub async fn send_get(&mut self, target: &str) {
        self.write(format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
    }

    pub async fn get(&mut self, target: &str) -> RawResponse {
        self.send_get(target).await;
        self.response().await.expect("a response")
    }

    pub async fn post(&mut self, target: &str, body: &str) -> RawResponse {
        let len = body.len();
        self.write(format!("POST {target} HTTP/1.1\r\nHost: test\r\nContent-Length: {len}\r\n\r\n{body}"))
            .await;
        self.response().await.expect("a response")
    }

    /// One response with `Content-Length`, or `None` if the connection ends first.
    pub async fn response(&mut self) -> Option<RawResponse> {
        let head = self.head().await?;
        let mut response = parse_head(head);
        let len = response.header("content-length").map_or(0, |len| len.parse().unwrap());
        response.body = String::from_utf8(self.take(len).await?).unwrap();
        Some(response)
    }

    /// One response without its body.
    pub async fn response_head(&mut self) -> Option<RawResponse> {
        Some(parse_head(self.head().await?))
    }

    /// As a server: the head of the next request; pending for ever if there is none.
    pub async fn request_head(&mut self) -> String {
        match self.head().await {
            Some(head) => head,
            None => std::future::pending().await,
        }
    }

    async fn head(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                return Some(String::from_utf8(self.buffer.drain(..end + 4).collect()).unwrap());
            }
            self.read().await?;
        }
    }

    /// Exactly `len` bytes, or `None` if the connection ends first.
    pub async fn take(&mut self, len: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < len {
            self.read().await?;
        }
        Some(self.buffer.drain(..len).collect())
    }

    async fn read(&mut self) -> Option<()> {
        let mut bytes = [0; 4096];
        match self.io.read(&mut bytes).await {
            Ok(0) | Err(_) => None,
            Ok(len) => {
                self.buffer.extend_from_slice(&bytes[..len]);
                Some(())
            }
        }
    }

    /// Upgrades to a websocket.
    pub async fn upgrade(&mut self, target: &str) -> RawResponse {
        self.write(format!(
            "GET {target} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ))
        .await;
        self.response_head().await.expect("a response")
    }

    /// One short unmasked frame from the server: its first byte and payload.
    pub async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let head = self.take(2).await?;
        let payload = self.take(usize::from(head[1])).await?;
        Some((head[0], payload))
    }

    pub async fn text(&mut self) -> String {
        let (first, payload) = self.frame().await.expect("a frame");
        assert_eq!(first, 0x81, "a text frame");
        String::from_utf8(payload).unwrap()
    }

    /// Sends one short frame, masked by zeros.
    pub async fn send_frame(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.write(frame).await;
    }
}

fn parse_head(head: String) -> RawResponse {
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    RawResponse { status, head, body: String::new() }
}

/// Closes with a reset instead of a FIN.
pub fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}
