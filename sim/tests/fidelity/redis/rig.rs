//! Two or more server machines that share a Redis, one client's action after the other: what the recordings that counted commands
//! and objects did. Between two actions everything that is on its way arrives.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use socketio08::server::{
    ExchangeId, Method, RedisConfig, Request, Server, ServerConfig, ServerEvent, ServerInput, ServerTransmit,
    SessionId, Store,
};
use socketio08::{Instant, Text};
use socketio08_sim::scenario;
use socketio08_sim::world::redis::{Act, Command, Commands, Holding, LineId, NodeLink, Policy, Redis};
use socketio08_sim::world::seed::Seed;

struct Node {
    server: Server,
    link: NodeLink,
    line: LineId,
}

pub(crate) struct Rig {
    now: Instant,
    nodes: Vec<Node>,
    redis: Redis,
    shared: bool,
    lines_made: u64,
    exchanges_made: u64,
    sessions_made: u64,
    to_redis: VecDeque<(LineId, Command)>,
    answers: BTreeMap<ExchangeId, Text>,
}

impl Rig {
    pub(crate) fn new(servers: u64, shared: bool) -> Self {
        let mut rig = Self {
            now: Instant::ZERO,
            nodes: Vec::new(),
            redis: Redis::new(Duration::ZERO),
            shared,
            lines_made: servers,
            exchanges_made: 0,
            sessions_made: 0,
            to_redis: VecDeque::new(),
            answers: BTreeMap::new(),
        };
        for node in 0..servers {
            let mut config = ServerConfig::default();
            if shared {
                let mut redis = RedisConfig::new(node + 1, 1_322_000_000_000);
                redis.faults = true;
                config.store = Store::Redis(redis);
            }
            let server = Server::new(config, Instant::ZERO);
            let policy = Policy::Genuine { survives: true };
            let link = NodeLink::new(policy, true, Seed(1).stream("rig"));
            rig.redis.handle_connect(LineId(node));
            rig.nodes.push(Node { server, link, line: LineId(node) });
        }
        rig.settle();
        rig
    }

    // --- what a client does

    pub(crate) fn handshake(&mut self, node: usize) -> Text {
        let exchange = self.request(node, Method::Get, "/socket.io/1/?t=1".to_owned(), "", false);
        let body = self.answers.remove(&exchange).expect("a handshake");
        Text::from(body.split(':').next().expect("an id"))
    }

    pub(crate) fn poll(&mut self, node: usize, session: &Text) -> ExchangeId {
        self.request(node, Method::Get, format!("/socket.io/1/xhr-polling/{session}?t=2"), "", false)
    }

    pub(crate) fn post(&mut self, node: usize, session: &Text, body: &str) {
        self.request(node, Method::Post, format!("/socket.io/1/xhr-polling/{session}?t=3"), body, false);
    }

    pub(crate) fn socket(&mut self, node: usize, session: &Text) -> ExchangeId {
        self.request(node, Method::Get, format!("/socket.io/1/websocket/{session}"), "", true)
    }

    pub(crate) fn leave(&mut self, node: usize, exchange: ExchangeId) {
        self.input(node, ServerInput::Closed { exchange, clean: true });
    }

    /// What a poll was answered.
    pub(crate) fn answer(&self, exchange: ExchangeId) -> Option<&str> {
        self.answers.get(&exchange).map(Text::as_str)
    }

    fn request(
        &mut self,
        node: usize,
        method: Method,
        target: String,
        body: &str,
        upgrade: bool,
    ) -> ExchangeId {
        self.exchanges_made += 1;
        let exchange = ExchangeId(self.exchanges_made);
        let request = Request {
            exchange,
            method,
            target: Text::from(target),
            headers: Vec::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            upgrade,
            address: Text::from_static("127.0.0.1:1"),
            secure: false,
        };
        self.input(node, ServerInput::Request(request));
        exchange
    }

