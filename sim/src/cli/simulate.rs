//! What `run` and `compare` share: loading, running with a progress bar, and writing files.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::Exit;
use crate::engine::{Engine, EngineError, EngineName, Turmoil, direct::Direct};
use crate::report::{Class, Figures, Summary, Verdict, judge, meets};
use crate::scenario::{Scenario, ScenarioError};
use crate::trace::{Record, Recorder};
use crate::world::seed::Seed;

/// Why a simulation command fails, each with how it exits.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    Scenario(#[from] ScenarioError),
    #[error("{0}")]
    Usage(String),
    /// Input that is no scenario file: ranges of a sweep, lines to merge.
    #[error("{0}")]
    Draw(String),
    #[error("{0} (this is a fault of sio08)")]
    Engine(EngineError),
    #[error("cannot write {path}: {}", write_failure(error))]
    Write { path: String, error: io::Error },
    /// One of many runs failed, or cannot be.
    #[error("{failure} (in {cell})")]
    Cell { failure: Box<Failure>, cell: String },
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::TooManyClients { .. } | EngineError::Unsupported { .. } => {
                Failure::Usage(error.to_string())
            }
            EngineError::Stuck { .. } | EngineError::Network(_) => Failure::Engine(error),
        }
    }
}

impl Failure {
    /// The same, told with the run or the world that it is of.
    pub(super) fn in_cell(self, cell: String) -> Self {
        Failure::Cell { failure: Box::new(self), cell }
    }

    /// Says it on standard error, and how to exit.
    pub(super) fn report(&self) -> Exit {
        let message = self.to_string();
        // A scenario's refusal begins with its place, which other programs parse: nothing comes before it but `error:`.
        eprintln!("error: {message}");
        self.exit()
    }

    fn exit(&self) -> Exit {
        match self {
            Failure::Scenario(_) | Failure::Draw(_) => Exit::BadInput,
            Failure::Usage(_) => Exit::Usage,
            Failure::Engine(_) | Failure::Write { .. } => Exit::Internal,
            Failure::Cell { failure, .. } => failure.exit(),
        }
    }
}

fn write_failure(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "its folder does not exist; make it, or write elsewhere".to_owned(),
        _ => error.to_string(),
    }
}

/// A run that was made.
pub(super) struct Made {
    pub(super) engine: EngineName,
    pub(super) figures: Figures,
    pub(super) verdict: Verdict,
    digest: u64,
    /// Wall-clock seconds.
    pub(super) took: f64,
}

/// Runs `scenario` on `engine`, with a progress bar on a terminal; the trace goes to the file of that name, if one is given.
pub(super) fn simulate(
    scenario: &Scenario,
    seed: Seed,
    engine: EngineName,
    trace: Option<&str>,
) -> Result<Made, Failure> {
    simulate_with(scenario, seed, engine, trace, &progress_bar(scenario))
}

/// The same for many runs at once, which show their progress together.
pub(super) fn simulate_hidden(scenario: &Scenario, seed: Seed) -> Result<Made, Failure> {
    simulate_with(scenario, seed, EngineName::Direct, None, &ProgressBar::hidden())
}

fn simulate_with(
    scenario: &Scenario,
    seed: Seed,
    engine: EngineName,
    trace: Option<&str>,
    bar: &ProgressBar,
) -> Result<Made, Failure> {
    let failed = |error| Failure::Write { path: trace.unwrap_or_default().to_owned(), error };
    let mut file = trace.map(|path| File::create(path).map(BufWriter::new)).transpose().map_err(failed)?;
    let mut summary = Summary::new(scenario);
    let mut each = |record: &Record| summary.record(record);
    let mut recorder = Recorder::new(&mut each, file.as_mut().map(|file| file as &mut dyn Write));
    let started = Instant::now();
    machine(engine).run(scenario, seed, &mut recorder, &mut |micros| bar.set_position(micros))?;
    let digest = recorder.finish().map_err(failed)?;
    bar.finish_and_clear();
    let took = started.elapsed().as_secs_f64();
    let figures = summary.finish();
    let verdict = judge(scenario, &figures);
    Ok(Made { engine, figures, verdict, digest, took })
}

