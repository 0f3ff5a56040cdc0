//! Small models, explored to the end.

use socketio08_sim::check::{
    Action, Balance, Behaviour, Effort, Explored, Fault, Kind, Setup, Transports, Way, explore, replay,
};

fn explored(setup: &Setup) -> Explored {
    explore(setup, Effort { depth: None, threads: 1 }, &mut |_| {})
}

#[track_caller]
fn assert_holds(setup: &Setup) -> Explored {
    let explored = explored(setup);
    assert!(explored.whole);
    for finding in &explored.findings {
        if let (Kind::Always, Some(path)) = (finding.kind, &finding.path) {
            let story = replay(setup, path).expect("its own steps").text();
            panic!("{} does not hold:\n{story}", finding.name);
        }
    }
    explored
}

#[test]
fn one_client_that_polls_one_server_without_faults_keeps_every_property() {
    let explored = assert_holds(&Setup::default());
    assert!(explored.progress.states > 100, "{:?}", explored.progress);
}

#[test]
fn one_fault_of_any_kind_breaks_nothing_of_a_polling_client() {
    assert_holds(&Setup { faults: 1, ..Setup::default() });
}

#[test]
fn a_websocket_keeps_every_property_with_one_fault() {
    assert_holds(&Setup { transports: Transports::Websocket, faults: 1, ..Setup::default() });
}

#[test]
fn queues_that_run_full_break_nothing() {
    assert_holds(&Setup { outbox: Some(1), ..Setup::default() });
    assert_holds(&Setup {
        outbox: Some(2),
        messages: 2,
        faults: 1,
        kinds: vec![Fault::Cut],
        ..Setup::default()
    });
}

#[test]
fn queues_hold_what_three_messages_each_way_lead_to() {
    assert_holds(&Setup { messages: 3, ..Setup::default() });
}

#[test]
fn round_robin_over_two_servers_without_a_store_rejects_a_client() {
    let setup = Setup { servers: 2, balance: Balance::RoundRobin, ..Setup::default() };
    let explored = assert_holds(&setup);
    let finding = explored.findings.iter().find(|finding| finding.name == "round-robin-rejects");
    let path = finding.and_then(|finding| finding.path.as_ref()).expect("a witness");
    let story = replay(&setup, path).expect("its own steps");
    assert!(story.decided.contains(&"round-robin-rejects"));
    assert!(story.text().contains("knows no session a1"), "{}", story.text());
    assert!(path.len() <= 5, "connect, handshake there and back, poll there and back: {}", story.text());
}

#[test]
fn the_same_model_is_explored_alike_each_time() {
    let setup = Setup { faults: 1, ..Setup::default() };
    let (first, second) = (explored(&setup), explored(&setup));
    assert_eq!(
        (first.progress.states, first.progress.steps),
        (second.progress.states, second.progress.steps)
    );
}

#[test]
fn a_genuine_client_whose_handshake_is_lost_hangs() {
    let setup =
        Setup { behaviour: Behaviour::Genuine, faults: 1, kinds: vec![Fault::Lose], ..Setup::default() };
    let explored = explore(&setup, Effort { depth: Some(6), threads: 1 }, &mut |_| {});
    assert!(!explored.whole, "the depth cuts it off");
    let hangs = explored.findings.iter().find(|finding| finding.name == "genuine-hangs");
    assert_eq!(
        hangs.and_then(|finding| finding.path.as_deref()),
        Some([Action::Connect(0), Action::Lose(0)].as_slice())
    );
}

#[test]
fn a_way_that_was_written_is_read_and_taken_again() {
    let setup = Setup { servers: 2, balance: Balance::RoundRobin, ..Setup::default() };
    let explored = explored(&setup);
    let finding =
        explored.findings.iter().find(|finding| finding.kind == Kind::Sometimes).expect("a witness");
    let written = Way::new(finding.name, &setup, finding.path.as_ref().expect("found")).write();
    let read = Way::read(&written).expect("what was written");
    let story = replay(&read.setup, &read.steps).expect("its own steps");
    assert_eq!(story.decided, ["round-robin-rejects"]);
    assert!(story.diagram().contains("7:::1+0") && story.svg().ends_with("</svg>\n"));
    assert!(replay(&Setup::default(), &read.steps).is_err(), "another model cannot take these steps");
    assert!(Way::read("{}").is_err() && Way::read(&written.replace(Way::KIND, "other")).is_err());
}
