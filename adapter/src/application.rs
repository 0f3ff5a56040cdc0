//! What runs on the machines.

use bytes::Bytes;
use socketio08::client::{Client, ClientEvent, ClientInput, ClientTransmit};
use socketio08::server::{
    ExchangeId, LocalError, Refusal, Request, Response, Server, ServerEvent, ServerInput, ServerTransmit,
    SessionId,
};
use socketio08::{Instant, Text};

use crate::{IdSource, Trouble};

/// What runs on a [`Server`]: it takes events, calls commands, and may have deadlines of its own. The same application runs
/// on TCP, on a simulated network and without any (by [`deliver`]).
pub trait Application: Send + 'static {
    /// Takes one event. `HandshakeRequested` and `Outside` never come here: see [`Application::authorize`] and
    /// [`Application::outside`].
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent);

    /// Whether a handshake may become a session.
    ///
    /// # Errors
    /// The [`Refusal`] to answer.
    fn authorize(&mut self, _now: Instant, _request: &HandshakeRequest) -> Result<(), Refusal> {
        Ok(())
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

    /// Sees each input just before the machine takes it: for traces and counts.
    fn observe(&mut self, _now: Instant, _input: &ServerInput) {}

    /// Sees each transmission just before it is carried out: for traces and counts.
    fn observe_transmit(&mut self, _now: Instant, _transmit: &ServerTransmit) {}
}

/// A handshake that waits for [`Application::authorize`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HandshakeRequest {
    /// The query, without its question mark.
    pub query: Text,
    /// Names and values in their order.
    pub headers: Vec<(Text, Text)>,
    /// The peer's address.
    pub address: Text,
}

/// Gives one event to an application the way a node does: handshakes are authorized and get an id, requests outside the
/// protocol are answered. Engines without sockets call it too.
pub fn deliver<A: Application + ?Sized>(
    now: Instant,
    server: &mut Server,
    application: &mut A,
    ids: &mut dyn IdSource,
    event: ServerEvent,
) {
    match event {
        ServerEvent::HandshakeRequested { exchange, query, headers, address } => {
            let request = HandshakeRequest { query, headers, address };
            let verdict = application
                .authorize(now, &request)
                .and_then(|()| ids.next_id().ok_or(Refusal::Error))
                .and_then(|id| accept(now, server, exchange, SessionId(id)));
            if let Err(refusal) = verdict {
                // It fails only for an exchange that ended meanwhile, which needs no answer.
                let _ = server.refuse(now, exchange, refusal);
            }
        }
        ServerEvent::Outside(request) => {
            let response = application.outside(now, &request);
            // As above: nobody waits for the answer to an exchange that ended.
            let _ = server.respond(now, request.exchange, response);
        }
        event => application.event(now, server, event),
    }
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
