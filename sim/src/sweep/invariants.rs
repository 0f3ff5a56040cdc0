//! Safety: what must hold at every record of every trace, whatever breaks. `docs/INVARIANTS.md` has each with its reason.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use socketio08::{Text, Transport};

use super::demands::Demands;
use super::upward::Upward;
use crate::scenario::{Scenario, ServerIx, Store};
use crate::trace::{ClientId, Record, RequestKind, TraceEvent};

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

/// One session as the server that has it sees it.
#[derive(Clone, Debug)]
struct Session {
    /// Who has it; `None`: it is between two servers.
    owner: Option<ServerIx>,
    /// Issued, opened, posted to or taken over, last.
    last: u64,
    /// How it was opened last; `None`: never.
    transport: Option<Transport>,
    connected: bool,
}

/// The checker; feed it every record.
#[derive(Clone, Debug)]
pub struct Safety {
    demands: Demands,
    store: Store,
    last: Option<(u64, u64)>,
    issued: BTreeSet<Text>,
    sessions: BTreeMap<Text, Session>,
    handed: BTreeMap<ClientId, BTreeSet<Text>>,
    down: BTreeSet<ServerIx>,
    ticks: BTreeSet<u64>,
    ticked: BTreeMap<(ClientId, Text), u64>,
    upward: BTreeMap<ClientId, Upward>,
    /// When idle sessions were looked for last.
    swept: u64,
}

/// How often idle sessions are looked for.
const SWEEP_MICROS: u64 = 1_000_000;

impl Safety {
    /// A checker of one run of `scenario`.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            demands: Demands::of(scenario),
            store: scenario.servers.store,
            last: None,
            issued: BTreeSet::new(),
            sessions: BTreeMap::new(),
            handed: BTreeMap::new(),
            down: BTreeSet::new(),
            ticks: BTreeSet::new(),
            ticked: BTreeMap::new(),
            upward: BTreeMap::new(),
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
        self.ticks(record, &mut broken);
        self.upward(record, &mut broken);
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
                // A portable session is in the store until it is opened.
                let owner = Some(*server).filter(|_| self.store != Store::Portable);
                let fresh = Session { owner, last: record.at, transport: None, connected: false };
                self.sessions.insert(session.clone(), fresh);
            }
            TraceEvent::Opened { server, session, transport } => {
                if let Some(known) = self.known(*server, session) {
                    (known.last, known.transport) = (record.at, Some(*transport));
                }
            }
            TraceEvent::Posted { server, session } => {
                if let Some(known) = self.known(*server, session) {
                    known.last = record.at;
                }
            }
            TraceEvent::Rejected { server, session, .. } if self.demands.never_rejects => {
                broken("sticky-never-rejects", format!("{server} rejected {session}"));
            }
            TraceEvent::SessionConnected { server, session } => {
                if !self.issued.contains(session) {
                    broken("session-known", format!("{server} connected {session}, which nobody issued"));
                }
                if let Some(known) = self.known(*server, session) {
                    (known.owner, known.connected) = (Some(*server), true);
                }
            }
            TraceEvent::Adopted { server, session } => {
                if let Some(known) = self.sessions.get_mut(session) {
                    (known.owner, known.last) = (Some(*server), record.at);
                }
            }
            TraceEvent::HandedOver { session, .. } => {
                if let Some(known) = self.sessions.get_mut(session) {
                    known.owner = None;
                }
            }
            TraceEvent::SessionEnded { server, session, .. } => self.ended(*server, session, broken),
            TraceEvent::ServerDown { server, .. } => {
                self.down.insert(*server);
                self.sessions.retain(|_, known| known.owner != Some(*server));
            }
            TraceEvent::ServerUp { server } => {
                self.down.remove(server);
            }
            _ => {}
        }
    }

    /// The session, if `server` has it or asks whoever has it.
    fn known(&mut self, server: ServerIx, session: &Text) -> Option<&mut Session> {
        let shared = self.store != Store::Memory;
        self.sessions.get_mut(session).filter(|known| shared || known.owner == Some(server))
    }

    fn ended(&mut self, server: ServerIx, session: &Text, broken: &mut dyn FnMut(&'static str, String)) {
        if !self.issued.contains(session) {
            broken("session-known", format!("{server} ended {session}, which nobody issued"));
        }
        let owned = self.sessions.remove(session).is_some_and(|known| known.owner == Some(server));
        if !owned && self.demands.one_owner {
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

    /// Numbered ticks of servers.
    fn ticks(&mut self, record: &Record, broken: &mut dyn FnMut(&'static str, String)) {
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
                if let Some(last) = last.filter(|last| self.demands.single_ticks && *last >= *number) {
                    let who = client.0 + 1;
                    broken(
                        "tick-once-in-order",
                        format!("client {who} got tick {number} after {last} in {session}"),
                    );
                }
            }
            _ => {}
        }
    }

    /// Numbered messages of clients.
    fn upward(&mut self, record: &Record, broken: &mut dyn FnMut(&'static str, String)) {
        let (TraceEvent::Handshaken { client, .. }
        | TraceEvent::Connected { client, .. }
        | TraceEvent::Requested { client, kind: RequestKind::Post, .. }
        | TraceEvent::UpSent { client, .. }
        | TraceEvent::UpReceived { client, .. }) = &record.event
        else {
            return;
        };
        let (upward, who) = (self.upward.entry(*client).or_default(), client.0 + 1);
        match &record.event {
            TraceEvent::Handshaken { .. } => {
                upward.shook(self.demands.repeats.get(client.index()).is_some_and(|repeats| *repeats));
            }
            TraceEvent::Connected { transport, .. } => upward.connected(*transport),
            TraceEvent::Requested { session, .. } => upward.posts(session),
            TraceEvent::UpSent { number, .. } => upward.sent(*number),
            TraceEvent::UpReceived { server, number, .. } => {
                let what = format!("{server} got message {number} of client {who}");
                if !upward.has_sent(*number) {
                    broken("message-sent", format!("{what}, never sent"));
                }
                if let Some(last) = upward.receives(*number).filter(|_| self.demands.single_messages) {
                    broken("message-once-in-order", format!("{what} after {last}"));
                }
            }
            _ => {}
        }
    }

    /// Sessions that polled and fell silent must be gone.
    fn timers(&mut self, record: &Record, broken: &mut dyn FnMut(&'static str, String)) {
        let Some(silence) = self.demands.silence.filter(|_| record.at >= self.swept + SWEEP_MICROS) else {
            return;
        };
        self.swept = record.at;
        let silence = u64::try_from(silence.as_micros()).unwrap_or(u64::MAX);
        let idle = |session: &Session| {
            let polls = matches!(session.transport, Some(Transport::XhrPolling | Transport::JsonpPolling));
            session.connected && polls && record.at > session.last + silence
        };
        self.sessions.retain(|id, session| {
            let over = session.owner.filter(|_| idle(session));
            if let Some(owner) = over {
                broken(
                    "session-ends-by-its-timers",
                    format!("{owner} still has {id}, silent for {silence} us"),
                );
            }
            over.is_none()
        });
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
