//! What faults do to one way of the network: things are late, lost and sent again, or held until it is open again.

use core::time::Duration;

use socketio08::Instant;

use crate::scenario::Weather;
use crate::world::seed::Stream;

/// Linux sends a lost segment again after this at the earliest (`TCP_RTO_MIN`), and doubles the wait each time.
const RESEND: Duration = Duration::from_millis(200);
/// The first wait for the answer to a connection's first packet (RFC 6298, 2.1).
const RESEND_OPENING: Duration = Duration::from_secs(1);
/// No wait is longer (`TCP_RTO_MAX`).
const RESEND_MAX: Duration = Duration::from_secs(120);
/// How often a segment is sent again before its connection is given up (`net.ipv4.tcp_retries2`).
const RESENDS: u32 = 15;
/// The same for the first packet (`net.ipv4.tcp_syn_retries`).
const RESENDS_OPENING: u32 = 6;

/// The weather over one way. What is sent is one packet, or few that share their fate.
#[derive(Clone, Debug)]
pub struct Sky {
    bad: Vec<Bad>,
    random: Stream,
}

/// One fault at work.
#[derive(Clone, Copy, Debug)]
struct Bad {
    fault: usize,
    weather: Weather,
    /// When it is over; `None`: not before the end.
    until: Option<Instant>,
    bitten: bool,
}

impl Sky {
    /// A clear sky.
    pub fn new(random: Stream) -> Self {
        Self { bad: Vec::new(), random }
    }

    /// The weather of fault number `fault` comes, until then.
    pub fn handle_bad(&mut self, fault: usize, weather: Weather, until: Option<Instant>) {
        self.bad.push(Bad { fault, weather, until, bitten: false });
    }

    /// It goes.
    pub fn handle_over(&mut self, fault: usize) {
        self.bad.retain(|bad| bad.fault != fault);
    }

    /// How long something sent at `now` takes that takes `base` in good weather; `opening`: it is a connection's first
    /// packet. `None`: it never arrives, and its sender gives up.
    pub fn pass(&mut self, now: Instant, base: Duration, opening: bool) -> Option<Duration> {
        if self.bad.is_empty() {
            return Some(base);
        }
        let (mut wait, resends) = if opening { (RESEND_OPENING, RESENDS_OPENING) } else { (RESEND, RESENDS) };
        let mut at = now;
        for _ in 0..=resends {
            if let Some(late) = self.carries(at) {
                return Some((at - now) + base + late);
            }
            at = at + wait;
            wait = (wait * 2).min(RESEND_MAX);
        }
        None
    }

    /// Which faults touched something since the last call.
    pub fn take_bitten(&mut self) -> Vec<usize> {
        let bitten = self.bad.iter_mut().map(|bad| (bad.fault, core::mem::take(&mut bad.bitten)));
        bitten.filter_map(|(fault, bitten)| bitten.then_some(fault)).collect()
    }

    /// Whether a packet sent at `at` gets through, and how much later than in good weather.
    fn carries(&mut self, at: Instant) -> Option<Duration> {
        let mut late = Duration::ZERO;
        for bad in self.bad.iter_mut().filter(|bad| bad.until.is_none_or(|until| at < until)) {
            let lost = match bad.weather {
                Weather::Delay(by) => {
                    late += by;
                    bad.bitten = true;
                    false
                }
                Weather::Lose(of_1000) => self.random.chance(u64::from(of_1000), 1_000),
                Weather::Cut => true,
            };
            if lost {
                bad.bitten = true;
                return None;
            }
        }
        Some(late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::seed::Seed;

    const HOP: Duration = Duration::from_millis(1);

    fn sky(weather: Weather, until: Option<u64>) -> Sky {
        let mut sky = Sky::new(Seed(1).stream("sky"));
        sky.handle_bad(3, weather, until.map(Instant::from_millis));
        sky
    }

    fn millis(sky: &mut Sky, at: u64, opening: bool) -> Option<u128> {
        sky.pass(Instant::from_millis(at), HOP, opening).map(|delay| delay.as_millis())
    }

    #[test]
    fn what_is_sent_into_a_cut_arrives_with_the_first_repetition_after_it() {
        // Repeated 200, 600, 1,400 and 3,000 ms after it was sent.
        let mut sky = sky(Weather::Cut, Some(2_000));
        assert_eq!(millis(&mut sky, 1_000, false), Some(1_401));
        assert_eq!(millis(&mut sky, 0, false), Some(3_001));
        assert_eq!(millis(&mut sky, 2_000, false), Some(1));
        assert_eq!(sky.take_bitten(), [3]);
    }

    #[test]
    fn a_connection_is_asked_for_again_after_1_3_and_7_seconds() {
        let mut sky = sky(Weather::Cut, Some(4_000));
        assert_eq!([0, 3_500].map(|at| millis(&mut sky, at, true)), [Some(7_001), Some(1_001)]);
    }

    #[test]
    fn a_cut_without_end_swallows_everything() {
        let mut sky = sky(Weather::Cut, None);
        assert_eq!([true, false].map(|opening| millis(&mut sky, 0, opening)), [None, None]);
    }

    #[test]
    fn a_delay_is_added_and_ends_with_its_fault() {
        let mut sky = sky(Weather::Delay(Duration::from_millis(100)), None);
        assert_eq!(millis(&mut sky, 0, false), Some(101));
        assert_eq!((sky.take_bitten(), sky.take_bitten()), (vec![3], vec![]));
        sky.handle_over(3);
        assert_eq!(millis(&mut sky, 0, false), Some(1));
    }

    #[test]
    fn one_packet_of_ten_is_late_by_a_repetition_if_one_of_ten_is_lost() {
        let mut sky = sky(Weather::Lose(100), None);
        let late = (0..1_000).filter(|_| millis(&mut sky, 0, false) >= Some(201)).count();
        assert!((70..130).contains(&late), "{late}");
    }
}
