//! **Portable sessions**: any server accepts any session id that one of them signed, and takes the session over from the server that
//! had it. What a session is lives in one shared store while nobody owns it, and in its owner's memory while somebody does; it is
//! copied nowhere else. `docs/SESSIONS.md` has the why.
//!
//! The store keeps one record a session, with a version, and does three things: get, put if the version is as expected, delete if the
//! version is as expected. Beside it, servers tell each other by publications that they want a session or have let it go. Publications
//! are hints: lost, doubled or late ones cost time and nothing else, except that an owner that is not heard of for
//! `handover_timeout` counts as dead.
//!
//! What holds, and is tested in `protocol/tests/server_portable.rs`:
//!
//! 1. **One owner**: a server serves a session only after its own put made it the owner, and a put succeeds for one server alone.
//! 2. **Consent**: a session is taken from a live owner only by its own put, which frees it. The owner has forgotten the session
//!    before that put leaves it, and its waiting poll was answered `8::` or its socket closed.
//! 3. **Once**: what waited for the client is in the record or in one memory, never in both; a request is handled where its session
//!    was adopted, or answered 503 or `7:::1+0` unhandled.
//! 4. **Order**: requests that wait for a session are handled in the order in which they came; packets keep theirs in the record.
//! 5. **No resurrection**: a record is made by a handshake alone. What ended, expired or was lost with its owner is unknown, `7:::1+0`.
//! 6. **Bounds**: at most `waiting_max` requests wait, each no longer than a few times `store_timeout`; ids nobody signed or that
//!    expired never reach the store.

mod adopt;
mod config;
mod id;
mod park;
mod record;
mod release;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

pub use config::PortableConfig;

use self::park::Parking;
use super::rebase::moved;
use super::response::HandshakeStyle;
use super::session::Session;
use super::{ExchangeId, HandshakeData, Refusal, Server, ServerTransmit, SessionId, Store, response};
use crate::{Deadline, Instant, Text, Timer};

/// What the store said to an operation.
///
/// A store is anything that keeps a text under a name and replaces it only if its version is the one that was read:
///
/// ```
/// use std::collections::BTreeMap;
/// use socketio08::{Text, server::StoreAnswer};
///
/// fn get(store: &BTreeMap<Text, (u64, Text)>, name: &Text) -> StoreAnswer {
///     match store.get(name) {
///         Some((version, record)) => StoreAnswer::Record { version: *version, record: record.clone() },
///         None => StoreAnswer::Absent,
///     }
/// }
///
/// let store = BTreeMap::from([(Text::from_static("ann"), (3, Text::from_static("...")))]);
/// assert!(matches!(get(&store, &Text::from_static("ann")), StoreAnswer::Record { version: 3, .. }));
/// assert_eq!(get(&store, &Text::from_static("bob")), StoreAnswer::Absent);
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum StoreAnswer {
    /// To a get: there is a record, with its version.
    Record {
        /// Its version, 1 or more.
        version: u64,
        /// The record.
        record: Text,
    },
    /// To a get: there is none.
    Absent,
    /// To a put or a delete: it was done.
    Done,
    /// To a put or a delete: the version was another one, and nothing was done.
    Conflict,
    /// The store cannot be reached, or its answer is not known.
    Failed,
}

/// The channel on which a server hears what the others want of it.
pub(super) fn channel(node_id: u64) -> Text {
    Text::from(alloc::format!("socketio08-portable:{node_id}"))
}

/// Which operation a ticket is for.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Ticket {
    Create {
        exchange: ExchangeId,
        style: HandshakeStyle,
        id: SessionId,
    },
    Get {
        id: SessionId,
    },
    Adopt {
        id: SessionId,
        version: u64,
        session: Box<Session>,
    },
    /// The session is free; `asker` waits to hear so.
    Release {
        id: SessionId,
        asker: Option<u64>,
    },
    Delete,
}

