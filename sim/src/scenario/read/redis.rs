//! `[redis]`.

use core::time::Duration;

use super::network;
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{RedisClient, RedisNodes, RedisSettings};
use crate::scenario::section::Section;
use crate::scenario::tree::Node;

const NODES: &[(&str, RedisNodes)] = &[("genuine-0.8.7", RedisNodes::Genuine), ("ours", RedisNodes::Ours)];

const CLIENTS: &[(&str, RedisClient)] =
    &[("genuine", RedisClient::Genuine), ("healing", RedisClient::Healing)];

pub(super) fn redis(node: Option<&Node>) -> Result<RedisSettings, Problem> {
    let default = RedisSettings::default();
    let section = Section::new(node, "[redis]", keys::REDIS)?;
    let nodes = section.choice("nodes", NODES)?.unwrap_or(default.nodes);
    // Our own servers heal, unless the file says otherwise.
    let client = match nodes {
        RedisNodes::Genuine => RedisClient::Genuine,
        RedisNodes::Ours => RedisClient::Healing,
    };
    Ok(RedisSettings {
        latency: section.node("latency").map(network::latency).transpose()?,
        command_cost: section.duration("command_cost", Duration::ZERO)?.unwrap_or(default.command_cost),
        nodes,
        client: section.choice("client", CLIENTS)?.unwrap_or(client),
        uncaught: section
            .choice("uncaught", &[("crash", false), ("survive", true)])?
            .unwrap_or(default.uncaught),
    })
}
