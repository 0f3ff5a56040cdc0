//! What waits for the application's word: handshakes, and joins of guarded endpoints (facts 3.3, 9.6).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::sync::Arc;

use super::rebase::moved;
use super::response;
use super::{ExchangeId, HandshakeData, JoinRefusal, LocalError, Refusal, Server, ServerEvent, SessionId};
use crate::{Deadline, Instant, Text, Timer};

/// What the application was asked about.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Question {
    Handshake(ExchangeId),
    Join(SessionId, Text),
}

/// The questions without an answer, and when each is given up.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Questions {
    until: BTreeMap<Question, Option<Instant>>,
    deadlines: BTreeSet<(Instant, Question)>,
}

impl Questions {
    fn insert(&mut self, question: Question, until: Option<Instant>) {
        self.deadlines.extend(until.map(|at| (at, question.clone())));
        self.until.insert(question, until);
    }

    /// False if there is no such question.
    fn remove(&mut self, question: &Question) -> bool {
        let Some(until) = self.until.remove(question) else { return false };
        if let Some(at) = until {
            self.deadlines.remove(&(at, question.clone()));
        }
        true
    }

    pub(super) fn rebase(&mut self, now: Instant) {
        for until in self.until.values_mut() {
            *until = until.map(|at| moved(at, now));
        }
        let old = core::mem::take(&mut self.deadlines);
        self.deadlines = old.into_iter().map(|(at, question)| (moved(at, now), question)).collect();
    }

    pub(super) fn next(&self) -> Option<Deadline> {
        self.deadlines.first().map(|&(at, _)| Deadline { at, timer: Timer::Authorization })
    }

    pub(super) fn due(&self, now: Instant) -> Option<Question> {
        self.deadlines.first().filter(|(at, _)| *at <= now).map(|(_, question)| question.clone())
    }
}

impl Server {
    /// Reports a handshake to the application.
    pub(super) fn ask_for_handshake(&mut self, exchange: ExchangeId, data: Arc<HandshakeData>) {
        self.questions.insert(Question::Handshake(exchange), self.give_up_at());
        self.events.push_back(ServerEvent::HandshakeRequested { exchange, data });
    }

    /// The handshake was answered, or its client is gone.
    pub(super) fn forget_handshake(&mut self, exchange: ExchangeId) {
        self.questions.remove(&Question::Handshake(exchange));
    }

    /// The client of a handshake left before the answer.
    pub(super) fn abandon_handshake(&mut self, exchange: ExchangeId) {
        self.forget_handshake(exchange);
        self.events.push_back(ServerEvent::HandshakeAbandoned { exchange });
    }

    fn give_up_at(&self) -> Option<Instant> {
        let timeout = self.config.authorization_timeout;
        (!timeout.is_zero()).then(|| self.now + timeout)
    }

    pub(super) fn is_guarded(&self, endpoint: &Text) -> bool {
        !endpoint.is_empty() && self.config.guarded_endpoints.contains(endpoint)
    }

    /// Whether packets of this endpoint reach the application: always, joined or not (facts 9.4), but for a guarded one only
    /// while it is joined. In 0.8.7 they meet no listener before, for listeners come with the connection.
    pub(super) fn may_deliver(&self, id: &SessionId, endpoint: &Text) -> bool {
        let joined = || self.sessions.get(id).is_some_and(|session| session.joined.contains(endpoint));
        !self.is_guarded(endpoint) || joined()
    }

    /// `1::/chat` on a guarded endpoint. Repeated before the answer it is the same question.
    pub(super) fn ask_for_join(&mut self, id: &SessionId, endpoint: &Text, query: &Text) {
        let ours = self.config.guarded_endpoints.iter().find(|ours| *ours == endpoint);
        let endpoint = ours.cloned().unwrap_or_default();
        let Some(session) = self.sessions.get_mut(id) else { return };
        if !session.asking.insert(endpoint.clone()) {
            return;
        }
        self.questions.insert(Question::Join(id.clone(), endpoint.clone()), self.give_up_at());
        // Our own copy: a slice of the packet would keep the whole payload in memory.
        let query = Text::from(query.as_str());
        self.events.push_back(ServerEvent::JoinRequested { session: id.clone(), endpoint, query });
    }

    pub(super) fn answer_join(
        &mut self,
        id: &SessionId,
        endpoint: &Text,
        answer: Result<(), JoinRefusal>,
    ) -> Result<(), LocalError> {
        let session = self.sessions.get_mut(id).ok_or(LocalError::UnknownSession)?;
        if !session.asking.remove(endpoint) {
            return Err(LocalError::NoJoinRequested);
        }
        self.questions.remove(&Question::Join(id.clone(), endpoint.clone()));
        match answer {
            Ok(()) => self.join(id, endpoint),
            Err(refusal) => self.turn_away(id, endpoint, refusal),
        }
        Ok(())
    }

    /// The error packet as recorded. Who had joined before and asked again is out, too.
    pub(super) fn turn_away(&mut self, id: &SessionId, endpoint: &Text, refusal: JoinRefusal) {
        if self.sessions.get(id).is_some_and(|session| session.joined.contains(endpoint)) {
            self.leave(id, endpoint.clone());
        }
        let reason = match refusal {
            JoinRefusal::Unauthorized => "2",
            // What 0.8.7 writes for any text of its application (facts 9.6).
            JoinRefusal::Error => "undefined",
        };
        self.deliver(id, Text::from(format!("7::{endpoint}:{reason}")));
    }

    /// The client left an endpoint, or the session ends: a join that waits is no question any more.
    pub(super) fn abandon_join(&mut self, id: &SessionId, endpoint: Text) {
        let question = Question::Join(id.clone(), endpoint);
        if self.questions.remove(&question)
            && let Question::Join(session, endpoint) = question
        {
            self.events.push_back(ServerEvent::JoinAbandoned { session, endpoint });
        }
    }

    /// The application did not answer in time.
    pub(super) fn give_up(&mut self, question: Question) {
        match question {
            Question::Handshake(exchange) => {
                if let Ok((style, _)) = self.take_handshake(exchange) {
                    self.transmit_response(exchange, response::refused(&style, Refusal::Error));
                }
                self.store_withdrawn(exchange);
                self.abandon_handshake(exchange);
            }
            Question::Join(id, endpoint) => {
                self.abandon_join(&id, endpoint.clone());
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.asking.remove(&endpoint);
                    self.turn_away(&id, &endpoint, JoinRefusal::Error);
                }
            }
        }
    }
}