impl Ticket {
    /// The session, if the answer can concern it still.
    fn session(&self) -> Option<&SessionId> {
        match self {
            Ticket::Create { id, .. }
            | Ticket::Get { id }
            | Ticket::Adopt { id, .. }
            | Ticket::Release { id, .. } => Some(id),
            Ticket::Delete => None,
        }
    }
}

/// Everything a server knows of sessions that others have or may have.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Portable {
    /// The versions of the records of our sessions.
    owned: BTreeMap<SessionId, u64>,
    parkings: BTreeMap<SessionId, Parking>,
    /// Sessions of ours that another server waits for.
    leaving: BTreeMap<SessionId, u64>,
    /// How many requests are parked.
    waiting: usize,
    tickets: BTreeMap<u64, Ticket>,
    last_ticket: u64,
    deadlines: BTreeSet<(Instant, SessionId)>,
    /// This server takes its leave: it takes no session and makes none.
    gone: bool,
}

impl Portable {
    pub(super) fn next(&self) -> Option<Deadline> {
        self.deadlines.first().map(|&(at, _)| Deadline { at, timer: Timer::Handover })
    }

    pub(super) fn rebase(&mut self, now: Instant) -> Vec<(u64, u64)> {
        for parking in self.parkings.values_mut() {
            parking.until = parking.until.map(|at| moved(at, now));
        }
        let old = core::mem::take(&mut self.deadlines);
        self.deadlines = old.into_iter().map(|(at, id)| (moved(at, now), id)).collect();
        self.renumber_tickets()
    }

    /// Numbers the operations that are not answered yet from 1.
    fn renumber_tickets(&mut self) -> Vec<(u64, u64)> {
        let old = core::mem::take(&mut self.tickets);
        let numbers: BTreeMap<u64, u64> = old.keys().copied().zip(1..).collect();
        self.tickets = old.into_values().zip(1..).map(|(ticket, number)| (number, ticket)).collect();
        for parking in self.parkings.values_mut() {
            // One that was answered is waited for no more.
            parking.ticket = parking.ticket.and_then(|number| numbers.get(&number).copied());
        }
        self.last_ticket = numbers.values().last().copied().unwrap_or(0);
        numbers.into_iter().collect()
    }

    /// Whether a request waits for a session, or an operation concerns it.
    pub(super) fn speaks_of(&self, id: &SessionId) -> bool {
        self.parkings.contains_key(id) || self.tickets.values().any(|ticket| ticket.session() == Some(id))
    }

    /// Takes the next one that is due.
    pub(super) fn due(&mut self, now: Instant) -> Option<SessionId> {
        let (at, id) = self.deadlines.pop_first()?;
        if at > now {
            self.deadlines.insert((at, id));
            return None;
        }
        Some(id)
    }

    fn ticket(&mut self, ticket: Ticket) -> u64 {
        self.last_ticket += 1;
        self.tickets.insert(self.last_ticket, ticket);
        self.last_ticket
    }
}

impl Server {
    fn portable_config(&self) -> Option<&PortableConfig> {
        match &self.config.store {
            Store::Portable(config) => Some(config),
            _ => None,
        }
    }

    /// Whether sessions live in a store that any server takes them from.
    pub(super) fn is_portable(&self) -> bool {
        self.portable_config().is_some()
    }

    /// Listens for the other servers.
    pub(super) fn open_portable(&mut self) {
        if let Some(config) = self.portable_config() {
            let channel = channel(config.node_id);
            self.transmits.push_back(ServerTransmit::Subscribe { channel });
        }
    }

    /// The id with its signature.
    pub(super) fn signed(&self, id: SessionId) -> SessionId {
        self.portable_config().map(|config| id::issue(config, self.now, &id)).unwrap_or(id)
    }

