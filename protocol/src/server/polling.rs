//! The polling transports, xhr-polling and jsonp-polling, and what every transport but sockets posts (facts 4, 5, 6).

use bytes::Bytes;

use super::exchange::Exchange;
use super::response::{self, PollStyle};
use super::session::{Channel, Outbox};
use super::{Cause, ExchangeId, Server, ServerEvent, SessionId, Violation};
use crate::jsonp::{self, PostError};
use crate::payload::Payload;
use crate::seeded::SeededFault;
use crate::{Cors, Text, Timer, Transport};

impl Server {
    /// A GET: answered at once if something waits, else held. The first of a session is answered `1::`.
    pub(super) fn open_poll(
        &mut self,
        exchange: ExchangeId,
        id: &SessionId,
        transport: Transport,
        style: PollStyle,
    ) {
        let Some(session) = self.sessions.get(id) else { return };
        let first = session.is_new();
        self.exchanges.insert(exchange, Exchange::Poll { session: id.clone(), style });
        self.take_over(id, Channel::Poll(exchange), transport);
        if first {
            self.connect(id, transport);
            self.deliver(id, Text::from_static("1::"));
            return;
        }
        let twice = self.seeded(SeededFault::DeliverTwice);
        let forgets = self.seeded(SeededFault::ForgetOutbox);
        let Some(session) = self.sessions.get_mut(id) else { return };
        if forgets {
            session.outbox = Outbox::default();
        }
        if !session.outbox.is_empty() {
            let kept = twice.then(|| session.outbox.clone());
            let payload = session.outbox.pop_payload(&self.config.limits);
            session.outbox = kept.unwrap_or(core::mem::take(&mut session.outbox));
            self.answer_poll(id, exchange, payload);
            self.store_answered_at_once(id);
        } else if !self.config.polling_duration.is_zero() {
            self.set_timer(id, Timer::Poll, self.config.polling_duration);
        }
    }

    /// A GET for a session this node does not know (facts 3.5).
    pub(super) fn refuse_poll(&mut self, exchange: ExchangeId, id: SessionId, style: &PollStyle) {
        self.transmit_response(exchange, response::poll(Text::from_static("7:::1+0"), style));
        self.store_unknown(&id, false);
        self.unknown_session(id, true);
    }

    /// A POST: answered before its packets are looked at, whether the session is known or not (facts 3.5, 4.5).
    pub(super) fn post(
        &mut self,
        exchange: ExchangeId,
        id: SessionId,
        transport: Transport,
        body: Bytes,
        cors: &Cors,
    ) {
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
            self.connect_without_poll(&id, transport);
        }
        match posted_payload(transport, body) {
            Ok(payload) if payload.is_empty() => {}
            Ok(payload) => {
                self.take_payload(&id, payload);
                if self.seeded(SeededFault::AnswerPostTwice) {
                    self.transmit_response(exchange, response::posted(cors, self.is_revised()));
                }
            }
            Err(error) => {
                self.violated(&id, Violation::Post(error));
                if self.is_revised() {
                    self.end(&id, Cause::Error, None);
                }
            }
        }
    }

    /// A POST before any GET opens the session, and `1::` is lost (facts 4.8). The close timeout runs from here: nothing
    /// guards such a session of 0.8.7.
    fn connect_without_poll(&mut self, id: &SessionId, transport: Transport) {
        self.connect(id, transport);
        self.store_connected_by_post(id);
        self.set_timer(id, Timer::Close, self.config.close_timeout);
    }

    fn violated(&mut self, id: &SessionId, error: Violation) {
        self.events.push_back(ServerEvent::PeerViolation { session: Some(id.clone()), error });
    }

    /// Takes packet after packet until one ends the session or the framing breaks.
    fn take_payload(&mut self, id: &SessionId, text: Text) {
        let limits = self.config.limits;
        for packet in Payload::new(text, &limits) {
            match packet {
                Ok(packet) => self.take_packet(id, &packet),
                Err(error) => self.violated(id, Violation::Payload(error)),
            }
            if !self.sessions.contains_key(id) {
                return;
            }
        }
    }
}

/// What a POST says: the body itself, or what its form brings (facts 5).
fn posted_payload(transport: Transport, body: Bytes) -> Result<Text, PostError> {
    match transport {
        Transport::JsonpPolling => jsonp::decode_post(&body),
        _ => Ok(Text::from_utf8_lossy(body)),
    }
}
