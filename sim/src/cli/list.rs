//! `sio08 list`: the built-in scenarios.

use super::Exit;
use super::simulate::{Failure, print};
use crate::scenario::Builtin;

/// Prints each built-in scenario with the question it asks.
pub(super) fn run() -> Exit {
    attempt().unwrap_or_else(|failure| failure.report())
}

fn attempt() -> Result<Exit, Failure> {
    let width = Builtin::ALL.iter().map(|builtin| builtin.name.len()).max().unwrap_or(0);
    for builtin in Builtin::ALL {
        let scenario = builtin.scenario()?;
        print(&format!("{:<width$}  {}\n", builtin.name, scenario.question))?;
    }
    print("\nsio08 run NAME runs one, sio08 compare NAME NAME puts them side by side.\n")?;
    Ok(Exit::Holds)
}
