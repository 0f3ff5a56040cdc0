//! Connections: who dialled, who listens, and what each end knows. Any two machines are joined by one of these; what travels
//! on it keeps its order.

use std::time::Duration;

use socketio08::Instant;
use socketio08::server::ExchangeId;

use super::World;
use super::queue::{Carried, Down, Event, Up};
use crate::scenario::ServerIx;
use crate::trace::ClientId;
use crate::world::balancer::{ConnId, LinkId};
use crate::world::cluster;

/// Who opened a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Dialer {
    Client(ClientId),
    /// A proxy, for one of its destinations.
    Hop(HopLink),
    /// A server that forwards a request to the owner of a session, or passes one on to the second stack.
    Server(ServerIx),
}

/// A proxy's connection as its own machine numbers it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct HopLink {
    pub(super) hop: usize,
    pub(super) backend: usize,
    pub(super) link: LinkId,
}

/// Who accepts a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Listener {
    /// A proxy, by its place in the chain.
    Hop(usize),
    Server(ServerIx),
    /// The port that the servers share, until one of them accepts.
    Cluster,
    /// A server of the second stack.
    App(usize),
}

/// A connection.
#[expect(clippy::struct_excessive_bools, reason = "two ends, each open or not, and what either copies")]
pub(super) struct Conn {
    pub(super) dialer: Dialer,
    pub(super) listener: Listener,

    // The dialer's end.
    /// It is open, or being opened.
    pub(super) at_dialer: bool,
    /// A client's request in progress, or its websocket; of a server, the exchange that it forwards.
    pub(super) exchange: Option<ExchangeId>,
    /// The request that opened the connection was an upgrade.
    pub(super) upgrade: bool,
    /// The request that waits for the connection to open.
    pub(super) waiting: Option<Box<Carried>>,
    /// It asks for the policy file of Flash, for which this request waits.
    pub(super) asks_policy: Option<Box<Carried>>,
    /// Round trips of the TLS handshake that are still to come.
    pub(super) handshake: u32,
    /// Whose request a proxy (or a server that is one) sends over it, or who is tunnelled.
    pub(super) serves: Option<ConnId>,
    /// The beginning of a response that the proxy has not let through yet.
    pub(super) begun: Option<Down>,
    /// What arrives is copied: the answer has begun.
    pub(super) copies: bool,
    /// The client's address is another now: nothing passes any more, and neither end is told.
    pub(super) severed: bool,

    // The listener's end.
    /// It is open, or will be when it hears of it.
    pub(super) at_listener: bool,
    /// A server's request in progress, or its websocket.
    pub(super) served: Option<ExchangeId>,
    /// The address that a line of the PROXY protocol tells.
    pub(super) proxied: Option<core::net::Ipv4Addr>,
    /// http mode: the request in progress at the proxy.
    pub(super) request: Option<Box<Carried>>,
    /// The proxy's connection that copies both ways.
    pub(super) tunnel: Option<ConnId>,
    /// tcp mode: what came before the tunnel.
    pub(super) held: Vec<Up>,

    pub(super) last_up: Instant,
    pub(super) last_down: Instant,
}

impl Conn {
    pub(super) fn new(dialer: Dialer, listener: Listener) -> Self {
        Self {
            dialer,
            listener,
            at_dialer: true,
            exchange: None,
            upgrade: false,
            waiting: None,
            asks_policy: None,
            handshake: 0,
            serves: None,
            begun: None,
            copies: false,
            severed: false,
            at_listener: false,
            served: None,
            proxied: None,
            request: None,
            tunnel: None,
            held: Vec::new(),
            last_up: Instant::ZERO,
            last_down: Instant::ZERO,
        }
    }

    /// The client that dialled, if one did.
    pub(super) fn client(&self) -> Option<ClientId> {
        match self.dialer {
            Dialer::Client(client) => Some(client),
            Dialer::Hop(_) | Dialer::Server(_) => None,
        }
    }
}

