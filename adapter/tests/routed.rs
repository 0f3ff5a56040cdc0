//! Routed sessions over real sockets: three nodes behind a balancer that gives each request to the next one.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rig;

use std::net::SocketAddr;
use std::time::Duration;

use rig::user::User;
use rig::{TestNode, pool};
use socketio08::client::ClientEvent;
use socketio08::server::{AckMode, NodeName, Outgoing, ServerConfig, ServerEvent, SharedKey};
use socketio08::{Text, Transport};
use socketio08_tokio::{Farewell, NodeConfig, Peers};

const NAMES: [&str; 3] = ["a", "b", "c"];

fn name(name: &str) -> NodeName {
    NodeName::new(name).unwrap()
}

fn routed(number: usize, addresses: &[SocketAddr]) -> NodeConfig {
    let others = NAMES.iter().zip(addresses).enumerate().filter(|(other, _)| *other != number);
    let peers = others.fold(Peers::default(), |peers, (_, (peer, address))| peers.tcp(name(peer), *address));
    let key = SharedKey::new(&[7; 32]).unwrap();
    NodeConfig::new(ServerConfig::default()).routed(name(NAMES[number]), peers, key)
}

async fn nodes() -> Vec<TestNode> {
    pool::start(NAMES.len(), routed).await
}

fn is_message(event: &ClientEvent) -> bool {
    matches!(event, ClientEvent::Received { .. })
}

async fn talk(user: &User, count: usize) {
    user.connected().await;
    for number in 1..=count {
        user.send(Outgoing::Message(Text::from(format!("m{number}"))), AckMode::None);
        user.events(number, is_message).await;
    }
}

/// Sessions that began, over all nodes.
fn sessions(nodes: &[TestNode]) -> usize {
    let began = |event: &&ServerEvent| matches!(event, ServerEvent::Connected { .. });
    nodes.iter().map(|node| node.echo.events.lock().unwrap().iter().filter(began).count()).sum()
}

async fn every_message_comes_once_and_in_order_over(transport: Transport) {
    let nodes = nodes().await;
    let user = pool::user(&nodes, transport);
    talk(&user, 12).await;
    let expected: Vec<String> = (1..=12).map(|number| format!("m{number}")).collect();
    assert_eq!(user.messages(), expected);
    assert_eq!(sessions(&nodes), 1, "one session, at one node");
}

#[tokio::test]
async fn every_message_comes_once_and_in_order_over_xhr_polling() {
    every_message_comes_once_and_in_order_over(Transport::XhrPolling).await;
}

#[tokio::test]
async fn every_message_comes_once_and_in_order_over_jsonp_polling() {
    every_message_comes_once_and_in_order_over(Transport::JsonpPolling).await;
}

#[tokio::test]
async fn every_message_comes_once_and_in_order_over_htmlfile() {
    every_message_comes_once_and_in_order_over(Transport::Htmlfile).await;
}

#[tokio::test]
async fn every_message_comes_once_and_in_order_over_websocket() {
    every_message_comes_once_and_in_order_over(Transport::Websocket).await;
}

#[tokio::test]
async fn a_user_whose_server_dies_starts_anew_at_another_one() {
    let mut nodes = nodes().await;
    let user = pool::user(&nodes, Transport::XhrPolling);
    talk(&user, 3).await;
    let owner = nodes.iter().position(|node| !node.echo.events.lock().unwrap().is_empty()).unwrap();
    nodes[owner].stop_listening().await;
    nodes[owner].node.shutdown(Farewell::Cut).await;
    user.events(2, |event| matches!(event, ClientEvent::Connected { .. })).await;
    user.send(Outgoing::Message(Text::from_static("back")), AckMode::None);
    user.events(4, is_message).await;
    assert_eq!(user.messages().last().unwrap(), "back");
}

#[tokio::test]
async fn a_session_whose_server_is_gone_is_answered_at_once() {
    let mut nodes = nodes().await;
    let id = nodes[0].open_polling().await;
    assert!(id.starts_with("a-"), "{id}");
    nodes[0].stop_listening().await;
    nodes[0].node.shutdown(Farewell::Cut).await;
    let mut raw = nodes[1].connect().await;
    let asked = std::time::Instant::now();
    assert_eq!(raw.get(&format!("/socket.io/1/xhr-polling/{id}")).await.body, "7:::1+0");
    assert!(asked.elapsed() < Duration::from_secs(2));
    assert_eq!(raw.post(&format!("/socket.io/1/xhr-polling/{id}"), "3:::x").await.status, 503);
}

#[tokio::test]
async fn a_client_that_hangs_up_at_another_server_hangs_up_at_its_own() {
    let nodes = nodes().await;
    let id = nodes[0].open_polling().await;
    let mut raw = nodes[1].connect().await;
    raw.send_get(&format!("/socket.io/1/xhr-polling/{id}")).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(raw);
    nodes[0].echo.disconnected(&id).await;
}

#[tokio::test]
async fn forwarded_requests_share_kept_connections() {
    let nodes = nodes().await;
    let id = nodes[0].open_polling().await;
    let target = format!("/socket.io/1/xhr-polling/{id}");
    let mut raw = nodes[1].connect().await;
    for number in 0..20 {
        assert_eq!(raw.post(&target, &format!("3:::m{number}")).await.body, "1");
        assert_eq!(raw.get(&target).await.body, format!("3:::m{number}"));
    }
    // The node would answer 503 if each request had a connection of its own.
    let limited = pool::start(2, |number, addresses| {
        let config = routed(number, addresses);
        let limits = config.limits.connections_max(2);
        config.limits(limits)
    })
    .await;
    let id = limited[0].open_polling().await;
    let target = format!("/socket.io/1/xhr-polling/{id}");
    let mut raw = limited[1].connect().await;
    for _ in 0..10 {
        assert_eq!(raw.post(&target, "3:::m").await.body, "1");
        assert_eq!(raw.get(&target).await.body, "3:::m");
    }
}

#[tokio::test]
async fn a_server_that_leaves_ends_the_sockets_it_carries_for_others() {
    let nodes = nodes().await;
    let mut first = nodes[0].connect().await;
    let id = first.get("/socket.io/1/").await.body.split(':').next().unwrap().to_owned();
    let mut socket = nodes[1].connect().await;
    assert_eq!(socket.upgrade(&format!("/socket.io/1/websocket/{id}")).await.status, 101);
    assert_eq!(socket.text().await, "1::");
    let left = std::time::Instant::now();
    nodes[1].node.shutdown(Farewell::Close).await;
    assert!(left.elapsed() < Duration::from_secs(5), "it does not wait for them");
    assert!(socket.frame().await.is_none());
    nodes[0].echo.disconnected(&id).await;
}
