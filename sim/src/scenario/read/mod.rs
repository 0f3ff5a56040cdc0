//! From the tree of a file to the data of a scenario: every key read with its type, range and default.

mod balancer;
mod clients;
mod deploy;
mod events;
mod harms;
mod network;
mod proxy;
mod redis;
mod servers;

use core::time::Duration;

use crate::scenario::error::{Place, Problem};
use crate::scenario::keys;
use crate::scenario::model::{Expect, Scenario};
use crate::scenario::section::{self, Section};
use crate::scenario::tree::Node;

/// The version of the file format.
const SCHEMA: u32 = 1;

/// The most clients of one run: beyond a million, source addresses and reports stop being useful.
const MOST_CLIENTS: u32 = 1_000_000;

/// The most servers of one run; HAProxy's own maps are built for hundreds.
const MOST_SERVERS: u32 = 1_000;

/// The shortest time between two periodic events of one actor: shorter ones only make a run slow.
const SHORTEST_PERIOD: Duration = Duration::from_millis(1);

const EXPECT: &[(&str, Expect)] =
    &[("works", Expect::Works), ("degraded", Expect::Degraded), ("broken", Expect::Broken)];

pub(super) fn scenario(root: &Node) -> Result<Scenario, Problem> {
    check_schema(root)?;
    let top = Section::new(Some(root), "the scenario", keys::TOP)?;
    let name = section::required("name", top.text("name")?, &Place::Whole, "\"my-scenario\"")?;
    let duration = top.duration("duration", SHORTEST_PERIOD)?;
    let clients = clients::clients(top.node("clients"))?;
    Ok(Scenario {
        name: name.to_owned(),
        question: top.text("question")?.unwrap_or("").to_owned(),
        expectation: top.text("expectation")?.unwrap_or("").to_owned(),
        finding: top.text("finding")?.unwrap_or("").to_owned(),
        expect: top.choice("expect", EXPECT)?,
        duration: section::required("duration", duration, &Place::Whole, "\"13s\"")?,
        harms: harms::harms(top.node("fault"), &clients)?,
        clients,
        balancer: balancer::balancer(top.node("balancer"))?,
        servers: servers::servers(top.node("servers"))?,
        redis: redis::redis(top.node("redis"))?,
        proxies: proxy::proxies(top.node("proxy"))?,
        app: proxy::app(top.node("app"))?,
        tls: proxy::tls(top.node("tls"))?,
        network: network::network(top.node("network"))?,
        faults: events::faults(top.node("fault"))?,
        redis_faults: events::outages(top.node("fault"), "redis")?,
        balancer_faults: events::outages(top.node("fault"), "balancer")?,
        deploy: top.node("deploy").map(deploy::deploy).transpose()?,
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
