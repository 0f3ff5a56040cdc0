//! `[balancer]`.

use core::time::Duration;

use super::{SHORTEST_PERIOD, events};
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{
    Balance, Balancer, BalancerKind, BalancerMode, Check, Cluster, Cookie, CookieMode, HashFunction,
    HashType, HttpOption, HttpReuse, Nginx, NginxKey, Redispatch, ServerIx, Stick, StickOn, Timeouts,
};
use crate::scenario::section::{self, Section};
use crate::scenario::tree::{Node, Value};

/// The most a server can weigh in HAProxy.
const WEIGHT_MAX: u32 = 256;
/// The entries of the recorded stick tables.
const STICK_SIZE: u32 = 200_000;
/// How long their entries lasted.
const STICK_EXPIRE: Duration = Duration::from_secs(30 * 60);

const MODES: &[(&str, BalancerMode)] = &[("http", BalancerMode::Http), ("tcp", BalancerMode::Tcp)];
const OPTIONS: &[(&str, HttpOption)] =
    &[("keep-alive", HttpOption::KeepAlive), ("server-close", HttpOption::ServerClose)];
const BALANCES: &[(&str, Balance)] = &[
    ("roundrobin", Balance::RoundRobin),
    ("static-rr", Balance::StaticRr),
    ("source", Balance::Source),
    ("uri", Balance::Uri),
    ("url_param", Balance::UrlParam),
    ("hdr", Balance::Hdr),
    ("leastconn", Balance::LeastConn),
    ("random", Balance::Random),
    ("ip_hash", Balance::IpHash),
    ("hash", Balance::Hash),
];
const HASH_TYPES: &[(&str, HashType)] = &[
    ("map-based", HashType::MapBased),
    ("map-based-avalanche", HashType::MapBasedAvalanche),
    ("consistent", HashType::Consistent),
    ("consistent-plain", HashType::ConsistentPlain),
];
const HASH_FUNCTIONS: &[(&str, HashFunction)] = &[
    ("sdbm", HashFunction::Sdbm),
    ("djb2", HashFunction::Djb2),
    ("wt6", HashFunction::Wt6),
    ("crc32", HashFunction::Crc32),
];
const KINDS: &[(&str, BalancerKind)] = &[
    ("haproxy", BalancerKind::Haproxy),
    ("nginx", BalancerKind::Nginx),
    ("cluster", BalancerKind::Cluster),
    ("none", BalancerKind::None),
];

pub(super) fn balancer(node: Option<&Node>) -> Result<Balancer, Problem> {
    let default = Balancer::default();
    let section = Section::new(node, "[balancer]", keys::BALANCER)?;
    let balancer = Balancer {
        kind: section.choice("kind", KINDS)?.unwrap_or(default.kind),
        cluster: section.node("cluster").map(cluster).transpose()?.unwrap_or(default.cluster),
        routes: super::proxy::routes(section.node("route"), "[[balancer.route]]", usize::MAX, &[])?,
        nginx: nginx(section.node("nginx"))?,
        mode: section.choice("mode", MODES)?.unwrap_or(default.mode),
        option: section.choice("option", OPTIONS)?.unwrap_or(default.option),
        http_reuse: section
            .choice("http_reuse", &[("safe", HttpReuse::Safe), ("never", HttpReuse::Never)])?
            .unwrap_or(default.http_reuse),
        prefer_last_server: section.truth("prefer_last_server")?.unwrap_or(default.prefer_last_server),
        balance: section.choice("balance", BALANCES)?.unwrap_or(default.balance),
        hash_type: section.choice("hash_type", HASH_TYPES)?.unwrap_or(default.hash_type),
        hash_function: section.choice("hash_function", HASH_FUNCTIONS)?.unwrap_or(default.hash_function),
        uri_depth: section.integer("uri_depth", 1..=1_000)?,
        uri_whole: section.truth("uri_whole")?.unwrap_or(default.uri_whole),
        param: section.text("param")?.map(str::to_owned),
        header: section.text("header")?.map(str::to_owned),
        random_draws: section.integer("random_draws", 1..=10)?.unwrap_or(default.random_draws),
        weights: section.node("weights").map(weights).transpose()?.unwrap_or_default(),
        backup: section.node("backup").map(backup).transpose()?.unwrap_or_default(),
        slowstart: section.duration("slowstart", Duration::ZERO)?.unwrap_or(default.slowstart),
        cookie: section.node("cookie").map(cookie).transpose()?,
        stick: section.node("stick").map(stick).transpose()?,
        maxconn: section.integer("maxconn", 1..=1_000_000)?,
        timeouts: timeouts(section.node("timeouts"))?,
        accept_proxy: section.truth("accept_proxy")?.unwrap_or(default.accept_proxy),
        send_proxy: section.truth("send_proxy")?.unwrap_or(default.send_proxy),
        forwardfor: section.truth("forwardfor")?.unwrap_or(default.forwardfor),
        retries: section.integer("retries", 0..=100)?.unwrap_or(default.retries),
        redispatch: section.node("redispatch").map(redispatch).transpose()?.unwrap_or(default.redispatch),
        check: section.node("check").map(check).transpose()?,
    };
    names(&section, &balancer)?;
    Ok(balancer)
}

