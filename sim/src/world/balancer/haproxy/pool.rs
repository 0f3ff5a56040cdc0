//! The balancer's view of its servers: health, load, and links that wait for another request.

use core::net::Ipv4Addr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use socketio08::Instant;

use crate::scenario::{Check, ServerIx};
use crate::world::balancer::input::{Administration, ConnId, LinkId};
use crate::world::health::{self, Health};

/// Links that wait for each server at most, or clients that make one request for each connection would leave one behind with
/// every request. HAProxy bounds them otherwise: every 5 s it closes half of those that wait (`pool-purge-delay`).
const IDLE_LINKS_MAX: usize = 256;

/// Links that wait for one client's connection at most (`max-session-srv-conns`; measured: the sixth is closed).
const OWN_LINKS_MAX: usize = 5;

/// A connection to a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Link {
    pub(super) server: ServerIx,
    /// Whom it serves; `None` while it waits for another request.
    pub(super) conn: Option<ConnId>,
    /// The address that its line of the PROXY protocol told: nobody else's requests may use it.
    pub(super) proxy: Option<Ipv4Addr>,
    /// The client's connection that alone may use it.
    owner: Option<ConnId>,
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
    administration: Administration,
    load: u64,
}

/// Servers and links.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Pool {
    check: Option<Check>,
    servers: Vec<Server>,
    links: BTreeMap<LinkId, Link>,
    /// Links that wait for another request.
    idle: BTreeSet<IdleKey>,
    /// Links that wait for another request of the client's connection that owns them, in the order of their first use.
    own: BTreeMap<ConnId, Vec<LinkId>>,
    next_link: u64,
}

