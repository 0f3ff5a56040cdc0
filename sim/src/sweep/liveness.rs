//! Liveness: once the world is healed, every client is connected within its backoff bound.

use std::collections::BTreeSet;

use super::heal::Healed;
use super::invariants::Violation;
use crate::trace::{ClientId, Record, TraceEvent};

/// Follows who is connected.
#[derive(Clone, Debug)]
pub struct Liveness {
    demanded: bool,
    waiting: BTreeSet<ClientId>,
    end: u64,
}

impl Liveness {
    /// A check of a world that heals.
    pub fn new(healed: &Healed) -> Self {
        let end = u64::try_from(healed.scenario.duration.as_micros()).unwrap_or(u64::MAX);
        Self { demanded: healed.live, waiting: BTreeSet::new(), end }
    }

    /// Sees one record.
    pub fn see(&mut self, record: &Record) {
        match record.event {
            // The last of them is an attempt after a failed one.
            TraceEvent::ClientStarted { client }
            | TraceEvent::Disconnected { client, .. }
            | TraceEvent::Reconnecting { client, .. } => {
                self.waiting.insert(client);
            }
            // Who gave up, by the rules of its profile, waits no more: the genuine client makes no second handshake if its
            // first fails, and none after its last attempt.
            TraceEvent::Connected { client, .. }
            | TraceEvent::Reconnected { client }
            | TraceEvent::Left { client, .. }
            | TraceEvent::ConnectFailed { client }
            | TraceEvent::HandshakeFailed { client, .. }
            | TraceEvent::ReconnectFailed { client } => {
                self.waiting.remove(&client);
            }
            _ => {}
        }
    }

    /// The run is over: who still waits?
    pub fn finish(&self) -> Option<Violation> {
        let first = self.waiting.first().filter(|_| self.demanded)?;
        let message = format!(
            "client {} and {} others are not connected, though nothing is broken any more",
            first.0 + 1,
            self.waiting.len() - 1
        );
        Some(Violation { invariant: "connected-once-healed", at: self.end, seq: None, message })
    }
}
