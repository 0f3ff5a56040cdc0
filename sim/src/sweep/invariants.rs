//! Safety: what must hold at every record of every trace, whatever breaks. `docs/INVARIANTS.md` has each with its reason.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use socketio08::{Text, Transport};

use super::heal::sticky;
use crate::scenario::{BroadcastBy, Scenario, ServerIx, Store};
use crate::trace::{ClientId, Record, TraceEvent};
use crate::world::fault;

/// The names of all invariants, in the order of `docs/INVARIANTS.md`.
pub const INVARIANTS: [&str; 14] = [
    "records-in-order",
    "session-issued-once",
    "session-known",
    "session-ended-once",
    "handshake-issued",
    "connected-handshaken",
    "down-server-silent",
    "tick-once-in-order",
    "tick-sent",
    "message-once-in-order",
    "message-sent",
    "sticky-never-rejects",
    "session-ends-by-its-timers",
    "connected-once-healed",
];

/// After the last sign of a client that polls, a session lasts this long at most: the poll that waits is answered after 20 s,
/// the close timeout is 25 s; the rest is for a server with work before it.
const POLLING_SILENCE: Duration = Duration::from_secs(20 + 25 + 10);

/// A rule that does not hold.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Violation {
    /// Which, one of [`INVARIANTS`].
    pub invariant: &'static str,
    /// When, in microseconds of the run.
    pub at: u64,
    /// At which record; `None`: at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// What happened.
    pub message: String,
}

/// One session as its server sees it.
#[derive(Clone, Debug)]
struct Session {
    /// Issued, opened or posted to, last.
    last: u64,
    /// How it was opened last; `None`: never.
    transport: Option<Transport>,
    connected: bool,
}

/// The checker; feed it every record.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "which rules a world is held to, each by itself")]
pub struct Safety {
    /// No request of a session may meet a server that does not know it.
    never_rejects: bool,
    /// Each tick reaches a session once: one server sends it, or each its own sessions.
    single_ticks: bool,
    /// No server or client is paused or held up for longer than the timers allow for.
    timers: bool,
    /// Nothing that a lost session sent is held up until the next one has begun.
    prompt: bool,
    last: Option<(u64, u64)>,
    issued: BTreeSet<Text>,
    sessions: BTreeMap<(ServerIx, Text), Session>,
    handed: BTreeMap<ClientId, BTreeSet<Text>>,
    down: BTreeSet<ServerIx>,
    ticks: BTreeSet<u64>,
    ticked: BTreeMap<(ClientId, Text), u64>,
    sent: BTreeMap<ClientId, u64>,
    received: BTreeMap<ClientId, u64>,
    /// When idle sessions were looked for last.
    swept: u64,
}

/// How often idle sessions are looked for.
const SWEEP_MICROS: u64 = 1_000_000;

impl Safety {
    /// A checker of one run of `scenario`.
    pub fn new(scenario: &Scenario) -> Self {
        let memory = scenario.servers.store == Store::Memory;
        let calm = fault::plan(scenario).is_empty();
        Self {
            never_rejects: sticky(scenario) && calm,
            single_ticks: memory || scenario.servers.broadcast_by == BroadcastBy::First,
            timers: scenario.harms.is_empty() && memory,
            prompt: scenario.harms.is_empty(),
            last: None,
            issued: BTreeSet::new(),
            sessions: BTreeMap::new(),
            handed: BTreeMap::new(),
            down: BTreeSet::new(),
            ticks: BTreeSet::new(),
            ticked: BTreeMap::new(),
            sent: BTreeMap::new(),
            received: BTreeMap::new(),
            swept: 0,
        }
    }

    /// Sees one record; what it breaks goes to `found`.
    pub fn see(&mut self, record: &Record, found: &mut Vec<Violation>) {
        let mut broken = |invariant, message: String| {
            found.push(Violation { invariant, at: record.at, seq: Some(record.seq), message });
        };
        let next = self.last.map_or(0, |(_, seq)| seq + 1);
        if record.seq != next || self.last.is_some_and(|(at, _)| record.at < at) {
            broken("records-in-order", format!("record {} after {:?}", record.seq, self.last));
        }
        self.last = Some((record.at, record.seq));
        self.server(record, &mut broken);
        self.client(record, &mut broken);
        self.messages(record, &mut broken);
        self.timers(record, &mut broken);
    }

