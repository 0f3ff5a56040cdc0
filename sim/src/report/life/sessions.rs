//! Sessions on servers over time: how evenly they lie, and which outlive their clients.

use std::collections::BTreeMap;

use serde::Serialize;
use socketio08::{Instant, Text};

use crate::report::figures::{Spread, millis};
use crate::report::tally::Tally;
use crate::scenario::{Leaving, Scenario, ServerIx};
use crate::trace::{ClientId, TraceEvent};

/// Connected sessions on each server over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Load {
    /// From one row to the next.
    pub every_ms: u64,
    /// On each server, at the start of the run and after each step.
    pub sessions: Vec<Vec<u32>>,
    /// Gini coefficient at the end: 0 when all servers have the same, near 1 when one has all; of servers that are up.
    pub gini_at_end: f64,
    /// Its mean over the rows that have sessions.
    pub gini_mean: f64,
}

/// Sessions that a server keeps although their client is gone or has another.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Ghosts {
    /// How many there were.
    pub total: u64,
    /// How many there are at the end.
    pub at_end: u64,
    /// How long each that ended had outlived its client or the client's next session.
    pub outlived_ms: Option<Spread>,
    /// Of clients that died in silence: until their server knew.
    pub silent_death_known_ms: Option<Spread>,
}

#[derive(Clone, Debug)]
struct Session {
    /// `None`: it is between two servers, in the store.
    server: Option<ServerIx>,
    client: Option<ClientId>,
    ghost_since: Option<Instant>,
    silent: bool,
}

/// Collects [`Load`] and [`Ghosts`].
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    /// Who got which session.
    owners: BTreeMap<Text, ClientId>,
    /// Those connected at a server.
    live: BTreeMap<Text, Session>,
    /// Those of each client.
    of_client: Vec<Vec<Text>>,
    counts: Vec<u32>,
    up: Vec<bool>,
    every_ms: u64,
    rows: Vec<Vec<u32>>,
    ginis: Vec<f64>,
    total: u64,
    outlived: Tally,
    known: Tally,
}

