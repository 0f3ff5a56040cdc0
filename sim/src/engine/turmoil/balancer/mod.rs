//! The balancer's host: carries the balancer machine over real bytes, and decides nothing.
//!
//! Towards clients it is an HTTP/1.1 server, towards servers an HTTP/1.1 client; upgraded connections, and every connection
//! in tcp mode, are copied byte by byte.

mod carrier;
mod ending;
mod front;
mod head;
mod link;
mod tunnel;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use socketio08::Instant;
use tokio::task::spawn_local;
use turmoil::net::TcpListener;

use crate::scenario::Scenario;
use crate::trace::TraceHandle;
use crate::world::balancer::Balancer;
use crate::world::seed::Seed;

use super::dial::Dialer;
use super::pace::Pace;
use super::server::Process;
use carrier::Carrier;

/// What the balancer's host needs to know.
#[derive(Clone)]
pub(super) struct Site {
    /// The scenario.
    pub(super) scenario: Scenario,
    /// The seed of the run.
    pub(super) seed: Seed,
    /// The addresses of the servers.
    pub(super) servers: Vec<IpAddr>,
    /// Its process.
    pub(super) process: Process,
    /// Where the balancer's events go.
    pub(super) trace: TraceHandle,
    /// The pace of time.
    pub(super) pace: Pace,
}

/// The balancer's software: runs until its host does, or is bounced.
pub(super) async fn run(site: Site) -> turmoil::Result {
    if !site.process.is_up() {
        return std::future::pending().await;
    }
    let listener = TcpListener::bind(("0.0.0.0", super::PORT)).await?;
    let mode = site.scenario.balancer.mode;
    let clock = site.pace.clock();
    let machine = machine(&site, clock.now());
    let dialer = Dialer::new(site.scenario.network.latency, clock);
    let carrier = Carrier::new(machine, mode, site.servers, (clock, dialer), site.trace);
    spawn_local(carrier.clone().keep_time());
    loop {
        let (stream, _) = listener.accept().await?;
        // Nothing is done here: turmoil ends the process when more connections wait than its capacity.
        spawn_local(front::serve(carrier.clone(), stream));
    }
}

fn machine(site: &Site, now: Instant) -> Balancer {
    let (config, servers) = (&site.scenario.balancer, site.servers.len());
    match site.process.starts() {
        0 => Balancer::new(config, servers, site.seed.stream("balancer/random")),
        number => {
            let random = site.seed.stream(&format!("balancer/random/{number}"));
            Balancer::restarted(now, config, servers, random)
        }
    }
}
