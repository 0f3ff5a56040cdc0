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
