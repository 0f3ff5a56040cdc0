//! The balancer: HAProxy 2.6 as measured, without I/O. Both engines carry this one machine.
//!
//! Methods are getters, `handle_*` and `poll_*`. After any `handle_*` call drain [`Balancer::poll_output`], then wait
//! for [`Balancer::poll_timeout`]. `now` never goes back. Equal calls give equal outputs.
//!
//! # What the engine does
//!
//! * It numbers client connections ([`ConnId`]) and requests ([`RequestId`]); the balancer numbers its connections to
//!   servers ([`LinkId`]). No number is used twice.
//! * For [`Output::Connect`] it opens a connection to the server and says [`Input::Connected`] or [`Input::Refused`].
//! * It shows the balancer the head of each request and response ([`RequestHead`], [`ResponseHead`]), and applies the
//!   [`Edit`]s that come back before it sends them on. A chain of proxies is a chain of such machines: the request that one
//!   forwards, edits applied, is the [`Input::Request`] of the next, the response that it begins the
//!   [`Input::ResponseStarted`] of the one before; the `proxy` of [`Output::Connect`] is the `proxied` of the next
//!   one's [`Input::Opened`].
//! * For [`Output::Forward`] it sends the request over the link, saying [`Input::ResponseStarted`] at the head of its
//!   response and [`Input::ResponseDone`] at its end. It holds the head back until [`Output::Respond`] and then copies
//!   the response to the client as it arrives; one that is never asked for is read and thrown away.
//! * For [`Output::Tunnel`] it copies both ways until either side closes, which it reports.
//! * A link that ends for whatever reason, unless the balancer ended it, is [`Input::LinkClosed`]; unknown connections
//!   and links are ignored, so a report may cross an output.
//! * For [`Output::Check`] it connects to the server and reports [`Input::Checked`].

mod hash;
mod head;
mod input;
mod policy;
mod pool;
#[cfg(test)]
mod tests;

use core::net::Ipv4Addr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use socketio08::Instant;

pub use self::head::{COOKIE, Edit, FORWARDED_FOR, Headers, RequestHead, ResponseHead, SET_COOKIE, cookies};
pub use self::input::{BalancerDeadline, BalancerTimer, ConnId, Input, LinkId, Output, RequestId};
use self::policy::Policy;
use self::pool::Pool;
use crate::scenario::{self, BalancerMode, HttpOption, Redispatch, ServerIx};
use crate::world::seed::Stream;

/// How long HAProxy waits before it tries the same server again (`tables.md` R: 503 after 3.0 s with three retries).
const RETRY_HOLD: Duration = Duration::from_secs(1);
const SWITCHING_PROTOCOLS: u16 = 101;
const BAD_GATEWAY: u16 = 502;
const SERVICE_UNAVAILABLE: u16 = 503;

/// The balancer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Balancer {
    config: scenario::Balancer,
    policy: Policy,
    pool: Pool,
    conns: BTreeMap<ConnId, Conn>,
    deadlines: BTreeSet<BalancerDeadline>,
    outputs: VecDeque<Output>,
    now: Instant,
}

/// A client's connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Conn {
    source: Ipv4Addr,
    /// The client has not closed it; a flight outlives its client.
    open: bool,
    /// Requests it has brought.
    requests: u64,
    flight: Option<Flight>,
}

/// A request (http mode) or a connection (tcp mode) on its way to a server or in its hands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Flight {
    /// `None` in tcp mode.
    request: Option<RequestId>,
    /// The server it counts on; `None` until it is chosen again.
    server: Option<ServerIx>,
    /// The server that refused it last.
    refused_by: Option<ServerIx>,
    retries_left: u32,
    stage: Stage,
}

/// How far a flight is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// A link is being opened.
    Connecting(LinkId),
    /// Waiting to try again.
    Holding { until: Instant },
    /// The server has the request and has not answered.
    Sent(LinkId),
    /// The response is arriving.
    Answering(LinkId),
    /// Bytes go both ways.
    Tunnel(LinkId),
}