    fn input(&mut self, node: usize, input: ServerInput) {
        self.nodes[node].server.handle_input(self.now, input);
        self.settle();
    }

    /// Lets `span` pass.
    pub(crate) fn wait(&mut self, span: Duration) {
        let until = self.now + span;
        loop {
            let machines = self.nodes.iter().filter_map(|node| node.server.poll_timeout().map(|due| due.at));
            let links = self.nodes.iter().filter_map(|node| node.link.poll_timeout());
            let Some(due) = machines.chain(links).min().filter(|due| *due <= until) else { break };
            self.now = self.now.max(due);
            for node in &mut self.nodes {
                node.server.handle_timeout(due);
                node.link.handle_timeout(due);
            }
            self.settle();
        }
        self.now = until;
    }

    /// Redis ends and is back at once.
    pub(crate) fn restart_redis(&mut self) {
        self.redis.kill(self.now);
        self.redis.start(self.now);
        self.settle();
    }

    // --- what is counted

    pub(crate) fn commands(&self) -> Commands {
        self.redis.commands()
    }

    pub(crate) fn channels(&self) -> usize {
        self.redis.channel_count()
    }

    pub(crate) fn holds(&self, node: usize) -> Holding {
        let node = &self.nodes[node];
        let store = if self.shared { scenario::Store::Redis } else { scenario::Store::Memory };
        Holding::new(node.server.known(), store, node.link.listener_count())
    }

    // --- the world between

    fn settle(&mut self) {
        loop {
            for node in 0..self.nodes.len() {
                self.settle_node(node);
            }
            if let Some((line, command)) = self.to_redis.pop_front() {
                self.redis.handle_command(self.now, line, command);
            }
            let mut said = false;
            while let Some((line, reply)) = self.redis.poll_reply(self.now) {
                said = true;
                if let Some(node) = self.nodes.iter_mut().find(|node| node.line == line) {
                    node.link.handle_reply(self.now, reply);
                }
            }
            if !said && self.to_redis.is_empty() {
                break;
            }
        }
    }

    fn settle_node(&mut self, index: usize) {
        let now = self.now;
        let node = &mut self.nodes[index];
        loop {
            if let Some(transmit) = node.server.poll_transmit() {
                match transmit {
                    ServerTransmit::Publish { channel, message } => {
                        node.link.send(Command::Publish { channel, message });
                    }
                    ServerTransmit::Subscribe { channel } => node.link.send(Command::Subscribe { channel }),
                    ServerTransmit::Unsubscribe { channel } => {
                        node.link.send(Command::Unsubscribe { channel });
                    }
                    ServerTransmit::Respond { exchange, response } => {
                        self.answers.insert(exchange, Text::from_utf8_lossy(response.body));
                    }
                    _ => {}
                }
            } else if let Some(event) = node.server.poll_event() {
                match event {
                    ServerEvent::HandshakeRequested { exchange, .. } => {
                        self.sessions_made += 1;
                        let id = SessionId(Text::from(format!("{}", 4_711_000_000 + self.sessions_made)));
                        node.server.accept(now, exchange, id).expect("a fresh id");
                    }
                    ServerEvent::Received { session, packet } => {
                        let Some(ack) = &packet.id else { continue };
                        let args = Text::from_static("[\"hi\"]");
                        node.server.acknowledge(now, &session, &packet.endpoint, ack, args).expect("known");
                    }
                    _ => {}
                }
            } else if let Some(act) = node.link.poll_act() {
                match act {
                    Act::Send(command) => self.to_redis.push_back((node.line, command)),
                    Act::Deliver { channel, message } => {
                        node.server.handle_input(now, ServerInput::Published { channel, message });
                    }
                    Act::Connect => {
                        node.line = LineId(self.lines_made);
                        self.lines_made += 1;
                        assert!(self.redis.handle_connect(node.line));
                        node.link.handle_connected();
                    }
                    Act::Crash => panic!("a node that survives"),
                }
            } else {
                return;
            }
        }
    }
}
