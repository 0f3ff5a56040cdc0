//! What must hold of any scenario file. Not part of the library beside it, which `protocol/tests` compiles without the simulator; the
//! fuzz target and `sim/tests/scenario_mutations.rs` include this file.

use std::time::Duration;

use socketio08_sim::engine::{Engine, direct::Direct};
use socketio08_sim::scenario::Scenario;
use socketio08_sim::trace::Record;
use socketio08_sim::world::seed::Seed;

/// Larger worlds are read and not run: each would take many milliseconds.
const CLIENTS_MAX: u32 = 100;
const SERVERS_MAX: u32 = 20;
/// As much of its time as a world is run for.
const DURATION_MAX: Duration = Duration::from_secs(2);

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Became {
    /// Refused, with its place.
    Refused,
    /// A world that ran.
    Ran,
    /// A world too large to be run here.
    TooLarge,
}

/// A file is refused with its place, or it is a world that runs.
pub fn scenario(text: &str, seed: u64) -> Became {
    const FILE: &str = "my.toml";
    match Scenario::parse(FILE, text, &[]) {
        Err(error) => {
            let said = error.to_string();
            assert!(said.starts_with("my.toml:"), "no place: {said}\n{text}");
            Became::Refused
        }
        Ok(scenario) if scenario.clients.count > CLIENTS_MAX || scenario.servers.count > SERVERS_MAX => {
            Became::TooLarge
        }
        Ok(scenario) => {
            let brief = Scenario { duration: scenario.duration.min(DURATION_MAX), ..scenario };
            let mut records: Vec<Record> = Vec::new();
            let ran = Direct.run(&brief, Seed(seed), &mut records, &mut |_| {});
            assert!(ran.is_ok(), "read, and then refused by the engine: {:?}\n{text}", ran.err());
            Became::Ran
        }
    }
}