impl Balancer {
    /// A balancer in front of `servers` servers, all taken to be up. `random` is the stream for `balance = "random"`:
    /// `seed.stream("balancer/random")`.
    pub fn new(config: &scenario::Balancer, servers: usize, random: Stream) -> Self {
        let pool = Pool::new(servers, config.check);
        let first_checks = pool.first_checks();
        let deadline = |(server, at)| BalancerDeadline { at, timer: BalancerTimer::Check(server) };
        Self {
            config: config.clone(),
            policy: Policy::new(config, servers, random),
            pool,
            conns: BTreeMap::new(),
            deadlines: first_checks.into_iter().map(deadline).collect(),
            outputs: VecDeque::new(),
            now: Instant::ZERO,
        }
    }

    // --- getters

    /// Whether the balancer takes the server to be up; false for one that does not exist.
    pub fn is_up(&self, server: ServerIx) -> bool {
        self.pool.is_up(server)
    }

    /// Whether the connection is open, or a request of it may still go to a server although its client has left.
    pub fn knows(&self, conn: ConnId) -> bool {
        self.conns.contains_key(&conn)
    }

    /// The server of a link, while it exists.
    pub fn link_server(&self, link: LinkId) -> Option<ServerIx> {
        self.pool.link(link).map(|link| link.server)
    }

    /// Requests (http mode) or connections (tcp mode, tunnels) in progress on a server.
    pub fn load(&self, server: ServerIx) -> u64 {
        self.pool.load(server)
    }

    // --- handle

