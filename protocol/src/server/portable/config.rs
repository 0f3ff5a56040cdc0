//! What a server needs to know to share sessions through one store.

use core::time::Duration;

use super::super::SharedKey;
use crate::config::config;

config! {
    /// What a server needs to know to keep sessions in one store, from which any other one takes them over.
    ///
    /// ```
    /// use core::time::Duration;
    /// use socketio08::server::{PortableConfig, ServerConfig, SharedKey, Store};
    ///
    /// let key = SharedKey::new(b"0123456789abcdef0123456789abcdef")?;
    /// let portable = PortableConfig::new(7, 1_700_000_000_000, key).lifetime(Duration::from_secs(3_600));
    /// let config = ServerConfig::default().store(Store::Portable(portable));
    /// assert!(matches!(config.store, Store::Portable(portable) if portable.node_id == 7));
    /// # Ok::<(), socketio08::server::WeakKey>(())
    /// ```
    #[derive(Clone, Debug, Eq, Hash, PartialEq)]
    pub struct PortableConfig {
        /// Tells this server from the others: different for each server and for each run of one, so random is best.
        pub node_id: u64,
        /// Milliseconds from 1970-01-01T00:00Z to [`Instant::ZERO`](crate::Instant::ZERO) of the caller's clock. Ids carry the time of day
        /// at which they expire.
        pub epoch_millis: u64,
        /// The secret that all servers share. It signs session ids, so that no other id ever reaches the store.
        pub key: SharedKey,
        /// 24 h: how long after its handshake a session may be used.
        pub lifetime: Duration,
        /// 2 s: how long the owner of a session may take to hand it over before it counts as dead, and the session with it.
        pub handover_timeout: Duration,
        /// 5 s: how long the store may take over one operation; requests that wait for it are answered 503 then.
        pub store_timeout: Duration,
        /// 16,384: most requests that wait for the store or for another server at once; further ones are answered 503.
        pub waiting_max: usize,
    }
}

impl PortableConfig {
    /// The defaults, for a server.
    ///
    /// ```
    /// use core::time::Duration;
    /// use socketio08::server::{PortableConfig, SharedKey};
    ///
    /// let key = SharedKey::new(b"0123456789abcdef0123456789abcdef")?;
    /// let config = PortableConfig::new(7, 1_700_000_000_000, key);
    /// assert_eq!(config.lifetime, Duration::from_secs(86_400));
    /// # Ok::<(), socketio08::server::WeakKey>(())
    /// ```
    #[must_use]
    pub fn new(node_id: u64, epoch_millis: u64, key: SharedKey) -> Self {
        Self {
            node_id,
            epoch_millis,
            key,
            lifetime: Duration::from_secs(86_400),
            handover_timeout: Duration::from_secs(2),
            store_timeout: Duration::from_secs(5),
            waiting_max: 16_384,
        }
    }
}
