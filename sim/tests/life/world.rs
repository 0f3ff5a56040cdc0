//! Small worlds, their traces and their figures.

use socketio08_sim::engine::{Engine, direct::Direct};
use socketio08_sim::report::{Figures, Summary};
use socketio08_sim::scenario::Scenario;
use socketio08_sim::trace::{Record, TraceEvent};
use socketio08_sim::world::seed::Seed;

/// A world after its run.
pub(crate) struct World {
    pub(crate) records: Vec<Record>,
    pub(crate) figures: Figures,
}

/// Runs a scenario of this text under `seed`.
pub(crate) fn run_with(text: &str, seed: u64) -> World {
    let whole = format!("schema = 1\nname = \"life\"\n{text}");
    let scenario = Scenario::parse("life.toml", &whole, &[]).unwrap_or_else(|error| panic!("{error}"));
    let mut records: Vec<Record> = Vec::new();
    Direct.run(&scenario, Seed(seed), &mut records, &mut |_| {}).expect("the engine runs");
    let mut summary = Summary::new(&scenario);
    for record in &records {
        summary.record(record);
    }
    World { records, figures: summary.finish() }
}

/// Runs it under the first seed.
pub(crate) fn run(text: &str) -> World {
    run_with(text, 1)
}

impl World {
    /// When each event of this sort happened, in milliseconds.
    pub(crate) fn times(&self, is: impl Fn(&TraceEvent) -> bool) -> Vec<u64> {
        self.records.iter().filter(|record| is(&record.event)).map(|record| record.at / 1_000).collect()
    }
}