    /// Puts the session of an accepted handshake into the store; the handshake is answered when it is there.
    pub(super) fn create_portable(
        &mut self,
        exchange: ExchangeId,
        style: HandshakeStyle,
        data: Arc<HandshakeData>,
        id: &SessionId,
    ) {
        if self.portable.gone {
            return self.transmit_response(exchange, response::refused(&style, Refusal::Full));
        }
        let Some(config) = self.portable_config() else { return };
        let record = record::free(&Session::new(None, data), config.epoch_millis, None);
        let lifetime = self.config.handshake_lifetime.max(self.config.close_timeout);
        self.exchanges.insert(exchange, super::exchange::Exchange::Parked);
        let ticket = self.portable.ticket(Ticket::Create { exchange, style, id: id.clone() });
        self.put(ticket, id, 0, record, lifetime);
    }

    /// Asks the store to replace the record of that version, 0 for none.
    fn put(&mut self, ticket: u64, id: &SessionId, expected: u64, record: Text, lifetime: Duration) {
        let key = id.0.clone();
        self.transmits.push_back(ServerTransmit::StorePut { ticket, key, expected, record, lifetime });
    }

    fn created(
        &mut self,
        exchange: ExchangeId,
        style: &HandshakeStyle,
        id: &SessionId,
        answer: &StoreAnswer,
    ) {
        // A client that left meanwhile gets nothing; what it left in the store expires.
        if self.exchanges.remove(&exchange).is_none() {
            return;
        }
        let response = match answer {
            StoreAnswer::Done => response::handshaken(style, &self.handshake_body(id)),
            _ => response::refused(style, Refusal::Full),
        };
        self.transmit_response(exchange, response);
    }

    /// The store answered an operation.
    pub(super) fn stored(&mut self, ticket: u64, answer: StoreAnswer) {
        match self.portable.tickets.remove(&ticket) {
            Some(Ticket::Create { exchange, style, id }) => self.created(exchange, &style, &id, &answer),
            Some(Ticket::Get { id }) if self.awaits(&id, ticket) => self.found(&id, answer),
            Some(Ticket::Adopt { id, version, session }) if self.awaits(&id, ticket) => {
                self.adopted(&id, version, *session, &answer);
            }
            // Who has taken its leave lets it go again.
            Some(Ticket::Adopt { id, version, session })
                if answer == StoreAnswer::Done && self.portable.gone =>
            {
                self.put_free(&id, version, &session, None);
            }
            // What is ours all the same nobody has: it is unknown to whoever asks next.
            Some(Ticket::Adopt { id, version, .. }) if answer == StoreAnswer::Done => {
                self.forget_record(&id, version);
            }
            // Given up meanwhile, or asked again.
            None | Some(Ticket::Adopt { .. } | Ticket::Delete | Ticket::Get { .. }) => {}
            Some(Ticket::Release { id, asker }) => self.released(&id, asker, &answer),
        }
    }

    /// Hands every session over to the store, for whichever server is asked next: before this one leaves. Their polls are answered and
    /// their sockets closed; requests and handshakes that wait for the store, and those that come from now on, are answered 503. Only with
    /// [`Store::Portable`].
    ///
    /// ```
    /// use socketio08::{Instant, server::{PortableConfig, Server, ServerConfig, SharedKey, Store}};
    ///
    /// let key = SharedKey::new(b"0123456789abcdef0123456789abcdef")?;
    /// let store = Store::Portable(PortableConfig::new(7, 1_700_000_000_000, key));
    /// let mut server = Server::new(ServerConfig::default().store(store), Instant::ZERO);
    /// server.hand_over_all(Instant::ZERO);
    /// assert_eq!(server.store_operations_waiting(), 0, "it owned none");
    /// # Ok::<(), socketio08::server::WeakKey>(())
    /// ```
    pub fn hand_over_all(&mut self, now: Instant) {
        self.advance(now);
        self.let_all_go();
    }

    /// How many operations the store has not answered.
    ///
    /// ```
    /// use socketio08::{Instant, server::{Server, ServerConfig}};
    ///
    /// let server = Server::new(ServerConfig::default(), Instant::ZERO);
    /// assert_eq!(server.store_operations_waiting(), 0);
    /// ```
    #[must_use]
    pub fn store_operations_waiting(&self) -> usize {
        self.portable.tickets.len()
    }
}
