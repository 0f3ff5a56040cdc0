//! What a carrier knows of its exchanges, and what a store was asked.

use std::collections::BTreeMap;

use socketio08::Text;
use socketio08::server::{ExchangeId, Server, ServerEvent, ServerInput, ServerTransmit, StoreAnswer};

use super::operation::Operation;

/// What one call may give out.
const OUTPUTS_MAX: usize = 20_000;

/// What was kept of ids, publications and the like: the latest of each.
const KEPT: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// The server has it and said nothing yet.
    Waiting,
    /// A response that goes on.
    Begun,
    Upgraded,
    /// Given to another server, whose answer the carrier hands on.
    Forwarded,
    Over,
}

#[derive(Default)]
pub(super) struct Carrier {
    exchanges: BTreeMap<ExchangeId, State>,
    /// Handshakes that wait for the application.
    pub(super) handshakes: Vec<ExchangeId>,
    /// Ids of sessions, the oldest first.
    pub(super) sessions: Vec<Text>,
    pub(super) publications: Vec<(Text, Text)>,
    /// What the store was asked and did not answer, the oldest first.
    asked: Vec<ServerTransmit>,
    records: BTreeMap<Text, (u64, Text)>,
    issued: u64,
}

pub(super) fn drain(server: &mut Server) -> (Vec<ServerTransmit>, Vec<ServerEvent>) {
    let transmits: Vec<_> = core::iter::from_fn(|| server.poll_transmit()).take(OUTPUTS_MAX).collect();
    let events: Vec<_> = core::iter::from_fn(|| server.poll_event()).take(OUTPUTS_MAX).collect();
    assert!(transmits.len().max(events.len()) < OUTPUTS_MAX, "outputs without end");
    assert!(server.poll_transmit().is_none() && server.poll_event().is_none(), "what is drained is empty");
    (transmits, events)
}

fn keep<T>(list: &mut Vec<T>, item: T) {
    if list.len() == KEPT {
        list.remove(0);
    }
    list.push(item);
}

impl Carrier {
    /// The number of the next request.
    pub(super) fn next_exchange(&self) -> ExchangeId {
        ExchangeId(self.exchanges.len() as u64 + 1)
    }

    /// One of the exchanges, the latest first; or one that never was.
    pub(super) fn exchange(&self, back: usize) -> ExchangeId {
        let latest = self.exchanges.len() as u64;
        ExchangeId(latest.checked_sub(back as u64).filter(|id| *id > 0).unwrap_or(u64::MAX))
    }

    /// A name for a session that was not used before.
    pub(super) fn fresh_session(&mut self) -> Text {
        self.issued += 1;
        Text::from(format!("s{}", self.issued))
    }

    pub(super) fn session(&self, back: usize) -> Text {
        let index = self.sessions.len().checked_sub(1 + back);
        index.and_then(|index| self.sessions.get(index)).cloned().unwrap_or_else(|| Text::from("nobody"))
    }

    /// What the store says to the oldest question, as it should or not.
    pub(super) fn store_answers(&mut self, fails: bool) -> Option<ServerInput> {
        if self.asked.is_empty() {
            return None;
        }
        let (ticket, answer) = match self.asked.remove(0) {
            ServerTransmit::StoreGet { ticket, key } => (ticket, self.get(&key)),
            ServerTransmit::StorePut { ticket, key, expected, record, .. } => {
                (ticket, self.put(key, expected, Some(record)))
            }
            ServerTransmit::StoreDelete { ticket, key, expected } => (ticket, self.put(key, expected, None)),
            _ => return None,
        };
        let answer = if fails { StoreAnswer::Failed } else { answer };
        Some(ServerInput::Stored { ticket, answer })
    }

    fn get(&self, key: &Text) -> StoreAnswer {
        match self.records.get(key).cloned() {
            Some((version, record)) => StoreAnswer::Record { version, record },
            None => StoreAnswer::Absent,
        }
    }

