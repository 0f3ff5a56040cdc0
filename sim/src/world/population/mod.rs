//! The clients of a scenario: who arrives when, from which address, and where each goes from there.

mod addresses;
mod arrival;
mod platform;

use core::net::Ipv4Addr;
use core::time::Duration;

use crate::scenario::{Clients, Scenario};
use crate::world::seed::Seed;

pub use self::addresses::{fits, moved};
pub use self::arrival::last_arrival;
pub use self::platform::{Can, Forbidden, can};

/// One client of the population.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Member {
    /// Its number, from zero, counted through all groups.
    pub index: u32,
    /// Its group, from zero: [`Clients::of`] says what it is like.
    pub group: usize,
    /// When it arrives, from the start of the run.
    pub arrives: Duration,
    /// Its source address, as the balancer sees it.
    pub address: Ipv4Addr,
}

impl Member {
    /// What the client is like.
    pub fn sort<'a>(&self, scenario: &'a Scenario) -> &'a Clients {
        scenario.clients.of(self.group)
    }
}

/// Every client, in the order of its number: group by group, in each in the order of arrival.
pub fn members(clients: &Clients, seed: Seed) -> Vec<Member> {
    let mut members = Vec::new();
    for (group, sort) in clients.sorts().enumerate() {
        let first = addresses::first(clients, group);
        let arrivals = arrival::arrivals(sort, seed.stream(&format!("clients/arrivals/{group}")));
        for (within, arrives) in (0_u32..).zip(arrivals) {
            let index = u32::try_from(members.len()).unwrap_or(u32::MAX);
            members.push(Member { index, group, arrives, address: addresses::address(sort, first, within) });
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(more: &str) -> Vec<Member> {
        let text = format!("schema = 1\nname = \"people\"\nduration = \"2m\"\n[clients]\n{more}");
        members(&Scenario::parse("people.toml", &text, &[]).unwrap().clients, Seed(1))
    }

    fn hosts(members: &[Member]) -> Vec<u8> {
        members.iter().map(|member| member.address.octets()[3]).collect()
    }

    #[test]
    fn clients_that_arrive_every_50_ms_are_that_far_apart_and_the_first_is_at_the_start() {
        let arrivals: Vec<_> =
            population("count = 3\n").iter().map(|member| member.arrives.as_millis()).collect();
        assert_eq!(arrivals, [0, 50, 100]);
    }

    #[test]
    fn clients_that_arrive_over_two_seconds_are_spread_evenly() {
        let members = population("count = 3\narrive_over = \"2s\"\n");
        let arrivals: Vec<_> = members.iter().map(|member| member.arrives.as_micros()).collect();
        assert_eq!(arrivals, [0, 666_666, 1_333_333]);
    }

    #[test]
    fn clients_that_arrive_at_random_do_so_at_their_rate_and_alike_under_one_seed() {
        let text = "count = 1000\narrive_mean = \"20ms\"\naddresses = \"10.0.0.0/8\"\n";
        let members = population(text);
        let last = members[999].arrives.as_millis();
        assert!((18_000..22_000).contains(&last), "{last}");
        assert!(members.windows(2).all(|pair| pair[0].arrives <= pair[1].arrives));
        assert_eq!(members, population(text));
    }

    #[test]
    fn phases_come_one_after_the_other() {
        let members = population(
            "arrive_from = \"1s\"\narrive_phases = [{ count = 2, every = \"10ms\" }, { at = \"5s\", count = 2 }]\n",
        );
        let arrivals: Vec<_> = members.iter().map(|member| member.arrives.as_millis()).collect();
        assert_eq!(arrivals, [1_000, 1_010, 6_000, 6_000]);
    }

    #[test]
    fn every_client_has_its_own_address_counting_from_one() {
        let last = population("count = 40\n")[39];
        assert_eq!((last.index, last.address), (39, Ipv4Addr::new(127, 0, 1, 40)));
    }

    #[test]
    fn nat_groups_share_their_addresses_in_turn() {
        let members = population("count = 50\naddresses_count = 5\n");
        assert_eq!(hosts(&members[..7]), [1, 2, 3, 4, 5, 1, 2]);
    }

    #[test]
    fn uneven_nat_groups_have_their_shares_of_each_round_spread_over_it() {
        let members = population("count = 12\naddresses_shares = [4, 1, 1]\n");
        assert_eq!(hosts(&members), [1, 1, 2, 1, 3, 1, 1, 1, 2, 1, 3, 1]);
    }

    #[test]
    fn groups_are_numbered_through_and_share_no_address_of_one_block() {
        let members = population(
            "[[clients.group]]\ncount = 2\n[[clients.group]]\ncount = 2\naddresses = \"10.0.0.0/8\"\n\
             [[clients.group]]\ncount = 1\narrive_from = \"3s\"\n",
        );
        let rows: Vec<_> = members.iter().map(|member| (member.index, member.group)).collect();
        assert_eq!(rows, [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2)]);
        assert_eq!(hosts(&members), [1, 2, 1, 2, 3]);
        assert_eq!(members[4].arrives.as_secs(), 3);
    }

    #[test]
    fn a_client_that_moves_gets_an_address_that_nobody_has() {
        let text = "schema = 1\nname = \"m\"\nduration = \"2m\"\n[clients]\ncount = 40\nmoves = { every = \"10s\" }\n";
        let clients = Scenario::parse("m.toml", text, &[]).unwrap().clients;
        let all = members(&clients, Seed(1));
        for moves in 1..5 {
            let moved = moved(&clients, &all[7], moves);
            assert_ne!(moved, all[7].address);
            assert!(all.iter().all(|member| member.address != moved), "{moved}");
        }
    }
}
