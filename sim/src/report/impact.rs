//! What each fault did to the clients of the server it hit, and to the others.

use serde::Serialize;
use socketio08::Instant;

use super::figures::{Spread, millis, spread};
use crate::scenario::ServerIx;
use crate::trace::ClientId;

/// The change of a balancer that ended.
pub(super) const BALANCER_END: &str = "balancer";

/// What one group of clients suffered between this action and the next of another kind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Toll {
    /// How many are in the group.
    pub clients: u32,
    /// How many lost their connection.
    pub disconnected: u32,
    /// How many were told `7:::1+0`.
    pub rejected: u32,
    /// How many of the disconnected were connected again at the end of the window.
    pub back: u32,
    /// From the action to the loss, over the disconnected.
    pub until_lost_ms: Option<Spread>,
    /// From the action to the next connection, over those back.
    pub until_back_ms: Option<Spread>,
    /// From the loss to the next connection, over those back.
    pub outage_ms: Option<Spread>,
    /// Sessions handed to the group.
    pub handshakes: u32,
    /// Answers of the balancer itself to the group.
    pub balancer_errors: u32,
}

/// One action on a server and its toll.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Impact {
    /// When, from the start of the run.
    pub at_ms: u64,
    /// The server; the first of several that changed alike at this instant.
    pub server: ServerIx,
    /// How many servers did.
    pub servers: u32,
    /// `down` or `up`; what an operator told the balancer of it, `drain`, `ready` or `maint`; `reload` of the
    /// balancer; or `balancer`: it ended.
    pub change: &'static str,
    /// A deploy did it, not a fault.
    pub planned: bool,
    /// When the balancer took notice, from the action; `None`: it did not within the window.
    pub noticed_ms: Option<u64>,
    /// Those who were connected to the server (for `up`: when it last went down).
    pub its_clients: Toll,
    /// All others.
    pub others: Toll,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sufferer {
    its: bool,
    lost: Option<Instant>,
    back: Option<Instant>,
    rejected: bool,
    handshakes: u32,
    balancer_errors: u32,
}

/// Collects one impact while its window is open.
#[derive(Clone, Debug)]
pub(super) struct Window {
    at: Instant,
    server: ServerIx,
    servers: u32,
    change: &'static str,
    planned: bool,
    noticed: Option<Instant>,
    clients: Vec<Sufferer>,
}

impl Window {
    /// A window that opens at `at`; `its` says for each client whether it is the server's.
    pub(super) fn new(
        at: Instant,
        server: ServerIx,
        change: &'static str,
        planned: bool,
        its: &[bool],
    ) -> Self {
        let clients = its.iter().map(|its| Sufferer { its: *its, ..Sufferer::default() }).collect();
        Self { at, server, servers: 1, change, planned, noticed: None, clients }
    }

    /// Whether the same happens to another server at the same instant: one action, as far as clients can tell.
    pub(super) fn is_same(&self, at: Instant, change: &str) -> bool {
        self.at == at && self.change == change
    }

    /// Another server, to which the same happens.
    pub(super) fn add(&mut self, its: &[bool]) {
        self.servers += 1;
        for (client, its) in self.clients.iter_mut().zip(its) {
            client.its |= its;
        }
    }

    pub(super) fn marked(&mut self, at: Instant, server: ServerIx, up: bool) {
        if server == self.server && up == (self.change == "up") {
            self.noticed.get_or_insert(at);
        }
    }

    pub(super) fn lost(&mut self, at: Instant, client: ClientId) {
        self.with(client, |sufferer| {
            sufferer.lost.get_or_insert(at);
        });
    }

    pub(super) fn connected(&mut self, at: Instant, client: ClientId) {
        self.with(client, |sufferer| {
            if sufferer.lost.is_some() {
                sufferer.back.get_or_insert(at);
            }
        });
    }

    pub(super) fn rejected(&mut self, client: ClientId) {
        self.with(client, |sufferer| sufferer.rejected = true);
    }

    pub(super) fn handshaken(&mut self, client: ClientId) {
        self.with(client, |sufferer| sufferer.handshakes += 1);
    }

    pub(super) fn balancer_answered(&mut self, client: ClientId) {
        self.with(client, |sufferer| sufferer.balancer_errors += 1);
    }

    fn with(&mut self, client: ClientId, change: impl FnOnce(&mut Sufferer)) {
        if let Some(sufferer) = self.clients.get_mut(client.index()) {
            change(sufferer);
        }
    }

    pub(super) fn close(&self) -> Impact {
        Impact {
            at_ms: self.at.as_millis(),
            server: self.server,
            servers: self.servers,
            change: self.change,
            planned: self.planned,
            noticed_ms: self.noticed.map(|noticed| millis(self.at, noticed)),
            its_clients: self.toll(true),
            others: self.toll(false),
        }
    }

    fn toll(&self, its: bool) -> Toll {
        let group = || self.clients.iter().filter(|client| client.its == its);
        let count = |test: &dyn Fn(&Sufferer) -> bool| {
            u32::try_from(group().filter(|client| test(client)).count()).unwrap_or(u32::MAX)
        };
        let times = |time: &dyn Fn(&Sufferer) -> Option<u64>| spread(group().filter_map(time).collect());
        Toll {
            clients: count(&|_| true),
            disconnected: count(&|client| client.lost.is_some()),
            rejected: count(&|client| client.rejected),
            back: count(&|client| client.back.is_some()),
            until_lost_ms: times(&|client| Some(millis(self.at, client.lost?))),
            until_back_ms: times(&|client| Some(millis(self.at, client.back?))),
            outage_ms: times(&|client| Some(millis(client.lost?, client.back?))),
            handshakes: group().map(|client| client.handshakes).sum(),
            balancer_errors: group().map(|client| client.balancer_errors).sum(),
        }
    }
}
