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
///
/// ```
/// use socketio08::server::{HandshakeData, Refusal};
/// use socketio08_tokio::Authorization;
///
/// fn authorize(handshake: &HandshakeData) -> Authorization {
///     let Some(user) = handshake.cookie("user") else { return Authorization::refuse(Refusal::Unauthorized) };
///     let user = user.to_owned();
///     // Stands for a question to a database.
///     Authorization::later(async move { if user == "ann" { Ok(()) } else { Err(Refusal::Unauthorized) } })
/// }
/// ```
pub enum Authorization<R = Refusal> {
    /// The answer.
    Now(Result<(), R>),
    /// It has to be looked up.
    Later(LaterAnswer<R>),
}

impl<R> Authorization<R> {
    /// The client may.
    ///
    /// ```
    /// # use socketio08_tokio::Authorization;
    /// assert!(matches!(<Authorization>::allow(), Authorization::Now(Ok(()))));
    /// ```
    #[must_use]
    pub fn allow() -> Self {
        Authorization::Now(Ok(()))
    }

    /// The client may not.
    ///
    /// ```
    /// # use socketio08::server::Refusal;
    /// # use socketio08_tokio::Authorization;
    /// assert!(matches!(Authorization::refuse(Refusal::BadOrigin), Authorization::Now(Err(Refusal::BadOrigin))));
    /// ```
    pub fn refuse(refusal: R) -> Self {
        Authorization::Now(Err(refusal))
    }

    /// What the future says.
    ///
    /// ```
    /// # use socketio08::server::Refusal;
    /// # use socketio08_tokio::Authorization;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let authorization = Authorization::later(async { Err(Refusal::Unauthorized) });
    /// let Authorization::Later(answer) = authorization else { unreachable!() };
    /// assert_eq!(answer.await, Err(Refusal::Unauthorized));
    /// # }
    /// ```
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
///
/// ```
/// use socketio08::server::JoinRefusal;
/// use socketio08_tokio::{Authorization, JoinRequest};
///
/// fn authorize_join(join: &JoinRequest) -> Authorization<JoinRefusal> {
///     match join.handshake.cookie("role") {
///         Some("staff") => Authorization::allow(),
///         _ => Authorization::refuse(JoinRefusal::Unauthorized),
///     }
/// }
/// ```
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
///
/// ```
/// use socketio08::server::ExchangeId;
/// use socketio08_tokio::Question;
///
/// let waiting = [Question::Handshake(ExchangeId(1)), Question::Handshake(ExchangeId(2))];
/// assert!(waiting.contains(&Question::Handshake(ExchangeId(2))));
/// ```
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Question {
    /// A handshake.
    Handshake(ExchangeId),
    /// A session that wants to join an endpoint.
    Join(SessionId, Text),
}

/// An answer to a [`Question`], for [`settle`].
///
/// ```
/// use socketio08::server::{ExchangeId, Refusal};
/// use socketio08_tokio::{Answered, Question};
///
/// let answered = Answered::Handshake(ExchangeId(1), Err(Refusal::Unauthorized));
/// assert_eq!(answered.question(), Question::Handshake(ExchangeId(1)));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answered {
    /// A handshake may become a session, or not.
    Handshake(ExchangeId, Result<(), Refusal>),
    /// A session may join an endpoint, or not.
    Join(SessionId, Text, Result<(), JoinRefusal>),
}

impl Answered {
    /// What it answers.
    ///
    /// ```
    /// # use socketio08::{Text, server::SessionId};
    /// # use socketio08_tokio::{Answered, Question};
    /// let (session, endpoint) = (SessionId(Text::from_static("ann")), Text::from_static("/staff"));
    /// let answered = Answered::Join(session.clone(), endpoint.clone(), Ok(()));
    /// assert_eq!(answered.question(), Question::Join(session, endpoint));
    /// ```
    pub fn question(&self) -> Question {
        match self {
            Answered::Handshake(exchange, _) => Question::Handshake(*exchange),
            Answered::Join(session, endpoint, _) => Question::Join(session.clone(), endpoint.clone()),
        }
    }

    /// The answer to `question` when the application fails to give one.
    ///
    /// ```
    /// # use socketio08::server::{ExchangeId, Refusal};
    /// # use socketio08_tokio::{Answered, Question};
    /// let answered = Answered::failed(Question::Handshake(ExchangeId(1)));
    /// assert_eq!(answered, Answered::Handshake(ExchangeId(1), Err(Refusal::Error)), "answered 500");
    /// ```
    pub fn failed(question: Question) -> Self {
        match question {
            Question::Handshake(exchange) => Answered::Handshake(exchange, Err(Refusal::Error)),
            Question::Join(session, endpoint) => Answered::Join(session, endpoint, Err(JoinRefusal::Error)),
        }
    }
}

/// Tells the machine an answer. One that comes too late changes nothing.
///
/// ```
/// use socketio08::server::{ExchangeId, Refusal, Request, Server, ServerConfig, ServerInput, ServerTransmit};
/// use socketio08::{Instant, Text};
/// use socketio08_tokio::{Answered, settle};
///
/// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
/// server.handle_input(Instant::ZERO, ServerInput::Request(Request::get(ExchangeId(1), "/socket.io/1/")));
/// let mut ids = || Text::from_static("4711");
/// let answered = Answered::Handshake(ExchangeId(1), Err(Refusal::Unauthorized));
/// settle(Instant::ZERO, &mut server, &mut ids, answered);
/// let Some(ServerTransmit::Respond { response, .. }) = server.poll_transmit() else { unreachable!() };
/// assert_eq!(response.status, 403);
/// ```
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