impl World<'_> {
    /// A new connection; its first packet is still to be sent.
    pub(super) fn new_conn(&mut self, conn: Conn) -> ConnId {
        let id = ConnId(self.conns_made);
        self.conns_made += 1;
        self.conns.insert(id.0, conn);
        id
    }

    /// How long the next thing takes on a connection, `None` if it never arrives: what joins a client to the world is the
    /// client's way (the weather over a server that it reaches itself counts too), what joins proxies and servers is that of the one who listens. `opening`: a connection's first.
    fn delay(&mut self, dialer: Dialer, listener: Listener, opening: bool) -> Option<Duration> {
        match (dialer, listener) {
            (Dialer::Client(client), Listener::Server(server)) => self.direct_hop(client, server, opening),
            (Dialer::Client(client), _) => self.client_hop(client, opening),
            (Dialer::Server(from), Listener::Server(to)) => self.peer_hop(from, to, opening),
            (_, Listener::Cluster) => self.server_hop(ServerIx(0), opening),
            (_, Listener::Server(server)) => self.server_hop(server, opening),
            (_, Listener::App(app)) => self.apps[app].wire.hop(self.now, opening),
            (_, Listener::Hop(hop)) => self.hops[hop].wire.hop(self.now, opening),
        }
    }

    /// The ends of a connection over which something passes.
    fn ends(&self, id: ConnId) -> Option<(Dialer, Listener)> {
        self.conns.get(id.0).filter(|conn| !conn.severed).map(|conn| (conn.dialer, conn.listener))
    }

    /// Sends from the dialer to the listener.
    pub(super) fn send_up(&mut self, id: ConnId, item: Up) {
        let Some((dialer, listener)) = self.ends(id) else { return };
        if let Dialer::Client(client) = dialer {
            self.clients[client.index()].meter.count_up(&item);
        }
        let Some(delay) = self.delay(dialer, listener, matches!(item, Up::Syn)) else { return };
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        conn.last_up = conn.last_up.max(self.now + delay);
        self.queue.push(conn.last_up, Event::Up(id, item));
    }

    /// Sends from the listener to the dialer.
    pub(super) fn send_down(&mut self, id: ConnId, item: Down) {
        let Some((dialer, listener)) = self.ends(id) else { return };
        if let Dialer::Client(client) = dialer {
            self.clients[client.index()].meter.count_down(&item);
        }
        let Some(delay) = self.delay(dialer, listener, matches!(item, Down::Accepted)) else { return };
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        conn.last_down = conn.last_down.max(self.now + delay);
        self.queue.push(conn.last_down, Event::Down(id, item));
    }

    /// Something reached the listener.
    pub(super) fn arrives_up(&mut self, id: ConnId, item: Up) {
        match self.conns.get(id.0).map(|conn| conn.listener) {
            Some(Listener::Hop(hop)) => self.hop_hears_dialer(hop, id, item),
            Some(Listener::Server(server)) => self.server_hears(server, id, item),
            Some(Listener::Cluster) => self.cluster_hears(id, item),
            Some(Listener::App(app)) => self.app_hears(app, id, &item),
            None => {}
        }
    }

    /// A connection comes to the port that the workers share: one of them has it from now on.
    fn cluster_hears(&mut self, id: ConnId, item: Up) {
        let free: Vec<_> = self.servers.iter().map(super::server::ServerNode::free).collect();
        let Some(winner) = self.race.winner(self.now, &free) else {
            return self.send_down(id, Down::Refused);
        };
        if let Some(conn) = self.conns.get_mut(id.0) {
            conn.listener = Listener::Server(winner);
        }
        self.occupy(winner, cluster::PAUSE);
        self.server_hears(winner, id, item);
    }

    /// Something reached the dialer.
    pub(super) fn arrives_down(&mut self, id: ConnId, item: Down) {
        match self.conns.get(id.0).map(|conn| conn.dialer) {
            Some(Dialer::Client(client)) => self.client_hears(client, id, item),
            Some(Dialer::Hop(link)) => self.hop_hears_listener(link, id, item),
            Some(Dialer::Server(server)) => self.peer_hears(server, id, item),
            None => {}
        }
    }

    /// Forgets a connection that both ends have closed.
    pub(super) fn forget_conn(&mut self, id: ConnId) {
        if self.conns.get(id.0).is_some_and(|conn| !conn.at_dialer && !conn.at_listener) {
            self.conns.remove(id.0);
        }
    }
}
