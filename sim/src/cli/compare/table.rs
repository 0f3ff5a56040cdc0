//! A row for each world, over seeds.

use serde_json::{Value, json};

use super::super::simulate::{
    Failure, Made, check_writable, exit, print, simulate_hidden, to_json, write_json,
};
use super::super::subject::words;
use super::super::{Exit, parallel};
use super::CompareArgs;
use super::vary::{Axis, Combination, combinations};
use crate::report::{self, MatrixRow, Verdict};
use crate::scenario::Scenario;
use crate::world::seed::Seed;

/// The most worlds of one table: a table of more rows is not read.
const WORLDS_MAX: usize = 1_000;

pub(super) fn table(args: &CompareArgs) -> Result<Exit, Failure> {
    let axes = args.vary.iter().map(|text| Axis::parse(text)).collect::<Result<Vec<_>, _>>();
    let axes = axes.map_err(Failure::Usage)?;
    let worlds = worlds(args, &axes)?;
    check_writable(args.json.as_deref())?;
    let rows = rows(args, worlds, &simulate_hidden);
    if args.json.as_deref() != Some("-") && rows.iter().any(|row| row.made().next().is_some()) {
        show(args, &axes, &rows)?;
    }
    if let Some(path) = &args.json {
        write_json(path, &Value::Array(rows.iter().flat_map(Row::json).collect()))?;
    }
    let failures: Vec<_> = rows.iter().flat_map(Row::failures).collect();
    let verdicts =
        rows.iter().flat_map(|row| row.made().map(|(scenario, _, made)| (scenario, &made.verdict)));
    Ok(exit_of(&failures, verdicts))
}

/// How runs make `compare` exit: as the first that failed does, if one did. Says each failure.
pub(super) fn exit_of<'a>(
    failures: &[&Failure],
    made: impl Iterator<Item = (&'a Scenario, &'a Verdict)>,
) -> Exit {
    let exits: Vec<_> = failures.iter().map(|failure| failure.report()).collect();
    exits.first().copied().unwrap_or_else(|| exit(made))
}

/// What stands in the JSON for what failed.
pub(super) fn failed_json(scenario: &str, seed: Option<u64>, failure: &Failure) -> Value {
    json!({ "schema": 1, "scenario": scenario, "seed": seed, "error": failure.to_string() })
}

// --- worlds

/// A world of the table.
struct World {
    labels: Vec<String>,
    /// The row as a person names it: `round-robin, balance=source`.
    cell: String,
    /// What to type for it.
    command: String,
    scenario: Result<Scenario, Failure>,
}

/// Every combination.
///
/// # Errors
/// Too many; or all of them are refused for the same reason, which then is no reason of a combination.
fn worlds(args: &CompareArgs, axes: &[Axis]) -> Result<Vec<World>, Failure> {
    let combinations_count =
        axes.iter().try_fold(args.scenarios.len(), |count, axis| count.checked_mul(axis.len()));
    if combinations_count.is_none_or(|count| count > WORLDS_MAX) {
        return Err(Failure::Usage(format!("more than {WORLDS_MAX} worlds; vary fewer values")));
    }
    // What cannot be read is not wrong in one combination only.
    for name in &args.scenarios {
        Scenario::source(name)?;
    }
    let all = combinations(axes);
    let pairs = args.scenarios.iter().flat_map(|name| all.iter().map(move |combination| (name, combination)));
    let mut worlds: Vec<World> =
        pairs.map(|(name, combination)| world(args, axes, name, combination)).collect();
    match same_refusal(&mut worlds) {
        Some(failure) => Err(failure),
        None => Ok(worlds.into_iter().map(World::with_its_cell_told).collect()),
    }
}

fn world(args: &CompareArgs, axes: &[Axis], name: &str, combination: &Combination) -> World {
    let settings: Vec<String> = args.set.iter().chain(&combination.settings).cloned().collect();
    let scenario = Scenario::load(name, &settings);
    let title = scenario.as_ref().map_or(name, |scenario| scenario.name.as_str());
    let title = (args.scenarios.len() > 1 || axes.is_empty()).then(|| title.to_owned());
    let varied = axes.iter().zip(&combination.values).map(|(axis, value)| format!("{}={value}", axis.label));
    let cell = title.clone().into_iter().chain(varied).collect::<Vec<_>>().join(", ");
    let labels = title.into_iter().chain(combination.values.iter().cloned()).collect();
    World { labels, cell, command: words(name, &settings), scenario: scenario.map_err(Failure::from) }
}

