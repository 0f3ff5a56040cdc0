//! How a session comes here.

use core::time::Duration;

use super::super::session::Session;
use super::super::{Server, ServerEvent, ServerTransmit, SessionId};
use super::park::{Parking, Stage};
use super::record::{self, Record};
use super::{StoreAnswer, Ticket, channel};
use crate::seeded::SeededFault;
use crate::{Text, Timer};

/// How often the record of a session may change under our hands before its requests are given up: each time another server had it.
const ATTEMPTS_MAX: u32 = 8;

/// How long a session stays whose requests were just handled, before it goes where it is wanted: what an application takes that answers
/// from memory.
const LINGER: Duration = Duration::from_millis(10);

impl Server {
    /// The store told what it has of a session that is wanted here.
    pub(super) fn found(&mut self, id: &SessionId, answer: StoreAnswer) {
        let Some(parking) = self.portable.parkings.get(id) else { return };
        let asked = parking.asked;
        let Some((node_id, epoch)) =
            self.portable_config().map(|config| (config.node_id, config.epoch_millis))
        else {
            return;
        };
        let (version, text) = match answer {
            StoreAnswer::Record { version, record } => (version, record),
            StoreAnswer::Absent => return self.settle_unknown(id),
            StoreAnswer::Done | StoreAnswer::Conflict | StoreAnswer::Failed => return self.fail_parked(id),
        };
        match record::read(&text, epoch) {
            // Let go for another server, which would starve if whoever is fastest took it.
            Some(Record::Free(_, Some(other))) if other != node_id && asked != Some((other, version)) => {
                self.ask_owner(id, other, version, node_id);
            }
            Some(Record::Free(session, _)) => self.adopt(id, version, *session, node_id),
            // Ours, but not here: our put that made it so was not confirmed. Or it is dead, or no record at all.
            Some(Record::Owned(owner)) if owner != node_id && asked != Some((owner, version)) => {
                self.ask_owner(id, owner, version, node_id);
            }
            _ => {
                self.forget_record(id, version);
                self.settle_unknown(id);
            }
        }
    }

    /// Nobody has the session and nobody will.
    fn settle_unknown(&mut self, id: &SessionId) {
        self.settle(id);
    }

    fn ask_owner(&mut self, id: &SessionId, owner: u64, version: u64, node_id: u64) {
        let Some(parking) = self.portable.parkings.get_mut(id) else { return };
        parking.attempts += 1;
        parking.asked = Some((owner, version));
        if parking.attempts > ATTEMPTS_MAX {
            return self.fail_parked(id);
        }
        let Some(timeout) = self.portable_config().map(|config| config.handover_timeout) else { return };
        self.set_stage(id, Stage::Owner, self.now + timeout);
        let message = Text::from(alloc::format!("wanted {} {node_id}", id.0));
        self.transmits.push_back(ServerTransmit::Publish { channel: channel(owner), message });
    }

    fn adopt(&mut self, id: &SessionId, version: u64, session: Session, node_id: u64) {
        if self.sessions.len() >= self.config.limits.sessions_max {
            return self.fail_parked(id);
        }
        let Some((timeout, lifetime)) =
            self.portable_config().map(|config| (config.store_timeout, config.lifetime))
        else {
            return;
        };
        self.set_stage(id, Stage::Store, self.now + timeout);
        let session = session.into();
        let ticket = self.portable.ticket(Ticket::Adopt { id: id.clone(), version: version + 1, session });
        self.await_ticket(id, ticket);
        self.put(ticket, id, version, record::owned(node_id), lifetime);
        if self.seeded(SeededFault::AdoptEarly) {
            self.stored(ticket, StoreAnswer::Done);
        }
    }

    /// The put that makes us the owner was answered.
    pub(super) fn adopted(&mut self, id: &SessionId, version: u64, session: Session, answer: &StoreAnswer) {
        match answer {
            StoreAnswer::Done => self.install(id, version, session),
            StoreAnswer::Conflict => {
                if let Some(parking) = self.portable.parkings.get_mut(id) {
                    parking.attempts += 1;
                    if parking.attempts > ATTEMPTS_MAX {
                        return self.fail_parked(id);
                    }
                }
                self.fetch(id);
            }
            _ => self.fail_parked(id),
        }
    }

    fn install(&mut self, id: &SessionId, version: u64, session: Session) {
        let transport = session.transport;
        self.portable.owned.insert(id.clone(), version);
        if transport.is_some() {
            self.members.insert(id, Text::EMPTY, None);
        }
        for endpoint in &session.joined {
            self.members.insert(id, endpoint.clone(), None);
        }
        for (endpoint, room) in &session.rooms {
            self.members.insert(id, endpoint.clone(), Some(room.clone()));
        }
        self.sessions.insert(id.clone(), session);
        // A POST may be all that comes: then it ends as any session whose client polls no more.
        self.set_timer(id, Timer::Close, self.config.close_timeout);
        if let Some(transport) = transport {
            self.events.push_back(ServerEvent::Adopted { session: id.clone(), transport });
        }
        if let Some(wanted_by) = self.settle(id) {
            // Not before the application has seen what came, and answered it.
            self.portable.leaving.insert(id.clone(), wanted_by);
            self.portable.deadlines.insert((self.now + LINGER, id.clone()));
        }
    }

    /// Deletes a record that is of no use any more.
    pub(super) fn forget_record(&mut self, id: &SessionId, version: u64) {
        let ticket = self.portable.ticket(Ticket::Delete);
        let key = id.0.clone();
        self.transmits.push_back(ServerTransmit::StoreDelete { ticket, key, expected: version });
    }

    /// A session of ours ended.
    pub(in super::super) fn portable_ended(&mut self, id: &SessionId) {
        self.portable.leaving.remove(id);
        if let Some(version) = self.portable.owned.remove(id) {
            self.forget_record(id, version);
        }
    }

    /// What a session waited for did not come in time.
    pub(in super::super) fn handover_due(&mut self, id: &SessionId) {
        if let Some(wanted_by) = self.portable.leaving.remove(id) {
            return self.release(id, Some(wanted_by));
        }
        let due = |parking: &&Parking| parking.until.is_some_and(|until| until <= self.now);
        match self.portable.parkings.get(id).filter(due).map(|parking| parking.stage) {
            // The owner is silent: if the record is the same still, it is dead.
            Some(Stage::Owner) => self.fetch(id),
            Some(Stage::Store) => self.fail_parked(id),
            None => {}
        }
    }
}
