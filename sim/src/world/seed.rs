//! One seed for the whole world, split into named streams, so that adding one consumer moves no other.
//!
//! A stream is `ChaCha8` keyed by the seed and the name through a hash written out here: nothing depends on the
//! standard library's hasher, the platform or the version of a helper crate.

use core::fmt;
use core::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// The seed of a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream of that name, from its beginning; the same name gives the same numbers.
    pub fn stream(self, name: &str) -> Stream {
        let mut key = [0_u8; 32];
        let mut hash = fnv1a(FNV_OFFSET, &self.0.to_le_bytes());
        for chunk in key.chunks_exact_mut(8) {
            hash = mix(fnv1a(hash, name.as_bytes()));
            chunk.copy_from_slice(&hash.to_le_bytes());
        }
        Stream { rng: ChaCha8Rng::from_seed(key) }
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A named stream of random numbers; a clone continues alike.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stream {
    rng: ChaCha8Rng,
}

impl Stream {
    /// The next 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        self.rng.next_u32()
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// A number in `0..bound`, each equally likely; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Draws from the incomplete last multiple of `bound` are thrown away: no bias towards small numbers.
        let unfair = u64::MAX % bound + 1;
        let limit = if unfair == bound { u64::MAX } else { u64::MAX - unfair };
        loop {
            let draw = self.next_u64();
            if draw <= limit {
                return draw % bound;
            }
        }
    }

    /// A duration in `min..=max`, in whole microseconds, each equally likely; `min` if they are the wrong way round.
    pub fn duration(&mut self, min: Duration, max: Duration) -> Duration {
        let span = micros(max).saturating_sub(micros(min));
        min + Duration::from_micros(self.below(span.saturating_add(1)))
    }

    /// A duration of the exponential distribution with this mean, cut at 64 times the mean. By von Neumann's method of
    /// comparisons (1951), which needs no logarithm: those differ between platforms in the last digit.
    pub fn exponential(&mut self, mean: Duration) -> Duration {
        for whole in 0..64_u32 {
            let first = self.next_u64();
            let (mut last, mut descents) = (first, 0_u32);
            loop {
                let next = self.next_u64();
                if next >= last {
                    break;
                }
                (last, descents) = (next, descents + 1);
            }
            if descents.is_multiple_of(2) {
                let part = (u128::from(micros(mean)) * u128::from(first)) >> 64;
                return mean.saturating_mul(whole) + Duration::from_micros(u64::try_from(part).unwrap_or(0));
            }
        }
        mean.saturating_mul(64)
    }

    /// True `numerator` times out of `denominator`; false if the denominator is 0.
    pub fn chance(&mut self, numerator: u64, denominator: u64) -> bool {
        denominator > 0 && self.below(denominator) < numerator
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX - 1)
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a, continued from `hash`.
fn fnv1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME))
}

/// The finaliser of splitmix64: FNV alone leaves names that differ in the last letter close together.
fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_name_give_the_same_numbers_for_ever() {
        let mut stream = Seed(1).stream("clients/17/jitter");
        assert_eq!(
            [stream.next_u64(), stream.next_u64()],
            [3_986_997_970_921_853_210, 10_368_885_825_576_035_220]
        );
    }

    #[test]
    fn another_name_or_seed_gives_other_numbers() {
        let first = Seed(1).stream("a").next_u64();
        assert_ne!(first, Seed(1).stream("b").next_u64());
        assert_ne!(first, Seed(2).stream("a").next_u64());
    }

    #[test]
    fn below_stays_below_and_reaches_every_value() {
        let mut stream = Seed(7).stream("below");
        let mut seen = [0_u32; 5];
        for _ in 0..1_000 {
            seen[usize::try_from(stream.below(5)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| (150..250).contains(count)), "{seen:?}");
        assert_eq!(stream.below(0), 0);
        assert_eq!(stream.below(1), 0);
    }

    #[test]
    fn a_duration_lies_between_its_bounds_both_included() {
        let mut stream = Seed(7).stream("duration");
        let (min, max) = (Duration::from_micros(10), Duration::from_micros(12));
        let drawn: Vec<_> = (0..100).map(|_| stream.duration(min, max).as_micros()).collect();
        assert!((10..=12).all(|micros| drawn.contains(&micros)) && drawn.iter().all(|micros| *micros <= 12));
        assert_eq!(stream.duration(max, min), max);
    }

    #[test]
    fn exponential_durations_have_their_mean_and_pass_it_one_time_in_e() {
        let mut stream = Seed(7).stream("exponential");
        let drawn: Vec<u128> =
            (0..10_000).map(|_| stream.exponential(Duration::from_millis(10)).as_micros()).collect();
        let mean = drawn.iter().sum::<u128>() / 10_000;
        assert!((9_700..10_300).contains(&mean), "{mean}");
        let beyond = drawn.iter().filter(|micros| **micros > 10_000).count();
        assert!((3_500..3_860).contains(&beyond), "{beyond} of 10,000, not 3,679");
        let beyond_twice = drawn.iter().filter(|micros| **micros > 20_000).count();
        assert!((1_250..1_460).contains(&beyond_twice), "{beyond_twice} of 10,000, not 1,353");
    }

    #[test]
    fn a_chance_of_none_in_ten_never_comes_and_of_ten_in_ten_always() {
        let mut stream = Seed(7).stream("chance");
        assert!((0..100).all(|_| !stream.chance(0, 10) && stream.chance(10, 10) && !stream.chance(1, 0)));
    }
}
