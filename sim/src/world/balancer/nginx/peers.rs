//! nginx's peers: which one gets a request, and which are left out after failures (`tables-2.md` items 31 to 36).

use core::net::Ipv4Addr;
use core::time::Duration;

use socketio08::Instant;

use crate::scenario::{self, Balance, HashType, NginxKey, ServerIx};
use crate::world::balancer::hash::crc32_continue;
use crate::world::balancer::head::RequestHead;

/// After this many peers that cannot be taken, a hash gives up and the rotation decides.
const HASH_TRIES: u32 = 20;
/// Points of a peer on the ring of `hash ... consistent`, for each unit of weight.
const POINTS: u32 = 160;

/// One server.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Peer {
    weight: i64,
    backup: bool,
    effective: i64,
    current: i64,
    conns: u64,
    fails: u32,
    /// In whole seconds, as nginx's clock counts.
    accessed: u64,
    checked: u64,
}

/// What one request has tried.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Attempt {
    tried: Vec<ServerIx>,
    /// The accumulated hash, or the place on the ring; `None` before the first choice.
    hash: Option<u64>,
    rehash: u32,
    tries: u32,
    /// Only backups are left to try.
    backup: bool,
}

/// All servers, in the order of declaration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Peers {
    list: Vec<Peer>,
    balance: Balance,
    consistent: bool,
    key: NginxKey,
    max_fails: u32,
    /// In seconds.
    fail_timeout: u64,
    /// `hash ... consistent`, in ascending order.
    ring: Vec<(u32, ServerIx)>,
}

