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

impl Builtin {
    /// All of them, in the order in which to read them.
    pub const ALL: [Builtin; 17] = [
        Builtin { name: "round-robin", text: include_str!("../../scenarios/round-robin.toml") },
        Builtin { name: "sticky-source", text: include_str!("../../scenarios/sticky-source.toml") },
        Builtin { name: "sticky-cookie", text: include_str!("../../scenarios/sticky-cookie.toml") },
        Builtin {
            name: "sticky-session-path",
            text: include_str!("../../scenarios/sticky-session-path.toml"),
        },
        Builtin { name: "server-failure", text: include_str!("../../scenarios/server-failure.toml") },
        Builtin {
            name: "server-failure-consistent-hash",
            text: include_str!("../../scenarios/server-failure-consistent-hash.toml"),
        },
        Builtin { name: "rolling-deploy", text: include_str!("../../scenarios/rolling-deploy.toml") },
        Builtin {
            name: "rolling-deploy-drain",
            text: include_str!("../../scenarios/rolling-deploy-drain.toml"),
        },
        Builtin { name: "blue-green", text: include_str!("../../scenarios/blue-green.toml") },
        Builtin { name: "scale-out", text: include_str!("../../scenarios/scale-out.toml") },
        Builtin { name: "reconnect-storm", text: include_str!("../../scenarios/reconnect-storm.toml") },
        Builtin { name: "silent-death", text: include_str!("../../scenarios/silent-death.toml") },
        Builtin { name: "nat-groups", text: include_str!("../../scenarios/nat-groups.toml") },
        Builtin {
            name: "mobile-address-change",
            text: include_str!("../../scenarios/mobile-address-change.toml"),
        },
        Builtin { name: "periodic-polling", text: include_str!("../../scenarios/periodic-polling.toml") },
        Builtin { name: "long-polling", text: include_str!("../../scenarios/long-polling.toml") },
        Builtin { name: "sockets", text: include_str!("../../scenarios/sockets.toml") },
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
