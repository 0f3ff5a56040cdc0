//! `sio08 list`: the built-in scenarios.

use clap::Args;

use super::Exit;
use super::simulate::{Failure, print};
use crate::scenario::{Builtin, unknown_scenario};

/// Lists the built-in scenarios with the questions they answer, or prints the file of one, to start another from.
#[derive(Args, Debug)]
pub(super) struct ListArgs {
    /// Also shows what a run of each said
    #[arg(long)]
    findings: bool,
    /// Prints the file of this one instead: `sio08 list round-robin > my.toml`
    #[arg(value_name = "NAME", conflicts_with = "findings")]
    name: Option<String>,
}

/// Prints each built-in scenario with the question it asks.
pub(super) fn run(args: &ListArgs) -> Exit {
    let done = args.name.as_deref().map_or_else(|| all(args.findings), one);
    done.unwrap_or_else(|failure| failure.report())
}

fn one(name: &str) -> Result<Exit, Failure> {
    let builtin = Builtin::find(name).ok_or_else(|| Failure::from(unknown_scenario(name)))?;
    print(builtin.text)?;
    Ok(Exit::Holds)
}

fn all(findings: bool) -> Result<Exit, Failure> {
    let width = Builtin::ALL.iter().map(|builtin| builtin.name.len()).max().unwrap_or(0);
    for builtin in Builtin::ALL {
        let scenario = builtin.scenario()?;
        print(&format!("{:<width$}  {}\n", builtin.name, scenario.question))?;
        if findings && !scenario.finding.is_empty() {
            print(&format!("{:<width$}  → {}\n", "", scenario.finding))?;
        }
    }
    print(
        "\nsio08 run NAME runs one, sio08 compare NAME NAME puts them side by side, sio08 list NAME prints its file.\n",
    )?;
    Ok(Exit::Holds)
}
