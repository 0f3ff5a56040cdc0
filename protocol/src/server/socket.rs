//! The websocket transport, and flashsocket, which is the same under another name (facts 7.12), above the framing, which is the carrier's (facts 7).

use super::exchange::Exchange;
use super::session::Channel;
use super::{Cause, ExchangeId, Server, ServerTransmit, SessionId};
use crate::{Text, Timer, Transport};

impl Server {
    /// An upgrade: 101, then what waited for a transport, one packet a message, then `1::` if it is the first transport.
    pub(super) fn open_socket(&mut self, exchange: ExchangeId, id: &SessionId, transport: Transport) {
        let Some(session) = self.sessions.get(id) else { return };
        let first = session.is_new();
        self.exchanges.insert(exchange, Exchange::Socket(id.clone()));
        self.transmits.push_back(ServerTransmit::Upgrade { exchange });
        self.take_over(id, Channel::Socket(exchange), transport);
        while let Some(text) = self.sessions.get_mut(id).and_then(|session| session.outbox.pop()) {
            self.transmit_message(exchange, text);
        }
        self.begin_heartbeats(id);
        if first {
            self.transmit_message(exchange, Text::from_static("1::"));
            self.connect(id, transport);
        }
    }

    /// What 0.8.7 makes of a socket that does not upgrade: it is open, and closed without a word, and the session is not told
    /// (measured, `peers/stack/ghost.js`).
    pub(super) fn open_ghost(&mut self, exchange: ExchangeId, id: &SessionId, transport: Transport) {
        let Some(session) = self.sessions.get(id) else { return };
        let first = session.is_new();
        self.take_over(id, Channel::Socket(exchange), transport);
        if let Some(session) = self.sessions.get_mut(id) {
            session.channel = None;
        }
        self.transmit_close(exchange);
        self.store_closed(id);
        if first {
            self.connect(id, transport);
            self.deliver(id, Text::from_static("1::"));
        }
    }

    /// An upgrade for a session this node does not know: 101, one message, closed (facts 3.5).
    pub(super) fn refuse_socket(&mut self, exchange: ExchangeId, id: SessionId) {
        self.transmits.push_back(ServerTransmit::Upgrade { exchange });
        self.transmit_message(exchange, Text::from_static("7:::1+0"));
        self.transmit_close(exchange);
        self.store_unknown(&id, true);
        self.unknown_session(id, true);
    }

    /// A message: one packet, never a payload (facts 2.7). Those of a superseded socket count too (facts 7.11).
    pub(super) fn message(&mut self, exchange: ExchangeId, text: &Text) {
        let Some(Exchange::Socket(id)) = self.exchanges.get(&exchange) else { return };
        let id = id.clone();
        if text.len() > self.config.limits.payload_len_max {
            self.end(&id, Cause::Limit, None);
            return;
        }
        self.take_packet(&id, text);
    }

    /// The first heartbeat of a socket or a stream comes an interval after its opening (facts 8).
    pub(super) fn begin_heartbeats(&mut self, id: &SessionId) {
        if self.config.heartbeats {
            self.set_timer(id, Timer::Heartbeat, self.config.heartbeat_interval);
        }
    }

    /// `2::` answers a heartbeat; one that was not asked for changes nothing (facts 8).
    pub(super) fn heartbeat_answered(&mut self, id: &SessionId) {
        let owed = self.sessions.get(id).and_then(|session| session.deadline);
        if owed.is_some_and(|deadline| deadline.timer == Timer::HeartbeatReply) {
            self.set_timer(id, Timer::Heartbeat, self.config.heartbeat_interval);
        }
    }

    fn transmit_message(&mut self, exchange: ExchangeId, text: Text) {
        self.transmits.push_back(ServerTransmit::Message { exchange, text });
    }
}
