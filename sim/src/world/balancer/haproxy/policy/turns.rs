//! `roundrobin`: HAProxy's smooth rotation by weights, which stays fair while servers come, go and change their weight.
//!
//! A server is due at a position of the group; each choice advances the position by one and the chosen server by the
//! sum of the weights over its own. Servers that are new, or whose place was lost, wait in `fresh` in the order of their
//! weight; those that are due after the present round wait in `later` for the next one.

use crate::scenario::ServerIx;

/// The most a weight can be in sixteenths.
const WEIGHT_MAX: u32 = 256 * 16;
const WEIGHT_RANGE: u32 = 256;

/// Where a server waits.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
enum Place {
    /// It takes no part.
    #[default]
    Out,
    Current,
    Fresh,
    Later,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Entry {
    weight: u32,
    place: Place,
    /// Order in its place, with the moment it came there among equals.
    key: (u32, u64),
    due: u32,
    /// The part of `due` that whole numbers do not hold.
    rest: u32,
}

/// The rotation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Turns {
    entries: Vec<Entry>,
    position: u32,
    /// Sum of the weights in this round, and in the next.
    current: u32,
    next: u32,
    sequence: u64,
    begun: bool,
}

impl Turns {
    pub(super) fn new(servers: usize) -> Self {
        let entries = vec![Entry::default(); servers];
        Self { entries, position: 0, current: 0, next: 0, sequence: 0, begun: false }
    }

    /// Which servers take part, each with its effective weight in sixteenths.
    pub(super) fn arrange(&mut self, servers: &[(ServerIx, u32)]) {
        for index in 0..self.entries.len() {
            let found = servers.iter().find(|(server, _)| server.0 == index);
            let weight = found.map_or(0, |(_, weight)| *weight);
            let old = self.entry(index).weight;
            if old == weight {
                continue;
            }
            self.next = (self.next + weight).saturating_sub(old);
            self.edit(index, |entry| entry.weight = weight);
            if weight == 0 {
                self.edit(index, |entry| entry.place = Place::Out);
            } else if self.begun {
                self.enter(index, old);
            } else {
                self.wait(index, Place::Fresh);
            }
        }
        if !self.begun {
            self.begun = true;
            (self.current, self.position) = (self.next, self.next);
        }
    }

    /// A server comes back, or its weight changes.
    fn enter(&mut self, index: usize, old: u32) {
        let rest = (self.next + self.current).saturating_sub(self.position);
        let (position, current) = (self.position, self.current);
        self.edit(index, |entry| {
            if old == 0 {
                entry.due = position + rest / entry.weight.max(1);
            } else if entry.place == Place::Later {
                entry.due += current;
            } else if entry.place == Place::Fresh {
                (entry.due, entry.rest) = (0, 0);
            }
        });
        self.queue(index);
    }

    /// The next server that is not full, and not the one to avoid if there is another.
    pub(super) fn next(&mut self, full: &[bool], avoid: Option<ServerIx>) -> Option<ServerIx> {
        let mut switched = false;
        let mut avoided = None;
        let mut passed = Vec::new();
        let chosen = loop {
            let Some(index) = self.first() else {
                if switched {
                    break avoided;
                }
                switched = true;
                self.switch();
                continue;
            };
            self.advance(index);
            if !full.get(index).copied().unwrap_or(false) {
                if Some(ServerIx(index)) != avoid || avoided.is_some() {
                    break Some(index);
                }
                avoided = Some(index);
            }
            passed.push(index);
        };
        if let Some(index) = chosen {
            self.queue(index);
        }
        for index in passed.into_iter().rev().filter(|index| Some(*index) != chosen) {
            if switched { self.wait(index, Place::Fresh) } else { self.queue(index) }
        }
        chosen.map(ServerIx)
    }

    fn entry(&self, index: usize) -> Entry {
        self.entries.get(index).copied().unwrap_or_default()
    }

    fn edit(&mut self, index: usize, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.get_mut(index) {
            change(entry);
        }
    }

    /// The first one waiting in a place.
    fn waiting(&self, place: Place) -> Option<usize> {
        let entries = self.entries.iter().enumerate().filter(|(_, entry)| entry.place == place);
        entries.min_by_key(|(_, entry)| entry.key).map(|(index, _)| index)
    }

    /// One that is due, or else a fresh one, or else the one that is due first.
    fn first(&mut self) -> Option<usize> {
        let current = self.waiting(Place::Current);
        if let Some(index) = current.filter(|index| self.entry(*index).due <= self.position) {
            return Some(index);
        }
        if let Some(index) = self.waiting(Place::Fresh) {
            self.edit(index, |entry| (entry.due, entry.rest) = (0, 0));
            return Some(index);
        }
        current
    }

    /// The server had its turn: it is due again one round over its weight later.
    fn advance(&mut self, index: usize) {
        let (position, next) = (self.position, self.next);
        self.edit(index, |entry| {
            let weight = entry.weight.max(1);
            if entry.due == 0 {
                entry.due = position;
            }
            entry.due += next / weight;
            entry.rest += next % weight;
            if entry.rest >= weight {
                entry.rest -= weight;
                entry.due += 1;
            }
            entry.place = Place::Out;
        });
        self.position += 1;
    }

    /// Puts a server where its position says.
    fn queue(&mut self, index: usize) {
        let (current, next) = (self.current, self.next);
        let entry = self.entry(index);
        if entry.weight == 0 {
            return;
        }
        if entry.due >= 2 * current || entry.due >= current + next {
            self.edit(index, |entry| entry.due -= current);
            return self.wait(index, Place::Later);
        }
        self.sequence += 1;
        let finer = (WEIGHT_MAX + entry.rest).saturating_sub(entry.weight) / 16;
        let key = (WEIGHT_RANGE * entry.due + finer, self.sequence);
        self.edit(index, |entry| (entry.place, entry.key) = (Place::Current, key));
    }

    /// Puts a server among those of a place that are ordered by weight, the heaviest first.
    fn wait(&mut self, index: usize, place: Place) {
        self.sequence += 1;
        let sequence = self.sequence;
        self.edit(index, |entry| {
            entry.place = place;
            entry.key = (WEIGHT_MAX - entry.weight.min(WEIGHT_MAX), sequence);
        });
    }

    /// The round is over: those that wait for the next one are fresh.
    fn switch(&mut self) {
        for entry in &mut self.entries {
            entry.place = match entry.place {
                Place::Later => Place::Fresh,
                Place::Fresh => Place::Later,
                place => place,
            };
        }
        (self.current, self.position) = (self.next, self.next);
    }
}