impl Pool {
    pub(super) fn new(servers: usize, check: Option<Check>) -> Self {
        let fresh = || Server {
            health: check.as_ref().map(Health::new),
            awaiting_check: false,
            administration: Administration::Ready,
            load: 0,
        };
        Self {
            check,
            servers: core::iter::repeat_with(fresh).take(servers).collect(),
            links: BTreeMap::new(),
            idle: BTreeSet::new(),
            own: BTreeMap::new(),
            next_link: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.servers.len()
    }

    // --- servers

    /// It is alive as far as the checks know.
    pub(super) fn is_up(&self, server: ServerIx) -> bool {
        self.servers.get(server.0).is_some_and(|server| server.health.as_ref().is_none_or(Health::is_up))
    }

    /// It takes requests that belong to it: up, and not in maintenance.
    pub(super) fn takes_its_own(&self, server: ServerIx) -> bool {
        let administration = self.servers.get(server.0).map(|server| server.administration);
        self.is_up(server) && administration.is_some_and(|state| state != Administration::Maintenance)
    }

    /// It takes requests of anybody.
    pub(super) fn takes_all(&self, server: ServerIx) -> bool {
        let administration = self.servers.get(server.0).map(|server| server.administration);
        self.is_up(server) && administration == Some(Administration::Ready)
    }

    /// What an operator says of a server. One that comes back from maintenance is taken to be up, and falls at the
    /// first check that fails.
    pub(super) fn administer(&mut self, server: ServerIx, administration: Administration) {
        let Some(state) = self.servers.get_mut(server.0) else { return };
        let from_maintenance = state.administration == Administration::Maintenance;
        if from_maintenance && administration != Administration::Maintenance {
            state.health = self.check.as_ref().map(Health::returned);
        }
        state.administration = administration;
    }

    pub(super) fn load(&self, server: ServerIx) -> u64 {
        self.servers.get(server.0).map_or(0, |server| server.load)
    }

    /// A request or connection begins (`true`) or ends on a server.
    pub(super) fn count(&mut self, server: ServerIx, begins: bool) {
        if let Some(state) = self.servers.get_mut(server.0) {
            state.load = if begins { state.load + 1 } else { state.load.saturating_sub(1) };
        }
    }

    /// The links that wait for another request; they are forgotten.
    pub(super) fn take_idle_links(&mut self) -> Vec<LinkId> {
        let idle = core::mem::take(&mut self.idle);
        let links: Vec<_> = idle.into_iter().map(|(_, _, link)| link).collect();
        for link in &links {
            self.links.remove(link);
        }
        links
    }

    /// Everything but the links is as at the start.
    pub(super) fn renew(&mut self) {
        let fresh = Self::new(self.servers.len(), self.check);
        self.servers = fresh.servers;
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
        let state = self.servers.get_mut(server.0)?;
        state.awaiting_check = state.administration != Administration::Maintenance;
        Some((due + inter, marked))
    }

    /// Whether the result of a check is waited for; none is made of a server in maintenance.
    pub(super) fn awaits_check(&self, server: ServerIx) -> bool {
        self.servers.get(server.0).is_some_and(|server| server.awaiting_check)
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

    pub(super) fn open_link(&mut self, server: ServerIx, conn: ConnId, proxy: Option<Ipv4Addr>) -> LinkId {
        let link = LinkId(self.next_link);
        self.next_link += 1;
        self.links.insert(link, Link { server, conn: Some(conn), proxy, owner: None, uses: 0 });
        link
    }

    pub(super) fn link(&self, link: LinkId) -> Option<&Link> {
        self.links.get(&link)
    }

    pub(super) fn remove_link(&mut self, id: LinkId) -> Option<Link> {
        let link = self.links.remove(&id)?;
        match link.owner {
            Some(owner) if link.conn.is_none() => {
                self.own.get_mut(&owner)?.retain(|other| *other != id);
            }
            None if link.conn.is_none() => {
                self.idle.remove(&link.idle_key(id));
            }
            _ => {}
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
    pub(super) fn reuse_link(
        &mut self,
        server: ServerIx,
        conn: ConnId,
        (first, proxy): (bool, Option<Ipv4Addr>),
    ) -> Option<LinkId> {
        let fits = |key: &&IdleKey| self.links.get(&key.2).is_some_and(|link| link.proxy == proxy);
        let waiting = |proved| (server, proved, LinkId(0))..=(server, proved, LinkId(u64::MAX));
        let proved = self.idle.range(waiting(true)).find(fits);
        let found =
            if first { proved } else { proved.or_else(|| self.idle.range(waiting(false)).find(fits)) };
        let key = *found?;
        self.idle.remove(&key);
        self.links.get_mut(&key.2)?.conn = Some(conn);
        Some(key.2)
    }

    // --- links of one client's connection

    /// The link waits for another request of the connection that it serves; false if enough do already.
    pub(super) fn keep_link(&mut self, id: LinkId) -> bool {
        let Some(link) = self.links.get_mut(&id) else { return false };
        let Some(owner) = link.conn else { return false };
        let waiting = self.own.entry(owner).or_default();
        if waiting.len() >= OWN_LINKS_MAX {
            return false;
        }
        waiting.push(id);
        (link.conn, link.owner) = (None, Some(owner));
        true
    }

    /// A link of the connection's own to the server.
    pub(super) fn own_link(&mut self, server: ServerIx, conn: ConnId) -> Option<LinkId> {
        let (links, waiting) = (&mut self.links, self.own.get_mut(&conn)?);
        let to_it = |id: &LinkId| links.get(id).is_some_and(|link| link.server == server);
        let id = waiting.remove(waiting.iter().position(to_it)?);
        links.get_mut(&id)?.conn = Some(conn);
        Some(id)
    }

    /// The server that a connection has a link of its own to, if that server takes requests of anybody.
    pub(super) fn last_server(&self, conn: ConnId) -> Option<ServerIx> {
        let servers = self.own.get(&conn)?.iter().filter_map(|id| self.links.get(id));
        servers.map(|link| link.server).find(|server| self.takes_all(*server))
    }

    /// The links that wait for a connection that is no more; they are forgotten.
    pub(super) fn take_own_links(&mut self, conn: ConnId) -> Vec<LinkId> {
        let own = self.own.remove(&conn).unwrap_or_default();
        for link in &own {
            self.links.remove(link);
        }
        own
    }
}
