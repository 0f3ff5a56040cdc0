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
        self.exchanges.values().filter(|purpose| **purpose == Use::Handshake).count()
    }

    /// The handshake that waits longest for its answer.
    pub(super) fn oldest_handshake(&self) -> Option<ExchangeId> {
        let (exchange, _) = self.exchanges.iter().find(|(_, purpose)| **purpose == Use::Handshake)?;
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
        let exchange = self.open_exchange(Use::Handshake);
        let target = target::handshake(&self.config.resource, &self.timed_query());
        self.transmits.push_back(ClientTransmit::Get { exchange, target });
        exchange
    }

    /// The user's query, then the time: `token=x&t=1322000000000` (facts 10.1). It is sent as it was given; the genuine
    /// client decodes it and does not encode it again, which breaks the request line at a space.
    pub(super) fn timed_query(&self) -> Text {
        let t = self.config.epoch_ms.saturating_add(self.now.as_millis());
        let query = &self.config.query;
        Text::from(if query.is_empty() { format!("t={t}") } else { format!("{query}&t={t}") })
    }

    pub(super) fn take_handshake(&mut self, status: u16, body: &Text) {
        if self.improved() {
            self.improved_handshake_answered(status, body);
            return;
        }
        if status != 200 {
            // The genuine client keeps silent about it while reconnecting, and tries no more by itself.
            if self.reconnection.is_none() {
                self.tell(ClientEvent::HandshakeFailed { status, body: body.clone() });
            }
            return;
        }
        match Handshake::decode(body) {
            Ok(handshake) => self.take_session(handshake, body),
            Err(_) => self.tell(ClientEvent::HandshakeFailed { status, body: body.clone() }),
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

    /// Opens the first of `transports` that this machine has. The link before it is left as it is.
    pub(super) fn open_first(&mut self, transports: &[Transport]) {
        if let Some(link) = self.current {
            self.cancel_first_poll_timer(link);
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

    /// A link, not open yet, of the first of `transports` that this machine has.
    pub(super) fn new_link(&mut self, transports: &[Transport]) -> Option<LinkId> {
        let transport = *transports.iter().find(|transport| is_supported(**transport))?;
        if self.links.len() >= self.config.limits.client_links_max.max(1) {
            if let Some(oldest) = self.links.keys().copied().find(|id| Some(*id) != self.current) {
                self.drop_link(oldest);
            }
            self.tell(ClientEvent::Overflow { limit: "client_links_max" });
        }
        let id = LinkId(self.next_link);
        self.next_link += 1;
        self.links.insert(id, Link::new(transport, self.session.clone()));
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

fn is_supported(transport: Transport) -> bool {
    matches!(transport, Transport::Websocket | Transport::XhrPolling)
}

/// How many transports the body lists, unknown ones included.
fn advertised_count(body: &str) -> usize {
    body.split(':').nth(3).map_or(0, |list| list.split(',').count())
}

/// The transports both have, in the order of the shorter list, the server's on a tie (facts 10.3).
fn common_transports(theirs: &[Transport], theirs_count: usize, ours: &[Transport]) -> Vec<Transport> {
    let (short, long) = if theirs_count > ours.len() { (ours, theirs) } else { (theirs, ours) };
    short.iter().copied().filter(|transport| long.contains(transport)).collect()
}
