//! The client driver against a node, over each transport.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rig;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rig::user::{User, config};
use rig::{Echo, TestNode, counted_ids};
use socketio08::client::{ClientBehaviour, ClientEvent, ClientTransmit, LossCause};
use socketio08::server::{AckMode, Outgoing, ServerConfig, ServerEvent};
use socketio08::{Text, Transport};
use socketio08_tokio::{
    ClientApplication, ClientDriver, Connecting, Connections, Connector, DriverConfig, Farewell, Node,
    NodeConfig, TcpConnector, TroubleKind,
};
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// What a node has unless told otherwise.
const EACH: [Transport; 4] =
    [Transport::XhrPolling, Transport::Websocket, Transport::JsonpPolling, Transport::Htmlfile];

/// Connects to a node in the same process, without sockets, and counts the connections.
#[derive(Clone)]
struct InProcess {
    node: Node,
    connections: Arc<AtomicUsize>,
}

impl InProcess {
    fn start() -> (Self, Echo) {
        let echo = Echo::default();
        let node = Node::start(NodeConfig::new(ServerConfig::default()), echo.clone(), counted_ids());
        (Self { node, connections: Arc::default() }, echo)
    }
}

impl Connector for InProcess {
    type Io = DuplexStream;

    fn connect(&self) -> Connecting<DuplexStream> {
        self.connections.fetch_add(1, Ordering::Relaxed);
        let node = self.node.clone();
        Box::pin(async move {
            let (ours, theirs) = tokio::io::duplex(4_096);
            tokio::spawn(async move { node.serve_connection(theirs, "in process").await });
            Ok(ours)
        })
    }
}

fn message(text: &str) -> Outgoing {
    Outgoing::Message(Text::from(text))
}

#[tokio::test]
async fn a_client_connects_and_a_hundred_messages_come_back_in_order() {
    for transport in EACH {
        let node = TestNode::start().await;
        let user = User::start(node.address, transport);
        user.connected().await;
        let sent: Vec<String> = (0..100).map(|n| format!("message {n} grüße 😀")).collect();
        for text in &sent {
            user.send(message(text), AckMode::None);
        }
        user.events(100, |event| matches!(event, ClientEvent::Received { .. })).await;
        assert_eq!(user.messages(), sent, "{transport}");
    }
}

#[tokio::test]
async fn both_acknowledgements_reach_the_client() {
    for transport in EACH {
        let node = TestNode::start().await;
        let user = User::start(node.address, transport);
        user.connected().await;
        user.send(message("a"), AckMode::Plain);
        user.send(message("b"), AckMode::WithData);
        let acknowledged = |event: &ClientEvent| matches!(event, ClientEvent::Acknowledged { .. });
        let first = user.events(1, acknowledged).await;
        assert!(
            matches!(&first, ClientEvent::Acknowledged { id: 1, args, .. } if args.is_empty()),
            "{first:?}"
        );
        let second = user.events(2, acknowledged).await;
        assert!(
            matches!(&second, ClientEvent::Acknowledged { id: 2, args, .. } if *args == "[\"b\"]"),
            "{second:?}"
        );
    }
}

#[tokio::test]
async fn a_message_of_the_longest_payload_comes_back() {
    for transport in EACH {
        let node = TestNode::start().await;
        let user = User::start(node.address, transport);
        user.connected().await;
        let long = "x".repeat(999_000);
        user.send(message(&long), AckMode::None);
        user.events(1, |event| matches!(event, ClientEvent::Received { .. })).await;
        assert!(user.messages() == [long], "{transport}");
    }
}

#[tokio::test]
async fn a_disconnect_is_said_to_the_server() {
    for transport in EACH {
        let node = TestNode::start().await;
        let user = User::start(node.address, transport);
        user.connected().await;
        user.handle.call(|now, client| client.disconnect(now)).unwrap();
        node.echo.disconnected("s1").await;
        let lost = user.events(1, |event| matches!(event, ClientEvent::Disconnected { .. })).await;
        assert_eq!(lost, ClientEvent::Disconnected { cause: LossCause::Booted });
    }
}