    /// Something happened.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Opened { conn, source, proxied: _ } => self.handle_opened(conn, source),
            Input::Request { conn, request, head: _ } => self.handle_request(conn, request),
            Input::ClientClosed { conn } => self.handle_client_closed(conn),
            Input::Connected { link } => self.handle_connected(link),
            Input::Refused { link } => self.handle_refused(link),
            Input::ResponseStarted { link, head } => self.handle_response_started(link, head.status),
            Input::ResponseDone { link } => self.handle_response_done(link),
            Input::LinkClosed { link } => self.handle_link_closed(link),
            Input::Checked { server, passed } => {
                let marked = self.pool.handle_checked(server, passed);
                self.tell_marked(server, marked);
            }
        }
    }

    /// Time passed. Calling it early or twice changes nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        while let Some(deadline) = self.deadlines.first().copied().filter(|deadline| deadline.at <= self.now)
        {
            self.deadlines.remove(&deadline);
            match deadline.timer {
                BalancerTimer::Check(server) => self.begin_check(server, deadline.at),
                BalancerTimer::Retry(conn) => self.retry(conn),
            }
        }
    }

    // --- poll

    /// The next thing to do, in order; changes after any `handle_*`.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`Balancer::handle_timeout`], and why; changes after any `handle_*`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<BalancerDeadline> {
        self.deadlines.first().copied()
    }

    // --- the client's side

    fn handle_opened(&mut self, conn: ConnId, source: Ipv4Addr) {
        self.conns.insert(conn, Conn { source, open: true, requests: 0, flight: None });
        if self.config.mode == BalancerMode::Tcp {
            self.depart(conn, None);
        }
    }

    fn handle_request(&mut self, conn: ConnId, request: RequestId) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        if self.config.mode == BalancerMode::Tcp || !state.open {
            return;
        }
        if state.flight.is_some() {
            state.open = false;
            self.outputs.push_back(Output::CloseClient { conn });
            return;
        }
        state.requests += 1;
        self.depart(conn, Some(request));
    }

    fn handle_client_closed(&mut self, conn: ConnId) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.open = false;
        match state.flight.map(|flight| (flight.request, flight.stage)) {
            None => {
                self.conns.remove(&conn);
            }
            Some((_, Stage::Tunnel(link)) | (None, Stage::Connecting(link))) => {
                self.pool.remove_link(link);
                self.outputs.push_back(Output::CloseLink { link });
                self.land(conn);
            }
            Some((None, _)) => self.land(conn),
            Some((Some(_), _)) => {}
        }
    }

    // --- to a server

    /// Begins a flight: chooses a server and goes there.
    fn depart(&mut self, conn: ConnId, request: Option<RequestId>) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.flight = Some(Flight {
            request,
            server: None,
            refused_by: None,
            retries_left: self.config.retries,
            stage: Stage::Holding { until: self.now },
        });
        self.approach(conn);
    }

    /// Goes to the server chosen, or chooses one; fails if all are down.
    fn approach(&mut self, conn: ConnId) {
        let Some(state) = self.conns.get(&conn).copied() else { return };
        let Some(flight) = state.flight else { return };
        let server = if let Some(server) = flight.server {
            server
        } else {
            let chosen = self.policy.choose(&self.pool.candidates(), state.source, flight.refused_by);
            let Some(server) = chosen else { return self.fail(conn, SERVICE_UNAVAILABLE) };
            self.pool.take(server);
            self.update(conn, |flight| flight.server = Some(server));
            server
        };
        let reused = flight.request.and_then(|_| self.pool.reuse_link(server, conn, state.requests == 1));
        if let Some(link) = reused {
            self.forward(conn, link);
        } else {
            let link = self.pool.open_link(server, conn);
            self.update(conn, |flight| flight.stage = Stage::Connecting(link));
            self.outputs.push_back(Output::Connect { link, server, proxy: None });
        }
    }

    fn handle_connected(&mut self, link: LinkId) {
        let Some((conn, flight)) = self.flight_on(link) else { return };
        if flight.stage != Stage::Connecting(link) {
            return;
        }
        if flight.request.is_some() {
            self.forward(conn, link);
        } else {
            self.update(conn, |flight| flight.stage = Stage::Tunnel(link));
            self.outputs.push_back(Output::Tunnel { conn, link });
        }
    }

    fn forward(&mut self, conn: ConnId, link: LinkId) {
        self.pool.count_use(link);
        self.update(conn, |flight| flight.stage = Stage::Sent(link));
        let flight = self.conns.get(&conn).and_then(|state| state.flight);
        if let Some(request) = flight.and_then(|flight| flight.request) {
            self.outputs.push_back(Output::Forward { link, conn, request, edits: Vec::new() });
        }
    }

    // --- refusals

    /// HAProxy's rule: a refused connection is tried again until the retries are used up; on the same server after a
    /// second, on another (if redispatch allows another choice now) at once.
    fn handle_refused(&mut self, link: LinkId) {
        let Some((conn, flight)) = self.flight_on(link) else { return };
        if flight.stage != Stage::Connecting(link) {
            return;
        }
        self.pool.remove_link(link);
        let Some(retries_left) = flight.retries_left.checked_sub(1) else {
            return self.fail(conn, SERVICE_UNAVAILABLE);
        };
        self.update(conn, |flight| flight.retries_left = retries_left);
        let anew = flight.server.is_some_and(|server| self.redispatches(server, retries_left));
        if anew {
            self.leave_server(conn);
        }
        if anew && self.pool.up_count() > 1 {
            self.approach(conn);
        } else {
            self.hold(conn);
        }
    }

    /// Whether the retry with this many left after it may choose again, having been refused by `server`.
    fn redispatches(&self, server: ServerIx, retries_left: u32) -> bool {
        let due = match self.config.redispatch {
            Redispatch::Never => return false,
            Redispatch::AtLastRetry => retries_left == 0,
            Redispatch::Every(step) => retries_left.checked_rem(step) == Some(0),
        };
        due || !self.pool.is_up(server) || (self.policy.rotates() && self.pool.up_count() > 1)
    }

    fn hold(&mut self, conn: ConnId) {
        let until = self.now + RETRY_HOLD;
        self.update(conn, |flight| flight.stage = Stage::Holding { until });
        self.deadlines.insert(BalancerDeadline { at: until, timer: BalancerTimer::Retry(conn) });
    }

    fn retry(&mut self, conn: ConnId) {
        let flight = self.conns.get(&conn).and_then(|state| state.flight);
        if flight.is_some_and(|flight| matches!(flight.stage, Stage::Holding { .. })) {
            self.approach(conn);
        }
    }

    // --- responses

    fn handle_response_started(&mut self, link: LinkId, status: u16) {
        let Some((conn, flight)) = self.flight_on(link) else { return };
        if flight.stage != Stage::Sent(link) {
            return;
        }
        let open = self.conns.get(&conn).is_some_and(|state| state.open);
        if let Some(request) = flight.request.filter(|_| open) {
            self.outputs.push_back(Output::Respond { conn, request, link, edits: Vec::new() });
        }
        if status != SWITCHING_PROTOCOLS {
            return self.update(conn, |flight| flight.stage = Stage::Answering(link));
        }
        if open {
            self.update(conn, |flight| flight.stage = Stage::Tunnel(link));
            self.outputs.push_back(Output::Tunnel { conn, link });
        } else {
            self.pool.remove_link(link);
            self.outputs.push_back(Output::CloseLink { link });
            self.land(conn);
        }
    }

    fn handle_response_done(&mut self, link: LinkId) {
        let Some((conn, flight)) = self.flight_on(link) else { return };
        if !matches!(flight.stage, Stage::Sent(_) | Stage::Answering(_)) {
            return;
        }
        let parked = self.config.option == HttpOption::KeepAlive && self.pool.park_link(link);
        if !parked {
            self.pool.remove_link(link);
            self.outputs.push_back(Output::CloseLink { link });
        }
        self.land(conn);
    }

    /// A request in the hands of a server that dies: the first of its client connection is answered 502, a later one
    /// is not, because a browser repeats it when the connection closes without a word (`tables.md` item 12).
    fn handle_link_closed(&mut self, link: LinkId) {
        let Some((conn, flight)) = self.flight_on(link) else {
            self.pool.remove_link(link);
            return;
        };
        match flight.stage {
            Stage::Connecting(_) => self.handle_refused(link),
            Stage::Sent(_) if self.conns.get(&conn).is_some_and(|state| state.requests == 1) => {
                self.pool.remove_link(link);
                self.fail(conn, BAD_GATEWAY);
            }
            _ => {
                self.pool.remove_link(link);
                self.hang_up(conn);
            }
        }
    }

    // --- ends

    /// Ends a flight with an error page (http mode), and the client's connection with it.
    fn fail(&mut self, conn: ConnId, status: u16) {
        let Some(state) = self.conns.get(&conn) else { return };
        let request = state.flight.and_then(|flight| flight.request);
        if let Some(request) = request.filter(|_| state.open) {
            self.outputs.push_back(Output::Answer { conn, request, status });
        }
        self.hang_up(conn);
    }

    /// Ends a flight and the client's connection.
    fn hang_up(&mut self, conn: ConnId) {
        if let Some(state) = self.conns.get_mut(&conn) {
            if state.open {
                state.open = false;
                self.outputs.push_back(Output::CloseClient { conn });
            }
            self.land(conn);
        }
    }

    /// Ends a flight; forgets the connection if its client has.
    fn land(&mut self, conn: ConnId) {
        self.leave_server(conn);
        let Some(state) = self.conns.get_mut(&conn) else { return };
        if let Some(Flight { stage: Stage::Holding { until }, .. }) = state.flight.take() {
            self.deadlines.remove(&BalancerDeadline { at: until, timer: BalancerTimer::Retry(conn) });
        }
        if !state.open {
            self.conns.remove(&conn);
        }
    }

    /// The flight counts on its server no more.
    fn leave_server(&mut self, conn: ConnId) {
        let Some(flight) = self.conns.get_mut(&conn).and_then(|state| state.flight.as_mut()) else { return };
        if let Some(server) = flight.server.take() {
            flight.refused_by = Some(server);
            self.pool.release(server);
        }
    }

    // --- checks

    fn begin_check(&mut self, server: ServerIx, due: Instant) {
        let Some((next, marked)) = self.pool.begin_check(server, due) else { return };
        self.deadlines.insert(BalancerDeadline { at: next, timer: BalancerTimer::Check(server) });
        self.tell_marked(server, marked);
        self.outputs.push_back(Output::Check { server });
    }

    fn tell_marked(&mut self, server: ServerIx, marked: Option<bool>) {
        if let Some(up) = marked {
            self.outputs.push_back(Output::Marked { server, up });
        }
    }

    // --- lookups

    fn flight_on(&self, link: LinkId) -> Option<(ConnId, Flight)> {
        let conn = self.pool.link(link)?.conn?;
        Some((conn, self.conns.get(&conn)?.flight?))
    }

    fn update(&mut self, conn: ConnId, change: impl FnOnce(&mut Flight)) {
        if let Some(flight) = self.conns.get_mut(&conn).and_then(|state| state.flight.as_mut()) {
            change(flight);
        }
    }
}
