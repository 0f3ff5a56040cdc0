//! A proxy with several destinations: its rules choose one for each request, and behind them stands one [`Balancer`] for
//! each destination, with its own choice of servers and its own connections.
//!
//! The grammar is that of [`Balancer`]; what belongs to one destination carries its number. A connection whose requests all
//! have one destination is in the hands of that destination's balancer from its beginning.

mod routes;
#[cfg(test)]
mod tests;

use core::net::Ipv4Addr;
use std::collections::{BTreeMap, VecDeque};

use socketio08::Instant;

pub use self::routes::{destination, fits};
use crate::scenario::{Destination, Route};
use crate::world::balancer::{Balancer, ConnId, Input, LinkId, Output, RequestHead, RequestId};

/// The status of a request that a rule denies.
const FORBIDDEN: u16 = 403;
/// The status of what is no request, as a line of the PROXY protocol that nobody expects.
const BAD_REQUEST: u16 = 400;

/// What a destination of a proxy is and how it is reached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Backend {
    /// Where its requests go.
    pub to: Destination,
    /// Who carries them there.
    pub balancer: Balancer,
}

/// What a proxy asks of the engine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ProxyOutput {
    /// Something of one destination's balancer; its links are numbered for themselves.
    Backend {
        /// The destination's number.
        backend: usize,
        /// What it asks.
        output: Output,
    },
    /// Answer a request that goes nowhere; the connection ends with it.
    Deny {
        /// The connection; gone.
        conn: ConnId,
        /// 400 or 403.
        status: u16,
    },
    /// Close a connection without a word.
    Close {
        /// The connection; gone.
        conn: ConnId,
    },
}

/// Whether a proxy speaks the PROXY protocol (`tables.md` F and item 20).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Told {
    /// Connections to it begin with a line that tells whose they are.
    pub accept: bool,
    /// Its connections begin with such a line.
    pub send: bool,
    /// It copies bytes: a line that it does not expect is passed on like any other.
    pub copies: bool,
}

/// A proxy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proxy {
    /// `None`: its balancers do themselves.
    told: Option<Told>,
    routes: Vec<Route>,
    otherwise: Destination,
    backends: Vec<Backend>,
    conns: BTreeMap<ConnId, Conn>,
    outputs: VecDeque<ProxyOutput>,
}

/// A connection that several destinations may serve.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Conn {
    source: Ipv4Addr,
    /// A line of the PROXY protocol that is not for the front.
    proxied: Option<Ipv4Addr>,
    /// The destinations that know it.
    known: Vec<usize>,
}

impl Proxy {
    /// A proxy whose requests go where the first of `routes` that fits says, and to `otherwise` if none does. `told`: how it speaks
    /// the PROXY protocol, if that is its own affair and not that of its balancers.
    pub fn new(
        routes: Vec<Route>,
        otherwise: Destination,
        told: Option<Told>,
        backends: Vec<Backend>,
    ) -> Self {
        Self { told, routes, otherwise, backends, conns: BTreeMap::new(), outputs: VecDeque::new() }
    }

    // --- getters

    /// Where the requests of a destination go.
    pub fn destination(&self, backend: usize) -> Option<&Destination> {
        self.backends.get(backend).map(|backend| &backend.to)
    }

    // --- handle

    /// A connection was accepted; `proxied` is what a line of the PROXY protocol told before anything else. Without the line
    /// that it expects the proxy hangs up (at the first bytes, which in HTTP follow at once); a line that it does not expect is
    /// no request.
    pub fn handle_opened(&mut self, now: Instant, conn: ConnId, source: Ipv4Addr, proxied: Option<Ipv4Addr>) {
        let (source, proxied) = match (self.told, proxied) {
            (Some(Told { accept: true, .. }), Some(told)) => (told, None),
            (Some(Told { accept: true, .. }), None) => {
                return self.outputs.push_back(ProxyOutput::Close { conn });
            }
            (Some(Told { copies: false, .. }), Some(_)) => {
                return self.outputs.push_back(ProxyOutput::Deny { conn, status: BAD_REQUEST });
            }
            (_, proxied) => (source, proxied),
        };
        self.conns.insert(conn, Conn { source, proxied, known: Vec::new() });
        if self.routes.is_empty() {
            self.introduce(now, 0, conn);
        }
    }

