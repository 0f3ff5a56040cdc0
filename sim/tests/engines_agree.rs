//! Both engines give the same answers: equal where the outcome is decided by routing and timers, close where it depends on
//! what happens within a millisecond (`docs/ENGINES.md` has every recorded cell on both).
#![allow(clippy::unwrap_used, reason = "tests")]

use socketio08_sim::engine::{Engine, Turmoil, direct::Direct};
use socketio08_sim::report::{Class, Figures, Summary, judge};
use socketio08_sim::scenario::Scenario;
use socketio08_sim::trace::{Record, Recorder};
use socketio08_sim::world::seed::Seed;

/// How far fractions may lie apart that depend on what happens within a millisecond.
const POINTS: f64 = 0.05;
/// How far times may lie apart: a few hops, and the whole milliseconds of both.
const MILLIS: u64 = 10;

struct Answer {
    figures: Figures,
    verdict: Class,
}

/// The answers of the direct and the turmoil engine.
fn both(name: &str, settings: &[&str]) -> [Answer; 2] {
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    let scenario = Scenario::load(name, &settings).unwrap();
    let engines: [&dyn Engine; 2] = [&Direct, &Turmoil];
    engines.map(|engine| {
        let mut summary = Summary::new(&scenario);
        let mut each = |record: &Record| summary.record(record);
        let mut recorder = Recorder::new(&mut each, None);
        engine.run(&scenario, Seed(1), &mut recorder, &mut |_| {}).unwrap();
        recorder.finish().unwrap();
        let figures = summary.finish();
        let verdict = judge(&scenario, &figures).verdict;
        Answer { figures, verdict }
    })
}

/// Everything that can be counted is equal, and times are close.
fn assert_equal([direct, turmoil]: &[Answer; 2]) {
    let counts = |answer: &Answer| {
        let mut figures = answer.figures.clone();
        // Only the direct engine can look into its servers.
        figures.servers.iter_mut().for_each(|server| server.holds = None);
        let lost = (figures.posts_swallowed, figures.rejected_elsewhere, figures.balancer_errors);
        let sessions = (figures.connects, figures.reconnects, figures.live_sessions_per_client_max);
        let traffic = (figures.opens, figures.first_opens, figures.up, figures.down);
        (answer.verdict, figures.clients, figures.handshakes, traffic, sessions, lost, figures.servers)
    };
    assert_eq!(counts(direct), counts(turmoil));
    let times = |answer: &Answer| {
        let figures = &answer.figures;
        let spreads = [figures.first_connect_ms, figures.outage_ms, figures.outage_each_ms];
        spreads.map(|spread| spread.map_or([0; 3], |spread| [spread.median, spread.p95, spread.max])).concat()
    };
    for (direct, turmoil) in times(direct).into_iter().zip(times(turmoil)) {
        assert!(direct.abs_diff(turmoil) <= MILLIS, "{direct} ms and {turmoil} ms");
    }
}

fn assert_close(what: &str, direct: f64, turmoil: f64) {
    assert!((direct - turmoil).abs() <= POINTS, "{what}: direct {direct:.3}, turmoil {turmoil:.3}");
}

#[test]
fn a_balancer_that_goes_and_comes_back_does_the_same_on_both() {
    let small = ["clients.count=12", "network.latency=1ms", "duration=20s"];
    for more in [
        ["clients.transports=[\"xhr-polling\"]", "balancer.balance=source"],
        ["clients.transports=[\"websocket\"]", "fault.1.restart_after=4s"],
        ["balancer.kind=nginx", "balancer={ kind = \"nginx\", balance = \"ip_hash\" }"],
    ] {
        assert_equal(&both("balancer-restart", &[&small[..], &more[..]].concat()));
    }
}

#[test]
fn a_server_that_starts_slowly_comes_back_at_the_same_moment_on_both() {
    let settings = ["clients.count=8", "network.latency=1ms", "duration=20s", "fault.1.at=3s"];
    let restart = ["fault.1.restart_after=4s", "servers.start_time=2s", "balancer.check=none"];
    assert_equal(&both("server-failure", &[&settings[..], &restart[..]].concat()));
}

