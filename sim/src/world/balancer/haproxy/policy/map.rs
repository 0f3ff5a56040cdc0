//! `hash-type map-based` and `static-rr`: a map of slots, filled once for the servers that take part.

use crate::scenario::ServerIx;

/// The slots.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Map {
    slots: Vec<ServerIx>,
    /// The slot of the next request that has nothing to hash.
    turn: usize,
}

impl Map {
    /// Fills the slots: as many as the sum of the weights. For each slot every server's score grows by its weight, the
    /// first server with the most whole sums takes it, and pays a sum (`tables-2.md` item 38).
    pub(super) fn fill(&mut self, servers: &[(ServerIx, u32)]) {
        let total: i64 = servers.iter().map(|(_, weight)| i64::from(*weight)).sum();
        let mut scores = vec![0_i64; servers.len()];
        self.slots.clear();
        for _ in 0..total {
            let mut best: Option<(i64, usize)> = None;
            for (place, (score, (_, weight))) in scores.iter_mut().zip(servers).enumerate() {
                *score += i64::from(*weight);
                // Towards zero, as C divides.
                let value = (*score + total) / total;
                if best.is_none_or(|(most, _)| value > most) {
                    best = Some((value, place));
                }
            }
            let Some((_, place)) = best else { break };
            if let (Some(score), Some((server, _))) = (scores.get_mut(place), servers.get(place)) {
                *score -= total;
                self.slots.push(*server);
            }
        }
    }

    /// The server of a hash.
    pub(super) fn lookup(&self, hash: u32) -> Option<ServerIx> {
        let slot = (hash as usize).checked_rem(self.slots.len())?;
        self.slots.get(slot).copied()
    }

    /// The server of the next slot. Full servers are passed over.
    pub(super) fn next(&mut self, full: &[bool], avoid: Option<ServerIx>) -> Option<ServerIx> {
        let slots = self.slots.len();
        let start = if self.turn < slots { self.turn } else { 0 };
        let turns = (0..slots).map(|turn| (start + turn) % slots);
        let turns = turns.filter_map(|slot| self.slots.get(slot).map(|server| (slot, *server)));
        let free: Vec<_> =
            turns.filter(|(_, server)| !full.get(server.0).copied().unwrap_or(false)).collect();
        // The one to avoid is taken if there is no other, and then its last slot counts as chosen.
        let other = free.iter().find(|(_, server)| Some(*server) != avoid);
        let (slot, server) = *other.or(free.last())?;
        self.turn = slot + 1;
        Some(server)
    }
}