impl Sessions {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let servers = scenario.servers.count as usize;
        // Whole seconds, and 120 rows at most.
        let seconds = scenario.duration.as_secs().div_ceil(120).max(1);
        Self {
            owners: BTreeMap::new(),
            live: BTreeMap::new(),
            of_client: vec![Vec::new(); scenario.clients.count as usize],
            counts: vec![0; servers],
            up: vec![true; servers],
            every_ms: seconds * 1_000,
            rows: Vec::new(),
            ginis: Vec::new(),
            total: 0,
            outlived: Tally::default(),
            known: Tally::default(),
        }
    }

    pub(super) fn record(&mut self, at: Instant, event: &TraceEvent) {
        self.sample(at);
        match event {
            TraceEvent::Handshaken { client, session } => {
                self.owners.insert(session.clone(), *client);
                if let Some(live) = self.live.get_mut(session) {
                    live.client = Some(*client);
                }
                if let Some(own) = self.of_client.get_mut(client.index()) {
                    own.push(session.clone());
                }
            }
            TraceEvent::SessionConnected { server, session } => self.begin(*server, session),
            TraceEvent::SessionEnded { session, .. } => self.end(at, session),
            TraceEvent::Adopted { server, session } => self.move_to(session, Some(*server)),
            TraceEvent::HandedOver { session, .. } => self.move_to(session, None),
            TraceEvent::Connected { client, session, .. } => {
                self.leave_behind(at, *client, Some(session), false);
            }
            // It has no transport left to try: it will not come back to its session.
            TraceEvent::ConnectFailed { client } => self.leave_behind(at, *client, None, false),
            TraceEvent::Left { client, how } => {
                self.leave_behind(at, *client, None, *how == Leaving::Silent);
            }
            TraceEvent::ServerDown { server, .. } => self.forget(*server),
            TraceEvent::ServerUp { server } => {
                if let Some(up) = self.up.get_mut(server.0) {
                    *up = true;
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, server: ServerIx, session: &Text) {
        if self.live.contains_key(session) {
            return;
        }
        let client = self.owners.get(session).copied();
        let server = Some(server);
        self.live.insert(session.clone(), Session { server, client, ghost_since: None, silent: false });
        self.count(server, u32::saturating_add);
    }

    /// A portable session is at that server from now on, or in the store.
    fn move_to(&mut self, name: &Text, server: Option<ServerIx>) {
        let Some(session) = self.live.get_mut(name) else { return };
        let before = std::mem::replace(&mut session.server, server);
        self.count(before, u32::saturating_sub);
        self.count(server, u32::saturating_add);
    }

    fn count(&mut self, server: Option<ServerIx>, change: fn(u32, u32) -> u32) {
        if let Some(count) = server.and_then(|server| self.counts.get_mut(server.0)) {
            *count = change(*count, 1);
        }
    }

    fn end(&mut self, at: Instant, name: &Text) {
        let Some(session) = self.live.remove(name) else { return };
        self.count(session.server, u32::saturating_sub);
        if let Some(own) = session.client.and_then(|client| self.of_client.get_mut(client.index())) {
            own.retain(|other| other != name);
        }
        if let Some(since) = session.ghost_since {
            self.outlived.add(millis(since, at));
            if session.silent {
                self.known.add(millis(since, at));
            }
        }
    }

    /// The client has only the session named, or none: what servers keep of it besides are ghosts from now on.
    fn leave_behind(&mut self, at: Instant, client: ClientId, but: Option<&Text>, silent: bool) {
        let Some(own) = self.of_client.get(client.index()) else { return };
        for name in own.iter().filter(|name| Some(*name) != but) {
            let Some(session) = self.live.get_mut(name).filter(|session| session.ghost_since.is_none())
            else {
                continue;
            };
            session.ghost_since = Some(at);
            session.silent = silent;
            self.total += 1;
        }
    }

    /// The server's process ended: it keeps nothing.
    fn forget(&mut self, server: ServerIx) {
        self.live.retain(|_, session| session.server != Some(server));
        if let Some(count) = self.counts.get_mut(server.0) {
            *count = 0;
        }
        if let Some(up) = self.up.get_mut(server.0) {
            *up = false;
        }
    }

    /// Adds the rows that are due before something happens at `at`.
    fn sample(&mut self, at: Instant) {
        while self.rows.len() as u64 * self.every_ms <= at.as_millis() {
            let gini = self.gini();
            if self.counts.iter().any(|count| *count > 0) {
                self.ginis.push(gini);
            }
            self.rows.push(self.counts.clone());
        }
    }

    /// Of the servers that are up.
    fn gini(&self) -> f64 {
        let counts = self.counts.iter().zip(&self.up);
        gini(counts.filter(|(_, up)| **up).map(|(count, _)| *count).collect())
    }

    pub(super) fn load(&self, end: Instant) -> Load {
        let mut last = self.clone();
        last.sample(end);
        let rows = u32::try_from(last.ginis.len()).unwrap_or(u32::MAX);
        let sum: f64 = last.ginis.iter().sum();
        Load {
            every_ms: last.every_ms,
            gini_at_end: last.gini(),
            gini_mean: if rows == 0 { 0.0 } else { sum / f64::from(rows) },
            sessions: last.rows,
        }
    }

    pub(super) fn ghosts(&self) -> Ghosts {
        let ghosts = self.live.values().filter(|session| session.ghost_since.is_some()).count();
        Ghosts {
            total: self.total,
            at_end: ghosts as u64,
            outlived_ms: self.outlived.spread(),
            silent_death_known_ms: self.known.spread(),
        }
    }
}

/// Half the mean difference between any two, over the mean.
fn gini(mut counts: Vec<u32>) -> f64 {
    counts.sort_unstable();
    let sum: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let number = u32::try_from(counts.len()).unwrap_or(u32::MAX);
    if sum == 0 || number == 0 {
        return 0.0;
    }
    let ranked = (1..).zip(&counts).map(|(rank, count)| f64::from(2 * rank) * f64::from(*count));
    let ranked: f64 = ranked.sum();
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let sum = sum as f64;
    ranked / (f64::from(number) * sum) - f64::from(number + 1) / f64::from(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gini_is_0_for_equals_and_grows_to_1_for_one_who_has_all() {
        assert!(gini(vec![10, 10, 10, 10]).abs() < 1e-9);
        assert!((gini(vec![0, 0, 0, 40]) - 0.75).abs() < 1e-9);
        assert!((gini(vec![40, 20, 4, 4]) - 0.456).abs() < 1e-3);
        assert!(gini(Vec::new()).abs() < 1e-9);
    }
}
