//! What the built-in scenarios say of themselves is what a run says: seed 1, direct engine. `SIO08_BLESS=1` writes the
//! findings of a run into the files.

use std::path::PathBuf;
use std::sync::LazyLock;

use socketio08_sim::engine::{Engine, direct::Direct};
use socketio08_sim::report::{Summary, finding, judge, meets};
use socketio08_sim::scenario::{Builtin, Scenario};
use socketio08_sim::trace::{Record, Recorder};
use socketio08_sim::world::seed::Seed;

/// What the run of a built-in scenario said.
struct Said {
    builtin: Builtin,
    scenario: Scenario,
    finding: String,
    met: Option<bool>,
}

/// Every built-in scenario, run once for all tests.
static SAID: LazyLock<Vec<Said>> = LazyLock::new(|| Builtin::ALL.into_iter().map(run).collect());

fn run(builtin: Builtin) -> Said {
    let scenario = builtin.scenario().expect("valid");
    let mut summary = Summary::new(&scenario);
    let mut each = |record: &Record| summary.record(record);
    let mut recorder = Recorder::new(&mut each, None);
    Direct.run(&scenario, Seed(1), &mut recorder, &mut |_| {}).expect("the engine runs");
    recorder.finish().expect("nothing is written");
    let figures = summary.finish();
    let verdict = judge(&scenario, &figures);
    Said { builtin, finding: finding(&figures, &verdict), met: meets(&scenario, &verdict), scenario }
}

fn bless(builtin: Builtin, finding: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{}.toml", builtin.name));
    let text = std::fs::read_to_string(&path).expect("the file of a built-in scenario");
    let line = format!("finding = {finding:?}");
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("finding = ")).collect();
    let place = lines.iter().position(|line| line.starts_with("duration = ")).expect("a duration");
    lines.insert(place, &line);
    std::fs::write(path, lines.join("\n") + "\n").expect("the file can be written");
}

#[test]
fn the_finding_in_the_file_of_each_built_in_scenario_is_what_a_run_says() {
    let mut stale = Vec::new();
    for Said { builtin, scenario, finding, .. } in SAID.iter() {
        if *finding == scenario.finding {
            continue;
        }
        if std::env::var_os("SIO08_BLESS").is_some() {
            bless(*builtin, finding);
        } else {
            stale.push(format!("{}:\n  file: {}\n  run:  {finding}", builtin.name, scenario.finding));
        }
    }
    assert!(stale.is_empty(), "SIO08_BLESS=1 writes them anew:\n{}", stale.join("\n"));
}

#[test]
fn each_built_in_scenario_states_an_expectation_and_its_run_meets_it() {
    for Said { builtin, scenario, met, .. } in SAID.iter() {
        assert!(!scenario.expectation.is_empty(), "{} has no expectation", builtin.name);
        assert_eq!(*met, Some(true), "{}: expected {:?}", builtin.name, scenario.expect);
    }
}
