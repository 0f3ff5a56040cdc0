//! What the machine knows of each exchange that is not over.

use alloc::sync::Arc;

use super::response::{HandshakeStyle, PollStyle};
use super::routed::Forwarded;
use super::session::Channel;
use super::{Cause, LocalError};
use super::{ExchangeId, HandshakeData, Server, ServerEvent, SessionId};

/// An exchange that waits for an answer or carries messages.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Exchange {
    /// A handshake that the application has to answer.
    Handshake(HandshakeStyle, Arc<HandshakeData>),
    /// A request of a session of another server.
    Forwarded(Forwarded),
    /// A request that waits for the store.
    Parked,
    /// A request outside the protocol, for the application.
    Outside,
    /// A GET of xhr-polling or jsonp-polling, current or superseded.
    Poll {
        /// The session.
        session: SessionId,
        /// How it wants to be answered.
        style: PollStyle,
    },
    /// An upgraded exchange, current or superseded.
    Socket(SessionId),
    /// A GET of htmlfile, current or superseded.
    Stream(SessionId),
}

impl Server {
    /// Registers an exchange that the application answers. False if as many wait as there may be sessions.
    pub(super) fn wait_for_application(&mut self, exchange: ExchangeId, what: Exchange) -> bool {
        if self.waiting >= self.config.limits.sessions_max {
            return false;
        }
        self.waiting += 1;
        self.exchanges.insert(exchange, what);
        true
    }

    /// Takes a waiting handshake out.
    pub(super) fn take_handshake(
        &mut self,
        exchange: ExchangeId,
    ) -> Result<(HandshakeStyle, Arc<HandshakeData>), LocalError> {
        match self.exchanges.remove(&exchange) {
            Some(Exchange::Handshake(style, data)) => {
                self.waiting -= 1;
                self.forget_handshake(exchange);
                Ok((style, data))
            }
            other => {
                self.exchanges.extend(other.map(|other| (exchange, other)));
                Err(LocalError::UnknownExchange)
            }
        }
    }

    /// Takes a waiting outside request out.
    pub(super) fn take_outside(&mut self, exchange: ExchangeId) -> Result<(), LocalError> {
        if !matches!(self.exchanges.get(&exchange), Some(Exchange::Outside)) {
            return Err(LocalError::UnknownExchange);
        }
        self.exchanges.remove(&exchange);
        self.waiting -= 1;
        Ok(())
    }

    /// The peer ended an exchange. The end of the current poll, stream or socket ends the session at once; that of a
    /// superseded one is harmless (facts 4.6, 4.7, 6, 7.7, 7.11).
    pub(super) fn closed(&mut self, exchange: ExchangeId, clean: bool) {
        match self.exchanges.remove(&exchange) {
            None | Some(Exchange::Parked) => {}
            Some(Exchange::Handshake(..)) => {
                self.waiting -= 1;
                self.store_withdrawn(exchange);
                self.abandon_handshake(exchange);
            }
            Some(Exchange::Forwarded(forwarded)) => self.forward_ended(exchange, &forwarded),
            Some(Exchange::Outside) => self.waiting -= 1,
            Some(Exchange::Poll { session: id, .. } | Exchange::Socket(id) | Exchange::Stream(id)) => {
                if self.poll_lives_on(&id, exchange) {
                    self.hang_up_poll(&id);
                } else if self.channel(&id).map(Channel::exchange) == Some(exchange) {
                    let cause = if clean { Cause::SocketEnd } else { Cause::SocketClose };
                    self.end(&id, cause, Some(exchange));
                } else if let Some(session) = self.sessions.get_mut(&id) {
                    session.superseded.retain(|&superseded| superseded != exchange);
                }
            }
        }
    }

    /// Reports a request for a session that this node does not know.
    pub(super) fn unknown_session(&mut self, session: SessionId, open: bool) {
        self.events.push_back(ServerEvent::UnknownSession { session: session.0, open });
    }
}
