//! Servers: processes that come and go, and their ends of links.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use socketio08::server::{
    ExchangeId, Known, Request, Response, Server, ServerEvent, ServerInput, ServerTransmit,
};
use socketio08::{Instant, Text};
use socketio08_tokio::{Application, deliver};

use super::conn::{Dialer, Listener};
use super::harms::Paused;
use super::peers::PeerLinks;
use super::processor::{Processor, Work};
use super::queue::{Down, Event, Up, Wake};
use super::{Wire, World};
use crate::scenario::{Scenario, ServerIx, Signal, Store, TlsAt};
use crate::trace::TraceEvent;
use crate::world::application::{PoolApplication, SeededIds, server_config};
use crate::world::balancer::{ConnId, Headers, ResponseHead, SET_COOKIE};
use crate::world::redis::{Operation, SharingCost};
use crate::world::seed::Seed;

/// One server of the pool.
pub(super) struct ServerNode {
    pub(super) wire: Wire,
    pub(super) process: Option<Process>,
    /// The fault that slows it, and how many times.
    pub(super) slowed: Option<(usize, u32)>,
    /// How many processes it had.
    pub(super) starts: u32,
    /// What sharing sessions cost it so far.
    pub(super) sharing: SharingCost,
    /// Links whose server's end is open.
    pub(super) links: BTreeSet<ConnId>,
}

/// A running process.
pub(super) struct Process {
    pub(super) machine: Server,
    pub(super) app: PoolApplication,
    ids: SeededIds,
    pub(super) wake: Wake,
    pub(super) exchanges: BTreeMap<ExchangeId, ConnId>,
    pub(super) peers: PeerLinks,
    /// It was stopped, and only waits for the store to have its sessions.
    pub(super) leaving: bool,
    /// How many requests it passed on to the second stack.
    pub(super) passed_on: usize,
    /// Those whose response goes on.
    streams: BTreeSet<ExchangeId>,
    exchanges_made: u64,
    pub(super) processor: Processor,
    /// The fault that paused it, with what came since.
    pub(super) paused: Option<Paused>,
}

impl Process {
    /// When its application wants to act; that of a process that leaves is over.
    fn application_due(&self) -> Option<Instant> {
        self.app.poll_timeout().filter(|_| !self.leaving)
    }
}

impl ServerNode {
    pub(super) fn new(scenario: &Scenario, seed: Seed, server: ServerIx) -> Self {
        let name = format!("network/servers/{}", server.0);
        Self {
            wire: Wire::new(scenario.network.latency, seed, &name),
            slowed: None,
            process: None,
            starts: 0,
            sharing: SharingCost::default(),
            links: BTreeSet::new(),
        }
    }

    /// What the running process knows.
    pub(super) fn known(&self) -> Option<Known> {
        self.living().map(|process| process.machine.known())
    }

    /// Since when, or from when on, its process has nothing to do; `None`: none runs.
    pub(super) fn free(&self) -> Option<Instant> {
        self.living().map(|process| process.processor.free_at())
    }

    /// It takes connections.
    pub(super) fn is_alive(&self) -> bool {
        self.living().is_some()
    }

    fn living(&self) -> Option<&Process> {
        self.process.as_ref().filter(|process| !process.leaving)
    }
}

