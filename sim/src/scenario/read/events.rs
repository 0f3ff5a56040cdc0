//! `[[fault]]` and `[deploy]`.

use core::time::Duration;

use super::SHORTEST_PERIOD;
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{Fault, RedisFault, ServerIx, Signal};
use crate::scenario::section::{self, Section};
use crate::scenario::tree::{Node, Value};

pub(super) fn faults(node: Option<&Node>) -> Result<Vec<Fault>, Problem> {
    let Some(node) = node else { return Ok(Vec::new()) };
    match &node.value {
        Value::Array(items) => {
            let ends = |item: &&Node| !is_redis(item) && !super::harms::is_harm(item);
            items.iter().filter(ends).map(fault).collect()
        }
        _ => Err(Problem::new(&node.place, "faults are a list: write [[fault]] with two brackets")),
    }
}

fn is_redis(item: &Node) -> bool {
    item.get(&["redis"]).is_some()
}

/// The faults of the list that are of Redis. That it is a list was checked by [`faults`].
pub(super) fn redis_faults(node: Option<&Node>) -> Result<Vec<RedisFault>, Problem> {
    let Some(Node { value: Value::Array(items), .. }) = node else { return Ok(Vec::new()) };
    items.iter().filter(|item| is_redis(item)).map(redis_fault).collect()
}

fn redis_fault(node: &Node) -> Result<RedisFault, Problem> {
    let section = Section::new(Some(node), "[[fault]] of Redis", &["at", "redis", "restart_after"])?;
    let at = section.duration("at", Duration::ZERO)?;
    let at = section::required("at", at, &node.place, "\"8s\"")?;
    let restarts = section.choice("redis", &[("kill", false), ("restart", true)])?.unwrap_or_default();
    let after = section.duration("restart_after", SHORTEST_PERIOD)?;
    let restart_after = after.or(restarts.then_some(RedisFault::RESTART));
    Ok(RedisFault { at, restart_after })
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
pub(super) fn server(key: &str, node: &Node) -> Result<ServerIx, Problem> {
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
