//! When clients arrive.

use core::time::Duration;

use crate::scenario::{Arrival, Clients, Phase};
use crate::world::seed::Stream;

/// The arrivals of one sort of clients from the start of the run, none before the one before it.
pub(super) fn arrivals(sort: &Clients, mut random: Stream) -> Vec<Duration> {
    let mut all: Vec<Duration> = match &sort.arrival {
        Arrival::Phases(phases) => phases
            .iter()
            .flat_map(|phase| {
                let times = process(&phase.arrival, phase.count, &mut random);
                times.into_iter().map(move |time| phase.at + time)
            })
            .collect(),
        arrival => process(arrival, sort.count, &mut random),
    };
    all.sort_unstable();
    all.into_iter().map(|time| sort.arrive_from + time).collect()
}

fn process(arrival: &Arrival, count: u32, random: &mut Stream) -> Vec<Duration> {
    let mut now = Duration::ZERO;
    let mut one = |index: u32| match arrival {
        Arrival::Every(step) => step.saturating_mul(index),
        Arrival::Over(whole) => part(*whole, index, count),
        Arrival::Mean(mean) => {
            now = now.saturating_add(random.exponential(*mean));
            now
        }
        Arrival::Phases(_) => Duration::ZERO,
    };
    (0..count).map(&mut one).collect()
}

fn part(whole: Duration, index: u32, count: u32) -> Duration {
    let micros = whole.as_micros() * u128::from(index) / u128::from(count.max(1));
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// When the last client of a sort arrives, from the start of the run; of arrivals at random, when it is to be expected.
pub fn last_arrival(sort: &Clients) -> Duration {
    let last = |arrival: &Arrival, count: u32| match arrival {
        Arrival::Every(step) => step.saturating_mul(count.saturating_sub(1)),
        Arrival::Over(whole) => part(*whole, count.saturating_sub(1), count),
        Arrival::Mean(mean) => mean.saturating_mul(count),
        Arrival::Phases(_) => Duration::ZERO,
    };
    let phase = |phase: &Phase| phase.at + last(&phase.arrival, phase.count);
    sort.arrive_from
        + match &sort.arrival {
            Arrival::Phases(phases) => phases.iter().map(phase).max().unwrap_or_default(),
            arrival => last(arrival, sort.count),
        }
}
