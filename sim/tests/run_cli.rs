//! `sio08 run`, `compare` and `list` as a user meets them: exit codes, standard output, JSON, errors with a remedy.

use std::process::{Command, Output};

use serde_json::Value;

fn sio08(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sio08")).args(arguments).output().expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn json(arguments: &[&str]) -> Value {
    let output = sio08(arguments);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)))
}

#[test]
fn a_run_says_what_happened_and_why_and_how_to_repeat_it() {
    let output = sio08(&["run", "sticky-source", "--seed", "3"]);
    assert_eq!(output.status.code(), Some(0));
    let screen = stdout(&output);
    assert!(screen.starts_with("sticky-source · "), "{screen}");
    assert!(screen.contains("VERDICT  works: "), "{screen}");
    assert!(screen.contains("sio08 run sticky-source --seed 3 --engine direct"), "{screen}");
    assert!(stderr(&output).is_empty(), "no progress bar in a pipe: {}", stderr(&output));
}

#[test]
fn a_broken_answer_is_an_answer() {
    let output = sio08(&["run", "round-robin", "--set", "servers.count=2"]);
    assert_eq!(output.status.code(), Some(0));
    let screen = stdout(&output);
    assert!(screen.contains("VERDICT  broken: "), "{screen}");
    assert!(screen.contains("A session is known only to the server that did its handshake"), "{screen}");
    assert!(
        screen.contains("sio08 run round-robin --set servers.count=2 --set balancer.balance=source"),
        "{screen}"
    );
    assert!(screen.contains(" outlived their client, "), "{screen}");
}

#[test]
fn the_json_has_every_documented_key() {
    let run = json(&["run", "server-failure", "--json", "-"]);
    assert_eq!(run["schema"], 1);
    for key in [
        "scenario",
        "engine",
        "seed",
        "clients",
        "opens",
        "first_opens",
        "polls_to_connect_mean",
        "handshakes",
        "reconnects",
        "outage_ms",
        "first_connect_ms",
        "up",
        "down",
        "live_sessions_per_client_max",
        "servers",
        "verdict",
        "sentence",
        "why",
        "impacts",
        "trace_digest",
    ] {
        assert!(run.get(key).is_some(), "{key} is missing");
    }
    for key in ["total", "ever_connected", "connected_at_end", "stable_5s", "connect_failed"] {
        assert!(run["clients"][key].is_u64(), "clients.{key} is missing");
    }
    for key in ["sent", "received", "lost", "duplicated"] {
        assert!(run["up"][key].is_u64() && run["down"][key].is_u64(), "{key} is missing");
    }
    for key in ["name", "clients", "opens", "rejected"] {
        assert!(run["servers"][0].get(key).is_some(), "servers.{key} is missing");
    }
    for key in ["median", "p95", "max"] {
        assert!(run["handshakes"]["per_client"][key].is_u64(), "handshakes.per_client.{key} is missing");
        assert!(run["outage_ms"][key].is_u64(), "outage_ms.{key} is missing");
    }
}

