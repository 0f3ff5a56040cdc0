//! The direct engine: discrete events over the machines. It jumps from one due instant to the next, and only carries;
//! clients, servers and the balancer decide.
//!
//! What it adds to the machines is the way between them:
//!
//! * **Latency.** Each thing sent on a connection takes one hop's latency, drawn from the scenario's range for each thing,
//!   and never overtakes what was sent before it on the same connection. A client's draws come from its own stream, and
//!   so do those between the balancer and a server. A connection is open one round trip after it was asked for.
//! * **Client connections.** A request takes the connection that has been idle for the shortest time, or a new one; a
//!   connection is idle again when the handler of its response has run, so a request made by that handler goes out on
//!   another one, as in the measured client. Aborting a request ends its connection. A websocket has its own.
//! * **Flash.** The player of a client that opens its first flashsocket asks for the policy file before.
//! * **Chains.** Any number of proxies, each a machine of its own, stand between clients and servers; a connection of one to
//!   the next is one like any other.
//! * **Servers as proxies.** A server may pass what is not Socket.IO's on to the second stack, by a connection for each request.
//! * **Servers among themselves.** A request for a routed session goes on to its owner by a kept connection; portable sessions
//!   go through the store.
//! * **Processor time.** Requests and messages that reach a server wait for its one processor.
//! * **Death.** The connections of a process that ends, be it a server's or the balancer's, are closed; what it had sent before still arrives. What happens at
//!   the very instant of a fault happens before it.

mod app;
mod chain;
mod client;
mod conn;
mod deploys;
mod flash;
mod harms;
mod hop;
mod node_proxy;
mod outage;
mod peers;
mod platform;
mod portable;
mod processor;
mod queue;
mod redis;
mod server;
mod traffic;
mod visit;

use std::time::Duration;

use socketio08::Instant;

use self::app::AppNode;
use self::chain::Chain;
use self::client::ClientNode;
use self::conn::Conn;
use self::hop::Hop;
use self::queue::{Event, Queue, Table};
use self::server::ServerNode;
use super::{Engine, EngineError, Outcome};
use crate::scenario::{Latency, Scenario, ServerIx};
use crate::trace::{ClientId, TraceEvent, TraceHandle, TraceSink};
use crate::world::cluster::Race;
use crate::world::fault::{self, Action, Change, Origin};
use crate::world::seed::{Seed, Stream};
use crate::world::weather::Sky;

/// This many steps at one instant are a fault of the program: a hop takes a microsecond at least.
const STUCK_STEPS: u64 = 50_000_000;
/// How often the progress is told, in steps.
const PROGRESS_STEPS: u64 = 1 << 14;

/// The direct engine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Direct;

impl Engine for Direct {
    fn run(
        &self,
        scenario: &Scenario,
        seed: Seed,
        sink: &mut dyn TraceSink,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Outcome, EngineError> {
        let mut world = World::new(scenario, seed);
        let steps = world.run(sink, progress)?;
        Ok(Outcome { steps })
    }
}

/// The latency of hops, with its stream.
#[derive(Clone, Debug)]
struct Wire {
    latency: Latency,
    stream: Stream,
    sky: Sky,
}

impl Wire {
    fn new(latency: Latency, seed: Seed, name: &str) -> Self {
        let sky = Sky::new(seed.stream(&format!("{name}/weather")));
        Self { latency, stream: seed.stream(name), sky }
    }

    /// How long what is sent now takes, in whatever weather; `None`: it never arrives. `opening`: a connection's first.
    fn hop(&mut self, now: Instant, opening: bool) -> Option<Duration> {
        let delay = self.delay();
        self.sky.pass(now, delay, opening)
    }

    /// How long the next hop takes; never nothing, or a client that polls again at once would stop time.
    fn delay(&mut self) -> Duration {
        self.stream.duration(self.latency.min, self.latency.max).max(Duration::from_micros(1))
    }
}

/// The way to a node that is neither a client nor a Socket.IO server.
fn wire(scenario: &Scenario, seed: Seed, kind: &str, name: impl std::fmt::Display) -> Wire {
    Wire::new(scenario.network.latency, seed, &format!("network/{kind}/{name}"))
}

fn hops(scenario: &Scenario, seed: Seed) -> Vec<Hop> {
    let hop = |site: chain::Site| {
        let wire = wire(scenario, seed, "proxies", &site.name);
        Hop::new(site, wire)
    };
    chain::sites(scenario, seed).into_iter().map(hop).collect()
}

/// Everything there is.
struct World<'a> {
    scenario: &'a Scenario,
    seed: Seed,
    now: Instant,
    queue: Queue,
    trace: TraceHandle,
    clients: Vec<ClientNode>,
    servers: Vec<ServerNode>,
    apps: Vec<AppNode>,
    chain: Chain,
    race: Race,
    /// The proxies in the order in which a request meets them, the balancer last.
    hops: Vec<Hop>,
    conns: Table<Conn>,
    conns_made: u64,
    requests_made: u64,
    redis: Option<redis::Shared>,
    /// Which faults have touched something.
    bitten: Vec<bool>,
}

