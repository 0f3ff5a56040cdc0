//! The servers' hosts: the adapter's node with the application of the simulated world.

use std::cell::Cell;
use std::rc::Rc;

use socketio08_tokio::{Node, NodeConfig};
use turmoil::net::TcpListener;

use crate::scenario::{Scenario, ServerIx};
use crate::trace::TraceHandle;
use crate::world::application::{PoolApplication, SeededIds, server_config};
use crate::world::seed::Seed;

use super::PORT;
use super::pace::Pace;
use super::processor::{Charged, Metered, Processor};

/// Whether the process of a server (or of the balancer) runs, and how often it was started before; the engine sets it, then bounces the host.
///
/// The machine of a killed process stays up: connections to it are refused, as by a kernel without a listener. (A host that
/// turmoil crashed would swallow them without an answer.)
#[derive(Clone, Debug, Default)]
pub(super) struct Process(Rc<Cell<Phase>>);

#[derive(Clone, Copy, Debug, Default)]
struct Phase {
    down: bool,
    starts: u32,
}

impl Process {
    /// Whether it runs.
    pub(super) fn is_up(&self) -> bool {
        !self.0.get().down
    }

    /// It ends with the next bounce.
    pub(super) fn end(&self) {
        self.0.set(Phase { down: true, ..self.0.get() });
    }

    /// How many there were before it.
    pub(super) fn starts(&self) -> u32 {
        self.0.get().starts
    }

    /// A fresh one runs from the next bounce on.
    pub(super) fn start(&self) {
        self.0.set(Phase { down: false, starts: self.0.get().starts + 1 });
    }
}

/// What a server's host needs to know.
#[derive(Clone)]
pub(super) struct Site {
    /// The scenario.
    pub(super) scenario: Scenario,
    /// The seed of the run.
    pub(super) seed: Seed,
    /// Which server.
    pub(super) server: ServerIx,
    /// Its process.
    pub(super) process: Process,
    /// Where its events go.
    pub(super) trace: TraceHandle,
    /// The pace of time.
    pub(super) pace: Pace,
}

/// A server's software: runs until its host is bounced.
pub(super) async fn run(site: Site) -> turmoil::Result {
    if !site.process.is_up() {
        return std::future::pending().await;
    }
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    let clock = site.pace.clock();
    let processor = Processor::new(site.scenario.servers.cost, clock, site.pace.tick());
    let ids = SeededIds::new(site.seed, site.server, site.process.starts());
    let application = PoolApplication::new(clock.now(), &site.scenario, site.server, site.trace);
    let config = NodeConfig::new(server_config(&site.scenario, site.server, site.process.starts()))
        .clock(clock)
        .date_header(false);
    let application = Charged { application, processor: processor.clone() };
    let node = Node::start(config, application, ids);
    loop {
        let (stream, peer) = listener.accept().await?;
        let node = node.clone();
        processor.accepts();
        let stream = Metered::new(stream, processor.clone());
        tokio::spawn(async move { node.serve_connection(stream, peer.ip().to_string()).await });
    }
}
