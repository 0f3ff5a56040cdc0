//! Our client, told and heard as the genuine ones are.

use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use socketio08::client::{Client, ClientBehaviour, ClientConfig, ClientEvent};
use socketio08::server::{AckMode, Outgoing};
use socketio08::{Body, Instant, Packet, Profile, Text, Transport};
use socketio08_tokio::{ClientApplication, ClientDriver, ClientHandle, DriverConfig, TcpConnector};
use tokio::runtime::Handle;

use super::client::Talker;
use crate::reports::Reports;

/// Acknowledgements awaited: endpoint and id, and the token they were asked for with.
type Awaited = Arc<Mutex<Vec<(Text, u64, Value)>>>;

/// A client in a task of its own, stopped when dropped.
pub(super) struct Ours {
    handle: ClientHandle,
    reports: Reports,
    awaited: Awaited,
}

impl Ours {
    /// Connects over one transport; expects a server of that release.
    pub(super) fn connect(runtime: &Handle, port: u16, release: Profile, transport: Transport) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let config = ClientConfig::for_profile(release)
            .behaviour(ClientBehaviour::Improved)
            .transports(vec![transport]);
        let (report, reports) = channel();
        let awaited = Awaited::default();
        let reporter = Reporter { report, awaited: Arc::clone(&awaited) };
        let connector = TcpConnector { to: address, from: None };
        let driver = DriverConfig::new(address.to_string());
        let (driver, handle) = ClientDriver::new(driver, Client::new(config), connector, reporter);
        runtime.spawn(driver.run());
        Self { handle, reports: Reports::new(reports), awaited }
    }

    fn send(&self, endpoint: Text, outgoing: Outgoing, mode: AckMode, token: &Value) {
        let (awaited, token) = (Arc::clone(&self.awaited), token.clone());
        self.handle
            .call(move |now, client| {
                let id = client.send(now, &endpoint, outgoing, mode).unwrap();
                awaited.lock().unwrap().extend(id.map(|id| (endpoint, id, token)));
            })
            .unwrap();
    }
}

impl Talker for Ours {
    fn tell(&mut self, command: &Value) {
        let endpoint = Text::from(command["endpoint"].as_str().unwrap_or_default());
        let token = &command["ack"];
        let acked = |mode| if token.is_null() { AckMode::None } else { mode };
        match command["do"].as_str().unwrap() {
            "join" => self.handle.call(move |now, client| client.join(now, endpoint).unwrap()).unwrap(),
            "send" => {
                let data = Text::from(command["data"].as_str().unwrap());
                self.send(endpoint, Outgoing::Message(data), acked(AckMode::Plain), token);
            }
            "json" => {
                let data = Text::from(command["data"].to_string());
                self.send(endpoint, Outgoing::Json(data), acked(AckMode::Plain), token);
            }
            "emit" => {
                let data = json!({"name": command["name"], "args": command["args"]});
                let event = Outgoing::Event(Text::from(data.to_string()));
                self.send(endpoint, event, acked(AckMode::WithData), token);
            }
            "disconnect" => self.handle.call(|now, client| client.disconnect(now)).unwrap(),
            other => panic!("no command {other}"),
        }
    }

    fn reports(&mut self) -> &mut Reports {
        &mut self.reports
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.handle.stop();
    }
}

/// Reports in the words of `peers/drive.js`.
struct Reporter {
    report: Sender<Value>,
    awaited: Awaited,
}

impl Reporter {
    fn received(now: Instant, client: &mut Client, packet: &Packet) -> Value {
        let endpoint = &*packet.endpoint;
        match &packet.body {
            Body::Message { data } => json!({"on": "message", "endpoint": endpoint, "data": &**data}),
            Body::Json { data } => json!({"on": "message", "endpoint": endpoint, "data": parsed(data)}),
            Body::Event { data } => {
                let event = parsed(data);
                if let (Some("question"), Some(id)) = (event["name"].as_str(), &packet.id) {
                    let answer = Text::from_static("[\"the answer\"]");
                    client.acknowledge(now, &packet.endpoint, id, answer).unwrap();
                }
                json!({"on": "event", "endpoint": endpoint, "name": event["name"], "args": event["args"]})
            }
            other => json!({"on": "unexpected", "packet": format!("{other:?}")}),
        }
    }

    fn acknowledged(&self, endpoint: &Text, id: u64, args: &Text) -> Value {
        let awaited = self.awaited.lock().unwrap();
        let token = awaited.iter().find(|(on, asked, _)| on == endpoint && *asked == id);
        let args = if args.is_empty() { json!([]) } else { parsed(args) };
        json!({"on": "ack", "endpoint": &**endpoint, "ack": token.map(|(_, _, token)| token), "args": args})
    }
}

impl ClientApplication for Reporter {
    fn event(&mut self, now: Instant, client: &mut Client, event: ClientEvent) {
        let report = match &event {
            ClientEvent::Connected { transport, .. } => {
                json!({"on": "connect", "endpoint": "", "transport": transport.to_string()})
            }
            ClientEvent::Joined { endpoint } => json!({"on": "connect", "endpoint": &**endpoint}),
            ClientEvent::Received { packet, .. } => Self::received(now, client, packet),
            ClientEvent::Acknowledged { endpoint, id, args } => self.acknowledged(endpoint, *id, args),
            ClientEvent::Disconnected { .. } => json!({"on": "disconnect", "endpoint": ""}),
            ClientEvent::Reconnecting { .. } => json!({"on": "reconnecting", "endpoint": ""}),
            ClientEvent::Reconnected => json!({"on": "reconnect", "endpoint": ""}),
            other => json!({"on": "other", "event": format!("{other:?}")}),
        };
        // The test may have ended.
        self.report.send(report).ok();
    }
}

fn parsed(data: &Text) -> Value {
    serde_json::from_str(data).unwrap()
}
