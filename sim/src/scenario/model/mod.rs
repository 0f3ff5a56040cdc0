//! The data of a scenario. Every default is in the `Default` of its table and documented in `docs/SCENARIOS.md`.

mod balancer;
mod clients;
mod events;
mod network;
mod servers;

use core::time::Duration;

pub use balancer::{Balance, Balancer, BalancerMode, Check, HashType, HttpOption, Redispatch};
pub use clients::{AddressBlock, Arrival, ClientProfile, Clients, Connections};
pub use events::{Deploy, DeployKind, Fault, Signal};
pub use network::{Latency, Network};
pub use servers::{ServerCost, ServerIx, Servers, Store};

/// A world and how long it runs. Valid by construction when it comes from [`Scenario::parse`]: counts are not zero,
/// servers named by faults exist, addresses are enough, and everything that is planned happens before the end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scenario {
    /// The name, as `sio08 list` shows it.
    pub name: String,
    /// The question the scenario answers, in one line; may be empty.
    pub question: String,
    /// How long the world runs, from the arrival of the first client.
    pub duration: Duration,
    /// The clients.
    pub clients: Clients,
    /// The balancer.
    pub balancer: Balancer,
    /// The pool of servers.
    pub servers: Servers,
    /// The network between them.
    pub network: Network,
    /// Faults, in the order of the file.
    pub faults: Vec<Fault>,
    /// The deploy, if there is one.
    pub deploy: Option<Deploy>,
}
