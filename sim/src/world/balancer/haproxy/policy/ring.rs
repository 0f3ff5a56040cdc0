//! `hash-type consistent`, and what else goes over its ring.

use crate::scenario::ServerIx;
use crate::world::balancer::hash::full_hash;

/// Points of a server for each unit of weight. Weights are not reduced: 2 and 4 have more points than 1 and 2
/// (`tables-2.md` item 38).
const POINTS: u32 = 16;
/// Distance between the point numbers of two servers, which HAProxy numbers from 1.
const POINTS_RANGE: u32 = 4096;

/// Points on a ring.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Ring {
    /// In ascending order.
    points: Vec<(u32, ServerIx)>,
    /// The point that was chosen last when there was nothing to hash.
    last: Option<(u32, ServerIx)>,
}

impl Ring {
    /// Lays the points of the servers that take part, each with its effective weight in sixteenths.
    pub(super) fn lay(&mut self, servers: &[(ServerIx, u32)]) {
        self.points.clear();
        for (server, sixteenths) in servers {
            let number = u32::try_from(server.0).unwrap_or(u32::MAX).wrapping_add(1);
            let first = number.wrapping_mul(POINTS_RANGE);
            let points =
                (0..(*sixteenths * POINTS).div_ceil(16)).map(|point| full_hash(first.wrapping_add(point)));
            self.points.extend(points.map(|key| (key, *server)));
        }
        self.points.sort_unstable();
        // A point that is gone passes its turn on to the next one.
        if let Some(last) = self.last.filter(|last| !self.points.contains(last)) {
            let after = self.points.partition_point(|point| *point < last);
            self.last = self.points.get(after).or(self.points.first()).copied();
        }
    }

    /// The server whose point is nearest to `hash`. To avoid one, HAProxy goes *forward* to the next point of
    /// another, which is not always the server nearest without it (`tables.md` item 11).
    pub(super) fn lookup(&self, hash: u32, avoid: Option<ServerIx>) -> Option<ServerIx> {
        let points = &self.points;
        let after = points.partition_point(|(key, _)| *key < hash);
        let next = if after == points.len() { 0 } else { after };
        let previous = next.checked_sub(1).unwrap_or(points.len().checked_sub(1)?);
        let (next_key, _) = *points.get(next)?;
        let (previous_key, _) = *points.get(previous)?;
        let nearer =
            if hash.wrapping_sub(previous_key) <= next_key.wrapping_sub(hash) { previous } else { next };
        let forward = points.iter().cycle().skip(nearer).take(points.len());
        let mut servers = forward.map(|(_, server)| *server);
        let nearest = servers.clone().next();
        servers.find(|server| Some(*server) != avoid).or(nearest)
    }

    /// The server of the next point, for a request that has nothing to hash. Full servers are passed over.
    pub(super) fn next(&mut self, full: &[bool], avoid: Option<ServerIx>) -> Option<ServerIx> {
        let start = self.last.map_or(0, |last| self.points.partition_point(|point| *point <= last));
        let turns = self.points.iter().cycle().skip(start).take(self.points.len());
        let mut free = turns.filter(|(_, server)| !full.get(server.0).copied().unwrap_or(false));
        let avoided = free.clone().next();
        let chosen = free.find(|(_, server)| Some(*server) != avoid).or(avoided)?;
        self.last = Some(*chosen);
        Some(chosen.1)
    }
}