    /// A request arrived.
    pub fn handle_request(&mut self, now: Instant, conn: ConnId, request: RequestId, head: RequestHead) {
        let to = destination(&self.routes, &self.otherwise, &head).clone();
        let Some(backend) = self.backends.iter().position(|backend| backend.to == to) else {
            return self.refuse(now, conn, &to);
        };
        self.introduce(now, backend, conn);
        self.give(now, backend, Input::Request { conn, request, head });
    }

    /// Something arrived that is no request: HAProxy and nginx answer 400 and close (measured with the policy request of Flash).
    pub fn handle_malformed(&mut self, now: Instant, conn: ConnId) {
        if self.conns.contains_key(&conn) {
            self.outputs.push_back(ProxyOutput::Deny { conn, status: BAD_REQUEST });
            self.leave_others(now, conn, None);
        }
    }

    /// The other side ended its connection.
    pub fn handle_client_closed(&mut self, now: Instant, conn: ConnId) {
        let Some(state) = self.conns.remove(&conn) else { return };
        for backend in state.known {
            self.give(now, backend, Input::ClientClosed { conn });
        }
    }

    /// Something happened on a destination's side.
    pub fn handle_input(&mut self, now: Instant, backend: usize, input: Input) {
        self.give(now, backend, input);
    }

    /// Time passed. Calling it early or twice changes nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        for backend in 0..self.backends.len() {
            if let Some(state) = self.backends.get_mut(backend) {
                state.balancer.handle_timeout(now);
            }
            self.collect(now, backend);
        }
    }

    // --- poll

    /// The next thing to do, in order; changes after any `handle_*`.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<ProxyOutput> {
        self.outputs.pop_front()
    }

    /// When to call [`Proxy::handle_timeout`]; changes after any `handle_*`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = |backend: &Backend| backend.balancer.poll_timeout().map(|deadline| deadline.at);
        self.backends.iter().filter_map(due).min()
    }

    // --- the inside

    /// Tells a destination of a connection, unless it knows it.
    fn introduce(&mut self, now: Instant, backend: usize, conn: ConnId) {
        let Some(state) = self.conns.get_mut(&conn).filter(|state| !state.known.contains(&backend)) else {
            return;
        };
        state.known.push(backend);
        let (source, proxied) = (state.source, state.proxied.filter(|_| self.told.is_none()));
        self.give(now, backend, Input::Opened { conn, source, proxied });
    }

    fn give(&mut self, now: Instant, backend: usize, input: Input) {
        if let Some(state) = self.backends.get_mut(backend) {
            state.balancer.handle_input(now, input);
        }
        self.collect(now, backend);
    }

    /// Takes what a destination asks. A connection that one of them ends is over for all.
    fn collect(&mut self, now: Instant, backend: usize) {
        let mut ended = Vec::new();
        while let Some(mut output) =
            self.backends.get_mut(backend).and_then(|state| state.balancer.poll_output())
        {
            if let Output::Connect { link, proxy, .. } = &mut output {
                *proxy = proxy.or(self.line(backend, *link));
            }
            if let Output::CloseClient { conn } = output {
                ended.push(conn);
            }
            self.outputs.push_back(ProxyOutput::Backend { backend, output });
        }
        for conn in ended {
            self.leave_others(now, conn, Some(backend));
        }
    }

    /// The line of the PROXY protocol with which a link begins.
    fn line(&self, backend: usize, link: LinkId) -> Option<Ipv4Addr> {
        let conn = self.backends.get(backend)?.balancer.link_conn(link)?;
        let state = self.conns.get(&conn)?;
        let told = self.told?;
        if told.send { Some(state.source) } else { state.proxied }
    }

    fn leave_others(&mut self, now: Instant, conn: ConnId, ender: Option<usize>) {
        let Some(state) = self.conns.remove(&conn) else { return };
        for other in state.known.into_iter().filter(|known| Some(*known) != ender) {
            self.give(now, other, Input::ClientClosed { conn });
        }
    }

    fn refuse(&mut self, now: Instant, conn: ConnId, to: &Destination) {
        if !self.conns.contains_key(&conn) {
            return;
        }
        self.outputs.push_back(match to {
            Destination::Deny => ProxyOutput::Deny { conn, status: FORBIDDEN },
            _ => ProxyOutput::Close { conn },
        });
        self.leave_others(now, conn, None);
    }
}