#[tokio::test]
async fn a_client_comes_back_after_the_server_restarts() {
    for transport in EACH {
        let mut node = TestNode::start().await;
        // The genuine client does not notice that a stream ended.
        let streams = transport == Transport::Htmlfile;
        let behaviour = if streams { ClientBehaviour::Improved } else { ClientBehaviour::Genuine };
        let connector = TcpConnector { to: node.address, from: None };
        let client = config(transport).behaviour(behaviour);
        let user = User::start_with(DriverConfig::new(node.address.to_string()), client, connector);
        user.connected().await;
        node.stop_listening().await;
        node.node.shutdown(Farewell::Cut).await;
        user.events(1, |event| matches!(event, ClientEvent::Disconnected { .. })).await;
        let listener = TcpListener::bind(node.address).await.unwrap();
        let restarted = TestNode::start_on(listener, NodeConfig::new(ServerConfig::default()));
        user.events(1, |event| matches!(event, ClientEvent::Reconnected)).await;
        user.send(message("after"), AckMode::None);
        user.events(1, |event| matches!(event, ClientEvent::Received { .. })).await;
        assert_eq!(user.messages(), ["after"], "{transport}");
        drop(restarted);
    }
}

#[tokio::test]
async fn dropping_a_driver_aborts_its_poll() {
    let node = TestNode::start().await;
    let user = User::start(node.address, Transport::XhrPolling);
    user.connected().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    user.task.abort();
    node.echo.disconnected("s1").await;
}

#[tokio::test]
async fn a_stopped_driver_gives_its_application_back() {
    let node = TestNode::start().await;
    let user = User::start(node.address, Transport::Websocket);
    user.connected().await;
    user.handle.stop();
    let seen = timeout(Duration::from_secs(5), user.task).await.expect("it ends").unwrap();
    assert!(!seen.events.lock().unwrap().is_empty());
    assert!(user.handle.call(|now, client| client.connect(now)).is_err());
}

/// Finishes once it has its session id.
#[derive(Default)]
struct Brief {
    session: Option<Text>,
}

impl ClientApplication for Brief {
    fn event(
        &mut self,
        _now: socketio08::Instant,
        _client: &mut socketio08::client::Client,
        event: ClientEvent,
    ) {
        if let ClientEvent::Connected { session, .. } = event {
            self.session = Some(session);
        }
    }

    fn finished(&self) -> bool {
        self.session.is_some()
    }
}

#[tokio::test]
async fn a_driver_ends_when_its_application_has_finished() {
    let (connector, _) = InProcess::start();
    let client = socketio08::client::Client::new(config(Transport::XhrPolling));
    let (driver, _) = ClientDriver::new(DriverConfig::new("test"), client, connector, Brief::default());
    let brief = timeout(Duration::from_secs(5), driver.run()).await.expect("it ends");
    assert_eq!(brief.session, Some(Text::from_static("s1")));
}

#[tokio::test(start_paused = true)]
async fn kept_connections_are_used_again() {
    let (connector, _) = InProcess::start();
    let connections = Arc::clone(&connector.connections);
    let user = User::start_with(DriverConfig::new("test"), config(Transport::XhrPolling), connector);
    user.connected().await;
    for n in 0..10 {
        user.send(message(&n.to_string()), AckMode::None);
        user.events(n + 1, |event| matches!(event, ClientEvent::Received { .. })).await;
    }
    assert_eq!(connections.load(Ordering::Relaxed), 2, "one for the poll, one for the posts");
}

