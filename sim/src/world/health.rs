//! Health checking of one server as HAProxy does it: `fall` failures in a row mark it down, `rise` successes up.

use core::time::Duration;

use socketio08::Instant;

use crate::scenario::{Check, ServerIx};

/// The health of one server.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Health {
    up: bool,
    /// Results in a row against the present state.
    against: u32,
    fall: u32,
    rise: u32,
}

impl Health {
    /// A server that is up: HAProxy trusts its configuration until checks say otherwise.
    pub fn new(check: &Check) -> Self {
        Self { up: true, against: 0, fall: check.fall, rise: check.rise }
    }

    /// Whether the server takes requests.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// A check ended. Returns the new state if it changed. A result that agrees with the present state clears those
    /// counted against it.
    pub fn handle_result(&mut self, passed: bool) -> Option<bool> {
        if passed == self.up {
            self.against = 0;
            return None;
        }
        self.against += 1;
        let needed = if self.up { self.fall } else { self.rise };
        if self.against < needed {
            return None;
        }
        self.up = passed;
        self.against = 0;
        Some(self.up)
    }
}

/// When `server` of `servers` is checked first, at or after the origin. HAProxy spreads the first checks over one
/// `inter` from its own start, which was [`Check::started_before`] before the origin, and keeps the rhythm.
pub fn first_check(check: &Check, server: ServerIx, servers: usize) -> Instant {
    let inter = check.inter.as_micros().max(1);
    let offset = inter * server.0 as u128 / servers.max(1) as u128;
    let early = check.started_before.as_micros() % inter;
    let due = (offset + inter - early) % inter;
    Instant::ZERO + Duration::from_micros(u64::try_from(due).unwrap_or(u64::MAX))
}
