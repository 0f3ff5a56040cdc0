//! The way back: responses, and the ends of flights and connections.

use super::{Haproxy, Stage};
use crate::scenario::{HttpOption, HttpReuse};
use crate::world::balancer::head::ResponseHead;
use crate::world::balancer::input::{BalancerTimer, ConnId, LinkId, Output};

const SWITCHING_PROTOCOLS: u16 = 101;
const BAD_GATEWAY: u16 = 502;

impl Haproxy {
    pub(super) fn handle_response_started(&mut self, link: LinkId, head: &ResponseHead) {
        let Some((conn, flight)) = self.flight_on(link) else { return };
        if flight.stage != Stage::Sent(link) {
            return;
        }
        self.await_until(conn, None, BalancerTimer::Expire(conn));
        let Some(state) = self.conns.get(&conn) else { return };
        let edits = match flight.server {
            Some(server) => {
                self.persistence.response(self.now, state.asker(), (server, flight.directed), head)
            }
            None => Vec::new(),
        };
        let open = state.open;
        if let Some(request) = flight.request.filter(|_| open) {
            self.outputs.push_back(Output::Respond { conn, request, link, edits });
        }
        if head.status != SWITCHING_PROTOCOLS {
            self.update(conn, |flight| flight.stage = Stage::Answering(link));
            return self.await_silence(conn);
        }
        if open {
            self.update(conn, |flight| flight.stage = Stage::Tunnel(link));
            self.await_silence(conn);
            self.outputs.push_back(Output::Tunnel { conn, link });
        } else {
            self.pool.remove_link(link);
            self.outputs.push_back(Output::CloseLink { link });
            self.land(conn);
        }
    }

    pub(super) fn handle_response_done(&mut self, link: LinkId) {
        let Some((conn, flight)) = self.flight_on(link) else { return };
        if !matches!(flight.stage, Stage::Sent(_) | Stage::Answering(_)) {
            return;
        }
        let current = self.conns.get(&conn).is_some_and(|state| state.generation == self.generation);
        let keep = self.config.option == HttpOption::KeepAlive && current;
        let parked = keep
            && match self.config.http_reuse {
                HttpReuse::Safe => self.pool.park_link(link),
                HttpReuse::Never => self.pool.keep_link(link),
            };
        if !parked {
            self.pool.remove_link(link);
            self.outputs.push_back(Output::CloseLink { link });
        }
        if current {
            self.land(conn);
        } else {
            self.hang_up(conn);
        }
    }

    /// A request in the hands of a server that dies: the first of its client connection is answered 502, a later one
    /// is not, because a browser repeats it when the connection closes without a word (`tables.md` item 12).
    pub(super) fn handle_link_closed(&mut self, link: LinkId) {
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
    pub(super) fn fail(&mut self, conn: ConnId, status: u16) {
        let Some(state) = self.conns.get(&conn) else { return };
        let request = state.flight.and_then(|flight| flight.request);
        if request.is_some() && state.open {
            self.outputs.push_back(Output::Answer { conn, request, status });
        }
        self.hang_up(conn);
    }

    /// Ends a flight and the client's connection.
    pub(super) fn hang_up(&mut self, conn: ConnId) {
        if let Some(state) = self.conns.get_mut(&conn) {
            if state.open {
                state.open = false;
                self.outputs.push_back(Output::CloseClient { conn });
            }
            self.land(conn);
        }
    }

    /// Ends a flight; forgets the connection if its client has.
    pub(super) fn land(&mut self, conn: ConnId) {
        self.await_until(conn, None, BalancerTimer::Expire(conn));
        self.leave_server(conn);
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.flight = None;
        state.head = None;
        if state.open {
            let timeouts = self.config.timeouts;
            let next = timeouts.http_keep_alive.or(timeouts.http_request);
            self.await_until(conn, next, BalancerTimer::Expire(conn));
        } else {
            self.forget(conn);
        }
    }

    /// The connection is over, and what waits for it alone.
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.conns.remove(&conn);
        for link in self.pool.take_own_links(conn) {
            self.outputs.push_back(Output::CloseLink { link });
        }
    }
}
