//! The node's connection to Redis, and what comes from it.

use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use socketio08::server::{RedisConfig, ServerTransmit, Store};
use socketio08::{Instant, Text};
use tokio::sync::Semaphore;

use super::{Mail, NodeConfig};
use crate::mailbox::{Sender, WeakSender};
use crate::store::{Link, RedisUrl, Reports, StoreHealth};

/// Most publications that wait for the node's task: a second or more of a busy cluster. More are dropped and counted.
const PUBLICATIONS_MAX: usize = 65_536;

/// Node ids are whole numbers that JavaScript can hold.
const NODE_ID_BITS: u32 = 53;

impl NodeConfig {
    /// Shares the node's sessions with other nodes through the Redis at `url`, under a random node id, as
    /// [`Store::Redis`] tells.
    ///
    /// ```no_run
    /// use socketio08::server::ServerConfig;
    /// use socketio08_tokio::NodeConfig;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = NodeConfig::new(ServerConfig::default()).shared_through("redis://127.0.0.1:6379".parse()?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the operating system has no random number.
    pub fn shared_through(mut self, url: RedisUrl) -> io::Result<Self> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let node_id = u64::from_le_bytes(random) >> (u64::BITS - NODE_ID_BITS);
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let shown = std::time::Duration::from_millis(self.clock.now().as_millis());
        let epoch = u64::try_from(since_1970.saturating_sub(shown).as_millis()).unwrap_or(u64::MAX);
        self.server.store = Store::Redis(RedisConfig::new(node_id, epoch));
        self.redis = Some(url);
        Ok(self)
    }
}

/// What arrives from the store.
pub(super) enum StoreMail {
    Published { channel: Text, message: Text, _room: tokio::sync::OwnedSemaphorePermit },
    Health(StoreHealth),
}

/// The way into the node's task; it does not keep the node alive.
struct Mailbox {
    mailbox: WeakSender<Mail>,
    room: Arc<Semaphore>,
}

impl Reports for Mailbox {
    fn published(&self, channel: Text, message: Text) -> bool {
        let Ok(room) = Arc::clone(&self.room).try_acquire_owned() else { return false };
        self.send(StoreMail::Published { channel, message, _room: room });
        true
    }

    fn health(&self, health: StoreHealth) {
        self.send(StoreMail::Health(health));
    }
}

impl Mailbox {
    fn send(&self, mail: StoreMail) {
        if let Some(mailbox) = self.mailbox.upgrade() {
            // A node that has ended needs no news.
            let _ = mailbox.send(Mail::Store(mail));
        }
    }
}

/// Starts the connection, if one is wanted.
pub(super) fn start(config: &NodeConfig, mailbox: &Sender<Mail>) -> Option<Link> {
    let url = config.redis.clone()?;
    let room = Arc::new(Semaphore::new(PUBLICATIONS_MAX));
    Some(Link::start(url, Mailbox { mailbox: mailbox.downgrade(), room }))
}

impl<A: crate::Application> super::task::Task<A> {
    pub(super) fn take_store_mail(&mut self, now: Instant, mail: StoreMail) {
        match mail {
            StoreMail::Published { channel, message, _room } => {
                self.input(now, socketio08::server::ServerInput::Published { channel, message });
            }
            StoreMail::Health(health) => self.application.store(now, &health),
        }
        self.drain(now);
    }
}

/// Carries out what the machine wants of the store.
pub(super) fn carry(link: &Link, transmit: ServerTransmit) {
    match transmit {
        ServerTransmit::Publish { channel, message } => link.publish(channel, message),
        ServerTransmit::Subscribe { channel } => link.subscribe(channel),
        ServerTransmit::Unsubscribe { channel } => link.unsubscribe(channel),
        _ => {}
    }
}
