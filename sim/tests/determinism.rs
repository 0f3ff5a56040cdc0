//! The same seed gives the same run, byte for byte, in two processes; another seed gives another one.

#[path = "common/scratch.rs"]
mod scratch;

use std::path::Path;
use std::process::Command;
use std::thread;

use socketio08_sim::scenario::{Builtin, Scenario};
use socketio08_sim::sweep;
use socketio08_sim::world::seed::Seed;

use self::scratch::Scratch;

/// What a run of the command wrote.
#[derive(Eq, PartialEq)]
struct Ran {
    trace: Vec<u8>,
    json: Vec<u8>,
}

/// Runs the command in a process of its own; `None` if the engine does not carry the scenario.
fn run(scratch: &Scratch, name: &str, scenario: &str, seed: &str, engine: &str) -> Option<Ran> {
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
        Some(64) if error.contains("does not carry") => return None,
        _ => panic!("{scenario} on {engine}: {error}"),
    }
    let read = |path: &Path| std::fs::read(path).expect("the run wrote its files");
    Some(Ran { trace: read(&trace), json: read(&json) })
}

/// The first line in which two traces differ, for the message.
fn first_difference(one: &[u8], other: &[u8]) -> Option<(usize, String, String)> {
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    let (one, other) = (lines(one), lines(other));
    let at = one.iter().zip(&other).position(|(one, other)| one != other)?;
    Some((at + 1, text(&one[at]), text(&other[at])))
}

/// Runs a scenario in two processes at once, which must write the same, or refuse it both. Whether the engine carries it.
fn assert_same(engine: &str, name: &str, scenario: &str, seed: &str) -> bool {
    let scratch = Scratch::new(&format!("determinism-{engine}-{name}"));
    let (one, other) = thread::scope(|scope| {
        let other = scope.spawn(|| run(&scratch, "other", scenario, seed, engine));
        (run(&scratch, "one", scenario, seed, engine), other.join().expect("the other run"))
    });
    if one == other {
        return one.is_some();
    }
    let trace = |ran: &Option<Ran>| ran.as_ref().map_or_else(Vec::new, |ran| ran.trace.clone());
    let difference = first_difference(&trace(&one), &trace(&other));
    panic!("{name} on {engine}: the traces differ first in {difference:?}; `None`: only the reports do");
}

#[test]
fn every_built_in_scenario_is_the_same_in_two_processes_on_the_direct_engine() {
    for builtin in Builtin::ALL {
        assert!(assert_same("direct", builtin.name, builtin.name, "7"), "{}", builtin.name);
    }
}

#[test]
fn another_seed_is_another_run() {
    let scratch = Scratch::new("determinism-seeds");
    let traced =
        |name, seed| run(&scratch, name, "round-robin", seed, "direct").expect("it is carried").trace;
    assert!(traced("one", "1") != traced("other", "2"), "two seeds gave the same trace");
}

#[test]
fn the_first_event_in_which_two_traces_differ_is_named() {
    let difference = first_difference(b"{\"seq\":0}\n{\"seq\":1}\n", b"{\"seq\":0}\n{\"seq\":9}\n");
    assert_eq!(difference, Some((2, "{\"seq\":1}".to_owned(), "{\"seq\":9}".to_owned())));
    let shorter = first_difference(b"{\"seq\":0}\n", b"");
    assert_eq!(shorter, Some((1, "{\"seq\":0}".to_owned(), String::new())));
}

/// Those that take seconds in a debug build; the whole of it is below.
#[test]
fn scenarios_of_polling_and_of_websockets_are_the_same_in_two_processes_on_the_turmoil_engine() {
    for name in ["round-robin-four-servers", "sticky-session-path", "long-polling", "sockets"] {
        assert!(assert_same("turmoil", name, name, "7"), "{name}");
    }
}

#[test]
#[ignore = "minutes: `cargo test --release --test determinism -- --ignored`"]
fn every_built_in_scenario_that_it_carries_is_the_same_in_two_processes_on_the_turmoil_engine() {
    let carried =
        Builtin::ALL.iter().filter(|builtin| assert_same("turmoil", builtin.name, builtin.name, "7")).count();
    // The others have what it refuses by name: stores, proxies, cookies, other balancers, ways to leave.
    assert_eq!(carried, 12);
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
        .current_dir(scratch.path())
        .output()
        .expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("JSON is text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn two_hundred_drawn_worlds_are_the_same_in_two_processes_on_the_direct_engine() {
    let scratch = Scratch::new("determinism-drawn");
    let (first, second) = thread::scope(|scope| {
        let second = scope.spawn(|| swept(&scratch, "1000..1200"));
        (swept(&scratch, "1000..1200"), second.join().expect("the other sweep"))
    });
    assert_eq!((first.len(), second.len()), (200, 200));
    for (seed, (one, other)) in (1_000_u64..).zip(first.iter().zip(&second)) {
        if one == other {
            continue;
        }
        assert_same("direct", &format!("seed-{seed}"), &drawn(&scratch, seed), &seed.to_string());
        panic!("seed {seed}: the lines differ, though the traces do not\n{one}\n{other}");
    }
}

/// Runs that many drawn worlds which the turmoil engine carries, of at most so many clients.
fn assert_drawn_on_turmoil(count: usize, clients_max: u32) {
    let scratch = Scratch::new(&format!("determinism-drawn-turmoil-{count}"));
    let small = |seed: &u64| {
        let scenario = Scenario::load(&drawn(&scratch, *seed), &[]).expect("a drawn world can be");
        scenario.clients.count <= clients_max
    };
    let same = |seed: &u64| {
        assert_same("turmoil", &format!("seed-{seed}"), &drawn(&scratch, *seed), &seed.to_string())
    };
    let carried = (1_000..6_000).filter(small).filter(same).take(count).count();
    assert_eq!(carried, count);
}

#[test]
fn drawn_worlds_are_the_same_in_two_processes_on_the_turmoil_engine() {
    assert_drawn_on_turmoil(4, 4);
}

#[test]
#[ignore = "minutes: `cargo test --release --test determinism -- --ignored`"]
fn two_hundred_drawn_worlds_are_the_same_in_two_processes_on_the_turmoil_engine() {
    assert_drawn_on_turmoil(200, 16);
}
