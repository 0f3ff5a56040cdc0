//! `[[fault]]` and `[deploy]`.

use core::time::Duration;

use super::SHORTEST_PERIOD;
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{Fault, Outage, ServerIx, Signal};
use crate::scenario::section::{self, Section};
use crate::scenario::tree::{Node, Value};

pub(super) fn faults(node: Option<&Node>) -> Result<Vec<Fault>, Problem> {
    let Some(node) = node else { return Ok(Vec::new()) };
    match &node.value {
        Value::Array(items) => {
            let ends = |item: &&Node| !is_of_lone(item) && !super::harms::is_harm(item);
            items.iter().filter(ends).map(fault).collect()
        }
        _ => Err(Problem::new(&node.place, "faults are a list: write [[fault]] with two brackets")),
    }
}

/// The processes of which there is one: the verb of the fault that ends each, and how long `restart` takes.
const LONE: [(&str, Duration); 2] =
    [("redis", Outage::REDIS_RESTART), ("balancer", Outage::BALANCER_RESTART)];

fn is_of_lone(item: &Node) -> bool {
    LONE.iter().any(|(verb, _)| item.get(&[verb]).is_some())
}

/// The faults of the list that are of `redis` or of the `balancer`. That it is a list was checked by [`faults`].
pub(super) fn outages(node: Option<&Node>, verb: &str) -> Result<Vec<Outage>, Problem> {
    let Some(Node { value: Value::Array(items), .. }) = node else { return Ok(Vec::new()) };
    let restart = LONE.iter().find(|(name, _)| *name == verb).map(|(_, restart)| *restart);
    let of_it = items.iter().filter(|item| item.get(&[verb]).is_some());
    of_it.map(|item| outage(item, verb, restart)).collect()
}

fn outage(node: &Node, verb: &str, restart: Option<Duration>) -> Result<Outage, Problem> {
    let title = format!("a [[fault]] of `{verb}`");
    let section = Section::new(Some(node), &title, &["at", verb, "restart_after"])?;
    let at = section.duration("at", Duration::ZERO)?;
    let at = section::required("at", at, &node.place, "\"8s\"")?;
    let restarts = section.choice(verb, &[("kill", false), ("restart", true)])?.unwrap_or_default();
    let after = section.duration("restart_after", SHORTEST_PERIOD)?;
    Ok(Outage { at, restart_after: after.or(restart.filter(|_| restarts)) })
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
