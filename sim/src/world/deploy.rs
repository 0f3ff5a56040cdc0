//! Deploy plans.

use crate::scenario::{Deploy, DeployKind, ServerIx};
use crate::world::fault::{Action, Change, Origin};

/// The actions of a deploy over `servers` servers: for each its end and its start, not sorted.
pub fn actions(deploy: &Deploy, servers: u32) -> Vec<Action> {
    match deploy.kind {
        DeployKind::Rolling => rolling(deploy, servers),
    }
}

/// One server after the other, `gap` from stop to stop.
fn rolling(deploy: &Deploy, servers: u32) -> Vec<Action> {
    let mut actions = Vec::new();
    for turn in 0..servers {
        let server = ServerIx(turn as usize);
        let at = deploy.start + deploy.gap * turn;
        let end = Action { at, server, change: Change::End(deploy.signal), origin: Origin::Deploy };
        actions.push(end);
        actions.push(Action { at: at + deploy.down, change: Change::Start, ..end });
    }
    actions
}
