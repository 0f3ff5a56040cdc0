//! Many worlds, one for each seed: drawn, run on the direct engine, held against the invariants of `docs/INVARIANTS.md`, and
//! made small when they break one.
//!
//! A run has two phases. While faults and deploys last, safety is checked on every record of the trace. Then the world heals
//! ([`heal`]), the run goes on for as long as a client may take to come back, and liveness is checked.

mod demands;
pub mod document;
mod heal;
mod invariants;
mod lines;
mod liveness;
mod ranges;
mod shrink;
mod space;
mod upward;

use toml::Table;

pub use self::demands::{found, sticky};
pub use self::heal::{Healed, heal};
pub use self::invariants::{INVARIANTS, Safety, Violation};
pub use self::lines::{Line, MergeError, Merged, Shard, ShardError, merge, parse_shard};
pub use self::liveness::Liveness;
pub use self::ranges::{RangeError, draw};
pub use self::shrink::shrink;
pub use self::space::draw as draw_everything;

use crate::engine::{Engine, EngineError};
use crate::scenario::{Scenario, ScenarioError};
use crate::trace::{Record, Recorder};
use crate::world::seed::Seed;

/// Violations of one run that are kept; a broken rule is mostly broken often.
const VIOLATIONS_MAX: usize = 8;

/// What one run showed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checked {
    /// What broke, in the order in which it was seen; the first few.
    pub violations: Vec<Violation>,
    /// How many records the trace has.
    pub records: u64,
    /// The digest of the trace.
    pub digest: u64,
    /// Whether liveness could be demanded of this world.
    pub live: bool,
}

/// Why a seed could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// `[sweep]` cannot be read.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// What was drawn is no world.
    #[error("seed {seed} draws a world that cannot be: {error}")]
    World {
        /// Which seed.
        seed: Seed,
        /// Why.
        error: Box<ScenarioError>,
    },
    /// The engine failed.
    #[error("seed {seed}: {error}")]
    Engine {
        /// Which seed.
        seed: Seed,
        /// How.
        error: EngineError,
    },
}

/// The world that `seed` draws: within the ranges of `base`, or of everything.
///
/// # Errors
/// [`SweepError::Range`].
pub fn world(base: Option<&Table>, seed: Seed) -> Result<Table, SweepError> {
    Ok(base.map_or_else(|| Ok(draw_everything(seed)), |base| draw(base, seed))?)
}

/// Runs the world of a document under `seed` and checks it.
///
/// # Errors
/// [`SweepError::World`] and [`SweepError::Engine`].
pub fn check(document: &Table, seed: Seed, engine: &dyn Engine) -> Result<Checked, SweepError> {
    let scenario =
        document::scenario(document).map_err(|error| SweepError::World { seed, error: Box::new(error) })?;
    check_scenario(&scenario, seed, engine).map_err(|error| SweepError::Engine { seed, error })
}

fn check_scenario(scenario: &Scenario, seed: Seed, engine: &dyn Engine) -> Result<Checked, EngineError> {
    let healed = heal(scenario);
    let mut safety = Safety::new(&healed.scenario);
    let mut liveness = Liveness::new(&healed);
    let (mut violations, mut records) = (Vec::new(), 0);
    let mut each = |record: &Record| {
        records += 1;
        liveness.see(record);
        safety.see(record, &mut violations);
        violations.truncate(VIOLATIONS_MAX);
    };
    let mut recorder = Recorder::new(&mut each, None);
    engine.run(&healed.scenario, seed, &mut recorder, &mut |_| ())?;
    // Without a file nothing can fail to be written.
    let digest = recorder.finish().unwrap_or_default();
    violations.extend(liveness.finish());
    Ok(Checked { violations, records, digest, live: healed.live })
}
