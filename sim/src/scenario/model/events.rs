//! What happens to the servers of a scenario: faults and deploys.

use core::time::Duration;

use serde::Serialize;

use super::ServerIx;

/// How a server process is ended. The genuine server dies of either at once: it installs no handler.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum Signal {
    /// `kill`: SIGKILL.
    #[serde(rename = "SIGKILL")]
    Kill,
    /// `stop`: SIGTERM.
    #[serde(rename = "SIGTERM")]
    Term,
}

/// `[[fault]]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// When, from the start of the run.
    pub at: Duration,
    /// Which server.
    pub server: ServerIx,
    /// How.
    pub signal: Signal,
    /// How long it stays down; `None`: for ever.
    pub restart_after: Option<Duration>,
}

/// `[deploy]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deploy {
    /// When the first server is stopped.
    pub start: Duration,
    /// The plan.
    pub kind: DeployKind,
    /// How long each server is down.
    pub down: Duration,
    /// From the stop of one server to the stop of the next.
    pub gap: Duration,
    /// How each server is ended.
    pub signal: Signal,
}

/// `kind`: the plan of a deploy.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeployKind {
    /// Each server in turn.
    Rolling,
}
