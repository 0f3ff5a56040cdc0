//! The engines: the only places that know how time passes and how bytes move. What is decided is decided by the
//! machines and by `world`.

pub mod direct;
mod turmoil;

use serde::Serialize;

use crate::scenario::Scenario;
use crate::trace::TraceSink;
use crate::world::seed::Seed;

pub use self::turmoil::Turmoil;

/// Which engine runs a scenario.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineName {
    /// Discrete events over the machines, without bytes.
    Direct,
    /// The real carrier over a simulated network.
    Turmoil,
}

impl EngineName {
    /// The name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            EngineName::Direct => "direct",
            EngineName::Turmoil => "turmoil",
        }
    }
}

/// What an engine tells beside the trace.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Outcome {
    /// Steps the engine took: a measure of its work, not of the world.
    pub steps: u64,
}

/// Why an engine cannot go on. A scenario can only cause [`EngineError::TooManyClients`] and
/// [`EngineError::Unsupported`], a peer none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EngineError {
    /// More than this many steps without simulated time passing: something spins.
    #[error("stuck at {at_ms} ms of simulated time: {steps} steps without time passing")]
    Stuck {
        /// Where.
        at_ms: u64,
        /// How many.
        steps: u64,
    },
    /// The engine cannot carry as many clients as the scenario has.
    #[error("the turmoil engine carries {max} clients at most; take fewer, or --engine direct")]
    TooManyClients {
        /// The most it carries.
        max: u32,
    },
    /// The scenario has something that the engine does not carry.
    #[error("the {} engine does not carry `{key}`; run it with --engine direct, or take the key away", .engine.name())]
    Unsupported {
        /// Which engine.
        engine: EngineName,
        /// The key, as `--set` names it.
        key: String,
    },
    /// The simulated network failed.
    #[error("the simulated network failed: {0}")]
    Network(String),
}

/// Runs a scenario from its start to its end.
pub trait Engine {
    /// Runs `scenario` under `seed`; everything that happens goes to `sink` in order of time. `progress` is called now and
    /// then with the simulated microseconds passed.
    ///
    /// # Errors
    /// [`EngineError`]: a fault of this program.
    fn run(
        &self,
        scenario: &Scenario,
        seed: Seed,
        sink: &mut dyn TraceSink,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Outcome, EngineError>;
}
