//! nginx 1.22 as measured (`tables.md` G, `tables-2.md` items 31 to 36).
//!
//! It has no health checks: a server that refuses, or ends before it answers, is left out for a while, and the request is
//! tried on the next one if nothing is lost by that. Connections to servers carry one request each. A client that leaves
//! takes its request with it.

mod peers;

use core::net::Ipv4Addr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use socketio08::Instant;
use socketio08::server::Method;

use self::peers::{Attempt, Peers};
use super::head::{Edit, FORWARDED_FOR, RequestHead, ResponseHead};
use super::input::{BalancerDeadline, BalancerTimer, ConnId, Input, LinkId, Output, RequestId};
use crate::scenario::{self, ServerIx};

const SWITCHING_PROTOCOLS: u16 = 101;
const BAD_GATEWAY: u16 = 502;
const GATEWAY_TIMEOUT: u16 = 504;

/// nginx.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Nginx {
    config: scenario::Balancer,
    peers: Peers,
    conns: BTreeMap<ConnId, Conn>,
    links: BTreeMap<LinkId, (ConnId, ServerIx)>,
    links_made: u64,
    deadlines: BTreeSet<BalancerDeadline>,
    outputs: VecDeque<Output>,
    now: Instant,
}

/// A client's connection.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Conn {
    source: Ipv4Addr,
    flight: Option<Flight>,
    due: Option<BalancerDeadline>,
}

/// A request on its way to a server or in its hands.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Flight {
    request: RequestId,
    head: RequestHead,
    attempt: Attempt,
    /// Servers that may still be tried.
    tries_left: usize,
    link: LinkId,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Connecting,
    /// The server has the request and has not answered.
    Sent,
    /// The response is arriving.
    Answering,
    /// Bytes go both ways.
    Tunnel,
}

impl Nginx {
    pub(super) fn new(config: &scenario::Balancer, servers: usize) -> Self {
        Self {
            config: config.clone(),
            peers: Peers::new(config, servers),
            conns: BTreeMap::new(),
            links: BTreeMap::new(),
            links_made: 0,
            deadlines: BTreeSet::new(),
            outputs: VecDeque::new(),
            now: Instant::ZERO,
        }
    }

    /// Its clock begins later than that of the run.
    pub(super) fn begin(&mut self, now: Instant) {
        self.now = now;
    }

    // --- getters

    pub(super) fn is_up(&self, server: ServerIx) -> bool {
        self.peers.is_live(server, self.now)
    }

    pub(super) fn knows(&self, conn: ConnId) -> bool {
        self.conns.contains_key(&conn)
    }

    pub(super) fn link_conn(&self, link: LinkId) -> Option<ConnId> {
        self.links.get(&link).map(|(conn, _)| *conn)
    }

    pub(super) fn link_server(&self, link: LinkId) -> Option<ServerIx> {
        self.links.get(&link).map(|(_, server)| *server)
    }

    pub(super) fn load(&self, server: ServerIx) -> u64 {
        self.peers.load(server)
    }

    // --- handle

