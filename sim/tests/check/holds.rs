//! Small models, explored to the end.

use socketio08_sim::check::{
    Action, Balance, Behaviour, Effort, Explored, Fault, Kind, Setup, Store, Transports, Way, explore, replay,
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

/// Two servers, and a balancer that sends each request to the next one.
fn two_servers(store: Store) -> Setup {
    Setup { servers: 2, balance: Balance::RoundRobin, store, ..Setup::default() }
}

#[test]
fn routed_sessions_are_found_behind_round_robin() {
    assert_holds(&two_servers(Store::Routed));
    assert_holds(&Setup { transports: Transports::Websocket, ..two_servers(Store::Routed) });
}

#[test]
fn one_fault_of_any_kind_breaks_nothing_of_routed_sessions() {
    assert_holds(&Setup { messages: 0, faults: 1, ..two_servers(Store::Routed) });
}

#[test]
fn portable_sessions_are_found_behind_round_robin_and_have_one_owner() {
    assert_holds(&Setup { balance: Balance::Random, messages: 0, ..two_servers(Store::Portable) });
    assert_holds(&Setup { transports: Transports::Websocket, ..two_servers(Store::Portable) });
}

#[test]
fn one_fault_of_any_kind_of_the_store_too_breaks_nothing_of_portable_sessions() {
    assert_holds(&Setup { messages: 0, faults: 1, ..two_servers(Store::Portable) });
}

#[test]
fn with_redis_a_client_that_sticks_to_its_server_is_never_rejected() {
    assert_holds(&Setup { balance: Balance::Sticky, messages: 0, ..two_servers(Store::Redis) });
}

#[test]
fn with_redis_behind_round_robin_a_client_can_be_faster_than_the_news_of_its_session() {
    let setup = Setup { transports: Transports::Websocket, messages: 0, ..two_servers(Store::Redis) };
    let explored = assert_holds(&setup);
    assert!(explored.findings.iter().any(|found| found.name == "round-robin-rejects" && found.holds()));
}

/// The shortest way to it, which `sio08 check` finds in some 40 s. The next poll is faster than the news that a poll at the other
/// server has taken the message.
#[test]
fn with_redis_behind_round_robin_a_polling_client_can_get_a_message_twice() {
    let steps = [
        Action::Connect(0),
        Action::Arrive(0, Some(0)),
        Action::Return(0),
        Action::Store(0),
        Action::Hear(0),
        Action::Hear(1),
        Action::Arrive(0, Some(1)),
        Action::Return(0),
        Action::Store(1),
        Action::Tell(1, 0),
        Action::Hear(0),
        Action::Hear(0),
        Action::Hear(0),
        Action::Hear(0),
        Action::Hear(0),
        Action::Store(0),
        Action::Arrive(0, Some(0)),
        Action::Store(1),
        Action::Hear(0),
        Action::Return(0),
        Action::Arrive(0, Some(1)),
        Action::Return(0),
    ];
    let story = replay(&two_servers(Store::Redis), &steps).expect("its own steps");
    assert_eq!(story.decided, ["redis-doubles"], "{}", story.text());
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
fn a_genuine_client_that_polls_for_ever_without_a_connection_is_explored_to_the_end() {
    let setup = Setup {
        behaviour: Behaviour::Genuine,
        faults: 1,
        kinds: vec![Fault::Duplicate],
        messages: 0,
        ..Setup::default()
    };
    assert_holds(&setup);
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
