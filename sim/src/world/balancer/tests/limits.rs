//! Queues, time-outs, the PROXY protocol, slow start, reloads.

use core::net::Ipv4Addr;
use core::time::Duration;

use super::super::{ConnId, Edit, FORWARDED_FOR, Input, LinkId, Output, RequestId};
use super::rig::{Rig, config, poll, response};
use crate::scenario::{self, Balance, Check, ServerIx, Timeouts};

const SECOND: Duration = Duration::from_secs(1);

fn one_at_a_time() -> scenario::Balancer {
    let timeouts = Timeouts { queue: Some(SECOND * 5), ..Timeouts::default() };
    scenario::Balancer { maxconn: Some(1), timeouts, ..config(Balance::RoundRobin) }
}

#[test]
fn a_request_waits_while_all_servers_are_full_and_goes_to_the_first_that_is_free() {
    let mut rig = Rig::new(&one_at_a_time(), 2);
    let [first, second, third, fourth] = [1, 2, 3, 4].map(|host| rig.fresh_request(host).1);
    assert!(!rig.forwarded.contains_key(&third));
    rig.answer(second);
    assert_eq!(rig.server_of(third), ServerIx(1));
    rig.answer(first);
    assert_eq!(rig.server_of(fourth), ServerIx(0));
    assert_eq!((rig.balancer.load(ServerIx(0)), rig.balancer.load(ServerIx(1))), (1, 1));
}

#[test]
fn a_hash_waits_for_its_own_server_though_another_is_free() {
    let config = scenario::Balancer { balance: Balance::Source, ..one_at_a_time() };
    let mut rig = Rig::new(&config, 2);
    let (first, second) = (rig.fresh_request(1).1, rig.fresh_request(1).1);
    assert!(!rig.forwarded.contains_key(&second));
    rig.answer(first);
    assert_eq!(rig.server_of(second), rig.server_of(first));
}

#[test]
fn a_wait_in_the_queue_that_takes_too_long_is_answered_503() {
    let mut rig = Rig::new(&one_at_a_time(), 1);
    let held = rig.fresh_request(1).1;
    let (waiting, since) = (rig.fresh_request(2).1, rig.now);
    rig.run_for(6);
    assert_eq!(rig.answered(waiting, since), Some((503, 5_000)));
    rig.answer(held);
    assert_eq!(rig.balancer.load(ServerIx(0)), 0);
}

#[test]
fn a_server_that_does_not_answer_in_time_is_answered_for_with_504() {
    let timeouts = Timeouts { server: Some(SECOND * 3), ..Timeouts::default() };
    let mut rig = Rig::new(&scenario::Balancer { timeouts, ..config(Balance::RoundRobin) }, 1);
    let request = rig.fresh_request(1).1;
    let since = rig.now;
    rig.run_for(4);
    assert_eq!(rig.answered(request, since), Some((504, 3_000)));
    assert!(rig.said(&Output::CloseLink { link: LinkId(0) }));
}

#[test]
fn a_connection_that_does_not_open_in_time_is_tried_again_at_once_until_the_retries_are_used_up() {
    let timeouts = Timeouts { connect: Some(SECOND), ..Timeouts::default() };
    let mut rig = Rig::new(&scenario::Balancer { timeouts, ..config(Balance::RoundRobin) }, 1);
    rig.silent = true;
    let request = rig.fresh_request(1).1;
    rig.run_for(10);
    assert_eq!(rig.answered(request, socketio08::Instant::ZERO), Some((503, 4_000)));
    assert_eq!(rig.connects(), 4);
}

#[test]
fn a_client_that_asks_nothing_in_time_is_closed() {
    let timeouts =
        Timeouts { http_request: Some(SECOND * 2), http_keep_alive: Some(SECOND * 4), ..Timeouts::default() };
    let mut rig = Rig::new(&scenario::Balancer { timeouts, ..config(Balance::RoundRobin) }, 1);
    let (mute, kept) = (rig.open(1), rig.open(2));
    rig.exchange(kept);
    rig.run_for(3);
    let closed = |rig: &Rig, conn| rig.said(&Output::CloseClient { conn });
    assert!(closed(&rig, mute) && !closed(&rig, kept));
    rig.run_for(2);
    assert!(closed(&rig, kept));
    assert_eq!(rig.balancer.poll_timeout(), None);
}

