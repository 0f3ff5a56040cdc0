//! The one processor of a server: a Node process has one thread, so what arrives while it works waits, and what it writes leaves when
//! it has come to it.

use std::collections::VecDeque;
use std::time::Duration;

use socketio08::Instant;

use super::World;
use super::conn::Listener;
use super::queue::{Down, Event, Up};
use crate::scenario::ServerIx;
use crate::world::balancer::ConnId;
use crate::world::redis::{LineId, Reply};

/// What waits for a processor.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// Something of a connection to the server.
    Serve(ConnId, Up),
    /// Something of the owner of a session, or of the second stack, that the server passes on.
    Relay(ConnId, Down),
    /// A word of Redis.
    Redis(LineId, Reply),
}

/// The processor of a process.
#[derive(Debug)]
pub(super) struct Processor {
    /// When it is through with what it has begun.
    free_at: Instant,
    running: Option<Work>,
    backlog: VecDeque<(Duration, Work)>,
    /// What the backlog costs together.
    owed: Duration,
}

impl Processor {
    pub(super) fn new(now: Instant) -> Self {
        Self { free_at: now, running: None, backlog: VecDeque::new(), owed: Duration::ZERO }
    }

    /// When it has done everything that came so far.
    pub(super) fn free_at(&self) -> Instant {
        self.free_at + self.owed
    }

    /// Whether nothing runs or waits.
    pub(super) fn is_free(&self, now: Instant) -> bool {
        self.running.is_none() && self.free_at <= now
    }

    /// Takes `cost` of its time after what it has begun; tells when that is over.
    pub(super) fn spend(&mut self, now: Instant, cost: Duration) -> Instant {
        self.free_at = self.free_at.max(now) + cost;
        self.free_at
    }

    /// Begins with what waits longest, unless something runs; tells when it is done.
    fn begin(&mut self, now: Instant) -> Option<Instant> {
        if self.running.is_some() {
            return None;
        }
        let (cost, work) = self.backlog.pop_front()?;
        self.owed -= cost;
        self.running = Some(work);
        Some(self.spend(now, cost))
    }
}

impl World<'_> {
    /// Something reached a server's process that takes `cost` of its time.
    pub(super) fn give_work(&mut self, server: ServerIx, cost: Duration, work: Work) {
        let cost = self.slowed(server, cost);
        let now = self.now;
        let Some(process) = self.servers.get_mut(server.0).and_then(|node| node.process.as_mut()) else {
            return;
        };
        if cost.is_zero() && process.processor.is_free(now) {
            return self.do_work(work);
        }
        process.processor.owed += cost;
        process.processor.backlog.push_back((cost, work));
        self.begin_work(server);
    }

    fn begin_work(&mut self, server: ServerIx) {
        let now = self.now;
        let Some(node) = self.servers.get_mut(server.0) else { return };
        let begun = node.process.as_mut().and_then(|process| process.processor.begin(now));
        if let Some(at) = begun {
            self.queue.push(at, Event::Worked(server, node.starts));
        }
    }

    /// The processor of the process with that number is through with what ran, unless a timer came between.
    pub(super) fn worked(&mut self, server: ServerIx, start: u32) {
        let now = self.now;
        let Some(node) = self.servers.get_mut(server.0).filter(|node| node.starts == start) else { return };
        let Some(process) = &mut node.process else { return };
        if process.processor.free_at > now {
            return self.queue.push(process.processor.free_at, Event::Worked(server, start));
        }
        if let Some(work) = process.processor.running.take() {
            self.do_work(work);
        }
        self.begin_work(server);
    }

    pub(super) fn do_work(&mut self, work: Work) {
        match work {
            Work::Serve(link, item) => self.server_serves(link, item),
            Work::Relay(link, item) => self.relay_from_peer(link, item),
            Work::Redis(line, reply) => self.redis_served(line, reply),
        }
    }

    /// The process writes to one of its connections, which takes `cost` of its time, after all that it wrote before.
    pub(super) fn write(&mut self, server: ServerIx, link: ConnId, item: Down, cost: Duration) {
        let cost = self.slowed(server, cost);
        let now = self.now;
        let Some(process) = self.servers.get_mut(server.0).and_then(|node| node.process.as_mut()) else {
            return;
        };
        let at = process.processor.spend(now, cost);
        if at > now {
            self.queue.push(at, Event::Write(link, item));
        } else {
            self.written(link, item);
        }
    }

    /// The process has come to it; of one that died since nothing leaves.
    pub(super) fn written(&mut self, link: ConnId, item: Down) {
        let Some(conn) = self.conns.get(link.0).filter(|conn| conn.at_listener) else { return };
        let Listener::Server(server) = conn.listener else { return };
        if self.is_held(server, || Event::Write(link, item.clone())) {
            return;
        }
        match item {
            Down::Fin => self.close_from_server(link),
            item => self.send_down(link, item),
        }
        self.end_if_left(server);
    }

    /// Takes `cost` of a process's time for what nothing else waits for.
    pub(super) fn occupy(&mut self, server: ServerIx, cost: Duration) {
        let cost = self.slowed(server, cost);
        let now = self.now;
        if let Some(process) = self.servers.get_mut(server.0).and_then(|node| node.process.as_mut()) {
            process.processor.spend(now, cost);
        }
    }

    /// What something costs a server that a fault may slow.
    fn slowed(&mut self, server: ServerIx, cost: Duration) -> Duration {
        let slowed = self.servers.get(server.0).and_then(|node| node.slowed);
        match slowed.filter(|_| !cost.is_zero()) {
            Some((fault, factor)) => {
                self.bite(fault);
                cost * factor
            }
            None => cost,
        }
    }
}
