//! The timers of one client, indexed by deadline.

use alloc::collections::BTreeMap;
use core::time::Duration;

use super::genuine::Watcher;
use super::link::LinkId;
use crate::server::ExchangeId;
use crate::{Deadline, Instant, Timer};

/// Shortest delay of a timer: that of the genuine client's platform, and what makes every new deadline later than now.
const DELAY_MIN: Duration = Duration::from_millis(1);

/// What is to be done when a timer fires.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Due {
    /// The transport had the connect timeout to connect.
    Connect,
    /// Nothing came on this link within the close timeout (genuine profile): since its first poll in 0.8.7, ever in 0.9.
    Close(LinkId),
    /// The handshake was not answered (improved profile).
    Handshake(ExchangeId),
    /// Nothing came from the server within the heartbeat timeout (genuine profile, 0.9).
    Heartbeat,
    /// A POST was not answered (improved profile).
    Post,
    /// The next reconnection attempt, driven by this watcher.
    Reconnect(Watcher),
    /// Nothing was heard from the server for too long (improved profile).
    Silence,
}

impl Due {
    fn timer(self) -> Timer {
        match self {
            Due::Connect | Due::Handshake(_) => Timer::Connect,
            Due::Close(_) => Timer::Close,
            Due::Reconnect(_) => Timer::Reconnect,
            Due::Heartbeat | Due::Post | Due::Silence => Timer::HeartbeatReply,
        }
    }
}

/// Names one pending timer. Timers of one instant fire in the order in which they were set.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct TimerKey {
    at: Instant,
    serial: u64,
}

/// Every pending timer.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Timers {
    pending: BTreeMap<TimerKey, Due>,
    serial: u64,
    connect_count: usize,
    reconnect_count: usize,
}

impl Timers {
    /// Sets a timer, at least a millisecond from `now`.
    pub(super) fn set(&mut self, now: Instant, delay: Duration, due: Due) -> TimerKey {
        let key = TimerKey { at: now + delay.max(DELAY_MIN), serial: self.serial };
        self.serial += 1;
        self.pending.insert(key, due);
        self.count(due, true);
        key
    }

    pub(super) fn cancel(&mut self, key: TimerKey) {
        if let Some(due) = self.pending.remove(&key) {
            self.count(due, false);
        }
    }

    pub(super) fn cancel_reconnects(&mut self) {
        self.pending.retain(|_, due| !matches!(due, Due::Reconnect(_)));
        self.reconnect_count = 0;
    }

    pub(super) fn cancel_handshakes(&mut self) {
        self.pending.retain(|_, due| !matches!(due, Due::Handshake(_)));
    }

    pub(super) fn cancel_all(&mut self) {
        self.pending.clear();
        self.connect_count = 0;
        self.reconnect_count = 0;
    }

    /// The serial number of the next timer to be set, for [`Timers::pop`].
    pub(super) fn serial(&self) -> u64 {
        self.serial
    }

    /// Takes the earliest timer due at `now`, if it was set before the serial number `before` was. The bound ends the
    /// caller's loop even at the end of time, where a new timer cannot be later than now.
    pub(super) fn pop(&mut self, now: Instant, before: u64) -> Option<Due> {
        let (key, _) = self.pending.first_key_value()?;
        if key.at > now || key.serial >= before {
            return None;
        }
        let (_, due) = self.pending.pop_first()?;
        self.count(due, false);
        Some(due)
    }

    pub(super) fn next(&self) -> Option<Deadline> {
        self.pending.first_key_value().map(|(key, due)| Deadline { at: key.at, timer: due.timer() })
    }

    pub(super) fn pending(&self) -> impl Iterator<Item = (TimerKey, Due)> {
        self.pending.iter().map(|(key, due)| (*key, *due))
    }

    /// Changes what the timers are for.
    pub(super) fn map(&mut self, change: impl Fn(Due) -> Due) {
        for due in self.pending.values_mut() {
            *due = change(*due);
        }
    }

    /// Moves the origin of time so that `now` becomes zero, and numbers anew in the order of firing; returns each old key with
    /// its new one.
    pub(super) fn rebase(&mut self, now: Instant) -> BTreeMap<TimerKey, TimerKey> {
        let old = core::mem::take(&mut self.pending);
        let mut keys = BTreeMap::new();
        self.serial = 0;
        for (key, due) in old {
            let moved = TimerKey { at: Instant::ZERO + (key.at - now), serial: self.serial };
            self.serial += 1;
            keys.insert(key, moved);
            self.pending.insert(moved, due);
        }
        keys
    }

    pub(super) fn connect_count(&self) -> usize {
        self.connect_count
    }

    pub(super) fn reconnect_count(&self) -> usize {
        self.reconnect_count
    }

    fn count(&mut self, due: Due, added: bool) {
        let counter = match due {
            Due::Connect => &mut self.connect_count,
            Due::Reconnect(_) => &mut self.reconnect_count,
            Due::Close(_) | Due::Handshake(_) | Due::Heartbeat | Due::Post | Due::Silence => return,
        };
        *counter = if added { *counter + 1 } else { counter.saturating_sub(1) };
    }
}
