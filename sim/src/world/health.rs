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

    /// A server that came back from maintenance: up, but down at the first check that fails.
    pub fn returned(check: &Check) -> Self {
        Self { against: check.fall.saturating_sub(1), ..Self::new(check) }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn results(results: &[bool]) -> Vec<Option<bool>> {
        let mut health = Health::new(&Check::default());
        results.iter().map(|passed| health.handle_result(*passed)).collect()
    }

    #[test]
    fn three_failures_in_a_row_mark_a_server_down_and_two_successes_up() {
        let marks = results(&[true, false, false, false, false, true, true, true]);
        assert_eq!(marks, [None, None, None, Some(false), None, None, Some(true), None]);
    }

    #[test]
    fn one_result_that_agrees_with_the_state_starts_the_count_again() {
        let marks = results(&[false, false, true, false, false, false, true, false, true, true]);
        assert_eq!(marks[5], Some(false));
        assert_eq!(marks[9], Some(true));
        assert_eq!(marks.iter().flatten().count(), 2);
    }

    #[test]
    fn first_checks_are_spread_over_inter_from_the_start_of_the_balancer() {
        let check = Check { started_before: Duration::ZERO, ..Check::default() };
        let due = |check: &Check, server| first_check(check, ServerIx(server), 4).as_millis();
        assert_eq!([0, 1, 2, 3].map(|server| due(&check, server)), [0, 500, 1_000, 1_500]);
        assert_eq!([0, 1, 2, 3].map(|server| due(&Check::default(), server)), [1_000, 1_500, 0, 500]);
        let long_ago = Check { started_before: Duration::from_millis(4_100), ..check };
        assert_eq!([0, 1, 2, 3].map(|server| due(&long_ago, server)), [1_900, 400, 900, 1_400]);
    }
}
