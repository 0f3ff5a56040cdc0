//! Redis and the servers' connections to it. A connection is one hop long and keeps its order; a publication that arrives waits for
//! the server's processor as a websocket message does.

use std::collections::BTreeMap;

use socketio08::Instant;
use socketio08::server::{ServerInput, ServerTransmit};

use super::processor::Work;
use super::queue::{Event, Wake};
use super::{Wire, World};
use crate::scenario::{Scenario, ServerIx, Signal};
use crate::trace::TraceEvent;
use crate::world::redis::{self, Act, Command, Holding, KeeperLink, LineId, NodeLink, Redis, Reply};
use crate::world::seed::Seed;

/// Something on its way between a server and Redis.
#[derive(Clone, Debug)]
pub(super) enum RedisEvent {
    /// At Redis: a server asks for a connection.
    Asked(LineId),
    /// At a server: whether it has one.
    Answered(LineId, bool),
    /// At Redis.
    Command(LineId, Command),
    /// At Redis: the server's process has ended.
    Left(LineId),
    /// At a server.
    Reply(LineId, Reply),
    /// Redis has something to say.
    Wakes,
    /// A server tries to connect again.
    Retries(ServerIx),
}

/// Redis and what every server has to do with it.
pub(super) struct Shared {
    redis: Redis,
    wake: Wake,
    nodes: Vec<Node>,
    lines: BTreeMap<LineId, ServerIx>,
    lines_made: u64,
}

struct Node {
    wire: Wire,
    seed: Seed,
    /// That of the running process.
    link: Option<NodeLink>,
    starts: u32,
    line: Option<LineId>,
    /// For the records of portable sessions.
    keeper: KeeperLink,
    keeper_line: Option<LineId>,
    wake: Wake,
    last_up: Instant,
    last_down: Instant,
}

impl Shared {
    /// The Redis of a scenario, if its servers share one.
    pub(super) fn new(scenario: &Scenario, seed: Seed) -> Option<Self> {
        if !scenario.servers.store.has_redis() {
            return None;
        }
        let latency = scenario.redis.latency.unwrap_or(scenario.network.latency);
        let node = |server| Node {
            wire: Wire::new(latency, seed, &format!("network/redis/{server}")),
            seed,
            link: None,
            starts: 0,
            line: None,
            keeper: KeeperLink::default(),
            keeper_line: None,
            wake: Wake::default(),
            last_up: Instant::ZERO,
            last_down: Instant::ZERO,
        };
        Some(Self {
            redis: Redis::new(scenario.redis.command_cost),
            wake: Wake::default(),
            nodes: (0..scenario.servers.count).map(node).collect(),
            lines: BTreeMap::new(),
            lines_made: 0,
        })
    }

    pub(super) fn keeper_mut(&mut self, server: ServerIx) -> Option<&mut KeeperLink> {
        self.nodes.get_mut(server.0).map(|node| &mut node.keeper)
    }

    pub(super) fn keeper_line(&self, server: ServerIx) -> Option<LineId> {
        self.nodes.get(server.0)?.keeper_line
    }

    pub(super) fn new_keeper_line(&mut self, server: ServerIx) -> LineId {
        let line = self.number_line(server);
        if let Some(node) = self.nodes.get_mut(server.0) {
            node.keeper_line = Some(line);
        }
        line
    }

    fn number_line(&mut self, server: ServerIx) -> LineId {
        let line = LineId(self.lines_made);
        self.lines_made += 1;
        self.lines.insert(line, server);
        line
    }

    fn new_line(&mut self, server: ServerIx) -> LineId {
        let line = self.number_line(server);
        if let Some(node) = self.nodes.get_mut(server.0) {
            node.line = Some(line);
        }
        line
    }

    fn node_of(&mut self, line: LineId) -> Option<(ServerIx, &mut Node)> {
        let server = *self.lines.get(&line)?;
        Some((server, self.nodes.get_mut(server.0)?))
    }
}

