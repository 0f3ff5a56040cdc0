//! What 0.9 does otherwise than 0.8.7 (facts 11), as far as it is more than a header.

use alloc::vec::Vec;

use bytes::Bytes;

use super::session::Channel;
use super::{ExchangeId, LocalError, Response, Server, SessionId};
use crate::{Body, Cors, Packet, Profile, Text, Timer};

impl Server {
    /// Whether the machine behaves as 0.9.
    pub(super) fn is_revised(&self) -> bool {
        self.config.profile == Profile::V0_9
    }

    /// What the allow-list says of a request. Where it allows every origin, 0.9 still names the one that asks.
    pub(super) fn judge_origin(&self, headers: &[(Text, Text)], secure: bool) -> Cors {
        let cors = self.config.origins.judge(headers, secure);
        let named = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("origin"));
        match (cors, named) {
            // Never with credentials, unlike the genuine server: the list names nobody.
            (Cors::Any, Some((_, origin))) if self.is_revised() => {
                Cors::Named { origin: Text::from(origin.as_str()), credentials: false }
            }
            (cors, _) => cors,
        }
    }

    /// Whether `exchange` is the session's waiting poll, and the session outlives it: a client of 0.8.7 that hangs up is
    /// gone (facts 4.7), one of 0.9 may come back.
    pub(super) fn poll_lives_on(&self, id: &SessionId, exchange: ExchangeId) -> bool {
        self.is_revised() && self.channel(id) == Some(Channel::Poll(exchange))
    }

    /// The waiting poll is no more. The genuine server does not notice: it answers into the closed connection after the
    /// polling duration, and the close timeout runs from there. So it does here; but what is sent meanwhile is kept for the
    /// next poll, where the genuine server writes the first packet to nobody.
    pub(super) fn hang_up_poll(&mut self, id: &SessionId) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.channel = None;
        }
        self.store_closed(id);
        if self.config.polling_duration.is_zero() {
            self.set_timer(id, Timer::Close, self.config.close_timeout);
        }
    }

    /// `?disconnect`: 0.9 answers it, whatever it names; 0.8.7 leaves the request open for ever, so it is closed.
    pub(super) fn answer_forced_disconnect(&mut self, exchange: ExchangeId, upgrade: bool) {
        if self.is_revised() && !upgrade {
            let response = Response { status: 200, headers: Vec::new(), body: Bytes::new() };
            self.transmit_response(exchange, response);
        } else {
            self.transmit_close(exchange);
        }
    }

    /// The application ends one endpoint of a session.
    pub(super) fn boot_from(&mut self, id: &SessionId, endpoint: &Text) -> Result<(), LocalError> {
        self.check_endpoint(endpoint)?;
        self.connected(id)?;
        if endpoint.is_empty() || !self.is_revised() {
            if !self.store_disconnects(id) {
                self.boot(id);
            }
            return Ok(());
        }
        let goodbye = Packet { id: None, endpoint: endpoint.clone(), body: Body::Disconnect };
        if self.deliver(id, goodbye.to_text()) {
            self.leave(id, endpoint.clone());
        }
        Ok(())
    }
}
