//! From the tree of a file to the data of a scenario: every key read with its type, range and default.

use core::net::Ipv4Addr;
use core::time::Duration;

use socketio08::Transport;

use super::error::{Place, Problem};
use super::keys;
use super::model::{
    AddressBlock, Arrival, Balance, Balancer, BalancerMode, Check, ClientProfile, Clients, Connections,
    Deploy, DeployKind, Fault, HashType, HttpOption, Latency, Network, Redispatch, Scenario, ServerCost,
    ServerIx, Servers, Signal, Store,
};
use super::section::{self, Section};
use super::tree::{Node, Value};

/// The version of the file format.
const SCHEMA: u32 = 1;
/// The most clients of one run: beyond a million, source addresses and reports stop being useful.
const MOST_CLIENTS: u32 = 1_000_000;
/// The most servers of one run; HAProxy's own maps are built for hundreds.
const MOST_SERVERS: u32 = 1_000;
/// The shortest time between two periodic events of one actor: shorter ones only make a run slow.
const SHORTEST_PERIOD: Duration = Duration::from_millis(1);

pub(super) fn scenario(root: &Node) -> Result<Scenario, Problem> {
    check_schema(root)?;
    let top = Section::new(Some(root), "the scenario", keys::TOP)?;
    let name = section::required("name", top.text("name")?, &Place::Whole, "\"my-scenario\"")?;
    let duration = top.duration("duration", SHORTEST_PERIOD)?;
    Ok(Scenario {
        name: name.to_owned(),
        question: top.text("question")?.unwrap_or("").to_owned(),
        duration: section::required("duration", duration, &Place::Whole, "\"13s\"")?,
        clients: clients(top.node("clients"))?,
        balancer: balancer(top.node("balancer"))?,
        servers: servers(top.node("servers"))?,
        network: network(top.node("network"))?,
        faults: faults(top.node("fault"))?,
        deploy: top.node("deploy").map(deploy).transpose()?,
    })
}

/// Before anything else: a file of another version may well have other keys.
fn check_schema(root: &Node) -> Result<(), Problem> {
    let Some(node) = root.get(&["schema"]) else {
        return Err(Problem::new(&Place::Whole, format!("`schema` is missing; add schema = {SCHEMA}")));
    };
    if section::integer("schema", node, 0..=u32::MAX)? == SCHEMA {
        return Ok(());
    }
    Err(Problem::new(&node.place, format!("`schema` must be {SCHEMA}, the only version this program reads")))
}

