//! The direct engine against the measurements of the genuine software (socket.io 0.8.7 on Node 0.8.28 behind HAProxy
//! 2.6). Every cell of the recorded tables that is about outcomes is run here, compared, and printed; the printed table is
//! the one in `docs/FIDELITY.md`, and the test fails if the two differ. `SIO08_BLESS=1` writes the table there.
//!
//! The parameters of the world are those of the recording's configuration files. What the recording does not state was
//! set once, for every cell: see `BASE`.

mod arrivals;
mod balancers;
mod cells;
mod engines;
mod life;
mod overheads;
mod recovery;
mod redis;
mod table;
mod topology;

use std::collections::BTreeMap;
use std::path::Path;

use socketio08::Text;
use socketio08_sim::engine::{Engine, EngineName, Turmoil, direct::Direct};
use socketio08_sim::report::{Figures, Opens, Summary};
use socketio08_sim::scenario::Scenario;
use socketio08_sim::trace::{ClientId, Record, Recorder, TraceEvent};
use socketio08_sim::world::seed::Seed;

use table::Group;

/// Physical parameters, the same for every cell. Loopback with a proxy between took 2 to 4 ms for a handshake and a first
/// poll on the recording's machine: 100 to 300 us for each hop, with the program at its end. A request cost the genuine
/// server 65 to 73 us, a message 20 to 23 us (the defaults of `servers.cost`). One that is started listens after 70 to 170 ms
/// (`peers/stack/burst.py`), and those of the recordings were processes started so: the middle. Broadcasts came 0.06 to 0.98 s after the whole
/// seconds at which servers were killed: 0.9 s.
const BASE: &[&str] = &[
    "network.latency={ min = \"100us\", max = \"300us\" }",
    "servers.broadcast_first=900ms",
    "servers.start_time=120ms",
];

/// The checks' phase: the recorded ones marked a server down 5.5 to 5.6 s after its death, and up 2.5 to 2.6 s after its
/// return. 20 ms before a whole second, so that no check meets a server at the instant of its death.
const CHECKS: &str = "balancer.check.started_before=1020ms";

/// The seeds of the turmoil engine: a run takes it seconds. Under one alone, one client of forty that spins, as under every eighth seed of
/// either engine (round robin in tcp mode before two servers), would be the whole answer.
const TURMOIL_SEEDS: u64 = 3;

/// Runs a built-in scenario with the parameters of one row, once for each seed; on the turmoil engine, if it carries the
/// scenario, under the first three whatever the row asks for.
fn runs(builtin: &str, settings: &[String], seeds: u64) -> Vec<Figures> {
    run_all(&load(builtin, settings), seeds)
}

fn run_all(scenario: &Scenario, seeds: u64) -> Vec<Figures> {
    match engines::current() {
        EngineName::Direct => (1..=seeds).map(|seed| run(&Direct, scenario, Seed(seed))).collect(),
        EngineName::Turmoil if Turmoil::carries(scenario).is_err() => Vec::new(),
        EngineName::Turmoil => (1..=TURMOIL_SEEDS).map(|seed| run(&Turmoil, scenario, Seed(seed))).collect(),
    }
}

/// The trace of a built-in scenario with the parameters of one row.
fn records(builtin: &str, settings: &[String], seed: u64) -> Vec<Record> {
    let scenario = load(builtin, settings);
    let mut records = Vec::new();
    let mut each = |record: &Record| records.push(record.clone());
    let mut recorder = Recorder::new(&mut each, None);
    Direct.run(&scenario, Seed(seed), &mut recorder, &mut |_| {}).expect("the engine runs");
    recorder.finish().expect("nothing is written");
    records
}

fn load(builtin: &str, settings: &[String]) -> Scenario {
    let settings: Vec<String> =
        BASE.iter().map(|base| (*base).to_owned()).chain(settings.iter().cloned()).collect();
    Scenario::load(builtin, &settings).unwrap_or_else(|error| panic!("{error}"))
}

