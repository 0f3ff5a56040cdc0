//! What an application hears of the store, and the connection to Redis behind the feature `redis`.

#[cfg(feature = "redis")]
mod link;
#[cfg(feature = "redis")]
mod publisher;
#[cfg(feature = "redis")]
mod subscriber;
#[cfg(feature = "redis")]
mod url;

use std::time::Duration;

#[cfg(feature = "redis")]
pub(crate) use link::{Link, Reports};
#[cfg(feature = "redis")]
pub use url::{RedisUrl, RedisUrlError};

/// How the store is.
///
/// ```
/// use socketio08_tokio::StoreHealth;
///
/// fn in_words(health: &StoreHealth) -> String {
///     match health {
///         StoreHealth::Lost { reason } => format!("alone: {reason}"),
///         StoreHealth::Healed { away, dropped } => format!("again, after {away:?}; {dropped} were not said"),
///         _ => "connected".to_owned(),
///     }
/// }
/// assert_eq!(in_words(&StoreHealth::Connected), "connected");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StoreHealth {
    /// Connected for the first time: sessions are shared from now on.
    Connected,
    /// The store cannot be reached. Sessions of this node go on; those of other nodes are not heard of, and broadcasts end here. It
    /// is tried again until it answers.
    Lost {
        /// Why.
        reason: String,
    },
    /// Connected again, and subscribed to everything as before. What was published meanwhile, here and at other nodes, is lost.
    Healed {
        /// How long it was away.
        away: Duration,
        /// How many publications of this node were dropped.
        dropped: u64,
    },
}