    fn put(&mut self, key: Text, expected: u64, record: Option<Text>) -> StoreAnswer {
        if self.records.get(&key).map_or(0, |(version, _)| *version) != expected {
            return StoreAnswer::Conflict;
        }
        match record {
            Some(record) => drop(self.records.insert(key, (expected + 1, record))),
            None => drop(self.records.remove(&key)),
        }
        StoreAnswer::Done
    }

    /// Another node wrote a record meanwhile.
    pub(super) fn record_changes(&mut self) {
        if let Some((version, _)) = self.records.values_mut().next_back() {
            *version += 1;
        }
    }

    /// Notes what an operation means for the exchanges.
    pub(super) fn called(&mut self, operation: &Operation) {
        match operation {
            Operation::Input(ServerInput::Request(request)) => {
                self.exchanges.insert(request.exchange, State::Waiting);
            }
            Operation::Input(ServerInput::Closed { exchange, .. }) => {
                if let Some(state) = self.exchanges.get_mut(exchange) {
                    *state = State::Over;
                }
            }
            _ => {}
        }
    }

    /// Notes what the server gave out, and fails if a carrier could not do it.
    pub(super) fn take(&mut self, transmits: Vec<ServerTransmit>, events: Vec<ServerEvent>) {
        for transmit in transmits {
            self.carry_out(transmit);
        }
        for event in events {
            match event {
                ServerEvent::HandshakeRequested { exchange, .. } => keep(&mut self.handshakes, exchange),
                ServerEvent::Connected { session, .. } => keep(&mut self.sessions, session.0),
                // The application answers what is outside when it likes; here it never does.
                ServerEvent::Outside(request) => self.goes(request.exchange, &[State::Waiting], State::Over),
                _ => {}
            }
        }
    }

    fn carry_out(&mut self, transmit: ServerTransmit) {
        use State::{Begun, Forwarded, Over, Upgraded, Waiting};
        match transmit {
            ServerTransmit::Respond { exchange, response } => {
                self.goes(exchange, &[Waiting, Forwarded], Over);
                self.issued_by(&response.body);
            }
            ServerTransmit::Begin { exchange, .. } => self.goes(exchange, &[Waiting, Forwarded], Begun),
            ServerTransmit::Chunk { exchange, .. } => self.goes(exchange, &[Begun], Begun),
            ServerTransmit::Upgrade { exchange } => self.goes(exchange, &[Waiting, Forwarded], Upgraded),
            ServerTransmit::Message { exchange, .. } => self.goes(exchange, &[Upgraded], Upgraded),
            ServerTransmit::Close { exchange } => {
                self.goes(exchange, &[Waiting, Begun, Upgraded, Forwarded], Over);
            }
            ServerTransmit::Forward { exchange, .. } => self.goes(exchange, &[Waiting], Forwarded),
            ServerTransmit::Publish { channel, message } => keep(&mut self.publications, (channel, message)),
            asked @ (ServerTransmit::StoreGet { .. }
            | ServerTransmit::StorePut { .. }
            | ServerTransmit::StoreDelete { .. }) => self.asked.push(asked),
            ServerTransmit::Subscribe { .. } | ServerTransmit::Unsubscribe { .. } => {}
        }
    }

    fn goes(&mut self, exchange: ExchangeId, from: &[State], to: State) {
        let state = self.exchanges.get_mut(&exchange);
        let Some(state) = state else { panic!("{exchange:?} never was") };
        assert!(from.contains(state), "{exchange:?} was {state:?} and becomes {to:?}");
        *state = to;
    }

    /// A handshake's answer begins with the id.
    fn issued_by(&mut self, body: &[u8]) {
        let Ok(text) = core::str::from_utf8(body) else { return };
        let mut fields = text.split(':');
        if let (Some(session), 3) = (fields.next(), fields.count()) {
            keep(&mut self.sessions, Text::from(session));
        }
    }
}
