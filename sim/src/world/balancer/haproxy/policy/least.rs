//! `leastconn`: servers in the order of their load for their weight; equals in the order in which they came there.

use crate::scenario::ServerIx;

/// The most a weight can be in sixteenths.
const WEIGHT_MAX: u64 = 256 * 16;

/// Servers in their order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Least {
    entries: Vec<Entry>,
    sequence: u64,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Entry {
    /// Of one that takes part, in sixteenths; 0: it does not.
    weight: u32,
    load: u64,
    key: u64,
    /// When it came to its place.
    since: u64,
}

impl Least {
    pub(super) fn new(servers: usize) -> Self {
        Self { entries: vec![Entry::default(); servers], sequence: 0 }
    }

    /// Which servers take part, each with its effective weight in sixteenths.
    pub(super) fn arrange(&mut self, servers: &[(ServerIx, u32)]) {
        for index in 0..self.entries.len() {
            let found = servers.iter().find(|(server, _)| server.0 == index);
            let weight = found.map_or(0, |(_, weight)| *weight);
            let Some(entry) = self.entries.get_mut(index) else { continue };
            if entry.weight != weight {
                entry.weight = weight;
                self.sequence += 1;
                entry.key = key(entry.load, weight);
                entry.since = self.sequence;
            }
        }
    }

    /// The load of a server is now this. It moves only if its key changes.
    pub(super) fn set_load(&mut self, server: ServerIx, load: u64) {
        let Some(entry) = self.entries.get_mut(server.0) else { return };
        entry.load = load;
        let key = key(load, entry.weight);
        if key != entry.key {
            self.sequence += 1;
            (entry.key, entry.since) = (key, self.sequence);
        }
    }

    /// The first server that is not full, and not the one to avoid if there is another.
    pub(super) fn first(&self, full: &[bool], avoid: Option<ServerIx>) -> Option<ServerIx> {
        let free = |index: &usize| !full.get(*index).copied().unwrap_or(false);
        let least = |candidates: &mut dyn Iterator<Item = (usize, &Entry)>| {
            candidates.min_by_key(|(_, entry)| (entry.key, entry.since)).map(|(index, _)| ServerIx(index))
        };
        let part =
            || self.entries.iter().enumerate().filter(|(index, entry)| entry.weight > 0 && free(index));
        least(&mut part().filter(|(index, _)| Some(ServerIx(*index)) != avoid)).or_else(|| least(&mut part()))
    }
}

fn key(load: u64, weight: u32) -> u64 {
    if load == 0 { 0 } else { (load + 1) * WEIGHT_MAX / u64::from(weight.max(1)) }
}
