//! The balancer's process ends, and a fresh one takes its place.

use super::conn::{Dialer, Listener};
use super::hop::Hop;
use super::queue::Up;
use super::{World, chain};
use crate::trace::TraceEvent;
use crate::world::balancer::ConnId;

impl World<'_> {
    /// Its system closes every connection of the process (measured: both sides see the end of each, and no reset), and refuses
    /// new ones.
    pub(super) fn end_balancer(&mut self) {
        let Some(hop) = self.chain.balancer().filter(|hop| !self.hops[*hop].down) else { return };
        self.trace.record(self.now, TraceEvent::BalancerDown);
        self.hops[hop].down = true;
        let numbers: Vec<u64> = self.conns.numbers().collect();
        for id in numbers.into_iter().map(ConnId) {
            let Some(conn) = self.conns.get(id.0) else { continue };
            let dialled = matches!(conn.dialer, Dialer::Hop(link) if link.hop == hop) && conn.at_dialer;
            if dialled {
                self.close_from_dialer(id);
            } else if conn.listener == Listener::Hop(hop) && conn.at_listener {
                self.close_from_hop(id);
            }
        }
    }

    fn close_from_dialer(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(id.0) {
            conn.at_dialer = false;
        }
        self.send_up(id, Up::Fin);
        self.forget_conn(id);
    }

    /// A fresh process listens: it takes all servers to be up, and knows no table, no turn and nothing that operators said.
    pub(super) fn start_balancer(&mut self) {
        let Some(hop) = self.chain.balancer().filter(|hop| self.hops[*hop].down) else { return };
        let number = self.hops[hop].process + 1;
        let site = chain::fresh_balancer(self.scenario, self.seed, number, self.now);
        let wire = self.hops[hop].wire.clone();
        let mut fresh = Hop::new(site, wire);
        fresh.process = number;
        self.hops[hop] = fresh;
        self.trace.record(self.now, TraceEvent::BalancerUp);
        self.settle_hop(hop);
    }
}