    /// What servers do.
    fn server(&mut self, record: &Record, broken: &mut dyn FnMut(&'static str, String)) {
        if let Some(server) = speaker(&record.event).filter(|server| self.down.contains(server)) {
            broken("down-server-silent", format!("{server} is down and yet: {:?}", record.event));
        }
        match &record.event {
            TraceEvent::Issued { server, session } => {
                if !self.issued.insert(session.clone()) {
                    broken("session-issued-once", format!("{server} issued {session} again"));
                }
                let fresh = Session { last: record.at, transport: None, connected: false };
                self.sessions.insert((*server, session.clone()), fresh);
            }
            TraceEvent::Opened { server, session, transport } => {
                if let Some(known) = self.sessions.get_mut(&(*server, session.clone())) {
                    (known.last, known.transport) = (record.at, Some(*transport));
                }
            }
            TraceEvent::Posted { server, session } => {
                if let Some(known) = self.sessions.get_mut(&(*server, session.clone())) {
                    known.last = record.at;
                }
            }
            TraceEvent::Rejected { server, session, .. } if self.never_rejects => {
                broken("sticky-never-rejects", format!("{server} rejected {session}"));
            }
            TraceEvent::SessionConnected { server, session } => {
                if !self.issued.contains(session) {
                    broken("session-known", format!("{server} connected {session}, which nobody issued"));
                }
                if let Some(known) = self.sessions.get_mut(&(*server, session.clone())) {
                    known.connected = true;
                }
            }
            TraceEvent::SessionEnded { server, session, .. } => self.ended(*server, session, broken),
            TraceEvent::ServerDown { server, .. } => {
                self.down.insert(*server);
                self.sessions.retain(|(at, _), _| at != server);
            }
            TraceEvent::ServerUp { server } => {
                self.down.remove(server);
            }
            _ => {}
        }
    }

    fn ended(&mut self, server: ServerIx, session: &Text, broken: &mut dyn FnMut(&'static str, String)) {
        if !self.issued.contains(session) {
            broken("session-known", format!("{server} ended {session}, which nobody issued"));
        }
        let known = self.sessions.remove(&(server, session.clone()));
        if known.is_none() && self.single_ticks && self.timers {
            broken("session-ended-once", format!("{server} ended {session}, which it has not"));
        }
    }

    /// What clients learn.
    fn client(&mut self, record: &Record, broken: &mut dyn FnMut(&'static str, String)) {
        match &record.event {
            TraceEvent::Handshaken { client, session } => {
                if !self.issued.contains(session) {
                    broken("handshake-issued", format!("client {} was handed {session}", client.0 + 1));
                }
                self.handed.entry(*client).or_default().insert(session.clone());
                // What a lost session leaves unanswered is sent again in the next one: once is a promise of each session.
                self.received.remove(client);
            }
            // A client that asks periodically has no session.
            TraceEvent::Connected { client, session, .. }
                if !session.is_empty()
                    && !self.handed.get(client).is_some_and(|handed| handed.contains(session)) =>
            {
                broken("connected-handshaken", format!("client {} never shook {session}", client.0 + 1));
            }
            _ => {}
        }
    }

    /// Numbered messages, both ways.
    fn messages(&mut self, record: &Record, broken: &mut dyn FnMut(&'static str, String)) {
        match &record.event {
            TraceEvent::TickSent { number, .. } => {
                self.ticks.insert(*number);
            }
            TraceEvent::TickReceived { client, session, number } => {
                if !self.ticks.contains(number) {
                    broken(
                        "tick-sent",
                        format!("client {} got tick {number}, which nobody sent", client.0 + 1),
                    );
                }
                let last = self.ticked.insert((*client, session.clone()), *number);
                if let Some(last) = last.filter(|last| self.single_ticks && *last >= *number) {
                    let who = client.0 + 1;
                    broken(
                        "tick-once-in-order",
                        format!("client {who} got tick {number} after {last} in {session}"),
                    );
                }
            }
            TraceEvent::UpSent { client, number } => {
                self.sent.insert(*client, *number);
            }
            TraceEvent::UpReceived { server, client, number } => {
                let who = client.0 + 1;
                if self.sent.get(client).is_none_or(|sent| sent < number) {
                    broken(
                        "message-sent",
                        format!("{server} got message {number} of client {who}, never sent"),
                    );
                }
                let last = self.received.insert(*client, *number);
                if let Some(last) = last.filter(|last| self.prompt && *last >= *number) {
                    let message = format!("{server} got message {number} of client {who} after {last}");
                    broken("message-once-in-order", message);
                }
            }
            _ => {}
        }
    }

    /// Sessions that polled and fell silent must be gone.
    fn timers(&mut self, record: &Record, broken: &mut dyn FnMut(&'static str, String)) {
        if !self.timers || record.at < self.swept + SWEEP_MICROS {
            return;
        }
        self.swept = record.at;
        let silence = u64::try_from(POLLING_SILENCE.as_micros()).unwrap_or(u64::MAX);
        let idle = |session: &Session| {
            let polls = matches!(session.transport, Some(Transport::XhrPolling | Transport::JsonpPolling));
            session.connected && polls && record.at > session.last + silence
        };
        let idle: Vec<_> =
            self.sessions.iter().filter(|(_, session)| idle(session)).map(|(key, _)| key.clone()).collect();
        for (server, session) in idle {
            broken(
                "session-ends-by-its-timers",
                format!("{server} still has {session}, silent for {silence} us"),
            );
            self.sessions.remove(&(server, session));
        }
    }
}

/// The server that something happens at; the balancer and faults speak of servers, but are not them.
fn speaker(event: &TraceEvent) -> Option<ServerIx> {
    match event {
        TraceEvent::Issued { server, .. }
        | TraceEvent::Opened { server, .. }
        | TraceEvent::Posted { server, .. }
        | TraceEvent::Rejected { server, .. }
        | TraceEvent::SessionConnected { server, .. }
        | TraceEvent::UpReceived { server, .. }
        | TraceEvent::TickSent { server, .. } => Some(*server),
        _ => None,
    }
}
