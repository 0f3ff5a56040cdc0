//! Faults that end no server.

use std::time::Duration;

use socketio08::Instant;

use super::queue::{Down, Event, Up, Wake};
use super::{Wire, World};
use crate::scenario::{HarmKind, Road, ServerIx, Weather};
use crate::trace::{ClientId, TraceEvent};
use crate::world::balancer::ConnId;

/// A process that got SIGSTOP.
pub(super) struct Paused {
    fault: usize,
    /// What its kernel took for it, and what it was about to write.
    held: Vec<Event>,
}

impl World<'_> {
    pub(super) fn begin_harm(&mut self, fault: usize) {
        let Some(harm) = self.scenario.harms.get(fault).copied() else { return };
        let until = harm.lasts.map(|lasts| Instant::ZERO + harm.at + lasts);
        self.trace.record(self.now, TraceEvent::HarmBegan { fault, verb: harm.kind.verb() });
        match harm.kind {
            HarmKind::Pause(server) => {
                if let Some(process) = self.process_mut(server) {
                    process.paused.get_or_insert(Paused { fault, held: Vec::new() });
                }
            }
            HarmKind::Slow { server, factor } => {
                if let Some(node) = self.servers.get_mut(server.0) {
                    node.slowed = Some((fault, factor));
                }
            }
            HarmKind::Road { road, weather } => self.change_weather(fault, road, Some((weather, until))),
            HarmKind::Disconnect(road) => self.disconnect(fault, road, harm.lasts),
        }
    }

    pub(super) fn end_harm(&mut self, fault: usize) {
        let Some(harm) = self.scenario.harms.get(fault).copied() else { return };
        match harm.kind {
            HarmKind::Pause(server) => self.resume(server, fault),
            HarmKind::Slow { server, .. } => {
                if let Some(node) = self.servers.get_mut(server.0) {
                    node.slowed = node.slowed.filter(|(other, _)| *other != fault);
                }
            }
            HarmKind::Road { road, .. } => self.change_weather(fault, road, None),
            HarmKind::Disconnect(_) => {
                for node in self.clients.iter_mut().filter(|node| node.refused_by == Some(fault)) {
                    node.refused_by = None;
                }
            }
        }
        self.trace.record(self.now, TraceEvent::HarmEnded { fault });
    }

    /// The fault touched something; true, for use in conditions.
    pub(super) fn bite(&mut self, fault: usize) -> bool {
        if let Some(bitten) = self.bitten.get_mut(fault).filter(|bitten| !**bitten) {
            *bitten = true;
            self.trace.record(self.now, TraceEvent::HarmBit { fault });
        }
        true
    }

    // --- a paused process

    fn process_mut(&mut self, server: ServerIx) -> Option<&mut super::server::Process> {
        self.servers.get_mut(server.0)?.process.as_mut()
    }

    pub(super) fn paused_by(&self, server: ServerIx) -> Option<usize> {
        let process = self.servers.get(server.0)?.process.as_ref()?;
        process.paused.as_ref().map(|paused| paused.fault)
    }

    /// Whether the process is paused; `event` happens when it goes on then.
    pub(super) fn is_held(&mut self, server: ServerIx, event: impl FnOnce() -> Event) -> bool {
        let Some(paused) = self.process_mut(server).and_then(|process| process.paused.as_mut()) else {
            return false;
        };
        paused.held.push(event());
        let fault = paused.fault;
        self.bite(fault)
    }

    /// SIGCONT: timers that were missed fire once, and what was kept is served in its order.
    fn resume(&mut self, server: ServerIx, fault: usize) {
        let now = self.now;
        let Some(process) = self.process_mut(server) else { return };
        if process.paused.as_ref().is_none_or(|paused| paused.fault != fault) {
            return;
        }
        let Some(Paused { held, .. }) = process.paused.take() else { return };
        process.wake = Wake::default();
        if let Some(at) = process.wake.arm(Some(now)) {
            self.queue.push(at, Event::ServerWake(server));
        }
        for event in held {
            self.queue.push(now, event);
        }
    }

    // --- the network

    fn change_weather(&mut self, fault: usize, road: Road, bad: Option<(Weather, Option<Instant>)>) {
        let change = |wire: &mut Wire| match bad {
            Some((weather, until)) => wire.sky.handle_bad(fault, weather, until),
            None => wire.sky.handle_over(fault),
        };
        match road {
            Road::Server(server) => {
                if let Some(node) = self.servers.get_mut(server.0) {
                    change(&mut node.wire);
                }
            }
            Road::Clients | Road::Group(_) => {
                for node in self.clients.iter_mut().filter(|node| on_road(node.member.group, road)) {
                    change(&mut node.wire);
                }
            }
        }
    }

    /// How long what goes between a client and whom it connects to now takes; `None`: it never arrives.
    pub(super) fn client_hop(&mut self, client: ClientId, opening: bool) -> Option<Duration> {
        let wire = &mut self.clients[client.index()].wire;
        let (delay, bitten) = (wire.hop(self.now, opening), wire.sky.take_bitten());
        self.bite_all(bitten);
        delay
    }

    /// The same between a proxy and a server.
    pub(super) fn server_hop(&mut self, server: ServerIx, opening: bool) -> Option<Duration> {
        let wire = &mut self.servers[server.0].wire;
        let (delay, bitten) = (wire.hop(self.now, opening), wire.sky.take_bitten());
        self.bite_all(bitten);
        delay
    }

    /// The same between two servers, whose ways are as long as that of the one who listens; the weather of both counts.
    pub(super) fn peer_hop(&mut self, from: ServerIx, to: ServerIx, opening: bool) -> Option<Duration> {
        let delay = self.server_hop(to, opening)?;
        self.under_sky(from, delay, opening)
    }

    /// The same between a client and a server to which it connects itself.
    pub(super) fn direct_hop(
        &mut self,
        client: ClientId,
        server: ServerIx,
        opening: bool,
    ) -> Option<Duration> {
        let delay = self.client_hop(client, opening)?;
        self.under_sky(server, delay, opening)
    }

    /// What becomes of a delay in the weather over a server.
    fn under_sky(&mut self, server: ServerIx, delay: Duration, opening: bool) -> Option<Duration> {
        let sky = &mut self.servers[server.0].wire.sky;
        let (delay, bitten) = (sky.pass(self.now, delay, opening), sky.take_bitten());
        self.bite_all(bitten);
        delay
    }

    /// The same for a check: what takes as long as the time between two checks comes too late for the first, and would
    /// be taken for the answer of the second.
    pub(super) fn check_hop(&mut self, server: ServerIx) -> Option<Duration> {
        let inter = self.scenario.balancer.check.map(|check| check.inter)?;
        self.server_hop(server, true).filter(|delay| *delay < inter)
    }

    fn bite_all(&mut self, bitten: Vec<usize>) {
        for fault in bitten {
            self.bite(fault);
        }
    }

    /// Every connection of the clients on a road is reset at both ends.
    fn disconnect(&mut self, fault: usize, road: Road, lasts: Option<Duration>) {
        let hit: Vec<ClientId> = self
            .clients
            .iter()
            .filter(|node| on_road(node.member.group, road) && node.visit.gone.is_none())
            .map(|node| ClientId(node.member.index))
            .collect();
        for client in &hit {
            if lasts.is_some() {
                self.clients[client.index()].refused_by = Some(fault);
            }
        }
        for client in hit {
            for conn in self.connections_of(client) {
                self.bite(fault);
                self.reset(conn);
            }
        }
    }

    fn reset(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(id.0) {
            conn.severed = true;
            // Past its latency: the reset of a router between.
            self.queue.push(self.now, Event::Up(id, Up::Fin));
        }
        self.ended(id, false);
    }

    /// Whether a client's new connection is refused by a fault, which it then hears of after a hop.
    pub(super) fn refuses(&mut self, client: ClientId, id: ConnId) -> bool {
        let node = &mut self.clients[client.index()];
        let Some(fault) = node.refused_by else { return false };
        let delay = node.wire.delay();
        self.bite(fault);
        self.queue.push(self.now + delay, Event::Down(id, Down::Refused));
        true
    }
}

fn on_road(group: usize, road: Road) -> bool {
    match road {
        Road::Clients => true,
        Road::Group(wanted) => wanted == group,
        Road::Server(_) => false,
    }
}