impl<'a> World<'a> {
    fn new(scenario: &'a Scenario, seed: Seed) -> Self {
        let trace = TraceHandle::default();
        let servers = scenario.servers.count as usize;
        let mut world = Self {
            scenario,
            seed,
            now: Instant::ZERO,
            queue: Queue::default(),
            clients: client::population(scenario, seed, &trace),
            servers: (0..servers).map(|index| ServerNode::new(scenario, seed, ServerIx(index))).collect(),
            apps: (0..scenario.app.count).map(|app| AppNode::new(wire(scenario, seed, "app", app))).collect(),
            chain: Chain::new(scenario),
            race: Race::new(scenario.balancer.cluster, seed.stream("cluster")),
            hops: hops(scenario, seed),
            conns: Table::default(),
            conns_made: 0,
            requests_made: 0,
            redis: redis::Shared::new(scenario, seed),
            bitten: vec![false; scenario.harms.len()],
            trace,
        };
        for index in 0..servers {
            world.start_server(ServerIx(index), false);
        }
        for index in 0..scenario.clients.count {
            let at = world.clients[index as usize].arrives();
            world.queue.push(at, Event::Arrive(ClientId(index)));
        }
        for hop in 0..world.hops.len() {
            world.settle_hop(hop);
        }
        world
    }

    /// Runs to the end of the scenario; returns the number of steps.
    fn run(&mut self, sink: &mut dyn TraceSink, progress: &mut dyn FnMut(u64)) -> Result<u64, EngineError> {
        let end = Instant::ZERO + self.scenario.duration;
        let mut actions = fault::plan(self.scenario).into_iter().peekable();
        let (mut steps, mut steps_now) = (0_u64, 0_u64);
        loop {
            let next = self.queue.next_at().filter(|at| *at <= end);
            let action = actions.peek().map(|action| Instant::ZERO + action.at).filter(|at| *at <= end);
            // At one instant events come first: see the module's description of death.
            if let Some(at) = action.filter(|at| next.is_none_or(|next| *at < next)) {
                self.now = self.now.max(at);
                self.take_stock();
                if let Some(action) = actions.next() {
                    self.act(action);
                }
            } else if next.is_some() {
                let Some((at, event)) = self.queue.pop() else { break };
                steps_now = if at > self.now { 0 } else { steps_now + 1 };
                self.now = at;
                self.step(event);
            } else {
                break;
            }
            self.trace.drain(sink);
            steps += 1;
            if steps_now > STUCK_STEPS {
                return Err(EngineError::Stuck { at_ms: self.now.as_millis(), steps: steps_now });
            }
            if steps.is_multiple_of(PROGRESS_STEPS) {
                progress(self.now.as_micros());
            }
        }
        self.now = self.now.max(end);
        self.take_stock();
        self.redis_takes_stock();
        self.tell_traffic();
        self.trace.drain(sink);
        progress(end.as_micros());
        Ok(steps)
    }

    fn step(&mut self, event: Event) {
        match event {
            Event::Arrive(client) => self.begin_visit(client),
            Event::AskPage(client) => self.ask_page(client),
            Event::Move(client) => self.move_client(client),
            Event::ClientWake(client) => self.client_wakes(client),
            Event::ServerWake(server) => self.server_wakes(server),
            Event::Redis(event) => self.redis_event(event),
            Event::Worked(server, start) => self.worked(server, start),
            Event::Do(work) => self.do_work(work),
            Event::Write(conn, item) => self.written(conn, item),
            Event::PeerTooSlow(conn) => self.peer_too_slow(conn),
            Event::LeftTooLate(server, start) => self.left_too_late(server, start),
            Event::HopWake(hop) => self.hop_wakes(hop),
            Event::Up(conn, item) => self.arrives_up(conn, item),
            Event::Down(conn, item) => self.arrives_down(conn, item),
            Event::AppAnswers(conn) => self.app_answers(conn),
            Event::ShakenHands(conn) => self.shaken_hands(conn),
            Event::CheckArrives(inquiry) => self.check_arrives(inquiry),
            Event::CheckEnds(inquiry, passed) => self.check_ends(inquiry, passed),
        }
    }

    fn act(&mut self, action: Action) {
        match action.change {
            Change::End(signal) => {
                self.end_server(action.server, signal, action.origin == Origin::Deploy);
            }
            Change::Launch => {
                self.trace.record(self.now, TraceEvent::ServerStarted { server: action.server });
            }
            Change::Start => self.start_server(action.server, true),
            Change::EndRedis => self.end_redis(),
            Change::StartRedis => self.start_redis(),
            Change::EndBalancer => self.end_balancer(),
            Change::StartBalancer => self.start_balancer(),
            Change::Administer(to) => self.administer(action.server, to),
            Change::Goodbye(rate) => self.say_goodbye(action.server, rate),
            Change::Reload(hard_stop_after) => self.reload(hard_stop_after),
            Change::Harm(fault) => self.begin_harm(fault),
            Change::Relieve(fault) => self.end_harm(fault),
        }
    }
}
