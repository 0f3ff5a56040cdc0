//! Tcp mode: connections are balanced, not requests.

use super::super::{ConnId, Input, Output};
use super::rig::{Rig, config};
use crate::scenario::{self, Balance, BalancerMode, Redispatch, ServerIx};

fn tcp(balance: Balance) -> scenario::Balancer {
    scenario::Balancer { mode: BalancerMode::Tcp, ..config(balance) }
}

fn tunnels(rig: &Rig) -> Vec<(ConnId, ServerIx)> {
    let tunnel = |(_, output): &(_, Output)| match output {
        Output::Tunnel { conn, link } => Some((*conn, rig.balancer.link_server(*link)?)),
        _ => None,
    };
    rig.log.iter().filter_map(tunnel).collect()
}

#[test]
fn item_8_each_connection_goes_to_the_next_server_and_stays_there() {
    let mut rig = Rig::new(&tcp(Balance::RoundRobin), 4);
    let conns: Vec<_> = (1..=5).map(|host| rig.open(host)).collect();
    let servers: Vec<_> = tunnels(&rig).into_iter().map(|(conn, server)| (conn, server.0)).collect();
    let expected: Vec<_> = conns.into_iter().zip([0, 1, 2, 3, 0]).collect();
    assert_eq!(servers, expected);
}

#[test]
fn a_client_that_closes_ends_its_link_and_frees_its_server() {
    let mut rig = Rig::new(&tcp(Balance::LeastConn), 4);
    let conn = rig.open(1);
    assert_eq!(rig.balancer.load(ServerIx(0)), 1);
    rig.input(Input::ClientClosed { conn });
    assert_eq!(rig.balancer.load(ServerIx(0)), 0);
    assert!(rig.log.iter().any(|(_, output)| matches!(output, Output::CloseLink { .. })));
}

#[test]
fn a_server_that_dies_closes_its_clients() {
    let mut rig = Rig::new(&tcp(Balance::RoundRobin), 4);
    let conn = rig.open(1);
    rig.kill(0);
    assert!(rig.said(&Output::CloseClient { conn }));
}

#[test]
fn a_refused_connection_is_closed_after_its_retries() {
    let mut rig = Rig::new(&tcp(Balance::Source), 4);
    rig.dead.insert(ServerIx(1));
    let conn = rig.open(1);
    rig.run_for(2);
    assert!(!rig.said(&Output::CloseClient { conn }));
    rig.run_for(1);
    assert!(rig.said(&Output::CloseClient { conn }));
}

#[test]
fn a_refused_connection_goes_elsewhere_at_once_with_roundrobin_and_redispatch() {
    let config = scenario::Balancer { redispatch: Redispatch::AtLastRetry, ..tcp(Balance::RoundRobin) };
    let mut rig = Rig::new(&config, 4);
    rig.dead.insert(ServerIx(0));
    let conn = rig.open(1);
    assert_eq!(tunnels(&rig), [(conn, ServerIx(1))]);
}

#[test]
fn a_client_that_closes_while_its_connection_is_held_is_forgotten() {
    let mut rig = Rig::new(&tcp(Balance::Source), 4);
    rig.dead.insert(ServerIx(1));
    let conn = rig.open(1);
    rig.input(Input::ClientClosed { conn });
    assert_eq!(rig.balancer.poll_timeout(), None);
}