    pub(super) fn handle_input(&mut self, now: Instant, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Opened { conn, source, proxied } => self.handle_opened(conn, source, proxied),
            Input::Request { conn, request, head } => self.handle_request(conn, request, head),
            Input::ClientClosed { conn } => {
                self.drop_flight(conn, false);
                self.forget(conn);
            }
            Input::Connected { link } => self.handle_connected(link),
            Input::Refused { link } => self.handle_failure(link, BAD_GATEWAY),
            Input::ResponseStarted { link, head } => self.handle_response_started(link, &head),
            Input::ResponseDone { link } => self.handle_response_done(link),
            Input::Passed { link } => self.handle_passed(link),
            Input::LinkClosed { link } => self.handle_link_closed(link),
            // It checks nothing, has no such commands, and hands its connections over on a reload.
            Input::Checked { .. } | Input::Administer { .. } | Input::Reload { .. } => {}
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        while let Some(deadline) = self.deadlines.first().copied().filter(|deadline| deadline.at <= self.now)
        {
            self.deadlines.remove(&deadline);
            if let BalancerTimer::Expire(conn) = deadline.timer {
                self.expire(conn);
            }
        }
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn poll_timeout(&self) -> Option<BalancerDeadline> {
        self.deadlines.first().copied()
    }

    // --- the client's side

    fn handle_opened(&mut self, conn: ConnId, source: Ipv4Addr, proxied: Option<Ipv4Addr>) {
        let source = match (self.config.accept_proxy, proxied) {
            (true, Some(told)) => told,
            (false, None) => source,
            // A broken line, or one that is no request.
            _ => return self.outputs.push_back(Output::CloseClient { conn }),
        };
        self.conns.insert(conn, Conn { source, flight: None, due: None });
        self.await_until(conn, self.config.timeouts.http_request);
    }

    fn handle_request(&mut self, conn: ConnId, request: RequestId, head: RequestHead) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        if state.flight.is_some() {
            self.drop_flight(conn, false);
            return self.hang_up(conn);
        }
        let (attempt, tries_left) = (Attempt::default(), self.peers.len());
        let link = LinkId(self.links_made);
        state.flight = Some(Flight { request, head, attempt, tries_left, link, stage: Stage::Connecting });
        self.approach(conn);
    }

    // --- to a server

