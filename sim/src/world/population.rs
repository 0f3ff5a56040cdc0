//! The clients of a scenario: who arrives when, and from which address.

use core::net::Ipv4Addr;
use core::time::Duration;

use crate::scenario::{Arrival, Clients};

/// One client of the population.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Member {
    /// Its number, from zero.
    pub index: u32,
    /// When it arrives, from the start of the run.
    pub arrives: Duration,
    /// Its source address, as the balancer sees it.
    pub address: Ipv4Addr,
}

/// Every client, in the order of its number, which is the order of arrival.
pub fn members(clients: &Clients) -> Vec<Member> {
    (0..clients.count)
        .map(|index| Member { index, arrives: arrival(clients, index), address: address(clients, index) })
        .collect()
}

/// When client `index` arrives, from the start of the run.
pub fn arrival(clients: &Clients, index: u32) -> Duration {
    match clients.arrival {
        Arrival::Every(step) => step * index,
        Arrival::Over(whole) => {
            let micros = whole.as_micros() * u128::from(index) / u128::from(clients.count.max(1));
            Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
        }
    }
}

/// The source address of client `index`.
pub fn address(clients: &Clients, index: u32) -> Ipv4Addr {
    let number = clients.addresses_count.map_or(index, |count| index % count.max(1));
    clients.addresses.host(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population(more: &str) -> Vec<Member> {
        let text = format!("schema = 1\nname = \"people\"\nduration = \"2m\"\n[clients]\n{more}");
        members(&crate::scenario::Scenario::parse("people.toml", &text, &[]).unwrap().clients)
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
    fn every_client_has_its_own_address_counting_from_one() {
        let last = population("count = 40\n")[39];
        assert_eq!((last.index, last.address), (39, Ipv4Addr::new(127, 0, 1, 40)));
    }

    #[test]
    fn nat_groups_share_their_addresses_in_turn() {
        let members = population("count = 50\naddresses_count = 5\n");
        let hosts: Vec<_> = members.iter().take(7).map(|member| member.address.octets()[3]).collect();
        assert_eq!(hosts, [1, 2, 3, 4, 5, 1, 2]);
    }
}
