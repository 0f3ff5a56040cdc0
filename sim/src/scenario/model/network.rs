//! The network of a scenario.

use core::time::Duration;

/// `[network]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    /// One way, each hop.
    pub latency: Latency,
}

/// `latency`: one way, each hop; equal bounds are a fixed latency.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Latency {
    /// The least.
    pub min: Duration,
    /// The most; drawn evenly between them for each thing sent, which keep their order on a connection.
    pub max: Duration,
}

impl Default for Network {
    fn default() -> Self {
        let latency = Duration::from_micros(200);
        Self { latency: Latency { min: latency, max: latency } }
    }
}
