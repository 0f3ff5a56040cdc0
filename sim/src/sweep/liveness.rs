//! Liveness: once the world is healed, every client is connected within its backoff bound.

use std::collections::{BTreeMap, BTreeSet};

use socketio08::Text;
use socketio08::client::LossCause;
use socketio08::server::Cause;

use super::heal::Healed;
use super::invariants::Violation;
use crate::trace::{ClientId, Record, TraceEvent};

/// Follows who is connected.
#[derive(Clone, Debug)]
pub struct Liveness {
    demanded: bool,
    waiting: BTreeSet<ClientId>,
    /// The session of each client that was connected.
    sessions: BTreeMap<ClientId, Text>,
    /// Sessions that a server ended by `0::`, its own or in answer to that of the client.
    dismissed: BTreeSet<Text>,
    /// Clients of such sessions: who is told to go stays away, unless an error says that it may come again.
    gone: BTreeSet<ClientId>,
    end: u64,
}

impl Liveness {
    /// A check of a world that heals.
    pub fn new(healed: &Healed) -> Self {
        Self {
            demanded: healed.live,
            waiting: BTreeSet::new(),
            sessions: BTreeMap::new(),
            dismissed: BTreeSet::new(),
            gone: BTreeSet::new(),
            end: u64::try_from(healed.scenario.duration.as_micros()).unwrap_or(u64::MAX),
        }
    }

    /// Sees one record.
    pub fn see(&mut self, record: &Record) {
        match &record.event {
            TraceEvent::SessionEnded { session, cause: Cause::Booted, .. } => {
                self.dismissed.insert(session.clone());
            }
            TraceEvent::Disconnected { client, cause } => self.disconnected(*client, cause),
            TraceEvent::ErrorReceived { client } if self.gone.remove(client) => {
                self.waiting.insert(*client);
            }
            // The last of them is an attempt after a failed one.
            TraceEvent::ClientStarted { client } | TraceEvent::Reconnecting { client, .. } => {
                self.waiting.insert(*client);
            }
            TraceEvent::Connected { client, session, .. } => {
                self.waiting.remove(client);
                self.sessions.insert(*client, session.clone());
            }
            // Who gave up, by the rules of its profile, waits no more: the genuine client makes no second handshake if its
            // first fails, and none after its last attempt.
            TraceEvent::Reconnected { client }
            | TraceEvent::Left { client, .. }
            | TraceEvent::ConnectFailed { client }
            | TraceEvent::HandshakeFailed { client, .. }
            | TraceEvent::ReconnectFailed { client } => {
                self.waiting.remove(client);
            }
            _ => {}
        }
    }

    fn disconnected(&mut self, client: ClientId, cause: &str) {
        let dismissed = self.sessions.get(&client).is_some_and(|session| self.dismissed.contains(session));
        if dismissed && cause == LossCause::Booted.name() {
            self.gone.insert(client);
        } else {
            self.waiting.insert(client);
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

#[cfg(test)]
mod tests {
    use socketio08::Transport;

    use super::super::heal::heal;
    use super::*;
    use crate::scenario::{Scenario, ServerIx};

    const CLIENT: ClientId = ClientId(0);

    fn connected() -> TraceEvent {
        let session = Text::from_static("one");
        TraceEvent::Connected { client: CLIENT, session, transport: Transport::XhrPolling }
    }

    fn ended(cause: Cause) -> TraceEvent {
        TraceEvent::SessionEnded { server: ServerIx(0), session: Text::from_static("one"), cause }
    }

    const BOOTED: TraceEvent = TraceEvent::Disconnected { client: CLIENT, cause: "booted" };

    /// Whether a client may end like this.
    fn may_end(events: &[TraceEvent]) -> bool {
        let text = "schema = 1\nname = \"x\"\nduration = \"20s\"\nservers = { count = 1 }\n";
        let mut liveness = Liveness::new(&heal(&Scenario::parse("x.toml", text, &[]).unwrap()));
        for event in events {
            liveness.see(&Record { at: 0, seq: 0, event: event.clone() });
        }
        liveness.finish().is_none()
    }

    #[test]
    fn a_client_that_its_server_told_to_go_may_stay_away() {
        assert!(may_end(&[connected(), ended(Cause::Booted), BOOTED]));
    }

    #[test]
    fn a_client_whose_session_was_not_ended_by_a_disconnect_may_not() {
        assert!(!may_end(&[connected(), BOOTED]));
        assert!(!may_end(&[connected(), ended(Cause::CloseTimeout), BOOTED]));
        let lost = TraceEvent::Disconnected { client: CLIENT, cause: "transport" };
        assert!(!may_end(&[connected(), ended(Cause::Booted), lost]));
    }

    #[test]
    fn nor_may_one_that_an_error_told_to_come_again() {
        let error = TraceEvent::ErrorReceived { client: CLIENT };
        assert!(!may_end(&[connected(), ended(Cause::Booted), BOOTED, error]));
    }
}
