//! Table C: when a dead server is noticed, and its return; item 11: all servers down.

use core::time::Duration;

use socketio08::Instant;

use super::super::{Input, Output};
use super::rig::{Rig, table_c};
use crate::scenario::{self, Check, ServerIx};

const S2: ServerIx = ServerIx(1);

#[test]
fn table_c_s2_killed_at_8_s_is_down_5_5_s_later_and_up_2_5_s_after_its_return_at_33_s() {
    let mut rig = Rig::new(&table_c(), 4);
    rig.run_until(Instant::from_millis(8_000));
    rig.kill(1);
    rig.run_until(Instant::from_millis(33_000));
    rig.dead.clear();
    rig.run_until(Instant::from_millis(60_000));
    assert_eq!(rig.marks(), [(S2, false, 13_500), (S2, true, 35_500)]);
}

#[test]
fn table_d_a_restart_of_one_second_is_never_noticed_with_inter_2s_fall_3() {
    let mut rig = Rig::new(&table_c(), 4);
    for server in 0..4 {
        rig.run_for(9);
        rig.kill(server);
        rig.run_for(1);
        rig.dead.clear();
    }
    rig.run_for(20);
    assert_eq!(rig.marks(), []);
}

#[test]
fn each_server_is_checked_every_inter_and_the_first_checks_are_spread() {
    let mut rig = Rig::new(&table_c(), 4);
    rig.run_until(Instant::from_millis(3_999));
    let checks: Vec<_> = rig
        .log
        .iter()
        .filter_map(|(at, output)| match output {
            Output::Check { server } => Some((at.as_millis(), server.0)),
            _ => None,
        })
        .collect();
    let rhythm = [(0, 2), (500, 3), (1_000, 0), (1_500, 1), (2_000, 2), (2_500, 3), (3_000, 0), (3_500, 1)];
    assert_eq!(checks, rhythm);
}

#[test]
fn requests_avoid_a_server_that_is_down() {
    let mut rig = Rig::new(&table_c(), 4);
    rig.kill(1);
    rig.run_for(10);
    assert!(!rig.balancer.is_up(S2));
    for host in 1..=80 {
        let (_, request) = rig.fresh_request(host);
        assert_ne!(rig.server_of(request), S2);
    }
}

#[test]
fn a_request_with_every_server_down_is_answered_503_at_once() {
    let mut rig = Rig::new(&table_c(), 2);
    rig.kill(0);
    rig.kill(1);
    rig.run_for(10);
    let (conn, request) = rig.fresh_request(1);
    assert_eq!(rig.answered(request, rig.now), Some((503, 0)));
    assert!(rig.said(&Output::CloseClient { conn }));
}

#[test]
fn table_c_a_handshake_held_for_the_dead_server_is_redispatched_once_that_is_down() {
    let mut rig = Rig::new(&table_c(), 4);
    rig.run_until(Instant::from_millis(8_000));
    rig.kill(1);
    rig.run_until(Instant::from_millis(12_600));
    let (_, request) = rig.fresh_request(1);
    rig.run_until(Instant::from_millis(14_000));
    assert_ne!(
        rig.server_of(request),
        S2,
        "tried at 12.6 s, refused; down at 13.5 s; at 13.6 s refused, chosen again"
    );
    assert_eq!(rig.answered(request, Instant::ZERO), None);
}

#[test]
fn a_failure_between_successes_does_not_count() {
    let mut rig = Rig::new(&table_c(), 4);
    for _ in 0..10 {
        rig.dead.insert(S2);
        rig.run_for(4);
        rig.dead.clear();
        rig.run_for(2);
    }
    assert_eq!(rig.marks(), []);
}

#[test]
fn a_check_that_is_never_answered_counts_as_failed_when_the_next_is_due() {
    let config = scenario::Balancer { check: Some(Check { fall: 1, ..Check::default() }), ..table_c() };
    let mut rig = Rig::new(&config, 1);
    while let Some(due) = rig.balancer.poll_timeout().filter(|due| due.at < Instant::from_millis(5_000)) {
        rig.balancer.handle_timeout(due.at);
    }
    assert!(!rig.balancer.is_up(ServerIx(0)));
}

#[test]
fn without_checks_every_server_stays_up() {
    let mut rig = Rig::new(&scenario::Balancer { check: None, ..table_c() }, 4);
    rig.kill(1);
    rig.input(Input::Checked { server: S2, passed: false });
    assert_eq!(rig.balancer.poll_timeout(), None);
    assert!(rig.balancer.is_up(S2) && !rig.balancer.is_up(ServerIx(4)));
}

#[test]
fn early_and_repeated_timeouts_change_nothing() {
    let mut rig = Rig::new(&table_c(), 4);
    rig.run_for(3);
    let before = rig.balancer.clone();
    rig.balancer.handle_timeout(rig.now);
    rig.balancer.handle_timeout(rig.now);
    assert_eq!(rig.balancer, before);
    assert!(rig.balancer.poll_timeout().unwrap().at > rig.now);
    assert!(rig.balancer.poll_timeout().unwrap().at <= rig.now + Duration::from_secs(2));
}

#[test]
fn a_fresh_process_takes_a_dead_server_to_be_up_and_spreads_its_checks_from_its_own_start() {
    let mut rig = Rig::new(&table_c(), 4);
    rig.kill(1);
    rig.run_until(Instant::from_millis(10_300));
    assert!(!rig.balancer.is_up(S2));
    rig.log.clear();
    rig.restart(&table_c(), 4);
    assert!(rig.balancer.is_up(S2));
    rig.run_until(Instant::from_millis(12_299));
    let checks = rig.log.iter().filter_map(|(at, output)| match output {
        Output::Check { server } => Some((at.as_millis(), server.0)),
        _ => None,
    });
    assert_eq!(checks.collect::<Vec<_>>(), [(10_300, 0), (10_800, 1), (11_300, 2), (11_800, 3)]);
    rig.run_until(Instant::from_millis(20_000));
    assert_eq!(rig.marks(), [(S2, false, 14_800)]);
}
