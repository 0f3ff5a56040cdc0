//! Several nodes, and a balancer that gives each connection to the next of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use socketio08::Transport;
use socketio08_tokio::{Connecting, Connections, Connector, DriverConfig, NodeConfig, TcpConnector};
use tokio::net::{TcpListener, TcpStream};

use super::TestNode;
use super::user::{User, config};

/// Gives each connection to the next server that accepts it, whoever asks.
#[derive(Clone)]
pub struct RoundRobin {
    servers: Arc<Vec<SocketAddr>>,
    next: Arc<AtomicUsize>,
}

impl RoundRobin {
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self { servers: Arc::new(servers), next: Arc::default() }
    }
}

impl Connector for RoundRobin {
    type Io = TcpStream;

    fn connect(&self) -> Connecting<TcpStream> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let servers = Arc::clone(&self.servers);
        Box::pin(async move {
            let mut refused = None;
            for turn in 0..servers.len() {
                let to = servers[(next + turn) % servers.len()];
                match (TcpConnector { to, from: None }).connect().await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => refused = Some(error),
                }
            }
            Err(refused.unwrap())
        })
    }
}

/// Starts nodes, each with the configuration that `configure` gives for its number and everybody's address.
pub async fn start(count: usize, configure: impl Fn(usize, &[SocketAddr]) -> NodeConfig) -> Vec<TestNode> {
    let mut listeners = Vec::new();
    for _ in 0..count {
        listeners.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
    }
    let addresses: Vec<SocketAddr> =
        listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
    listeners
        .into_iter()
        .enumerate()
        .map(|(number, listener)| TestNode::start_on(listener, configure(number, &addresses)))
        .collect()
}

/// A user each of whose requests goes to the next node.
pub fn user(nodes: &[TestNode], transport: Transport) -> User {
    let balancer = RoundRobin::new(nodes.iter().map(|node| node.address).collect());
    let driver = DriverConfig::new("test").connections(Connections::PerRequest);
    User::start_with(driver, config(transport), balancer)
}
