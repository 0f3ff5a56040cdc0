//! Runs the checker and tells how far it is.

use std::time::{Duration, Instant};

use stateright::{Checker, Model};

use super::action::Action;
use super::model::Machines;
use super::property::{Kind, RULES, applicable};
use super::setup::Setup;

/// How far the exploration is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Steps taken.
    pub steps: usize,
    /// Distinct states.
    pub states: usize,
    /// The longest way from the beginning, in steps.
    pub depth: usize,
    /// Wall-clock time.
    pub took: Duration,
}

/// What became of one property.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its name.
    pub name: &'static str,
    /// Whether always or sometimes.
    pub kind: Kind,
    /// The steps to a state that decides it: that breaks it if it must always hold, that has it if sometimes.
    pub path: Option<Vec<Action>>,
}

impl Finding {
    /// Whether it is as claimed.
    pub fn holds(&self) -> bool {
        self.path.is_some() == (self.kind == Kind::Sometimes)
    }
}

/// An exploration.
#[derive(Clone, Debug)]
pub struct Explored {
    /// How much there was.
    pub progress: Progress,
    /// Everything was explored: no depth cut it off.
    pub whole: bool,
    /// Every property that is claimed of the model.
    pub findings: Vec<Finding>,
}

/// How to explore.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The longest way from the beginning that is followed; `None`: all.
    pub depth: Option<usize>,
    /// Threads. With one, the ways found are the shortest.
    pub threads: usize,
}

/// Explores every state of a model; `progress` is told every now and then.
pub fn explore(setup: &Setup, effort: Effort, progress: &mut dyn FnMut(Progress)) -> Explored {
    let started = Instant::now();
    let mut builder = Machines::new(setup.clone()).checker().threads(effort.threads.max(1));
    if let Some(depth) = effort.depth {
        // stateright counts states, not steps.
        builder = builder.target_max_depth(depth.saturating_add(2));
    }
    let checker = builder.spawn_bfs();
    let measure = |checker: &dyn Fn() -> (usize, usize, usize)| {
        let (steps, states, depth) = checker();
        Progress { steps, states, depth: depth.saturating_sub(1), took: started.elapsed() }
    };
    let counts = || (checker.state_count(), checker.unique_state_count(), checker.max_depth());
    while !checker.is_done() {
        std::thread::sleep(TICK);
        progress(measure(&counts));
    }
    let mut made = measure(&counts);
    let whole = effort.depth.is_none_or(|depth| made.depth <= depth);
    made.depth = effort.depth.map_or(made.depth, |depth| made.depth.min(depth));
    let mut paths = checker.discoveries();
    let finding = |index: usize| {
        let rule = RULES.get(index)?;
        let path = paths.remove(rule.name).map(stateright::Path::into_actions);
        Some(Finding { name: rule.name, kind: rule.kind, path })
    };
    let findings = applicable(setup).filter_map(finding).collect();
    Explored { progress: made, whole, findings }
}

/// How often it is looked whether the checker is done.
const TICK: Duration = Duration::from_millis(20);
