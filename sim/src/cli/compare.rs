//! `sio08 compare`: several scenarios side by side.

use clap::Args;
use serde_json::Value;

use super::Exit;
use super::simulate::{Failure, exit, print, simulate, to_json, write_json};
use crate::engine::EngineName;
use crate::report;
use crate::scenario::Scenario;
use crate::world::seed::Seed;

/// Runs several scenarios with the same seed and shows their figures side by side.
#[derive(Args, Debug)]
pub(super) struct CompareArgs {
    /// Built-in scenarios (`sio08 list`) or scenario files
    #[arg(value_name = "NAME|FILE", num_args = 2.., required = true)]
    scenarios: Vec<String>,
    /// The seed of everything that is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Changes a key of every scenario, `clients.count=80`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Writes the figures as a JSON array to this file, or to standard output for `-`
    #[arg(long, value_name = "FILE")]
    json: Option<String>,
}

/// Runs the command. Exits 2 if one of the runs decides nothing.
pub(super) fn run(args: &CompareArgs) -> Exit {
    attempt(args).unwrap_or_else(|failure| failure.report())
}

fn attempt(args: &CompareArgs) -> Result<Exit, Failure> {
    let seed = Seed(args.seed);
    let load = |name: &String| Scenario::load(name, &args.set);
    let scenarios = args.scenarios.iter().map(load).collect::<Result<Vec<_>, _>>()?;
    let mut made = Vec::new();
    for scenario in &scenarios {
        made.push(simulate(scenario, seed, EngineName::Direct, None)?);
    }
    if args.json.as_deref() != Some("-") {
        let columns: Vec<_> = scenarios
            .iter()
            .zip(&made)
            .map(|(scenario, made)| (scenario.name.as_str(), &made.figures, &made.verdict))
            .collect();
        let names: Vec<_> = columns.iter().map(|(name, ..)| *name).collect();
        print(&format!("{} · seed {seed} · engine direct\n\n", names.join(" against ")))?;
        print(&report::compare(&columns))?;
        for (name, _, verdict) in &columns {
            print(&format!("\n  {name}: {}: {}\n", verdict.verdict.name(), verdict.sentence))?;
        }
    }
    if let Some(path) = &args.json {
        let runs = scenarios.iter().zip(&made).map(|(scenario, made)| to_json(scenario, seed, made));
        write_json(path, &Value::Array(runs.collect()))?;
    }
    Ok(exit(scenarios.iter().zip(made.iter().map(|made| &made.verdict))))
}