#[tokio::test(start_paused = true)]
async fn the_connection_of_the_response_being_handled_is_busy_if_configured_so() {
    for (reuse_while_handling, expected) in [(true, 1), (false, 2)] {
        let (connector, _) = InProcess::start();
        let connections = Arc::clone(&connector.connections);
        let driver = DriverConfig::new("test").reuse_while_handling(reuse_while_handling);
        let user = User::start_with(driver, config(Transport::XhrPolling), connector);
        user.connected().await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(connections.load(Ordering::Relaxed), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn each_request_has_its_connection_if_configured_so() {
    let (connector, _) = InProcess::start();
    let connections = Arc::clone(&connector.connections);
    let driver = DriverConfig::new("test").connections(Connections::PerRequest);
    let user = User::start_with(driver, config(Transport::XhrPolling), connector);
    user.connected().await;
    for n in 0..10 {
        user.send(message(&n.to_string()), AckMode::None);
        user.events(n + 1, |event| matches!(event, ClientEvent::Received { .. })).await;
    }
    let requests = user.seen.transmits.lock().unwrap().len();
    assert_eq!(connections.load(Ordering::Relaxed), requests);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_hour_keeps_each_transport_connected() {
    for transport in EACH {
        let (connector, echo) = InProcess::start();
        let user = User::start_with(DriverConfig::new("test"), config(transport), connector);
        user.connected().await;
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        user.send(message("still here"), AckMode::None);
        user.events(1, |event| matches!(event, ClientEvent::Received { .. })).await;
        let ended = |event: &ServerEvent| matches!(event, ServerEvent::Disconnected { .. });
        assert!(!echo.events.lock().unwrap().iter().any(ended), "{transport}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_clients_share_one_node() {
    let (connector, _) = InProcess::start();
    let users: Vec<User> = (0..1_000)
        .map(|n| {
            let driver = DriverConfig::new("test");
            User::start_with(driver, config(EACH[n % 4]), connector.clone())
        })
        .collect();
    for user in &users {
        user.connected().await;
    }
    connector.node.call(|now, server| {
        let audience = socketio08::server::Audience::default();
        server.broadcast(now, &audience, &message("all")).unwrap();
    });
    for user in &users {
        user.events(1, |event| matches!(event, ClientEvent::Received { .. })).await;
    }
}

#[tokio::test]
async fn a_refused_connection_is_reported_with_its_kind() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let user = User::start(address, Transport::XhrPolling);
    user.events(1, |event| matches!(event, ClientEvent::HandshakeFailed { status: 0, .. })).await;
    let troubles = user.seen.troubles.lock().unwrap();
    assert!(
        matches!(troubles[0].kind, TroubleKind::Connect(std::io::ErrorKind::ConnectionRefused)),
        "{troubles:?}"
    );
}

#[tokio::test]
async fn a_refused_upgrade_is_reported_with_status_and_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut raw = rig::Raw::new(stream);
            let request = raw.request_head().await;
            let answer = if request.starts_with("GET /socket.io/1/websocket/") {
                "HTTP/1.1 502 Bad Gateway\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n"
            } else {
                "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n1:15:25:websocket"
            };
            raw.write(answer).await;
        }
    });
    let user = User::start(address, Transport::Websocket);
    for _ in 0..500 {
        if !user.seen.troubles.lock().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let troubles = user.seen.troubles.lock().unwrap();
    let TroubleKind::UpgradeRefused { status, server } = &troubles[0].kind else { panic!("{troubles:?}") };
    assert_eq!((*status, server.as_deref()), (502, Some("nginx/1.22.1")));
}

/// A server that answers the handshake and the first poll, then closes the connection between two requests; it tells
/// whether another connection was made.
async fn closes_between_requests(retry: bool) -> (User, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&polls);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut raw = rig::Raw::new(stream);
                loop {
                    let request = raw.request_head().await;
                    if request.starts_with("GET /socket.io/1/xhr-polling/") {
                        match counted.fetch_add(1, Ordering::Relaxed) {
                            0 => raw.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n1::").await,
                            // The connection closes without an answer, as if it had closed just before.
                            1 => return,
                            _ => std::future::pending().await,
                        }
                    } else {
                        raw.write("HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n1:15:25:xhr-polling").await;
                    }
                }
            });
        }
    });
    let driver = DriverConfig::new("test").retry_reused_get(retry);
    let client = config(Transport::XhrPolling).reconnect(false);
    let user = User::start_with(driver, client, TcpConnector { to: address, from: None });
    user.connected().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    (user, polls.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_get_that_fails_on_a_used_connection_is_reported() {
    let (user, polls) = closes_between_requests(false).await;
    user.events(1, |event| matches!(event, ClientEvent::Disconnected { .. })).await;
    assert_eq!(polls, 2);
}

#[tokio::test]
async fn a_get_that_fails_on_a_used_connection_is_tried_again_if_configured_so() {
    let (user, polls) = closes_between_requests(true).await;
    assert_eq!(polls, 3);
    let lost = |event: &ClientEvent| matches!(event, ClientEvent::Disconnected { .. });
    assert!(!user.seen.events.lock().unwrap().iter().any(lost));
}

#[tokio::test]
async fn headers_of_the_configuration_are_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let driver = DriverConfig::new("example.test:81")
        .extra_headers(vec![("Cookie".into(), "a=b".into()), ("bad name".into(), "x".into())]);
    let connector = TcpConnector { to: address, from: None };
    let user = User::start_with(driver, config(Transport::XhrPolling), connector);
    let mut raw = rig::Raw::new(listener.accept().await.unwrap().0);
    let head = raw.request_head().await;
    assert!(head.starts_with("GET /socket.io/1/?t="), "{head}");
    assert!(head.contains("host: example.test:81\r\n") && head.contains("cookie: a=b\r\n"), "{head}");
    assert!(!head.contains("bad name"));
    let transmits = user.seen.transmits.lock().unwrap();
    assert!(matches!(transmits[0], ClientTransmit::Get { .. }));
}
