//! Sweeps: shards join to the bytes of one run, and a rule that is broken on purpose is found and made small.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../common/scratch.rs"]
mod scratch;
mod tampered;

use std::path::Path;
use std::process::{Command, Output};

use socketio08_sim::engine::direct::Direct;
use socketio08_sim::sweep::{self, INVARIANTS, document};
use socketio08_sim::world::seed::Seed;

use self::scratch::Scratch;
use self::tampered::{Fault, Tampered};

fn write(scratch: &Scratch, name: &str, content: &[u8]) {
    std::fs::write(scratch.file(name), content).unwrap();
}

fn sio08(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sio08")).args(arguments).current_dir(directory).output().unwrap()
}

const KILL: &str = "[[fault]]\nat = \"8s\"\nkill = \"s1\"\nrestart_after = \"1s\"\n";

const RANGES: &str = r#"
schema = 1
name = "ranges"
duration = "15s"
[clients]
send_every = "1s"
[balancer]
balance = "source"
[servers]
count = 3
broadcast_every = "1s"
[sweep]
clients.count = { min = 1, max = 6 }
network.latency = { min = "1ms", max = "40ms" }
fault = [[], [{ at = "5s", kill = "s1", restart_after = "2s" }]]
"#;

#[test]
fn shards_merge_to_the_bytes_of_one_run() {
    let scratch = Scratch::new("sweep-shards");
    write(&scratch, "ranges.toml", RANGES.as_bytes());
    let whole = sio08(scratch.path(), &["sweep", "./ranges.toml", "--seeds", "10..22"]);
    for shard in ["3", "1", "2"] {
        let part = format!("{shard}/3");
        let one = sio08(
            scratch.path(),
            &["sweep", "./ranges.toml", "--seeds", "10..22", "--shard", &part, "--jobs", "1"],
        );
        write(&scratch, shard, &one.stdout);
    }
    let merged = sio08(scratch.path(), &["merge", "3", "1", "2"]);
    assert_eq!(String::from_utf8_lossy(&merged.stdout), String::from_utf8_lossy(&whole.stdout));
    assert_eq!(String::from_utf8_lossy(&merged.stdout).lines().count(), 12);
    assert_eq!(merged.status.code(), whole.status.code());
}

/// GNU parallel gives each shard to a process, as `docs/SCALING-OUT.md` shows. Without the program there is nothing to show.
#[test]
fn shards_that_gnu_parallel_runs_merge_to_the_bytes_of_one_run() {
    let Ok(version) = Command::new("parallel").arg("--version").output() else {
        eprintln!("skipped: GNU parallel is not installed");
        return;
    };
    // moreutils has another program of this name.
    if !version.stdout.starts_with(b"GNU parallel") {
        eprintln!("skipped: `parallel` is not GNU parallel");
        return;
    }
    let scratch = Scratch::new("sweep-parallel");
    write(&scratch, "ranges.toml", RANGES.as_bytes());
    let program = env!("CARGO_BIN_EXE_sio08");
    let whole = sio08(scratch.path(), &["sweep", "./ranges.toml", "--seeds", "10..22"]);
    let shard =
        format!("{program} sweep ./ranges.toml --seeds 10..22 --jobs 1 --shard {{}}/4 > shard-{{}}.jsonl");
    let parallel = Command::new("parallel")
        .args([shard.as_str(), ":::", "1", "2", "3", "4"])
        .current_dir(scratch.path())
        .output();
    let parallel = parallel.unwrap();
    assert!(parallel.status.success(), "{}", String::from_utf8_lossy(&parallel.stderr));
    let files: Vec<String> = (1..=4).map(|shard| format!("shard-{shard}.jsonl")).collect();
    let merged = sio08(scratch.path(), &["merge", &files[0], &files[1], &files[2], &files[3]]);
    assert!(!merged.stdout.is_empty() && merged.stdout == whole.stdout);
}

#[test]
fn ranges_that_cannot_be_read_are_refused_with_their_key() {
    let scratch = Scratch::new("sweep-refused");
    write(&scratch, "bad.toml", RANGES.replace("min = 1, max = 6", "min = 6, max = 1").as_bytes());
    let output = sio08(scratch.path(), &["sweep", "./bad.toml", "--seeds", "1..2"]);
    assert_eq!(output.status.code(), Some(65));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("[sweep] clients.count"), "{error}");
}

