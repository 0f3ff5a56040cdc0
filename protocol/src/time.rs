//! The crate's own instant: microseconds from an origin the caller picks.

use core::ops::{Add, Sub};
use core::time::Duration;

/// A point in time, in microseconds from an origin that the caller picks. The machines never read a clock.
///
/// ```
/// use core::time::Duration;
/// use socketio08::Instant;
///
/// let later = Instant::ZERO + Duration::from_secs(20);
/// assert_eq!(later.as_millis(), 20_000);
/// assert_eq!(later - Instant::from_millis(5_000), Duration::from_secs(15));
/// assert_eq!(Instant::ZERO - later, Duration::ZERO, "never negative");
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Instant(u64);

impl Instant {
    /// The origin.
    pub const ZERO: Instant = Instant(0);

    /// The instant `micros` microseconds after the origin.
    ///
    /// ```
    /// # use socketio08::Instant;
    /// assert!(Instant::from_micros(999) < Instant::from_millis(1));
    /// ```
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The instant `millis` milliseconds after the origin.
    ///
    /// ```
    /// # use socketio08::Instant;
    /// assert_eq!(Instant::from_millis(2), Instant::from_micros(2_000));
    /// assert_eq!(Instant::from_millis(u64::MAX), Instant::from_micros(u64::MAX), "saturates");
    /// ```
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Microseconds since the origin.
    ///
    /// ```
    /// # use socketio08::Instant;
    /// assert_eq!(Instant::from_millis(2).as_micros(), 2_000);
    /// ```
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the origin.
    ///
    /// ```
    /// # use socketio08::Instant;
    /// assert_eq!(Instant::from_micros(2_999).as_millis(), 2);
    /// ```
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// Saturates: half a million years is never.
    fn add(self, duration: Duration) -> Instant {
        Instant(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// Zero if `earlier` is later.
    fn sub(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}
