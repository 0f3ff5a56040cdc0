//! Sessions that move between nodes through one store.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use socketio08::Instant;
use socketio08::server::{PortableConfig, ServerInput, ServerTransmit, SharedKey, Store};

use super::{Mail, NodeConfig};
use crate::mailbox::{Sender, WeakSender};
use crate::portable::{Keeper, Listener};
use crate::{Application, SharedStore};

impl NodeConfig {
    /// Keeps sessions in `store`, from which every node that has it takes them over, as [`Store::Portable`] tells. All share `key`.
    ///
    /// # Errors
    /// If the operating system has no random number.
    ///
    /// ```
    /// use socketio08::server::{ServerConfig, SharedKey, Store};
    /// use socketio08_tokio::{NodeConfig, SharedStore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = SharedStore::memory();
    /// let key = SharedKey::new(b"0123456789abcdef0123456789abcdef")?;
    /// let [one, other] = [(); 2].map(|()| NodeConfig::new(ServerConfig::default()).portable(store.clone(), key.clone()));
    /// assert!(matches!(one?.server.store, Store::Portable(_)));
    /// assert!(matches!(other?.server.store, Store::Portable(_)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn portable(mut self, store: SharedStore, key: SharedKey) -> Result<Self, std::io::Error> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).map_err(|error| std::io::Error::other(error.to_string()))?;
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let shown = Duration::from_millis(self.clock.now().as_millis());
        let epoch = u64::try_from(since_1970.saturating_sub(shown).as_millis()).unwrap_or(u64::MAX);
        self.server.store = Store::Portable(PortableConfig::new(u64::from_le_bytes(random), epoch, key));
        #[cfg(feature = "redis")]
        if let Some(url) = store.redis_url() {
            self.redis = Some(url.clone());
        }
        self.store = Some(store);
        Ok(self)
    }
}

/// Starts the way to the store, if there is one.
pub(super) fn start(config: &NodeConfig, mailbox: &Sender<Mail>) -> Option<Keeper> {
    let store = config.store.clone()?;
    // Neither keeps the node alive, and a node that has ended needs no news.
    let (heard, stored) = (mailbox.downgrade(), mailbox.downgrade());
    let tell = |mailbox: &WeakSender<Mail>, input| {
        if let Some(mailbox) = mailbox.upgrade() {
            let _ = mailbox.send(Mail::Stored(input));
        }
    };
    let listener = Listener {
        heard: Arc::new(move |channel, message| tell(&heard, ServerInput::Published { channel, message })),
        stored: Arc::new(move |ticket, answer| tell(&stored, ServerInput::Stored { ticket, answer })),
    };
    Some(Keeper::start(store, listener))
}

impl<A: Application> super::task::Task<A> {
    pub(super) fn operate(&mut self, operation: ServerTransmit) {
        let Some(keeper) = &self.keeper else { return };
        if let Some((ticket, answer)) = keeper.operate(operation) {
            self.afterwards.push_back(ServerInput::Stored { ticket, answer });
        }
    }

    pub(super) fn tell(&mut self, transmit: ServerTransmit) {
        let transmit = match &self.keeper {
            Some(keeper) => keeper.tell(transmit),
            None => Some(transmit),
        };
        if let Some(transmit) = transmit {
            self.carry_to_store(transmit);
        }
    }

    /// Leaves the sessions to the other nodes.
    pub(super) fn hand_over(&mut self, now: Instant) {
        self.server.hand_over_all(now);
        self.drain(now);
    }
}
