//! Choices and timers of a client.

use alloc::vec::Vec;
use core::time::Duration;

use crate::config::config;
use crate::{Limits, Profile, Text, Transport};

/// Whose behaviour the client has.
///
/// ```
/// # use socketio08::client::{ClientBehaviour, ClientConfig};
/// let config = ClientConfig::default().behaviour(ClientBehaviour::Improved);
/// assert_eq!(ClientConfig::default().behaviour, ClientBehaviour::Genuine);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum ClientBehaviour {
    /// The genuine client of [`ClientConfig::profile`], its faults included (facts 10 and 11; real stack items 1 to 5).
    #[default]
    Genuine,
    /// No stale reconnection timers, one handshake at a time, jitter and a cap on delays, fallback while reconnecting, a new
    /// handshake on `7:::1+0` while connecting, a heartbeat watchdog.
    Improved,
}

config! {
    /// Choices and timers; the defaults are those of 0.8.7.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use socketio08::Transport;
    /// use socketio08::client::{ClientBehaviour, ClientConfig};
    ///
    /// let config = ClientConfig::default()
    ///     .behaviour(ClientBehaviour::Improved)
    ///     .transports(vec![Transport::Websocket])
    ///     .reconnection_limit(Some(Duration::from_secs(10)));
    /// assert_eq!(config.reconnection_delay, Duration::from_millis(500), "the rest is as it was");
    /// ```
    #[derive(Clone, Debug, Eq, Hash, PartialEq)]
    pub struct ClientConfig {
        /// Whose behaviour.
        pub behaviour: ClientBehaviour,
        /// Which release of the genuine client, and of the servers it expects.
        pub profile: Profile,
        /// The resource, `/socket.io`.
        pub resource: Text,
        /// The transports, in order of preference.
        pub transports: Vec<Transport>,
        /// The transports this platform has. One of [`ClientConfig::transports`] that is missing here still counts where the
        /// two sides' lists are compared, but is never opened (a browser without htmlfile, facts 10.3).
        pub available: Vec<Transport>,
        /// The handshake is a script that calls `io.j[i]` (`jsonp=N`): for a page of another origin in a browser without CORS.
        pub script_handshake: bool,
        /// Whether [`Client::abandon`](crate::client::Client::abandon) says goodbye by a `?disconnect=1` request, as 0.9 does
        /// if its `sync disconnect on unload` is on (facts 11). Off, as there; the genuine 0.8.7 never manages to.
        pub disconnect_on_unload: bool,
        /// The user's query, without question mark, sent with the handshake and every session request; may be empty.
        pub query: Text,
        /// Milliseconds of the caller's epoch at instant zero: `t=` in targets is this plus `now`.
        pub epoch_millis: u64,
        /// 10 s.
        pub connect_timeout: Duration,
        /// Whether the next transport is tried after the connect timeout.
        pub try_multiple_transports: bool,
        /// Whether a lost connection is made again.
        pub reconnect: bool,
        /// 500 ms.
        pub reconnection_delay: Duration,
        /// `None` is the genuine default, without limit; the improved profile caps at 30 s if `None`.
        pub reconnection_limit: Option<Duration>,
        /// 10.
        pub max_reconnection_attempts: u32,
        /// Improved profile: how often a healthy server is heard from, heartbeat interval of a websocket and polling duration
        /// alike (20 s, 25 s in 0.9). It is not advertised, so it is a choice.
        pub server_interval: Duration,
        /// Bounds.
        pub limits: Limits,
        /// A planted fault, for tests of what checks the machines; none by default.
        #[cfg(feature = "seeded-faults")]
        pub seeded_fault: Option<crate::SeededFault>,
    }
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self::for_profile(Profile::default())
    }
}

impl ClientConfig {
    /// The genuine client of a release, with the default timers.
    ///
    /// ```
    /// # use socketio08::{Profile, client::ClientConfig};
    /// let config = ClientConfig::for_profile(Profile::V0_9);
    /// assert_eq!(config.server_interval, Profile::V0_9.heartbeat_interval());
    /// ```
    #[must_use]
    pub fn for_profile(profile: Profile) -> Self {
        Self {
            behaviour: ClientBehaviour::default(),
            profile,
            resource: Text::from_static("/socket.io"),
            transports: alloc::vec![Transport::Websocket, Transport::XhrPolling],
            available: Transport::ALL.to_vec(),
            script_handshake: false,
            disconnect_on_unload: false,
            query: Text::EMPTY,
            epoch_millis: 0,
            connect_timeout: Duration::from_secs(10),
            try_multiple_transports: true,
            reconnect: true,
            reconnection_delay: Duration::from_millis(500),
            reconnection_limit: None,
            max_reconnection_attempts: 10,
            server_interval: profile.heartbeat_interval(),
            limits: Limits::default(),
            #[cfg(feature = "seeded-faults")]
            seeded_fault: None,
        }
    }
}
