//! The way to a server: the choice, the queue, the connection, the retries.

use core::time::Duration;

use super::{Conn, Flight, Haproxy, Stage};
use crate::scenario::{HttpReuse, Redispatch, ServerIx};
use crate::world::balancer::head::{Edit, FORWARDED_FOR};
use crate::world::balancer::input::{BalancerDeadline, BalancerTimer, ConnId, LinkId, Output, RequestId};

/// How long HAProxy waits before it tries the same server again (`tables.md` R: 503 after 3.0 s with three retries).
const RETRY_HOLD: Duration = Duration::from_secs(1);
pub(super) const SERVICE_UNAVAILABLE: u16 = 503;
const REQUEST_TIMEOUT: u16 = 408;
const GATEWAY_TIMEOUT: u16 = 504;

impl Haproxy {
    /// Begins a flight: chooses a server and goes there.
    pub(super) fn depart(&mut self, conn: ConnId, request: Option<RequestId>) {
        let retries_left = self.config.retries;
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.flight = Some(Flight {
            request,
            server: None,
            refused_by: None,
            counted_by: 0,
            directed: false,
            retries_left,
            stage: Stage::Holding,
        });
        let pool = &self.pool;
        let own = self.persistence.server(self.now, state.asker(), |server| pool.takes_its_own(server));
        let last = || self.pool.last_server(conn).filter(|_| self.config.prefer_last_server);
        match (own, last()) {
            (Some(server), _) => {
                self.update(conn, |flight| flight.directed = true);
                self.board(conn, server);
            }
            (None, Some(server)) => self.board(conn, server),
            (None, None) => self.choose(conn),
        }
    }

    /// Has the policy choose a server; waits for one if all are full, fails if there is none.
    fn choose(&mut self, conn: ConnId) {
        let full = self.full();
        let Some(state) = self.conns.get(&conn) else { return };
        let avoid = state.flight.and_then(|flight| flight.refused_by);
        match self.policy.choose(state.asker(), &full, avoid) {
            Some(server) => self.board(conn, server),
            None if self.policy.choices() > 0 => self.enqueue(conn, None),
            None => self.fail(conn, SERVICE_UNAVAILABLE),
        }
    }

    /// The flight is for this server: it counts there from now on, or waits for a place.
    fn board(&mut self, conn: ConnId, server: ServerIx) {
        if self.is_full(server) {
            return self.enqueue(conn, Some(server));
        }
        self.take_place(conn, server);
        self.approach(conn);
    }

    fn take_place(&mut self, conn: ConnId, server: ServerIx) {
        self.pool.count(server, true);
        let generation = self.generation;
        self.update(conn, |flight| {
            flight.server = Some(server);
            flight.counted_by = generation;
        });
        self.tell_load(server);
    }

    /// Goes to the server it counts on.
    fn approach(&mut self, conn: ConnId) {
        let Some(state) = self.conns.get(&conn) else { return };
        let Some(flight) = state.flight else { return };
        let Some(server) = flight.server else { return self.choose(conn) };
        let proxy = self.config.send_proxy.then_some(state.source);
        let first = state.requests == 1;
        let reused = flight.request.and_then(|_| match self.config.http_reuse {
            HttpReuse::Safe => self.pool.reuse_link(server, conn, (first, proxy)),
            HttpReuse::Never => self.pool.own_link(server, conn),
        });
        if let Some(link) = reused {
            return self.forward(conn, link);
        }
        let link = self.pool.open_link(server, conn, proxy);
        self.update(conn, |flight| flight.stage = Stage::Connecting(link));
        self.outputs.push_back(Output::Connect { link, server, proxy });
        self.await_until(conn, self.config.timeouts.connect, BalancerTimer::Expire(conn));
    }

    pub(super) fn handle_connected(&mut self, link: LinkId) {
        let Some((conn, flight)) = self.flight_on(link) else { return };
        if flight.stage != Stage::Connecting(link) {
            return;
        }
        if flight.request.is_some() {
            self.forward(conn, link);
        } else {
            self.update(conn, |flight| flight.stage = Stage::Tunnel(link));
            self.await_silence(conn);
            self.outputs.push_back(Output::Tunnel { conn, link });
        }
    }

