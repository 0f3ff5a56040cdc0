//! The machines' time, read from tokio's.

use socketio08::Instant;
use tokio::time;

/// Turns tokio's time, which may be paused or simulated, into the machines' [`Instant`]. A copy tells the same time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: time::Instant,
    shown_at_origin: Instant,
}

impl Clock {
    /// A clock that shows zero now.
    pub fn start() -> Self {
        Self::starting_at(Instant::ZERO)
    }

    /// A clock that shows `now` now: for runtimes that began at different moments of one simulated time.
    pub fn starting_at(now: Instant) -> Self {
        Self { origin: time::Instant::now(), shown_at_origin: now }
    }

    /// What the clock shows.
    pub fn now(&self) -> Instant {
        self.shown_at_origin + self.origin.elapsed()
    }

    /// When the clock will show `at`, in tokio's terms; the origin if that was before it.
    pub fn to_tokio(&self, at: Instant) -> time::Instant {
        // A deadline too far for tokio's clock is as good as never; a century never comes either.
        const NEVER: std::time::Duration = std::time::Duration::from_secs(100 * 365 * 24 * 3600);
        self.origin + (at - self.shown_at_origin).min(NEVER)
    }
}