fn progress_bar(scenario: &Scenario) -> ProgressBar {
    let length = u64::try_from(scenario.duration.as_micros()).unwrap_or(u64::MAX);
    bar(length, "  [{bar:30}] {percent} % simulated, {elapsed}")
}

/// Runs `scenario` and shows each record to `each`.
pub(super) fn observe(
    scenario: &Scenario,
    seed: Seed,
    engine: EngineName,
    each: &mut dyn FnMut(&Record),
) -> Result<(), Failure> {
    let bar = progress_bar(scenario);
    let mut recorder = Recorder::new(each, None);
    machine(engine).run(scenario, seed, &mut recorder, &mut |micros| bar.set_position(micros))?;
    bar.finish_and_clear();
    Ok(())
}

fn machine(engine: EngineName) -> &'static dyn Engine {
    match engine {
        EngineName::Direct => &Direct,
        EngineName::Turmoil => &Turmoil,
    }
}

/// A bar over a number of runs.
pub(super) fn runs_bar(runs: usize) -> ProgressBar {
    bar(u64::try_from(runs).unwrap_or(u64::MAX), "  [{bar:30}] {pos} of {len} runs, {elapsed}")
}

fn bar(length: u64, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template);
    // A template that does not parse leaves the default style.
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// How runs make a command exit: 2 if one decides nothing, 1 if one is not what its scenario expects, or else 0.
pub(super) fn exit<'a>(runs: impl Iterator<Item = (&'a Scenario, &'a Verdict)>) -> Exit {
    let mut exit = Exit::Holds;
    for (scenario, verdict) in runs {
        if verdict.verdict == Class::Unknown {
            return Exit::Unknown;
        }
        if meets(scenario, verdict) == Some(false) {
            exit = Exit::Violated;
        }
    }
    exit
}

/// The JSON of a run, as `docs/REPORT.md` describes it.
pub(super) fn to_json(scenario: &Scenario, seed: Seed, made: &Made) -> Value {
    let mut out = json!({
        "schema": 1,
        "scenario": scenario.name,
        "question": scenario.question,
        "expectation": scenario.expectation,
        "expect": scenario.expect,
        "expectation_met": meets(scenario, &made.verdict),
        "engine": made.engine,
        "seed": seed.0,
        "duration_ms": u64::try_from(scenario.duration.as_millis()).unwrap_or(u64::MAX),
    });
    for part in [json!(made.figures), json!(made.verdict)] {
        if let (Value::Object(out), Value::Object(part)) = (&mut out, part) {
            out.extend(part);
        }
    }
    if let Value::Object(out) = &mut out {
        out.insert("trace_digest".to_owned(), format!("{:016x}", made.digest).into());
    }
    out
}

/// Writes JSON to the file of that name, or to standard output for `-`.
pub(super) fn write_json(path: &str, value: &Value) -> Result<(), Failure> {
    let failed = |error| Failure::Write { path: path.to_owned(), error };
    let text = format!("{value:#}\n");
    if path == "-" {
        return io::stdout().write_all(text.as_bytes()).map_err(failed);
    }
    std::fs::write(path, text).map_err(failed)
}

/// Refuses a file that cannot be written, before minutes of work go into it. What it holds stays until then.
pub(super) fn check_writable(path: Option<&str>) -> Result<(), Failure> {
    let Some(path) = path.filter(|path| *path != "-") else { return Ok(()) };
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map(drop).map_err(|error| Failure::Write { path: path.to_owned(), error })
}

/// Prints to standard output. A reader that went away is not an error: `sio08 run x | head` ends well.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Write { path: "standard output".to_owned(), error })
        }
        _ => Ok(()),
    }
}