#[test]
fn stickiness_by_source_is_the_same_to_the_last_poll() {
    let answers = both("sticky-source", &["clients.count=12", "duration=6s", "clients.quiet_at_end=1s"]);
    assert_equal(&answers);
    let figures = &answers[1].figures;
    assert_eq!((figures.opens.rejected, figures.clients.stable_5s), (0, 12));
    let clients: Vec<_> = figures.servers.iter().map(|server| server.clients).collect();
    assert_eq!(clients, [3, 3, 3, 3]);
}

#[test]
fn a_hop_of_many_steps_takes_as_long_on_both() {
    let slow = ["clients.count=8", "duration=6s", "clients.quiet_at_end=1s", "network.latency=7500us"];
    assert_equal(&both("sticky-source", &slow));
}

#[test]
fn the_death_and_return_of_a_server_is_the_same_to_the_last_poll() {
    let answers = both(
        "server-failure",
        &[
            "clients.count=12",
            "duration=26s",
            "fault.1.at=3s",
            "fault.1.restart_after=12s",
            "network.latency=1ms",
        ],
    );
    assert_equal(&answers);
    assert!(answers[1].figures.opens.rejected > 0, "the fault bit");
}

#[test]
fn a_deploy_faster_than_the_checks_costs_each_client_one_handshake_on_both() {
    let answers = both(
        "rolling-deploy",
        &[
            "clients.count=12",
            "duration=22s",
            "clients.quiet_at_end=4s",
            "deploy.start=3s",
            "deploy.gap=4s",
            "network.latency=1ms",
        ],
    );
    assert_equal(&answers);
    // Every client is served by two processes, and `tables.md` item 13 counts one handshake more for each restart it saw.
    assert!(answers[1].figures.handshakes.total >= 24, "{:?}", answers[1].figures.handshakes);
}

#[test]
fn websocket_over_round_robin_fails_for_good_on_both() {
    let answers = both(
        "round-robin",
        &["clients.count=8", "duration=12s", "clients.transports=[\"websocket\"]", "network.latency=1ms"],
    );
    assert_equal(&answers);
    assert_eq!(answers[1].figures.clients.connect_failed, 8);
}

#[test]
fn a_client_of_0_9_over_round_robin_tries_again_on_both() {
    let settings = [
        "clients.count=8",
        "duration=12s",
        "clients.transports=[\"websocket\"]",
        "clients.profile=genuine-0.9",
        "network.latency=1ms",
    ];
    for answer in both("round-robin", &settings) {
        let figures = &answer.figures;
        // Where those of 0.8.7 make one handshake each, and fail.
        assert!(figures.handshakes.total > 100, "{:?}", figures.handshakes);
    }
}

#[test]
fn the_improved_client_over_round_robin_is_close_on_both() {
    let answers = both(
        "round-robin",
        &["clients.count=8", "duration=5s", "clients.profile=improved", "clients.quiet_at_end=1s"],
    );
    let [direct, turmoil] = &answers;
    assert_eq!(direct.verdict, turmoil.verdict);
    let rejected = |answer: &Answer| answer.figures.opens.fraction();
    assert_close("opens rejected", rejected(direct), rejected(turmoil));
}

#[test]
fn polling_over_round_robin_is_rejected_alike_on_both() {
    let answers = both(
        "round-robin",
        &[
            "clients.count=30",
            "duration=6s",
            "clients.quiet_at_end=1s",
            "network.latency={ min = \"1ms\", max = \"3ms\" }",
        ],
    );
    let [direct, turmoil] = &answers;
    assert_eq!((direct.verdict, turmoil.verdict), (Class::Broken, Class::Broken));
    assert_eq!(direct.figures.clients.ever_connected, turmoil.figures.clients.ever_connected);
    assert_eq!(turmoil.figures.clients.stable_5s, 0);
    let rejected = |answer: &Answer| answer.figures.opens.fraction();
    assert_close("opens rejected", rejected(direct), rejected(turmoil));
    let first = |answer: &Answer| answer.figures.first_opens.fraction();
    assert_close("first opens rejected", first(direct), first(turmoil));
}