fn same_refusal(worlds: &mut Vec<World>) -> Option<Failure> {
    let mut reasons = worlds.iter().map(|world| world.scenario.as_ref().err().map(ToString::to_string));
    let first = reasons.next()??;
    let same = reasons.all(|reason| reason.as_ref() == Some(&first));
    if same { worlds.drain(..).find_map(|world| world.scenario.err()) } else { None }
}

impl World {
    fn with_its_cell_told(self) -> Self {
        let cell = &self.cell;
        let scenario = self.scenario.map_err(|failure| failure.in_cell(cell.clone()));
        Self { scenario, ..self }
    }
}

// --- runs

/// A world with a run for each seed; without any if there cannot be such a world.
struct Row {
    world: World,
    runs: Vec<(u64, Result<Made, Failure>)>,
}

/// A run of each world with each seed, on all processors.
fn rows(
    args: &CompareArgs,
    worlds: Vec<World>,
    run: &(dyn Fn(&Scenario, Seed) -> Result<Made, Failure> + Sync),
) -> Vec<Row> {
    let seeds: Vec<u64> = (args.seed..).take(args.seeds as usize).collect();
    let jobs: Vec<_> = worlds
        .iter()
        .filter_map(|world| Some((world, world.scenario.as_ref().ok()?)))
        .flat_map(|(world, scenario)| seeds.iter().map(move |seed| (world, scenario, *seed)))
        .collect();
    let made = parallel::each(&jobs, None, |(world, scenario, seed)| {
        let again =
            || format!("{}, seed {seed}; again: sio08 run {} --seed {seed}", world.cell, world.command);
        run(scenario, Seed(*seed)).map_err(|failure| failure.in_cell(again()))
    });
    let mut made = made.into_iter();
    let row = |world: World| {
        let seeds = if world.scenario.is_ok() { seeds.as_slice() } else { &[] };
        Row { world, runs: seeds.iter().copied().zip(made.by_ref()).collect() }
    };
    worlds.into_iter().map(row).collect()
}

impl Row {
    fn made(&self) -> impl Iterator<Item = (&Scenario, u64, &Made)> {
        let runs = self.runs.iter().filter_map(|(seed, run)| Some((*seed, run.as_ref().ok()?)));
        self.world
            .scenario
            .iter()
            .flat_map(move |scenario| runs.clone().map(move |(seed, made)| (scenario, seed, made)))
    }

    fn failures(&self) -> impl Iterator<Item = &Failure> {
        let runs = self.runs.iter().filter_map(|(_, run)| run.as_ref().err());
        self.world.scenario.as_ref().err().into_iter().chain(runs)
    }

    fn json(&self) -> Vec<Value> {
        let (name, mut out) = match &self.world.scenario {
            Ok(scenario) => (&scenario.name, Vec::new()),
            Err(failure) => (&self.world.cell, vec![failed_json(&self.world.cell, None, failure)]),
        };
        for (seed, run) in &self.runs {
            out.push(match (run, &self.world.scenario) {
                (Ok(made), Ok(scenario)) => to_json(scenario, Seed(*seed), made),
                (Err(failure), _) | (_, Err(failure)) => failed_json(name, Some(*seed), failure),
            });
        }
        for value in &mut out {
            if let Value::Object(value) = value {
                value.insert("varied".to_owned(), json!(self.world.labels));
            }
        }
        out
    }
}

// --- the screen

