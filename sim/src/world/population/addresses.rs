//! Source addresses.

use core::net::Ipv4Addr;

use super::Member;
use crate::scenario::Clients;

/// How many addresses the clients of one sort use at once.
fn used(sort: &Clients) -> u32 {
    let shares = u32::try_from(sort.addresses_shares.len()).unwrap_or(u32::MAX);
    match sort.addresses_count {
        _ if shares > 0 => shares.min(sort.count),
        Some(count) => count.min(sort.count),
        None => sort.count,
    }
}

/// The number of the first address of a group: those before it in the same block come first.
pub(super) fn first(clients: &Clients, group: usize) -> u32 {
    let block = clients.of(group).addresses;
    let before = clients.groups.iter().take(group).filter(|sort| sort.addresses == block);
    before.map(used).fold(0, u32::saturating_add)
}

/// How many addresses of the block of `group` are wanted by all who share it, moves included; and how many it has. Moving
/// clients need as many again: an address just left is nobody's yet.
pub fn fits(clients: &Clients, group: usize) -> (u64, u64) {
    let block = clients.of(group).addresses;
    let sharers = || clients.sorts().filter(|sort| sort.addresses == block);
    let used: u64 = sharers().map(|sort| u64::from(used(sort))).sum();
    let moving = sharers().any(|sort| sort.moves.is_some());
    (if moving { used * 2 } else { used }, block.hosts())
}

/// The address of client number `within` of a sort whose addresses start at number `first`.
pub(super) fn address(sort: &Clients, first: u32, within: u32) -> Ipv4Addr {
    let number = if sort.addresses_shares.is_empty() {
        sort.addresses_count.map_or(within, |count| within % count.max(1))
    } else {
        shared(&sort.addresses_shares, within)
    };
    sort.addresses.host(first.saturating_add(number))
}

/// Which of the addresses client number `within` has: the shares of each round are spread over it, the address that is
/// furthest behind its share being next (the smooth weighted round robin).
fn shared(shares: &[u32], within: u32) -> u32 {
    let sum: u32 = shares.iter().sum();
    let mut credits: Vec<i64> = vec![0; shares.len()];
    let mut chosen = 0;
    for _ in 0..=within.checked_rem(sum).unwrap_or(0) {
        for (credit, share) in credits.iter_mut().zip(shares) {
            *credit += i64::from(*share);
        }
        let best = (0..credits.len()).rev().max_by_key(|index| credits.get(*index).copied());
        chosen = best.unwrap_or(0);
        if let Some(credit) = credits.get_mut(chosen) {
            *credit -= i64::from(sum);
        }
    }
    u32::try_from(chosen).unwrap_or(0)
}

/// The address of a client after its `moves`-th move, from 1: beyond those that the population began with.
pub fn moved(clients: &Clients, member: &Member, moves: u32) -> Ipv4Addr {
    let sort = clients.of(member.group);
    let sharers = clients.sorts().filter(|other| other.addresses == sort.addresses);
    let used = sharers.map(used).fold(0, u32::saturating_add);
    let free = sort.addresses.hosts().saturating_sub(u64::from(used)).max(1);
    let wanted = u64::from(moves - 1) * u64::from(clients.count) + u64::from(member.index);
    let number = u64::from(used) + wanted % free;
    sort.addresses.host(u32::try_from(number).unwrap_or(u32::MAX))
}
