//! What a server needs to know to route sessions.

use core::fmt;
use core::time::Duration;

use alloc::vec::Vec;

use super::super::SharedKey;
use crate::Text;
use crate::config::config;

/// Which server of a pool answers for a session.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub enum Routing {
    /// The one that the request came to: the balancer keeps a session at one server, or there is only one.
    #[default]
    Balancer,
    /// The one that the session id names: every other server forwards to it.
    Routed(RoutedConfig),
}

/// The name of a server, which begins the ids of its sessions: 1 to 32 of `A-Z a-z 0-9 _`.
///
/// ```
/// use socketio08::server::NodeName;
///
/// assert_eq!(NodeName::new("s1")?.as_str(), "s1");
/// assert!(NodeName::new("s-1").is_err(), "a hyphen ends the name in an id");
/// # Ok::<(), socketio08::server::BadNodeName>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NodeName(Text);

/// A name that cannot be a server's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadNodeName;

impl fmt::Display for BadNodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a server's name has 1 to 32 letters, digits or underscores: s1")
    }
}

impl core::error::Error for BadNodeName {}

impl NodeName {
    const LEN_MAX: usize = 32;

    /// A name.
    ///
    /// # Errors
    /// [`BadNodeName`].
    pub fn new(name: &str) -> Result<Self, BadNodeName> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if (1..=Self::LEN_MAX).contains(&name.len()) && name.bytes().all(plain) {
            Ok(Self(Text::from(name)))
        } else {
            Err(BadNodeName)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

config! {
    /// What a server needs to know to route sessions.
    #[derive(Clone, Debug, Eq, Hash, PartialEq)]
    pub struct RoutedConfig {
        /// This server's name; different for each server of the pool.
        pub node: NodeName,
        /// The other servers that can be forwarded to.
        pub peers: Vec<NodeName>,
        /// The secret that all of them share.
        pub key: SharedKey,
        /// 5 s: how long the owner of a session may take until its answer begins, beyond the time for which it holds a poll. A request
        /// that waits longer is answered as if the session were unknown, so that the client handshakes again.
        pub patience: Duration,
        /// 16,384: most requests that wait for owners or are relayed from them at once; each holds two connections. Further ones are
        /// answered 503.
        pub forwards_max: usize,
    }
}

impl RoutedConfig {
    /// The defaults, for a server.
    #[must_use]
    pub fn new(node: NodeName, peers: Vec<NodeName>, key: SharedKey) -> Self {
        Self { node, peers, key, patience: Duration::from_secs(5), forwards_max: 16_384 }
    }
}