/// Measured (`peers/stack/late-requests.py`): 408 for the first request, and for a later one, which `timeout http-request` is for too,
/// the end without a word.
#[test]
fn a_client_that_asks_nothing_at_all_is_told_so_unless_it_is_of_nginx() {
    let timeouts = Timeouts { http_request: Some(SECOND * 2), ..Timeouts::default() };
    let haproxy = scenario::Balancer { timeouts, ..config(Balance::RoundRobin) };
    let mut rig = Rig::new(&haproxy, 1);
    let (mute, kept) = (rig.open(1), rig.open(2));
    rig.exchange(kept);
    rig.run_for(3);
    let told = |rig: &Rig, conn| rig.said(&Output::Answer { conn, request: None, status: 408 });
    assert!(told(&rig, mute) && !told(&rig, kept));
    assert!([mute, kept].into_iter().all(|conn| rig.said(&Output::CloseClient { conn })));

    let mut rig = Rig::new(&scenario::Balancer { kind: scenario::BalancerKind::Nginx, ..haproxy }, 1);
    let (mute, kept) = (rig.open(1), rig.open(2));
    rig.exchange(kept);
    rig.run_for(3);
    assert!(!told(&rig, mute) && rig.said(&Output::CloseClient { conn: mute }));
    assert!(!rig.said(&Output::CloseClient { conn: kept }));
}

#[test]
fn the_address_of_a_proxy_line_is_the_clients() {
    let told = Ipv4Addr::new(10, 0, 0, 9);
    let config = scenario::Balancer {
        accept_proxy: true,
        send_proxy: true,
        forwardfor: true,
        ..config(Balance::Source)
    };
    let mut rig = Rig::new(&config, 4);
    let conn = ConnId(900);
    rig.input(Input::Opened { conn, source: Ipv4Addr::LOCALHOST, proxied: Some(told) });
    let request = rig.request(conn);
    assert_eq!(rig.server_of(request).0, told.to_bits() as usize % 4);
    let forwarded = Edit::Add { name: FORWARDED_FOR, value: "10.0.0.9".into() };
    assert_eq!(rig.request_edits(request), [forwarded]);
    let connect = Output::Connect { link: LinkId(0), server: rig.server_of(request), proxy: Some(told) };
    assert!(rig.said(&connect));
}

#[test]
fn table_f_sides_that_do_not_agree_on_the_proxy_line_end_the_connection() {
    let accepting = scenario::Balancer { accept_proxy: true, ..config(Balance::Source) };
    let mut rig = Rig::new(&accepting, 4);
    let conn = rig.open(1);
    assert!(rig.said(&Output::CloseClient { conn }));
    let mut rig = Rig::new(&config(Balance::Source), 4);
    let conn = ConnId(900);
    rig.input(Input::Opened { conn, source: Ipv4Addr::LOCALHOST, proxied: Some(Ipv4Addr::LOCALHOST) });
    let request = RequestId(901);
    rig.input(Input::Request { conn, request, head: poll() });
    assert_eq!(rig.answered(request, rig.now), Some((400, 0)));
    assert!(rig.said(&Output::CloseClient { conn }));
}

#[test]
fn a_server_that_came_back_starts_slowly() {
    let check = Check { inter: SECOND, fall: 1, rise: 1, started_before: Duration::ZERO };
    let config =
        scenario::Balancer { slowstart: SECOND * 60, check: Some(check), ..config(Balance::RoundRobin) };
    let mut rig = Rig::new(&config, 2);
    rig.kill(0);
    rig.run_for(3);
    rig.dead.clear();
    rig.run_for(3);
    let shares = |rig: &mut Rig| {
        let visits = (0..100).filter(|_| rig.visit(poll(), response(200)).0 == ServerIx(0));
        visits.count()
    };
    assert!(shares(&mut rig) < 15, "a sixteenth against sixteen");
    rig.run_for(61);
    assert_eq!(shares(&mut rig), 50);
}

#[test]
fn item_45_tunnels_outlive_a_reload_until_the_hard_stop() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 4);
    let (conn, request) = rig.fresh_request(1);
    let (_, link) = rig.forwarded[&request];
    rig.input(Input::ResponseStarted { link, head: response(101) });
    rig.input(Input::Reload { hard_stop_after: Some(SECOND * 10) });
    assert_eq!(rig.balancer.load(ServerIx(0)), 0, "the fresh process counts from nothing");
    rig.run_for(9);
    assert!(!rig.said(&Output::CloseClient { conn }));
    rig.run_for(1);
    assert!(rig.said(&Output::CloseClient { conn }) && rig.said(&Output::CloseLink { link }));
    assert_eq!(rig.balancer.load(ServerIx(0)), 0);
}
