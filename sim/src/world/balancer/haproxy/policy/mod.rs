//! Which server gets a request: the balancing algorithms of HAProxy 2.6, checked against its recorded choices
//! (`sim/tests/balancer_choices.rs`).

mod least;
mod map;
mod ring;
#[cfg(test)]
mod tests;
mod turns;

use core::net::Ipv4Addr;

use self::least::Least;
use self::map::Map;
use self::ring::Ring;
use self::turns::Turns;
use crate::scenario::{self, Balance, HashType, ServerIx};
use crate::world::balancer::hash::{self, full_hash};
use crate::world::balancer::head::RequestHead;
use crate::world::seed::Stream;

/// What is known of a request, or of a connection in tcp mode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    pub(super) source: Ipv4Addr,
    /// `None` in tcp mode.
    pub(super) head: Option<&'a RequestHead>,
}

/// Sixteenths of a unit of weight: what slow start grows by.
pub(super) const FULL: u32 = 16;

/// A server of the policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Member {
    weight: u32,
    backup: bool,
    /// It takes new requests: up, and neither drained nor in maintenance.
    usable: bool,
    /// How much of its weight it has: [`FULL`], less during slow start.
    share: u32,
    load: u64,
}

/// The structure that the algorithm looks servers up in.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Lookup {
    Turns(Turns),
    Least(Least),
    Map(Map),
    Ring(Ring),
}

/// The algorithm with its memory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Policy {
    config: scenario::Balancer,
    members: Vec<Member>,
    lookup: Lookup,
    /// The only server: the first backup, when no other is left.
    last_resort: Option<ServerIx>,
    random: Stream,
}

impl Policy {
    pub(super) fn new(config: &scenario::Balancer, servers: usize, random: Stream) -> Self {
        let member = |index| Member {
            weight: config.weights.get(index).copied().unwrap_or(1),
            backup: config.backup.contains(&ServerIx(index)),
            usable: true,
            share: FULL,
            load: 0,
        };
        let lookup = match (config.balance, config.hash_type) {
            (Balance::RoundRobin, _) => Lookup::Turns(Turns::new(servers)),
            (Balance::LeastConn, _) => Lookup::Least(Least::new(servers)),
            (Balance::StaticRr, _) => Lookup::Map(Map::default()),
            (Balance::Random, _) | (_, HashType::Consistent | HashType::ConsistentPlain) => {
                Lookup::Ring(Ring::default())
            }
            (_, HashType::MapBased | HashType::MapBasedAvalanche) => Lookup::Map(Map::default()),
        };
        let members = (0..servers).map(member).collect();
        let mut policy = Self { config: config.clone(), members, lookup, last_resort: None, random };
        policy.arrange();
        policy
    }

    /// Whether another choice need not fall on the same server, so that a retry elsewhere is made at once.
    pub(super) fn rotates(&self) -> bool {
        matches!(self.config.balance, Balance::RoundRobin | Balance::StaticRr | Balance::Random)
    }

    /// Whether weights may change while it runs, so that servers can start slowly.
    pub(super) fn is_dynamic(&self) -> bool {
        !matches!(self.lookup, Lookup::Map(_))
    }

    /// How many servers a new request may go to.
    pub(super) fn choices(&self) -> usize {
        if self.last_resort.is_some() { 1 } else { self.part(false).len() }
    }

    /// The server takes new requests from now on, or no more.
    pub(super) fn set_usable(&mut self, server: ServerIx, usable: bool) {
        if let Some(member) = self.members.get_mut(server.0).filter(|member| member.usable != usable) {
            member.usable = usable;
            self.arrange();
        }
    }

    /// The server has this many sixteenths of its weight from now on.
    pub(super) fn set_share(&mut self, server: ServerIx, share: u32) {
        if let Some(member) = self.members.get_mut(server.0).filter(|member| member.share != share) {
            member.share = share;
            self.arrange();
        }
    }

    /// The server has this many requests in progress or waiting for it.
    pub(super) fn set_load(&mut self, server: ServerIx, load: u64) {
        if let Some(member) = self.members.get_mut(server.0) {
            member.load = load;
        }
        if let Lookup::Least(least) = &mut self.lookup {
            least.set_load(server, load);
        }
    }

