//! The turmoil engine: the adapter's real HTTP/1.1 and RFC 6455 bytes over turmoil's TCP.
//!
//! Hosts are a few farms of clients, the balancer, and the servers, stepped in this order. What the engine cannot do as a real network would is in `docs/FIDELITY.md`.

mod balancer;
mod dial;
mod farm;
mod limits;
mod log;
mod origin;
mod pace;
mod processor;
mod server;

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use socketio08::Instant;
use turmoil::{Builder, Sim};

use crate::scenario::{Scenario, ServerIx, Signal};
use crate::trace::{TraceEvent, TraceHandle, TraceSink};
use crate::world::fault::{self, Action, Change, Origin};
use crate::world::population;
use crate::world::seed::Seed;

use super::{Engine, EngineError, Outcome};
use log::Log;
use origin::CLIENTS_MAX;
use pace::{Pace, STEP};
use server::Process;

/// The port that the balancer and the servers listen on.
const PORT: u16 = 80;
/// A step costs about as much as the cube of the number of hosts, so clients share them; each has 64,512 ports.
const CLIENTS_PER_FARM: usize = 250;
const FARMS_MAX: usize = 4;
/// Connections that one client may have waiting at one moment: more than the genuine one was ever seen to hold.
const CONNECTIONS_PER_CLIENT: usize = 16;
/// What turmoil's backlog and windows hold at least: it ends the process when a backlog is full.
const CAPACITY_MIN: usize = 1_024;
const BALANCER: &str = "balancer";
/// Steps between two calls of `progress`.
const PROGRESS_STEPS: u64 = 1_000;

/// The adapter over a simulated network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turmoil;

impl Turmoil {
    /// Whether this engine can carry the scenario.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`], naming the key that it does not carry.
    pub fn carries(scenario: &Scenario) -> Result<(), EngineError> {
        limits::check(scenario)
    }
}

impl Engine for Turmoil {
    fn run(
        &self,
        scenario: &Scenario,
        seed: Seed,
        sink: &mut dyn TraceSink,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Outcome, EngineError> {
        if scenario.clients.count > CLIENTS_MAX {
            return Err(EngineError::TooManyClients { max: CLIENTS_MAX });
        }
        limits::check(scenario)?;
        World::new(scenario, seed).run(scenario.duration, sink, progress)
    }
}

/// A simulation with its hosts.
struct World {
    sim: Sim<'static>,
    processes: Vec<Process>,
    balancer: Process,
    plan: VecDeque<Action>,
    trace: TraceHandle,
    pace: Pace,
    step: u64,
}

impl World {
    fn new(scenario: &Scenario, seed: Seed) -> Self {
        let pace = Pace::of(scenario.network.latency);
        let mut world = Self {
            sim: simulation(scenario, seed, pace),
            processes: Vec::new(),
            balancer: Process::default(),
            plan: fault::plan(scenario).into(),
            trace: TraceHandle::default(),
            pace,
            step: 0,
        };
        world.add_farms(scenario, seed);
        world.add_balancer(scenario, seed);
        world.add_servers(scenario, seed);
        world
    }

    fn add_farms(&mut self, scenario: &Scenario, seed: Seed) {
        let mut members = population::members(&scenario.clients, seed);
        // Each farm starts its clients one after the other.
        members.sort_by_key(|member| member.arrives);
        let farms = members.len().div_ceil(CLIENTS_PER_FARM).clamp(1, FARMS_MAX);
        for farm in 0..farms {
            let site = farm::Site {
                scenario: scenario.clone(),
                seed,
                members: members.iter().skip(farm).step_by(farms).copied().collect(),
                balancer: self.sim.lookup(BALANCER),
                trace: self.trace.clone(),
                pace: self.pace,
            };
            self.sim.host(format!("farm{}", farm + 1), move || farm::run(site.clone()));
        }
    }

