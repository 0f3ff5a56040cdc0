//! Many runs on all processors. Runs share nothing, so their order of execution changes nothing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::cli::simulate::{Failure, Made, runs_bar, simulate_hidden};
use crate::scenario::Scenario;
use crate::world::seed::Seed;

/// One run to make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) seed: Seed,
}

/// Makes every run; the results are in the order of the jobs.
///
/// # Errors
/// The failure of the first job that failed, in the order of the jobs.
pub(super) fn run(jobs: &[Job<'_>]) -> Result<Vec<Made>, Failure> {
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<Result<Made, Failure>>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let bar = runs_bar(jobs.len());
    let work = || {
        while let Some((job, place)) = take(&next, jobs, &done) {
            let made = simulate_hidden(job.scenario, job.seed);
            bar.inc(1);
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    bar.finish_and_clear();
    let result = |place: Mutex<Option<Result<Made, Failure>>>| {
        let made = place.into_inner().unwrap_or_else(PoisonError::into_inner);
        made.unwrap_or_else(|| Err(Failure::Usage("a run was not made".to_owned())))
    };
    done.into_iter().map(result).collect()
}

type Place = Mutex<Option<Result<Made, Failure>>>;

fn take<'a, 'b>(
    next: &AtomicUsize,
    jobs: &'a [Job<'b>],
    done: &'a [Place],
) -> Option<(&'a Job<'b>, &'a Place)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(index).zip(done.get(index))
}
