//! HAProxy 2.6 as measured.

mod flight;
mod persistence;
mod policy;
mod pool;
mod response;

use core::net::Ipv4Addr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use socketio08::Instant;

use self::persistence::Persistence;
use self::policy::{Asker, FULL, Policy};
use self::pool::Pool;
use super::head::RequestHead;
use super::input::{BalancerDeadline, BalancerTimer, ConnId, Input, LinkId, Output, RequestId};
use crate::scenario::{self, BalancerMode, ServerIx};
use crate::world::seed::Stream;

const BAD_REQUEST: u16 = 400;

/// HAProxy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Haproxy {
    config: scenario::Balancer,
    policy: Policy,
    persistence: Persistence,
    pool: Pool,
    conns: BTreeMap<ConnId, Conn>,
    /// Connections that wait for a place, on a certain server or on any.
    queue: VecDeque<(ConnId, Option<ServerIx>)>,
    /// When each server came up that has not its whole weight yet.
    warming: BTreeMap<ServerIx, Instant>,
    deadlines: BTreeSet<BalancerDeadline>,
    outputs: VecDeque<Output>,
    /// As the policy had it at the start, for a reload.
    random: Stream,
    /// How often it was reloaded.
    generation: u32,
    now: Instant,
}

/// A client's connection.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Conn {
    source: Ipv4Addr,
    /// It began otherwise than the balancer wants: its request is bad.
    malformed: bool,
    /// The client has not closed it; a flight outlives its client.
    open: bool,
    /// Requests it has brought.
    requests: u64,
    /// The process that it belongs to.
    generation: u32,
    /// The head of the request in flight.
    head: Option<RequestHead>,
    flight: Option<Flight>,
    /// What it waits for, and how long at most.
    due: Option<BalancerDeadline>,
}

impl Conn {
    fn asker(&self) -> Asker<'_> {
        Asker { source: self.source, head: self.head.as_ref() }
    }
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
    /// The process in which it counts there.
    counted_by: u32,
    /// A cookie or the stick table sent it to its server.
    directed: bool,
    retries_left: u32,
    stage: Stage,
}

/// How far a flight is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// Waiting for a place on a server.
    Queued,
    /// A link is being opened.
    Connecting(LinkId),
    /// Waiting to try again.
    Holding,
    /// The server has the request and has not answered.
    Sent(LinkId),
    /// The response is arriving.
    Answering(LinkId),
    /// Bytes go both ways.
    Tunnel(LinkId),
}

impl Stage {
    fn link(self) -> Option<LinkId> {
        match self {
            Self::Queued | Self::Holding => None,
            Self::Connecting(link) | Self::Sent(link) | Self::Answering(link) | Self::Tunnel(link) => {
                Some(link)
            }
        }
    }
}

impl Haproxy {
    pub(super) fn new(config: &scenario::Balancer, servers: usize, random: Stream) -> Self {
        let pool = Pool::new(servers, config.check);
        let first_checks = pool.first_checks();
        let deadline = |(server, at)| BalancerDeadline { at, timer: BalancerTimer::Check(server) };
        Self {
            config: config.clone(),
            policy: Policy::new(config, servers, random.clone()),
            persistence: Persistence::new(config),
            pool,
            conns: BTreeMap::new(),
            queue: VecDeque::new(),
            warming: BTreeMap::new(),
            deadlines: first_checks.into_iter().map(deadline).collect(),
            outputs: VecDeque::new(),
            random,
            generation: 0,
            now: Instant::ZERO,
        }
    }

    /// Its clock begins later than that of the run.
    pub(super) fn begin(&mut self, now: Instant) {
        self.now = now;
        let later = |due: &BalancerDeadline| BalancerDeadline { at: now + (due.at - Instant::ZERO), ..*due };
        self.deadlines = self.deadlines.iter().map(later).collect();
    }

    // --- getters

    pub(super) fn is_up(&self, server: ServerIx) -> bool {
        self.pool.is_up(server)
    }

