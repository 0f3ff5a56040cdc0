//! The balancer's view of its servers: health, load, and links that wait for another request.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use socketio08::Instant;

use super::input::{ConnId, LinkId};
use super::policy::Candidate;
use crate::scenario::{Check, ServerIx};
use crate::world::health::{self, Health};

/// Links that wait for each server at most, or clients that make one request for each connection would leave one behind with
/// every request. HAProxy bounds them otherwise: every 5 s it closes half of those that wait (`pool-purge-delay`).
const IDLE_LINKS_MAX: usize = 256;

/// A connection to a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Link {
    pub(super) server: ServerIx,
    /// Whom it serves; `None` while it waits for another request.
    pub(super) conn: Option<ConnId>,
    /// Requests it has carried.
    uses: u32,
}

/// Server, whether the link has been reused before, link.
type IdleKey = (ServerIx, bool, LinkId);

impl Link {
    fn idle_key(&self, id: LinkId) -> IdleKey {
        (self.server, self.uses > 1, id)
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Server {
    health: Option<Health>,
    awaiting_check: bool,
    load: u64,
    changed: u64,
}

/// Servers and links.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Pool {
    check: Option<Check>,
    servers: Vec<Server>,
    links: BTreeMap<LinkId, Link>,
    /// Links that wait for another request.
    idle: BTreeSet<IdleKey>,
    next_link: u64,
    /// Counts changes of load.
    sequence: u64,
}

impl Pool {
    pub(super) fn new(servers: usize, check: Option<Check>) -> Self {
        let fresh = |changed| Server {
            health: check.as_ref().map(Health::new),
            awaiting_check: false,
            load: 0,
            changed,
        };
        let sequence = servers as u64;
        Self {
            check,
            servers: (0..sequence).map(fresh).collect(),
            links: BTreeMap::new(),
            idle: BTreeSet::new(),
            next_link: 0,
            sequence,
        }
    }

    // --- servers

    pub(super) fn is_up(&self, server: ServerIx) -> bool {
        self.servers.get(server.0).is_some_and(|server| server.health.as_ref().is_none_or(Health::is_up))
    }

    pub(super) fn up_count(&self) -> usize {
        (0..self.servers.len()).filter(|index| self.is_up(ServerIx(*index))).count()
    }

    pub(super) fn load(&self, server: ServerIx) -> u64 {
        self.servers.get(server.0).map_or(0, |server| server.load)
    }

    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let view = |(index, server): (usize, &Server)| Candidate {
            up: self.is_up(ServerIx(index)),
            load: server.load,
            changed: server.changed,
        };
        self.servers.iter().enumerate().map(view).collect()
    }

    /// A request or connection begins on a server.
    pub(super) fn take(&mut self, server: ServerIx) {
        self.change_load(server, |load| load + 1);
    }

    /// A request or connection ends on a server.
    pub(super) fn release(&mut self, server: ServerIx) {
        self.change_load(server, |load| load.saturating_sub(1));
    }

    fn change_load(&mut self, server: ServerIx, change: impl Fn(u64) -> u64) {
        self.sequence += 1;
        if let Some(state) = self.servers.get_mut(server.0) {
            state.load = change(state.load);
            state.changed = self.sequence;
        }
    }

    // --- checks

    /// When each server is checked first.
    pub(super) fn first_checks(&self) -> Vec<(ServerIx, Instant)> {
        let Some(check) = &self.check else { return Vec::new() };
        let servers = self.servers.len();
        let first = |index| (ServerIx(index), health::first_check(check, ServerIx(index), servers));
        (0..servers).map(first).collect()
    }

    /// A check of the server begins. Returns when the next is due, and its new state if the last check was never
    /// answered and that was the failure that decided.
    pub(super) fn begin_check(&mut self, server: ServerIx, due: Instant) -> Option<(Instant, Option<bool>)> {
        let inter = self.check?.inter.max(Duration::from_micros(1));
        let marked = self.handle_checked(server, false);
        self.servers.get_mut(server.0)?.awaiting_check = true;
        Some((due + inter, marked))
    }

    /// A check ended. Returns the server's new state if it changed; a result nobody waits for changes nothing.
    pub(super) fn handle_checked(&mut self, server: ServerIx, passed: bool) -> Option<bool> {
        let state = self.servers.get_mut(server.0)?;
        if !core::mem::take(&mut state.awaiting_check) {
            return None;
        }
        state.health.as_mut()?.handle_result(passed)
    }

    // --- links

    pub(super) fn open_link(&mut self, server: ServerIx, conn: ConnId) -> LinkId {
        let link = LinkId(self.next_link);
        self.next_link += 1;
        self.links.insert(link, Link { server, conn: Some(conn), uses: 0 });
        link
    }

    pub(super) fn link(&self, link: LinkId) -> Option<&Link> {
        self.links.get(&link)
    }

    pub(super) fn remove_link(&mut self, id: LinkId) -> Option<Link> {
        let link = self.links.remove(&id)?;
        if link.conn.is_none() {
            self.idle.remove(&link.idle_key(id));
        }
        Some(link)
    }

    /// A request goes over the link.
    pub(super) fn count_use(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.uses += 1;
        }
    }

    /// The link waits for another request; false if enough wait for its server already.
    pub(super) fn park_link(&mut self, id: LinkId) -> bool {
        let Some(link) = self.links.get_mut(&id) else { return false };
        let waiting = (link.server, false, LinkId(0))..=(link.server, true, LinkId(u64::MAX));
        if self.idle.range(waiting).count() >= IDLE_LINKS_MAX {
            return false;
        }
        link.conn = None;
        self.idle.insert(link.idle_key(id));
        true
    }

    /// A waiting link to the server, for the first or a later request of a client connection. With `http-reuse safe`
    /// the first request only goes over a link that has proved to be reusable: nobody would repeat that request.
    pub(super) fn reuse_link(&mut self, server: ServerIx, conn: ConnId, first: bool) -> Option<LinkId> {
        let waiting = |proved| (server, proved, LinkId(0))..=(server, proved, LinkId(u64::MAX));
        let proved = self.idle.range(waiting(true)).next();
        let found = if first { proved } else { proved.or_else(|| self.idle.range(waiting(false)).next()) };
        let key = *found?;
        self.idle.remove(&key);
        self.links.get_mut(&key.2)?.conn = Some(conn);
        Some(key.2)
    }
}
