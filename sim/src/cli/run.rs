//! `sio08 run`: one scenario, its figures and its verdict.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::Exit;
use super::simulate::{Failure, Made, exit, print, simulate, to_json, write_json};
use crate::engine::EngineName;
use crate::report::{Screen, engines, header, render};
use crate::scenario::Scenario;
use crate::world::seed::Seed;

/// Runs a scenario and says what happened, and why.
#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// A built-in scenario (`sio08 list`), or a scenario file
    #[arg(value_name = "NAME|FILE")]
    scenario: String,
    /// The seed of everything that is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which engine runs it
    #[arg(long, value_enum, default_value_t = EngineArg::Direct)]
    engine: EngineArg,
    /// Changes a key of the scenario, `clients.count=80`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Writes the figures as JSON to this file, or to standard output for `-`
    #[arg(long, value_name = "FILE")]
    json: Option<String>,
    /// Writes every event to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    trace: Option<String>,
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

/// Runs the command. Exits 0 when the run answered its question, whatever the answer is, unless the scenario expects
/// another answer (1); 2 when it decides nothing.
pub(super) fn run(args: &RunArgs) -> Exit {
    attempt(args).unwrap_or_else(|failure| failure.report())
}

fn attempt(args: &RunArgs) -> Result<Exit, Failure> {
    if args.engine == EngineArg::Both && args.trace.is_some() {
        return Err(Failure::Usage(
            "--trace wants one engine: --engine direct, or --engine turmoil".to_owned(),
        ));
    }
    let scenario = Scenario::load(&args.scenario, &args.set)?;
    let seed = Seed(args.seed);
    let quiet = args.json.as_deref() == Some("-");
    if !quiet {
        print(&format!("{}\n", header(&scenario, seed, args.engine.name())))?;
    }
    let mut made = Vec::new();
    for engine in args.engine.names() {
        made.push(simulate(&scenario, seed, *engine, args.trace.as_deref())?);
    }
    if !quiet {
        print(&screen(args, &scenario, &made))?;
    }
    if let Some(path) = &args.json {
        let mut runs: Vec<Value> = made.iter().map(|made| to_json(&scenario, seed, made)).collect();
        let value = if runs.len() == 1 { runs.remove(0) } else { Value::Array(runs) };
        write_json(path, &value)?;
    }
    Ok(exit(made.iter().map(|made| (&scenario, &made.verdict))))
}

fn screen(args: &RunArgs, scenario: &Scenario, made: &[Made]) -> String {
    let took = |made: &Made| {
        format!(
            "  {:.1} s of {} clients simulated in {:.2} s ({})\n",
            scenario.duration.as_secs_f64(),
            scenario.clients.count,
            made.took,
            made.engine.name()
        )
    };
    let mut out: String = made.iter().map(took).collect();
    out.push('\n');
    match made {
        [one, other] => {
            out.push_str(&engines((&one.figures, &one.verdict), (&other.figures, &other.verdict)));
        }
        _ => {
            for made in made {
                let screen = Screen {
                    scenario,
                    source: &source(args),
                    seed: Seed(args.seed),
                    engine: made.engine,
                    figures: &made.figures,
                    verdict: &made.verdict,
                };
                out.push_str(&render(&screen));
            }
        }
    }
    out
}

/// What to type for the scenario again, quoted for a shell where it must be.
fn source(args: &RunArgs) -> String {
    words(&args.scenario, &args.set)
}

/// A scenario with its settings, as one types it.
pub(super) fn words(scenario: &str, settings: &[String]) -> String {
    let mut words = vec![quoted(scenario)];
    words.extend(settings.iter().map(|setting| format!("--set {}", quoted(setting))));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
