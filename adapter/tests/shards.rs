//! A server whose sessions are spread over two or four nodes, on a runtime of several threads. Each connection is given to the next
//! node, so half or three quarters of the requests meet a node that is not the owner of their session.
#![allow(clippy::unwrap_used, reason = "tests")]

mod rig;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use rig::user::{User, config};
use rig::{Echo, Raw};
use socketio08::client::ClientEvent;
use socketio08::server::{
    AckMode, Audience, NodeName, Outgoing, Server, ServerConfig, ServerEvent, SessionId, SharedKey,
};
use socketio08::{Body, Instant, Text, Transport};
use socketio08_tokio::{
    Application, Connections, DriverConfig, Farewell, NodeConfig, Peers, RandomIds, Shard, ShardFull, Shards,
    ShardsError, SharedStore, TcpConnector,
};
use tokio::net::{TcpListener, TcpStream};

const FOUR: NonZeroUsize = NonZeroUsize::new(4).unwrap();
const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// A server on a port, with the applications of its shards.
struct Sharded<A> {
    shards: Shards,
    applications: Arc<Mutex<Vec<A>>>,
    address: SocketAddr,
}

impl<A: Application + Clone> Sharded<A> {
    async fn start(make: impl Fn(Shard) -> A) -> Self {
        Self::of(FOUR, make).await
    }

    async fn of(count: NonZeroUsize, make: impl Fn(Shard) -> A) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let applications = Arc::new(Mutex::new(Vec::new()));
        let application = |shard: Shard| {
            let application = make(shard);
            applications.lock().unwrap().push(application.clone());
            application
        };
        let config = NodeConfig::new(ServerConfig::default());
        let shards = Shards::start(&config, count, application, || RandomIds).unwrap();
        let serving = shards.clone();
        tokio::spawn(async move { serving.serve_tcp(&listener).await });
        Self { shards, applications, address }
    }

    async fn connect(&self) -> Raw<TcpStream> {
        Raw::new(TcpStream::connect(self.address).await.unwrap())
    }

    /// A client each of whose requests has a connection of its own.
    fn user(&self, transport: Transport) -> User {
        let driver = DriverConfig::new("test").connections(Connections::PerRequest);
        User::start_with(driver, config(transport), TcpConnector { to: self.address, from: None })
    }
}

async fn echoes() -> Sharded<Echo> {
    Sharded::start(|_| Echo::default()).await
}

fn is_message(event: &ClientEvent) -> bool {
    matches!(event, ClientEvent::Received { .. })
}

async fn messages_come_once_and_in_order_over(transport: Transport) {
    for count in [TWO, FOUR] {
        messages_come_once_and_in_order(transport, count).await;
    }
}

