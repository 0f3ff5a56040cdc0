//! The application with a Socket.IO client and plain requests.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::net::SocketAddr;
use std::time::Duration;

use socketio08::client::{Client, ClientConfig, ClientEvent};
use socketio08::server::{AckMode, Outgoing};
use socketio08::{Body, Instant, Text, Transport, event_text};
use socketio08_example_axum::{application, start};
use socketio08_tokio::{
    ClientApplication, ClientDriver, ClientHandle, DriverConfig, Farewell, Node, TcpConnector,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

async fn serve() -> (SocketAddr, Node) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let node = start();
    let service = application(node.clone()).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    (address, node)
}

/// A client that tells its events.
struct Told(mpsc::UnboundedSender<ClientEvent>);

impl ClientApplication for Told {
    fn event(&mut self, _now: Instant, _client: &mut Client, event: ClientEvent) {
        let _ = self.0.send(event);
    }
}

struct User {
    handle: ClientHandle,
    events: mpsc::UnboundedReceiver<ClientEvent>,
}

impl User {
    async fn connect(to: SocketAddr, transport: Transport) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let client = Client::new(ClientConfig::default().transports(vec![transport]));
        let connector = TcpConnector { to, from: None };
        let config = DriverConfig::new(to.to_string());
        let (driver, handle) = ClientDriver::new(config, client, connector, Told(sender));
        tokio::spawn(driver.run());
        let mut user = Self { handle, events };
        assert_eq!(user.next().await, Body::Message { data: Text::from_static("welcome") });
        user
    }

    fn emit(&self, name: &str, argument: &str) {
        let event = Outgoing::Event(event_text(name, &[argument]).unwrap());
        self.handle
            .call(move |now, client| {
                client.send(now, &Text::EMPTY, event, AckMode::None).unwrap();
            })
            .unwrap();
    }

    /// What the next packet carries.
    async fn next(&mut self) -> Body {
        loop {
            match timeout(Duration::from_secs(10), self.events.recv()).await.unwrap().unwrap() {
                ClientEvent::Received { packet, .. } => return packet.body,
                ClientEvent::Disconnected { cause } => panic!("disconnected: {cause:?}"),
                _ => {}
            }
        }
    }
}

/// A plain request; the whole response.
async fn request(to: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let len = body.len();
    let text =
        format!("{head} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

fn event(data: &'static str) -> Body {
    Body::Event { data: Text::from_static(data) }
}

#[tokio::test]
async fn users_of_both_transports_talk_to_each_other() {
    let (address, _node) = serve().await;
    let mut polling = User::connect(address, Transport::XhrPolling).await;
    let mut socket = User::connect(address, Transport::Websocket).await;
    polling.emit("say", "grüße 😀");
    assert_eq!(socket.next().await, event(r#"{"name":"say","args":["grüße 😀"]}"#));
    socket.emit("say", "hello");
    assert_eq!(polling.next().await, event(r#"{"name":"say","args":["hello"]}"#));
}

#[tokio::test]
async fn the_applications_own_routes_answer_and_reach_the_sessions() {
    let (address, _node) = serve().await;
    let mut user = User::connect(address, Transport::Websocket).await;
    assert!(request(address, "GET /health", "").await.ends_with("\r\n\r\nwell\n"));
    assert!(request(address, "GET /nothing", "").await.starts_with("HTTP/1.1 404"));
    assert!(request(address, "POST /announce", "lunch").await.starts_with("HTTP/1.1 204"));
    assert_eq!(user.next().await, event(r#"{"name":"announcement","args":["lunch"]}"#));
}

#[tokio::test]
async fn a_disabled_transport_is_cut_off_without_a_byte() {
    let (address, _node) = serve().await;
    assert_eq!(request(address, "GET /socket.io/1/carrier-pigeon/4711", "").await, "");
}

#[tokio::test]
async fn sessions_are_told_when_the_node_leaves_and_the_rest_goes_on() {
    let (address, node) = serve().await;
    let mut user = User::connect(address, Transport::Websocket).await;
    node.shutdown(Farewell::Disconnect).await;
    let ended =
        async { while !matches!(user.events.recv().await.unwrap(), ClientEvent::Disconnected { .. }) {} };
    timeout(Duration::from_secs(10), ended).await.unwrap();
    assert!(request(address, "GET /health", "").await.ends_with("well\n"));
}
