//! `[clients]`.

use core::net::Ipv4Addr;
use core::time::Duration;

use socketio08::Transport;

use super::{MOST_CLIENTS, SHORTEST_PERIOD};
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{AddressBlock, Arrival, ClientProfile, Clients, Connections};
use crate::scenario::section::{self, Section};
use crate::scenario::tree::{Node, Value};

pub(super) fn clients(node: Option<&Node>) -> Result<Clients, Problem> {
    let default = Clients::default();
    let section = Section::new(node, "[clients]", keys::CLIENTS)?;
    let profiles = [
        ("genuine-0.8.7", ClientProfile::Genuine),
        ("genuine-0.9", ClientProfile::Genuine09),
        ("improved", ClientProfile::Improved),
    ];
    let connections = [("keep-alive", Connections::KeepAlive), ("per-request", Connections::PerRequest)];
    Ok(Clients {
        count: section.integer("count", 1..=MOST_CLIENTS)?.unwrap_or(default.count),
        arrival: arrival(&section)?.unwrap_or(default.arrival),
        transports: section.node("transports").map(transports).transpose()?.unwrap_or(default.transports),
        profile: section.choice("profile", &profiles)?.unwrap_or(default.profile),
        connections: section.choice("connections", &connections)?.unwrap_or(default.connections),
        addresses: section.node("addresses").map(addresses).transpose()?.unwrap_or(default.addresses),
        addresses_count: section.integer("addresses_count", 1..=MOST_CLIENTS)?,
        send_every: section.duration("send_every", SHORTEST_PERIOD)?,
        quiet_at_end: section.duration("quiet_at_end", Duration::ZERO)?.unwrap_or(default.quiet_at_end),
    })
}

fn arrival(section: &Section<'_>) -> Result<Option<Arrival>, Problem> {
    let every = section.duration("arrive_every", Duration::ZERO)?;
    let over = section.duration("arrive_over", Duration::ZERO)?;
    if let (Some(_), Some(_), Some(node)) = (every, over, section.node("arrive_over")) {
        return Err(Problem::new(
            &node.place,
            "`arrive_over` and `arrive_every` exclude each other; take one away",
        ));
    }
    Ok(every.map(Arrival::Every).or(over.map(Arrival::Over)))
}

fn transports(node: &Node) -> Result<Vec<Transport>, Problem> {
    let Value::Array(items) = &node.value else {
        return Err(section::wrong_type("transports", node, "a list such as [\"xhr-polling\"]", &node.value));
    };
    let choices =
        [Transport::Websocket, Transport::XhrPolling].map(|transport| (transport.name(), transport));
    let mut transports = Vec::new();
    for item in items {
        let transport = section::choice("transports", item, &choices)?;
        if transports.contains(&transport) {
            return Err(Problem::new(&item.place, format!("`transports` names {transport} twice")));
        }
        transports.push(transport);
    }
    if transports.is_empty() {
        return Err(Problem::new(&node.place, "`transports` is empty; a client needs at least one"));
    }
    Ok(transports)
}

fn addresses(node: &Node) -> Result<AddressBlock, Problem> {
    let Value::String(text) = &node.value else {
        return Err(section::wrong_type("addresses", node, "a block such as \"127.0.1.0/24\"", &node.value));
    };
    let parts = text.split_once('/');
    let network = parts.and_then(|(network, _)| network.parse::<Ipv4Addr>().ok());
    let prefix = parts.and_then(|(_, prefix)| prefix.parse::<u8>().ok()).filter(|prefix| *prefix <= 32);
    let (Some(network), Some(prefix)) = (network, prefix) else {
        let message = format!("`addresses` is \"{text}\"; write an IPv4 block such as \"127.0.1.0/24\"");
        return Err(Problem::new(&node.place, message));
    };
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
    let block = AddressBlock { network: Ipv4Addr::from_bits(network.to_bits() & mask), prefix };
    if block.network != network {
        let message = format!("`addresses` is \"{text}\", which is inside a block; the block is \"{block}\"");
        return Err(Problem::new(&node.place, message));
    }
    Ok(block)
}
