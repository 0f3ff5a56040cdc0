//! Http mode: items 12 and 18, links kept and closed, upgrades.

use socketio08::Instant;

use super::super::{ConnId, Input, LinkId, Output, RequestId};
use super::rig::{Rig, config, poll, response};
use crate::scenario::{self, Balance, HttpOption, HttpReuse, ServerIx};

#[test]
fn item_12_a_request_in_flight_on_a_fresh_client_connection_is_answered_502() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 4);
    let (conn, request) = rig.fresh_request(1);
    rig.kill(0);
    assert_eq!(rig.answered(request, Instant::ZERO), Some((502, 0)));
    assert!(rig.said(&Output::CloseClient { conn }));
}

#[test]
fn item_12_a_request_in_flight_on_a_reused_client_connection_is_closed_without_a_word() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 4);
    let conn = rig.open(1);
    rig.exchange(conn);
    let request = rig.request(conn);
    rig.kill(1);
    assert_eq!(rig.answered(request, Instant::ZERO), None);
    assert!(rig.said(&Output::CloseClient { conn }));
}

#[test]
fn a_response_cut_short_closes_the_client() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 4);
    let (conn, request) = rig.fresh_request(1);
    let (_, link) = rig.forwarded[&request];
    rig.input(Input::ResponseStarted { link, head: response(200) });
    rig.input(Input::LinkClosed { link });
    assert_eq!(rig.answered(request, Instant::ZERO), None);
    assert!(rig.said(&Output::CloseClient { conn }));
}

#[test]
fn item_18_a_client_that_closes_while_its_poll_waits_is_not_seen_by_the_server() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 4);
    let (conn, request) = rig.fresh_request(1);
    let (server, link) = rig.forwarded[&request];
    rig.input(Input::ClientClosed { conn });
    assert!(!rig.said(&Output::CloseLink { link }));
    assert_eq!((rig.balancer.link_server(link), rig.balancer.load(server)), (Some(server), 1));
    rig.answer(request);
    assert_eq!(rig.balancer.load(server), 0);
}

#[test]
fn keep_alive_sends_a_later_request_over_the_link_of_an_earlier_one() {
    let mut rig = Rig::new(&config(Balance::Source), 4);
    let conn = rig.open(1);
    for _ in 0..5 {
        rig.exchange(conn);
    }
    assert_eq!(rig.connects(), 1);
}

#[test]
fn http_reuse_safe_opens_a_link_for_a_first_request_unless_one_has_proved_reusable() {
    let mut rig = Rig::new(&config(Balance::Source), 4);
    let first = rig.open(1);
    rig.exchange(first);
    let second = rig.open(1);
    rig.exchange(second);
    assert_eq!(rig.connects(), 2, "the waiting link had carried one request");
    rig.exchange(first);
    let third = rig.open(1);
    rig.exchange(third);
    assert_eq!(rig.connects(), 2, "a link had carried two");
}

/// Rounds of one request each on two client connections: the servers of the first, and those of the second.
fn two_clients(rig: &mut Rig, rounds: usize) -> [Vec<usize>; 2] {
    let conns = [rig.open(1), rig.open(2)];
    let mut met = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (conn, met) in conns.into_iter().zip(&mut met) {
            met.push(rig.exchange(conn).0);
        }
    }
    met
}

// What follows was measured of HAProxy 2.6.12: two connections in turn, `balance roundrobin`, four servers.

#[test]
fn with_http_reuse_never_each_connection_has_links_of_its_own_which_end_with_it() {
    let never = scenario::Balancer { http_reuse: HttpReuse::Never, ..config(Balance::RoundRobin) };
    let mut rig = Rig::new(&never, 4);
    assert_eq!(two_clients(&mut rig, 6), [vec![0, 2, 0, 2, 0, 2], vec![1, 3, 1, 3, 1, 3]]);
    assert_eq!(rig.connects(), 4, "each was used again");
    let closed =
        |rig: &Rig| (0..9).filter(|link| rig.said(&Output::CloseLink { link: LinkId(*link) })).count();
    rig.input(Input::ClientClosed { conn: ConnId(1) });
    assert_eq!(closed(&rig), 2);
    rig.fresh_request(3);
    assert_eq!(rig.connects(), 5, "nobody else uses those of the second");
}

