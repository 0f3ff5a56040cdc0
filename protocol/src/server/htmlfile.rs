//! The htmlfile transport: one response that goes on, a script for each payload (facts 6). What the client says comes by POST,
//! as in polling.

use super::exchange::Exchange;
use super::session::Channel;
use super::{ExchangeId, Server, ServerTransmit, SessionId, response};
use crate::{Transport, htmlfile};

impl Server {
    /// A GET: the head of the page, then what waited for a transport as one payload, then `1::` if it is the first transport.
    pub(super) fn open_stream(&mut self, exchange: ExchangeId, id: &SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        let first = session.is_new();
        self.exchanges.insert(exchange, Exchange::Stream(id.clone()));
        self.transmit_stream(exchange);
        self.take_over(id, Channel::Stream(exchange), Transport::Htmlfile);
        // More than one script only if a payload would exceed what a peer may be expected to take.
        while let Some(session) = self.sessions.get_mut(id).filter(|session| !session.outbox.is_empty()) {
            let payload = session.outbox.pop_payload(&self.config.limits);
            self.transmit_script(exchange, &payload);
        }
        self.begin_heartbeats(id);
        if first {
            self.transmit_script(exchange, "1::");
            self.connect(id, Transport::Htmlfile);
        }
    }

    /// A GET for a session this node does not know: a page that says so and ends (facts 3.5).
    pub(super) fn refuse_stream(&mut self, exchange: ExchangeId, id: SessionId) {
        self.transmit_stream(exchange);
        self.transmit_script(exchange, "7:::1+0");
        self.transmit_close(exchange);
        self.store_unknown(&id, true);
        self.unknown_session(id, true);
    }

    pub(super) fn transmit_script(&mut self, exchange: ExchangeId, payload: &str) {
        let script = htmlfile::script(payload);
        let script = if self.is_revised() { htmlfile::without_slashes(&script) } else { script };
        let chunk = script.into_bytes();
        self.transmits.push_back(ServerTransmit::Chunk { exchange, chunk });
    }

    fn transmit_stream(&mut self, exchange: ExchangeId) {
        self.transmits.push_back(ServerTransmit::Begin { exchange, response: response::stream() });
    }
}