    /// Goes to the next server; answers 502 if there is none.
    fn approach(&mut self, conn: ConnId) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let Some(flight) = &mut state.flight else { return };
        let chosen = self.peers.choose(self.now, (state.source, &flight.head), &mut flight.attempt);
        let Some(server) = chosen else { return self.fail(conn, BAD_GATEWAY) };
        let link = LinkId(self.links_made);
        self.links_made += 1;
        flight.link = link;
        flight.stage = Stage::Connecting;
        flight.tries_left = flight.tries_left.saturating_sub(1);
        let proxy = self.config.send_proxy.then_some(state.source);
        self.links.insert(link, (conn, server));
        self.outputs.push_back(Output::Connect { link, server, proxy });
        self.await_until(conn, self.config.timeouts.connect);
    }

    fn handle_connected(&mut self, link: LinkId) {
        let Some((conn, Stage::Connecting)) = self.flight_on(link) else { return };
        self.await_until(conn, self.config.timeouts.server);
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let Some(flight) = &mut state.flight else { return };
        flight.stage = Stage::Sent;
        let mut edits = Vec::new();
        if flight.head.upgrade && !self.config.nginx.upgrades() {
            edits.push(Edit::NoUpgrade);
        }
        if self.config.forwardfor {
            edits.push(Edit::Add { name: FORWARDED_FOR, value: state.source.to_string().into() });
        }
        self.outputs.push_back(Output::Forward { link, conn, request: flight.request, edits });
    }

    /// A server refused, or ended or waited before it answered: the next one is tried, unless that could do a thing
    /// twice.
    fn handle_failure(&mut self, link: LinkId, status: u16) {
        let Some((conn, stage)) = self.flight_on(link) else { return };
        self.release(link, true);
        let Some(flight) = self.conns.get(&conn).and_then(|state| state.flight.as_ref()) else { return };
        let harmless = stage == Stage::Connecting || flight.head.method != Method::Post;
        if self.config.nginx.next_upstream && harmless && flight.tries_left > 0 {
            self.approach(conn);
        } else {
            self.fail(conn, status);
        }
    }

    // --- the way back

    fn handle_response_started(&mut self, link: LinkId, head: &ResponseHead) {
        let Some((conn, Stage::Sent)) = self.flight_on(link) else { return };
        self.await_until(conn, self.config.timeouts.server);
        let Some(flight) = self.conns.get_mut(&conn).and_then(|state| state.flight.as_mut()) else { return };
        let request = flight.request;
        self.outputs.push_back(Output::Respond { conn, request, link, edits: Vec::new() });
        if head.status == SWITCHING_PROTOCOLS {
            flight.stage = Stage::Tunnel;
            self.outputs.push_back(Output::Tunnel { conn, link });
        } else {
            flight.stage = Stage::Answering;
        }
    }

    /// `proxy_read_timeout` begins anew with whatever passes; of a tunnel either way (measured: nginx 1.22.1).
    fn handle_passed(&mut self, link: LinkId) {
        if let Some((conn, Stage::Answering | Stage::Tunnel)) = self.flight_on(link) {
            self.await_until(conn, self.config.timeouts.server);
        }
    }

    fn handle_response_done(&mut self, link: LinkId) {
        let Some((conn, Stage::Answering)) = self.flight_on(link) else { return };
        self.drop_flight(conn, false);
        self.await_until(conn, self.config.timeouts.http_keep_alive);
    }

    fn handle_link_closed(&mut self, link: LinkId) {
        let Some((conn, stage)) = self.flight_on(link) else { return };
        match stage {
            Stage::Connecting | Stage::Sent => self.handle_failure(link, BAD_GATEWAY),
            Stage::Answering | Stage::Tunnel => {
                self.release(link, false);
                self.hang_up(conn);
            }
        }
    }

    // --- ends

    /// Answers with an error page; the client's connection stays.
    fn fail(&mut self, conn: ConnId, status: u16) {
        let Some(flight) = self.conns.get_mut(&conn).and_then(|state| state.flight.take()) else { return };
        self.outputs.push_back(Output::Answer { conn, request: Some(flight.request), status });
        self.await_until(conn, self.config.timeouts.http_keep_alive);
    }

    fn expire(&mut self, conn: ConnId) {
        let flight = self.conns.get(&conn).and_then(|state| state.flight.as_ref());
        match flight.map(|flight| (flight.link, flight.stage)) {
            None => self.hang_up(conn),
            Some((_, Stage::Answering | Stage::Tunnel)) => {
                self.drop_flight(conn, false);
                self.hang_up(conn);
            }
            Some((link, _)) => {
                self.outputs.push_back(Output::CloseLink { link });
                self.handle_failure(link, GATEWAY_TIMEOUT);
            }
        }
    }

    /// Ends a flight with its link.
    fn drop_flight(&mut self, conn: ConnId, failed: bool) {
        let Some(flight) = self.conns.get_mut(&conn).and_then(|state| state.flight.take()) else { return };
        if self.links.contains_key(&flight.link) {
            self.outputs.push_back(Output::CloseLink { link: flight.link });
            self.release(flight.link, failed);
        }
    }

    fn release(&mut self, link: LinkId, failed: bool) {
        if let Some((_, server)) = self.links.remove(&link) {
            self.peers.release(self.now, server, failed);
        }
    }

    fn hang_up(&mut self, conn: ConnId) {
        if self.forget(conn) {
            self.outputs.push_back(Output::CloseClient { conn });
        }
    }

    fn forget(&mut self, conn: ConnId) -> bool {
        self.await_until(conn, None);
        self.conns.remove(&conn).is_some()
    }

    /// The connection waits for at most this long; a wait before it is over.
    fn await_until(&mut self, conn: ConnId, wait: Option<Duration>) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        if let Some(before) = state.due.take() {
            self.deadlines.remove(&before);
        }
        if let Some(wait) = wait {
            let due = BalancerDeadline { at: self.now + wait, timer: BalancerTimer::Expire(conn) };
            state.due = Some(due);
            self.deadlines.insert(due);
        }
    }

    fn flight_on(&self, link: LinkId) -> Option<(ConnId, Stage)> {
        let (conn, _) = self.links.get(&link)?;
        let flight = self.conns.get(conn)?.flight.as_ref().filter(|flight| flight.link == link)?;
        Some((*conn, flight.stage))
    }
}
