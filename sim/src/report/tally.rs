//! Counts of values, to three significant digits: percentiles of millions of values in little memory.

use std::collections::BTreeMap;

use super::figures::Spread;

/// Values with how often each came.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Tally {
    counts: BTreeMap<u64, u64>,
    total: u64,
}

impl Tally {
    pub(super) fn add(&mut self, value: u64) {
        *self.counts.entry(rounded(value)).or_default() += 1;
        self.total += 1;
    }

    /// Percentiles by nearest rank; `None` without values.
    pub(super) fn spread(&self) -> Option<Spread> {
        let max = *self.counts.keys().next_back()?;
        let rank = |per_cent: u64| {
            let wanted = (self.total * per_cent).div_ceil(100).max(1);
            let mut seen = 0;
            let found = self.counts.iter().find(|(_, count)| {
                seen += **count;
                seen >= wanted
            });
            found.map_or(max, |(value, _)| *value)
        };
        Some(Spread { median: rank(50), p95: rank(95), p99: rank(99), max })
    }
}

/// The value with all but its first three digits set to zero.
fn rounded(value: u64) -> u64 {
    let mut unit = 1;
    while value / unit >= 1_000 {
        unit *= 10;
    }
    value / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank_and_three_digits() {
        let mut tally = Tally::default();
        for value in 1..=100 {
            tally.add(value);
        }
        assert_eq!(tally.spread(), Some(Spread { median: 50, p95: 95, p99: 99, max: 100 }));
        tally.add(1_234_567);
        assert_eq!(tally.spread().map(|spread| spread.max), Some(1_230_000));
        assert_eq!(Tally::default().spread(), None);
    }
}
