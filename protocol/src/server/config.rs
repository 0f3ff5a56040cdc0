//! Timers and choices.

use alloc::vec::Vec;
use core::time::Duration;

use super::ClientFiles;
use super::{Routing, Store};
use crate::config::config;
use crate::{Limits, Origins, Profile, Text, Transport};

config! {
    /// Timers and choices; the defaults are those of 0.8.7 (facts 8), [`ServerConfig::for_profile`] has those of 0.9.
    ///
    /// ```
    /// use socketio08::server::ServerConfig;
    /// use socketio08::{Limits, Text, Transport};
    ///
    /// let config = ServerConfig::default()
    ///     .transports(vec![Transport::Websocket, Transport::XhrPolling])
    ///     .endpoints(vec![Text::from_static("/chat")])
    ///     .limits(Limits::default().sessions_max(100));
    /// assert_eq!(config.close_timeout.as_secs(), 25, "the rest is as it was");
    /// ```
    #[derive(Clone, Debug, Eq, Hash, PartialEq)]
    pub struct ServerConfig {
        /// Which release the server behaves as. The timers below are set apart from it.
        pub profile: Profile,
        /// The resource, `/socket.io`.
        pub resource: Text,
        /// Advertised, in order; all of 0.8.7's by default, which are all but flashsocket. A request on one that is not listed
        /// is closed without a response (facts 3.4).
        pub transports: Vec<Transport>,
        /// 15 s, 60 s in 0.9; zero advertises an empty field, as `heartbeats: false` does.
        pub heartbeat_timeout: Duration,
        /// 20 s, 25 s in 0.9.
        pub heartbeat_interval: Duration,
        /// Whether heartbeats are sent.
        pub heartbeats: bool,
        /// 25 s, 60 s in 0.9; zero advertises an empty field.
        pub close_timeout: Duration,
        /// 20 s; zero never answers `8::`.
        pub polling_duration: Duration,
        /// 10 s: how often unused handshakes are swept; zero never sweeps.
        pub handshake_sweep: Duration,
        /// 30 s: how old an unused handshake must be.
        pub handshake_lifetime: Duration,
        /// Namespaces beside the root.
        pub endpoints: Vec<Text>,
        /// Namespaces that the application is asked about for each client that joins one
        /// ([`ServerEvent::JoinRequested`](super::ServerEvent::JoinRequested)); they need not be listed above.
        pub guarded_endpoints: Vec<Text>,
        /// 20 s: how long the application may take over a handshake (answered `handshake error` then) or a join (refused then);
        /// zero waits for ever, as 0.8.7 does.
        pub authorization_timeout: Duration,
        /// The pages of other origins that may use the server; none by default.
        pub origins: Origins,
        /// Which server of a pool answers for a session.
        pub routing: Routing,
        /// Where sessions are shared with other nodes.
        pub store: Store,
        /// What browsers are given under the resource; nothing by default.
        pub client_files: ClientFiles,
        /// Bounds.
        pub limits: Limits,
        /// Whether a GET without an upgrade on the URL of a websocket opens its session, as 0.8.7 does and 0.9 does not, though it is cut off: what a
        /// proxy that drops `Upgrade` makes of a websocket leaves a session which is connected, keeps every packet, and which no
        /// timer ends. For simulations; otherwise the session stays as it was.
        pub ghosts: bool,
        /// A planted fault, for tests of what checks the machines; none by default.
        #[cfg(feature = "seeded-faults")]
        pub seeded_fault: Option<crate::SeededFault>,
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self::for_profile(Profile::default())
    }
}

impl ServerConfig {
    /// The behaviour and the default timers of a release (facts 8, 11).
    ///
    /// ```
    /// # use socketio08::{Profile, server::ServerConfig};
    /// assert_eq!(ServerConfig::for_profile(Profile::V0_9).close_timeout.as_secs(), 60);
    /// ```
    #[must_use]
    pub fn for_profile(profile: Profile) -> Self {
        Self {
            profile,
            resource: Text::from_static("/socket.io"),
            transports: alloc::vec![
                Transport::Websocket,
                Transport::Htmlfile,
                Transport::XhrPolling,
                Transport::JsonpPolling,
            ],
            heartbeat_timeout: profile.heartbeat_timeout(),
            heartbeat_interval: profile.heartbeat_interval(),
            heartbeats: true,
            close_timeout: profile.close_timeout(),
            polling_duration: profile.polling_duration(),
            handshake_sweep: Duration::from_secs(10),
            handshake_lifetime: Duration::from_secs(30),
            endpoints: Vec::new(),
            guarded_endpoints: Vec::new(),
            authorization_timeout: Duration::from_secs(20),
            origins: Origins::default(),
            routing: Routing::Balancer,
            client_files: ClientFiles::default(),
            store: Store::Memory,
            limits: Limits::default(),
            ghosts: false,
            #[cfg(feature = "seeded-faults")]
            seeded_fault: None,
        }
    }
}
