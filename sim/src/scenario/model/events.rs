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

/// A `[[fault]]` that ends Redis or the balancer: a process of which there is one. All that it knows is forgotten.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Outage {
    /// When, from the start of the run.
    pub at: Duration,
    /// How long it is down; `None`: for ever.
    pub restart_after: Option<Duration>,
}

impl Outage {
    /// How long `redis = "restart"` takes unless the file says: 32 to 35 ms were recorded (`tables-2.md` item 48).
    pub const REDIS_RESTART: Duration = Duration::from_millis(32);
    /// How long `balancer = "restart"` takes unless the file says: HAProxy 2.6 was gone 2 ms after either signal, and a fresh process
    /// listened 33 to 74 ms after its start (`peers/stack/balancer-death.py`).
    pub const BALANCER_RESTART: Duration = Duration::from_millis(55);
}

/// `[deploy]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deploy {
    /// When it begins.
    pub start: Duration,
    /// The plan.
    pub kind: DeployKind,
    /// How long each server is down (all, rolling, rolling-drain).
    pub down: Duration,
    /// From the beginning of one server's turn to that of the next (rolling, rolling-drain).
    pub gap: Duration,
    /// How each server is ended.
    pub signal: Signal,
    /// How long a server is drained before it is stopped (rolling-drain).
    pub drain: Duration,
    /// From the start of a drained server's process until the balancer uses it again (rolling-drain); `None`: until it listens.
    pub ready: Option<Duration>,
    /// Sessions to which a draining server says goodbye each second; `None`: to none (rolling-drain).
    pub goodbye: Option<u32>,
    /// How many of the last servers of the pool are new (blue-green, scale).
    pub new: u32,
    /// When servers that are in use no more are stopped, from that moment; `None`: never (blue-green, scale).
    pub stop_after: Option<Duration>,
    /// When the new servers are taken away again; `None`: never (scale).
    pub back_after: Option<Duration>,
    /// When the balancer's old process ends what it still has; `None`: never (reload).
    pub hard_stop_after: Option<Duration>,
}

/// `kind`: the plan of a deploy.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeployKind {
    /// Every server at once.
    All,
    /// Each server in turn.
    Rolling,
    /// The same, each drained before: the balancer sends it no new clients.
    RollingDrain,
    /// The last servers of the pool wait; the balancer changes to them from all others at one moment.
    BlueGreen,
    /// The last servers of the pool are added, and perhaps taken away again.
    Scale,
    /// No server: the balancer is replaced by a fresh process.
    Reload,
}

impl DeployKind {
    /// The word in a file.
    pub const fn name(self) -> &'static str {
        match self {
            DeployKind::All => "all",
            DeployKind::Rolling => "rolling",
            DeployKind::RollingDrain => "rolling-drain",
            DeployKind::BlueGreen => "blue-green",
            DeployKind::Scale => "scale",
            DeployKind::Reload => "reload",
        }
    }
}
