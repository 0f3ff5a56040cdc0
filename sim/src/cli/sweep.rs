//! `sio08 sweep`: many worlds, one for each seed, and `sio08 merge`, which joins what shards of it printed.

use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;
use toml::Table;

use super::simulate::{Failure, print};
use super::subject::quoted;
use super::{Exit, parallel};
use crate::engine::direct::Direct;
use crate::scenario::read_failure;
use crate::sweep::{self, Line, Merged, Shard, SweepError, document, parse_shard};
use crate::world::seed::Seed;

/// Draws a world for each seed, runs it, and holds it against the invariants (docs/INVARIANTS.md).
///
/// Then it lets the world heal, and makes small what fails. One JSON line for each seed, in order.
#[derive(Args, Debug)]
pub(super) struct SweepArgs {
    /// A built-in scenario (`sio08 list`) or a scenario file, whose [sweep] table states the ranges; without one, everything is drawn
    #[arg(value_name = "NAME|FILE")]
    scenario: Option<String>,
    /// The seeds: `1..100` is 1 to 99
    #[arg(long, value_name = "A..B", value_parser = seeds)]
    seeds: Range<u64>,
    /// How many run at once; as many as there are processors if it is left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Only the i-th of n parts of the seeds
    #[arg(long, value_name = "i/n", default_value = "1/1", value_parser = parse_shard)]
    shard: Shard,
    /// Where the small scenarios of seeds that fail are written
    #[arg(long, value_name = "DIR", default_value = "sweep-failures")]
    failures: PathBuf,
}

/// Joins the lines that shards of a sweep printed into the lines of one run.
#[derive(Args, Debug)]
pub(super) struct MergeArgs {
    /// Files with lines of `sio08 sweep`
    #[arg(value_name = "FILE", num_args = 1.., required = true)]
    files: Vec<PathBuf>,
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let range = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    range
        .filter(|range: &Range<u64>| !range.is_empty())
        .ok_or_else(|| "write it as 1..100, the second number above the first".to_owned())
}

/// Runs the command. Exits 1 if a rule is broken.
pub(super) fn run(args: &SweepArgs) -> Exit {
    attempt(args).unwrap_or_else(|failure| failure.report())
}

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Engine { error, .. } => Failure::from(error),
            SweepError::Range(_) | SweepError::World { .. } => Failure::Draw(error.to_string()),
        }
    }
}

fn attempt(args: &SweepArgs) -> Result<Exit, Failure> {
    let base = args.scenario.as_deref().map(document::load).transpose()?;
    let seeds: Vec<Seed> = args.seeds.clone().map(Seed).filter(|seed| args.shard.has(*seed)).collect();
    let mut text = String::new();
    for line in parallel::each(&seeds, args.jobs, |seed| line(args, base.as_ref(), *seed)) {
        let line = serde_json::to_string(&line?).map_err(|error| Failure::Draw(error.to_string()))?;
        text.push_str(&line);
        text.push('\n');
    }
    finish(sweep::merge([("this sweep", text.as_str())]))
}

/// Runs `sio08 merge`. Exits as the whole sweep would have.
pub(super) fn run_merge(args: &MergeArgs) -> Exit {
    attempt_merge(args).unwrap_or_else(|failure| failure.report())
}

fn attempt_merge(args: &MergeArgs) -> Result<Exit, Failure> {
    let mut texts = Vec::new();
    for path in &args.files {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::Draw(format!("{name}: {}", read_failure(&error))))?;
        texts.push((name, text));
    }
    let merged = sweep::merge(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    if let Some((missing, first)) = merged.as_ref().ok().and_then(|merged| merged.missing) {
        eprintln!("warning: {} in no file, the first is {first}; is a shard left out?", how_many(missing));
    }
    finish(merged)
}

/// Prints the lines to standard output, and how many hold to standard error.
fn finish(merged: Result<Merged, sweep::MergeError>) -> Result<Exit, Failure> {
    let merged = merged.map_err(|error| Failure::Draw(error.to_string()))?;
    print(&merged.text)?;
    eprintln!("{}", told(&merged));
    Ok(if merged.violated.is_empty() { Exit::Holds } else { Exit::Violated })
}

fn told(merged: &Merged) -> String {
    let violated: Vec<_> = merged.violated.iter().map(u64::to_string).collect();
    if violated.is_empty() {
        return format!("{}, no rule broken", how_many(merged.seeds));
    }
    format!("{}, a rule broken by {}: {}", how_many(merged.seeds), violated.len(), violated.join(", "))
}

fn how_many(count: u64) -> String {
    format!("{count} seed{}", if count == 1 { "" } else { "s" })
}

fn line(args: &SweepArgs, base: Option<&Table>, seed: Seed) -> Result<Line, Failure> {
    let world = sweep::world(base, seed)?;
    let checked = sweep::check(&world, seed, &Direct)?;
    let shrunk = match checked.violations.first() {
        Some(broken) => Some(write_shrunk(&args.failures, args, &world, broken.invariant, seed)?),
        None => None,
    };
    Ok(Line {
        schema: 1,
        sweep: args.scenario.clone().unwrap_or_else(|| "everything".to_owned()),
        seed: seed.0,
        verdict: if checked.violations.is_empty() { "holds" } else { "violated" },
        liveness: checked.live,
        records: checked.records,
        digest: format!("{:016x}", checked.digest),
        violations: checked.violations,
        shrunk,
        world: serde_json::to_value(&world).unwrap_or_default(),
    })
}

/// Writes the small scenario, headed by what it breaks and how it is run again; gives the name of its file.
fn write_shrunk(
    directory: &Path,
    args: &SweepArgs,
    world: &Table,
    invariant: &'static str,
    seed: Seed,
) -> Result<String, Failure> {
    let (small, checked) = sweep::shrink(world, invariant, seed, &Direct)?;
    let name = args.scenario.as_deref().map_or("everything", |name| {
        Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or("scenario")
    });
    let file = directory.join(format!("{name}-{seed}.toml"));
    let shown = file.display().to_string();
    let failed = |error| Failure::Write { path: shown.clone(), error };
    let found =
        checked.iter().flat_map(|checked| &checked.violations).find(|broken| broken.invariant == invariant);
    let message = found.map_or("", |broken| broken.message.as_str());
    let text = format!(
        "# Breaks {invariant}: {message}\n# sio08 sweep {} --seeds {seed}..{}\n{small}",
        quoted(&shown),
        seed.0.saturating_add(1)
    );
    std::fs::create_dir_all(directory).map_err(failed)?;
    std::fs::write(&file, text).map_err(failed)?;
    Ok(shown)
}
