//! The scenarios that come with the program.

use super::{Scenario, ScenarioError};

/// A scenario that comes with the program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

/// A scenario is `sim/scenarios/NAME.toml`.
macro_rules! builtins {
    ($($name:literal,)+) => {
        [$(Builtin { name: $name, text: include_str!(concat!("../../scenarios/", $name, ".toml")) },)+]
    };
}

impl Builtin {
    /// All of them, in the order in which to read them.
    pub const ALL: [Builtin; 37] = builtins![
        "round-robin",
        "round-robin-four-servers",
        "sticky-source",
        "sticky-cookie",
        "sticky-session-path",
        "server-failure",
        "server-failure-consistent-hash",
        "rolling-deploy",
        "redis-store",
        "redis-store-memory",
        "redis-restart",
        "routed-sessions",
        "portable-sessions",
        "rolling-deploy-drain",
        "blue-green",
        "scale-out",
        "balancer-restart",
        "reconnect-storm",
        "reconnect-storm-jitter",
        "silent-death",
        "nat-groups",
        "mobile-address-change",
        "periodic-polling",
        "long-polling",
        "sockets",
        "single-server",
        "dual-stack-node-proxy",
        "dual-stack-haproxy",
        "ssl-dual-stack-static",
        "multi-machine",
        "stunnel-hides-source",
        "two-proxy-layers",
        "nginx-http10",
        "websocket-blocked",
        "flashsocket-http-mode",
        "node-cluster",
        "cross-origin-ie8",
    ];

    /// The one of that name.
    pub fn find(name: &str) -> Option<Builtin> {
        Self::ALL.into_iter().find(|builtin| builtin.name == name)
    }

    /// Reads it.
    ///
    /// # Errors
    /// None in a released program: a test reads every one.
    pub fn scenario(self) -> Result<Scenario, ScenarioError> {
        Scenario::parse(&self.source(), self.text, &[])
    }

    /// How errors name it.
    pub(super) fn source(self) -> String {
        format!("{} (built in)", self.name)
    }
}
