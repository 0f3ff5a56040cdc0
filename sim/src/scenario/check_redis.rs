//! Worlds of Redis that cannot be.

use super::check_outages;
use super::error::Problem;
use super::model::{Scenario, Store};
use super::tree::Node;

/// Refuses what is planned for a Redis that is not there.
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
    let there = store.has_redis().then_some(());
    let missing = "there is no Redis to end; add store = \"redis\" or \"portable\" to [servers]";
    check_outages::check(scenario, root, "redis", &scenario.redis_faults, there.ok_or(missing))
}
