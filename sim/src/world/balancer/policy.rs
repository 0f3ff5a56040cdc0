//! Which server gets a request: the balancing algorithms of HAProxy 2.6 for servers of weight 1.

use core::net::Ipv4Addr;

use super::hash::{self, Ring};
use crate::scenario::{self, Balance, HashType, ServerIx};
use crate::world::seed::Stream;

/// What a policy sees of a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Candidate {
    /// It takes requests.
    pub(super) up: bool,
    /// Requests or connections in progress.
    pub(super) load: u64,
    /// When its load last changed, as a sequence number: the longest unchanged wins among equals.
    pub(super) changed: u64,
}

/// The algorithm with its memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Policy {
    balance: Balance,
    hash_type: HashType,
    draws: u32,
    ring: Ring,
    /// The server chosen last by rotation.
    last: Option<usize>,
    random: Stream,
}

impl Policy {
    pub(super) fn new(config: &scenario::Balancer, servers: usize, random: Stream) -> Self {
        Self {
            balance: config.balance,
            hash_type: config.hash_type,
            draws: config.random_draws,
            ring: Ring::new(servers),
            last: None,
            random,
        }
    }

    /// Whether another choice need not fall on the same server, so that a retry elsewhere is made at once.
    pub(super) fn rotates(&self) -> bool {
        matches!(self.balance, Balance::RoundRobin | Balance::Random)
    }

    /// A server that is up, and not `avoid` if the algorithm honours that and there is another; `None` if all are down.
    pub(super) fn choose(
        &mut self,
        servers: &[Candidate],
        source: Ipv4Addr,
        avoid: Option<ServerIx>,
    ) -> Option<ServerIx> {
        let up: Vec<ServerIx> = (0..servers.len()).filter(|ix| servers[*ix].up).map(ServerIx).collect();
        match (self.balance, self.hash_type) {
            (Balance::RoundRobin, _) => self.round_robin(&up, servers.len(), avoid),
            (Balance::LeastConn, _) => least_conn(&up, servers, avoid),
            (Balance::Random, _) => self.draw(&up, servers, avoid),
            // The map knows nothing to avoid: a redispatch meets the same dead server (`tables.md` R).
            (Balance::Source, HashType::MapBased) => hash::map_based(source, &up),
            (Balance::Source, HashType::MapBasedAvalanche) => hash::map_based_avalanche(source, &up),
            (Balance::Source, HashType::Consistent) => self.ring.by_source(source, &up, avoid),
        }
    }

    fn round_robin(&mut self, up: &[ServerIx], servers: usize, avoid: Option<ServerIx>) -> Option<ServerIx> {
        let first = self.last.map_or(0, |last| last + 1);
        let turns = (0..servers).map(|turn| ServerIx((first + turn) % servers));
        let mut turns = turns.filter(|server| up.contains(server));
        let next = turns.clone().next();
        let chosen = turns.find(|server| Some(*server) != avoid).or(next)?;
        self.last = Some(chosen.0);
        Some(chosen)
    }

    /// HAProxy draws points of the consistent ring, so the servers' chances are the lengths of their arcs, and keeps
    /// the drawn server with the fewest requests in progress.
    fn draw(&mut self, up: &[ServerIx], servers: &[Candidate], avoid: Option<ServerIx>) -> Option<ServerIx> {
        let mut best: Option<ServerIx> = None;
        for _ in 0..self.draws {
            let drawn = self.ring.lookup(self.random.next_u32(), up, avoid)?;
            let better = best.is_none_or(|best| servers[drawn.0].load <= servers[best.0].load);
            if better {
                best = Some(drawn);
            }
        }
        best
    }
}

fn least_conn(up: &[ServerIx], servers: &[Candidate], avoid: Option<ServerIx>) -> Option<ServerIx> {
    let least = |candidates: &mut dyn Iterator<Item = &ServerIx>| {
        candidates.min_by_key(|server| (servers[server.0].load, servers[server.0].changed)).copied()
    };
    least(&mut up.iter().filter(|server| Some(**server) != avoid)).or_else(|| least(&mut up.iter()))
}
