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
///
/// ```
/// use socketio08::Instant;
/// use socketio08::server::{Cause, Server, ServerEvent};
/// use socketio08_tokio::Application;
///
/// /// Counts the sessions that a limit ended.
/// #[derive(Default)]
/// struct Counted(usize);
///
/// impl Application for Counted {
///     fn event(&mut self, _now: Instant, _server: &mut Server, event: ServerEvent) {
///         if let ServerEvent::Disconnected { cause: Cause::Limit, .. } = event {
///             self.0 += 1;
///         }
///     }
/// }
/// ```
pub trait Application: Send + 'static {
    /// Takes one event. Handshakes, joins of guarded endpoints and requests outside the protocol never come here: see
    /// [`Application::authorize`], [`Application::authorize_join`] and [`Application::outside`].
    ///
    /// ```
    /// # use socketio08::{AckMode, Instant, Outgoing, Text, server::{Server, ServerEvent}};
    /// # struct Greeter;
    /// # impl socketio08_tokio::Application for Greeter {
    /// fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
    ///     if let ServerEvent::Connected { session, endpoint, .. } = event {
    ///         let hello = Outgoing::Message(Text::from_static("hello"));
    ///         // It fails for a session that ended meanwhile, which needs no greeting.
    ///         let _ = server.send(now, &session, &endpoint, hello, AckMode::None);
    ///     }
    /// }
    /// # }
    /// ```
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent);

    /// Whether a handshake may become a session. The default allows it.
    ///
    /// ```
    /// # use socketio08::{Instant, server::{HandshakeData, Refusal, Server, ServerEvent}};
    /// # use socketio08_tokio::{Application, Authorization};
    /// # struct Guard;
    /// # impl Application for Guard {
    /// # fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
    /// fn authorize(&mut self, _now: Instant, handshake: &HandshakeData) -> Authorization {
    ///     match handshake.parameter("token") {
    ///         Some(token) if token == "a6b2" => Authorization::allow(),
    ///         _ => Authorization::refuse(Refusal::Unauthorized),
    ///     }
    /// }
    /// # }
    /// ```
    fn authorize(&mut self, _now: Instant, _handshake: &HandshakeData) -> Authorization {
        Authorization::allow()
    }

    /// Whether a session may join one of
    /// [`ServerConfig::guarded_endpoints`](socketio08::server::ServerConfig::guarded_endpoints). The default refuses: what is
    /// guarded and has no guard is closed.
    ///
    /// ```
    /// # use socketio08::{Instant, server::{JoinRefusal, Server, ServerEvent}};
    /// # use socketio08_tokio::{Application, Authorization, JoinRequest};
    /// # struct Guard;
    /// # impl Application for Guard {
    /// # fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
    /// fn authorize_join(&mut self, _now: Instant, join: &JoinRequest) -> Authorization<JoinRefusal> {
    ///     match join.handshake.cookie("role") {
    ///         Some("staff") if join.endpoint == "/staff" => Authorization::allow(),
    ///         _ => Authorization::refuse(JoinRefusal::Unauthorized),
    ///     }
    /// }
    /// # }
    /// ```
    fn authorize_join(&mut self, _now: Instant, _join: &JoinRequest) -> Authorization<JoinRefusal> {
        Authorization::refuse(JoinRefusal::Unauthorized)
    }

    /// Answers a request outside the protocol: pages, files. The default is 404.
    ///
    /// ```
    /// # use socketio08::{Instant, Text, server::{Request, Response, Server, ServerEvent}};
    /// # struct Site;
    /// # impl socketio08_tokio::Application for Site {
    /// # fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
    /// fn outside(&mut self, _now: Instant, request: &Request) -> Response {
    ///     let headers = vec![("Content-Type", Text::from_static("text/plain"))];
    ///     match request.target.as_str() {
    ///         "/health" => Response { status: 200, headers, body: "well\n".into() },
    ///         _ => Response { status: 404, headers, body: "not found\n".into() },
    ///     }
    /// }
    /// # }
    /// ```
    fn outside(&mut self, _now: Instant, _request: &Request) -> Response {
        Response { status: 404, headers: Vec::new(), body: Bytes::from_static(b"not found\n") }
    }

    /// When [`Application::handle_timeout`] wants to be called; `None`: never.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use socketio08::{Instant, Outgoing, Text, server::{Audience, Server, ServerEvent}};
    /// # struct Ticker { next: Instant }
    /// # impl socketio08_tokio::Application for Ticker {
    /// # fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
    /// fn poll_timeout(&self) -> Option<Instant> {
    ///     Some(self.next)
    /// }
    ///
    /// fn handle_timeout(&mut self, now: Instant, server: &mut Server) {
    ///     self.next = now + Duration::from_secs(1);
    ///     let tick = Outgoing::Message(Text::from_static("tick"));
    ///     let _ = server.broadcast(now, &Audience::default().volatile(true), &tick);
    /// }
    /// # }
    /// ```
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The deadline passed.
    ///
    /// ```
    /// # use socketio08::{Instant, server::{Server, ServerEvent}};
    /// # struct Closing { at: Option<Instant> }
    /// # impl socketio08_tokio::Application for Closing {
    /// # fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
    /// # fn poll_timeout(&self) -> Option<Instant> { self.at }
    /// fn handle_timeout(&mut self, now: Instant, server: &mut Server) {
    ///     // Without this it would be called again at once.
    ///     self.at = None;
    ///     for session in server.sessions().cloned().collect::<Vec<_>>() {
    ///         let _ = server.disconnect(now, &session);
    ///     }
    /// }
    /// # }
    /// ```
    fn handle_timeout(&mut self, _now: Instant, _server: &mut Server) {}

    /// The store through which nodes share sessions was connected, lost, or found again.
    ///
    /// ```
    /// # use socketio08::{Instant, server::{Server, ServerEvent}};
    /// # use socketio08_tokio::{Application, StoreHealth};
    /// # struct Logged;
    /// # impl Application for Logged {
    /// # fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
    /// fn store(&mut self, _now: Instant, health: &StoreHealth) {
    ///     if let StoreHealth::Lost { reason } = health {
    ///         eprintln!("sessions are not shared with other nodes: {reason}");
    ///     }
    /// }
    /// # }
    /// ```
    fn store(&mut self, _now: Instant, _health: &StoreHealth) {}

    /// Sees each input just before the machine takes it: for traces and counts.
    ///
    /// ```
    /// # use socketio08::{Instant, server::{Server, ServerEvent, ServerInput}};
    /// # struct Logged { requests: usize }
    /// # impl socketio08_tokio::Application for Logged {
    /// # fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
    /// fn observe(&mut self, _now: Instant, input: &ServerInput) {
    ///     self.requests += usize::from(matches!(input, ServerInput::Request(_)));
    /// }
    /// # }
    /// ```
    fn observe(&mut self, _now: Instant, _input: &ServerInput) {}

    /// Sees each transmission just before it is carried out: for traces and counts.
    ///
    /// ```
    /// # use socketio08::{Instant, server::{Server, ServerEvent, ServerTransmit}};
    /// # struct Logged { refused: usize }
    /// # impl socketio08_tokio::Application for Logged {
    /// # fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
    /// fn observe_transmit(&mut self, _now: Instant, transmit: &ServerTransmit) {
    ///     if let ServerTransmit::Respond { response, .. } = transmit {
    ///         self.refused += usize::from(response.status == 403);
    ///     }
    /// }
    /// # }
    /// ```
    fn observe_transmit(&mut self, _now: Instant, _transmit: &ServerTransmit) {}
}