    /// A server, and not `avoid` if the algorithm honours that and there is another; `None` if there is none that takes
    /// requests, or if all are full and the algorithm would take any. A full server may be chosen by a hash.
    pub(super) fn choose(
        &mut self,
        asker: Asker<'_>,
        full: &[bool],
        avoid: Option<ServerIx>,
    ) -> Option<ServerIx> {
        if self.last_resort.is_some() {
            return self.last_resort;
        }
        if self.config.balance == Balance::Random {
            return self.draw(avoid).filter(|server| !full.get(server.0).copied().unwrap_or(false));
        }
        let hash = self.hash(asker);
        match (&mut self.lookup, hash) {
            (Lookup::Turns(turns), _) => turns.next(full, avoid),
            (Lookup::Least(least), _) => least.first(full, avoid),
            // The map knows nothing to avoid: a redispatch meets the same dead server (`tables.md` R).
            (Lookup::Map(map), Some(hash)) => map.lookup(hash),
            (Lookup::Map(map), None) => map.next(full, avoid),
            (Lookup::Ring(ring), Some(hash)) => ring.lookup(hash, avoid),
            (Lookup::Ring(ring), None) => ring.next(full, avoid),
        }
    }

    /// HAProxy draws points of the consistent ring, so the servers' chances are the lengths of their arcs, and keeps
    /// the drawn server with the fewest requests in progress for its weight.
    fn draw(&mut self, avoid: Option<ServerIx>) -> Option<ServerIx> {
        let Lookup::Ring(ring) = &self.lookup else { return None };
        let mut best: Option<(ServerIx, Member)> = None;
        for _ in 0..self.config.random_draws {
            let drawn = ring.lookup(self.random.next_u32(), avoid)?;
            let member = *self.members.get(drawn.0)?;
            let weighed = |load: u64, by: Member| load * u64::from(by.weight * by.share);
            let better =
                best.is_none_or(|(_, best)| weighed(member.load, best) <= weighed(best.load, member));
            if better {
                best = Some((drawn, member));
            }
        }
        best.map(|(server, _)| server)
    }

    /// The hash of what the algorithm looks at; `None` if it looks at nothing, or if the request does not have it.
    fn hash(&self, asker: Asker<'_>) -> Option<u32> {
        let config = &self.config;
        let text = |text: &str| hash::of_text(config.hash_function, text);
        let hash = match config.balance {
            Balance::Source => asker.source.to_bits(),
            Balance::Uri => text(uri(config, asker.head?)),
            Balance::UrlParam => text(parameter(asker.head?, config.param.as_deref()?)?),
            Balance::Hdr => text(header(asker.head?, config.header.as_deref()?)?),
            // The last two are words of nginx, which no configuration of HAProxy has.
            Balance::RoundRobin
            | Balance::StaticRr
            | Balance::LeastConn
            | Balance::Random
            | Balance::IpHash
            | Balance::Hash => return None,
        };
        let avalanche = matches!(config.hash_type, HashType::MapBasedAvalanche | HashType::Consistent);
        Some(if avalanche { full_hash(hash) } else { hash })
    }

    /// Those that take part: the servers that are no backups, with their weights in sixteenths.
    fn part(&self, backup: bool) -> Vec<(ServerIx, u32)> {
        let members = self.members.iter().enumerate();
        let usable =
            members.filter(|(_, member)| member.usable && member.weight > 0 && member.backup == backup);
        usable.map(|(index, member)| (ServerIx(index), member.weight * member.share)).collect()
    }

    fn arrange(&mut self) {
        let part = self.part(false);
        let backup = if part.is_empty() { self.part(true).first().copied() } else { None };
        self.last_resort = backup.map(|(server, _)| server);
        match &mut self.lookup {
            Lookup::Turns(turns) => turns.arrange(&part),
            Lookup::Least(least) => least.arrange(&part),
            Lookup::Ring(ring) => ring.lay(&part),
            Lookup::Map(map) => {
                // Reduced once, over all servers of the pool.
                let divisor =
                    self.members.iter().fold(0, |divisor, member| gcd(divisor, member.weight)).max(1);
                let part: Vec<_> =
                    part.iter().map(|(server, sixteenths)| (*server, sixteenths / FULL / divisor)).collect();
                map.fill(&part);
            }
        }
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// What `balance uri` looks at: the path, up to a depth of slashes, or the whole target.
fn uri<'a>(config: &scenario::Balancer, head: &'a RequestHead) -> &'a str {
    let text = if config.uri_whole { head.target.as_str() } else { head.path() };
    let Some(depth) = config.uri_depth else { return text };
    let mut slashes = text.match_indices('/').map(|(at, _)| at);
    let end = slashes.nth(depth as usize);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// What `balance url_param` looks at: the value of the first parameter of that name.
fn parameter<'a>(head: &'a RequestHead, name: &str) -> Option<&'a str> {
    head.parameter(name)
}

/// What `balance hdr` looks at: the first of the values of the header of that name.
fn header<'a>(head: &'a RequestHead, name: &str) -> Option<&'a str> {
    let value = head.headers.get(name)?;
    let first = value.split_once(',').map_or(value.as_str(), |(first, _)| first);
    Some(first.trim()).filter(|first| !first.is_empty())
}
