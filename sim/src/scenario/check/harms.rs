//! Faults that could never happen, or never bite.

use super::{end, problem};
use crate::scenario::duration::format_duration;
use crate::scenario::error::Problem;
use crate::scenario::model::{Harm, HarmKind, Road, Scenario, ServerIx};
use crate::scenario::tree::{Node, Value};

/// The place in the file's list of faults of the one that is number `nth` of those that `is` is true of.
pub(in crate::scenario) fn place(root: &Node, is: impl Fn(&Node) -> bool, nth: usize) -> String {
    let items = match root.get(&["fault"]).map(|node| &node.value) {
        Some(Value::Array(items)) => items.as_slice(),
        _ => &[],
    };
    let found = items.iter().enumerate().filter(|(_, item)| is(item)).nth(nth);
    found.map_or(nth, |(index, _)| index).to_string()
}

fn is_harm(node: &Node) -> bool {
    ["pause", "slow", "delay", "lose", "cut", "disconnect"].iter().any(|verb| node.get(&[verb]).is_some())
}

pub(super) fn check(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    for (nth, harm) in scenario.harms.iter().enumerate() {
        let index = place(root, is_harm, nth);
        if harm.at >= scenario.duration {
            let message = format!("fault at {}, but {}", format_duration(harm.at), end(scenario));
            return Err(problem(root, &["fault", &index, "at"], message));
        }
        let over = harm.lasts.map(|lasts| harm.at + lasts).filter(|over| *over >= scenario.duration);
        if let Some(over) = over {
            let message = format!(
                "the fault would be over at {}, but {}; take `for` away if it lasts to the end",
                format_duration(over),
                end(scenario)
            );
            return Err(problem(root, &["fault", &index, "for"], message));
        }
        if let Some(server) = server(harm).filter(|server| server.0 >= scenario.servers.count as usize) {
            let verb = harm.kind.verb();
            let count = scenario.servers.count;
            let message = format!("`{verb}` is of \"{server}\", but [servers] count = {count}");
            return Err(problem(root, &["fault", &index, verb], message));
        }
        overlap(scenario, root, nth)?;
    }
    Ok(())
}

fn server(harm: &Harm) -> Option<ServerIx> {
    match harm.kind {
        HarmKind::Pause(server)
        | HarmKind::Slow { server, .. }
        | HarmKind::Road { road: Road::Server(server), .. } => Some(server),
        HarmKind::Road { .. } | HarmKind::Disconnect(_) => None,
    }
}

/// A server that is paused cannot be paused: the later fault would never bite.
fn overlap(scenario: &Scenario, root: &Node, nth: usize) -> Result<(), Problem> {
    let Some(harm) = scenario.harms.get(nth) else { return Ok(()) };
    let stands = |kind: HarmKind| matches!(kind, HarmKind::Pause(_) | HarmKind::Slow { .. });
    let same = |other: &&Harm| {
        stands(other.kind) && other.kind.verb() == harm.kind.verb() && server(other) == server(harm)
    };
    let running =
        |other: &&Harm| other.at <= harm.at && other.lasts.is_none_or(|lasts| harm.at < other.at + lasts);
    match scenario.harms.iter().take(nth).filter(same).find(running) {
        Some(other) if stands(harm.kind) => {
            let verb = harm.kind.verb();
            let message = format!(
                "`{verb}` at {}, but the same fault lasts since {}",
                format_duration(harm.at),
                format_duration(other.at)
            );
            Err(problem(root, &["fault", &place(root, is_harm, nth), "at"], message))
        }
        _ => Ok(()),
    }
}
