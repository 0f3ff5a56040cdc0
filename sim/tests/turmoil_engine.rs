//! The turmoil engine: the same seed gives the same trace in two processes, byte for byte.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A hop of a millisecond makes a step of turmoil a millisecond: fewer steps, and the same mechanisms.
const COARSE: &str = "network.latency=1ms";

/// The trace of one run in a process of its own.
fn trace(name: &str, seed: u64, settings: &[&str], file: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    let mut command = Command::new(env!("CARGO_BIN_EXE_sio08"));
    command.args(["run", name, "--engine", "turmoil", "--seed", &seed.to_string(), "--trace"]).arg(&path);
    for setting in settings {
        command.args(["--set", setting]);
    }
    let output = command.output().unwrap();
    // A run that answers "broken" has succeeded; only what expects something can be violated.
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read(path).unwrap()
}

fn assert_repeatable(name: &str, settings: &[&str]) {
    let first = trace(name, 7, settings, &format!("{name}-{}-1.jsonl", settings.len()));
    let second = trace(name, 7, settings, &format!("{name}-{}-2.jsonl", settings.len()));
    assert!(!first.is_empty());
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let different = lines(&first).into_iter().zip(lines(&second)).position(|(one, other)| one != other);
    assert_eq!(different, None, "the first line that differs");
    assert_eq!(first.len(), second.len());
}

#[test]
fn round_robin_is_repeatable() {
    // Latencies are drawn, so turmoil's own randomness is in it.
    let drawn = "network.latency={ min = \"1ms\", max = \"3ms\" }";
    assert_repeatable("round-robin", &["clients.count=8", "duration=4s", "clients.quiet_at_end=1s", drawn]);
}

#[test]
fn sticky_source_is_repeatable() {
    let fine = "network.latency=200us";
    assert_repeatable("sticky-source", &["clients.count=8", "duration=4s", "clients.quiet_at_end=1s", fine]);
}

#[test]
fn websockets_are_repeatable() {
    let websocket = "clients.transports=[\"websocket\"]";
    assert_repeatable(
        "sticky-source",
        &["clients.count=8", "duration=4s", "clients.quiet_at_end=1s", COARSE, websocket],
    );
}

#[test]
fn server_failure_is_repeatable() {
    assert_repeatable(
        "server-failure",
        &["clients.count=8", "duration=24s", "fault.1.at=3s", "fault.1.restart_after=10s", COARSE],
    );
}

#[test]
fn rolling_deploy_is_repeatable() {
    assert_repeatable(
        "rolling-deploy",
        &[
            "clients.count=8",
            "duration=12s",
            "clients.quiet_at_end=2s",
            "deploy.start=3s",
            "deploy.gap=2s",
            COARSE,
        ],
    );
}

#[test]
fn another_seed_gives_another_trace() {
    let settings = ["clients.count=4", "duration=3s", "clients.quiet_at_end=1s", COARSE];
    let one = trace("sticky-source", 1, &settings, "seed-1.jsonl");
    let other = trace("sticky-source", 2, &settings, "seed-2.jsonl");
    assert_ne!(one, other, "session ids are drawn from the seed");
}

#[test]
fn more_clients_than_the_engine_carries_are_refused_with_the_remedy() {
    let output = Command::new(env!("CARGO_BIN_EXE_sio08"))
        .args(["run", "sticky-source", "--engine", "turmoil", "--set", "clients.count=10001"])
        .args(["--set", "clients.arrive_every=10us", "--set", "clients.addresses=10.0.0.0/8"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("10000 clients at most") && said.contains("--engine direct"), "{said}");
}
