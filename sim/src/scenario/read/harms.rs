//! The `[[fault]]`s that end no server.

use core::time::Duration;

use super::SHORTEST_PERIOD;
use super::events::server;
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{Clients, Harm, HarmKind, Road, ServerIx, Weather};
use crate::scenario::section::{self, Section};
use crate::scenario::tree::{Node, Value};

/// What each verb may have beside `at` and `for`.
const VERBS: [(&str, &[&str]); 6] = [
    ("pause", &[]),
    ("slow", &["factor"]),
    ("delay", &["by"]),
    ("lose", &["per_cent"]),
    ("cut", &[]),
    ("disconnect", &[]),
];

/// Whether a fault is one of these.
pub(super) fn is_harm(item: &Node) -> bool {
    VERBS.iter().any(|(verb, _)| item.get(&[verb]).is_some())
}

/// The faults of the list that end no server.
pub(super) fn harms(node: Option<&Node>, clients: &Clients) -> Result<Vec<Harm>, Problem> {
    let Some(Node { value: Value::Array(items), .. }) = node else { return Ok(Vec::new()) };
    items.iter().filter(|item| is_harm(item)).map(|item| harm(item, clients)).collect()
}

fn harm(node: &Node, clients: &Clients) -> Result<Harm, Problem> {
    let section = Section::new(Some(node), "[[fault]]", keys::FAULT)?;
    let named: Vec<(&str, &[&str], &Node)> =
        VERBS.iter().filter_map(|(verb, more)| Some((*verb, *more, section.node(verb)?))).collect();
    let [(verb, more, target), others @ ..] = &named[..] else {
        return Err(Problem::new(&node.place, "the fault does nothing; add kill = \"s2\""));
    };
    let ends = ["kill", "stop"].into_iter().find_map(|key| Some((key, section.node(key)?)));
    if let Some((other, place)) = others.first().map(|(other, _, node)| (*other, *node)).or(ends) {
        let message = format!("`{other}` and `{verb}` exclude each other; write two faults");
        return Err(Problem::new(&place.place, message));
    }
    for key in ["restart_after", "factor", "by", "per_cent"] {
        if let Some(place) = section.node(key).filter(|_| !more.contains(&key)) {
            let remedy = if key == "restart_after" { "; write for = \"10s\"" } else { "; take it away" };
            return Err(Problem::new(&place.place, format!("`{verb}` has no `{key}`{remedy}")));
        }
    }
    let at = section.duration("at", Duration::ZERO)?;
    Ok(Harm {
        at: section::required("at", at, &node.place, "\"8s\"")?,
        kind: kind(verb, target, &section, clients, node)?,
        lasts: section.duration("for", SHORTEST_PERIOD)?,
    })
}

fn kind(
    verb: &str,
    target: &Node,
    section: &Section<'_>,
    clients: &Clients,
    fault: &Node,
) -> Result<HarmKind, Problem> {
    let bad = |weather| Ok(HarmKind::Road { road: road(verb, target, clients)?, weather });
    match verb {
        "pause" => Ok(HarmKind::Pause(server(verb, target)?)),
        "slow" => {
            let factor = section.integer("factor", 2..=1_000_000)?;
            let factor = section::required("factor", factor, &fault.place, "10")?;
            Ok(HarmKind::Slow { server: server(verb, target)?, factor })
        }
        "delay" => {
            let by = section.duration("by", Duration::from_micros(1))?;
            bad(Weather::Delay(section::required("by", by, &fault.place, "\"100ms\"")?))
        }
        "lose" => {
            let lost = section.integer("per_cent", 1..=99)?;
            bad(Weather::Lose(section::required("per_cent", lost, &fault.place, "10")? * 10))
        }
        "cut" => bad(Weather::Cut),
        _ => match road(verb, target, clients)? {
            Road::Server(_) => Err(Problem::new(
                &target.place,
                "`disconnect` is of clients: write \"clients\" or the name of a group, or kill the server",
            )),
            road => Ok(HarmKind::Disconnect(road)),
        },
    }
}

/// `clients`, the name of a group, or a server.
fn road(key: &str, node: &Node, clients: &Clients) -> Result<Road, Problem> {
    let Value::String(text) = &node.value else {
        return Err(section::wrong_type(key, node, "a string such as \"s2\" or \"clients\"", &node.value));
    };
    if text == "clients" {
        return Ok(Road::Clients);
    }
    if let Some(group) = clients.groups.iter().position(|group| group.name == *text) {
        return Ok(Road::Group(group));
    }
    let wrong = || {
        let groups: Vec<String> =
            clients.groups.iter().map(|group| format!(", \"{}\"", group.name)).collect();
        let message =
            format!("`{key}` is \"{text}\"; write \"clients\"{} or a server such as \"s2\"", groups.concat());
        Problem::new(&node.place, message)
    };
    server(key, node).map(|server: ServerIx| Road::Server(server)).map_err(|_| wrong())
}
