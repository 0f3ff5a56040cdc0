//! Requests that wait until their session is here.

use alloc::vec::Vec;
use core::time::Duration;

use super::super::exchange::Exchange;
use super::super::response;
use super::super::{Request, Server, ServerTransmit, SessionId};
use super::{Ticket, id};
use crate::target::Target;
use crate::{Cors, Instant, Text};

/// The requests of one session, and how far it is on its way here.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Parking {
    pub(super) requests: Vec<Request>,
    pub(super) stage: Stage,
    pub(super) until: Option<Instant>,
    /// The operation of the store whose answer counts.
    pub(super) ticket: Option<u64>,
    /// How often the record changed under our hands.
    pub(super) attempts: u32,
    /// Another server wants the session as soon as we have it.
    pub(super) wanted_by: Option<u64>,
    /// The owner that was asked, and the version it had.
    pub(super) asked: Option<(u64, u64)>,
}

/// How far a session is on its way.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) enum Stage {
    /// The store was asked.
    #[default]
    Store,
    /// The owner was asked.
    Owner,
}

impl Server {
    /// Keeps a request until its session is here. Gives back what can be handled at once.
    pub(in super::super) fn park_request(&mut self, request: Request) -> Option<Request> {
        let Some(config) = self.portable_config() else { return Some(request) };
        let target = request.target.clone();
        let Target::Session { session, .. } = Target::parse(&self.config.resource, &target) else {
            return Some(request);
        };
        // Not a slice of the target, which would keep the whole request in memory.
        let id = SessionId(Text::from(session));
        if self.sessions.contains_key(&id) || !id::is_good(config, self.now, session) {
            return Some(request);
        }
        let full = self.portable.waiting >= config.waiting_max;
        let most = self.config.limits.session_exchanges_max;
        let crowded = self.portable.parkings.get(&id).is_some_and(|parking| parking.requests.len() >= most);
        if full || crowded || self.portable.gone {
            self.turn_away_parked(&request);
            return None;
        }
        self.portable.waiting += 1;
        self.exchanges.insert(request.exchange, Exchange::Parked);
        if let Some(parking) = self.portable.parkings.get_mut(&id) {
            parking.requests.push(request);
        } else {
            self.portable
                .parkings
                .insert(id.clone(), Parking { requests: [request].into(), ..Parking::default() });
            self.fetch(&id);
        }
        None
    }

    /// Asks the store for the record.
    pub(super) fn fetch(&mut self, id: &SessionId) {
        let Some(timeout) = self.portable_config().map(|config| config.store_timeout) else { return };
        self.set_stage(id, Stage::Store, self.now + timeout);
        let ticket = self.portable.ticket(Ticket::Get { id: id.clone() });
        self.await_ticket(id, ticket);
        self.transmits.push_back(ServerTransmit::StoreGet { ticket, key: id.0.clone() });
    }

    /// The answer to this operation, and to no earlier one, tells how it goes on.
    pub(super) fn await_ticket(&mut self, id: &SessionId, ticket: u64) {
        if let Some(parking) = self.portable.parkings.get_mut(id) {
            parking.ticket = Some(ticket);
        }
    }

    pub(super) fn awaits(&self, id: &SessionId, ticket: u64) -> bool {
        self.portable.parkings.get(id).is_some_and(|parking| parking.ticket == Some(ticket))
    }

    pub(super) fn set_stage(&mut self, id: &SessionId, stage: Stage, until: Instant) {
        // Time must pass, or a store that may take none would be asked for ever.
        let until = until.max(self.now + Duration::from_millis(1));
        if let Some(parking) = self.portable.parkings.get_mut(id) {
            parking.stage = stage;
            if let Some(old) = parking.until.replace(until) {
                self.portable.deadlines.remove(&(old, id.clone()));
            }
            self.portable.deadlines.insert((until, id.clone()));
        }
    }

    fn take_parking(&mut self, id: &SessionId) -> Option<Parking> {
        let parking = self.portable.parkings.remove(id)?;
        if let Some(until) = parking.until {
            self.portable.deadlines.remove(&(until, id.clone()));
        }
        self.portable.waiting = self.portable.waiting.saturating_sub(parking.requests.len());
        Some(parking)
    }

    /// Whether the session is here now or nowhere: its requests are handled, in their order. Gives who wants the
    /// session next.
    pub(super) fn settle(&mut self, id: &SessionId) -> Option<u64> {
        let parking = self.take_parking(id)?;
        for request in parking.requests {
            // A client that left meanwhile has no exchange any more.
            if self.exchanges.remove(&request.exchange).is_some() {
                self.request(request);
            }
        }
        parking.wanted_by
    }

    /// The store, or who has the session, does not answer: nothing was handled.
    pub(super) fn fail_parked(&mut self, id: &SessionId) {
        let Some(parking) = self.take_parking(id) else { return };
        for request in parking.requests {
            if self.exchanges.remove(&request.exchange).is_some() {
                self.turn_away_parked(&request);
            }
        }
    }

    /// 503, after which genuine clients start anew; an upgrade is closed.
    fn turn_away_parked(&mut self, request: &Request) {
        if request.upgrade {
            return self.transmit_close(request.exchange);
        }
        let cors = self.judge_origin(&request.headers, request.secure);
        let cors = if cors.is_allowed() { cors } else { Cors::Allowed };
        let busy = response::plain(503, "the store of sessions does not answer", &cors);
        self.transmit_response(request.exchange, busy);
    }
}
