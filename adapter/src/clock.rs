//! The machines' time, read from tokio's.

use std::pin::Pin;
use std::time::Duration;

use socketio08::Instant;
use tokio::time;

const MILLISECOND_MICROS: u64 = 1_000;

/// Turns tokio's time, which may be paused or simulated, into the machines' [`Instant`]. A copy tells the same time.
///
/// ```
/// use std::time::Duration;
///
/// # use socketio08_tokio::Clock;
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// // With tokio's time paused.
/// let clock = Clock::start();
/// tokio::time::sleep(Duration::from_secs(20)).await;
/// assert_eq!(clock.now().as_millis(), 20_000);
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: time::Instant,
    shown_at_origin: Instant,
    /// Microseconds shown for each millisecond of tokio's; never 0.
    pace_micros: u64,
}

impl Clock {
    /// A clock that shows zero now.
    ///
    /// ```
    /// # use socketio08::Instant;
    /// # use socketio08_tokio::Clock;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// assert_eq!(Clock::start().now(), Instant::ZERO);
    /// # }
    /// ```
    #[must_use]
    pub fn start() -> Self {
        Self::starting_at(Instant::ZERO)
    }

    /// A clock that shows `now` now: for runtimes that began at different moments of one simulated time.
    ///
    /// ```
    /// # use socketio08::Instant;
    /// # use socketio08_tokio::Clock;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// assert_eq!(Clock::starting_at(Instant::from_millis(500)).now(), Instant::from_millis(500));
    /// # }
    /// ```
    #[must_use]
    pub fn starting_at(now: Instant) -> Self {
        Self { origin: time::Instant::now(), shown_at_origin: now, pace_micros: MILLISECOND_MICROS }
    }

    /// The same clock at another pace: it shows `shown` (at least a microsecond) for each millisecond of tokio's. Tokio's
    /// timers cannot tell moments within a millisecond apart; a simulation that must runs at a slower pace.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use socketio08_tokio::Clock;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let clock = Clock::start().at_pace(Duration::from_micros(200));
    /// tokio::time::sleep(Duration::from_millis(10)).await;
    /// assert_eq!(clock.now().as_millis(), 2);
    /// # }
    /// ```
    #[must_use]
    pub fn at_pace(self, shown: Duration) -> Self {
        let pace_micros = u64::try_from(shown.as_micros()).unwrap_or(u64::MAX).max(1);
        Self { pace_micros, ..self }
    }

    /// What the clock shows.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use socketio08_tokio::Clock;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let (clock, copy) = (Clock::start(), Clock::start());
    /// tokio::time::sleep(Duration::from_millis(3)).await;
    /// assert_eq!((clock.now(), clock.now().as_millis()), (copy.now(), 3));
    /// # }
    /// ```
    #[must_use]
    pub fn now(&self) -> Instant {
        let shown = scaled(self.origin.elapsed(), self.pace_micros, MILLISECOND_MICROS, false);
        self.shown_at_origin + shown
    }

    /// How long `shown` takes in tokio's terms.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use socketio08_tokio::Clock;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let slow = Clock::start().at_pace(Duration::from_micros(500));
    /// assert_eq!(slow.to_tokio_duration(Duration::from_secs(1)), Duration::from_secs(2));
    /// # }
    /// ```
    #[must_use]
    pub fn to_tokio_duration(&self, shown: Duration) -> Duration {
        scaled(shown, MILLISECOND_MICROS, self.pace_micros, true)
    }

    /// When the clock will show `at`, in tokio's terms; the origin if that was before it.
    ///
    /// ```
    /// # use socketio08::Instant;
    /// # use socketio08_tokio::Clock;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let clock = Clock::start();
    /// tokio::time::sleep_until(clock.to_tokio(Instant::from_millis(20))).await;
    /// assert!(clock.now() >= Instant::from_millis(20));
    /// # }
    /// ```
    #[must_use]
    pub fn to_tokio(&self, at: Instant) -> time::Instant {
        // A deadline too far for tokio's clock is as good as never; a century never comes either.
        const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
        // Rounded up, so that a deadline is never waited for too shortly.
        let passed = scaled(at - self.shown_at_origin, MILLISECOND_MICROS, self.pace_micros, true);
        self.origin + passed.min(NEVER)
    }

    /// Sees to it that `sleep`, due at `armed`, ends no later than `next`. One that ends earlier is left alone: firing early is
    /// harmless, and deadlines mostly move away.
    pub(crate) fn arm(
        &self,
        next: Option<Instant>,
        sleep: Pin<&mut time::Sleep>,
        armed: &mut Option<Instant>,
    ) {
        if let Some(next) = next
            && armed.is_none_or(|armed| next < armed)
        {
            sleep.reset(self.to_tokio(next));
            *armed = Some(next);
        }
    }
}

/// `duration * by / per` in whole microseconds; saturates.
fn scaled(duration: Duration, by: u64, per: u64, up: bool) -> Duration {
    let product = duration.as_micros().saturating_mul(u128::from(by));
    let scaled = if up { product.div_ceil(u128::from(per)) } else { product / u128::from(per) };
    Duration::from_micros(u64::try_from(scaled).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_at_a_slow_pace_shows_a_fifth_of_the_time() {
        let clock = Clock::start().at_pace(Duration::from_micros(200));
        time::sleep(Duration::from_millis(10)).await;
        assert_eq!(clock.now(), Instant::from_millis(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_has_passed_when_tokio_says_so() {
        for pace in [1_000, 200, 333] {
            let clock = Clock::starting_at(Instant::from_millis(7)).at_pace(Duration::from_micros(pace));
            let at = Instant::from_micros(9_100);
            time::sleep_until(clock.to_tokio(at)).await;
            assert!(clock.now() >= at, "pace {pace}: {:?}", clock.now());
        }
    }
}
