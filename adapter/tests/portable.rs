//! Portable sessions over real sockets: three nodes with one store, behind a balancer that gives each request to the next one.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rig;

use rig::user::User;
use rig::{TestNode, pool};
use socketio08::client::ClientEvent;
use socketio08::server::{AckMode, Outgoing, ServerConfig, ServerEvent, SharedKey};
use socketio08::{Text, Transport};
use socketio08_tokio::{Farewell, NodeConfig, SharedStore};

async fn nodes(store: &SharedStore) -> Vec<TestNode> {
    pool::start(3, |_, _| {
        let key = SharedKey::new(&[7; 32]).unwrap();
        NodeConfig::new(ServerConfig::default()).portable(store.clone(), key).unwrap()
    })
    .await
}

fn is_message(event: &ClientEvent) -> bool {
    matches!(event, ClientEvent::Received { .. })
}

async fn talk(user: &User, from: usize, to: usize) {
    for number in from..=to {
        user.send(Outgoing::Message(Text::from(format!("m{number}"))), AckMode::None);
        user.events(number, is_message).await;
    }
}

fn count(nodes: &[TestNode], wanted: impl Fn(&ServerEvent) -> bool) -> usize {
    nodes
        .iter()
        .map(|node| node.echo.events.lock().unwrap().iter().filter(|event| wanted(event)).count())
        .sum()
}

async fn every_message_comes_once_and_in_order_over(transport: Transport) {
    let store = SharedStore::memory();
    let nodes = nodes(&store).await;
    let user = pool::user(&nodes, transport);
    user.connected().await;
    talk(&user, 1, 12).await;
    let expected: Vec<String> = (1..=12).map(|number| format!("m{number}")).collect();
    assert_eq!(user.messages(), expected);
    assert_eq!(count(&nodes, |event| matches!(event, ServerEvent::Connected { .. })), 1, "one session");
    assert_eq!(count(&nodes, |event| matches!(event, ServerEvent::Received { .. })), 12);
    assert_eq!(store.figures().unwrap().1, 1, "one record");
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
async fn every_message_comes_once_and_in_order_over_websocket() {
    every_message_comes_once_and_in_order_over(Transport::Websocket).await;
}

#[tokio::test]
async fn a_polling_user_stays_when_servers_leave_one_after_the_other() {
    let store = SharedStore::memory();
    let mut nodes = nodes(&store).await;
    let user = pool::user(&nodes, Transport::XhrPolling);
    user.connected().await;
    talk(&user, 1, 3).await;
    for (number, from) in [(0, 4), (1, 7)] {
        nodes[number].stop_listening().await;
        nodes[number].node.shutdown(Farewell::Close).await;
        talk(&user, from, from + 2).await;
    }
    let expected: Vec<String> = (1..=9).map(|number| format!("m{number}")).collect();
    assert_eq!(user.messages(), expected);
    assert_eq!(
        count(&nodes, |event| matches!(event, ServerEvent::Connected { .. })),
        1,
        "no second handshake"
    );
}

#[tokio::test]
async fn a_user_whose_server_dies_starts_anew_at_another_one() {
    let store = SharedStore::memory();
    let mut nodes = nodes(&store).await;
    let user = pool::user(&nodes, Transport::Websocket);
    user.connected().await;
    talk(&user, 1, 1).await;
    let opened = |node: &TestNode| {
        let events = node.echo.events.lock().unwrap();
        events.iter().any(|event| matches!(event, ServerEvent::Connected { .. }))
    };
    let owner = nodes.iter().position(opened).unwrap();
    nodes[owner].stop_listening().await;
    nodes[owner].node.shutdown(Farewell::Cut).await;
    user.events(2, |event| matches!(event, ClientEvent::Connected { .. })).await;
    talk(&user, 2, 2).await;
}
