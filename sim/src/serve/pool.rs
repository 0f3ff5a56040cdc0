//! What servers of one pool do about sessions that a balancer does not keep at one of them.

use std::io;

use socketio08::server::{NodeName, SharedKey};
use socketio08_tokio::{NodeConfig, Peers, RedisUrl, SharedStore};

use super::log;

/// How a pool keeps sessions.
#[derive(Clone, Debug)]
pub enum Pool {
    /// The session id names its server, and every other one forwards to it.
    Routed {
        /// This server.
        node: NodeName,
        /// The others.
        peers: Peers,
        /// What all of them share.
        key: SharedKey,
    },
    /// Sessions are kept in one store, from which every server takes them over.
    Portable {
        /// The Redis that is the store.
        redis: RedisUrl,
        /// What all of them share.
        key: SharedKey,
    },
}

impl Pool {
    /// Makes the server one of the pool.
    pub(super) fn enter(self, config: NodeConfig) -> io::Result<NodeConfig> {
        match self {
            Pool::Routed { node, peers, key } => {
                let others: Vec<&str> = peers.names().map(NodeName::as_str).collect();
                log::line(&format!(
                    "routed        {node}; sessions of {} are forwarded there",
                    others.join(", ")
                ));
                Ok(config.routed(node, peers, key))
            }
            Pool::Portable { redis, key } => {
                log::line(&format!("portable      {redis}  every server that uses it takes sessions over"));
                config.portable(SharedStore::redis(redis), key)
            }
        }
    }
}
