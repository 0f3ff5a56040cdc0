//! `[network]`.

use core::time::Duration;

use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{Latency, Network};
use crate::scenario::section::{self, Section};
use crate::scenario::tree::{Node, Value};

pub(super) fn network(node: Option<&Node>) -> Result<Network, Problem> {
    let section = Section::new(node, "[network]", keys::NETWORK)?;
    let latency = section.node("latency").map(latency).transpose()?;
    Ok(latency.map_or_else(Network::default, |latency| Network { latency }))
}

pub(super) fn latency(node: &Node) -> Result<Latency, Problem> {
    if !matches!(node.value, Value::Table(_)) {
        let fixed = section::duration("latency", node, Duration::ZERO)?;
        return Ok(Latency { min: fixed, max: fixed });
    }
    let section = Section::new(Some(node), "`latency`", keys::LATENCY)?;
    let (min, max) = (section.duration("min", Duration::ZERO)?, section.duration("max", Duration::ZERO)?);
    let min = section::required("min", min, &node.place, "\"200us\"")?;
    let max = section::required("max", max, &node.place, "\"2ms\"")?;
    if max < min {
        return Err(Problem::new(&node.place, "`latency` has a max below its min; swap them"));
    }
    Ok(Latency { min, max })
}