#[test]
fn a_fault_that_hits_nobody_decides_nothing() {
    // The one client is on s2 (127.0.1.1 modulo 4); without checks nobody is moved, and the death of s3 is nothing to it.
    let one = ["run", "server-failure", "--set", "clients.count=1", "--set", "balancer.check=none"];
    let output = sio08(&one);
    let other = sio08(&[&one[..], &["--set", "fault.1.kill=s3"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(other.status.code(), Some(2), "{}", stdout(&other));
    assert!(stdout(&other).contains("VERDICT  unknown: the fault hit nobody"), "{}", stdout(&other));
}

#[test]
fn compare_puts_scenarios_side_by_side() {
    let output = sio08(&["compare", "round-robin", "sticky-source", "--set", "servers.count=2"]);
    assert_eq!(output.status.code(), Some(0));
    let table = stdout(&output);
    let line = table.lines().find(|line| line.trim_start().starts_with("verdict")).unwrap_or_default();
    assert!(line.contains("broken") && line.contains("works"), "{table}");
}

#[test]
fn list_shows_each_scenario_with_its_question() {
    let output = sio08(&["list"]);
    assert_eq!(output.status.code(), Some(0));
    for name in ["round-robin", "sticky-source", "server-failure", "rolling-deploy"] {
        assert!(stdout(&output).lines().any(|line| line.starts_with(name) && line.ends_with('?')));
    }
}

#[test]
fn list_prints_the_file_of_one_to_start_another_from() {
    let output = sio08(&["list", "round-robin"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output), include_str!("../scenarios/round-robin.toml"));
    assert!(stderr(&sio08(&["list", "round-robn"])).contains("did you mean `round-robin`?"));
}

#[test]
fn a_story_of_a_time_that_is_not_there_is_refused() {
    let refused = |from: &str, until: &str| {
        let output = sio08(&["story", "round-robin", "--from", from, "--until", until]);
        assert_eq!(output.status.code(), Some(64));
        stderr(&output)
    };
    assert!(refused("50s", "60s").contains("--from 50s: the run ends at 13s"));
    assert!(refused("9s", "8s").contains("--until 8s is before --from 9s"));
}

#[test]
fn a_file_that_is_not_there_is_named_by_every_command_that_reads_one() {
    for command in ["merge", "replay", "validate", "run", "story", "compare", "sweep"] {
        let more: &[&str] = match command {
            "compare" => &["--seeds", "2"],
            "sweep" => &["--seeds", "0..1"],
            _ => &[],
        };
        let output = sio08(&[&[command, "nowhere/x.toml"], more].concat());
        let told = stderr(&output);
        assert!(told.starts_with("error: nowhere/x.toml: there is no such file"), "{command}: {told}");
        assert_eq!(output.status.code(), Some(65), "{command}");
    }
}

#[test]
fn a_key_of_another_table_is_refused_with_that_table() {
    let output = sio08(&["run", "round-robin", "--set", "servers.profile=genuine-0.8.7"]);
    assert!(
        stderr(&output).contains("unknown key `profile` in [servers]; [clients] has such a key"),
        "{output:?}"
    );
}

#[test]
fn a_wrong_name_is_refused_with_the_nearest_one() {
    let output = sio08(&["run", "round-robbin"]);
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("did you mean `round-robin`?"), "{}", stderr(&output));
}

#[test]
fn a_wrong_option_is_refused_with_the_nearest_one() {
    let output = sio08(&["run", "round-robin", "--engin", "direct"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("--engine"), "{}", stderr(&output));
}

#[test]
fn a_wrong_setting_is_refused_with_its_key() {
    let output = sio08(&["run", "round-robin", "--set", "clients.cuont=3"]);
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("`count`"), "{}", stderr(&output));
}

#[test]
fn a_trace_of_both_engines_is_refused_with_a_remedy() {
    let output = sio08(&["run", "round-robin", "--engine", "both", "--trace", "never-written.jsonl"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("--engine direct"), "{}", stderr(&output));
}

#[test]
fn a_file_that_cannot_be_written_is_named_before_anything_runs() {
    for command in [
        &["run", "sticky-source"][..],
        &["compare", "round-robin", "sticky-source"],
        &["compare", "round-robin", "--seeds", "2"],
    ] {
        let output = sio08(&[command, &["--json", "no-such-directory/out.json"]].concat());
        assert_eq!(output.status.code(), Some(70));
        assert!(stderr(&output).contains("no-such-directory/out.json"), "{}", stderr(&output));
        assert_eq!(stdout(&output), "", "{command:?}");
    }
}

#[test]
fn validate_checks_every_file_and_runs_none() {
    let output = sio08(&["validate", "round-robin", "sticky-source"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output).lines().count(), 2, "{}", stdout(&output));
    let output = sio08(&["validate", "no-such-scenario", "round-robin", "--set", "servers.count=2"]);
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("no-such-scenario"), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("round-robin: valid: "), "the others are still checked");
}

#[test]
fn a_verdict_that_the_scenario_does_not_expect_exits_with_1() {
    let output = sio08(&["run", "sticky-source", "--set", "expect=broken"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("NOT MET"), "{}", stdout(&output));
}

#[test]
fn the_list_shows_the_findings_when_asked() {
    assert!(!stdout(&sio08(&["list"])).contains('→'));
    assert!(stdout(&sio08(&["list", "--findings"])).contains("→ broken: "));
}

#[test]
fn varying_two_keys_gives_a_row_for_each_combination_with_its_spread_over_the_seeds() {
    let output = sio08(&[
        "compare",
        "--vary",
        "balance=roundrobin,source",
        "--vary",
        "servers.count=1,2",
        "round-robin",
        "--seeds",
        "3",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let screen = stdout(&output);
    let row =
        |start: &str| screen.lines().find(|line| line.trim_start().starts_with(start)).map(str::to_owned);
    assert!(row("roundrobin   2").is_some_and(|row| row.contains("..")), "{screen}");
    assert!(row("source       2").is_some_and(|row| row.contains("0.0 %")), "{screen}");
    assert!(screen.contains("sio08 run round-robin --set balancer.balance=roundrobin --set servers.count=2"));
}

#[test]
fn the_runs_of_a_table_are_the_runs_of_their_seeds() {
    let table = json(&["compare", "round-robin", "--vary", "servers.count=2", "--seeds", "2", "--json", "-"]);
    let alone = json(&["run", "round-robin", "--set", "servers.count=2", "--seed", "2", "--json", "-"]);
    assert_eq!(table[1]["trace_digest"], alone["trace_digest"]);
    assert_eq!(table[1]["varied"], serde_json::json!(["2"]));
}

#[test]
fn a_combination_that_cannot_be_is_named_and_the_others_are_run() {
    let output = sio08(&["compare", "server-failure", "--vary", "servers.count=1,4"]);
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("makes only s1 (in servers.count=1)"), "{}", stderr(&output));
    let screen = stdout(&output);
    assert!(screen.contains("  4 ") && screen.contains("  1 "), "{screen}");
}

#[test]
fn one_world_alone_or_a_key_that_is_not_there_is_refused_with_a_remedy() {
    let output = sio08(&["compare", "round-robin"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(stderr(&output).contains("--vary"), "{}", stderr(&output));
    let output = sio08(&["compare", "round-robin", "--vary", "balanse=source"]);
    assert_eq!(output.status.code(), Some(64));
    let output = sio08(&["compare", "round-robin", "--vary", "balance=source,sauce"]);
    assert_eq!(output.status.code(), Some(65));
}

/// What `WHY` says of time-outs that are shorter than the silence of these clients.
fn why_impatient(transport: &str, mode: &str) -> String {
    let output = sio08(&[
        "run",
        "sticky-source",
        "--set",
        "servers.broadcast_every=none",
        "--set",
        "balancer.timeouts={ server = \"9s\", tunnel = \"7s\" }",
        "--set",
        &format!("balancer.mode={mode}"),
        "--set",
        &format!("clients.transports=[\"{transport}\"]"),
        "--set",
        "clients.send_every=none",
        "--set",
        "duration=40s",
    ]);
    let lines = stdout(&output);
    let lines = lines.lines().filter(|line| line.contains("is silent for up to"));
    lines.map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn why_names_what_a_short_time_out_ends_of_what_these_clients_use() {
    for (transport, mode, what) in [
        ("xhr-polling", "http", "A poll"),
        ("websocket", "http", "A websocket"),
        ("xhr-polling", "tcp", "A connection"),
    ] {
        let said = why_impatient(transport, mode);
        let after = if ["A websocket", "A connection"].contains(&what) { "after 7s" } else { "after 9s" };
        assert!(said.contains(what) && said.contains(after), "{transport}, {mode}: {said:?}");
    }
}

#[test]
fn the_heading_says_how_many_connections_a_client_has() {
    let output = sio08(&["run", "single-server", "--set", "clients.connections_max=6"]);
    let said = stdout(&output);
    assert!(said.contains("keep-alive, at most 6 connections) →"), "{said}");
}

#[test]
fn a_first_connection_that_waits_for_the_connect_timeout_is_explained_and_found() {
    let blocked = sio08(&["run", "websocket-blocked"]);
    let said = stdout(&blocked);
    assert!(
        said.contains("WHY  Half of the clients waited 10.0 s or longer for their first connection"),
        "{said}"
    );
    let free = sio08(&["run", "websocket-blocked", "--set", "clients.transports=[\"xhr-polling\"]"]);
    assert!(!stdout(&free).contains("for their first connection"), "{}", stdout(&free));
    let found = stdout(&sio08(&["list", "--findings"]));
    let line = found.lines().find(|line| line.contains("first connection after 10.0 s in the median"));
    assert!(line.is_some(), "{found}");
}
