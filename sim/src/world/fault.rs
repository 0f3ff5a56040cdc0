//! What happens to the servers, and when: faults and deploys expanded into one list of actions in order of time.

use core::time::Duration;

use serde::Serialize;

use crate::scenario::{Scenario, ServerIx, Signal};
use crate::world::deploy;

/// Something done to one server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Action {
    /// When, from the start of the run.
    pub at: Duration,
    /// Which server.
    pub server: ServerIx,
    /// What.
    pub change: Change,
    /// Who asked for it.
    pub origin: Origin,
}

/// What is done to a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Its process ends by this signal: every connection is closed and every session forgotten. Nothing happens to
    /// a server that is down already.
    End(Signal),
    /// A fresh process listens. Nothing happens to a server that is up already.
    Start,
}

/// Who asked for an action.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A `[[fault]]`.
    Fault,
    /// The `[deploy]`.
    Deploy,
}

/// Every action of the scenario in order of time; at one instant in the order of the file, faults before the deploy.
pub fn plan(scenario: &Scenario) -> Vec<Action> {
    let mut actions: Vec<Action> = Vec::new();
    for fault in &scenario.faults {
        let end = Action {
            at: fault.at,
            server: fault.server,
            change: Change::End(fault.signal),
            origin: Origin::Fault,
        };
        actions.push(end);
        if let Some(after) = fault.restart_after {
            actions.push(Action { at: fault.at + after, change: Change::Start, ..end });
        }
    }
    if let Some(plan) = &scenario.deploy {
        actions.extend(deploy::actions(plan, scenario.servers.count));
    }
    actions.sort_by_key(|action| action.at);
    actions
}
