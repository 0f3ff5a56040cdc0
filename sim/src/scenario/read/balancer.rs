//! `[balancer]`.

use core::time::Duration;

use super::SHORTEST_PERIOD;
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{Balance, Balancer, BalancerMode, Check, HashType, HttpOption, Redispatch};
use crate::scenario::section::{self, Section};
use crate::scenario::tree::{Node, Value};

pub(super) fn balancer(node: Option<&Node>) -> Result<Balancer, Problem> {
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
