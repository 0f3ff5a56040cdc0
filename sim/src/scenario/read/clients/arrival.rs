//! When clients arrive.

use core::time::Duration;

use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{Arrival, Clients, Phase};
use crate::scenario::read::{MOST_CLIENTS, SHORTEST_PERIOD};
use crate::scenario::section::{self, Section};
use crate::scenario::tree::{Node, Value};

/// How the clients arrive, and how many they are: phases count them.
pub(super) fn arrival(section: &Section<'_>, default: &Clients) -> Result<(Arrival, u32), Problem> {
    let count = section.integer("count", 1..=MOST_CLIENTS)?;
    let simple = process(section, ["arrive_every", "arrive_over", "arrive_mean"])?;
    let Some(node) = section.node("arrive_phases") else {
        let inherited = match &default.arrival {
            // A group cannot have the phases of all.
            Arrival::Phases(_) if count.is_some() => Clients::default().arrival,
            other => other.clone(),
        };
        return Ok((simple.unwrap_or(inherited), count.unwrap_or(default.count)));
    };
    if simple.is_some() {
        return Err(Problem::new(
            &node.place,
            "`arrive_phases` says everything; take the other `arrive_` away",
        ));
    }
    let Value::Array(items) = &node.value else {
        let wanted = "a list such as [{ count = 100, over = \"5s\" }]";
        return Err(section::wrong_type("arrive_phases", node, wanted, &node.value));
    };
    let phases: Vec<Phase> = items.iter().map(phase).collect::<Result<_, _>>()?;
    let sum = phases.iter().map(|phase| phase.count).fold(0, u32::saturating_add);
    if sum == 0 || sum > MOST_CLIENTS || count.is_some_and(|count| count != sum) {
        let remedy = "they must be 1 to 1000000, and what `count` says if it is there";
        return Err(Problem::new(&node.place, format!("`arrive_phases` has {sum} clients; {remedy}")));
    }
    Ok((Arrival::Phases(phases), sum))
}

fn phase(node: &Node) -> Result<Phase, Problem> {
    let section = Section::new(Some(node), "`arrive_phases`", keys::PHASE)?;
    let count = section.integer("count", 1..=MOST_CLIENTS)?;
    Ok(Phase {
        at: section.duration("at", Duration::ZERO)?.unwrap_or(Duration::ZERO),
        count: section::required("count", count, &node.place, "100")?,
        arrival: process(&section, ["every", "over", "mean"])?.unwrap_or(Arrival::Every(Duration::ZERO)),
    })
}

/// The one process that is named, by one of three keys.
fn process(section: &Section<'_>, keys: [&str; 3]) -> Result<Option<Arrival>, Problem> {
    let [every, over, mean] = keys;
    let ways = [
        section.duration(every, Duration::ZERO)?.map(Arrival::Every),
        section.duration(over, Duration::ZERO)?.map(Arrival::Over),
        section.duration(mean, SHORTEST_PERIOD / 1_000)?.map(Arrival::Mean),
    ];
    let mut named = keys.iter().zip(ways).filter_map(|(key, way)| Some((*key, way?)));
    let Some((first, way)) = named.next() else { return Ok(None) };
    match named.next().and_then(|(second, _)| Some((second, section.node(second)?))) {
        Some((second, node)) => {
            let message = format!("`{second}` and `{first}` exclude each other; take one away");
            Err(Problem::new(&node.place, message))
        }
        None => Ok(Some(way)),
    }
}
