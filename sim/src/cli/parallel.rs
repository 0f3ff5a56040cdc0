//! Many runs on all processors. Runs share nothing, so their order of execution changes nothing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::simulate::{Failure, runs_bar};

/// Makes a run of each item, `workers` at once (`None`: as many as there are processors); the results are in the order of the
/// items, whoever made them.
pub(super) fn each<T: Sync, R: Send>(
    items: &[T],
    workers: Option<u16>,
    run: impl Fn(&T) -> Result<R, Failure> + Sync,
) -> Vec<Result<R, Failure>> {
    let next = AtomicUsize::new(0);
    let places: Vec<Mutex<Option<Result<R, Failure>>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let bar = runs_bar(items.len());
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((item, place)) = items.get(index).zip(places.get(index)) else { return };
            let made = run(item);
            bar.inc(1);
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        }
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let workers = workers.map_or(processors, usize::from).min(items.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    bar.finish_and_clear();
    let result = |place: Mutex<Option<Result<R, Failure>>>| {
        let made = place.into_inner().unwrap_or_else(PoisonError::into_inner);
        made.unwrap_or_else(|| Err(Failure::Usage("a run was not made".to_owned())))
    };
    places.into_iter().map(result).collect()
}
