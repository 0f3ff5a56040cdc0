//! Table R and item 11: a server that is dead and not yet marked down.

use super::super::Output;
use super::rig::{Rig, config};
use crate::scenario::{self, Balance, HashType, Redispatch, ServerIx};

/// What 16 clients on 16 addresses get with the second of four servers dead: how many an answer of the balancer
/// (status and milliseconds), and how many a server after how many milliseconds.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    refused: Vec<(u16, u128)>,
    late: Vec<u128>,
    at_once: usize,
}

fn sixteen_clients(config: &scenario::Balancer) -> Outcome {
    let mut rig = Rig::new(config, 4);
    rig.dead.insert(ServerIx(1));
    let begun = rig.now;
    let requests: Vec<_> = (1..=16).map(|host| rig.fresh_request(host).1).collect();
    rig.run_for(10);
    let mut outcome = Outcome::default();
    for request in requests {
        let forwarded = rig.log.iter().find_map(|(at, output)| match output {
            Output::Forward { request: sent, .. } if *sent == request => Some((*at - begun).as_millis()),
            _ => None,
        });
        match (rig.answered(request, begun), forwarded) {
            (Some(answer), _) => outcome.refused.push(answer),
            (None, Some(0)) => outcome.at_once += 1,
            (None, Some(after)) => outcome.late.push(after),
            (None, None) => panic!("{request:?} got nothing"),
        }
    }
    outcome
}

fn with(balance: Balance, hash_type: HashType, redispatch: Redispatch) -> Outcome {
    sixteen_clients(&scenario::Balancer { hash_type, redispatch, ..config(balance) })
}

#[test]
fn r_source_map_based_noredispatch() {
    let outcome = with(Balance::Source, HashType::MapBased, Redispatch::Never);
    assert_eq!(outcome, Outcome { refused: vec![(503, 3_000); 4], late: vec![], at_once: 12 });
}

#[test]
fn r_source_map_based_option_redispatch_meets_the_same_server() {
    let outcome = with(Balance::Source, HashType::MapBased, Redispatch::AtLastRetry);
    assert_eq!(outcome, Outcome { refused: vec![(503, 2_000); 4], late: vec![], at_once: 12 });
}

#[test]
fn r_source_map_based_option_redispatch_1_is_never_slow() {
    let outcome = with(Balance::Source, HashType::MapBased, Redispatch::Every(1));
    assert_eq!(outcome, Outcome { refused: vec![(503, 0); 4], late: vec![], at_once: 12 });
}

#[test]
fn r_source_consistent_noredispatch() {
    let outcome = with(Balance::Source, HashType::Consistent, Redispatch::Never);
    assert!(outcome.late.is_empty() && outcome.refused.iter().all(|answer| *answer == (503, 3_000)));
    assert_eq!(outcome.refused.len() + outcome.at_once, 16);
}

#[test]
fn r_source_consistent_option_redispatch_reaches_another_server_after_two_seconds() {
    let outcome = with(Balance::Source, HashType::Consistent, Redispatch::AtLastRetry);
    assert!(!outcome.late.is_empty() && outcome.late.iter().all(|after| *after == 2_000));
    assert!(outcome.refused.is_empty());
}

#[test]
fn r_source_consistent_option_redispatch_1_is_never_slow() {
    let outcome = with(Balance::Source, HashType::Consistent, Redispatch::Every(1));
    assert_eq!(outcome, Outcome { at_once: 16, ..Outcome::default() });
}

#[test]
fn r_roundrobin_noredispatch() {
    let outcome = with(Balance::RoundRobin, HashType::MapBased, Redispatch::Never);
    assert_eq!(outcome, Outcome { refused: vec![(503, 3_000); 4], late: vec![], at_once: 12 });
}

#[test]
fn r_roundrobin_option_redispatch_goes_elsewhere_at_once() {
    for redispatch in [Redispatch::AtLastRetry, Redispatch::Every(1)] {
        let outcome = with(Balance::RoundRobin, HashType::MapBased, redispatch);
        assert_eq!(outcome, Outcome { at_once: 16, ..Outcome::default() });
    }
}

#[test]
fn without_retries_a_refusal_is_final() {
    let config = scenario::Balancer { retries: 0, ..config(Balance::RoundRobin) };
    let outcome = sixteen_clients(&config);
    assert_eq!(outcome.refused, vec![(503, 0); 4]);
}

#[test]
fn a_redispatch_with_only_one_server_up_waits_before_it_tries_that_one_again() {
    let config = scenario::Balancer { redispatch: Redispatch::Every(1), ..config(Balance::RoundRobin) };
    let mut rig = Rig::new(&config, 1);
    rig.dead.insert(ServerIx(0));
    let (_, request) = rig.fresh_request(1);
    rig.run_for(10);
    assert_eq!(rig.answered(request, socketio08::Instant::ZERO), Some((503, 3_000)));
}

#[test]
fn a_server_that_returns_within_the_hold_gets_the_request() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 1);
    rig.dead.insert(ServerIx(0));
    let (_, request) = rig.fresh_request(1);
    rig.dead.clear();
    rig.run_for(1);
    assert_eq!(rig.server_of(request), ServerIx(0));
}
