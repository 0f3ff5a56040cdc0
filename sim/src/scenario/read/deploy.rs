//! `[deploy]`.

use core::time::Duration;

use super::{MOST_SERVERS, SHORTEST_PERIOD};
use crate::scenario::error::Problem;
use crate::scenario::keys;
use crate::scenario::model::{Deploy, DeployKind, Signal};
use crate::scenario::section::{self, Section};
use crate::scenario::tree::Node;

const KINDS: [DeployKind; 6] = [
    DeployKind::All,
    DeployKind::Rolling,
    DeployKind::RollingDrain,
    DeployKind::BlueGreen,
    DeployKind::Scale,
    DeployKind::Reload,
];

/// What each kind has beside `start` and `kind`.
fn keys_of(kind: DeployKind) -> &'static [&'static str] {
    match kind {
        DeployKind::All => &["down", "signal"],
        DeployKind::Rolling => &["down", "gap", "signal"],
        DeployKind::RollingDrain => &["down", "gap", "signal", "drain", "ready", "goodbye"],
        DeployKind::BlueGreen => &["new", "signal", "stop_after"],
        DeployKind::Scale => &["new", "signal", "stop_after", "back_after"],
        DeployKind::Reload => &["hard_stop_after"],
    }
}

pub(super) fn deploy(node: &Node) -> Result<Deploy, Problem> {
    let section = Section::new(Some(node), "[deploy]", keys::DEPLOY)?;
    let kinds = KINDS.map(|kind| (kind.name(), kind));
    let kind = section.choice("kind", &kinds)?.unwrap_or(DeployKind::Rolling);
    let mut others = keys::DEPLOY.iter().filter(|key| !["start", "kind"].contains(key));
    let stray = others
        .find_map(|key| section.node(key).filter(|_| !keys_of(kind).contains(key)).map(|node| (key, node)));
    if let Some((key, node)) = stray {
        let message = format!("a deploy of kind \"{}\" has no `{key}`; take it away", kind.name());
        return Err(Problem::new(&node.place, message));
    }
    let start = section.duration("start", Duration::ZERO)?;
    let needed = |key: &'static str, least: Duration, example: &str| {
        let value = section.duration(key, least)?;
        if keys_of(kind).contains(&key) {
            section::required(key, value, &node.place, example)
        } else {
            Ok(Duration::ZERO)
        }
    };
    let signals = [("SIGTERM", Signal::Term), ("SIGKILL", Signal::Kill)];
    let new = section.integer("new", 1..=MOST_SERVERS)?;
    Ok(Deploy {
        start: section::required("start", start, &node.place, "\"8s\"")?,
        kind,
        down: needed("down", SHORTEST_PERIOD, "\"1s\"")?,
        gap: needed("gap", Duration::ZERO, "\"10s\"")?,
        signal: section.choice("signal", &signals)?.unwrap_or(Signal::Term),
        drain: needed("drain", SHORTEST_PERIOD, "\"10s\"")?,
        ready: section.duration("ready", Duration::ZERO)?,
        goodbye: section.integer("goodbye", 1..=1_000_000)?,
        new: if keys_of(kind).contains(&"new") {
            section::required("new", new, &node.place, "1")?
        } else {
            0
        },
        stop_after: section.duration("stop_after", Duration::ZERO)?,
        back_after: section.duration("back_after", SHORTEST_PERIOD)?,
        hard_stop_after: section.duration("hard_stop_after", SHORTEST_PERIOD)?,
    })
}
