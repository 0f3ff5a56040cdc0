//! What a command runs: a scenario, changed or not, a seed, and an engine.

use clap::{Args, ValueEnum};

use super::simulate::Failure;
use crate::engine::EngineName;
use crate::scenario::Scenario;
use crate::world::seed::Seed;

/// The arguments that say it.
#[derive(Args, Debug)]
pub(super) struct Subject {
    /// A built-in scenario (`sio08 list`), or a scenario file
    #[arg(value_name = "NAME|FILE")]
    scenario: String,
    /// The seed of everything that is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which engine runs it
    #[arg(long, value_enum, default_value_t = EngineArg::Direct)]
    pub(super) engine: EngineArg,
    /// Changes a key of the scenario, `clients.count=80`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Subject {
    pub(super) fn load(&self) -> Result<Scenario, Failure> {
        Ok(Scenario::load(&self.scenario, &self.set)?)
    }

    pub(super) fn seed(&self) -> Seed {
        Seed(self.seed)
    }

    /// What to type for the scenario again.
    pub(super) fn words(&self) -> String {
        words(&self.scenario, &self.set)
    }
}

/// A scenario with its settings, as one types it, quoted for a shell where it must be.
pub(super) fn words(scenario: &str, settings: &[String]) -> String {
    let mut words = vec![quoted(scenario)];
    words.extend(settings.iter().map(|setting| format!("--set {}", quoted(setting))));
    words.join(" ")
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// An engine, or both.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum EngineArg {
    /// Discrete events over the machines: fast
    Direct,
    /// The real carrier over a simulated network: slow, every byte
    Turmoil,
    /// Both, side by side
    Both,
}

impl EngineArg {
    pub(super) fn names(self) -> &'static [EngineName] {
        match self {
            EngineArg::Direct => &[EngineName::Direct],
            EngineArg::Turmoil => &[EngineName::Turmoil],
            EngineArg::Both => &[EngineName::Direct, EngineName::Turmoil],
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            EngineArg::Direct => "direct",
            EngineArg::Turmoil => "turmoil",
            EngineArg::Both => "direct and turmoil",
        }
    }
}
