//! `sio08 compare`: several worlds side by side.

mod vary;

use clap::Args;
use serde_json::{Value, json};

use self::vary::{Axis, combinations};
use super::simulate::{Failure, Made, exit, print, simulate, simulate_hidden, to_json, write_json};
use super::subject::words;
use super::{Exit, parallel};
use crate::engine::EngineName;
use crate::report::{self, MatrixRow};
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

/// The most worlds of one table: a table of more rows is not read.
const WORLDS_MAX: usize = 1_000;

/// Runs the command. Exits 2 if one of the runs decides nothing.
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

// --- a row for each world, over seeds

/// A world of the table.
struct World {
    labels: Vec<String>,
    /// What to type for it.
    command: String,
    scenario: Scenario,
}

fn table(args: &CompareArgs) -> Result<Exit, Failure> {
    let axes = args.vary.iter().map(|text| Axis::parse(text)).collect::<Result<Vec<_>, _>>();
    let axes = axes.map_err(Failure::Usage)?;
    let worlds = worlds(args, &axes)?;
    let seeds: Vec<u64> = (args.seed..).take(args.seeds as usize).collect();
    let jobs = worlds.iter().flat_map(|world| seeds.iter().map(|seed| (&world.scenario, Seed(*seed))));
    let made =
        parallel::each(&jobs.collect::<Vec<_>>(), None, |(scenario, seed)| simulate_hidden(scenario, *seed))?;
    let runs_of = |index: usize| made.iter().skip(index * seeds.len()).take(seeds.len());
    if args.json.as_deref() != Some("-") {
        let mut labels: Vec<String> = Vec::new();
        if args.scenarios.len() > 1 {
            labels.push(String::new());
        }
        labels.extend(axes.iter().map(|axis| axis.label.clone()));
        if labels.is_empty() {
            labels.push(String::new());
        }
        let rows: Vec<MatrixRow<'_>> = worlds
            .iter()
            .enumerate()
            .map(|(index, world)| MatrixRow {
                labels: world.labels.clone(),
                runs: seeds.iter().copied().zip(runs_of(index).map(|made| &made.figures)).collect(),
            })
            .collect();
        show(args, &labels, &worlds, &rows)?;
    }
    if let Some(path) = &args.json {
        let runs = worlds.iter().enumerate().flat_map(|(index, world)| {
            seeds.iter().zip(runs_of(index)).map(|(seed, made)| json_of(world, *seed, made))
        });
        write_json(path, &Value::Array(runs.collect()))?;
    }
    Ok(exit(
        worlds
            .iter()
            .enumerate()
            .flat_map(|(index, world)| runs_of(index).map(|made| (&world.scenario, &made.verdict))),
    ))
}

fn worlds(args: &CompareArgs, axes: &[Axis]) -> Result<Vec<World>, Failure> {
    let combinations_count =
        axes.iter().try_fold(args.scenarios.len(), |count, axis| count.checked_mul(axis.len()));
    if combinations_count.is_none_or(|count| count > WORLDS_MAX) {
        return Err(Failure::Usage(format!("more than {WORLDS_MAX} worlds; vary fewer values")));
    }
    let mut worlds = Vec::new();
    for name in &args.scenarios {
        for combination in combinations(axes) {
            let mut settings = args.set.clone();
            settings.extend(combination.settings);
            let scenario = Scenario::load(name, &settings)?;
            let mut labels = Vec::new();
            if args.scenarios.len() > 1 || axes.is_empty() {
                labels.push(scenario.name.clone());
            }
            labels.extend(combination.values);
            worlds.push(World { labels, command: words(name, &settings), scenario });
        }
    }
    Ok(worlds)
}

fn show(
    args: &CompareArgs,
    labels: &[String],
    worlds: &[World],
    rows: &[MatrixRow<'_>],
) -> Result<(), Failure> {
    let mut names: Vec<&str> = worlds.iter().map(|world| world.scenario.name.as_str()).collect();
    names.dedup();
    let spread = match args.seeds {
        1 => format!("seed {}", args.seed),
        count => format!("median over {count} seeds [least..most]"),
    };
    print(&format!("{} · {spread} · engine direct\n\n", names.join(", ")))?;
    print(&report::matrix(labels, rows))?;
    if args.seeds > 1 {
        print("\n  the worst seed of each row, to look at:\n")?;
        for (world, row) in worlds.iter().zip(rows) {
            if let Some(seed) = report::worst_seed(row) {
                print(&format!("  sio08 run {} --seed {seed}\n", world.command))?;
            }
        }
    }
    Ok(())
}

fn json_of(world: &World, seed: u64, made: &Made) -> Value {
    let mut run = to_json(&world.scenario, Seed(seed), made);
    if let Value::Object(out) = &mut run {
        out.insert("varied".to_owned(), json!(world.labels));
    }
    run
}
