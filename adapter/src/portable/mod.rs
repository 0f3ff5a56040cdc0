//! The store of portable sessions.

mod memory;
#[cfg(feature = "redis")]
mod redis;

use std::fmt;
use std::sync::Arc;
#[cfg(feature = "redis")]
use std::time::Duration;

use socketio08::Text;
use socketio08::server::{ServerTransmit, StoreAnswer};
#[cfg(feature = "redis")]
use tokio::sync::mpsc;
#[cfg(feature = "redis")]
use tokio::task::JoinHandle;

use self::memory::MemoryStore;

/// How long a node that leaves waits for its last operations.
#[cfg(feature = "redis")]
const FLUSH_MAX: Duration = Duration::from_secs(3);

/// Where the sessions of several nodes are kept: one store for all of them. Clones are the same store.
///
/// ```
/// use socketio08::server::{ServerConfig, SharedKey};
/// use socketio08_tokio::{NodeConfig, SharedStore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = SharedStore::memory();
/// let key = SharedKey::new(b"a secret of 16 bytes or more")?;
/// let config = NodeConfig::new(ServerConfig::default()).portable(store, key)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedStore(Kind);

#[derive(Clone)]
enum Kind {
    Memory(MemoryStore),
    #[cfg(feature = "redis")]
    Redis(crate::RedisUrl),
}

impl fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Memory(_) => f.write_str("SharedStore::memory()"),
            #[cfg(feature = "redis")]
            Kind::Redis(url) => write!(f, "SharedStore::redis({url})"),
        }
    }
}

impl SharedStore {
    /// A store in this process: for tests, and for nodes that share one process.
    ///
    /// ```
    /// use socketio08_tokio::SharedStore;
    ///
    /// assert_eq!(SharedStore::memory().figures(), Some((0, 0)));
    /// ```
    #[must_use]
    pub fn memory() -> Self {
        Self(Kind::Memory(MemoryStore::default()))
    }

    /// A store in Redis: a hash `socketio08:session:ID` for each session, which expires.
    ///
    /// ```
    /// use socketio08_tokio::SharedStore;
    ///
    /// let store = SharedStore::redis("redis://127.0.0.1/".parse()?);
    /// assert_eq!(store.figures(), None, "a store elsewhere is not counted");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn redis(url: crate::RedisUrl) -> Self {
        Self(Kind::Redis(url))
    }

    /// How many operations were done so far, and how many sessions are kept; of a store in this process alone.
    ///
    /// ```
    /// use socketio08_tokio::SharedStore;
    ///
    /// let store = SharedStore::memory();
    /// let (operations, sessions) = store.figures().unwrap_or_default();
    /// assert_eq!((operations, sessions), (0, 0));
    /// ```
    #[must_use]
    pub fn figures(&self) -> Option<(u64, usize)> {
        match &self.0 {
            Kind::Memory(store) => Some((store.operations(), store.len())),
            #[cfg(feature = "redis")]
            Kind::Redis(_) => None,
        }
    }

    #[cfg(feature = "redis")]
    pub(crate) fn redis_url(&self) -> Option<&crate::RedisUrl> {
        match &self.0 {
            Kind::Memory(_) => None,
            Kind::Redis(url) => Some(url),
        }
    }
}

/// Who hears what a store has to say.
#[derive(Clone)]
pub(crate) struct Listener {
    pub(crate) heard: Arc<dyn Fn(Text, Text) + Send + Sync>,
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "a store in memory answers at once"))]
    pub(crate) stored: Arc<dyn Fn(u64, StoreAnswer) + Send + Sync>,
}

impl Listener {
    fn heard(&self, channel: Text, message: Text) {
        (self.heard)(channel, message);
    }

    #[cfg(feature = "redis")]
    fn stored(&self, ticket: u64, answer: StoreAnswer) {
        (self.stored)(ticket, answer);
    }
}

/// A node's way to its store.
pub(crate) struct Keeper {
    listener: Listener,
    way: Way,
}

enum Way {
    Memory(MemoryStore),
    #[cfg(feature = "redis")]
    Redis(mpsc::UnboundedSender<ServerTransmit>, JoinHandle<()>),
}

impl Keeper {
    /// Must be called within a tokio runtime.
    pub(crate) fn start(store: SharedStore, listener: Listener) -> Self {
        let way = match store.0 {
            Kind::Memory(store) => Way::Memory(store),
            #[cfg(feature = "redis")]
            Kind::Redis(url) => {
                // The machine bounds what waits.
                let (operations, queue) = mpsc::unbounded_channel();
                Way::Redis(operations, tokio::spawn(redis::run(url, queue, listener.clone())))
            }
        };
        Self { listener, way }
    }

    /// Does one operation; gives the answer if it is known at once.
    pub(crate) fn operate(&self, operation: ServerTransmit) -> Option<(u64, StoreAnswer)> {
        match &self.way {
            Way::Memory(store) => store.operate(operation),
            #[cfg(feature = "redis")]
            Way::Redis(operations, _) => {
                // Its task ends after this sender.
                let _ = operations.send(operation);
                None
            }
        }
    }

    /// Carries a publication or a subscription; gives back what goes by the connections of publications.
    pub(crate) fn tell(&self, transmit: ServerTransmit) -> Option<ServerTransmit> {
        match (&self.way, transmit) {
            (Way::Memory(store), ServerTransmit::Publish { channel, message }) => {
                store.publish(channel, message);
            }
            (Way::Memory(store), ServerTransmit::Subscribe { channel }) => {
                store.listen(channel, self.listener.clone());
            }
            (_, transmit) => return Some(transmit),
        }
        None
    }

    /// Ends when the operations so far are done, or after a moment.
    #[cfg_attr(not(feature = "redis"), expect(clippy::unused_async, reason = "as with the feature"))]
    pub(crate) async fn finish(self) {
        match self.way {
            Way::Memory(_) => {}
            #[cfg(feature = "redis")]
            Way::Redis(operations, task) => {
                drop(operations);
                let _ = tokio::time::timeout(FLUSH_MAX, task).await;
            }
        }
    }
}
