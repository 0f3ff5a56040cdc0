//! Table B and C: which server an address gets.

use super::*;
use crate::scenario::Redispatch;
use crate::world::seed::Seed;

fn policy(hash_type: HashType) -> Policy {
    let config = scenario::Balancer {
        balance: Balance::Source,
        hash_type,
        redispatch: Redispatch::Never,
        ..scenario::Balancer::default()
    };
    Policy::new(&config, 4, Seed(1).stream("balancer/random"))
}

/// The same with the second server down.
fn without_s2(hash_type: HashType) -> Policy {
    let mut policy = policy(hash_type);
    policy.set_usable(S2, false);
    policy
}

const S2: ServerIx = ServerIx(1);

fn by_source(policy: &mut Policy, source: Ipv4Addr, avoid: Option<ServerIx>) -> ServerIx {
    policy.choose(Asker { source, head: None }, &[], avoid).unwrap()
}

/// How many of `count` addresses from `127.0.1.first` on each of four servers gets.
fn spread(first: u8, count: u32, policy: &mut Policy) -> [u32; 4] {
    let first = Ipv4Addr::new(127, 0, 1, first).to_bits();
    let mut counts = [0; 4];
    for source in (first..first + count).map(Ipv4Addr::from_bits) {
        counts[by_source(policy, source, None).0] += 1;
    }
    counts
}

fn clients() -> Vec<Ipv4Addr> {
    (1..=80).map(|host| Ipv4Addr::new(127, 0, 1, host)).collect()
}

/// Those of the 80 clients that go to `server`, or (`false`) that do not.
fn of_s2(hash_type: HashType, wanted: bool) -> Vec<Ipv4Addr> {
    let mut policy = policy(hash_type);
    clients().into_iter().filter(|source| (by_source(&mut policy, *source, None) == S2) == wanted).collect()
}

/// Clients for each address, addresses, and what each server got in the two runs of table B.
type Rows = [(u32, u32, [[u32; 4]; 2]); 4];

/// The first run began at `127.0.1.1`; where the second began is not recorded, but of 65,000 places only this one
/// gives its figures.
const FIRST_ADDRESSES: [u8; 2] = [1, 38];

fn check_table_b(rows: Rows, hash_type: HashType) {
    let mut policy = policy(hash_type);
    for (clients, addresses, recorded) in rows {
        let runs =
            FIRST_ADDRESSES.map(|first| spread(first, addresses, &mut policy).map(|count| count * clients));
        assert_eq!(runs, recorded, "{clients} clients on each of {addresses} addresses");
    }
}

#[test]
fn table_b_map_based() {
    let rows = [
        (1, 40, [[10, 10, 10, 10], [10, 10, 10, 10]]),
        (1, 200, [[50, 50, 50, 50], [50, 50, 50, 50]]),
        (10, 5, [[10, 20, 10, 10], [10, 10, 20, 10]]),
        (20, 10, [[40, 60, 60, 40], [40, 40, 60, 60]]),
    ];
    check_table_b(rows, HashType::MapBased);
}

#[test]
fn table_b_consistent() {
    let rows = [
        (1, 40, [[10, 9, 6, 15], [20, 7, 4, 9]]),
        (1, 200, [[63, 39, 39, 59], [68, 33, 44, 55]]),
        (10, 5, [[10, 10, 10, 20], [20, 20, 0, 10]]),
        (20, 10, [[60, 60, 20, 60], [80, 60, 0, 60]]),
    ];
    check_table_b(rows, HashType::Consistent);
}

#[test]
fn table_c_s2_has_20_of_80_clients_when_map_based_and_14_when_consistent() {
    assert_eq!(of_s2(HashType::MapBased, true).len(), 20);
    assert_eq!(of_s2(HashType::Consistent, true).len(), 14);
}

#[test]
fn table_c_s2_down_moves_39_of_the_60_other_addresses_when_map_based() {
    let (mut all, mut rest) = (policy(HashType::MapBased), without_s2(HashType::MapBased));
    let others = of_s2(HashType::MapBased, false);
    let moves = |ip: &&Ipv4Addr| by_source(&mut all, **ip, None) != by_source(&mut rest, **ip, None);
    assert_eq!((others.len(), others.iter().filter(moves).count()), (60, 39));
}

#[test]
fn table_c_a_server_down_moves_no_other_address_when_consistent() {
    let (mut all, mut rest) = (policy(HashType::Consistent), without_s2(HashType::Consistent));
    for source in of_s2(HashType::Consistent, false) {
        assert_eq!(by_source(&mut rest, source, None), by_source(&mut all, source, None));
    }
}

#[test]
fn table_c_7_of_the_14_clients_of_s2_are_redispatched_to_another_server_than_the_ring_gives_without_it() {
    let (mut all, mut rest) = (policy(HashType::Consistent), without_s2(HashType::Consistent));
    let of_s2 = of_s2(HashType::Consistent, true);
    let elsewhere = |ip: &&Ipv4Addr| by_source(&mut all, **ip, Some(S2)) != by_source(&mut rest, **ip, None);
    assert_eq!((of_s2.len(), of_s2.iter().filter(elsewhere).count()), (14, 7));
}

#[test]
fn avoiding_a_server_settles_for_it_when_it_is_alone() {
    let mut policy = policy(HashType::Consistent);
    for source in clients() {
        assert_ne!(by_source(&mut policy, source, Some(S2)), S2);
    }
    for server in [0, 2, 3] {
        policy.set_usable(ServerIx(server), false);
    }
    assert_eq!(by_source(&mut policy, Ipv4Addr::LOCALHOST, Some(S2)), S2);
    policy.set_usable(S2, false);
    let asker = Asker { source: Ipv4Addr::LOCALHOST, head: None };
    assert_eq!(policy.choose(asker, &[], None), None);
}