impl Peers {
    pub(super) fn new(config: &scenario::Balancer, servers: usize) -> Self {
        let peer = |index| {
            let weight = config.weights.get(index).copied().map_or(1, i64::from);
            let backup = config.backup.contains(&ServerIx(index));
            Peer {
                weight,
                backup,
                effective: weight,
                current: 0,
                conns: 0,
                fails: 0,
                accessed: 0,
                checked: 0,
            }
        };
        let mut peers = Self {
            list: (0..servers).map(peer).collect(),
            balance: config.balance,
            consistent: config.hash_type == HashType::Consistent,
            key: config.nginx.key,
            max_fails: config.nginx.max_fails,
            fail_timeout: config.nginx.fail_timeout.as_secs(),
            ring: Vec::new(),
        };
        if peers.balance == Balance::Hash && peers.consistent {
            peers.ring = ring(&peers.list, config.nginx.first_port);
        }
        peers
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether requests may go there now.
    pub(super) fn is_live(&self, server: ServerIx, now: Instant) -> bool {
        self.list.get(server.0).is_some_and(|peer| self.is_usable(peer, seconds(now)))
    }

    pub(super) fn load(&self, server: ServerIx) -> u64 {
        self.list.get(server.0).map_or(0, |peer| peer.conns)
    }

    /// The next server for a request; `None` if none is left that is not known to fail.
    pub(super) fn choose(
        &mut self,
        now: Instant,
        (source, head): (Ipv4Addr, &RequestHead),
        attempt: &mut Attempt,
    ) -> Option<ServerIx> {
        let second = seconds(now);
        let chosen = match self.balance {
            _ if self.list.len() == 1 => Some(ServerIx(0)),
            Balance::IpHash => self.by_address(source, second, attempt),
            Balance::Hash if self.consistent => self.by_ring(&self.text(source, head), second, attempt),
            Balance::Hash => self.by_text(&self.text(source, head), second, attempt),
            Balance::LeastConn => self.least(second, attempt),
            _ => None,
        };
        let chosen = chosen.or_else(|| self.rotate(second, attempt))?;
        attempt.tried.push(chosen);
        let fail_timeout = self.fail_timeout;
        if let Some(peer) = self.list.get_mut(chosen.0) {
            peer.conns += 1;
            // This request is the probe of a peer that failed long enough ago; no other is made until it has ended.
            if second.saturating_sub(peer.checked) > fail_timeout {
                peer.checked = second;
            }
        }
        Some(chosen)
    }

    /// A request on a server ended; `failed`: the server refused it, or ended or waited before it answered.
    pub(super) fn release(&mut self, now: Instant, server: ServerIx, failed: bool) {
        let (single, max_fails) = (self.list.len() == 1, self.max_fails);
        let Some(peer) = self.list.get_mut(server.0) else { return };
        peer.conns = peer.conns.saturating_sub(1);
        if single {
            return;
        }
        if failed {
            peer.fails = peer.fails.saturating_add(1);
            peer.accessed = seconds(now);
            peer.checked = seconds(now);
            if max_fails > 0 {
                peer.effective = (peer.effective - peer.weight / i64::from(max_fails)).max(0);
            }
        } else if peer.accessed < peer.checked {
            peer.fails = 0;
        }
    }

    fn is_usable(&self, peer: &Peer, second: u64) -> bool {
        let failing = self.max_fails > 0 && peer.fails >= self.max_fails;
        !failing || second.saturating_sub(peer.checked) > self.fail_timeout
    }

    /// Whether the attempt may go to a peer, by a hash or in turn.
    fn may_try(&self, index: usize, second: u64, attempt: &Attempt) -> bool {
        let Some(peer) = self.list.get(index) else { return false };
        peer.backup == attempt.backup
            && !attempt.tried.contains(&ServerIx(index))
            && self.is_usable(peer, second)
    }

    // --- in turn

    /// Smooth weighted rotation; over the backups when nothing else is left.
    fn rotate(&mut self, second: u64, attempt: &mut Attempt) -> Option<ServerIx> {
        let candidates: Vec<_> =
            (0..self.list.len()).filter(|index| self.may_try(*index, second, attempt)).collect();
        if let Some(found) = self.smooth(&candidates, None) {
            return Some(found);
        }
        if attempt.backup || !self.list.iter().any(|peer| peer.backup) {
            return None;
        }
        attempt.backup = true;
        self.rotate(second, attempt)
    }

    /// One turn of the smooth rotation; `first` wins unless another has strictly more.
    fn smooth(&mut self, candidates: &[usize], first: Option<usize>) -> Option<ServerIx> {
        let mut total = 0;
        let mut best = first;
        for index in candidates {
            let most = best.and_then(|best| self.list.get(best)).map(|peer| peer.current);
            let Some(peer) = self.list.get_mut(*index) else { continue };
            peer.current += peer.effective;
            total += peer.effective;
            if peer.effective < peer.weight {
                peer.effective += 1;
            }
            // The best so far may be this very peer, whose weight has just grown.
            if best.is_none() || (best != Some(*index) && most.is_none_or(|most| peer.current > most)) {
                best = Some(*index);
            }
        }
        let best = best?;
        if let Some(peer) = self.list.get_mut(best) {
            peer.current -= total;
        }
        Some(ServerIx(best))
    }

    /// The fewest connections for the weight; equals in turn.
    fn least(&mut self, second: u64, attempt: &Attempt) -> Option<ServerIx> {
        let candidates: Vec<_> =
            (0..self.list.len()).filter(|index| self.may_try(*index, second, attempt)).collect();
        let weighed = |a: usize, b: usize| -> Option<(i64, i64)> {
            let (a, b) = (self.list.get(a)?, self.list.get(b)?);
            Some((i64::try_from(a.conns).ok()? * b.weight, i64::try_from(b.conns).ok()? * a.weight))
        };
        let mut best = *candidates.first()?;
        for index in &candidates {
            if weighed(*index, best).is_some_and(|(a, b)| a < b) {
                best = *index;
            }
        }
        let equals: Vec<_> = candidates
            .into_iter()
            .filter(|index| *index >= best && weighed(*index, best).is_some_and(|(a, b)| a == b))
            .collect();
        if equals.len() == 1 {
            return Some(ServerIx(best));
        }
        self.smooth(&equals, Some(best))
    }

    // --- by hashes

    /// The server of a number, modulo the sum of the weights.
    fn at_weight(&self, number: u64) -> Option<usize> {
        let weights = || self.list.iter().enumerate().filter(|(_, peer)| !peer.backup);
        let total: i64 = weights().map(|(_, peer)| peer.weight).sum();
        let mut place = i64::try_from(number.checked_rem(u64::try_from(total).ok()?)?).ok()?;
        for (index, peer) in weights() {
            if place < peer.weight {
                return Some(index);
            }
            place -= peer.weight;
        }
        None
    }

    /// `ip_hash`: the first three octets; a server that cannot be taken continues the hash through them again.
    fn by_address(&self, source: Ipv4Addr, second: u64, attempt: &mut Attempt) -> Option<ServerIx> {
        let mut hash = attempt.hash.unwrap_or(89);
        while attempt.tries <= HASH_TRIES {
            for octet in source.octets().into_iter().take(3) {
                hash = (hash * 113 + u64::from(octet)) % 6_271;
            }
            attempt.hash = Some(hash);
            let index = self.at_weight(hash)?;
            if self.may_try(index, second, attempt) {
                return Some(ServerIx(index));
            }
            attempt.tries += 1;
        }
        None
    }

    /// `hash KEY`: as `Cache::Memcached` does.
    fn by_text(&self, key: &str, second: u64, attempt: &mut Attempt) -> Option<ServerIx> {
        if key.is_empty() {
            return None;
        }
        while attempt.tries <= HASH_TRIES {
            let salt = if attempt.rehash == 0 { String::new() } else { attempt.rehash.to_string() };
            let crc = crc32(&[salt.as_bytes(), key.as_bytes()]);
            let hash = attempt.hash.unwrap_or(0) + u64::from((crc >> 16) & 0x7fff);
            attempt.hash = Some(hash);
            attempt.rehash += 1;
            let index = self.at_weight(hash)?;
            if self.may_try(index, second, attempt) {
                return Some(ServerIx(index));
            }
            attempt.tries += 1;
        }
        None
    }

    /// `hash KEY consistent`: ketama.
    fn by_ring(&self, key: &str, second: u64, attempt: &mut Attempt) -> Option<ServerIx> {
        let points = u64::try_from(self.ring.len()).ok().filter(|points| *points > 0)?;
        let first = || {
            let hash = crc32(&[key.as_bytes()]);
            self.ring.partition_point(|(point, _)| *point < hash) as u64
        };
        let mut place = attempt.hash.unwrap_or_else(first);
        while attempt.tries <= HASH_TRIES {
            attempt.hash = Some(place);
            let (_, server) = *self.ring.get(usize::try_from(place % points).ok()?)?;
            if self.may_try(server.0, second, attempt) {
                return Some(server);
            }
            place += 1;
            attempt.tries += 1;
        }
        None
    }

    /// What `hash` hashes.
    fn text(&self, source: Ipv4Addr, head: &RequestHead) -> String {
        match self.key {
            NginxKey::Source => source.to_string(),
            NginxKey::Uri => head.path().to_owned(),
        }
    }
}

fn crc32(parts: &[&[u8]]) -> u32 {
    !parts.iter().fold(!0, |register, part| crc32_continue(register, part))
}

/// The points of every server, which is known by its address and port: server *k* listens on `first_port` + *k* - 1 of
/// 127.0.0.1, as in the recorded runs.
fn ring(peers: &[Peer], first_port: u16) -> Vec<(u32, ServerIx)> {
    let mut points = Vec::new();
    for (index, peer) in peers.iter().enumerate().filter(|(_, peer)| !peer.backup) {
        let port = usize::from(first_port) + index;
        let base = crc32_continue(!0, format!("127.0.0.1\0{port}").as_bytes());
        let mut point = 0_u32;
        for _ in 0..u32::try_from(peer.weight).unwrap_or(0) * POINTS {
            point = !crc32_continue(base, &point.to_le_bytes());
            points.push((point, ServerIx(index)));
        }
    }
    points.sort_by_key(|(point, _)| *point);
    points.dedup_by_key(|(point, _)| *point);
    points
}

fn seconds(now: Instant) -> u64 {
    now.as_micros() / u64::try_from(Duration::from_secs(1).as_micros()).unwrap_or(1)
}
