//! A node inside an HTTP server that is not its own.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rig;

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rig::{Echo, Raw, counted_ids};
use socketio08::Limits;
use socketio08::server::{Cause, ServerConfig, ServerEvent};
use socketio08_tokio::{CarrierLimits, Farewell, Node, NodeConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tower_service::Service;

/// An application with a route of its own, and the node for all else.
struct Host {
    node: Node,
    echo: Echo,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

#[derive(Clone, Copy)]
enum Mount {
    Handle,
    Service,
}

impl Host {
    async fn start(mount: Mount) -> Self {
        Self::start_with(mount, NodeConfig::new(ServerConfig::default())).await
    }

    async fn start_with(mount: Mount, config: NodeConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let echo = Echo::default();
        let node = Node::start(config, echo.clone(), counted_ids());
        let serving = node.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(serving.clone(), mount, stream));
            }
        });
        Self { node, echo, address, accepting }
    }

    async fn connect(&self) -> Raw<TcpStream> {
        Raw::new(TcpStream::connect(self.address).await.unwrap())
    }

    async fn open_websocket(&self) -> Raw<TcpStream> {
        let mut raw = self.connect().await;
        let handshake = raw.get("/socket.io/1/").await;
        let id = handshake.body.split(':').next().unwrap().to_owned();
        assert_eq!(raw.upgrade(&format!("/socket.io/1/websocket/{id}")).await.status, 101);
        assert_eq!(raw.text().await, "1::");
        raw
    }
}

type BoxBody = http_body_util::combinators::BoxBody<Bytes, socketio08_tokio::Unanswered>;

async fn serve(node: Node, mount: Mount, stream: TcpStream) {
    let service = service_fn(move |request: Request<Incoming>| {
        let node = node.clone();
        async move {
            if request.uri().path() == "/health" {
                return Ok(Response::new(BoxBody::new(Full::from("well\n").map_err(|never| match never {}))));
            }
            match mount {
                Mount::Handle => {
                    node.handle(request, "192.0.2.1").await.map(|response| response.map(BoxBody::new))
                }
                Mount::Service => {
                    let Ok(response) = node.service(|_| "192.0.2.1".into()).call(request).await;
                    Ok(response.map(BoxBody::new))
                }
            }
        }
    });
    let http = hyper::server::conn::http1::Builder::new();
    // An error is how a connection closed without a response ends.
    let _ = http.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

#[tokio::test]
async fn the_hosts_own_routes_and_sessions_share_a_connection() {
    let host = Host::start(Mount::Handle).await;
    let mut raw = host.connect().await;
    assert_eq!(raw.get("/health").await.body, "well\n");
    assert_eq!(raw.get("/socket.io/1/").await.body, "s1:15:25:websocket,htmlfile,xhr-polling,jsonp-polling");
    assert_eq!(raw.get("/socket.io/1/xhr-polling/s1").await.body, "1::");
    assert_eq!(raw.post("/socket.io/1/xhr-polling/s1", "3:::grüße 😀").await.body, "1");
    assert_eq!(raw.get("/socket.io/1/xhr-polling/s1").await.body, "3:::grüße 😀");
    assert_eq!(raw.get("/health").await.body, "well\n");
}

#[tokio::test]
async fn a_websocket_is_carried_through_the_hosts_upgrade() {
    for mount in [Mount::Handle, Mount::Service] {
        let host = Host::start(mount).await;
        let mut raw = host.open_websocket().await;
        for message in ["3:::a", "3:::grüße 😀"] {
            raw.send_frame(0x81, message.as_bytes()).await;
            assert_eq!(raw.text().await, message);
        }
    }
}

#[tokio::test]
async fn a_frame_sent_with_the_upgrade_request_reaches_a_mounted_node() {
    let host = Host::start(Mount::Handle).await;
    let mut raw = host.connect().await;
    raw.get("/socket.io/1/").await;
    let mut bytes = b"GET /socket.io/1/websocket/s1 HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        .to_vec();
    bytes.extend_from_slice(&[0x81, 0x85, 0, 0, 0, 0]);
    bytes.extend_from_slice(b"3:::x");
    raw.write(bytes).await;
    assert_eq!(raw.response_head().await.unwrap().status, 101);
    assert_eq!(raw.text().await, "1::");
    assert_eq!(raw.text().await, "3:::x");
}

#[tokio::test]
async fn what_the_protocol_leaves_unanswered_closes_the_hosts_connection_without_a_byte() {
    for mount in [Mount::Handle, Mount::Service] {
        let host = Host::start(mount).await;
        let mut raw = host.connect().await;
        raw.send_get("/socket.io/1/no-such-transport/4711").await;
        assert!(raw.take(1).await.is_none(), "not a byte");
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_during_a_poll_ends_its_session() {
    let host = Host::start(Mount::Handle).await;
    let mut raw = host.connect().await;
    raw.get("/socket.io/1/").await;
    assert_eq!(raw.get("/socket.io/1/xhr-polling/s1").await.body, "1::");
    raw.send_get("/socket.io/1/xhr-polling/s1").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(raw);
    let ended = host.echo.disconnected("s1").await;
    assert!(matches!(ended, ServerEvent::Disconnected { cause: Cause::SocketEnd, .. }), "{ended:?}");
}

#[tokio::test]
async fn how_a_mounted_websocket_ended_is_told_apart() {
    let host = Host::start(Mount::Handle).await;
    drop(host.open_websocket().await);
    let ended = host.echo.disconnected("s1").await;
    assert!(matches!(ended, ServerEvent::Disconnected { cause: Cause::SocketEnd, .. }), "{ended:?}");
    rig::reset(host.open_websocket().await.io);
    let ended = host.echo.disconnected("s2").await;
    assert!(matches!(ended, ServerEvent::Disconnected { cause: Cause::SocketClose, .. }), "{ended:?}");
}

#[tokio::test]
async fn a_mounted_node_bounds_bodies_and_sockets_itself() {
    let mut config = NodeConfig::new(ServerConfig::default().limits(Limits::default().payload_len_max(100)));
    config.limits = CarrierLimits::default().connections_max(1);
    let host = Host::start_with(Mount::Service, config).await;
    let mut raw = host.connect().await;
    assert_eq!(raw.post("/socket.io/1/xhr-polling/s1", &"x".repeat(101)).await.status, 413);
    let _first = host.open_websocket().await;
    let mut second = host.connect().await;
    second.get("/socket.io/1/").await;
    assert_eq!(second.upgrade("/socket.io/1/websocket/s2").await.status, 503);
}

#[tokio::test]
async fn a_mounted_node_that_leaves_says_so_to_sockets_and_polls() {
    let host = Host::start(Mount::Service).await;
    let mut socket = host.open_websocket().await;
    let mut poll = host.connect().await;
    poll.get("/socket.io/1/").await;
    poll.get("/socket.io/1/xhr-polling/s2").await;
    poll.send_get("/socket.io/1/xhr-polling/s2").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let node = host.node.clone();
    let leaving = tokio::spawn(async move { node.shutdown(Farewell::Disconnect).await });
    assert_eq!(socket.text().await, "0::");
    assert_eq!(socket.frame().await.unwrap().0, 0x88, "a close frame");
    socket.send_frame(0x88, &[]).await;
    assert_eq!(poll.response().await.unwrap().body, "0::");
    timeout(Duration::from_secs(5), leaving).await.unwrap().unwrap();
    assert_eq!(poll.get("/health").await.body, "well\n", "the host goes on");
}