#[test]
fn a_connection_keeps_five_links_of_its_own() {
    let never = scenario::Balancer { http_reuse: HttpReuse::Never, ..config(Balance::RoundRobin) };
    let mut rig = Rig::new(&never, 7);
    let conn = rig.open(1);
    let met: Vec<usize> = (0..14).map(|_| rig.exchange(conn).0).collect();
    assert_eq!(met, [0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(rig.connects(), 9, "those to the sixth and seventh server are opened twice");
}

#[test]
fn prefer_last_server_stays_with_the_server_of_the_connection_and_takes_no_turn() {
    let stays = scenario::Balancer {
        http_reuse: HttpReuse::Never,
        prefer_last_server: true,
        ..config(Balance::RoundRobin)
    };
    let mut rig = Rig::new(&stays, 4);
    assert_eq!(two_clients(&mut rig, 6), [vec![0; 6], vec![1; 6]]);
    let conn = rig.open(3);
    assert_eq!([rig.exchange(conn), rig.exchange(conn)], [ServerIx(2); 2]);
    rig.kill(2);
    assert_eq!(rig.exchange(conn), ServerIx(3), "the link is gone, and the turn goes on");
}

#[test]
fn links_left_behind_by_clients_of_one_request_each_are_bounded() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 1);
    for _ in 0..300 {
        let conn = rig.open(1);
        rig.exchange(conn);
        rig.input(Input::ClientClosed { conn });
    }
    let closed = (0..300).filter(|link| rig.said(&Output::CloseLink { link: LinkId(*link) })).count();
    assert_eq!((rig.connects(), closed), (300, 300 - 256));
}

#[test]
fn a_link_that_closes_while_it_waits_is_not_used_again() {
    let mut rig = Rig::new(&config(Balance::Source), 4);
    let conn = rig.open(1);
    let request = rig.request(conn);
    rig.answer(request);
    rig.input(Input::LinkClosed { link: rig.forwarded[&request].1 });
    rig.exchange(conn);
    assert_eq!(rig.connects(), 2);
}

#[test]
fn server_close_ends_the_link_after_each_response_and_keeps_the_client() {
    let config = scenario::Balancer { option: HttpOption::ServerClose, ..config(Balance::Source) };
    let mut rig = Rig::new(&config, 4);
    let conn = rig.open(1);
    rig.exchange(conn);
    rig.exchange(conn);
    assert_eq!(rig.connects(), 2);
    assert!(rig.said(&Output::CloseLink { link: LinkId(0) }) && !rig.said(&Output::CloseClient { conn }));
}

#[test]
fn an_upgrade_becomes_a_tunnel_that_counts_until_it_closes() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 4);
    let (conn, request) = rig.fresh_request(1);
    let (server, link) = rig.forwarded[&request];
    rig.input(Input::ResponseStarted { link, head: response(101) });
    assert!(rig.said(&Output::Tunnel { conn, link }));
    assert_eq!(rig.balancer.load(server), 1);
    rig.input(Input::ClientClosed { conn });
    assert!(rig.said(&Output::CloseLink { link }));
    assert_eq!((rig.balancer.load(server), rig.balancer.link_server(link)), (0, None));
}

#[test]
fn a_tunnel_whose_server_dies_closes_the_client_without_a_word() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 4);
    let (conn, request) = rig.fresh_request(1);
    let (_, link) = rig.forwarded[&request];
    rig.input(Input::ResponseStarted { link, head: response(101) });
    rig.kill(0);
    assert_eq!(rig.answered(request, Instant::ZERO), None);
    assert!(rig.said(&Output::CloseClient { conn }));
}

#[test]
fn an_upgrade_that_succeeds_after_its_client_left_ends_the_link() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 4);
    let (conn, request) = rig.fresh_request(1);
    let (_, link) = rig.forwarded[&request];
    rig.input(Input::ClientClosed { conn });
    rig.input(Input::ResponseStarted { link, head: response(101) });
    assert!(rig.said(&Output::CloseLink { link }) && !rig.said(&Output::Tunnel { conn, link }));
}

#[test]
fn a_client_that_pipelines_is_closed() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 4);
    let (conn, request) = rig.fresh_request(1);
    rig.request(conn);
    assert!(rig.said(&Output::CloseClient { conn }));
    rig.answer(request);
    assert_eq!(rig.balancer.load(ServerIx(0)), 0);
}

#[test]
fn a_client_that_left_before_its_request_was_refused_for_good_is_told_nothing() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 1);
    rig.dead.insert(ServerIx(0));
    let (conn, request) = rig.fresh_request(1);
    rig.input(Input::ClientClosed { conn });
    rig.run_for(10);
    assert_eq!(rig.answered(request, Instant::ZERO), None);
    assert_eq!(rig.balancer.poll_timeout(), None);
}

#[test]
fn reports_of_unknown_connections_and_links_are_ignored() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 4);
    let before = rig.balancer.clone();
    rig.input(Input::Request { conn: ConnId(9), request: RequestId(9), head: poll() });
    rig.input(Input::ClientClosed { conn: ConnId(9) });
    for link in [LinkId(7), LinkId(8)] {
        rig.input(Input::Connected { link });
        rig.input(Input::Refused { link });
        rig.input(Input::ResponseStarted { link, head: response(200) });
        rig.input(Input::ResponseDone { link });
        rig.input(Input::LinkClosed { link });
    }
    rig.input(Input::Checked { server: ServerIx(9), passed: true });
    assert_eq!(rig.balancer, before);
}
