//! Every bound of the carrier, each with its reason.

use std::time::Duration;

use crate::Clock;
use crate::config::config;

config! {
    /// Bounds on what a peer may make the carrier hold or wait for. Bodies, messages and queues towards a socket are bounded by
    /// [`socketio08::Limits`] (`payload_len_max`, `outbox_packets_max`, `outbox_len_max`). Durations are in the time of the
    /// [`Clock`].
    ///
    /// ```
    /// # use socketio08_tokio::CarrierLimits;
    /// let small = CarrierLimits::default().connections_max(100).head_len_max(8_192);
    /// assert_eq!((small.connections_max, small.mailbox_max), (100, 1_024));
    /// ```
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub struct CarrierLimits {
        /// Longest request head in bytes, answered 431 beyond: 16 kB is what Node itself came to allow, twice the 8 kB of
        /// most proxies.
        pub head_len_max: usize,
        /// Most connections of a node at once, answered 503 beyond: each costs about 20 kB, so 65,536 are some 1.3 GB.
        pub connections_max: usize,
        /// Most inputs waiting for the node task; connections wait to hand in more, which slows their peers, not the node.
        pub mailbox_max: usize,
        /// How long a connection may be idle between requests or take to send a head: Node 0.8's own two minutes.
        pub head_timeout: Duration,
        /// How long a request body may take, answered 408 beyond: 1 MB at 300 kbit/s.
        pub body_timeout: Duration,
        /// How long a node waits for a peer that takes nothing of what is written to it before its connection is cut: longer
        /// than any network that comes back, shorter than an attacker would like.
        pub stall_timeout: Duration,
        /// How long a closed websocket has to take what is queued for it and answer the close frame before it is cut: 4 MB at
        /// 3 Mbit/s.
        pub linger: Duration,
        /// How long connecting to another server of the pool may take, for a request that is forwarded to it: two lost packets on a
        /// local network.
        pub connect_timeout: Duration,
        /// Most connections of one client to its server for requests: the six of the browsers of the time.
        pub client_connections_max: usize,
        /// Most requests of one client waiting for one of those connections; a further one fails as if refused.
        pub client_waiting_max: usize,
    }
}

impl Default for CarrierLimits {
    fn default() -> Self {
        Self {
            head_len_max: 16_384,
            connections_max: 65_536,
            mailbox_max: 1_024,
            head_timeout: Duration::from_secs(120),
            body_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(60),
            linger: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(2),
            client_connections_max: 6,
            client_waiting_max: 256,
        }
    }
}

impl CarrierLimits {
    /// The same limits with durations in tokio's time.
    pub(crate) fn on(self, clock: &Clock) -> Self {
        Self {
            head_timeout: clock.to_tokio_duration(self.head_timeout),
            body_timeout: clock.to_tokio_duration(self.body_timeout),
            stall_timeout: clock.to_tokio_duration(self.stall_timeout),
            linger: clock.to_tokio_duration(self.linger),
            connect_timeout: clock.to_tokio_duration(self.connect_timeout),
            ..self
        }
    }
}
