//! Faults that end no server: what is paused, slowed, cut or disconnected, and for how long.

use core::time::Duration;

use serde::Serialize;

use super::ServerIx;

/// A `[[fault]]` that ends no server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Harm {
    /// When, from the start of the run.
    pub at: Duration,
    /// What.
    pub kind: HarmKind,
    /// How long it lasts (`for`); `None`: to the end.
    pub lasts: Option<Duration>,
}

/// What a fault does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HarmKind {
    /// `pause`: the process gets SIGSTOP, and SIGCONT when it is over. Its kernel goes on accepting connections.
    Pause(ServerIx),
    /// `slow`: everything costs this server `factor` times its processor time.
    Slow {
        /// Which server.
        server: ServerIx,
        /// How many times.
        factor: u32,
    },
    /// `delay`, `lose` or `cut`: the way to a server or to clients is bad.
    Road {
        /// Which way.
        road: Road,
        /// How.
        weather: Weather,
    },
    /// `disconnect`: every connection of these clients is reset, and while it lasts new ones are refused.
    Disconnect(Road),
}

/// A part of the network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Road {
    /// Between the balancer and one server.
    Server(ServerIx),
    /// Between all clients and the balancer.
    Clients,
    /// Between the clients of one group and the balancer.
    Group(usize),
}

/// What is bad about a way.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weather {
    /// `delay`: each thing takes this much longer.
    Delay(Duration),
    /// `lose`: this many of 1000 packets are lost, and sent again by TCP's clock.
    Lose(u32),
    /// `cut`: every packet is lost.
    Cut,
}

impl HarmKind {
    /// The verb of the fault, as in a file.
    pub fn verb(self) -> &'static str {
        match self {
            HarmKind::Pause(_) => "pause",
            HarmKind::Slow { .. } => "slow",
            HarmKind::Road { weather: Weather::Delay(_), .. } => "delay",
            HarmKind::Road { weather: Weather::Lose(_), .. } => "lose",
            HarmKind::Road { weather: Weather::Cut, .. } => "cut",
            HarmKind::Disconnect(_) => "disconnect",
        }
    }
}
