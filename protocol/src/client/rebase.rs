//! The same client without its past: what two clients that will behave alike differ in is put away.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::genuine::Watcher;
use super::timers::{Due, Timers};
use super::{Client, LinkId, Use};
use crate::{ExchangeId, Instant};

impl Client {
    /// Moves the origin of time so that `now` becomes [`Instant::ZERO`], and numbers open exchanges anew, from 1, in their
    /// order; returns each old number with its new one. What the client does from here on is the same but for those numbers.
    ///
    /// For who compares states, as a model checker does: two clients with equal futures are equal afterwards, whatever they
    /// counted and however long they took to get there. Both queues must have been drained (law 1).
    ///
    /// ```
    /// use socketio08::client::{Client, ClientConfig, ClientInput};
    /// use socketio08::{ExchangeId, Instant};
    ///
    /// let fresh = |at: u64, tries: u64| {
    ///     let mut client = Client::new(ClientConfig::default());
    ///     let now = Instant::from_millis(at);
    ///     for attempt in 0..tries {
    ///         client.connect(now);
    ///         let exchange = client.poll_transmit().expect("a handshake").exchange();
    ///         if attempt + 1 < tries {
    ///             client.handle_input(now, ClientInput::Closed { exchange, clean: true });
    ///         }
    ///         while client.poll_event().is_some() {}
    ///     }
    ///     let numbers = client.rebase(now);
    ///     assert_eq!(numbers, [(ExchangeId(tries), ExchangeId(1))]);
    ///     client
    /// };
    /// assert_eq!(fresh(0, 1), fresh(70_000, 3));
    /// ```
    pub fn rebase(&mut self, now: Instant) -> Vec<(ExchangeId, ExchangeId)> {
        self.now = Instant::ZERO;
        let exchanges = self.renumber_exchanges();
        self.renumber_links();
        self.renumber_watchers();
        let keys = self.timers.rebase(now);
        for key in [
            &mut self.reconnect_timer,
            &mut self.connect_timer,
            &mut self.heartbeat_timer,
            &mut self.silence_timer,
            &mut self.post_timer,
        ] {
            *key = key.and_then(|old| keys.get(&old).copied());
        }
        for link in self.links.values_mut() {
            link.move_close_timer(|old| keys.get(&old).copied());
        }
        exchanges
    }

    fn renumber_exchanges(&mut self) -> Vec<(ExchangeId, ExchangeId)> {
        let old: Vec<ExchangeId> = self.exchanges.keys().copied().collect();
        let renumbered: BTreeMap<ExchangeId, ExchangeId> =
            old.into_iter().zip((1..).map(ExchangeId)).collect();
        let new = |old: ExchangeId| renumbered.get(&old).copied().unwrap_or(old);
        self.exchanges = core::mem::take(&mut self.exchanges)
            .into_iter()
            .map(|(exchange, purpose)| (new(exchange), purpose))
            .collect();
        for link in self.links.values_mut() {
            link.renumber_exchanges(new);
        }
        self.outbox.renumber_exchanges(new);
        self.timers.map(|due| match due {
            Due::Handshake(exchange) => Due::Handshake(new(exchange)),
            other => other,
        });
        self.next_exchange = u64::try_from(renumbered.len()).unwrap_or(u64::MAX).saturating_add(1);
        renumbered.into_iter().collect()
    }

    /// A timer may name a link that is gone: it keeps a number of its own.
    fn renumber_links(&mut self) {
        let purposes = self.exchanges.values().filter_map(|purpose| purpose.link());
        let timers = self.timers.dues().filter_map(|due| match due {
            Due::Close(link) => Some(link),
            _ => None,
        });
        let known: BTreeSet<LinkId> =
            self.links.keys().copied().chain(self.current).chain(purposes).chain(timers).collect();
        self.next_link = u64::try_from(known.len()).unwrap_or(u64::MAX);
        let renumbered: BTreeMap<LinkId, LinkId> = known.into_iter().zip((0..).map(LinkId)).collect();
        let new = |old: LinkId| renumbered.get(&old).copied().unwrap_or(old);
        self.links = core::mem::take(&mut self.links).into_iter().map(|(id, link)| (new(id), link)).collect();
        self.current = self.current.map(new);
        for purpose in self.exchanges.values_mut() {
            *purpose = purpose.with_link(new);
        }
        self.timers.map(|due| match due {
            Due::Close(link) => Due::Close(new(link)),
            other => other,
        });
    }

    fn renumber_watchers(&mut self) {
        let timers = self.timers.dues().filter_map(|due| match due {
            Due::Reconnect(watcher) => Some(watcher),
            _ => None,
        });
        let known: BTreeSet<u64> = self
            .connect_watchers
            .iter()
            .chain(&self.failure_watchers)
            .copied()
            .chain(timers)
            .map(Watcher::serial)
            .collect();
        self.next_watcher = u64::try_from(known.len()).unwrap_or(u64::MAX);
        let renumbered: BTreeMap<u64, u64> = known.into_iter().zip(0..).collect();
        let new = |watcher: Watcher| watcher.renumbered(|old| renumbered.get(&old).copied().unwrap_or(old));
        for watcher in self.connect_watchers.iter_mut().chain(&mut self.failure_watchers) {
            *watcher = new(*watcher);
        }
        self.timers.map(|due| match due {
            Due::Reconnect(watcher) => Due::Reconnect(new(watcher)),
            other => other,
        });
    }
}

impl Use {
    fn link(self) -> Option<LinkId> {
        match self {
            Use::Poll(link) | Use::Post(link) | Use::Socket(link) | Use::Stream(link) => Some(link),
            Use::Farewell | Use::Handshake { .. } => None,
        }
    }

    fn with_link(self, new: impl Fn(LinkId) -> LinkId) -> Self {
        match self {
            Use::Poll(link) => Use::Poll(new(link)),
            Use::Post(link) => Use::Post(new(link)),
            Use::Socket(link) => Use::Socket(new(link)),
            Use::Stream(link) => Use::Stream(new(link)),
            Use::Farewell | Use::Handshake { .. } => self,
        }
    }
}

impl Timers {
    fn dues(&self) -> impl Iterator<Item = Due> {
        self.pending().map(|(_, due)| due)
    }
}
