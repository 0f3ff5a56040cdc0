//! From a world that breaks a rule to a smaller one that breaks the same: fewer clients, servers and faults, less time, fewer
//! keys. Each pass tries every step once and keeps those after which the rule is still broken, until a whole pass keeps none.

use toml::{Table, Value};

use super::{Checked, SweepError, check, document};
use crate::engine::Engine;
use crate::scenario::{format_duration, parse_duration};
use crate::world::seed::Seed;

/// Runs at most: a world that takes a second to run is shrunk in minutes, not hours.
const RUNS_MAX: usize = 300;

/// The smallest world that was found, and how it fails.
///
/// # Errors
/// [`SweepError::Engine`]: the engine failed; a step that makes no world is merely not taken.
pub fn shrink(
    failing: &Table,
    invariant: &str,
    seed: Seed,
    engine: &dyn Engine,
) -> Result<(Table, Option<Checked>), SweepError> {
    let (mut best, mut shown, mut runs) = (failing.clone(), None, 0);
    loop {
        let mut progress = false;
        for step in steps(&best) {
            let mut smaller = best.clone();
            step.take(&mut smaller);
            if smaller == best || runs == RUNS_MAX {
                continue;
            }
            runs += 1;
            match check(&smaller, seed, engine) {
                Ok(checked) if checked.violations.iter().any(|broken| broken.invariant == invariant) => {
                    (best, shown, progress) = (smaller, Some(checked), true);
                }
                Ok(_) | Err(SweepError::World { .. } | SweepError::Range(_)) => {}
                Err(error @ SweepError::Engine { .. }) => return Err(error),
            }
        }
        if !progress {
            return Ok((best, shown));
        }
    }
}

/// One way to make a world smaller.
enum Step {
    /// Take a key away, and have its default.
    Without(String),
    /// Take one fault away.
    WithoutFault(usize),
    /// Have this many.
    Count(&'static str, i64),
    /// Half the time.
    HalfTime,
    /// Only the first of the transports, or only the last.
    Transport(usize),
}

impl Step {
    fn take(&self, world: &mut Table) {
        match self {
            Step::Without(path) => document::put(world, path, Value::String("none".to_owned())),
            Step::WithoutFault(index) => {
                let Some(Value::Array(faults)) = world.get_mut("fault") else { return };
                if *index < faults.len() {
                    faults.remove(*index);
                }
                if faults.is_empty() {
                    world.remove("fault");
                }
            }
            Step::Count(path, count) => {
                let now = document::get(world, path).and_then(Value::as_integer);
                if now.is_some_and(|now| now > *count) {
                    document::put(world, path, Value::Integer(*count));
                }
            }
            Step::HalfTime => {
                let text = world.get("duration").and_then(Value::as_str).unwrap_or_default();
                let Ok(duration) = parse_duration(text) else { return };
                world.insert("duration".to_owned(), Value::String(format_duration(duration / 2)));
            }
            Step::Transport(index) => {
                let transports = document::get(world, "clients.transports").and_then(Value::as_array);
                let Some(one) = transports.filter(|all| all.len() > 1).and_then(|all| all.get(*index)) else {
                    return;
                };
                let only = Value::Array(vec![one.clone()]);
                document::put(world, "clients.transports", only);
            }
        }
    }
}

/// Every step from `world`, the greatest first.
fn steps(world: &Table) -> Vec<Step> {
    let mut steps = vec![Step::Without("deploy".to_owned())];
    let faults = world.get("fault").and_then(Value::as_array).map_or(0, Vec::len);
    // From the last: taking one away moves only those behind it.
    steps.extend((0..faults).rev().map(Step::WithoutFault));
    for path in ["clients.count", "servers.count"] {
        let count = document::get(world, path).and_then(Value::as_integer).unwrap_or(1);
        let smaller = [1, count / 4, count / 2, count - 1];
        steps.extend(
            smaller.into_iter().filter(|less| (1..count).contains(less)).map(|less| Step::Count(path, less)),
        );
    }
    steps.extend([Step::HalfTime, Step::Transport(0), Step::Transport(1)]);
    for table in ["balancer", "clients", "servers", "network"] {
        let keys = world.get(table).and_then(Value::as_table).into_iter().flat_map(Table::keys);
        steps.extend(keys.filter(|key| *key != "count").map(|key| Step::Without(format!("{table}.{key}"))));
    }
    steps
}
