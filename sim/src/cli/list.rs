//! `sio08 list`: the built-in scenarios.

use clap::Args;

use super::Exit;
use super::simulate::{Failure, print};
use crate::scenario::Builtin;

/// Lists the built-in scenarios with the questions they answer.
#[derive(Args, Debug)]
pub(super) struct ListArgs {
    /// Also shows what a run of each said
    #[arg(long)]
    findings: bool,
}

/// Prints each built-in scenario with the question it asks.
pub(super) fn run(args: &ListArgs) -> Exit {
    attempt(args.findings).unwrap_or_else(|failure| failure.report())
}

fn attempt(findings: bool) -> Result<Exit, Failure> {
    let width = Builtin::ALL.iter().map(|builtin| builtin.name.len()).max().unwrap_or(0);
    for builtin in Builtin::ALL {
        let scenario = builtin.scenario()?;
        print(&format!("{:<width$}  {}\n", builtin.name, scenario.question))?;
        if findings && !scenario.finding.is_empty() {
            print(&format!("{:<width$}  → {}\n", "", scenario.finding))?;
        }
    }
    print("\nsio08 run NAME runs one, sio08 compare NAME NAME puts them side by side.\n")?;
    Ok(Exit::Holds)
}
