//! Which store a server has.

use core::time::Duration;

use super::super::PortableConfig;
use crate::config::config;

/// Where a server shares its sessions with other nodes.
///
/// ```
/// # use socketio08::server::{ServerConfig, Store};
/// assert_eq!(ServerConfig::default().store, Store::Memory);
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub enum Store {
    /// Nowhere: it is alone.
    #[default]
    Memory,
    /// In one store that any server takes a session over from: see [`PortableConfig`].
    Portable(PortableConfig),
    /// Through Redis's publish and subscribe, as the Redis store of 0.8.7 does. The carrier connects to Redis; the machine says what to
    /// publish and to subscribe to. Needs the feature `json`.
    #[cfg(feature = "json")]
    Redis(RedisConfig),
}

config! {
    /// What a node needs to know to share its sessions.
    ///
    /// ```
    /// use socketio08::server::{RedisConfig, Server, ServerConfig, ServerTransmit, Store};
    /// use socketio08::Instant;
    ///
    /// let store = Store::Redis(RedisConfig::new(1001, 1_322_000_000_000));
    /// let mut server = Server::new(ServerConfig::default().store(store), Instant::ZERO);
    /// assert!(matches!(server.poll_transmit(), Some(ServerTransmit::Subscribe { channel }) if channel == "handshake"));
    /// ```
    #[derive(Clone, Debug, Eq, Hash, PartialEq)]
    pub struct RedisConfig {
        /// Tells this node's publications from others': 0 to 2^53, different for each node and for each run of one.
        pub node_id: u64,
        /// Milliseconds from 1970-01-01T00:00Z to [`Instant::ZERO`](crate::Instant::ZERO) of the caller's clock. Handshakes carry the time
        /// of day, by which genuine nodes forget those that nobody uses.
        pub epoch_millis: u64,
        /// 1 h: after how long without news a session at another node is forgotten; zero never forgets. A node that dies says nothing, and
        /// genuine nodes never say that a session ended.
        pub remote_lifetime: Duration,
        /// Longest handshake data taken from another node or published, in bytes of JSON: 32 kB, twice the longest header block that the
        /// carrier takes. Of longer data of our own only the address and times are published.
        pub data_len_max: usize,
        /// Whether to be as wasteful and forgetful as 0.8.7, for simulations of it: handshakes are published twice on opening, the end of a
        /// session is not announced, remote sessions are never forgotten, and a GET for an unknown session tells the others that it ended.
        pub faults: bool,
    }
}

impl RedisConfig {
    /// The defaults, for a node.
    ///
    /// ```
    /// # use socketio08::server::RedisConfig;
    /// let config = RedisConfig::new(1001, 1_322_000_000_000).data_len_max(8_000);
    /// assert_eq!((config.node_id, config.remote_lifetime.as_secs()), (1001, 3_600));
    /// ```
    #[must_use]
    pub fn new(node_id: u64, epoch_millis: u64) -> Self {
        Self {
            node_id,
            epoch_millis,
            remote_lifetime: Duration::from_secs(3_600),
            data_len_max: 32_000,
            faults: false,
        }
    }
}