    fn forward(&mut self, conn: ConnId, link: LinkId) {
        self.pool.count_use(link);
        self.update(conn, |flight| flight.stage = Stage::Sent(link));
        self.await_until(conn, self.config.timeouts.server, BalancerTimer::Expire(conn));
        let Some(state) = self.conns.get(&conn) else { return };
        let edits = self.request_edits(state);
        if let Some(request) = state.flight.and_then(|flight| flight.request) {
            self.outputs.push_back(Output::Forward { link, conn, request, edits });
        }
    }

    fn request_edits(&self, state: &Conn) -> Vec<Edit> {
        let mut edits =
            state.head.as_ref().map(|head| self.persistence.request_edits(head)).unwrap_or_default();
        if self.config.forwardfor {
            edits.push(Edit::Add { name: FORWARDED_FOR, value: state.source.to_string().into() });
        }
        edits
    }

    // --- the queue

    fn is_full(&self, server: ServerIx) -> bool {
        let waits = || self.queue.iter().any(|(_, on)| *on == Some(server));
        self.config.maxconn.is_some_and(|most| self.pool.load(server) >= u64::from(most) || waits())
    }

    /// Which servers are full.
    fn full(&self) -> Vec<bool> {
        if self.config.maxconn.is_none() {
            return Vec::new();
        }
        (0..self.pool.len()).map(|index| self.is_full(ServerIx(index))).collect()
    }

    fn enqueue(&mut self, conn: ConnId, on: Option<ServerIx>) {
        self.queue.push_back((conn, on));
        self.update(conn, |flight| flight.stage = Stage::Queued);
        let timeouts = self.config.timeouts;
        self.await_until(conn, timeouts.queue.or(timeouts.connect), BalancerTimer::Expire(conn));
        if let Some(server) = on {
            self.tell_load(server);
        }
    }

    /// Gives the free places of a server to those that have waited longest, for it or for any.
    pub(super) fn dequeue(&mut self, server: ServerIx) {
        let Some(most) = self.config.maxconn else { return };
        while self.pool.load(server) < u64::from(most) {
            let any = self.pool.takes_all(server);
            let fits = |on: Option<ServerIx>| on == Some(server) || (on.is_none() && any);
            let Some(place) = self.queue.iter().position(|(_, on)| fits(*on)) else { return };
            let Some((conn, _)) = self.queue.remove(place) else { return };
            self.take_place(conn, server);
            self.approach(conn);
        }
    }

    fn tell_load(&mut self, server: ServerIx) {
        let waiting = self.queue.iter().filter(|(_, on)| *on == Some(server)).count() as u64;
        self.policy.set_load(server, self.pool.load(server) + waiting);
    }

