//! Node 0.8's `cluster`: workers that share one listening port. Nobody balances; whoever calls `accept` first has the
//! connection, and keeps it.
//!
//! A connection wakes every worker that sleeps. They race on the processors of the machine: each is put on one of them, and of
//! two on one processor the scheduler runs the one first that has run less lately. So right after a worker has done something
//! it tends to lose (`tables-2.md` item 39: 0.14 to 0.19 of pairs of connections on one of four workers, not 0.25), and after
//! a while nobody remembers. A worker that works takes part when it is through. Workers pause after each `accept`, as libuv
//! 0.8 has them do, to give the others a chance.

use core::time::Duration;

use socketio08::Instant;

use crate::scenario::{Cluster, ServerIx};
use crate::world::seed::Stream;

/// How long libuv 0.8 has a worker sleep after `accept`: a nanosecond, which Linux makes the slack of its timers.
pub const PAUSE: Duration = Duration::from_micros(50);

/// The race for connections.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Race {
    config: Cluster,
    random: Stream,
}

impl Race {
    /// A race whose chances come from `random`: `seed.stream("cluster")`.
    pub fn new(config: Cluster, random: Stream) -> Self {
        Self { config, random }
    }

    /// Who accepts a connection that comes `now`. `free` tells for each worker since when, or from when on, it has nothing to
    /// do; `None`: it is down. `None` if all are.
    pub fn winner(&mut self, now: Instant, free: &[Option<Instant>]) -> Option<ServerIx> {
        let up = || free.iter().enumerate().filter_map(|(worker, free)| Some((worker, (*free)?)));
        let idle: Vec<_> = up().filter(|(_, free)| *free <= now).collect();
        if idle.is_empty() {
            // The connection waits in the queue for the first who comes by.
            return up().min_by_key(|(_, free)| *free).map(|(worker, _)| ServerIx(worker));
        }
        let memory = self.config.memory;
        let mut leaders: Vec<Option<(bool, u32, usize)>> = vec![None; self.config.cores.max(1) as usize];
        for (worker, free) in idle {
            let processor =
                usize::try_from(self.random.below(u64::from(self.config.cores.max(1)))).unwrap_or(0);
            let ran_lately = free > Instant::ZERO && free + memory > now;
            let entry = (ran_lately, self.random.next_u32(), worker);
            let leader = &mut leaders[processor];
            *leader = Some(leader.map_or(entry, |leader| leader.min(entry)));
        }
        let first = leaders.into_iter().flatten().min_by_key(|(_, chance, _)| *chance);
        first.map(|(_, _, worker)| ServerIx(worker))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::seed::Seed;

    const NOW: Instant = Instant::from_millis(1_000);

    fn race() -> Race {
        Race::new(Cluster::default(), Seed(1).stream("cluster"))
    }

    /// How many of 1,000 connections the first of `workers` accepts that was busy until `busy`, the others long idle.
    fn wins_of_the_first(workers: usize, busy: Instant) -> usize {
        let mut race = race();
        let mut free = vec![Some(Instant::ZERO); workers];
        free[0] = Some(busy);
        (0..1_000).filter(|_| race.winner(NOW, &free) == Some(ServerIx(0))).count()
    }

    #[test]
    fn a_worker_that_has_just_run_tends_to_lose() {
        let just = Instant::from_millis(999);
        assert!((30..120).contains(&wins_of_the_first(4, just)), "{}", wins_of_the_first(4, just));
        assert!((200..300).contains(&wins_of_the_first(2, just)), "{}", wins_of_the_first(2, just));
    }

    #[test]
    fn a_worker_that_ran_a_while_ago_has_the_chances_of_the_others() {
        let before = Instant::from_millis(900);
        assert!((200..300).contains(&wins_of_the_first(4, before)), "{}", wins_of_the_first(4, before));
    }

    #[test]
    fn a_worker_that_works_takes_no_part() {
        assert_eq!(wins_of_the_first(4, Instant::from_millis(1_001)), 0);
    }

    #[test]
    fn if_all_work_the_first_to_be_through_accepts() {
        let free = [1_005, 1_003, 1_004].map(|at| Some(Instant::from_millis(at)));
        assert_eq!(race().winner(NOW, &free), Some(ServerIx(1)));
    }

    #[test]
    fn the_dead_accept_nothing() {
        assert_eq!(race().winner(NOW, &[None, Some(Instant::ZERO)]), Some(ServerIx(1)));
        assert_eq!(race().winner(NOW, &[None, None]), None);
    }
}