fn run(engine: &dyn Engine, scenario: &Scenario, seed: Seed) -> Figures {
    let mut summary = Summary::new(scenario);
    let mut early = EarlyOpens::default();
    let mut each = |record: &Record| {
        summary.record(record);
        early.record(&record.event);
    };
    let mut recorder = Recorder::new(&mut each, None);
    engine.run(scenario, seed, &mut recorder, &mut |_| {}).expect("the engine runs");
    recorder.finish().expect("nothing is written");
    Figures { first_opens: early.opens, ..summary.finish() }
}

/// First opens of sessions, counted as the recording did: among the first 100 requests of each client.
#[derive(Default)]
struct EarlyOpens {
    requests: BTreeMap<ClientId, u32>,
    /// Sessions whose first open is counted, and how many opens they had.
    sessions: BTreeMap<Text, (bool, u32)>,
    opens: Opens,
}

impl EarlyOpens {
    fn record(&mut self, event: &TraceEvent) {
        match event {
            TraceEvent::Requested { client, session, .. } => {
                let requests = self.requests.entry(*client).or_default();
                *requests += 1;
                let early = *requests <= 100;
                self.sessions.entry(session.clone()).or_insert((early, 0));
            }
            TraceEvent::Opened { session, .. } => {
                let Some((early, opens)) = self.sessions.get_mut(session) else { return };
                *opens += 1;
                self.opens.total += u64::from(*early && *opens == 1);
            }
            TraceEvent::Rejected { session, open: true, .. } => {
                let first = self.sessions.get(session).is_some_and(|(early, opens)| *early && *opens == 1);
                self.opens.rejected += u64::from(first);
            }
            _ => {}
        }
    }
}

fn check(name: &str, groups: &[Group]) {
    let text = table::render(groups);
    println!("{text}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/FIDELITY.md");
    let document = std::fs::read_to_string(&path).expect("docs/FIDELITY.md");
    let blessed =
        table::splice(&document, name, &text).expect("docs/FIDELITY.md has the markers of the table");
    if std::env::var_os("SIO08_BLESS").is_some() {
        // The tests run side by side and share the file: each reads it again for its own part.
        std::fs::write(&path, &blessed).expect("docs/FIDELITY.md is written");
    } else {
        assert!(
            document == blessed,
            "the table {name} of docs/FIDELITY.md is not what was run: SIO08_BLESS=1 writes it"
        );
    }
    let out: Vec<String> = groups.iter().flat_map(Group::failures).collect();
    assert!(out.is_empty(), "outside of the recorded range:\n{}", out.join("\n"));
}

#[test]
fn every_recorded_outcome_is_simulated_within_its_range() {
    let groups = [
        cells::round_robin_polling(),
        cells::round_robin_websocket(),
        cells::source(),
        cells::kill(),
        cells::deploy(),
    ];
    check("recorded", &groups);
}

#[test]
fn every_recorded_outcome_of_other_arrivals_and_of_fallback_is_simulated_within_its_range() {
    check("arrivals", &[arrivals::arrivals(), arrivals::fallback(), arrivals::growth()]);
}

#[test]
fn every_recorded_outcome_of_stickiness_nginx_and_algorithms_is_simulated_within_its_range() {
    let groups = [
        balancers::sticky_kill(),
        balancers::session_in_the_path(),
        balancers::nginx(),
        balancers::algorithms(),
        recovery::nginx(),
    ];
    check("balancers", &groups);
}

#[test]
fn every_recorded_deploy_and_mass_reconnection_is_simulated_within_its_range() {
    let groups = [
        life::drain(),
        life::blue_green(),
        life::scale(),
        life::reload(),
        life::mass_reconnect(),
        life::timers(),
    ];
    check("life", &groups);
}

#[test]
fn what_a_processor_is_recorded_to_do_is_simulated_as_far_as_its_costs_are() {
    check("overheads", &[overheads::overheads()]);
}

#[test]
fn the_redis_store_costs_what_was_recorded() {
    let groups = [
        redis::round_robin(),
        redis::commands(),
        redis::websockets(),
        redis::handshakes(),
        redis::kill(),
        redis::left_behind(),
        redis::loss(),
    ];
    check("redis", &groups);
}

#[test]
fn every_recorded_outcome_of_deployments_is_simulated_within_its_range() {
    check(
        "deployments",
        &[
            topology::stunnel(),
            topology::nginx(),
            topology::blocked(),
            recovery::blocked(),
            topology::cluster(),
        ],
    );
}
