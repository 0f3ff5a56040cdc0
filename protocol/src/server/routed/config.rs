//! What a server needs to know to route sessions.

use core::fmt;
use core::time::Duration;

use alloc::vec::Vec;

use super::super::SharedKey;
use crate::Text;
use crate::config::config;

/// Which server of a pool answers for a session.
///
/// ```
/// use socketio08::server::{NodeName, Routing, RoutedConfig, ServerConfig, SharedKey};
///
/// let key = SharedKey::new(b"0123456789abcdef0123456789abcdef").unwrap();
/// let peers = vec![NodeName::new("s2").unwrap()];
/// let routed = RoutedConfig::new(NodeName::new("s1").unwrap(), peers, key);
/// let config = ServerConfig::default().routing(Routing::Routed(routed));
/// assert_ne!(config.routing, Routing::default());
/// ```
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
///
/// ```
/// use socketio08::server::NodeName;
///
/// let bad = NodeName::new("not a name").unwrap_err();
/// assert!(bad.to_string().contains("1 to 32 letters, digits or underscores"));
/// ```
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
    ///
    /// ```
    /// use socketio08::server::NodeName;
    ///
    /// assert!(NodeName::new("eu_west_1").is_ok());
    /// assert!(NodeName::new("").is_err());
    /// ```
    pub fn new(name: &str) -> Result<Self, BadNodeName> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if (1..=Self::LEN_MAX).contains(&name.len()) && name.bytes().all(plain) {
            Ok(Self(Text::from(name)))
        } else {
            Err(BadNodeName)
        }
    }

    /// The name.
    ///
    /// ```
    /// use socketio08::server::NodeName;
    ///
    /// assert_eq!(NodeName::new("s1")?.as_str(), "s1");
    /// # Ok::<(), socketio08::server::BadNodeName>(())
    /// ```
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
    ///
    /// ```
    /// use core::time::Duration;
    /// use socketio08::server::{NodeName, RoutedConfig, SharedKey};
    ///
    /// let key = SharedKey::new(b"0123456789abcdef0123456789abcdef").unwrap();
    /// let config = RoutedConfig::new(NodeName::new("s1").unwrap(), vec![NodeName::new("s2").unwrap()], key)
    ///     .patience(Duration::from_secs(2));
    /// assert_eq!(config.peers.len(), 1);
    /// ```
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
    ///
    /// ```
    /// use socketio08::server::{NodeName, RoutedConfig, SharedKey};
    ///
    /// let key = SharedKey::new(b"0123456789abcdef0123456789abcdef").unwrap();
    /// let alone = RoutedConfig::new(NodeName::new("s1").unwrap(), Vec::new(), key);
    /// assert_eq!(alone.forwards_max, 16_384);
    /// ```
    #[must_use]
    pub fn new(node: NodeName, peers: Vec<NodeName>, key: SharedKey) -> Self {
        Self { node, peers, key, patience: Duration::from_secs(5), forwards_max: 16_384 }
    }
}