/// What an algorithm looks at must be named.
fn names(section: &Section<'_>, balancer: &Balancer) -> Result<(), Problem> {
    let Some(place) = section.node("balance").map(|node| &node.place) else { return Ok(()) };
    match balancer.balance {
        Balance::UrlParam => section::required("param", balancer.param.as_ref(), place, "\"cid\"").map(drop),
        Balance::Hdr => section::required("header", balancer.header.as_ref(), place, "\"X-User\"").map(drop),
        _ => Ok(()),
    }
}

fn list<T>(
    key: &str,
    node: &Node,
    example: &str,
    item: impl Fn(&Node) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    let Value::Array(items) = &node.value else {
        return Err(section::wrong_type(key, node, &format!("a list such as {example}"), &node.value));
    };
    items.iter().map(item).collect()
}

fn weights(node: &Node) -> Result<Vec<u32>, Problem> {
    list("weights", node, "[1, 2]", |item| section::integer("weights", item, 0..=WEIGHT_MAX))
}

fn backup(node: &Node) -> Result<Vec<ServerIx>, Problem> {
    list("backup", node, "[\"s4\"]", |item| events::server("backup", item))
}

fn nginx(node: Option<&Node>) -> Result<Nginx, Problem> {
    let default = Nginx::default();
    let section = Section::new(node, "[balancer] nginx", keys::NGINX)?;
    let keys = [("source", NginxKey::Source), ("uri", NginxKey::Uri)];
    let port = section.integer("first_port", 1..=60_000)?.and_then(|port| u16::try_from(port).ok());
    Ok(Nginx {
        http11: section.choice("http", &[("1.0", false), ("1.1", true)])?.unwrap_or(default.http11),
        upgrade: section.truth("upgrade")?.unwrap_or(default.upgrade),
        key: section.choice("key", &keys)?.unwrap_or(default.key),
        max_fails: section.integer("max_fails", 0..=1_000)?.unwrap_or(default.max_fails),
        fail_timeout: section
            .duration("fail_timeout", Duration::from_secs(1))?
            .unwrap_or(default.fail_timeout),
        next_upstream: section.truth("next_upstream")?.unwrap_or(default.next_upstream),
        first_port: port.unwrap_or(default.first_port),
    })
}

fn cookie(node: &Node) -> Result<Cookie, Problem> {
    let section = Section::new(Some(node), "[balancer] cookie", keys::COOKIE)?;
    let modes = [("insert", CookieMode::Insert), ("prefix", CookieMode::Prefix)];
    let name = section::required("name", section.text("name")?, &node.place, "\"SRV\"")?;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        let place = section.node("name").map_or(&node.place, |node| &node.place);
        let message = format!("`name` is \"{name}\"; a cookie is named by letters, digits, `_`, `-` and `.`");
        return Err(Problem::new(place, message));
    }
    let mode = section.choice("mode", &modes)?.unwrap_or(CookieMode::Insert);
    Ok(Cookie { name: name.to_owned(), mode })
}

fn stick(node: &Node) -> Result<Stick, Problem> {
    let section = Section::new(Some(node), "[balancer] stick", keys::STICK)?;
    let ons = [("src", StickOn::Src), ("path", StickOn::Path), ("response", StickOn::Response)];
    Ok(Stick {
        on: section::required("on", section.choice("on", &ons)?, &node.place, "\"src\"")?,
        size: section.integer("size", 1..=u32::MAX)?.unwrap_or(STICK_SIZE),
        expire: section.duration("expire", SHORTEST_PERIOD)?.unwrap_or(STICK_EXPIRE),
    })
}

fn timeouts(node: Option<&Node>) -> Result<Timeouts, Problem> {
    let section = Section::new(node, "[balancer] timeouts", keys::TIMEOUTS)?;
    let wait = |key| section.duration(key, SHORTEST_PERIOD);
    Ok(Timeouts {
        connect: wait("connect")?,
        server: wait("server")?,
        tunnel: wait("tunnel")?,
        http_request: wait("http_request")?,
        http_keep_alive: wait("http_keep_alive")?,
        queue: wait("queue")?,
    })
}

fn cluster(node: &Node) -> Result<Cluster, Problem> {
    let default = Cluster::default();
    let section = Section::new(Some(node), "[balancer] cluster", keys::CLUSTER)?;
    Ok(Cluster {
        cores: section.integer("cores", 1..=1_000)?.unwrap_or(default.cores),
        memory: section.duration("memory", Duration::ZERO)?.unwrap_or(default.memory),
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
