//! Peers that send anything at all: the node goes on serving others.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rig;

use std::time::Duration;

use rig::user::{User, config};
use rig::{Echo, Raw, TestNode, counted_ids};
use socketio08::Transport;
use socketio08::client::ClientEvent;
use socketio08::server::{AckMode, Outgoing, ServerConfig};
use socketio08_tokio::{CarrierLimits, DriverConfig, Node, NodeConfig, TcpConnector};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(8) {
            let at = self.below(bytes.len());
            match self.below(4) {
                0 => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                1 => bytes.truncate(at + 1),
                2 => bytes.insert(at, u8::try_from(self.below(256)).unwrap()),
                _ => {
                    let to = at + self.below(bytes.len() - at);
                    let copy = bytes[at..=to].to_vec();
                    bytes.extend_from_slice(&copy);
                }
            }
        }
    }
}

const UPGRADE: &[u8] = b"GET /socket.io/1/websocket/s1 HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n\x81\x85\x00\x00\x00\x003:::x\x82\x81\x00\x00\x00\x00x\x89\x80\x00\x00\x00\x00";
const REQUESTS: &[&[u8]] = &[
    b"GET /socket.io/1/ HTTP/1.1\r\nHost: test\r\nCookie: a=b\r\n\r\n",
    b"GET /socket.io/1/xhr-polling/s1?t=1 HTTP/1.1\r\nHost: test\r\n\r\n",
    b"POST /socket.io/1/xhr-polling/s1 HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n3:::xPOST /x HTTP/1.1\r\n\r\n",
    b"POST /socket.io/1/xhr-polling/s1 HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n3:::x\r\n0\r\n\r\n",
    UPGRADE,
];

#[tokio::test(start_paused = true)]
async fn two_thousand_mutated_requests_leave_the_node_serving() {
    let node = Node::start(NodeConfig::new(ServerConfig::default()), Echo::default(), counted_ids());
    let mut numbers = Numbers(1);
    for _ in 0..2_000 {
        let mut bytes = REQUESTS[numbers.below(REQUESTS.len())].to_vec();
        numbers.mutate(&mut bytes);
        let (mut ours, theirs) = tokio::io::duplex(65_536);
        let serving = node.clone();
        let task = tokio::spawn(async move { serving.serve_connection(theirs, "test").await });
        ours.write_all(&bytes).await.unwrap();
        tokio::task::yield_now().await;
        drop(ours);
        task.await.expect("no panic");
    }
    let (ours, theirs) = tokio::io::duplex(65_536);
    tokio::spawn(async move { node.serve_connection(theirs, "test").await });
    assert_eq!(Raw::new(ours).get("/socket.io/1/").await.status, 200);
}

#[tokio::test]
async fn a_mailbox_of_one_slows_peers_and_loses_nothing() {
    let mut node_config = NodeConfig::new(ServerConfig::default());
    node_config.limits = CarrierLimits::default().mailbox_max(1);
    let node = TestNode::start_with(node_config).await;
    let users: Vec<User> = (0..20)
        .map(|n| {
            let transport = if n % 2 == 0 { Transport::Websocket } else { Transport::XhrPolling };
            let connector = TcpConnector { to: node.address, from: None };
            User::start_with(DriverConfig::new("test"), config(transport), connector)
        })
        .collect();
    for user in &users {
        user.connected().await;
        for n in 0..50 {
            user.send(Outgoing::Message(n.to_string().into()), AckMode::None);
        }
    }
    let expected: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    for user in &users {
        user.events(50, |event| matches!(event, ClientEvent::Received { .. })).await;
        assert_eq!(user.messages(), expected);
    }
}

#[tokio::test]
async fn many_polls_aborted_at_once_end_their_sessions_only() {
    let node = TestNode::start().await;
    let mut survivor = node.connect().await;
    let kept = node.open_polling().await;
    let mut doomed = Vec::new();
    for _ in 0..100 {
        let id = node.open_polling().await;
        let mut raw = node.connect().await;
        raw.send_get(&format!("/socket.io/1/xhr-polling/{id}")).await;
        doomed.push((id, raw));
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    for (id, raw) in doomed {
        drop(raw);
        timeout(Duration::from_secs(5), node.echo.disconnected(&id)).await.expect("it ends");
    }
    let target = format!("/socket.io/1/xhr-polling/{kept}");
    survivor.post(&target, "3:::x").await;
    assert_eq!(survivor.get(&target).await.body, "3:::x");
}
