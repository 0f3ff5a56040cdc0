//! Worlds of Redis that cannot be.

use core::time::Duration;

use super::duration::format_duration;
use super::error::Problem;
use super::model::{Scenario, Store};
use super::tree::{Node, Value};

/// Refuses what is planned for a Redis that is not there, is down already, or would come back after the end.
pub(super) fn check(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    let store = scenario.servers.store;
    if !store.has_redis() && root.get(&["redis"]).is_some() {
        let message = format!(
            "[redis] says how servers share sessions, but store = \"{}\" shares none through it; add store = \"redis\" or \
             \"portable\" to [servers]",
            store.name()
        );
        return Err(Problem { place: root.place_of(&["redis"]), message });
    }
    for key in ["nodes", "client", "uncaught"] {
        if store == Store::Portable && root.get(&["redis", key]).is_some() {
            let message =
                format!("`{key}` is for store = \"redis\": servers with portable sessions are always ours");
            return Err(Problem { place: root.place_of(&["redis", key]), message });
        }
    }
    let mut down: Vec<(Duration, Option<Duration>)> = Vec::new();
    for (nth, fault) in scenario.redis_faults.iter().enumerate() {
        let problem = |key: &str, message: String| {
            let index = listed(root, nth, true);
            Err(Problem { place: root.place_of(&["fault", &index, key]), message })
        };
        if !store.has_redis() {
            let message = "there is no Redis to end; add store = \"redis\" or \"portable\" to [servers]";
            return problem("redis", message.to_owned());
        }
        let back = fault.restart_after.map(|after| fault.at + after);
        let end = format_duration(scenario.duration);
        if fault.at >= scenario.duration {
            let message = format!("fault at {}, but the run ends at {end}", format_duration(fault.at));
            return problem("at", message);
        }
        if let Some(back) = back.filter(|back| *back >= scenario.duration) {
            let message =
                format!("redis would be back at {}, but the run ends at {end}", format_duration(back));
            return problem("restart_after", message);
        }
        let overlaps = |(from, until): &(Duration, Option<Duration>)| {
            until.is_none_or(|until| fault.at < until) && back.is_none_or(|back| *from < back)
        };
        if down.iter().any(overlaps) {
            return problem("at", "redis would be down already: two of its faults overlap".to_owned());
        }
        down.push((fault.at, back));
    }
    Ok(())
}

/// The place in the file's list of the fault that is number `nth` among those of Redis, or among the others.
pub(super) fn listed(root: &Node, nth: usize, of_redis: bool) -> String {
    let Some(Node { value: Value::Array(items), .. }) = root.get(&["fault"]) else { return nth.to_string() };
    let mut places = (0..items.len())
        .filter(|index| items.get(*index).is_some_and(|item| item.get(&["redis"]).is_some()) == of_redis);
    places.nth(nth).unwrap_or(nth).to_string()
}