fn clients(node: Option<&Node>) -> Result<Clients, Problem> {
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

fn balancer(node: Option<&Node>) -> Result<Balancer, Problem> {
    let default = Balancer::default();
    let section = Section::new(node, "[balancer]", keys::BALANCER)?;
    let modes = [("http", BalancerMode::Http), ("tcp", BalancerMode::Tcp)];
    let options = [("keep-alive", HttpOption::KeepAlive), ("server-close", HttpOption::ServerClose)];
    let balances = [
        ("roundrobin", Balance::RoundRobin),
        ("source", Balance::Source),
        ("leastconn", Balance::LeastConn),
        ("random", Balance::Random),
    ];
    let hash_types = [
        ("map-based", HashType::MapBased),
        ("map-based-avalanche", HashType::MapBasedAvalanche),
        ("consistent", HashType::Consistent),
    ];
    Ok(Balancer {
        mode: section.choice("mode", &modes)?.unwrap_or(default.mode),
        option: section.choice("option", &options)?.unwrap_or(default.option),
        balance: section.choice("balance", &balances)?.unwrap_or(default.balance),
        hash_type: section.choice("hash_type", &hash_types)?.unwrap_or(default.hash_type),
        random_draws: section.integer("random_draws", 1..=10)?.unwrap_or(default.random_draws),
        retries: section.integer("retries", 0..=100)?.unwrap_or(default.retries),
        redispatch: section.node("redispatch").map(redispatch).transpose()?.unwrap_or(default.redispatch),
        check: section.node("check").map(check).transpose()?,
    })
}

fn redispatch(node: &Node) -> Result<Redispatch, Problem> {
    match node.value {
        Value::Boolean(true) => Ok(Redispatch::AtLastRetry),
        Value::Boolean(false) => Ok(Redispatch::Never),
        Value::Integer(_) => section::integer("redispatch", node, 1..=100).map(Redispatch::Every),
        _ => Err(section::wrong_type("redispatch", node, "true, false or a whole number", &node.value)),
    }
}

fn check(node: &Node) -> Result<Check, Problem> {
    let default = Check::default();
    let section = Section::new(Some(node), "[balancer] check", keys::CHECK)?;
    let started_before = section.duration("started_before", Duration::ZERO)?;
    Ok(Check {
        inter: section.duration("inter", SHORTEST_PERIOD)?.unwrap_or(default.inter),
        fall: section.integer("fall", 1..=1_000)?.unwrap_or(default.fall),
        rise: section.integer("rise", 1..=1_000)?.unwrap_or(default.rise),
        started_before: started_before.unwrap_or(default.started_before),
    })
}

fn servers(node: Option<&Node>) -> Result<Servers, Problem> {
    let default = Servers::default();
    let section = Section::new(node, "[servers]", keys::SERVERS)?;
    Ok(Servers {
        count: section.integer("count", 1..=MOST_SERVERS)?.unwrap_or(default.count),
        store: section.choice("store", &[("memory", Store::Memory)])?.unwrap_or(default.store),
        broadcast_every: section.duration("broadcast_every", SHORTEST_PERIOD)?,
        broadcast_first: section
            .duration("broadcast_first", Duration::ZERO)?
            .unwrap_or(default.broadcast_first),
        cost: ServerCost {
            request: section.duration("request_cost", Duration::ZERO)?.unwrap_or(default.cost.request),
            message: section.duration("message_cost", Duration::ZERO)?.unwrap_or(default.cost.message),
        },
    })
}

fn network(node: Option<&Node>) -> Result<Network, Problem> {
    let section = Section::new(node, "[network]", keys::NETWORK)?;
    let latency = section.node("latency").map(latency).transpose()?;
    Ok(latency.map_or_else(Network::default, |latency| Network { latency }))
}

fn latency(node: &Node) -> Result<Latency, Problem> {
    if !matches!(node.value, Value::Table(_)) {
        let fixed = section::duration("latency", node, Duration::ZERO)?;
        return Ok(Latency { min: fixed, max: fixed });
    }
    let section = Section::new(Some(node), "[network] latency", keys::LATENCY)?;
    let (min, max) = (section.duration("min", Duration::ZERO)?, section.duration("max", Duration::ZERO)?);
    let min = section::required("min", min, &node.place, "\"200us\"")?;
    let max = section::required("max", max, &node.place, "\"2ms\"")?;
    if max < min {
        return Err(Problem::new(&node.place, "`latency` has a max below its min; swap them"));
    }
    Ok(Latency { min, max })
}

fn faults(node: Option<&Node>) -> Result<Vec<Fault>, Problem> {
    let Some(node) = node else { return Ok(Vec::new()) };
    match &node.value {
        Value::Array(items) => items.iter().map(fault).collect(),
        _ => Err(Problem::new(&node.place, "faults are a list: write [[fault]] with two brackets")),
    }
}

fn fault(node: &Node) -> Result<Fault, Problem> {
    let section = Section::new(Some(node), "[[fault]]", keys::FAULT)?;
    let at = section.duration("at", Duration::ZERO)?;
    let at = section::required("at", at, &node.place, "\"8s\"")?;
    let (kill, stop) = (section.node("kill"), section.node("stop"));
    let (server, signal) = match (kill, stop) {
        (Some(kill), None) => (server("kill", kill)?, Signal::Kill),
        (None, Some(stop)) => (server("stop", stop)?, Signal::Term),
        (Some(_), Some(stop)) => {
            return Err(Problem::new(&stop.place, "`stop` and `kill` exclude each other; take one away"));
        }
        (None, None) => {
            return Err(Problem::new(
                &node.place,
                "the fault does nothing; add kill = \"s2\" or stop = \"s2\"",
            ));
        }
    };
    Ok(Fault { at, server, signal, restart_after: section.duration("restart_after", SHORTEST_PERIOD)? })
}

/// `s1`, `s2`, ...
fn server(key: &str, node: &Node) -> Result<ServerIx, Problem> {
    let Value::String(text) = &node.value else {
        return Err(section::wrong_type(key, node, "a server such as \"s2\"", &node.value));
    };
    let number = text.strip_prefix('s').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let index =
        number.and_then(|digits| digits.parse::<usize>().ok()).and_then(|number| number.checked_sub(1));
    index.map(ServerIx).ok_or_else(|| {
        Problem::new(
            &node.place,
            format!("`{key}` is \"{text}\"; servers are named \"s1\", \"s2\" and so on"),
        )
    })
}

fn deploy(node: &Node) -> Result<Deploy, Problem> {
    let section = Section::new(Some(node), "[deploy]", keys::DEPLOY)?;
    let (start, down) =
        (section.duration("start", Duration::ZERO)?, section.duration("down", SHORTEST_PERIOD)?);
    let gap = section.duration("gap", Duration::ZERO)?;
    let signals = [("SIGTERM", Signal::Term), ("SIGKILL", Signal::Kill)];
    Ok(Deploy {
        start: section::required("start", start, &node.place, "\"8s\"")?,
        kind: section.choice("kind", &[("rolling", DeployKind::Rolling)])?.unwrap_or(DeployKind::Rolling),
        down: section::required("down", down, &node.place, "\"1s\"")?,
        gap: section::required("gap", gap, &node.place, "\"10s\"")?,
        signal: section.choice("signal", &signals)?.unwrap_or(Signal::Term),
    })
}
