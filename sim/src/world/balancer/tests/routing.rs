//! Items 7, 8, 37: where requests go.

use super::rig::{Rig, config};
use crate::scenario::{self, Balance, HttpOption, ServerIx};

fn servers_of_one_client(config: &scenario::Balancer, requests: usize) -> Vec<usize> {
    let mut rig = Rig::new(config, 4);
    let conn = rig.open(1);
    (0..requests).map(|_| rig.exchange(conn).0).collect()
}

#[test]
fn item_8_http_mode_balances_each_request_of_a_kept_connection() {
    let config = scenario::Balancer { option: HttpOption::KeepAlive, ..config(Balance::RoundRobin) };
    assert_eq!(servers_of_one_client(&config, 6), [0, 1, 2, 3, 0, 1]);
}

#[test]
fn item_8_http_server_close_balances_each_request_too() {
    let config = scenario::Balancer { option: HttpOption::ServerClose, ..config(Balance::RoundRobin) };
    assert_eq!(servers_of_one_client(&config, 6), [0, 1, 2, 3, 0, 1]);
}

#[test]
fn item_7_spaced_handshake_and_open_pairs_alternate_between_the_same_servers() {
    let mut rig = Rig::new(&config(Balance::RoundRobin), 4);
    for client in 0..6 {
        let conn = rig.open(client + 1);
        let (handshake, open) = (rig.exchange(conn).0, rig.exchange(conn).0);
        assert_eq!((handshake, open), if client % 2 == 0 { (0, 1) } else { (2, 3) });
    }
}

#[test]
fn source_sends_every_request_of_an_address_to_one_server() {
    assert_eq!(servers_of_one_client(&config(Balance::Source), 4), [1, 1, 1, 1]);
}

#[test]
fn item_37_leastconn_goes_round_among_equals() {
    assert_eq!(servers_of_one_client(&config(Balance::LeastConn), 6), [0, 1, 2, 3, 0, 1]);
}

#[test]
fn leastconn_takes_the_server_with_the_fewest_requests_in_progress() {
    let mut rig = Rig::new(&config(Balance::LeastConn), 3);
    let held: Vec<_> = (1..=3).map(|host| rig.fresh_request(host).1).collect();
    rig.answer(held[1]);
    let (_, request) = rig.fresh_request(9);
    assert_eq!(rig.server_of(request), ServerIx(1));
    assert_eq!((0..3).map(|ix| rig.balancer.load(ServerIx(ix))).collect::<Vec<_>>(), [1, 1, 1]);
}

#[test]
fn random_with_two_draws_reaches_every_server_and_prefers_the_emptier() {
    let mut rig = Rig::new(&config(Balance::Random), 4);
    for host in 1..=200 {
        rig.fresh_request(host);
    }
    let loads: Vec<_> = (0..4).map(|ix| rig.balancer.load(ServerIx(ix))).collect();
    assert!(loads.iter().all(|load| (40..=60).contains(load)), "{loads:?}");
}

#[test]
fn random_with_one_draw_follows_the_arcs_of_the_ring() {
    let mut rig = Rig::new(&scenario::Balancer { random_draws: 1, ..config(Balance::Random) }, 4);
    for host in 1..=200 {
        rig.fresh_request(host);
    }
    let loads: Vec<_> = (0..4).map(|ix| rig.balancer.load(ServerIx(ix))).collect();
    assert!(loads.iter().all(|load| *load > 10) && loads.iter().max() > loads.iter().min(), "{loads:?}");
}
