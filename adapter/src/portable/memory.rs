//! A store in this process: for tests, and for nodes that share one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use socketio08::Text;
use socketio08::server::{ServerTransmit, StoreAnswer};
use tokio::time::Instant;

use super::Listener;

#[derive(Debug)]
struct Kept {
    version: u64,
    record: Text,
    until: Instant,
}

#[derive(Default)]
struct Inner {
    records: BTreeMap<Text, Kept>,
    listeners: BTreeMap<Text, Listener>,
    operations: u64,
}

/// Records and listeners of every node that has a clone.
#[derive(Clone, Default)]
pub(super) struct MemoryStore(Arc<Mutex<Inner>>);

impl MemoryStore {
    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn operations(&self) -> u64 {
        self.with(|inner| inner.operations)
    }

    pub(super) fn len(&self) -> usize {
        let now = Instant::now();
        self.with(|inner| inner.records.values().filter(|kept| kept.until > now).count())
    }

    pub(super) fn listen(&self, channel: Text, listener: Listener) {
        self.with(|inner| inner.listeners.insert(channel, listener));
    }

    pub(super) fn publish(&self, channel: Text, message: Text) {
        let listener = self.with(|inner| inner.listeners.get(&channel).cloned());
        if let Some(listener) = listener {
            listener.heard(channel, message);
        }
    }

    /// Does one operation; `None` if it is none.
    pub(super) fn operate(&self, transmit: ServerTransmit) -> Option<(u64, StoreAnswer)> {
        let now = Instant::now();
        self.with(|inner| {
            inner.operations += 1;
            inner.records.retain(|_, kept| kept.until > now);
            let version = |inner: &Inner, key: &Text| inner.records.get(key).map_or(0, |kept| kept.version);
            let answer = match transmit {
                ServerTransmit::StoreGet { ticket, key } => {
                    let kept = inner.records.get(&key);
                    let record = |kept: &Kept| StoreAnswer::Record {
                        version: kept.version,
                        record: kept.record.clone(),
                    };
                    (ticket, kept.map_or(StoreAnswer::Absent, record))
                }
                ServerTransmit::StorePut { ticket, key, expected, .. }
                | ServerTransmit::StoreDelete { ticket, key, expected }
                    if version(inner, &key) != expected =>
                {
                    (ticket, StoreAnswer::Conflict)
                }
                ServerTransmit::StorePut { ticket, key, expected, record, lifetime } => {
                    inner.records.insert(key, Kept { version: expected + 1, record, until: now + lifetime });
                    (ticket, StoreAnswer::Done)
                }
                ServerTransmit::StoreDelete { ticket, key, .. } => {
                    inner.records.remove(&key);
                    (ticket, StoreAnswer::Done)
                }
                _ => return None,
            };
            Some(answer)
        })
    }
}
