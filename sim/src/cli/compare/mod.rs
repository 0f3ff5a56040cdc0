//! `sio08 compare`: several worlds side by side.

mod table;
mod vary;

use clap::Args;
use serde_json::Value;

use self::table::{exit_of, failed_json, table};
use super::Exit;
use super::simulate::{Failure, check_writable, print, simulate, to_json, write_json};
use crate::engine::EngineName;
use crate::report;
use crate::scenario::Scenario;
use crate::world::seed::Seed;

/// Runs several worlds and shows their figures side by side: scenarios, or one scenario with some keys varied.
#[derive(Args, Debug)]
pub(super) struct CompareArgs {
    /// Built-in scenarios (`sio08 list`) or scenario files; one is enough with --vary
    #[arg(value_name = "NAME|FILE", num_args = 1.., required = true)]
    scenarios: Vec<String>,
    /// The first seed of everything that is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs each world with this many seeds, and shows the median and the extremes
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    seeds: u32,
    /// Varies a key, `balance=roundrobin,source`; with several, every combination is run
    #[arg(long = "vary", value_name = "KEY=A,B,...")]
    vary: Vec<String>,
    /// Changes a key of every scenario, `clients.count=80`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Writes the figures as a JSON array to this file, or to standard output for `-`
    #[arg(long, value_name = "FILE")]
    json: Option<String>,
}

/// Runs the command. Exits 2 if one of the runs decides nothing. A run that fails is told with its place in the table, and
/// decides how the command exits; the others are shown.
pub(super) fn run(args: &CompareArgs) -> Exit {
    let done = if args.vary.is_empty() && args.seeds == 1 { side_by_side(args) } else { table(args) };
    done.unwrap_or_else(|failure| failure.report())
}

// --- a column for each scenario

fn side_by_side(args: &CompareArgs) -> Result<Exit, Failure> {
    if args.scenarios.len() < 2 {
        let message =
            "one world alone compares with nothing: name another scenario, or --vary KEY=A,B, or --seeds 20";
        return Err(Failure::Usage(message.to_owned()));
    }
    let seed = Seed(args.seed);
    let load = |name: &String| Scenario::load(name, &args.set);
    let scenarios = args.scenarios.iter().map(load).collect::<Result<Vec<_>, _>>()?;
    check_writable(args.json.as_deref())?;
    let runs: Vec<_> = scenarios
        .iter()
        .map(|scenario| {
            simulate(scenario, seed, EngineName::Direct, None)
                .map_err(|failure| failure.in_cell(format!("{}, seed {seed}", scenario.name)))
        })
        .collect();
    let made: Vec<_> = scenarios
        .iter()
        .zip(&runs)
        .filter_map(|(scenario, run)| Some((scenario, run.as_ref().ok()?)))
        .collect();
    if args.json.as_deref() != Some("-") && !made.is_empty() {
        let columns: Vec<_> = made
            .iter()
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
        let runs = scenarios.iter().zip(&runs).map(|(scenario, run)| match run {
            Ok(made) => to_json(scenario, seed, made),
            Err(failure) => failed_json(&scenario.name, Some(seed.0), failure),
        });
        write_json(path, &Value::Array(runs.collect()))?;
    }
    let failures: Vec<_> = runs.iter().filter_map(|run| run.as_ref().err()).collect();
    Ok(exit_of(&failures, made.into_iter().map(|(scenario, made)| (scenario, &made.verdict))))
}
