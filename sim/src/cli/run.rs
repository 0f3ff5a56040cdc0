//! `sio08 run`: one scenario, its figures and its verdict.

use clap::Args;
use serde_json::Value;

use super::Exit;
use super::simulate::{Failure, Made, check_writable, exit, print, simulate, to_json, write_json};
use super::subject::{EngineArg, Subject};
use crate::report::{Screen, engines, header, render};
use crate::scenario::Scenario;

/// Runs a scenario and says what happened, and why.
#[derive(Args, Debug)]
pub(super) struct RunArgs {
    #[command(flatten)]
    subject: Subject,
    /// Writes the figures as JSON to this file, or to standard output for `-`
    #[arg(long, value_name = "FILE")]
    json: Option<String>,
    /// Writes every event to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    trace: Option<String>,
}

/// Runs the command. Exits 0 when the run answered its question, whatever the answer is, unless the scenario expects
/// another answer (1); 2 when it decides nothing.
pub(super) fn run(args: &RunArgs) -> Exit {
    attempt(args).unwrap_or_else(|failure| failure.report())
}

fn attempt(args: &RunArgs) -> Result<Exit, Failure> {
    if args.subject.engine == EngineArg::Both && args.trace.is_some() {
        return Err(Failure::Usage(
            "--trace wants one engine: --engine direct, or --engine turmoil".to_owned(),
        ));
    }
    let scenario = args.subject.load()?;
    check_writable(args.json.as_deref())?;
    let seed = args.subject.seed();
    let quiet = args.json.as_deref() == Some("-");
    if !quiet {
        print(&format!("{}\n", header(&scenario, seed, args.subject.engine.name())))?;
    }
    let mut made = Vec::new();
    for engine in args.subject.engine.names() {
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
                    source: &args.subject.words(),
                    seed: args.subject.seed(),
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
