//! Our machine in the place of one of the recorded nodes.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use socketio08::server::{
    ExchangeId, Method, RedisConfig, Request, Server, ServerConfig, ServerEvent, ServerInput, ServerTransmit,
    SessionId, Store,
};
use socketio08::{Instant, Text, Transport};

use crate::app;
use crate::recording::{Deeds, Recording, Step, publication, text};

pub(crate) struct Node {
    name: String,
    server: Server,
    now: Instant,
    deeds: Deeds,
    /// What the machine is subscribed to, as a store would know.
    subscribed: BTreeSet<Text>,
    /// It has started: what was published before is not heard.
    started: bool,
    /// The id that the recorded node issues next.
    issued: Option<Text>,
}

fn node_id(name: &str) -> u64 {
    if name == "a" { 1001 } else { 1002 }
}

impl Node {
    pub(crate) fn new(recording: &Recording, name: &str) -> Self {
        let secs = |setting: &str, default: u64| {
            Duration::from_secs(recording.settings[setting].as_u64().unwrap_or(default))
        };
        let redis = RedisConfig::new(node_id(name), 1_795_000_000_000).faults(true);
        let config = ServerConfig::default()
            .store(Store::Redis(redis))
            .transports(vec![Transport::Websocket, Transport::XhrPolling])
            .endpoints(vec![Text::from_static("/chat")])
            .close_timeout(secs("close timeout", 25))
            .polling_duration(secs("polling duration", 20))
            .heartbeat_interval(secs("heartbeat interval", 20))
            .heartbeat_timeout(secs("heartbeat timeout", 15));
        let mut node = Self {
            name: name.to_owned(),
            server: Server::new(config, Instant::ZERO),
            now: Instant::ZERO,
            deeds: Deeds::default(),
            subscribed: BTreeSet::new(),
            started: !recording.starts_later(name),
            issued: None,
        };
        node.drive();
        node
    }

    /// Plays a step and the time up to the next one.
    pub(crate) fn play(&mut self, step: &Step, until_ms: u64) -> Deeds {
        self.advance(step.starts_ms);
        for event in &step.events {
            let at = event["t_ms"].as_u64().expect("a time");
            if event["node"] == *self.name {
                self.issue(step, event);
                self.advance(at);
                self.input(event);
            } else if event["ev"] == "publish" {
                self.advance(at);
                self.published(event);
            }
        }
        self.advance(until_ms);
        std::mem::take(&mut self.deeds)
    }

    /// A handshake gets the id of the recording.
    fn issue(&mut self, step: &Step, event: &Value) {
        if event["ev"] == "request" {
            let answer =
                step.events.iter().find(|other| other["ev"] == "response" && other["conn"] == event["conn"]);
            let body = answer.map_or("", |answer| text(answer, "body"));
            self.issued = body.split_once(':').map(|(id, _)| Text::from(id));
        }
    }

    fn input(&mut self, event: &Value) {
        let exchange = ExchangeId(event["conn"].as_u64().unwrap_or_default());
        let input = match text(event, "ev") {
            "request" => Self::request(event, exchange, false),
            "upgrade" => Self::request(event, exchange, true),
            "message" => ServerInput::Message { exchange, text: Text::from(text(event, "text")) },
            "subscribe" => {
                self.started = true;
                return;
            }
            "left" => ServerInput::Closed { exchange, clean: true },
            "command" => {
                if let Err(error) = app::command(self.now, &mut self.server, &event["command"]) {
                    self.deeds.told.push(format!("error {error:?}"));
                }
                return self.drive();
            }
            _ => return,
        };
        self.server.handle_input(self.now, input);
        self.drive();
    }

    fn request(event: &Value, exchange: ExchangeId, upgrade: bool) -> ServerInput {
        ServerInput::Request(Request {
            exchange,
            method: if event["method"] == "POST" { Method::Post } else { Method::Get },
            target: Text::from(text(event, "target")),
            headers: vec![(Text::from_static("Host"), Text::from_static("127.0.0.1"))],
            body: Bytes::copy_from_slice(text(event, "body").as_bytes()),
            upgrade,
            address: Text::from_static("127.0.0.1:50000"),
            secure: false,
        })
    }

    /// What the other node published, if the store has us as a subscriber. Our own comes back to us too.
    fn published(&mut self, event: &Value) {
        self.hear(Text::from(text(event, "channel")), Text::from(text(event, "message")));
        self.drive();
    }

    fn hear(&mut self, channel: Text, message: Text) {
        if self.started && self.subscribed.contains(&channel) {
            self.server.handle_input(self.now, ServerInput::Published { channel, message });
        }
    }

    fn advance(&mut self, until_ms: u64) {
        let until = Instant::from_millis(until_ms);
        while let Some(deadline) = self.server.poll_timeout().filter(|deadline| deadline.at <= until) {
            self.now = deadline.at;
            self.server.handle_timeout(self.now);
            self.drive();
        }
        self.now = self.now.max(until);
    }

    fn drive(&mut self) {
        loop {
            while let Some(transmit) = self.server.poll_transmit() {
                self.carry_out(transmit);
            }
            match self.server.poll_event() {
                None => return,
                Some(ServerEvent::HandshakeRequested { exchange, .. }) => {
                    let session = SessionId(self.issued.take().expect("a recorded handshake"));
                    self.server.accept(self.now, exchange, session).expect("a fresh id");
                }
                Some(event) => self.deeds.told.extend(app::react(self.now, &mut self.server, event)),
            }
        }
    }

    fn carry_out(&mut self, transmit: ServerTransmit) {
        let sent = match transmit {
            ServerTransmit::Publish { channel, message } => {
                self.deeds.published.push(publication(&channel, &message));
                return self.hear(channel, message);
            }
            ServerTransmit::Subscribe { channel } => {
                self.subscribed.insert(channel);
                return;
            }
            ServerTransmit::Unsubscribe { channel } => {
                self.subscribed.remove(&channel);
                return;
            }
            ServerTransmit::Respond { exchange, response } => {
                format!("{} answered {}", exchange.0, String::from_utf8_lossy(&response.body))
            }
            ServerTransmit::Message { exchange, text } => format!("{} {text}", exchange.0),
            ServerTransmit::Close { exchange } => format!("{} closed", exchange.0),
            _ => return,
        };
        self.deeds.sent.push(sent);
    }
}