impl World<'_> {
    /// A process started; `told`: in the middle of the run, so that it has to connect first.
    pub(super) fn redis_joined(&mut self, server: ServerIx, told: bool) {
        let policy = redis::policy(self.scenario);
        let Some(shared) = &mut self.redis else { return };
        if !told {
            let line = shared.new_line(server);
            shared.redis.handle_connect(line);
        }
        let Some(node) = shared.nodes.get_mut(server.0) else { return };
        let chance = node.seed.stream(&format!("servers/{}/{}/redis", server.0, node.starts));
        node.starts += 1;
        node.link = Some(NodeLink::new(policy, !told, chance));
        self.settle_redis_node(server);
    }

    /// A process ended.
    pub(super) fn redis_left(&mut self, server: ServerIx) {
        let Some(node) = self.redis.as_mut().and_then(|shared| shared.nodes.get_mut(server.0)) else {
            return;
        };
        node.link = None;
        node.keeper = KeeperLink::default();
        let lines = [node.line.take(), node.keeper_line.take()];
        for line in lines.into_iter().flatten() {
            self.send_to_redis(server, RedisEvent::Left(line));
        }
    }

    /// What a machine says to the store.
    pub(super) fn redis_sends(&mut self, server: ServerIx, transmit: ServerTransmit) {
        let command = match transmit {
            ServerTransmit::Publish { channel, message } => Command::Publish { channel, message },
            ServerTransmit::Subscribe { channel } => Command::Subscribe { channel },
            ServerTransmit::Unsubscribe { channel } => Command::Unsubscribe { channel },
            _ => return,
        };
        let node = self.redis.as_mut().and_then(|shared| shared.nodes.get_mut(server.0));
        if let Some(link) = node.and_then(|node| node.link.as_mut()) {
            link.send(command);
            self.settle_redis_node(server);
        }
    }

    pub(super) fn send_to_redis(&mut self, server: ServerIx, event: RedisEvent) {
        let Some(node) = self.redis.as_mut().and_then(|shared| shared.nodes.get_mut(server.0)) else {
            return;
        };
        node.last_up = node.last_up.max(self.now + node.wire.delay());
        self.queue.push(node.last_up, Event::Redis(event));
    }

    fn send_from_redis(&mut self, line: LineId, event: RedisEvent) {
        let now = self.now;
        let Some((_, node)) = self.redis.as_mut().and_then(|shared| shared.node_of(line)) else { return };
        node.last_down = node.last_down.max(now + node.wire.delay());
        let at = node.last_down;
        self.queue.push(at, Event::Redis(event));
    }

    /// Carries out what a link says, until there is nothing left.
    fn settle_redis_node(&mut self, server: ServerIx) {
        loop {
            let Some(shared) = &mut self.redis else { return };
            let Some(node) = shared.nodes.get_mut(server.0) else { return };
            let Some(act) = node.link.as_mut().and_then(NodeLink::poll_act) else { break };
            match (act, node.line) {
                (Act::Connect, _) => {
                    let line = shared.new_line(server);
                    self.send_to_redis(server, RedisEvent::Asked(line));
                }
                (Act::Send(command), Some(line)) => {
                    self.send_to_redis(server, RedisEvent::Command(line, command));
                }
                (Act::Send(_), None) => {}
                (Act::Deliver { channel, message }, _) => {
                    self.server_takes(server, ServerInput::Published { channel, message });
                }
                (Act::Crash, _) => self.end_server(server, Signal::Kill, false),
            }
        }
        let Some(node) = self.redis.as_mut().and_then(|shared| shared.nodes.get_mut(server.0)) else {
            return;
        };
        let due = node.link.as_ref().and_then(NodeLink::poll_timeout);
        if let Some(at) = node.wake.arm(due) {
            self.queue.push(at.max(self.now), Event::Redis(RedisEvent::Retries(server)));
        }
    }

    /// Notes what every server holds.
    pub(super) fn take_stock(&mut self) {
        let store = self.scenario.servers.store;
        for server in 0..self.servers.len() {
            let Some(known) = self.servers.get(server).and_then(super::server::ServerNode::known) else {
                continue;
            };
            let link = self.redis.as_ref().and_then(|shared| shared.nodes.get(server)?.link.as_ref());
            let counts = link.map(NodeLink::counts).unwrap_or_default();
            let listeners = link.map_or(0, NodeLink::listener_count);
            let holding = Holding {
                published: counts.published,
                received: counts.received,
                shared: self.servers.get(server).map(|node| node.sharing).unwrap_or_default(),
                ..Holding::new(known, store, listeners)
            };
            self.trace.record(self.now, TraceEvent::Holds { server: ServerIx(server), holding });
        }
    }

    /// Notes what Redis has executed.
    pub(super) fn redis_takes_stock(&self) {
        let Some(shared) = &self.redis else { return };
        let channels = u64::try_from(shared.redis.channel_count()).unwrap_or(u64::MAX);
        let commands = shared.redis.commands();
        let (records, record_bytes) = shared.redis.records(self.now);
        let event = TraceEvent::RedisExecuted { commands, channels, records, record_bytes };
        self.trace.record(self.now, event);
    }

    fn settle_redis(&mut self) {
        while let Some((line, reply)) =
            self.redis.as_mut().and_then(|shared| shared.redis.poll_reply(self.now))
        {
            self.send_from_redis(line, RedisEvent::Reply(line, reply));
        }
        let Some(shared) = &mut self.redis else { return };
        if let Some(at) = shared.wake.arm(shared.redis.poll_timeout()) {
            self.queue.push(at.max(self.now), Event::Redis(RedisEvent::Wakes));
        }
    }

    pub(super) fn redis_event(&mut self, event: RedisEvent) {
        let now = self.now;
        let Some(shared) = &mut self.redis else { return };
        match event {
            RedisEvent::Asked(line) => {
                let open = shared.redis.handle_connect(line);
                self.send_from_redis(line, RedisEvent::Answered(line, open));
            }
            RedisEvent::Command(line, command) => {
                shared.redis.handle_command(now, line, command);
                self.settle_redis();
            }
            RedisEvent::Left(line) => {
                shared.redis.handle_close(line);
                shared.lines.remove(&line);
            }
            RedisEvent::Wakes => {
                if shared.wake.fires(now) {
                    self.settle_redis();
                }
            }
            RedisEvent::Retries(server) => {
                let Some(node) = shared.nodes.get_mut(server.0) else { return };
                if !node.wake.fires(now) {
                    return;
                }
                if let Some(link) = &mut node.link {
                    link.handle_timeout(now);
                }
                self.settle_redis_node(server);
            }
            RedisEvent::Answered(line, open) => {
                let Some((server, node)) = shared.node_of(line) else { return };
                if node.keeper_line == Some(line) {
                    if open {
                        node.keeper.handle_connected();
                    } else {
                        node.keeper_line = None;
                        node.keeper.handle_closed(now);
                    }
                    return self.settle_keeper(server);
                }
                let Some(store) = node.link.as_mut().filter(|_| node.line == Some(line)) else { return };
                if open {
                    store.handle_connected();
                } else {
                    node.line = None;
                    store.handle_refused(now);
                }
                self.settle_redis_node(server);
            }
            RedisEvent::Reply(line, reply) => self.redis_replies(line, reply),
        }
    }

    /// Redis's word reached a server's host: a publication or a record costs what a message costs, the rest nothing.
    fn redis_replies(&mut self, line: LineId, reply: Reply) {
        let Some((server, _)) = self.redis.as_mut().and_then(|shared| shared.node_of(line)) else { return };
        let cost = match reply {
            Reply::Message { .. } | Reply::Stored { .. } => self.scenario.servers.cost.message,
            Reply::Subscribed { .. } | Reply::Closed => std::time::Duration::ZERO,
        };
        self.give_work(server, cost, Work::Redis(line, reply));
    }

    /// The server's processor got to it.
    pub(super) fn redis_served(&mut self, line: LineId, reply: Reply) {
        let now = self.now;
        let Some((server, node)) = self.redis.as_mut().and_then(|shared| shared.node_of(line)) else {
            return;
        };
        if node.keeper_line == Some(line) {
            match reply {
                Reply::Stored { ticket, answer } => node.keeper.handle_answer(ticket, answer),
                Reply::Closed => {
                    node.keeper_line = None;
                    node.keeper.handle_closed(now);
                }
                Reply::Message { .. } | Reply::Subscribed { .. } => {}
            }
            return self.settle_keeper(server);
        }
        let Some(store) = node.link.as_mut().filter(|_| node.line == Some(line)) else { return };
        if reply == Reply::Closed {
            node.line = None;
        }
        store.handle_reply(now, reply);
        self.settle_redis_node(server);
    }

    /// Redis ends.
    pub(super) fn end_redis(&mut self) {
        let Some(shared) = &mut self.redis else { return };
        shared.redis.kill(self.now);
        self.trace.record(self.now, TraceEvent::RedisDown);
        self.settle_redis();
    }

    /// Redis is back, empty.
    pub(super) fn start_redis(&mut self) {
        let Some(shared) = &mut self.redis else { return };
        shared.redis.start(self.now);
        self.trace.record(self.now, TraceEvent::RedisUp);
    }
}
