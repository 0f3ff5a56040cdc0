//! How a session leaves.

use alloc::vec::Vec;

use super::super::session::{Channel, Session};
use super::super::{JoinRefusal, Refusal, Server, ServerEvent, ServerTransmit, SessionId, response};
use super::park::Stage;
use super::{StoreAnswer, Ticket, channel, record};
use crate::Text;

impl Server {
    /// Lets all sessions go, and whoever waits for one that is on its way here: another server is asked next.
    pub(super) fn let_all_go(&mut self) {
        self.portable.gone = true;
        let owned: Vec<SessionId> = self.portable.owned.keys().cloned().collect();
        for id in owned {
            self.release(&id, None);
        }
        let parked: Vec<SessionId> = self.portable.parkings.keys().cloned().collect();
        for id in parked {
            self.fail_parked(&id);
        }
        let made = self.portable.tickets.values().filter_map(|ticket| match ticket {
            Ticket::Create { exchange, style, .. } => Some((*exchange, style.clone())),
            _ => None,
        });
        for (exchange, style) in made.collect::<Vec<_>>() {
            if self.exchanges.remove(&exchange).is_some() {
                self.transmit_response(exchange, response::refused(&style, Refusal::Full));
            }
        }
    }

    /// A server wants a session of ours, or has let go one that we want.
    pub(in super::super) fn portable_heard(&mut self, message: &Text) {
        let mut words = message.split(' ');
        let (Some(verb), Some(id), Some(from), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return;
        };
        let (id, Ok(from)) = (SessionId(Text::from(id)), from.parse::<u64>()) else { return };
        match verb {
            "wanted" if self.portable.owned.contains_key(&id) => self.release(&id, Some(from)),
            "wanted" => match self.portable.parkings.get_mut(&id) {
                // On its way here: it goes on when what waits for it was handled.
                Some(parking) => parking.wanted_by = Some(from),
                // It ended, or its put is under way: the record tells.
                None => self.tell_free(&id, from),
            },
            "free"
                if self.portable.parkings.get(&id).is_some_and(|parking| parking.stage == Stage::Owner) =>
            {
                self.fetch(&id);
            }
            _ => {}
        }
    }

    fn tell_free(&mut self, id: &SessionId, asker: u64) {
        let Some(node_id) = self.portable_config().map(|config| config.node_id) else { return };
        // The answer to a question that was asked before the session left is the release's own.
        let leaving =
            |ticket: &Ticket| matches!(ticket, Ticket::Release { id: leaving, .. } if leaving == id);
        if self.portable.tickets.values().any(leaving) {
            return;
        }
        let message = Text::from(alloc::format!("free {} {node_id}", id.0));
        self.transmits.push_back(ServerTransmit::Publish { channel: channel(asker), message });
    }

    /// Lets a session go: its poll is answered, its socket closed, what it is goes to the store, and we know nothing of it any more.
    pub(super) fn release(&mut self, id: &SessionId, asker: Option<u64>) {
        let Some(version) = self.portable.owned.get(id).copied() else { return };
        self.end_questions(id);
        if let Some(Channel::Poll(exchange)) = self.channel(id) {
            self.answer_poll(id, exchange, Text::from_static("8::"));
        }
        // Turning away may have ended it, if its outbox was full.
        self.portable.owned.remove(id);
        self.portable.leaving.remove(id);
        self.clear_timer(id);
        let Some(session) = self.sessions.remove(id) else { return };
        let current = session.channel.map(Channel::exchange);
        for exchange in session.superseded.iter().copied().chain(current) {
            self.exchanges.remove(&exchange);
            self.transmit_close(exchange);
        }
        self.members.remove(id, Text::EMPTY, None);
        for endpoint in &session.joined {
            self.members.remove(id, endpoint.clone(), None);
        }
        for (endpoint, room) in &session.rooms {
            self.members.remove(id, endpoint.clone(), Some(room.clone()));
        }
        if session.transport.is_some() {
            self.events.push_back(ServerEvent::HandedOver { session: id.clone() });
        }
        self.put_free(id, version, &session, asker);
    }

    /// Puts a session into the store for `asker`, or for whichever server is asked next.
    pub(super) fn put_free(&mut self, id: &SessionId, version: u64, session: &Session, asker: Option<u64>) {
        let Some(epoch) = self.portable_config().map(|config| config.epoch_millis) else { return };
        let record = record::free(session, epoch, asker);
        let ticket = self.portable.ticket(Ticket::Release { id: id.clone(), asker });
        let lifetime = self.config.close_timeout;
        self.put(ticket, id, version, record, lifetime);
    }

    /// Joins that the application has not answered: it cannot answer them elsewhere.
    fn end_questions(&mut self, id: &SessionId) {
        let asking: Vec<Text> =
            self.sessions.get(id).map(|session| session.asking.iter().cloned().collect()).unwrap_or_default();
        for endpoint in asking {
            self.abandon_join(id, endpoint.clone());
            if let Some(session) = self.sessions.get_mut(id) {
                session.asking.remove(&endpoint);
            }
            self.turn_away(id, &endpoint, JoinRefusal::Error);
        }
    }

    /// The put that frees a session was answered. If it was not done, a server that took us for dead has deleted the record.
    pub(super) fn released(&mut self, id: &SessionId, asker: Option<u64>, answer: &StoreAnswer) {
        if *answer == StoreAnswer::Done
            && let Some(asker) = asker
        {
            self.tell_free(id, asker);
        }
        // A request that came meanwhile asked the store after our put, so it finds the session free.
    }
}
