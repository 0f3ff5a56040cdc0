//! The application's answers to handshakes and joins, at once or later.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use socketio08::server::{ExchangeId, HandshakeData, JoinRefusal, LocalError, Refusal, Server, SessionId};
use socketio08::{Instant, Text};

use crate::IdSource;

/// An answer that comes later. It is dropped when nobody waits for it any more: the client is gone, or the authorization
/// timeout of the server has passed.
pub type LaterAnswer<R> = Pin<Box<dyn Future<Output = Result<(), R>> + Send>>;

/// Whether a client may, as an application answers it.
pub enum Authorization<R = Refusal> {
    /// The answer.
    Now(Result<(), R>),
    /// It has to be looked up.
    Later(LaterAnswer<R>),
}

impl<R> Authorization<R> {
    /// The client may.
    #[must_use]
    pub fn allow() -> Self {
        Authorization::Now(Ok(()))
    }

    /// The client may not.
    pub fn refuse(refusal: R) -> Self {
        Authorization::Now(Err(refusal))
    }

    /// What the future says.
    pub fn later(answer: impl Future<Output = Result<(), R>> + Send + 'static) -> Self {
        Authorization::Later(Box::pin(answer))
    }
}

impl<R: fmt::Debug> fmt::Debug for Authorization<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Authorization::Now(answer) => f.debug_tuple("Now").field(answer).finish(),
            Authorization::Later(_) => f.write_str("Later"),
        }
    }
}

/// A client that wants to join a guarded endpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JoinRequest {
    /// Its session.
    pub session: SessionId,
    /// The endpoint.
    pub endpoint: Text,
    /// The query of the join, with its question mark, or empty.
    pub query: Text,
    /// What its handshake told.
    pub handshake: Arc<HandshakeData>,
}

/// What the application was asked about.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Question {
    /// A handshake.
    Handshake(ExchangeId),
    /// A session that wants to join an endpoint.
    Join(SessionId, Text),
}

/// An answer to a [`Question`], for [`settle`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answered {
    /// A handshake may become a session, or not.
    Handshake(ExchangeId, Result<(), Refusal>),
    /// A session may join an endpoint, or not.
    Join(SessionId, Text, Result<(), JoinRefusal>),
}

impl Answered {
    /// What it answers.
    pub fn question(&self) -> Question {
        match self {
            Answered::Handshake(exchange, _) => Question::Handshake(*exchange),
            Answered::Join(session, endpoint, _) => Question::Join(session.clone(), endpoint.clone()),
        }
    }

    /// The answer to `question` when the application fails to give one.
    pub fn failed(question: Question) -> Self {
        match question {
            Question::Handshake(exchange) => Answered::Handshake(exchange, Err(Refusal::Error)),
            Question::Join(session, endpoint) => Answered::Join(session, endpoint, Err(JoinRefusal::Error)),
        }
    }
}

/// Tells the machine an answer. One that comes too late changes nothing.
pub fn settle(now: Instant, server: &mut Server, ids: &mut dyn IdSource, answered: Answered) {
    // The machine refuses answers to what nobody asks any more, and those need none.
    let _ = match answered {
        Answered::Handshake(exchange, answer) => answer
            .and_then(|()| ids.next_id().ok_or(Refusal::Error))
            .and_then(|id| accept(now, server, exchange, SessionId(id)))
            .or_else(|refusal| server.refuse(now, exchange, refusal)),
        Answered::Join(session, endpoint, Ok(())) => server.accept_join(now, &session, &endpoint),
        Answered::Join(session, endpoint, Err(refusal)) => {
            server.refuse_join(now, &session, &endpoint, refusal)
        }
    };
}

fn accept(
    now: Instant,
    server: &mut Server,
    exchange: ExchangeId,
    session: SessionId,
) -> Result<(), Refusal> {
    server.accept(now, exchange, session).map_err(|error| match error {
        LocalError::Limit(_) => Refusal::Full,
        _ => Refusal::Error,
    })
}
