//! What runs on the machines.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use socketio08::Instant;
use socketio08::client::{Client, ClientEvent, ClientInput, ClientTransmit};
use socketio08::server::{
    HandshakeData, JoinRefusal, Request, Response, Server, ServerEvent, ServerInput, ServerTransmit,
};

use crate::authorization::{Answered, Authorization, JoinRequest, Question, settle};
use crate::{IdSource, StoreHealth, Trouble};

/// What runs on a [`Server`]: it takes events, calls commands, and may have deadlines of its own. The same application runs
/// on TCP, on a simulated network and without any (by [`deliver`]).
pub trait Application: Send + 'static {
    /// Takes one event. Handshakes, joins of guarded endpoints and requests outside the protocol never come here: see
    /// [`Application::authorize`], [`Application::authorize_join`] and [`Application::outside`].
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent);

    /// Whether a handshake may become a session. The default allows it.
    fn authorize(&mut self, _now: Instant, _handshake: &HandshakeData) -> Authorization {
        Authorization::allow()
    }

    /// Whether a session may join one of
    /// [`ServerConfig::guarded_endpoints`](socketio08::server::ServerConfig::guarded_endpoints). The default refuses: what is
    /// guarded and has no guard is closed.
    fn authorize_join(&mut self, _now: Instant, _join: &JoinRequest) -> Authorization<JoinRefusal> {
        Authorization::refuse(JoinRefusal::Unauthorized)
    }

    /// Answers a request outside the protocol: pages, files. The default is 404.
    fn outside(&mut self, _now: Instant, _request: &Request) -> Response {
        Response { status: 404, headers: Vec::new(), body: Bytes::from_static(b"not found\n") }
    }

    /// When [`Application::handle_timeout`] wants to be called; `None`: never.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The deadline passed.
    fn handle_timeout(&mut self, _now: Instant, _server: &mut Server) {}

    /// The store through which nodes share sessions was connected, lost, or found again.
    fn store(&mut self, _now: Instant, _health: &StoreHealth) {}

    /// Sees each input just before the machine takes it: for traces and counts.
    fn observe(&mut self, _now: Instant, _input: &ServerInput) {}

    /// Sees each transmission just before it is carried out: for traces and counts.
    fn observe_transmit(&mut self, _now: Instant, _transmit: &ServerTransmit) {}
}

/// What [`deliver`] left to do.
#[must_use]
pub enum Delivered {
    /// Nothing.
    Done,
    /// The application answers later: [`settle`] what the future gives.
    Later(Question, Pin<Box<dyn Future<Output = Answered> + Send>>),
    /// Nobody waits for this answer any more: drop its future.
    Abandoned(Question),
}

impl fmt::Debug for Delivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delivered::Done => f.write_str("Done"),
            Delivered::Later(question, _) => f.debug_tuple("Later").field(question).finish(),
            Delivered::Abandoned(question) => f.debug_tuple("Abandoned").field(question).finish(),
        }
    }
}

/// Gives one event to an application the way a node does: handshakes and joins are authorized, handshakes get an id, requests
/// outside the protocol are answered. Engines without sockets call it too; one that cannot run futures may drop what comes
/// [`Delivered::Later`], and the machine gives the answer up in its time.
pub fn deliver<A: Application + ?Sized>(
    now: Instant,
    server: &mut Server,
    application: &mut A,
    ids: &mut dyn IdSource,
    event: ServerEvent,
) -> Delivered {
    match event {
        ServerEvent::HandshakeRequested { exchange, data } => match application.authorize(now, &data) {
            Authorization::Now(answer) => {
                settle(now, server, ids, Answered::Handshake(exchange, answer));
                Delivered::Done
            }
            Authorization::Later(answer) => {
                let answered = async move { Answered::Handshake(exchange, answer.await) };
                Delivered::Later(Question::Handshake(exchange), Box::pin(answered))
            }
        },
        ServerEvent::JoinRequested { session, endpoint, query } => {
            let Some(handshake) = server.handshake_data(&session).cloned() else { return Delivered::Done };
            let join = JoinRequest { session, endpoint, query, handshake };
            authorize_join(now, server, application, ids, join)
        }
        ServerEvent::HandshakeAbandoned { exchange } => Delivered::Abandoned(Question::Handshake(exchange)),
        ServerEvent::JoinAbandoned { session, endpoint } => {
            Delivered::Abandoned(Question::Join(session, endpoint))
        }
        ServerEvent::Outside(request) => {
            let response = application.outside(now, &request);
            // It fails only for an exchange that ended meanwhile, which needs no answer.
            let _ = server.respond(now, request.exchange, response);
            Delivered::Done
        }
        event => {
            application.event(now, server, event);
            Delivered::Done
        }
    }
}

fn authorize_join<A: Application + ?Sized>(
    now: Instant,
    server: &mut Server,
    application: &mut A,
    ids: &mut dyn IdSource,
    join: JoinRequest,
) -> Delivered {
    let authorization = application.authorize_join(now, &join);
    let JoinRequest { session, endpoint, .. } = join;
    match authorization {
        Authorization::Now(answer) => {
            settle(now, server, ids, Answered::Join(session, endpoint, answer));
            Delivered::Done
        }
        Authorization::Later(answer) => {
            let question = Question::Join(session.clone(), endpoint.clone());
            let answered = async move { Answered::Join(session, endpoint, answer.await) };
            Delivered::Later(question, Box::pin(answered))
        }
    }
}

/// What runs on a [`Client`]: it takes events, calls commands, and may have deadlines of its own.
pub trait ClientApplication: Send + 'static {
    /// Called once, before anything else: the place for `client.connect(now)`.
    fn start(&mut self, now: Instant, client: &mut Client) {
        client.connect(now);
    }

    /// Takes one event. After `ReconnectScheduled` an improved profile wants `client.set_jitter(..)`.
    fn event(&mut self, now: Instant, client: &mut Client, event: ClientEvent);

    /// When [`ClientApplication::handle_timeout`] wants to be called; `None`: never.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The deadline passed.
    fn handle_timeout(&mut self, _now: Instant, _client: &mut Client) {}

    /// Whether the driver may return; asked after each event and deadline.
    fn finished(&self) -> bool {
        false
    }

    /// Sees each input just before the machine takes it: for traces and counts.
    fn observe(&mut self, _now: Instant, _input: &ClientInput) {}

    /// Sees each transmission just before it is carried out: for traces and counts.
    fn observe_transmit(&mut self, _now: Instant, _transmit: &ClientTransmit) {}

    /// Sees why an exchange ended as `Closed`, which tells the machine less: for diagnosis.
    fn observe_trouble(&mut self, _now: Instant, _trouble: &Trouble) {}
}
