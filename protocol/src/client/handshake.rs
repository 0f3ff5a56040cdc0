//! Handshakes, and the choice of a transport.

use alloc::format;
use alloc::vec::Vec;

use super::link::Link;
use super::timers::Due;
use super::{Client, ClientEvent, ClientTransmit, LinkId, Use};
use crate::handshake::Handshake;
use crate::server::ExchangeId;
use crate::{Text, Transport, target};

impl Client {
    /// How many handshakes wait for their answer.
    fn handshake_count(&self) -> usize {
        self.exchanges.values().filter(|purpose| matches!(purpose, Use::Handshake { .. })).count()
    }

    /// The handshake that waits longest for its answer.
    pub(super) fn oldest_handshake(&self) -> Option<ExchangeId> {
        let (exchange, _) =
            self.exchanges.iter().find(|(_, purpose)| matches!(purpose, Use::Handshake { .. }))?;
        Some(*exchange)
    }

    pub(super) fn send_handshake(&mut self) -> ExchangeId {
        let limit = self.config.limits.session_exchanges_max;
        if self.handshake_count() >= limit.max(1) {
            if let Some(oldest) = self.oldest_handshake() {
                self.close_exchange(oldest);
            }
            self.tell(ClientEvent::Overflow { limit: "session_exchanges_max" });
        }
        let script = self.config.script_handshake.then(|| self.take_script_index());
        let exchange = self.open_exchange(Use::Handshake { script });
        let query = self.timed_query();
        let query = match script {
            Some(index) => Text::from(format!("{query}&jsonp={index}")),
            None => query,
        };
        let target = target::handshake(&self.config.resource, &query);
        self.transmits.push_back(ClientTransmit::Get { exchange, target });
        exchange
    }

    /// The user's query, then the time: `token=x&t=1322000000000` (facts 10.1). It is sent as it was given; the genuine
    /// client decodes it and does not encode it again, which breaks the request line at a space.
    pub(super) fn timed_query(&self) -> Text {
        let t = self.config.epoch_millis.saturating_add(self.now.as_millis());
        let query = &self.config.query;
        Text::from(if query.is_empty() { format!("t={t}") } else { format!("{query}&t={t}") })
    }

    pub(super) fn take_handshake(&mut self, status: u16, body: &Text) {
        if self.improved() {
            self.improved_handshake_answered(status, body);
        } else if self.is_v0_9() {
            self.take_handshake_v0_9(status, body);
        } else if status != 200 {
            // The genuine client keeps silent about it while reconnecting, and tries no more by itself.
            if self.reconnection.is_none() {
                self.tell(ClientEvent::HandshakeFailed { status, body: body.clone() });
            }
        } else {
            match Handshake::decode(body) {
                Ok(handshake) => self.take_session(handshake, body),
                Err(_) => self.tell(ClientEvent::HandshakeFailed { status, body: body.clone() }),
            }
        }
    }

    /// A handshake succeeded: the session replaces the one before, whatever became of that.
    pub(super) fn take_session(&mut self, handshake: Handshake, body: &Text) {
        self.tell(ClientEvent::Handshaken { session: handshake.session.clone() });
        self.choices =
            common_transports(&handshake.transports, advertised_count(body), &self.config.transports);
        self.session = handshake.session;
        self.close_timeout = handshake.close_timeout.unwrap_or_default();
        self.heartbeat_timeout = handshake.heartbeat_timeout;
        self.connect_timer_watched = true;
        let choices = self.choices.clone();
        self.open_first(&choices);
    }

    /// Opens the first of `transports` that this platform has. The link before it is left as it is.
    pub(super) fn open_first(&mut self, transports: &[Transport]) {
        if let Some(link) = self.current {
            self.cancel_close_timer(link);
        }
        self.current = self.new_link(transports);
        let Some(id) = self.current else {
            self.connect_failed();
            return;
        };
        self.connecting = true;
        if let Some(link) = self.links.get(&id) {
            let transport = link.transport;
            self.tell(ClientEvent::Connecting { transport });
        }
        self.open_link(id);
        self.set_connect_timer();
    }

    /// The page's functions that scripts call are numbered in the order in which they were made.
    fn take_script_index(&mut self) -> u64 {
        let index = self.next_script;
        self.next_script += 1;
        index
    }

    /// A link, not open yet, of the first of `transports` that this platform has.
    pub(super) fn new_link(&mut self, transports: &[Transport]) -> Option<LinkId> {
        let transport = *transports.iter().find(|transport| self.config.available.contains(transport))?;
        if self.links.len() >= self.config.limits.client_links_max.max(1) {
            if let Some(oldest) = self.links.keys().copied().find(|id| Some(*id) != self.current) {
                self.drop_link(oldest);
            }
            self.tell(ClientEvent::Overflow { limit: "client_links_max" });
        }
        let id = LinkId(self.next_link);
        self.next_link += 1;
        let mut link = Link::new(transport, self.session.clone());
        if transport == Transport::JsonpPolling {
            link.index = self.take_script_index();
        }
        self.links.insert(id, link);
        Some(id)
    }

    fn set_connect_timer(&mut self) {
        if self.config.connect_timeout.is_zero() {
            return;
        }
        if self.timers.connect_count() >= self.config.limits.client_timers_max.max(1) {
            self.tell(ClientEvent::Overflow { limit: "client_timers_max" });
            return;
        }
        self.connect_timer = Some(self.timers.set(self.now, self.config.connect_timeout, Due::Connect));
    }

    /// What the last handshake agreed on; in 0.9 what is left of the first one's.
    pub(super) fn agreed_transports(&self) -> Vec<Transport> {
        if self.is_v0_9() { self.remaining.clone().unwrap_or_default() } else { self.choices.clone() }
    }

    /// The transports after the current one, among those not tried yet.
    pub(super) fn next_transports(&mut self) -> Vec<Transport> {
        let tried = self.current.and_then(|id| self.links.get(&id)).map(|link| link.transport);
        let remaining = self.remaining.get_or_insert_with(|| self.choices.clone());
        let skip = remaining
            .iter()
            .position(|transport| Some(*transport) == tried)
            .map_or(remaining.len(), |at| at + 1);
        remaining.drain(..skip);
        remaining.clone()
    }
}

/// How many transports the body lists, unknown ones included.
pub(super) fn advertised_count(body: &str) -> usize {
    body.split(':').nth(3).map_or(0, |list| list.split(',').count())
}

/// The transports both have, in the order of the shorter list, the server's on a tie (facts 10.3).
pub(super) fn common_transports(
    theirs: &[Transport],
    theirs_count: usize,
    ours: &[Transport],
) -> Vec<Transport> {
    let (short, long) = if theirs_count > ours.len() { (ours, theirs) } else { (theirs, ours) };
    short.iter().copied().filter(|transport| long.contains(transport)).collect()
}