#[test]
fn a_file_with_ranges_is_also_a_scenario_to_run() {
    let scratch = Scratch::new("sweep-run");
    write(&scratch, "ranges.toml", RANGES.as_bytes());
    let output = sio08(scratch.path(), &["validate", "./ranges.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A world that keeps every rule.
fn sound(more: &str) -> toml::Table {
    let text = format!(
        "schema = 1\nname = \"sound\"\nduration = \"20s\"\nclients = {{ count = 6, send_every = \"1s\"{more} }}\n\
         balancer = {{ balance = \"source\" }}\nservers = {{ count = 4, broadcast_every = \"1s\" }}\n"
    );
    text.parse().unwrap()
}

fn with_faults(faults: &str) -> toml::Table {
    let mut world = sound("");
    world.insert("fault".to_owned(), faults.parse::<toml::Table>().unwrap()["fault"].clone());
    world
}

/// The world in which a fault shows, and which keeps every rule without it.
fn world_for(fault: Fault) -> toml::Table {
    match fault {
        Fault::DeadServerSpeaks => with_faults(KILL),
        Fault::AnsweredMessageAgain => {
            let mut world = sound(", profile = \"improved\"");
            // Whoever is where, its server is ended.
            document::put(&mut world, "servers.count", toml::Value::Integer(1));
            world.insert("fault".to_owned(), KILL.parse::<toml::Table>().unwrap()["fault"].clone());
            world
        }
        Fault::EndedTwice | Fault::SessionNeverEnds => {
            sound(", leaves = { after = \"5s\", how = \"silent\" }")
        }
        _ => sound(""),
    }
}

fn assert_found(fault: Fault, world: &toml::Table) {
    let store = document::get(world, "servers.store").map(ToString::to_string).unwrap_or_default();
    let sound = sweep::check(world, Seed(1), &Direct).unwrap();
    assert_eq!(sound.violations, [], "{fault:?} {store}: the world breaks a rule by itself");
    let tampered = sweep::check(world, Seed(1), &Tampered(fault)).unwrap();
    let names: Vec<_> = tampered.violations.iter().map(|broken| broken.invariant).collect();
    assert!(
        names.contains(&fault.breaks()),
        "{fault:?} {store} breaks {}, but {names:?} was found",
        fault.breaks()
    );
}

/// Each invariant is broken on purpose in a world that keeps it, and the checker names that invariant.
#[test]
fn every_invariant_is_found_broken_when_the_trace_breaks_it() {
    for fault in Fault::ALL {
        assert_found(*fault, &world_for(*fault));
    }
    let missing: Vec<_> =
        INVARIANTS.iter().filter(|name| Fault::ALL.iter().all(|fault| fault.breaks() != **name)).collect();
    assert!(missing.is_empty(), "nothing breaks {missing:?}");
}

/// Every fault but those whose invariant is not demanded of the store (`docs/INVARIANTS.md`).
fn assert_held(store: &str, balance: &str, but: &[Fault]) {
    for fault in Fault::ALL.iter().filter(|fault| !but.contains(fault)) {
        let mut world = world_for(*fault);
        document::put(&mut world, "servers.store", store.into());
        document::put(&mut world, "servers.broadcast_by", "first".into());
        document::put(&mut world, "balancer.balance", balance.into());
        assert_found(*fault, &world);
    }
}

#[test]
fn routed_sessions_behind_round_robin_are_held_to_every_invariant() {
    assert_held("routed", "roundrobin", &[]);
}

#[test]
fn portable_sessions_behind_round_robin_are_held_to_every_invariant_but_the_order_of_messages_after_a_fault()
{
    assert_held("portable", "roundrobin", &[Fault::AnsweredMessageAgain]);
}

#[test]
fn sessions_told_by_redis_are_held_to_every_invariant_but_those_of_a_single_owner() {
    let shared = [Fault::EndedTwice, Fault::SessionNeverEnds, Fault::AnsweredMessageAgain];
    assert_held("redis", "source", &shared);
}

#[test]
fn a_world_that_fails_is_shrunk_to_the_clients_and_the_fault_that_it_takes() {
    // A client gets a tick twice, but only if there are three clients and a server was ended.
    let engine = Tampered(Fault::TickTwiceAfterAKillAmongThree);
    let faults = "[[fault]]\nat = \"3s\"\ncut = \"s2\"\nfor = \"1s\"\n[[fault]]\nat = \"9s\"\npause = \"s4\"\nfor = \"1s\"\n";
    let (world, seed) = (with_faults(&format!("{KILL}{faults}")), Seed(1));
    let (small, checked) = sweep::shrink(&world, "tick-once-in-order", seed, &engine).unwrap();
    let count = document::get(&small, "clients.count").and_then(toml::Value::as_integer);
    let scenario = document::scenario(&small).unwrap();
    assert_eq!(count, Some(3), "{small}");
    assert_eq!(scenario.faults.len() + usize::from(scenario.deploy.is_some()), 1, "{small}");
    assert_eq!((scenario.harms.len(), scenario.servers.count), (0, 1), "{small}");
    assert_eq!(checked.unwrap().violations[0].invariant, "tick-once-in-order");
    // The file is a scenario like any other, and fails again.
    let again: toml::Table = small.to_string().parse().unwrap();
    assert!(!sweep::check(&again, seed, &engine).unwrap().violations.is_empty());
}
