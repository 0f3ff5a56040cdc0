//! Redis in the simulated world, and what each node has to do with it.

mod broker;
mod keeper;
mod memory;
mod node;
mod records;

pub use broker::{Command, Commands, LineId, Redis, Reply};
pub use keeper::{KeeperAct, KeeperLink};
pub(crate) use memory::is_zero;
pub use memory::{Holding, SharingCost};
pub use node::{Act, Counts, GENUINE_RETRY, NodeLink, Policy};
pub use records::{Operation, Records, StoreAct};

use socketio08::server::{RedisConfig, Store};

use crate::scenario::{self, RedisNodes, Scenario, ServerIx};
use crate::world::sharing;

/// The first instant of every run, as the nodes' clocks show it: 2011-11-23, the week of socket.io 0.8.7.
const EPOCH_MILLIS: u64 = 1_322_000_000_000;

/// The store of process number `start` (0 is the first) of `server`.
pub fn store(scenario: &Scenario, server: ServerIx, start: u32) -> Store {
    // Different for each process: what the one before published is another node's.
    let number = u64::try_from(server.0).unwrap_or(u64::MAX);
    let node_id = number.saturating_add(1).saturating_mul(1 << 32).saturating_add(u64::from(start));
    match scenario.servers.store {
        scenario::Store::Memory | scenario::Store::Routed => Store::Memory,
        scenario::Store::Portable => {
            sharing::portable(node_id, EPOCH_MILLIS).map_or(Store::Memory, Store::Portable)
        }
        scenario::Store::Redis => {
            let mut config = RedisConfig::new(node_id, EPOCH_MILLIS);
            config.faults = scenario.redis.nodes == RedisNodes::Genuine;
            Store::Redis(config)
        }
    }
}

/// What the nodes of a scenario do when Redis goes.
pub fn policy(scenario: &Scenario) -> Policy {
    match scenario.redis.client {
        // Portable sessions are ours, whatever the servers of a Redis store are.
        _ if scenario.servers.store == scenario::Store::Portable => Policy::Healing,
        scenario::RedisClient::Genuine => Policy::Genuine { survives: scenario.redis.uncaught },
        scenario::RedisClient::Healing => Policy::Healing,
    }
}
