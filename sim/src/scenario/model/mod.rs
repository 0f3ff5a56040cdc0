//! The data of a scenario. Every default is in the `Default` of its table and documented in `docs/SCENARIOS.md`.

mod balancer;
mod clients;
mod events;
mod harms;
mod network;
mod proxy;
mod redis;
mod servers;
mod stick;

use core::time::Duration;

use serde::Serialize;

pub use balancer::{
    Balance, Balancer, BalancerKind, BalancerMode, Check, Cluster, HashFunction, HashType, HttpOption,
    HttpReuse, Nginx, NginxKey, Redispatch, Timeouts,
};
pub use clients::{
    AddressBlock, Arrival, Background, Behaviour, ClientProfile, Clients, Connections, Death, Delays, Leaves,
    Leaving, Moves, PageOrigin, Phase, Platform, Reconnect, Sizes, Span,
};
pub use events::{Deploy, DeployKind, Fault, Outage, Signal};
pub use harms::{Harm, HarmKind, Road, Weather};
pub use network::{Latency, Network};
pub use proxy::{App, Destination, Proxy, ProxyKind, Route, Tls, TlsAt};
pub use redis::{RedisClient, RedisNodes, RedisSettings};
pub use servers::{BroadcastBy, OtherPaths, ServerCost, ServerIx, Servers, Store};
pub use stick::{Cookie, CookieMode, Stick, StickOn};

/// `expect`: the verdict that the scenario expects, in the words of the report.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// Nobody notices anything.
    Works,
    /// Something goes wrong on the way, but nine of ten clients end well.
    Degraded,
    /// Fewer than nine of ten clients end well.
    Broken,
}

/// A world and how long it runs. Valid by construction when it comes from [`Scenario::parse`]: counts are not zero,
/// servers named by faults exist, addresses are enough, and everything that is planned happens before the end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scenario {
    /// The name, as `sio08 list` shows it.
    pub name: String,
    /// The question the scenario answers, in one line; may be empty.
    pub question: String,
    /// What one expects before the run, in one sentence; may be empty.
    pub expectation: String,
    /// What a run of seed 1 on the direct engine said; may be empty. Built-in scenarios carry it, written by a run.
    pub finding: String,
    /// The verdict that is expected: another one makes `sio08 run` exit with 1.
    pub expect: Option<Expect>,
    /// How long the world runs, from the arrival of the first client.
    pub duration: Duration,
    /// The clients.
    pub clients: Clients,
    /// The hops in front of the balancer, the one that clients connect to first.
    pub proxies: Vec<Proxy>,
    /// The balancer.
    pub balancer: Balancer,
    /// The pool of servers.
    pub servers: Servers,
    /// The Redis that the servers share, if they do.
    pub redis: RedisSettings,
    /// The second stack.
    pub app: App,
    /// Where TLS ends.
    pub tls: Tls,
    /// The network between them.
    pub network: Network,
    /// Faults that end servers, in the order of the file.
    pub faults: Vec<Fault>,
    /// Faults of Redis, in the order of the file.
    pub redis_faults: Vec<Outage>,
    /// Faults of the balancer, in the order of the file.
    pub balancer_faults: Vec<Outage>,
    /// The other faults, in the order of the file.
    pub harms: Vec<Harm>,
    /// The deploy, if there is one.
    pub deploy: Option<Deploy>,
}
