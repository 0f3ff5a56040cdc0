//! **Routed sessions**: the id of a session names the server that owns it, and a server that gets a request for a session of another
//! one forwards it there. So any balancing will do, as long as the owner lives. `docs/SESSIONS.md` has the why.
//!
//! An id is `NAME-REST`: the first hyphen ends the name of the owner, `REST` is what the caller of `accept` drew.
//!
//! What holds, and is tested in `protocol/tests/server_routed.rs`:
//!
//! 1. **One owner**: an id has one name in it, and only the server of that name ever has the session.
//! 2. **No loops**: a request that carries the header of a forwarded one, genuine or not, is never forwarded again. This needs no
//!    trust in anybody's configuration.
//! 3. **Once**: a request is forwarded once, to one server, and answered once: by its owner, or, if its owner said nothing in time or
//!    cannot be reached, by this one.
//! 4. **Order**: a forwarded request is one exchange at both servers; a session's packets meet nobody but its owner.
//! 5. **Bounds**: at most `forwards_max` at once, and each is answered within `patience` (polls: and the time the owner holds one).
//! 6. **Trust**: the owner takes the client's address from another server only if the header that says it is signed with the pool's key
//!    for this request and this owner. The client's own copy of that header changes nothing but that it is not forwarded.

mod config;
mod forward;
mod header;

use alloc::collections::BTreeSet;

pub use config::{BadNodeName, NodeName, RoutedConfig, Routing};
pub(super) use forward::Forwarded;

use super::rebase::moved;
use super::{ExchangeId, Server, SessionId};
use crate::{Deadline, Instant, Text, Timer};

/// The requests that wait for the owner of their session.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Forwards {
    /// How many wait or are relayed.
    count: usize,
    deadlines: BTreeSet<(Instant, ExchangeId)>,
}

impl Forwards {
    pub(super) fn next(&self) -> Option<Deadline> {
        self.deadlines.first().map(|&(at, _)| Deadline { at, timer: Timer::Forward })
    }

    pub(super) fn rebase(&mut self, now: Instant) {
        let old = core::mem::take(&mut self.deadlines);
        self.deadlines = old.into_iter().map(|(at, exchange)| (moved(at, now), exchange)).collect();
    }

    pub(super) fn due(&self, now: Instant) -> Option<ExchangeId> {
        self.deadlines.first().filter(|(at, _)| *at <= now).map(|&(_, exchange)| exchange)
    }
}

/// The name that an id begins with.
fn owner(id: &str) -> Option<&str> {
    id.split_once('-').map(|(name, _)| name)
}

impl Server {
    /// The id under which a session is known: routed, it names this server; portable, it is signed.
    pub(super) fn issued(&self, id: SessionId) -> SessionId {
        match &self.config.routing {
            Routing::Balancer => self.signed(id),
            Routing::Routed(routed) => {
                self.signed(SessionId(Text::from(alloc::format!("{}-{}", routed.node, id.0))))
            }
        }
    }
}