    pub(super) fn knows(&self, conn: ConnId) -> bool {
        self.conns.contains_key(&conn)
    }

    pub(super) fn link_conn(&self, link: LinkId) -> Option<ConnId> {
        self.pool.link(link)?.conn
    }

    pub(super) fn link_server(&self, link: LinkId) -> Option<ServerIx> {
        self.pool.link(link).map(|link| link.server)
    }

    pub(super) fn load(&self, server: ServerIx) -> u64 {
        self.pool.load(server)
    }

    // --- handle

    pub(super) fn handle_input(&mut self, now: Instant, input: Input) {
        self.now = self.now.max(now);
        match input {
            Input::Opened { conn, source, proxied } => self.handle_opened(conn, source, proxied),
            Input::Request { conn, request, head } => self.handle_request(conn, request, head),
            Input::ClientClosed { conn } => self.handle_client_closed(conn),
            Input::Connected { link } => self.handle_connected(link),
            Input::Refused { link } => self.handle_refused(link),
            Input::ResponseStarted { link, head } => self.handle_response_started(link, &head),
            Input::ResponseDone { link } => self.handle_response_done(link),
            Input::Passed { link } => self.handle_passed(link),
            Input::LinkClosed { link } => self.handle_link_closed(link),
            Input::Administer { server, administration } => {
                self.pool.administer(server, administration);
                self.arrange(server);
            }
            Input::Reload { hard_stop_after } => self.handle_reload(hard_stop_after),
            Input::Checked { server, passed } => {
                let marked = self.pool.handle_checked(server, passed);
                self.mark(server, marked);
            }
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        while let Some(deadline) = self.deadlines.first().copied().filter(|deadline| deadline.at <= self.now)
        {
            self.deadlines.remove(&deadline);
            match deadline.timer {
                BalancerTimer::Check(server) => self.begin_check(server, deadline.at),
                BalancerTimer::Warm(server) => self.warm(server),
                BalancerTimer::Retry(conn) => self.retry(conn),
                BalancerTimer::Expire(conn) => self.expire(conn),
                BalancerTimer::HardStop => self.hard_stop(),
            }
        }
    }

    // --- poll

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn poll_timeout(&self) -> Option<BalancerDeadline> {
        self.deadlines.first().copied()
    }

    // --- the client's side

    fn handle_opened(&mut self, conn: ConnId, source: Ipv4Addr, proxied: Option<Ipv4Addr>) {
        let (source, malformed) = match (self.config.accept_proxy, proxied) {
            (true, Some(told)) => (told, false),
            (true, None) => {
                // HAProxy ends what does not begin with the line it waits for.
                return self.outputs.push_back(Output::CloseClient { conn });
            }
            (false, proxied) => (source, proxied.is_some()),
        };
        let generation = self.generation;
        let (head, flight, due) = (None, None, None);
        let state = Conn { source, malformed, open: true, requests: 0, generation, head, flight, due };
        self.conns.insert(conn, state);
        if self.config.mode == BalancerMode::Tcp {
            self.depart(conn, None);
        } else {
            self.await_until(conn, self.config.timeouts.http_request, BalancerTimer::Expire(conn));
        }
    }

    fn handle_request(&mut self, conn: ConnId, request: RequestId, head: RequestHead) {
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
        if state.malformed {
            self.outputs.push_back(Output::Answer { conn, request: Some(request), status: BAD_REQUEST });
            return self.hang_up(conn);
        }
        state.head = Some(head);
        self.depart(conn, Some(request));
    }

    fn handle_client_closed(&mut self, conn: ConnId) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.open = false;
        match state.flight.map(|flight| (flight.request, flight.stage)) {
            None => {
                self.await_until(conn, None, BalancerTimer::Expire(conn));
                self.forget(conn);
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

    // --- servers

    fn begin_check(&mut self, server: ServerIx, due: Instant) {
        let Some((next, marked)) = self.pool.begin_check(server, due) else { return };
        self.deadlines.insert(BalancerDeadline { at: next, timer: BalancerTimer::Check(server) });
        self.mark(server, marked);
        if self.pool.awaits_check(server) {
            self.outputs.push_back(Output::Check { server });
        }
    }

    /// Checks changed a server's state.
    fn mark(&mut self, server: ServerIx, marked: Option<bool>) {
        let Some(up) = marked else { return };
        self.outputs.push_back(Output::Marked { server, up });
        if up && !self.config.slowstart.is_zero() && self.policy.is_dynamic() {
            self.warming.insert(server, self.now);
            self.warm(server);
        } else {
            self.warming.remove(&server);
            self.policy.set_share(server, FULL);
        }
        self.arrange(server);
    }

    /// Tells the policy what a server takes now, and gives it work that waits.
    fn arrange(&mut self, server: ServerIx) {
        let usable = self.pool.takes_all(server);
        self.policy.set_usable(server, usable);
        if usable {
            self.dequeue(server);
        }
    }

    /// HAProxy counts whole seconds: a server has a sixteenth of its weight at once, and all of it after `slowstart`.
    fn warm(&mut self, server: ServerIx) {
        let Some(since) = self.warming.get(&server).copied() else { return };
        let whole = self.config.slowstart.as_secs().max(1);
        let passed = (self.now - since).as_secs();
        if passed >= whole {
            self.warming.remove(&server);
            return self.policy.set_share(server, FULL);
        }
        let share = (u64::from(FULL) * passed + whole) / whole;
        self.policy.set_share(server, u32::try_from(share).unwrap_or(FULL).min(FULL));
        let step = Duration::from_secs((whole / 20).max(1));
        let at = self.now + step;
        self.deadlines.insert(BalancerDeadline { at, timer: BalancerTimer::Warm(server) });
    }

    // --- reload

    fn handle_reload(&mut self, hard_stop_after: Option<Duration>) {
        self.generation += 1;
        for link in self.pool.take_idle_links() {
            self.outputs.push_back(Output::CloseLink { link });
        }
        let idle = |(_, state): &(&ConnId, &Conn)| state.flight.is_none();
        let idle: Vec<_> = self.conns.iter().filter(idle).map(|(conn, _)| *conn).collect();
        for conn in idle {
            self.hang_up(conn);
            self.conns.remove(&conn);
        }
        let servers = self.pool.first_checks();
        self.deadlines.retain(|due| !matches!(due.timer, BalancerTimer::Check(_) | BalancerTimer::Warm(_)));
        let since_start = self.config.check.map_or(Duration::ZERO, |check| check.started_before);
        for (server, at) in servers {
            // The checks of the fresh process are spread as those of the first were, from its own start.
            let at = self.now + (at - Instant::ZERO) + since_start;
            self.deadlines.insert(BalancerDeadline { at, timer: BalancerTimer::Check(server) });
        }
        self.pool.renew();
        self.warming.clear();
        self.persistence = Persistence::new(&self.config);
        self.policy = Policy::new(&self.config, self.pool.len(), self.random.clone());
        if let Some(after) = hard_stop_after {
            self.deadlines.insert(BalancerDeadline { at: self.now + after, timer: BalancerTimer::HardStop });
        }
    }

    /// The old process ends, and its connections with it.
    fn hard_stop(&mut self) {
        let old = |(_, state): &(&ConnId, &Conn)| state.generation < self.generation;
        let old: Vec<_> = self.conns.iter().filter(old).map(|(conn, _)| *conn).collect();
        for conn in old {
            let stage = self.conns.get(&conn).and_then(|state| state.flight).map(|flight| flight.stage);
            if let Some(link) = stage.and_then(Stage::link) {
                self.pool.remove_link(link);
                self.outputs.push_back(Output::CloseLink { link });
            }
            self.hang_up(conn);
        }
    }
}
