//! The sessions that Redis keeps for servers with `store = "portable"`: a hash with a version for each, changed by scripts that
//! compare it, as `socketio08-tokio` does it (`docs/SESSIONS.md`).

use std::collections::BTreeMap;
use std::time::Duration;

use socketio08::server::{ServerTransmit, StoreAnswer};
use socketio08::{Instant, Text};

/// The text before each key, which Redis keeps as well.
const PREFIX_BYTES: usize = "socketio08:session:".len();

/// What a server asks the store to do, under its own number for the answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operation {
    /// The number.
    pub ticket: u64,
    /// Of which session.
    pub key: Text,
    /// What.
    pub act: StoreAct,
}

/// What is done to one record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StoreAct {
    /// Read it.
    Get,
    /// Replace it, if its version is this; 0: if there is none.
    Put {
        /// The version.
        expected: u64,
        /// What is put.
        record: Text,
        /// How long it is kept.
        lifetime: Duration,
    },
    /// Delete it, if its version is this.
    Delete {
        /// The version.
        expected: u64,
    },
}

impl Operation {
    /// The operation that a machine asks for, if it is one.
    pub fn of(transmit: &ServerTransmit) -> Option<Self> {
        let (ticket, key, act) = match transmit {
            ServerTransmit::StoreGet { ticket, key } => (ticket, key, StoreAct::Get),
            ServerTransmit::StorePut { ticket, key, expected, record, lifetime } => {
                let put = StoreAct::Put { expected: *expected, record: record.clone(), lifetime: *lifetime };
                (ticket, key, put)
            }
            ServerTransmit::StoreDelete { ticket, key, expected } => {
                (ticket, key, StoreAct::Delete { expected: *expected })
            }
            _ => return None,
        };
        Some(Self { ticket: *ticket, key: key.clone(), act })
    }
}

#[derive(Clone, Debug)]
struct Kept {
    version: u64,
    record: Text,
    until: Instant,
}

/// The records.
#[derive(Clone, Debug, Default)]
pub struct Records(BTreeMap<Text, Kept>);

impl Records {
    /// Does one operation.
    pub fn operate(&mut self, now: Instant, operation: Operation) -> StoreAnswer {
        let Operation { key, act, .. } = operation;
        // Redis looks at the time of a key when it is asked for it.
        if self.0.get(&key).is_some_and(|kept| kept.until <= now) {
            self.0.remove(&key);
        }
        let there = self.0.get(&key);
        let version = there.map_or(0, |kept| kept.version);
        match act {
            StoreAct::Get => there.map_or(StoreAnswer::Absent, |kept| StoreAnswer::Record {
                version: kept.version,
                record: kept.record.clone(),
            }),
            StoreAct::Put { expected, record, lifetime } if expected == version => {
                self.0.insert(key, Kept { version: version + 1, record, until: now + lifetime });
                StoreAnswer::Done
            }
            StoreAct::Delete { expected } if expected == version => {
                self.0.remove(&key);
                StoreAnswer::Done
            }
            StoreAct::Put { .. } | StoreAct::Delete { .. } => StoreAnswer::Conflict,
        }
    }

    /// Forgets everything: Redis ended, and nothing of it is on a disk.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// How many there are at `now`, and the bytes of their keys and texts; what Redis needs around them is not counted.
    pub fn size(&self, now: Instant) -> (u64, u64) {
        let there = self.0.iter().filter(|(_, kept)| kept.until > now);
        there.fold((0, 0), |(count, bytes), (key, kept)| {
            let len = u64::try_from(PREFIX_BYTES + key.len() + kept.record.len()).unwrap_or(u64::MAX);
            (count + 1, bytes.saturating_add(len))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn operation(act: StoreAct) -> Operation {
        Operation { ticket: 1, key: Text::from_static("ann"), act }
    }

    fn put(expected: u64, record: &'static str) -> Operation {
        operation(StoreAct::Put { expected, record: Text::from_static(record), lifetime: SECOND })
    }

    fn get(records: &mut Records, millis: u64) -> StoreAnswer {
        records.operate(Instant::from_millis(millis), operation(StoreAct::Get))
    }

    #[test]
    fn a_put_succeeds_only_over_the_version_that_was_read() {
        let mut records = Records::default();
        let answers = [put(0, "a"), put(0, "b"), put(1, "c")].map(|put| records.operate(Instant::ZERO, put));
        assert_eq!(answers, [StoreAnswer::Done, StoreAnswer::Conflict, StoreAnswer::Done]);
        let record = StoreAnswer::Record { version: 2, record: Text::from_static("c") };
        assert_eq!(get(&mut records, 1), record);
    }

    #[test]
    fn a_record_expires_and_its_name_begins_anew() {
        let mut records = Records::default();
        records.operate(Instant::ZERO, put(0, "a"));
        assert_eq!(records.size(Instant::from_millis(999)).0, 1);
        assert_eq!(records.size(Instant::from_millis(1_000)).0, 0);
        assert_eq!(get(&mut records, 1_000), StoreAnswer::Absent);
        assert_eq!(records.operate(Instant::from_millis(1_001), put(0, "b")), StoreAnswer::Done);
    }

    #[test]
    fn a_delete_takes_only_the_version_that_was_read() {
        let mut records = Records::default();
        records.operate(Instant::ZERO, put(0, "a"));
        let delete = |expected| operation(StoreAct::Delete { expected });
        assert_eq!(records.operate(Instant::ZERO, delete(2)), StoreAnswer::Conflict);
        assert_eq!(records.operate(Instant::ZERO, delete(1)), StoreAnswer::Done);
        assert_eq!(get(&mut records, 1), StoreAnswer::Absent);
    }
}
