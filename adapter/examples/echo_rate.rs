//! How many echoes a second one thread carries, node and clients together, over TCP on the loopback:
//! `cargo run --release -p socketio08-tokio --example echo_rate [CLIENTS [SECONDS]]`. Each client waits for its echo before
//! it sends again.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socketio08::client::{Client, ClientConfig, ClientEvent};
use socketio08::server::{AckMode, Outgoing, Server, ServerConfig, ServerEvent};
use socketio08::{Body, Instant, Text, Transport};
use socketio08_tokio::{
    Application, ClientApplication, ClientDriver, DriverConfig, Node, NodeConfig, RandomIds, TcpConnector,
    serve_tcp,
};
use tokio::net::TcpListener;

struct Echo;

impl Application for Echo {
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
        if let ServerEvent::Received { session, packet } = event
            && let Body::Message { data } = packet.body
        {
            // A session that ended meanwhile needs no echo.
            let _ = server.send(now, &session, &Text::EMPTY, Outgoing::Message(data), AckMode::None);
        }
    }
}

struct Caller(Arc<AtomicU64>);

impl Caller {
    fn call(now: Instant, client: &mut Client) {
        let message = Outgoing::Message(Text::from_static("how many of these fit into a second?"));
        // The only message on its way cannot fill a queue.
        let _ = client.send(now, &Text::EMPTY, message, AckMode::None);
    }
}

impl ClientApplication for Caller {
    fn event(&mut self, now: Instant, client: &mut Client, event: ClientEvent) {
        match event {
            ClientEvent::Connected { .. } => Self::call(now, client),
            ClientEvent::Received { .. } => {
                self.0.fetch_add(1, Ordering::Relaxed);
                Self::call(now, client);
            }
            _ => {}
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let clients: usize = arguments.next().as_deref().unwrap_or("50").parse()?;
    let seconds: u64 = arguments.next().as_deref().unwrap_or("3").parse()?;
    for transport in [Transport::Websocket, Transport::XhrPolling] {
        let rate = measure(transport, clients, Duration::from_secs(seconds.max(1))).await?;
        println!("{transport}: {rate} echoes/s, {clients} clients");
    }
    Ok(())
}

async fn measure(transport: Transport, clients: usize, span: Duration) -> Result<u64, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let node = Node::start(NodeConfig::new(ServerConfig::default()), Echo, RandomIds);
    let accepting = tokio::spawn(async move { serve_tcp(&node, &listener).await });
    let echoes = Arc::new(AtomicU64::new(0));
    let users: Vec<_> = (0..clients)
        .map(|_| {
            let config = ClientConfig::default().transports(vec![transport]);
            let connector = TcpConnector { to: address, from: None };
            let driver = DriverConfig::new(address.to_string());
            let caller = Caller(Arc::clone(&echoes));
            let (driver, _) = ClientDriver::new(driver, Client::new(config), connector, caller);
            tokio::spawn(driver.run())
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = echoes.load(Ordering::Relaxed);
    tokio::time::sleep(span).await;
    let rate = (echoes.load(Ordering::Relaxed) - before) / span.as_secs().max(1);
    users.iter().for_each(tokio::task::JoinHandle::abort);
    accepting.abort();
    Ok(rate)
}