fn show(args: &CompareArgs, axes: &[Axis], rows: &[Row]) -> Result<(), Failure> {
    let mut heads: Vec<String> = axes.iter().map(|axis| axis.label.clone()).collect();
    if args.scenarios.len() > 1 || axes.is_empty() {
        heads.insert(0, String::new());
    }
    let mut names: Vec<&str> =
        rows.iter().flat_map(Row::made).map(|(scenario, ..)| scenario.name.as_str()).collect();
    names.dedup();
    let spread = match args.seeds {
        1 => format!("seed {}", args.seed),
        count => format!("median over {count} seeds [least..most]"),
    };
    print(&format!("{} · {spread} · engine direct\n\n", names.join(", ")))?;
    let lines: Vec<MatrixRow<'_>> = rows.iter().map(line).collect();
    print(&report::matrix(&heads, &lines))?;
    if args.seeds > 1 {
        print("\n  the worst seed of each row, to look at:\n")?;
        for (row, line) in rows.iter().zip(&lines) {
            if let Some(seed) = report::worst_seed(line) {
                print(&format!("  sio08 run {} --seed {seed}\n", row.world.command))?;
            }
        }
    }
    Ok(())
}

fn line(row: &Row) -> MatrixRow<'_> {
    MatrixRow {
        labels: row.world.labels.clone(),
        runs: row.made().map(|(_, seed, made)| (seed, &made.figures)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::EngineError;

    fn args(vary: &[&str], seeds: u32) -> CompareArgs {
        CompareArgs {
            scenarios: vec!["round-robin".to_owned()],
            seed: 1,
            seeds,
            vary: vary.iter().map(|text| (*text).to_owned()).collect(),
            set: ["duration=1s", "clients.count=2", "clients.quiet_at_end=0s"].map(str::to_owned).to_vec(),
            json: None,
        }
    }

    fn worlds_of(args: &CompareArgs) -> Result<Vec<World>, Failure> {
        worlds(args, &args.vary.iter().map(|text| Axis::parse(text).unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn a_run_that_fails_is_told_with_its_values_its_seed_and_its_command_and_the_others_are_made() {
        let args = args(&["servers.count=1,2", "balance=roundrobin,source"], 2);
        let fails = |scenario: &Scenario, seed: Seed| {
            if scenario.servers.count == 2 && seed == Seed(2) {
                return Err(EngineError::Stuck { at_ms: 7, steps: 9 }.into());
            }
            simulate_hidden(scenario, seed)
        };
        let rows = rows(&args, worlds_of(&args).unwrap(), &fails);
        let told: Vec<String> = rows.iter().flat_map(Row::failures).map(ToString::to_string).collect();
        assert_eq!(told.len(), 2);
        assert!(
            told[1]
                .contains("(in servers.count=2, balance=source, seed 2; again: sio08 run round-robin --set "),
            "{}",
            told[1]
        );
        assert!(
            told[1].ends_with("--set servers.count=2 --set balancer.balance=source --seed 2)"),
            "{}",
            told[1]
        );
        assert_eq!(rows.iter().map(|row| row.made().count()).collect::<Vec<_>>(), [2, 2, 1, 1]);
        let failures: Vec<_> = rows.iter().flat_map(Row::failures).collect();
        assert_eq!(exit_of(&failures, std::iter::empty()), Exit::Internal);
        let json = rows[3].json();
        assert_eq!((json[1]["seed"].as_u64(), json[1]["error"].as_str()), (Some(2), Some(told[1].as_str())));
    }

    #[test]
    fn a_world_that_cannot_be_has_no_runs_and_says_which_it_is() {
        let args = args(&["servers.count=0,2"], 1);
        let rows = rows(&args, worlds_of(&args).unwrap(), &simulate_hidden);
        assert_eq!(rows.iter().map(|row| row.made().count()).collect::<Vec<_>>(), [0, 1]);
        let told = rows[0].failures().next().unwrap().to_string();
        assert!(told.ends_with("(in servers.count=0)"), "{told}");
    }

    #[test]
    fn what_is_wrong_with_all_of_them_is_told_once() {
        let mut args = args(&["servers.count=1,2"], 1);
        args.set.push("clients.cuont=1".to_owned());
        let Err(failure) = worlds_of(&args) else { panic!("it was taken") };
        assert!(!failure.to_string().contains("(in "), "{failure}");
        args.scenarios.push("nowhere".to_owned());
        let Err(failure) = worlds_of(&args) else { panic!("it was taken") };
        assert!(failure.to_string().starts_with("nowhere: no scenario of this name"), "{failure}");
    }
}
