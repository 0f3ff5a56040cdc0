//! A client with its driver, whose events a test waits for.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socketio08::client::{Client, ClientConfig, ClientEvent, ClientTransmit};
use socketio08::server::{AckMode, Outgoing};
use socketio08::{Body, Instant, Text, Transport};
use socketio08_tokio::{
    ClientApplication, ClientDriver, ClientHandle, Connector, DriverConfig, TcpConnector, Trouble,
};

/// What a user saw, in order.
#[derive(Clone, Default)]
pub struct Seen {
    pub events: Arc<Mutex<Vec<ClientEvent>>>,
    pub transmits: Arc<Mutex<Vec<ClientTransmit>>>,
    pub troubles: Arc<Mutex<Vec<Trouble>>>,
}

impl ClientApplication for Seen {
    fn event(&mut self, _now: Instant, _client: &mut Client, event: ClientEvent) {
        self.events.lock().unwrap().push(event);
    }

    fn observe_transmit(&mut self, _now: Instant, transmit: &ClientTransmit) {
        self.transmits.lock().unwrap().push(transmit.clone());
    }

    fn observe_trouble(&mut self, _now: Instant, trouble: &Trouble) {
        self.troubles.lock().unwrap().push(trouble.clone());
    }
}

pub struct User {
    pub seen: Seen,
    pub handle: ClientHandle,
    pub task: tokio::task::JoinHandle<Seen>,
}

pub fn config(transport: Transport) -> ClientConfig {
    ClientConfig::default().transports(vec![transport])
}

impl User {
    pub fn start(address: SocketAddr, transport: Transport) -> Self {
        let connector = TcpConnector { to: address, from: None };
        Self::start_with(DriverConfig::new(address.to_string()), config(transport), connector)
    }

    pub fn start_with(driver: DriverConfig, client: ClientConfig, connector: impl Connector) -> Self {
        let seen = Seen::default();
        let (driver, handle) = ClientDriver::new(driver, Client::new(client), connector, seen.clone());
        Self { seen, handle, task: tokio::spawn(driver.run()) }
    }

    pub fn send(&self, outgoing: Outgoing, ack: AckMode) {
        let send = move |now, client: &mut Client| {
            client.send(now, &Text::EMPTY, outgoing, ack).unwrap();
        };
        self.handle.call(send).unwrap();
    }

    /// Waits until `count` events please `wanted`, and gives the last of those.
    pub async fn events(&self, count: usize, wanted: impl Fn(&ClientEvent) -> bool) -> ClientEvent {
        for _ in 0..1_000 {
            let found =
                self.seen.events.lock().unwrap().iter().filter(|event| wanted(event)).nth(count - 1).cloned();
            if let Some(event) = found {
                return event;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} events did not come; there were {:?}", self.seen.events.lock().unwrap());
    }

    pub async fn connected(&self) {
        self.events(1, |event| matches!(event, ClientEvent::Connected { .. })).await;
    }

    /// The texts of the messages received so far.
    pub fn messages(&self) -> Vec<String> {
        let events = self.seen.events.lock().unwrap();
        events
            .iter()
            .filter_map(|event| match event {
                ClientEvent::Received { packet, .. } => match &packet.body {
                    Body::Message { data } => Some(data.to_string()),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }
}
