//! `sio08 validate`: scenario files checked without a run.

use clap::Args;

use super::Exit;
use super::simulate::{Failure, print};
use crate::scenario::Scenario;

/// Checks scenario files without running them: each is valid, or is refused with the first mistake, its place and a remedy.
#[derive(Args, Debug)]
pub(super) struct ValidateArgs {
    /// Scenario files, or built-in scenarios
    #[arg(value_name = "FILE|NAME", num_args = 1.., required = true)]
    scenarios: Vec<String>,
    /// Changes a key of every scenario before it is judged, `clients.count=80`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Runs the command. Exits 65 if any of the files is refused; the others are still checked.
pub(super) fn run(args: &ValidateArgs) -> Exit {
    let mut exit = Exit::Holds;
    for name in &args.scenarios {
        if let Err(failure) = validate(name, &args.set) {
            exit = failure.report();
        }
    }
    exit
}

fn validate(name: &str, set: &[String]) -> Result<(), Failure> {
    let scenario = Scenario::load(name, set)?;
    print(&format!(
        "{name}: valid: {} clients, {} servers, {} s\n",
        scenario.clients.count,
        scenario.servers.count,
        scenario.duration.as_secs_f64()
    ))
}
