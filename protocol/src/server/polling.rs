//! The xhr-polling transport (facts 4).

use bytes::Bytes;

use super::exchange::Exchange;
use super::session::Channel;
use super::{ExchangeId, Server, ServerEvent, SessionId, Violation, response};
use crate::payload::Payload;
use crate::{Cors, Text, Timer, Transport};

impl Server {
    /// A GET: answered at once if something waits, else held. The first of a session is answered `1::`.
    pub(super) fn open_poll(&mut self, exchange: ExchangeId, id: &SessionId, cors: Cors) {
        let Some(session) = self.sessions.get(id) else { return };
        let first = session.is_new();
        self.exchanges.insert(exchange, Exchange::Poll { session: id.clone(), cors });
        self.take_over(id, Channel::Poll(exchange), Transport::XhrPolling);
        if first {
            self.connect(id, Transport::XhrPolling);
            self.deliver(id, Text::from_static("1::"));
            return;
        }
        let Some(session) = self.sessions.get_mut(id) else { return };
        if !session.outbox.is_empty() {
            let body = session.outbox.pop_payload(&self.config.limits).into_bytes();
            self.answer_poll(id, exchange, body);
        } else if !self.config.polling_duration.is_zero() {
            self.set_timer(id, Timer::Poll, self.config.polling_duration);
        }
    }

    /// A GET for a session this node does not know (facts 3.5).
    pub(super) fn refuse_poll(&mut self, exchange: ExchangeId, id: SessionId, cors: &Cors) {
        let body = Bytes::from_static(b"7:::1+0");
        self.transmit_response(exchange, response::poll(body, cors));
        self.store_unknown(&id, false);
        self.unknown_session(id, true);
    }

    /// A POST: answered before its packets are looked at, whether the session is known or not (facts 3.5, 4.5).
    pub(super) fn post(&mut self, exchange: ExchangeId, id: SessionId, body: Bytes, cors: &Cors) {
        if body.len() > self.config.limits.payload_len_max {
            let refusal = response::plain(413, "the body is too long", cors);
            self.transmit_response(exchange, refusal);
            return;
        }
        self.transmit_response(exchange, response::posted(cors, self.is_revised()));
        let Some(session) = self.sessions.get(&id) else {
            self.forward_payload(&id, Text::from_utf8_lossy(body));
            self.unknown_session(id, false);
            return;
        };
        if session.is_new() {
            self.connect_without_poll(&id);
        }
        if !body.is_empty() {
            self.take_payload(&id, Text::from_utf8_lossy(body));
        }
    }

    /// A POST before any GET opens the session, and `1::` is lost (facts 4.8). The close timeout runs from here: nothing
    /// guards such a session of 0.8.7.
    fn connect_without_poll(&mut self, id: &SessionId) {
        self.connect(id, Transport::XhrPolling);
        self.set_timer(id, Timer::Close, self.config.close_timeout);
    }

    /// Takes packet after packet until one ends the session or the framing breaks.
    fn take_payload(&mut self, id: &SessionId, text: Text) {
        let limits = self.config.limits;
        for packet in Payload::new(text, &limits) {
            match packet {
                Ok(packet) => self.take_packet(id, &packet),
                Err(error) => {
                    let session = Some(id.clone());
                    let error = Violation::Payload(error);
                    self.events.push_back(ServerEvent::PeerViolation { session, error });
                }
            }
            if !self.sessions.contains_key(id) {
                return;
            }
        }
    }
}
