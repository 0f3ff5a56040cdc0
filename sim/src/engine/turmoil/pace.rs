//! How the scenario's time maps to turmoil's.

use std::time::Duration;

use socketio08::Instant;
use socketio08_tokio::Clock;

use crate::scenario::Latency;

/// One step of turmoil. Its runtimes cannot tell moments within a millisecond apart, so a finer world runs at a slower
/// pace: a step then stands for less than a millisecond of the scenario.
pub(super) const STEP: Duration = Duration::from_millis(1);

const TICK_MIN: Duration = Duration::from_micros(100);
/// A finer range has the same curve.
const RANGE_MILLIS_MAX: u32 = 1_000;
/// The rate is then exact to nine digits, which is more than enough, and the same on every machine.
const BISECTIONS: u32 = 32;

/// The scenario's time that one step of turmoil stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Pace {
    tick: Duration,
}

impl Pace {
    /// A tick as long as the least latency, or a whole part of it, so that a hop takes exactly what the scenario says; at most
    /// a millisecond, since timers of the machines are whole milliseconds, and at least a tenth of it, since each step costs.
    pub(super) fn of(latency: Latency) -> Self {
        let parts = latency.min.as_micros().div_ceil(STEP.as_micros()).max(1);
        let micros = latency.min.as_micros().div_ceil(parts);
        let tick = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        Self { tick: tick.clamp(TICK_MIN, STEP) }
    }

    /// The scenario's time of one step.
    pub(super) fn tick(self) -> Duration {
        self.tick
    }

    /// How many steps it takes until `time` has passed.
    pub(super) fn steps(self, time: Duration) -> u64 {
        u64::try_from(time.as_micros().div_ceil(self.tick.as_micros())).unwrap_or(u64::MAX)
    }

    /// The instant at which step number `step`, counting from zero, begins.
    pub(super) fn instant(self, step: u64) -> Instant {
        let tick = u64::try_from(self.tick.as_micros()).unwrap_or(u64::MAX);
        Instant::from_micros(step.saturating_mul(tick))
    }

    /// The same length of time by turmoil's clock, rounded up to whole microseconds.
    pub(super) fn stretched(self, time: Duration) -> Duration {
        let micros = (time.as_micros() * STEP.as_micros()).div_ceil(self.tick.as_micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// The rate of turmoil's exponential distribution that makes latencies come out in the middle of their range on average;
    /// `None` if turmoil sees no range. It adds `range * sample` to the least latency, in whole milliseconds of its own,
    /// and caps the sum at the greatest.
    pub(super) fn curve(self, latency: Latency) -> Option<f64> {
        let range = self.stretched(latency.max).saturating_sub(self.stretched(latency.min));
        let millis = u32::try_from(range.as_millis()).unwrap_or(u32::MAX).min(RANGE_MILLIS_MAX);
        if millis == 0 {
            return None;
        }
        let range = f64::from(millis);
        let mean =
            |rate: f64| (1..=millis).map(|milli| (-rate * f64::from(milli) / range).exp()).sum::<f64>();
        let (mut low, mut high) = (0.1, 10.0);
        for _ in 0..BISECTIONS {
            let middle = f64::midpoint(low, high);
            // A greater rate means shorter latencies.
            if mean(middle) > range / 2.0 { low = middle } else { high = middle }
        }
        Some(low)
    }

    /// A clock for the host that runs now. Must be called on a host.
    pub(super) fn clock(self) -> Clock {
        let elapsed = turmoil::sim_elapsed().unwrap_or_default();
        let steps = u64::try_from(elapsed.as_micros() / STEP.as_micros()).unwrap_or(u64::MAX);
        Clock::starting_at(self.instant(steps)).at_pace(self.tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(micros: u64) -> Pace {
        let latency = Duration::from_micros(micros);
        Pace::of(Latency { min: latency, max: latency })
    }

    #[test]
    fn a_tick_is_the_latency_or_a_part_of_it_between_a_tenth_of_a_millisecond_and_a_whole_one() {
        assert_eq!(pace(200).tick, Duration::from_micros(200));
        assert_eq!(pace(0).tick, Duration::from_micros(100));
        assert_eq!(pace(5_000).tick, Duration::from_millis(1));
        assert_eq!(pace(1_500).tick, Duration::from_micros(750));
    }

    #[test]
    fn one_hop_is_one_step_at_a_latency_of_a_tick() {
        assert_eq!(pace(200).stretched(Duration::from_micros(200)), STEP);
        assert_eq!(pace(300).stretched(Duration::from_micros(300)), STEP);
        assert_eq!(pace(2_000).stretched(Duration::from_millis(2)), 2 * STEP);
        assert!(pace(2_500).stretched(Duration::from_micros(2_500)) <= 3 * STEP);
    }

    #[test]
    fn latencies_come_out_in_the_middle_of_their_range() {
        let curve = |min, max| {
            let latency = Latency { min: Duration::from_micros(min), max: Duration::from_micros(max) };
            Pace::of(latency).curve(latency)
        };
        assert_eq!(curve(200, 200), None);
        // Of one millisecond or none, each is as likely as the other at ln 2.
        assert!((curve(100, 200).unwrap() - 2_f64.ln()).abs() < 1e-6);
        // A fine range: the mean of the smaller of one and a sample is a half at 1.594.
        assert!((curve(1_000, 1_001_000).unwrap() - 1.594).abs() < 0.01);
    }

    #[test]
    fn steps_never_end_before_the_time_has_passed() {
        assert_eq!(pace(200).steps(Duration::from_secs(1)), 5_000);
        assert_eq!(pace(300).steps(Duration::from_millis(1)), 4);
        assert_eq!(pace(300).instant(4), Instant::from_micros(1_200));
    }
}
