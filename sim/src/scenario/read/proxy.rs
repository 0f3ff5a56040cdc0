//! `[[proxy]]`, routes, `[app]` and `[tls]`.

use core::net::Ipv4Addr;
use core::time::Duration;

use super::MOST_SERVERS;
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{App, Balance, BalancerMode, Destination, Proxy, ProxyKind, Route, Tls, TlsAt};
use crate::scenario::nearest;
use crate::scenario::section::{self, Section};
use crate::scenario::tree::{Node, Value};

/// Names that mean something else in a route.
const RESERVED: &[&str] = &["servers", "app", "balancer", "deny", "reject"];
const KINDS: &[(&str, ProxyKind)] =
    &[("stunnel", ProxyKind::Stunnel), ("haproxy", ProxyKind::Haproxy), ("nginx", ProxyKind::Nginx)];

pub(super) fn proxies(node: Option<&Node>) -> Result<Vec<Proxy>, Problem> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let Value::Array(items) = &node.value else {
        return Err(Problem::new(&node.place, "proxies are a list: write [[proxy]] with two brackets"));
    };
    let names: Vec<String> = items.iter().map(name).collect::<Result<_, _>>()?;
    for (place, item) in items.iter().enumerate() {
        if names[..place].contains(&names[place]) {
            let message =
                format!("two proxies are called \"{}\"; give this one another `name`", names[place]);
            return Err(Problem::new(&item.place, message));
        }
    }
    items.iter().enumerate().map(|(place, item)| proxy(item, place, &names)).collect()
}

fn kind(section: &Section<'_>, node: &Node) -> Result<ProxyKind, Problem> {
    section::required("kind", section.choice("kind", KINDS)?, &node.place, "\"haproxy\"")
}

/// The name, or else the word of the kind.
fn name(node: &Node) -> Result<String, Problem> {
    let section = Section::new(Some(node), "[[proxy]]", keys::PROXY)?;
    let kind = kind(&section, node)?;
    let Some(name) = section.text("name")? else {
        let word = KINDS.iter().find(|(_, value)| *value == kind).map_or("", |(word, _)| word);
        return Ok(word.to_owned());
    };
    if RESERVED.contains(&name) || name.is_empty() {
        let place = section.node("name").map_or(&node.place, |node| &node.place);
        return Err(Problem::new(
            place,
            format!("`name` is \"{name}\", which means something else in routes"),
        ));
    }
    Ok(name.to_owned())
}

fn proxy(node: &Node, place: usize, names: &[String]) -> Result<Proxy, Problem> {
    let default = Proxy::default();
    let section = Section::new(Some(node), "[[proxy]]", keys::PROXY)?;
    let kind = kind(&section, node)?;
    let modes = [("http", BalancerMode::Http), ("tcp", BalancerMode::Tcp)];
    let mode = section.choice("mode", &modes)?;
    if let Some(text) = section.node("mode") {
        let wrong = match kind {
            ProxyKind::Stunnel => mode == Some(BalancerMode::Http),
            ProxyKind::Nginx => mode == Some(BalancerMode::Tcp),
            ProxyKind::Haproxy => false,
        };
        if wrong {
            return Err(Problem::new(&text.place, "`mode`: stunnel only copies bytes, nginx only requests"));
        }
    }
    let usual = if kind == ProxyKind::Stunnel { BalancerMode::Tcp } else { BalancerMode::Http };
    Ok(Proxy {
        name: names[place].clone(),
        kind,
        mode: mode.unwrap_or(usual),
        address: section.node("address").map(address).transpose()?.unwrap_or(default.address),
        accept_proxy: section.boolean("accept_proxy")?.unwrap_or(default.accept_proxy),
        send_proxy: section.boolean("send_proxy")?.unwrap_or(default.send_proxy),
        forwardfor: section.boolean("forwardfor")?.unwrap_or(default.forwardfor),
        upgrade: section.boolean("upgrade")?.unwrap_or(default.upgrade),
        routes: routes(section.node("route"), "[[proxy.route]]", place + 1, names)?,
    })
}

fn address(node: &Node) -> Result<Ipv4Addr, Problem> {
    let Value::String(text) = &node.value else {
        return Err(section::wrong_type("address", node, "an address such as \"10.0.0.1\"", &node.value));
    };
    text.parse().map_err(|_| {
        Problem::new(
            &node.place,
            format!("`address` is \"{text}\"; it must be an address such as \"10.0.0.1\""),
        )
    })
}

/// The rules of a hop. `names` are those of all proxies, of which the first `from` stand before the rules' next hop.
pub(super) fn routes(
    node: Option<&Node>,
    title: &str,
    from: usize,
    names: &[String],
) -> Result<Vec<Route>, Problem> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let Value::Array(items) = &node.value else {
        return Err(Problem::new(&node.place, format!("routes are a list: write {title} with two brackets")));
    };
    items.iter().map(|item| route(item, title, from, names)).collect()
}

fn route(node: &Node, title: &str, from: usize, names: &[String]) -> Result<Route, Problem> {
    let section = Section::new(Some(node), title, keys::ROUTE)?;
    let to = section::required("to", section.text("to")?, &node.place, "\"servers\"")?;
    let place = section.node("to").map_or(&node.place, |node| &node.place);
    let to = match to {
        "servers" => Destination::Servers,
        "app" => Destination::App,
        "balancer" if from <= names.len() => Destination::Balancer,
        "deny" => Destination::Deny,
        "reject" => Destination::Reject,
        other => match names.iter().position(|name| name == other) {
            Some(proxy) if proxy >= from => Destination::Proxy(proxy),
            Some(_) => {
                let message =
                    format!("`to` is \"{other}\", which stands before this hop; requests would go round");
                return Err(Problem::new(place, message));
            }
            None => {
                let words = RESERVED.iter().copied().chain(names.iter().skip(from).map(String::as_str));
                let hint = nearest::hint(other, words);
                let message = format!("`to` is \"{other}\", which is no proxy behind this hop{hint}");
                return Err(Problem::new(place, message));
            }
        },
    };
    Ok(Route {
        path: section.text("path")?.map(str::to_owned),
        header: section.text("header")?.map(str::to_owned),
        upgrade: section.boolean("upgrade")?,
        to,
    })
}

pub(super) fn app(node: Option<&Node>) -> Result<App, Problem> {
    let default = App::default();
    let section = Section::new(node, "[app]", keys::APP)?;
    let balances = [
        ("roundrobin", Balance::RoundRobin),
        ("source", Balance::Source),
        ("leastconn", Balance::LeastConn),
        ("random", Balance::Random),
    ];
    Ok(App {
        count: section.integer("count", 1..=MOST_SERVERS)?.unwrap_or(default.count),
        cost: section.duration("cost", Duration::ZERO)?.unwrap_or(default.cost),
        balance: section.choice("algorithm", &balances)?.unwrap_or(default.balance),
    })
}

pub(super) fn tls(node: Option<&Node>) -> Result<Tls, Problem> {
    let default = Tls::default();
    let section = Section::new(node, "[tls]", keys::TLS)?;
    let places = [("none", TlsAt::None), ("terminator", TlsAt::Terminator), ("server", TlsAt::Server)];
    Ok(Tls {
        at: section.choice("at", &places)?.unwrap_or(default.at),
        round_trips: section.integer("round_trips", 1..=10)?.unwrap_or(default.round_trips),
        cost: section.duration("cost", Duration::ZERO)?.unwrap_or(default.cost),
    })
}
