//! The checker is checked: each fault planted in the machines breaks the property that should notice it. Run with the feature
//! `seeded-faults`.

use socketio08::SeededFault;
use socketio08_sim::check::{Balance, Effort, Fault, Finding, Kind, Setup, Store, explore, replay};

/// Explores a model with a planted fault, and finds `property` among those that are broken.
#[track_caller]
fn assert_caught(seeded: SeededFault, setup: Setup, property: &str) {
    let healthy = explore(&setup, Effort { depth: None, threads: 1 }, &mut |_| {});
    assert!(healthy.whole && healthy.findings.iter().all(Finding::holds), "without the fault");
    let setup = Setup { seeded: Some(seeded), ..setup };
    let found = explore(&setup, Effort { depth: None, threads: 1 }, &mut |_| {});
    let broken = |kind| found.findings.iter().filter(move |finding| finding.kind == kind && !finding.holds());
    let names: Vec<&str> = broken(Kind::Always).map(|finding| finding.name).collect();
    assert!(names.contains(&property), "{seeded:?} is to break {property}, and breaks {names:?}");
    let path = broken(Kind::Always)
        .find(|finding| finding.name == property)
        .and_then(|finding| finding.path.clone());
    let story = replay(&setup, &path.expect("the way to it")).expect("its own steps");
    assert!(story.decided.contains(&property), "the story leads there again");
}

fn one(kind: Fault) -> Setup {
    Setup { faults: 1, kinds: vec![kind], messages: 0, ..Setup::default() }
}

#[test]
fn a_deadline_that_was_replaced_and_fires_loses_a_connection() {
    assert_caught(SeededFault::StaleDeadline, Setup::default(), "sticky-never-lost");
}

#[test]
fn an_outbox_that_is_not_emptied_delivers_twice() {
    assert_caught(SeededFault::DeliverTwice, Setup::default(), "delivered-once");
}

#[test]
fn a_server_that_takes_unknown_sessions_serves_what_it_did_not_issue() {
    assert_caught(SeededFault::UnknownSession, one(Fault::Crash), "session-issued-here");
}

#[test]
fn a_close_timeout_that_is_not_set_leaves_a_session_for_ever() {
    assert_caught(SeededFault::NoCloseTimer, Setup::default(), "session-has-timer");
}

#[test]
fn a_close_timeout_that_is_too_long_lets_a_session_outlive_it() {
    assert_caught(SeededFault::LongCloseTimer, one(Fault::Lose), "session-outlives-no-timer");
}

#[test]
fn an_outbox_without_a_limit_grows_beyond_it() {
    let setup = Setup { outbox: Some(1), ..Setup::default() };
    assert_caught(SeededFault::NoOutboxLimit, setup, "queues-within-limits");
}

#[test]
fn a_second_answer_to_one_request_is_for_nobody() {
    assert_caught(SeededFault::AnswerPostTwice, Setup::default(), "peers-understand");
}

#[test]
fn a_handshake_that_is_swept_too_early_is_rejected() {
    assert_caught(SeededFault::EarlySweep, Setup::default(), "sticky-never-rejected");
}

#[test]
fn a_delay_in_the_wrong_unit_connects_too_late() {
    assert_caught(SeededFault::LongDelay, one(Fault::Cut), "healed-connects");
}

#[test]
fn an_outbox_that_a_poll_empties_unread_loses_what_the_server_accepted() {
    assert_caught(SeededFault::ForgetOutbox, Setup::default(), "accepted-arrives");
}

#[test]
fn what_waited_for_a_post_and_is_forgotten_is_lost_to_the_server() {
    assert_caught(SeededFault::ForgetWaiting, Setup { messages: 2, ..Setup::default() }, "accepted-arrives");
}

#[test]
fn a_post_that_nobody_watches_holds_what_follows_for_ever() {
    assert_caught(SeededFault::NoPostTimer, Setup { messages: 1, ..one(Fault::Lose) }, "accepted-arrives");
}

#[test]
fn an_outbox_that_is_a_stack_breaks_the_order() {
    assert_caught(SeededFault::Reorder, Setup { messages: 2, ..Setup::default() }, "order-kept");
}

#[test]
fn an_acknowledgement_that_is_not_forgotten_comes_twice() {
    assert_caught(SeededFault::AckTwice, Setup { messages: 2, ..Setup::default() }, "ack-once");
}

#[test]
fn an_acknowledgement_of_another_id_was_not_asked_for() {
    assert_caught(SeededFault::AckUnasked, Setup { messages: 2, ..Setup::default() }, "ack-asked");
}

#[test]
fn a_transport_that_is_left_open_is_a_second_session() {
    assert_caught(SeededFault::KeepOldLink, one(Fault::Hold), "one-live-session");
}

#[test]
fn an_attempt_without_its_timer_is_no_way_forward() {
    assert_caught(SeededFault::NoReconnectTimer, one(Fault::Cut), "way-forward");
}

#[test]
fn a_silent_server_that_nobody_watches_is_no_way_forward() {
    assert_caught(SeededFault::NoSilenceTimer, one(Fault::Lose), "way-forward");
}

#[test]
fn a_server_that_serves_a_session_before_it_owns_it_shares_it_with_another() {
    let setup =
        Setup { servers: 2, balance: Balance::RoundRobin, store: Store::Portable, ..one(Fault::Duplicate) };
    assert_caught(SeededFault::AdoptEarly, setup, "one-owner");
}