/// What [`deliver`] left to do.
///
/// ```
/// use socketio08::server::{ExchangeId, Request, Server, ServerConfig, ServerEvent, ServerInput};
/// use socketio08::{Instant, Text};
/// use socketio08_tokio::{Application, Delivered, deliver};
/// # struct Echo;
/// # impl Application for Echo {
/// #     fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
/// # }
///
/// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
/// server.handle_input(Instant::ZERO, ServerInput::Request(Request::get(ExchangeId(1), "/socket.io/1/")));
/// let event = server.poll_event().expect("a handshake");
/// let mut ids = || Text::from_static("4711");
/// let delivered = deliver(Instant::ZERO, &mut server, &mut Echo, &mut ids, event);
/// assert!(matches!(delivered, Delivered::Done), "allowed at once");
/// ```
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
///
/// ```
/// use socketio08::server::{ExchangeId, Request, Server, ServerConfig, ServerEvent, ServerInput, ServerTransmit};
/// use socketio08::{Instant, Text};
/// use socketio08_tokio::{Application, deliver};
/// # struct Echo;
/// # impl Application for Echo {
/// #     fn event(&mut self, _: Instant, _: &mut Server, _: ServerEvent) {}
/// # }
///
/// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
/// server.handle_input(Instant::ZERO, ServerInput::Request(Request::get(ExchangeId(1), "/socket.io/1/")));
/// let mut ids = || Text::from_static("4711");
/// while let Some(event) = server.poll_event() {
///     let _ = deliver(Instant::ZERO, &mut server, &mut Echo, &mut ids, event);
/// }
/// let Some(ServerTransmit::Respond { response, .. }) = server.poll_transmit() else { unreachable!() };
/// assert!(response.body.starts_with(b"4711:15:25:"));
/// ```
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
///
/// ```
/// use socketio08::client::{Client, ClientEvent};
/// use socketio08::{Instant, Packet};
/// use socketio08_tokio::ClientApplication;
///
/// /// Takes one packet, then says goodbye.
/// #[derive(Default)]
/// struct One {
///     packet: Option<Packet>,
///     over: bool,
/// }
///
/// impl ClientApplication for One {
///     fn event(&mut self, now: Instant, client: &mut Client, event: ClientEvent) {
///         match event {
///             ClientEvent::Received { packet, .. } => {
///                 self.packet = Some(packet);
///                 client.disconnect(now);
///             }
///             ClientEvent::Disconnected { .. } => self.over = true,
///             _ => {}
///         }
///     }
///
///     fn finished(&self) -> bool {
///         self.over
///     }
/// }
/// ```
pub trait ClientApplication: Send + 'static {
    /// Called once, before anything else: the place for `client.connect(now)`.
    ///
    /// ```
    /// # use socketio08::{Instant, Text, client::{Client, ClientEvent}};
    /// # struct Remote;
    /// # impl socketio08_tokio::ClientApplication for Remote {
    /// # fn event(&mut self, _: Instant, _: &mut Client, _: ClientEvent) {}
    /// fn start(&mut self, now: Instant, client: &mut Client) {
    ///     // It fails for an endpoint with a colon.
    ///     let _ = client.join(now, Text::from_static("/remote"));
    ///     client.connect(now);
    /// }
    /// # }
    /// ```
    fn start(&mut self, now: Instant, client: &mut Client) {
        client.connect(now);
    }

    /// Takes one event. After `ReconnectScheduled` an improved profile wants `client.set_jitter(..)`.
    ///
    /// ```
    /// # use socketio08::{Instant, client::{Client, ClientEvent}};
    /// # struct Patient { jitter: u16 }
    /// # impl socketio08_tokio::ClientApplication for Patient {
    /// fn event(&mut self, _now: Instant, client: &mut Client, event: ClientEvent) {
    ///     if let ClientEvent::ReconnectScheduled { .. } = event {
    ///         client.set_jitter(self.jitter);
    ///     }
    /// }
    /// # }
    /// ```
    fn event(&mut self, now: Instant, client: &mut Client, event: ClientEvent);

    /// When [`ClientApplication::handle_timeout`] wants to be called; `None`: never.
    ///
    /// ```
    /// # use socketio08::{Instant, client::{Client, ClientEvent}};
    /// # struct Until { end: Instant, over: bool }
    /// # impl socketio08_tokio::ClientApplication for Until {
    /// # fn event(&mut self, _: Instant, _: &mut Client, _: ClientEvent) {}
    /// fn poll_timeout(&self) -> Option<Instant> {
    ///     (!self.over).then_some(self.end)
    /// }
    ///
    /// fn handle_timeout(&mut self, now: Instant, client: &mut Client) {
    ///     self.over = true;
    ///     client.disconnect(now);
    /// }
    /// # }
    /// ```
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The deadline passed.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use socketio08::{AckMode, Instant, Outgoing, Text, client::{Client, ClientEvent}};
    /// # struct Beat { next: Instant }
    /// # impl socketio08_tokio::ClientApplication for Beat {
    /// # fn event(&mut self, _: Instant, _: &mut Client, _: ClientEvent) {}
    /// # fn poll_timeout(&self) -> Option<Instant> { Some(self.next) }
    /// fn handle_timeout(&mut self, now: Instant, client: &mut Client) {
    ///     self.next = now + Duration::from_secs(1);
    ///     // A full outbox drops a beat.
    ///     let _ = client.send(now, &Text::EMPTY, Outgoing::Message(Text::from_static("beat")), AckMode::None);
    /// }
    /// # }
    /// ```
    fn handle_timeout(&mut self, _now: Instant, _client: &mut Client) {}

    /// Whether the driver may return; asked after each event and deadline.
    ///
    /// ```
    /// # use socketio08::{Instant, client::{Client, ClientEvent}};
    /// # struct Counted { left: usize }
    /// # impl socketio08_tokio::ClientApplication for Counted {
    /// fn event(&mut self, _now: Instant, _client: &mut Client, event: ClientEvent) {
    ///     if let ClientEvent::Received { .. } = event {
    ///         self.left = self.left.saturating_sub(1);
    ///     }
    /// }
    ///
    /// fn finished(&self) -> bool {
    ///     self.left == 0
    /// }
    /// # }
    /// ```
    fn finished(&self) -> bool {
        false
    }

    /// Sees each input just before the machine takes it: for traces and counts.
    ///
    /// ```
    /// # use socketio08::{Instant, client::{Client, ClientEvent, ClientInput}};
    /// # struct Logged { bytes: usize }
    /// # impl socketio08_tokio::ClientApplication for Logged {
    /// # fn event(&mut self, _: Instant, _: &mut Client, _: ClientEvent) {}
    /// fn observe(&mut self, _now: Instant, input: &ClientInput) {
    ///     if let ClientInput::Message { text, .. } = input {
    ///         self.bytes += text.len();
    ///     }
    /// }
    /// # }
    /// ```
    fn observe(&mut self, _now: Instant, _input: &ClientInput) {}

    /// Sees each transmission just before it is carried out: for traces and counts.
    ///
    /// ```
    /// # use socketio08::{Instant, client::{Client, ClientEvent, ClientTransmit}};
    /// # struct Logged { handshakes: usize }
    /// # impl socketio08_tokio::ClientApplication for Logged {
    /// # fn event(&mut self, _: Instant, _: &mut Client, _: ClientEvent) {}
    /// fn observe_transmit(&mut self, _now: Instant, transmit: &ClientTransmit) {
    ///     if let ClientTransmit::Get { target, .. } = transmit {
    ///         self.handshakes += usize::from(target.starts_with("/socket.io/1/?"));
    ///     }
    /// }
    /// # }
    /// ```
    fn observe_transmit(&mut self, _now: Instant, _transmit: &ClientTransmit) {}

    /// Sees why an exchange ended as `Closed`, which tells the machine less: for diagnosis.
    ///
    /// ```
    /// # use socketio08::{Instant, client::{Client, ClientEvent}};
    /// # use socketio08_tokio::{ClientApplication, Trouble, TroubleKind};
    /// # struct Logged;
    /// # impl ClientApplication for Logged {
    /// # fn event(&mut self, _: Instant, _: &mut Client, _: ClientEvent) {}
    /// fn observe_trouble(&mut self, _now: Instant, trouble: &Trouble) {
    ///     if let TroubleKind::UpgradeRefused { status, .. } = &trouble.kind {
    ///         eprintln!("a proxy that knows no websocket? It answered {status}");
    ///     }
    /// }
    /// # }
    /// ```
    fn observe_trouble(&mut self, _now: Instant, _trouble: &Trouble) {}
}