    /// The flight counts on its server no more, and waits for none.
    pub(super) fn leave_server(&mut self, conn: ConnId) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let Some(flight) = state.flight.as_mut() else { return };
        let current = flight.counted_by == self.generation;
        if flight.stage == Stage::Queued {
            let place = self.queue.iter().position(|(waiting, _)| *waiting == conn);
            let on = place.and_then(|place| self.queue.remove(place)).and_then(|(_, on)| on);
            if let Some(server) = on {
                self.tell_load(server);
            }
            return;
        }
        if let Some(server) = flight.server.take() {
            flight.refused_by = Some(server);
            // What an old process holds does not count in the fresh one.
            if current {
                self.pool.count(server, false);
                self.tell_load(server);
                self.dequeue(server);
            }
        }
    }

    // --- refusals

    pub(super) fn handle_refused(&mut self, link: LinkId) {
        let Some((conn, flight)) = self.flight_on(link) else { return };
        if flight.stage != Stage::Connecting(link) {
            return;
        }
        self.pool.remove_link(link);
        self.try_again(conn, true);
    }

    /// HAProxy's rule: a refused connection is tried again until the retries are used up; on the same server after a
    /// second, on another (if redispatch allows another choice now) at once. One that took too long has waited already.
    fn try_again(&mut self, conn: ConnId, refused: bool) {
        let Some(flight) = self.conns.get(&conn).and_then(|state| state.flight) else { return };
        let Some(retries_left) = flight.retries_left.checked_sub(1) else {
            return self.fail(conn, SERVICE_UNAVAILABLE);
        };
        self.update(conn, |flight| flight.retries_left = retries_left);
        let anew =
            flight.server.is_some_and(|server| self.redispatches(server, flight.directed, retries_left));
        if anew {
            self.leave_server(conn);
            self.update(conn, |flight| flight.directed = false);
        }
        if !refused || (anew && self.policy.choices() > 1) {
            self.approach(conn);
        } else {
            self.update(conn, |flight| flight.stage = Stage::Holding);
            self.await_until(conn, Some(RETRY_HOLD), BalancerTimer::Retry(conn));
        }
    }

    /// Whether the retry with this many left after it may choose again, having been refused by `server`.
    fn redispatches(&self, server: ServerIx, directed: bool, retries_left: u32) -> bool {
        let due = match self.config.redispatch {
            Redispatch::Never => return false,
            Redispatch::AtLastRetry => retries_left == 0,
            Redispatch::Every(step) => retries_left.checked_rem(step) == Some(0),
        };
        let rotates = !directed && self.policy.rotates() && self.policy.choices() > 1;
        due || !self.pool.takes_its_own(server) || rotates
    }

    pub(super) fn retry(&mut self, conn: ConnId) {
        let flight = self.conns.get(&conn).and_then(|state| state.flight);
        if flight.is_some_and(|flight| flight.stage == Stage::Holding) {
            self.approach(conn);
        }
    }

    // --- waits

    /// The connection waits for at most this long (`None`: for ever); a wait before it is over.
    pub(super) fn await_until(&mut self, conn: ConnId, wait: Option<Duration>, timer: BalancerTimer) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        if let Some(before) = state.due.take() {
            self.deadlines.remove(&before);
        }
        if let Some(wait) = wait {
            let due = BalancerDeadline { at: self.now + wait, timer };
            state.due = Some(due);
            self.deadlines.insert(due);
        }
    }

    /// A wait took too long.
    pub(super) fn expire(&mut self, conn: ConnId) {
        let Some(state) = self.conns.get(&conn) else { return };
        let Some(flight) = state.flight else { return self.wait_no_more(conn) };
        match flight.stage {
            Stage::Queued => self.fail(conn, SERVICE_UNAVAILABLE),
            Stage::Connecting(link) => {
                self.pool.remove_link(link);
                self.outputs.push_back(Output::CloseLink { link });
                self.try_again(conn, false);
            }
            Stage::Sent(link) => {
                self.pool.remove_link(link);
                self.outputs.push_back(Output::CloseLink { link });
                self.fail(conn, GATEWAY_TIMEOUT);
            }
            Stage::Answering(link) | Stage::Tunnel(link) => {
                self.pool.remove_link(link);
                self.outputs.push_back(Output::CloseLink { link });
                self.hang_up(conn);
            }
            Stage::Holding => {}
        }
    }

    /// No request came in time. Measured of HAProxy 2.6.12: who sent none at all is told so, who sent one before is not.
    fn wait_no_more(&mut self, conn: ConnId) {
        let mute = self.conns.get(&conn).is_some_and(|state| state.open && state.requests == 0);
        if mute {
            self.outputs.push_back(Output::Answer { conn, request: None, status: REQUEST_TIMEOUT });
        }
        self.hang_up(conn);
    }

    /// Something passed: the silence begins anew.
    pub(super) fn handle_passed(&mut self, link: LinkId) {
        if let Some((conn, _)) = self.flight_on(link) {
            self.await_silence(conn);
        }
    }

    /// What goes on is ended after this long a silence. Measured of tunnels (HAProxy 2.6.12, tcp and http mode): silence of both sides
    /// counts, for `timeout tunnel`, or else for `timeout server`; `timeout client` alone ends none.
    pub(super) fn await_silence(&mut self, conn: ConnId) {
        let Some(flight) = self.conns.get(&conn).and_then(|state| state.flight) else { return };
        let timeouts = self.config.timeouts;
        let silence = match flight.stage {
            Stage::Tunnel(_) => timeouts.tunnel.or(timeouts.server),
            Stage::Answering(_) => timeouts.server,
            Stage::Queued | Stage::Connecting(_) | Stage::Holding | Stage::Sent(_) => return,
        };
        self.await_until(conn, silence, BalancerTimer::Expire(conn));
    }

    // --- lookups

    pub(super) fn flight_on(&self, link: LinkId) -> Option<(ConnId, Flight)> {
        let conn = self.pool.link(link)?.conn?;
        Some((conn, self.conns.get(&conn)?.flight?))
    }

    pub(super) fn update(&mut self, conn: ConnId, change: impl FnOnce(&mut Flight)) {
        if let Some(flight) = self.conns.get_mut(&conn).and_then(|state| state.flight.as_mut()) {
            change(flight);
        }
    }
}
