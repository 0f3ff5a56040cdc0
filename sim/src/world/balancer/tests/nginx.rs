//! nginx: `tables.md` G, `tables-2.md` items 35 and 36.

use core::time::Duration;

use socketio08::Instant;
use socketio08::server::Method;

use super::super::{Edit, Input, LinkId, Output, RequestHead};
use super::rig::{Rig, config, poll, response};
use crate::scenario::{self, Balance, BalancerKind, Nginx, ServerIx};

const S2: ServerIx = ServerIx(1);

fn nginx() -> scenario::Balancer {
    scenario::Balancer { kind: BalancerKind::Nginx, ..config(Balance::RoundRobin) }
}

/// Visits one after the other; how many met a server that was then left.
fn retried(rig: &mut Rig, visits: usize) -> usize {
    let before = rig.connects();
    for _ in 0..visits {
        rig.visit(poll(), response(200));
    }
    rig.connects() - before - visits
}

#[test]
fn item_35_a_server_that_refuses_is_left_at_once_and_then_left_out() {
    let mut rig = Rig::new(&nginx(), 4);
    rig.kill(1);
    assert_eq!(retried(&mut rig, 120), 1);
}

#[test]
fn item_35_max_fails_0_tries_it_in_every_fourth_request() {
    let config = scenario::Balancer { nginx: Nginx { max_fails: 0, ..Nginx::default() }, ..nginx() };
    let mut rig = Rig::new(&config, 4);
    rig.kill(1);
    assert!((29..=40).contains(&retried(&mut rig, 120)));
}

#[test]
fn item_35_without_next_upstream_the_one_request_that_meets_it_is_answered_502() {
    let config = scenario::Balancer { nginx: Nginx { next_upstream: false, ..Nginx::default() }, ..nginx() };
    let mut rig = Rig::new(&config, 4);
    rig.kill(0);
    let (conn, request) = rig.fresh_request(1);
    assert_eq!(rig.answered(request, Instant::ZERO), Some((502, 0)));
    assert!(!rig.said(&Output::CloseClient { conn }), "its connection stays");
    assert_eq!(retried(&mut rig, 20), 0);
}

#[test]
fn item_35_a_poll_in_flight_on_a_dying_server_is_asked_of_another_and_a_post_is_not() {
    let mut rig = Rig::new(&nginx(), 4);
    let poll = rig.fresh_request(1).1;
    assert_eq!(rig.server_of(poll), ServerIx(0));
    rig.kill(0);
    assert_eq!(rig.server_of(poll), S2);
    let conn = rig.open(2);
    let post = rig.request_with(conn, RequestHead::new(Method::Post, "/socket.io/1/xhr-polling/7"));
    let server = rig.server_of(post).0;
    rig.kill(server);
    assert_eq!(rig.answered(post, Instant::ZERO), Some((502, 0)));
}

#[test]
fn item_36_a_failed_server_is_probed_by_one_request_eleven_seconds_later() {
    let mut rig = Rig::new(&nginx(), 4);
    rig.run_until(Instant::from_millis(5_300));
    rig.kill(1);
    assert_eq!(retried(&mut rig, 8), 1);
    rig.run_until(Instant::from_millis(15_900));
    assert_eq!(retried(&mut rig, 8), 0, "10 s after by its clock");
    rig.run_until(Instant::from_millis(16_000));
    assert_eq!(retried(&mut rig, 8), 1, "still dead: passed on");
    rig.dead.clear();
    rig.run_until(Instant::from_millis(26_900));
    assert!((0..8).all(|_| rig.visit(poll(), response(200)).0 != S2));
    rig.run_until(Instant::from_millis(27_000));
    assert!((0..8).any(|_| rig.visit(poll(), response(200)).0 == S2), "back");
}

#[test]
fn when_every_server_refuses_the_request_is_answered_502() {
    let mut rig = Rig::new(&nginx(), 3);
    (0..3).for_each(|server| rig.kill(server));
    let request = rig.fresh_request(1).1;
    assert_eq!((rig.answered(request, Instant::ZERO), rig.connects()), (Some((502, 0)), 3));
}

#[test]
fn table_g_without_the_upgrade_header_the_server_sees_a_plain_request() {
    for nginx_keys in
        [Nginx { upgrade: false, ..Nginx::default() }, Nginx { http11: false, ..Nginx::default() }]
    {
        let mut rig = Rig::new(&scenario::Balancer { nginx: nginx_keys, ..nginx() }, 1);
        let conn = rig.open(1);
        let request = rig.request_with(conn, RequestHead { upgrade: true, ..poll() });
        assert_eq!(rig.request_edits(request), [Edit::NoUpgrade]);
    }
}

#[test]
fn a_client_that_leaves_ends_its_request_at_the_server() {
    let mut rig = Rig::new(&nginx(), 1);
    let (conn, _) = rig.fresh_request(1);
    rig.input(Input::ClientClosed { conn });
    assert!(rig.said(&Output::CloseLink { link: LinkId(0) }));
    assert_eq!(rig.balancer.load(ServerIx(0)), 0);
    assert_eq!(retried(&mut rig, 3), 0, "no failure of the server's");
}

#[test]
fn a_tunnel_that_ends_on_one_side_ends_on_the_other() {
    let mut rig = Rig::new(&nginx(), 1);
    let (conn, request) = rig.fresh_request(1);
    let (_, link) = rig.forwarded[&request];
    rig.input(Input::ResponseStarted { link, head: response(101) });
    assert!(rig.said(&Output::Tunnel { conn, link }));
    rig.run_for(Duration::from_secs(100).as_secs());
    rig.kill(0);
    assert!(rig.said(&Output::CloseClient { conn }));
}