    fn add_balancer(&mut self, scenario: &Scenario, seed: Seed) {
        let site = balancer::Site {
            scenario: scenario.clone(),
            seed,
            servers: pool(scenario).map(|server| self.sim.lookup(server.to_string())).collect(),
            process: self.balancer.clone(),
            trace: self.trace.clone(),
            pace: self.pace,
        };
        self.sim.host(BALANCER, move || balancer::run(site.clone()));
    }

    fn add_servers(&mut self, scenario: &Scenario, seed: Seed) {
        for server in pool(scenario) {
            let process = Process::default();
            let site = server::Site {
                scenario: scenario.clone(),
                seed,
                server,
                process: process.clone(),
                trace: self.trace.clone(),
                pace: self.pace,
            };
            self.sim.host(server.to_string(), move || server::run(site.clone()));
            self.processes.push(process);
        }
    }

    fn run(
        mut self,
        duration: Duration,
        sink: &mut dyn TraceSink,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Outcome, EngineError> {
        let mut log = Log::new(sink);
        // One more, for what happens at the very end.
        for _ in 0..=self.pace.steps(duration) {
            self.act();
            self.sim.step().map_err(|error| EngineError::Network(error.to_string()))?;
            self.step += 1;
            log.take(&self.trace, self.pace.instant(self.step));
            if self.step.is_multiple_of(PROGRESS_STEPS) {
                progress(self.pace.instant(self.step).as_micros());
            }
        }
        log.close();
        Ok(Outcome { steps: self.step })
    }

    /// Carries out what was planned for a moment before now: what happens at the very instant of a fault happens before it.
    fn act(&mut self) {
        let now = self.pace.instant(self.step);
        while let Some(action) = self.plan.front().copied().filter(|next| Instant::ZERO + next.at < now) {
            self.plan.pop_front();
            self.change(now, action);
        }
    }

    fn change(&mut self, now: Instant, action: Action) {
        let server = action.server;
        match action.change {
            Change::Launch => return self.trace.record(now, TraceEvent::ServerStarted { server }),
            Change::EndBalancer => {
                self.balancer.end();
                self.trace.record(now, TraceEvent::BalancerDown);
                return self.sim.bounce(BALANCER);
            }
            Change::StartBalancer => {
                self.balancer.start();
                self.trace.record(now, TraceEvent::BalancerUp);
                return self.sim.bounce(BALANCER);
            }
            _ => {}
        }
        let Some(process) = self.processes.get(server.0) else { return };
        let event = match action.change {
            Change::End(signal) if process.is_up() => {
                process.end();
                TraceEvent::ServerDown {
                    server,
                    graceful: signal == Signal::Term,
                    planned: action.origin == Origin::Deploy,
                }
            }
            Change::Start if !process.is_up() => {
                process.start();
                TraceEvent::ServerUp { server }
            }
            _ => return,
        };
        self.trace.record(now, event);
        self.sim.bounce(server.to_string());
    }
}

fn simulation(scenario: &Scenario, seed: Seed, pace: Pace) -> Sim<'static> {
    let latency = scenario.network.latency;
    let clients = usize::try_from(scenario.clients.count).unwrap_or(usize::MAX);
    let sim = Builder::new()
        .epoch(SystemTime::UNIX_EPOCH)
        .rng_seed(seed.stream("turmoil").next_u64())
        .tick_duration(STEP)
        .simulation_duration(Duration::MAX)
        // A hop takes a step at least: within one, the order of the hosts would decide what reaches whom in time.
        .min_message_latency(pace.stretched(latency.min).max(STEP))
        .max_message_latency(pace.stretched(latency.max).max(STEP))
        .ephemeral_ports(1_024..=u16::MAX)
        .tcp_capacity(clients.saturating_mul(CONNECTIONS_PER_CLIENT).max(CAPACITY_MIN))
        .build();
    if let Some(curve) = pace.curve(latency) {
        sim.set_message_latency_curve(curve);
    }
    sim
}

fn pool(scenario: &Scenario) -> impl Iterator<Item = ServerIx> {
    (0..scenario.servers.count).map(|server| ServerIx(server as usize))
}
