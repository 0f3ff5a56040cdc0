//! Routed sessions: what servers forward to each other, by connections that are kept, as `adapter/src/peers` does it. What comes back
//! costs the server that relays it as much time as a message.

use std::collections::BTreeMap;
use std::time::Duration;

use socketio08::Text;
use socketio08::server::{ExchangeId, NodeName, Request, ServerInput};

use super::World;
use super::conn::{Conn, Dialer, Listener};
use super::processor::Work;
use super::queue::{Carried, Down, Event, Up};
use crate::scenario::ServerIx;
use crate::trace::ClientId;
use crate::world::balancer::{ConnId, Headers, RequestHead};

/// Most idle connections kept to one server.
const IDLE_MAX: usize = 256;
/// How long a connection to another server may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The connections of one process to the other servers.
#[derive(Debug, Default)]
pub(super) struct PeerLinks {
    /// Those without a request, the one used last at the end.
    idle: BTreeMap<ServerIx, Vec<ConnId>>,
    forwards: BTreeMap<ExchangeId, ConnId>,
}

impl PeerLinks {
    /// The connection by which an exchange is forwarded.
    pub(super) fn of(&self, exchange: ExchangeId) -> Option<ConnId> {
        self.forwards.get(&exchange).copied()
    }
}

impl World<'_> {
    // --- to the owner

    /// Makes the request of a client at the owner of its session.
    pub(super) fn forward_to_owner(
        &mut self,
        server: ServerIx,
        exchange: ExchangeId,
        node: &NodeName,
        request: Request,
    ) {
        self.servers[server.0].sharing.forwarded += 1;
        let owner = ServerIx::named(node.as_str());
        let Some((owner, client)) = owner.zip(self.asked_by(server, exchange)) else {
            return self.server_takes(server, ServerInput::ForwardFailed { exchange });
        };
        let upgrade = request.upgrade;
        let head = RequestHead {
            method: request.method,
            target: request.target,
            headers: Headers(request.headers),
            upgrade,
        };
        let address = Text::from(server.to_string());
        let carried = Box::new(Carried { head, body: request.body, address, client });
        let Some(process) = &mut self.servers[server.0].process else { return };
        // A connection that is upgraded does not come back: none of the kept ones is spent on it.
        let idle = process.peers.idle.get_mut(&owner).filter(|_| !upgrade).and_then(Vec::pop);
        if let Some(id) = idle {
            process.peers.forwards.insert(exchange, id);
            if let Some(conn) = self.conns.get_mut(id.0) {
                conn.exchange = Some(exchange);
            }
            return self.send_up(id, Up::Request(carried));
        }
        let conn = Conn {
            exchange: Some(exchange),
            upgrade,
            waiting: Some(carried),
            ..Conn::new(Dialer::Server(server), Listener::Server(owner))
        };
        let id = self.new_conn(conn);
        if let Some(process) = &mut self.servers[server.0].process {
            process.peers.forwards.insert(exchange, id);
        }
        self.queue.push(self.now + CONNECT_TIMEOUT, Event::PeerTooSlow(id));
        self.send_up(id, Up::Syn);
    }

    /// The client whose request is in progress at a server.
    fn asked_by(&self, server: ServerIx, exchange: ExchangeId) -> Option<ClientId> {
        let mut id = *self.servers[server.0].process.as_ref()?.exchanges.get(&exchange)?;
        loop {
            let conn = self.conns.get(id.0)?;
            match conn.dialer {
                Dialer::Client(client) => return Some(client),
                Dialer::Hop(_) => id = conn.serves?,
                Dialer::Server(_) => return None,
            }
        }
    }

    /// Nobody waits for what an owner would answer any more.
    pub(super) fn give_up_forward(&mut self, server: ServerIx, exchange: ExchangeId) {
        let Some(process) = &mut self.servers[server.0].process else { return };
        if let Some(id) = process.peers.forwards.remove(&exchange) {
            self.hang_up_on_peer(id);
        }
    }

    pub(super) fn hang_up_on_peer(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id.0).filter(|conn| conn.at_dialer) else { return };
        conn.at_dialer = false;
        conn.exchange = None;
        self.send_up(id, Up::Fin);
    }

    /// A process ends, and its connections to the others with it.
    pub(super) fn leave_peers(&mut self, links: PeerLinks) {
        let idle = links.idle.into_values().flatten();
        for id in links.forwards.into_values().chain(idle) {
            self.hang_up_on_peer(id);
        }
    }

    /// A connection to another server did not open in time.
    pub(super) fn peer_too_slow(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id.0).filter(|conn| conn.waiting.is_some()) else { return };
        let (Dialer::Server(server), Some(exchange)) = (conn.dialer, conn.exchange) else { return };
        self.give_up_forward(server, exchange);
        self.server_takes(server, ServerInput::ForwardFailed { exchange });
    }

    // --- from the owner

    /// Something of the owner reached the host of the server that forwarded.
    pub(super) fn peer_hears(&mut self, server: ServerIx, id: ConnId, item: Down) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        if !conn.at_dialer {
            return self.forget_conn(id);
        }
        if let Down::Accepted = item {
            if let Some(request) = conn.waiting.take() {
                self.send_up(id, Up::Request(request));
            }
            return;
        }
        let cost = match item {
            Down::Refused | Down::Fin | Down::Whole | Down::Accepted | Down::Tls | Down::Policy => {
                Duration::ZERO
            }
            Down::Response(_) | Down::Begun(_) | Down::Chunk(_) | Down::Upgraded(_) | Down::Message(_) => {
                self.scenario.servers.cost.message + self.scenario.servers.cost.send
            }
        };
        self.give_work(server, cost, Work::Relay(id, item));
    }

    /// The processor of the server that forwarded gets to it.
    pub(super) fn relay_from_peer(&mut self, id: ConnId, item: Down) {
        let Some(conn) = self.conns.get(id.0).filter(|conn| conn.at_dialer) else { return };
        let Dialer::Server(server) = conn.dialer else { return };
        let listener = conn.listener;
        if self.is_held(server, || Event::Do(Work::Relay(id, item.clone()))) {
            return;
        }
        if let Listener::App(_) = listener {
            return self.app_answered(id, item);
        }
        match item {
            Down::Refused => self.peer_ended(server, id),
            Down::Fin => {
                self.peer_ended(server, id);
                self.forget_conn(id);
            }
            Down::Response(_) => {
                self.owner_begins(server, id);
                self.owner_is_through(server, id, item);
            }
            Down::Whole => self.owner_is_through(server, id, item),
            Down::Begun(_) | Down::Upgraded(_) => {
                let link = self.owner_begins(server, id);
                self.relay_down(link, item);
            }
            Down::Chunk(_) | Down::Message(_) => {
                let link = self.client_behind(server, id);
                self.relay_down(link, item);
            }
            Down::Accepted | Down::Tls | Down::Policy => {}
        }
    }

    fn relay_down(&mut self, link: Option<ConnId>, item: Down) {
        if let Some(link) = link {
            self.send_down(link, item);
        }
    }

    /// The connection on which the client of a forwarded exchange waits.
    fn client_behind(&self, server: ServerIx, id: ConnId) -> Option<ConnId> {
        let exchange = self.conns.get(id.0)?.exchange?;
        self.servers[server.0].process.as_ref()?.exchanges.get(&exchange).copied()
    }

    fn owner_begins(&mut self, server: ServerIx, id: ConnId) -> Option<ConnId> {
        let conn = self.conns.get_mut(id.0)?;
        conn.copies = true;
        let exchange = conn.exchange?;
        self.server_takes(server, ServerInput::ForwardBegun { exchange });
        self.client_behind(server, id)
    }

    /// The answer is whole: the connection can carry another request.
    fn owner_is_through(&mut self, server: ServerIx, id: ConnId, item: Down) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        conn.copies = false;
        let Listener::Server(owner) = conn.listener else { return };
        let Some(exchange) = conn.exchange.take() else { return };
        let Some(process) = &mut self.servers[server.0].process else { return };
        process.peers.forwards.remove(&exchange);
        let idle = process.peers.idle.entry(owner).or_default();
        let keep = idle.len() < IDLE_MAX;
        if keep {
            idle.push(id);
        }
        if let Some(link) = process.exchanges.remove(&exchange) {
            if let Some(conn) = self.conns.get_mut(link.0) {
                conn.served = None;
            }
            self.send_down(link, item);
        }
        if !keep {
            self.hang_up_on_peer(id);
        }
        self.server_takes(server, ServerInput::Closed { exchange, clean: true });
    }

    /// The owner refused a connection, or closed it.
    fn peer_ended(&mut self, server: ServerIx, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        conn.at_dialer = false;
        let (begun, exchange) = (conn.copies, conn.exchange.take());
        let Some(process) = &mut self.servers[server.0].process else { return };
        for idle in process.peers.idle.values_mut() {
            idle.retain(|other| *other != id);
        }
        let Some(exchange) = exchange else { return };
        process.peers.forwards.remove(&exchange);
        if !begun {
            return self.server_takes(server, ServerInput::ForwardFailed { exchange });
        }
        if let Some(link) = process.exchanges.remove(&exchange) {
            self.close_from_server(link);
        }
        self.server_takes(server, ServerInput::Closed { exchange, clean: false });
    }
}
