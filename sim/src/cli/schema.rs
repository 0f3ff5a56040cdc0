//! `sio08 schema`: the JSON schema of scenario files.

use super::Exit;
use super::simulate::{Failure, print};

/// Made from the manual by a test, which also holds every built-in scenario against it.
const SCHEMA: &str = include_str!("../../scenarios/scenario.schema.json");

/// Prints the schema.
pub(super) fn run() -> Exit {
    print(SCHEMA).map_or_else(|failure: Failure| failure.report(), |()| Exit::Holds)
}
