//! The Redis of a scenario.

use core::time::Duration;

use serde::Serialize;

use super::Latency;

/// `[redis]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RedisSettings {
    /// One way, between a server and Redis; `None`: that of the network.
    pub latency: Option<Latency>,
    /// Processor time of a command; Redis has one thread.
    pub command_cost: Duration,
    /// Whose store code the servers run.
    pub nodes: RedisNodes,
    /// Whose connection to Redis they have.
    pub client: RedisClient,
    /// `uncaught = "survive"`: the application of a genuine server handles uncaught exceptions.
    pub uncaught: bool,
}

/// `nodes`: whose store code the servers run.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum RedisNodes {
    /// That of 0.8.7, with its faults.
    #[serde(rename = "genuine-0.8.7")]
    Genuine,
    /// Ours.
    #[serde(rename = "ours")]
    Ours,
}

/// `client`: whose connection to Redis the servers have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RedisClient {
    /// `node_redis` 0.6.7: a lost Redis ends the process or is never subscribed to again.
    Genuine,
    /// That of our adapter: subscribes to everything again.
    Healing,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            latency: None,
            command_cost: Duration::from_micros(10),
            nodes: RedisNodes::Genuine,
            client: RedisClient::Genuine,
            uncaught: false,
        }
    }
}