async fn messages_come_once_and_in_order(transport: Transport, count: NonZeroUsize) {
    let server = Sharded::of(count, |_| Echo::default()).await;
    let users: Vec<User> = (0..8).map(|_| server.user(transport)).collect();
    for user in &users {
        user.connected().await;
        for number in 1..=12 {
            user.send(Outgoing::Message(Text::from(format!("m{number}"))), AckMode::None);
        }
    }
    let expected: Vec<String> = (1..=12).map(|number| format!("m{number}")).collect();
    for user in &users {
        user.events(12, is_message).await;
        assert_eq!(user.messages(), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_come_once_and_in_order_over_websockets() {
    messages_come_once_and_in_order_over(Transport::Websocket).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_come_once_and_in_order_over_xhr_polling() {
    messages_come_once_and_in_order_over(Transport::XhrPolling).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_come_once_and_in_order_over_jsonp_polling() {
    messages_come_once_and_in_order_over(Transport::JsonpPolling).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_come_once_and_in_order_over_htmlfile() {
    messages_come_once_and_in_order_over(Transport::Htmlfile).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_are_spread_over_all_shards_and_each_knows_its_own() {
    let server = echoes().await;
    for _ in 0..60 {
        let mut raw = server.connect().await;
        let id = raw.get("/socket.io/1/").await.body.split(':').next().unwrap().to_owned();
        assert_eq!(raw.get(&format!("/socket.io/1/xhr-polling/{id}")).await.body, "1::");
    }
    let began = |echo: &Echo| {
        let events = echo.events.lock().unwrap();
        events.iter().filter(|event| matches!(event, ServerEvent::Connected { .. })).count()
    };
    let began: Vec<usize> = server.applications.lock().unwrap().iter().map(began).collect();
    assert_eq!(began.iter().sum::<usize>(), 60);
    // None of 60 at one of four has a chance of one in thirty million.
    assert!(began.iter().all(|of_one| *of_one > 0), "{began:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_nobody_has_is_unknown_at_every_shard() {
    let server = echoes().await;
    for _ in 0..4 {
        let mut raw = server.connect().await;
        for session in 1..=8 {
            let answer = raw.get(&format!("/socket.io/1/xhr-polling/{session}")).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, "7:::1+0"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_polling_client_that_goes_ends_its_session_at_its_owner() {
    let server = echoes().await;
    let user = server.user(Transport::XhrPolling);
    user.connected().await;
    user.handle.call(|now, client| client.disconnect(now)).unwrap();
    let ended = async {
        loop {
            let found = server.applications.lock().unwrap().iter().any(|echo| {
                let events = echo.events.lock().unwrap();
                events.iter().any(|event| matches!(event, ServerEvent::Disconnected { .. }))
            });
            if found {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), ended).await.expect("it ends");
}

/// Gives what anybody says to everybody else.
#[derive(Clone)]
struct Repeater(Shard);

impl Repeater {
    fn repeat(now: Instant, server: &mut Server, message: &Outgoing, except: Vec<SessionId>) {
        server.broadcast(now, &Audience::default().except(except), message).unwrap();
    }
}

impl Application for Repeater {
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
        let ServerEvent::Received { session, packet } = event else { return };
        let Body::Message { data } = packet.body else { return };
        let message = Outgoing::Message(data);
        let told = self.0.tell_others(|_| {
            let message = message.clone();
            move |now: Instant, server: &mut Server| Self::repeat(now, server, &message, Vec::new())
        });
        told.unwrap();
        Self::repeat(now, server, &message, vec![session]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_told_to_the_others_reaches_every_session_once_and_in_order() {
    let server = Sharded::start(Repeater).await;
    let users: Vec<User> = (0..12)
        .map(|number| server.user([Transport::Websocket, Transport::XhrPolling][number % 2]))
        .collect();
    for user in &users {
        user.connected().await;
    }
    let (speaker, others) = users.split_first().unwrap();
    for number in 1..=20 {
        speaker.send(Outgoing::Message(Text::from(number.to_string())), AckMode::None);
    }
    let expected: Vec<String> = (1..=20).map(|number| number.to_string()).collect();
    for user in others {
        user.events(20, is_message).await;
        assert_eq!(user.messages(), expected);
    }
    assert!(speaker.messages().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_shards_end_together_and_their_connections_with_them() {
    let server = echoes().await;
    let users: Vec<User> = (0..8).map(|_| server.user(Transport::Websocket)).collect();
    for user in &users {
        user.connected().await;
    }
    server.shards.shutdown(Farewell::Disconnect).await;
    for user in &users {
        user.events(1, |event| matches!(event, ClientEvent::Disconnected { .. })).await;
    }
    // Who comes now is not answered by anybody.
    let mut raw = server.connect().await;
    raw.send_get("/socket.io/1/").await;
    assert!(raw.response().await.is_none());
}

#[tokio::test]
async fn stores_and_routing_are_refused_and_so_are_too_many_shards() {
    let key = || SharedKey::new(&[7; 32]).unwrap();
    let plain = || NodeConfig::new(ServerConfig::default());
    let routed = plain().routed(NodeName::new("a").unwrap(), Peers::default(), key());
    let portable = plain().portable(SharedStore::memory(), key()).unwrap();
    let start = |config: &NodeConfig, count: usize| {
        let count = NonZeroUsize::new(count).unwrap();
        Shards::start(config, count, |_| Echo::default(), || RandomIds).err()
    };
    assert_eq!(start(&routed, 2), Some(ShardsError::Store));
    assert_eq!(start(&portable, 2), Some(ShardsError::Store));
    assert_eq!(start(&plain(), 100_000), Some(ShardsError::TooMany { max: 1_024 }));
    assert_eq!(start(&plain(), 2), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_busy_shard_is_told_is_refused_beyond_its_limit_and_nothing_before_is_lost() {
    let server = Sharded::of(TWO, Repeater).await;
    let shard = server.applications.lock().unwrap()[0].0.clone();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    server.shards.nodes()[1].call(move |_, _| wait.recv().unwrap());
    let told = Arc::new(Mutex::new(0_u32));
    let tell = || {
        shard.tell_others(|_| {
            let told = Arc::clone(&told);
            move |_: Instant, _: &mut Server| *told.lock().unwrap() += 1
        })
    };
    for _ in 0..65_536 {
        tell().unwrap();
    }
    assert_eq!(tell(), Err(ShardFull { shard: 1 }));
    go.send(()).unwrap();
    let all = async {
        while *told.lock().unwrap() < 65_536 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), all).await.expect("all are carried out");
    assert_eq!(tell(), Ok(()));
}
