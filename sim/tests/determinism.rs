//! The same seed gives the same run, byte for byte, in two processes; another seed gives another one.

use std::path::{Path, PathBuf};
use std::process::Command;

use socketio08_sim::scenario::{Builtin, DeployKind, Scenario, Store};
use socketio08_sim::sweep;
use socketio08_sim::world::seed::Seed;

/// A directory of one test for its files, gone when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sio08-determinism-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory for the test");
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A directory that stays is only untidy.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the command in a process of its own; gives the trace and the JSON.
fn run(scratch: &Scratch, name: &str, scenario: &str, seed: &str, engine: &str) -> (Vec<u8>, Vec<u8>) {
    let (trace, json) = (scratch.file(&format!("{name}.jsonl")), scratch.file(&format!("{name}.json")));
    let output = Command::new(env!("CARGO_BIN_EXE_sio08"))
        .args(["run", scenario, "--seed", seed, "--engine", engine])
        .arg("--trace")
        .arg(&trace)
        .arg("--json")
        .arg(&json)
        .output()
        .expect("the program starts");
    let error = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        // The answer, and whether the scenario expects it of this seed, is not the question here.
        Some(0..=2) => {}
        _ => panic!("{scenario} on {engine}: {error}"),
    }
    let read = |path: &Path| std::fs::read(path).expect("the run wrote its files");
    (read(&trace), read(&json))
}

/// The first line in which two traces differ, for the message.
fn first_difference(one: &[u8], other: &[u8]) -> Option<(usize, String, String)> {
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    let (one, other) = (lines(one), lines(other));
    let at = one.iter().zip(&other).position(|(one, other)| one != other)?;
    Some((at + 1, text(&one[at]), text(&other[at])))
}

fn assert_deterministic(engine: &str, scenarios: &[&str]) {
    for name in scenarios {
        let scratch = Scratch::new(&format!("{engine}-{name}"));
        let first = run(&scratch, "first", name, "7", engine);
        let second = run(&scratch, "second", name, "7", engine);
        let difference = first_difference(&first.0, &second.0);
        assert!(first.0 == second.0, "{name} on {engine}: the traces differ first in {difference:?}");
        assert!(first.1 == second.1, "{name} on {engine}: the reports differ");
    }
}

#[test]
fn every_built_in_scenario_is_the_same_in_two_processes_on_the_direct_engine() {
    assert_deterministic("direct", &Builtin::ALL.map(|builtin| builtin.name));
}

#[test]
fn another_seed_is_another_run() {
    let scratch = Scratch::new("seeds");
    let traced = |name, seed| run(&scratch, name, "round-robin", seed, "direct");
    let (one, other) = (traced("one", "1"), traced("other", "2"));
    assert!(one.0 != other.0, "two seeds gave the same trace");
}

/// One of each kind: with real bytes a long scenario of many clients takes minutes in a debug build.
#[test]
fn scenarios_of_each_kind_are_the_same_in_two_processes_on_the_turmoil_engine() {
    assert_deterministic("turmoil", &["round-robin", "sticky-source", "server-failure", "rolling-deploy"]);
}

/// The world of a seed as a file.
fn drawn(scratch: &Scratch, seed: u64) -> String {
    let world = sweep::world(None, Seed(seed)).expect("everything can be drawn from");
    let path = scratch.file(&format!("drawn-{seed}.toml"));
    std::fs::write(&path, world.to_string()).expect("the world fits on the disk");
    path.display().to_string()
}

/// The lines of a sweep of everything, from a process of its own.
fn swept(scratch: &Scratch, seeds: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_sio08"))
        .args(["sweep", "--seeds", seeds])
        .current_dir(&scratch.0)
        .output()
        .expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("JSON is text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn two_hundred_drawn_worlds_are_the_same_in_two_processes_on_the_direct_engine() {
    let scratch = Scratch::new("drawn");
    let (first, second) = (swept(&scratch, "1000..1200"), swept(&scratch, "1000..1200"));
    assert_eq!((first.len(), second.len()), (200, 200));
    for (seed, (one, other)) in (1_000_u64..).zip(first.iter().zip(&second)) {
        if one == other {
            continue;
        }
        let file = drawn(&scratch, seed);
        let traced = |name| run(&scratch, name, &file, &seed.to_string(), "direct").0;
        let difference = first_difference(&traced("one"), &traced("other"));
        panic!("seed {seed}: the lines differ, and the traces first in {difference:?}\n{one}\n{other}");
    }
}

/// What the turmoil engine carries, and carries in seconds.
fn carried(scenario: &Scenario) -> bool {
    let deploy = scenario.deploy.as_ref().map(|deploy| deploy.kind);
    scenario.harms.is_empty()
        && scenario.balancer.cookie.is_none()
        && scenario.servers.store == Store::Memory
        && matches!(deploy, None | Some(DeployKind::All | DeployKind::Rolling))
        && scenario.clients.count <= 4
}

#[test]
fn drawn_worlds_are_the_same_in_two_processes_on_the_turmoil_engine() {
    let scratch = Scratch::new("drawn-turmoil");
    let scenario = |seed: &u64| Scenario::load(&drawn(&scratch, *seed), &[]).expect("a drawn world can be");
    let seeds: Vec<u64> = (1_000..1_200).filter(|seed| carried(&scenario(seed))).take(4).collect();
    assert_eq!(seeds.len(), 4);
    let files: Vec<String> = seeds.iter().map(|seed| drawn(&scratch, *seed)).collect();
    for (seed, file) in seeds.iter().zip(&files) {
        let traced = |name| run(&scratch, name, file, &seed.to_string(), "turmoil").0;
        let (one, other) = (traced("one"), traced("other"));
        let difference = first_difference(&one, &other);
        assert!(one == other, "seed {seed}: the traces differ first in {difference:?}");
    }
}