impl World<'_> {
    // --- life and death

    /// Starts a process, unless one runs; `told`: it is a part of the story, not of the beginning.
    pub(super) fn start_server(&mut self, server: ServerIx, told: bool) {
        if self.servers[server.0].is_alive() {
            return;
        }
        self.finish(server);
        let node = &mut self.servers[server.0];
        node.process = Some(Process {
            machine: Server::new(server_config(self.scenario, server, node.starts), self.now),
            app: PoolApplication::new(self.now, self.scenario, server, self.trace.clone()),
            ids: SeededIds::new(self.seed, server, node.starts),
            wake: Wake::default(),
            exchanges: BTreeMap::new(),
            peers: PeerLinks::default(),
            leaving: false,
            passed_on: 0,
            streams: BTreeSet::new(),
            exchanges_made: 0,
            processor: Processor::new(self.now),
            paused: None,
        });
        node.starts += 1;
        self.redis_joined(server, told);
        if told {
            self.trace.record(self.now, TraceEvent::ServerUp { server });
        }
        self.settle_server(server);
    }

    /// Ends the process, if one runs: its connections are closed, its sessions are forgotten; portable ones of a process that is
    /// stopped go to the store before.
    pub(super) fn end_server(&mut self, server: ServerIx, signal: Signal, planned: bool) {
        if !self.servers[server.0].is_alive() {
            return;
        }
        let graceful = signal == Signal::Term;
        let leaves = graceful && self.hands_over();
        if leaves {
            self.hand_over(server);
        }
        self.trace.record(self.now, TraceEvent::ServerDown { server, graceful, planned });
        if leaves {
            self.leave(server);
        } else {
            self.finish(server);
        }
    }

    /// The process is no more, if there was one.
    pub(super) fn finish(&mut self, server: ServerIx) {
        let Some(process) = self.servers[server.0].process.take() else { return };
        self.redis_left(server);
        self.leave_peers(process.peers);
        self.close_links(server);
    }

    pub(super) fn close_links(&mut self, server: ServerIx) {
        for link in std::mem::take(&mut self.servers[server.0].links) {
            self.close_from_server(link);
        }
    }

    pub(super) fn close_from_server(&mut self, id: ConnId) {
        let Some(link) = self.conns.get_mut(id.0).filter(|link| link.at_listener) else { return };
        link.at_listener = false;
        link.served = None;
        let Listener::Server(server) = link.listener else { return };
        self.servers[server.0].links.remove(&id);
        self.send_down(id, Down::Fin);
        self.forget_conn(id);
    }

    // --- the machine

    pub(super) fn server_wakes(&mut self, server: ServerIx) {
        if self.paused_by(server).is_some_and(|fault| self.bite(fault)) {
            return;
        }
        let Some(process) = &mut self.servers[server.0].process else { return };
        if !process.wake.fires(self.now) {
            return;
        }
        process.machine.handle_timeout(self.now);
        if process.application_due().is_some_and(|due| due <= self.now) {
            process.app.handle_timeout(self.now, &mut process.machine);
        }
        self.settle_server(server);
    }

    pub(super) fn server_takes(&mut self, server: ServerIx, input: ServerInput) {
        let Some(process) = &mut self.servers[server.0].process else { return };
        process.app.observe(self.now, &input);
        process.machine.handle_input(self.now, input);
        self.settle_server(server);
    }

    pub(super) fn settle_server(&mut self, server: ServerIx) {
        loop {
            let Some(process) = &mut self.servers[server.0].process else { return };
            if let Some(transmit) = process.machine.poll_transmit() {
                process.app.observe_transmit(self.now, &transmit);
                self.server_sends(server, transmit);
            } else if let Some(event) = process.machine.poll_event() {
                if matches!(&event, ServerEvent::Connected { endpoint, .. } if endpoint.is_empty()) {
                    self.opened(server);
                }
                let Some(process) = &mut self.servers[server.0].process else { return };
                // The simulated application answers at once.
                let _ = deliver(self.now, &mut process.machine, &mut process.app, &mut process.ids, event);
            } else {
                break;
            }
        }
        let Some(process) = &mut self.servers[server.0].process else { return };
        let machine = process.machine.poll_timeout().map(|deadline| deadline.at);
        let due = machine.into_iter().chain(process.application_due()).min();
        if let Some(at) = process.wake.arm(due) {
            self.queue.push(at.max(self.now), Event::ServerWake(server));
        }
        self.end_if_left(server);
    }

    fn server_sends(&mut self, server: ServerIx, transmit: ServerTransmit) {
        let Some(process) = &mut self.servers[server.0].process else { return };
        let link = |exchange: ExchangeId| process.exchanges.get(&exchange).copied();
        // What ends a request is part of the request's cost.
        let send = self.scenario.servers.cost.send;
        let (link, item, cost) = match transmit {
            ServerTransmit::Respond { exchange, response } => {
                let link = self.exchange_over(server, exchange);
                (link, Down::Response(carried(response)), Duration::ZERO)
            }
            ServerTransmit::Begin { exchange, response } => {
                let link = link(exchange);
                process.streams.insert(exchange);
                (link, Down::Begun(carried(response)), Duration::ZERO)
            }
            ServerTransmit::Chunk { exchange, chunk } => (link(exchange), Down::Chunk(chunk), send),
            ServerTransmit::Upgrade { exchange } => {
                (link(exchange), Down::Upgraded(ResponseHead::new(101, Bytes::new())), Duration::ZERO)
            }
            ServerTransmit::Message { exchange, text } => (link(exchange), Down::Message(text), send),
            ServerTransmit::Close { exchange } => {
                let item = if process.streams.remove(&exchange) { Down::Whole } else { Down::Fin };
                (self.exchange_over(server, exchange), item, Duration::ZERO)
            }
            ServerTransmit::Forward { exchange, node, request } => {
                return self.forward_to_owner(server, exchange, &node, request);
            }
            shared => {
                return match Operation::of(&shared) {
                    Some(operation) => self.store_operates(server, operation),
                    None => self.redis_sends(server, shared),
                };
            }
        };
        if let Some(link) = link {
            self.write(server, link, item, cost);
        }
    }

    /// The machine is through with an exchange: the connection it came by.
    fn exchange_over(&mut self, server: ServerIx, exchange: ExchangeId) -> Option<ConnId> {
        let link = self.servers[server.0].process.as_mut()?.exchanges.remove(&exchange);
        self.give_up_forward(server, exchange);
        let link = link?;
        if let Some(conn) = self.conns.get_mut(link.0) {
            conn.served = None;
        }
        Some(link)
    }

    /// A session has its first transport, which costs the more, the more sessions there are; the Redis store tells every server of
    /// those of all.
    fn opened(&mut self, server: ServerIx) {
        let shared = self.scenario.servers.store == Store::Redis;
        let nodes = self.servers.iter().enumerate().filter(|(index, _)| shared || *index == server.0);
        let opened = nodes.filter_map(|(_, node)| node.process.as_ref()).map(|process| process.app.opened());
        let cost = self.scenario.servers.cost.opening(opened.sum());
        self.occupy(server, cost);
    }

    // --- links

    /// Something of the balancer reached a server's host.
    pub(super) fn server_hears(&mut self, server: ServerIx, id: ConnId, item: Up) {
        let Some(link) = self.conns.get_mut(id.0) else { return };
        let node = &mut self.servers[server.0];
        if let Up::Syn = item {
            // The kernel answers; the process is not asked.
            let answer = if node.is_alive() {
                if link.proxied.is_some() {
                    // A line of the PROXY protocol is no request to Node: it closes the connection.
                    self.send_down(id, Down::Accepted);
                    self.send_down(id, Down::Fin);
                    return self.forget_conn(id);
                }
                link.at_listener = true;
                node.links.insert(id);
                self.occupy(server, self.scenario.servers.cost.connection);
                Down::Accepted
            } else {
                Down::Refused
            };
            return self.send_down(id, answer);
        }
        if !link.at_listener {
            return self.forget_conn(id);
        }
        let cost = match item {
            Up::Request(_) => self.scenario.servers.cost.request,
            Up::Message(_) => self.scenario.servers.cost.message,
            Up::Tls(1) => self.scenario.tls.cost,
            Up::Syn | Up::Fin | Up::Tls(_) | Up::Policy => Duration::ZERO,
        };
        self.give_work(server, cost, Work::Serve(id, item));
    }

    /// The processor got to it.
    pub(super) fn server_serves(&mut self, id: ConnId, item: Up) {
        // The process may have died since; a new one does not have the link.
        let Some(link) = self.conns.get_mut(id.0).filter(|link| link.at_listener) else { return };
        let Listener::Server(server) = link.listener else { return };
        if self.is_held(server, || Event::Do(Work::Serve(id, item.clone()))) {
            return;
        }
        let item = match item {
            Up::Request(carried) if self.is_for_app(&carried) => {
                return self.pass_to_app(server, id, carried);
            }
            item => item,
        };
        let Some(link) = self.conns.get_mut(id.0) else { return };
        match item {
            Up::Syn => {}
            Up::Tls(_) => self.send_down(id, Down::Tls),
            Up::Policy => {
                // The port that speaks TLS hangs up; port 10843 does not, which only who connects to the host itself reaches.
                let direct = matches!(link.dialer, Dialer::Client(_));
                if direct || self.scenario.tls.at != TlsAt::Server {
                    self.send_down(id, Down::Policy);
                }
                self.close_from_server(id);
            }
            Up::Fin => {
                link.at_listener = false;
                let exchange = link.served.take();
                let node = &mut self.servers[server.0];
                node.links.remove(&id);
                self.forget_conn(id);
                let Some(exchange) = exchange else { return };
                if let Some(process) = &mut self.servers[server.0].process {
                    process.exchanges.remove(&exchange);
                    process.streams.remove(&exchange);
                }
                self.give_up_forward(server, exchange);
                self.server_takes(server, ServerInput::Closed { exchange, clean: true });
            }
            Up::Message(text) => {
                let Some(exchange) = link.served else { return };
                let process = self.servers[server.0].process.as_ref();
                if let Some(owner) = process.and_then(|process| process.peers.of(exchange)) {
                    self.send_up(owner, Up::Message(text));
                } else {
                    self.server_takes(server, ServerInput::Message { exchange, text });
                }
            }
            Up::Request(carried) => {
                let Some(process) = &mut self.servers[server.0].process else { return };
                process.exchanges_made += 1;
                let exchange = ExchangeId(process.exchanges_made);
                process.exchanges.insert(exchange, id);
                link.served = Some(exchange);
                let request = Request {
                    exchange,
                    method: carried.head.method,
                    target: carried.head.target,
                    headers: carried.head.headers.0,
                    body: carried.body,
                    upgrade: carried.head.upgrade,
                    address: carried.address,
                    secure: self.scenario.tls.at == TlsAt::Server,
                };
                self.server_takes(server, ServerInput::Request(request));
            }
        }
    }
}

/// A response as the balancer sees it: of the headers only cookies matter to anybody on the way.
fn carried(response: Response) -> ResponseHead {
    let cookies = response.headers.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case(SET_COOKIE));
    let headers = Headers(cookies.map(|(name, value)| (Text::from_static(name), value)).collect());
    ResponseHead { status: response.status, headers, body: response.body }
}
