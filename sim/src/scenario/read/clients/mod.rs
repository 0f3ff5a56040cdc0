//! `[clients]` and `[[clients.group]]`.

mod arrival;
mod habits;

use core::net::Ipv4Addr;
use core::time::Duration;

use socketio08::Transport;

use super::{MOST_CLIENTS, SHORTEST_PERIOD};
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{AddressBlock, Behaviour, ClientProfile, Clients, Connections, Span};
use crate::scenario::section::{self, Section};
use crate::scenario::tree::{Node, Value};

/// The most addresses of one round of `addresses_shares`.
const MOST_SHARES: u32 = 10_000;

/// The most connections of one client.
const MOST_CONNECTIONS: u32 = 1_000;

pub(super) fn clients(node: Option<&Node>) -> Result<Clients, Problem> {
    let section = Section::new(node, "[clients]", keys::CLIENTS)?;
    let mut clients = sort(&section, Clients::default())?;
    let Some(groups) = section.node("group") else { return Ok(clients) };
    let Value::Array(items) = &groups.value else {
        return Err(Problem::new(
            &groups.place,
            "groups are a list: write [[clients.group]] with two brackets",
        ));
    };
    if let Some(count) = section.node("count") {
        let message =
            "`count` of [clients] and groups exclude each other; give each [[clients.group]] its own";
        return Err(Problem::new(&count.place, message));
    }
    for (index, item) in items.iter().enumerate() {
        let group = group(item, index, &clients)?;
        clients.groups.push(group);
    }
    clients.count = clients.groups.iter().map(|group| group.count).fold(0, u32::saturating_add);
    if clients.groups.is_empty() || clients.count > MOST_CLIENTS {
        let message = format!("the groups must have from 1 to {MOST_CLIENTS} clients together");
        return Err(Problem::new(&groups.place, message));
    }
    Ok(clients)
}

/// One group: what it does not say is as in `[clients]`.
fn group(node: &Node, index: usize, whole: &Clients) -> Result<Clients, Problem> {
    let known: Vec<&str> =
        keys::CLIENTS.iter().copied().filter(|key| *key != "group").chain(["name"]).collect();
    let section = Section::new(Some(node), "[[clients.group]]", &known)?;
    let name = section.text("name")?.map_or_else(|| format!("group {}", index + 1), str::to_owned);
    sort(&section, Clients { name, groups: Vec::new(), ..whole.clone() })
}

fn sort(section: &Section<'_>, default: Clients) -> Result<Clients, Problem> {
    let profiles = [
        ("genuine-0.8.7", ClientProfile::Genuine),
        ("genuine-0.9", ClientProfile::Genuine09),
        ("improved", ClientProfile::Improved),
    ];
    let connections = [("keep-alive", Connections::KeepAlive), ("per-request", Connections::PerRequest)];
    let behaviours = [("messages", Behaviour::Messages), ("connection-test", Behaviour::ConnectionTest)];
    let (arrival, count) = arrival::arrival(section, &default)?;
    let send_every = section.node("send_every");
    Ok(Clients {
        count,
        arrival,
        arrive_from: section.duration("arrive_from", Duration::ZERO)?.unwrap_or(default.arrive_from),
        transports: section.node("transports").map(transports).transpose()?.unwrap_or(default.transports),
        platform: habits::platform(section, default.platform)?,
        profile: section.choice("profile", &profiles)?.unwrap_or(default.profile),
        behaviour: section.choice("behaviour", &behaviours)?.unwrap_or(default.behaviour),
        ask_every: section.duration("ask_every", SHORTEST_PERIOD)?.or(default.ask_every),
        reconnect: habits::reconnect(section, default.reconnect)?,
        connections: section.choice("connections", &connections)?.unwrap_or(default.connections),
        connections_max: section
            .integer("connections_max", 1..=MOST_CONNECTIONS)?
            .or(default.connections_max),
        query: section.node("query").map(habits::query).transpose()?.unwrap_or(default.query),
        cookies: section.boolean("cookies")?.unwrap_or(default.cookies),
        page: section.boolean("page")?.unwrap_or(default.page),
        addresses: section.node("addresses").map(addresses).transpose()?.unwrap_or(default.addresses),
        addresses_count: section.integer("addresses_count", 1..=MOST_CLIENTS)?.or(default.addresses_count),
        addresses_shares: section
            .node("addresses_shares")
            .map(shares)
            .transpose()?
            .unwrap_or(default.addresses_shares),
        moves: section.node("moves").map(habits::moves).transpose()?.or(default.moves),
        send_every: send_every
            .map(|node| span("send_every", node, SHORTEST_PERIOD))
            .transpose()?
            .or(default.send_every),
        message_size: habits::message_size(section, default.message_size)?,
        quiet_at_end: section.duration("quiet_at_end", Duration::ZERO)?.unwrap_or(default.quiet_at_end),
        background: section.node("background").map(habits::background).transpose()?.or(default.background),
        leaves: section.node("leaves").map(habits::leaves).transpose()?.or(default.leaves),
        ..default
    })
}

/// A duration, or a table of two bounds.
fn span(key: &str, node: &Node, least: Duration) -> Result<Span, Problem> {
    if !matches!(node.value, Value::Table(_)) {
        return section::duration(key, node, least).map(Span::fixed);
    }
    let section = Section::new(Some(node), &format!("`{key}`"), keys::SPAN)?;
    let (min, max) = (section.duration("min", least)?, section.duration("max", least)?);
    let min = section::required("min", min, &node.place, "\"1s\"")?;
    let max = section::required("max", max, &node.place, "\"10s\"")?;
    if max < min {
        return Err(Problem::new(&node.place, format!("`{key}` has a max below its min; swap them")));
    }
    Ok(Span { min, max })
}

fn shares(node: &Node) -> Result<Vec<u32>, Problem> {
    let Value::Array(items) = &node.value else {
        let wanted = "a list such as [100, 20, 1]";
        return Err(section::wrong_type("addresses_shares", node, wanted, &node.value));
    };
    let share = |item: &Node| section::integer("addresses_shares", item, 1..=MOST_SHARES);
    let shares: Vec<u32> = items.iter().map(share).collect::<Result<_, _>>()?;
    if shares.is_empty() || shares.iter().sum::<u32>() > MOST_SHARES {
        let message = format!("`addresses_shares` must add up to 1 to {MOST_SHARES}");
        return Err(Problem::new(&node.place, message));
    }
    Ok(shares)
}

fn transports(node: &Node) -> Result<Vec<Transport>, Problem> {
    let Value::Array(items) = &node.value else {
        return Err(section::wrong_type("transports", node, "a list such as [\"xhr-polling\"]", &node.value));
    };
    let choices = Transport::ALL.map(|transport| (transport.name(), transport));
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
