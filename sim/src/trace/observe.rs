//! Turns what machines take and give into trace events.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use socketio08::client::{Client, ClientEvent, ClientTransmit};
use socketio08::server::{ExchangeId, Method, ServerEvent, ServerInput, ServerTransmit};
use socketio08::target::Target;
use socketio08::{Body, Instant, Text, Transport};

use super::{ClientId, RequestKind, TestOutcome, TraceEvent, TraceSink};
use crate::scenario::{Leaving, ServerIx};

/// The header of a request that another server forwarded (`protocol/src/server/routed/header.rs`).
const FORWARDED: &str = "x-socketio08-forwarded";

/// Events on their way to the sink, shared by the applications and clients of one run. Cheap to clone; the engine drains
/// it after each step, so the order is that of the calls.
#[derive(Clone, Debug, Default)]
pub struct TraceHandle(Arc<Mutex<Vec<(Instant, TraceEvent)>>>);

impl TraceHandle {
    /// Takes one event.
    pub fn record(&self, at: Instant, event: TraceEvent) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((at, event));
    }

    /// Hands everything taken so far to `sink`.
    pub fn drain(&self, sink: &mut dyn TraceSink) {
        for (at, event) in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            sink.record(at, event);
        }
    }
}

/// Watches one client machine.
#[derive(Clone, Debug)]
pub struct ClientObserver {
    client: ClientId,
    resource: Text,
    live: u32,
    trace: TraceHandle,
}

impl ClientObserver {
    /// An observer of `client`.
    pub fn new(client: ClientId, resource: Text, trace: TraceHandle) -> Self {
        Self { client, resource, live: 0, trace }
    }

    /// The client starts.
    pub fn started(&self, now: Instant) {
        self.trace.record(now, TraceEvent::ClientStarted { client: self.client });
    }

    /// The client begins its connection test.
    pub fn test_began(&self, now: Instant) {
        self.trace.record(now, TraceEvent::TestBegan { client: self.client });
    }

    /// It ended.
    pub fn test_ended(&self, now: Instant, outcome: TestOutcome) {
        self.trace.record(now, TraceEvent::TestEnded { client: self.client, outcome });
    }

    /// A client that asks periodically got an answer after none, or none after one.
    pub fn plainly_connected(&mut self, now: Instant, connected: bool) {
        let client = self.client;
        if !connected {
            return self.trace.record(now, TraceEvent::Disconnected { client, cause: "transport" });
        }
        let (session, transport) = (Text::EMPTY, Transport::XhrPolling);
        self.trace.record(now, TraceEvent::Connected { client, session, transport });
        if core::mem::replace(&mut self.live, 1) > 0 {
            self.trace.record(now, TraceEvent::Reconnected { client });
        }
    }

    /// Such a client was told of a tick.
    pub fn told(&self, now: Instant, number: u64) {
        let event = TraceEvent::TickReceived { client: self.client, session: Text::EMPTY, number };
        self.trace.record(now, event);
    }

    /// The client leaves.
    pub fn left(&self, now: Instant, how: Leaving) {
        self.trace.record(now, TraceEvent::Left { client: self.client, how });
    }

    /// The client's application sent message `number`.
    pub fn sent(&self, now: Instant, number: u64) {
        self.trace.record(now, TraceEvent::UpSent { client: self.client, number });
    }

    /// The machine transmits; call it for each, before carrying it.
    pub fn transmit(&self, now: Instant, transmit: &ClientTransmit) {
        let (kind, target) = match transmit {
            ClientTransmit::Get { target, .. } | ClientTransmit::Stream { target, .. } => {
                (RequestKind::Poll, target)
            }
            ClientTransmit::Post { target, .. } | ClientTransmit::Form { target, .. } => {
                (RequestKind::Post, target)
            }
            ClientTransmit::Open { target, .. } => (RequestKind::Upgrade, target),
            ClientTransmit::Message { .. } | ClientTransmit::Close { .. } => return,
        };
        let (kind, session) = match Target::parse(&self.resource, target) {
            Target::Session { session, .. } => (kind, target.slice_ref(session)),
            _ => (RequestKind::Handshake, Text::EMPTY),
        };
        self.trace.record(now, TraceEvent::Requested { client: self.client, kind, session });
    }

    /// The machine tells an event; call it for each.
    pub fn event(&self, now: Instant, event: &ClientEvent) {
        let client = self.client;
        let event = match event {
            ClientEvent::Handshaken { session } => {
                TraceEvent::Handshaken { client, session: session.clone() }
            }
            ClientEvent::HandshakeFailed { status, .. } => {
                TraceEvent::HandshakeFailed { client, status: *status }
            }
            ClientEvent::Connected { session, transport } => {
                TraceEvent::Connected { client, session: session.clone(), transport: *transport }
            }
            ClientEvent::Disconnected { cause } => TraceEvent::Disconnected { client, cause: cause.name() },
            ClientEvent::Reconnecting { attempt } => TraceEvent::Reconnecting { client, attempt: *attempt },
            ClientEvent::Reconnected => TraceEvent::Reconnected { client },
            ClientEvent::ReconnectFailed => TraceEvent::ReconnectFailed { client },
            ClientEvent::ConnectFailed { endpoint } if endpoint.is_empty() => {
                TraceEvent::ConnectFailed { client }
            }
            ClientEvent::Error { endpoint, .. } if endpoint.is_empty() => {
                TraceEvent::ErrorReceived { client }
            }
            ClientEvent::Received { packet, session } => match &packet.body {
                Body::Message { data } => match parse_tick(data) {
                    Some(number) => TraceEvent::TickReceived { client, session: session.clone(), number },
                    None => return,
                },
                _ => return,
            },
            _ => return,
        };
        self.trace.record(now, event);
    }

    /// Looks at how many transports the client holds open; call it after its events were drained.
    pub fn settled(&mut self, now: Instant, client: &Client) {
        let count = u32::try_from(client.live_sessions().count()).unwrap_or(u32::MAX);
        if count != self.live {
            self.live = count;
            self.trace.record(now, TraceEvent::LiveSessions { client: self.client, count });
        }
    }
}

/// Watches one server machine.
#[derive(Clone, Debug)]
pub struct ServerObserver {
    server: ServerIx,
    resource: Text,
    /// Handshakes that wait for their answer.
    handshakes: BTreeSet<ExchangeId>,
    trace: TraceHandle,
}

impl ServerObserver {
    /// An observer of `server`.
    pub fn new(server: ServerIx, resource: Text, trace: TraceHandle) -> Self {
        Self { server, resource, handshakes: BTreeSet::new(), trace }
    }

    /// An input is about to be handled by the machine.
    pub fn input(&mut self, now: Instant, input: &ServerInput) {
        let request = match input {
            ServerInput::Request(request) => request,
            ServerInput::Closed { exchange, .. } => {
                self.handshakes.remove(exchange);
                return;
            }
            _ => return,
        };
        let (transport, session, query) = match Target::parse(&self.resource, &request.target) {
            Target::Session { transport: Ok(transport), session, query } => (transport, session, query),
            Target::Handshake { .. } => {
                self.handshakes.insert(request.exchange);
                return;
            }
            _ => return,
        };
        // A forwarded request was counted where it came first.
        let forwarded = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(FORWARDED));
        if query_disconnects(query) || forwarded {
            return;
        }
        let (server, session) = (self.server, request.target.slice_ref(session));
        match request.method {
            Method::Get => self.trace.record(now, TraceEvent::Opened { server, session, transport }),
            Method::Post => self.trace.record(now, TraceEvent::Posted { server, session }),
            Method::Head | Method::Options | Method::Other => {}
        }
    }

    /// The machine transmits; call it for each, before carrying it.
    pub fn transmit(&mut self, now: Instant, transmit: &ServerTransmit) {
        let (exchange, response) = match transmit {
            ServerTransmit::Respond { exchange, response } => (exchange, response),
            ServerTransmit::Forward { node, request, .. } => {
                return self.forwards(now, node.as_str(), &request.target);
            }
            _ => return,
        };
        if !self.handshakes.remove(exchange) || response.status != 200 {
            return;
        }
        let Ok(body) = Text::from_utf8(response.body.clone()) else { return };
        // The handshake of a script calls `io.j[0]("..")`.
        let plain = body.split_once("(\"").map_or(&*body, |(_, inner)| inner);
        if let Some((session, _)) = plain.split_once(':') {
            let session = body.slice_ref(session);
            self.trace.record(now, TraceEvent::Issued { server: self.server, session });
        }
    }

    fn forwards(&self, now: Instant, to: &str, target: &Text) {
        let target_of = Target::parse(&self.resource, target);
        if let (Target::Session { session, .. }, Some(to)) = (target_of, ServerIx::named(to)) {
            let session = target.slice_ref(session);
            self.trace.record(now, TraceEvent::Forwarded { server: self.server, to, session });
        }
    }

    /// The server sent tick `number` to `sessions` sessions.
    pub fn ticked(&self, now: Instant, number: u64, sessions: usize) {
        let sessions = u32::try_from(sessions).unwrap_or(u32::MAX);
        self.trace.record(now, TraceEvent::TickSent { server: self.server, number, sessions });
    }

    /// A client that asks periodically sent a message.
    pub fn posted(&self, now: Instant, body: &[u8]) {
        let text = core::str::from_utf8(body).unwrap_or_default();
        if let Some((client, number)) = parse_up(text) {
            self.trace.record(now, TraceEvent::UpReceived { server: self.server, client, number });
        }
    }

    /// The machine tells an event; call it for each.
    pub fn event(&self, now: Instant, event: &ServerEvent) {
        let server = self.server;
        let event = match event {
            ServerEvent::Connected { session, endpoint, .. } if endpoint.is_empty() => {
                TraceEvent::SessionConnected { server, session: session.0.clone() }
            }
            ServerEvent::Disconnected { session, cause } => {
                TraceEvent::SessionEnded { server, session: session.0.clone(), cause: *cause }
            }
            ServerEvent::Adopted { session, .. } => {
                TraceEvent::Adopted { server, session: session.0.clone() }
            }
            ServerEvent::HandedOver { session } => {
                TraceEvent::HandedOver { server, session: session.0.clone() }
            }
            ServerEvent::UnknownSession { session, open } => {
                TraceEvent::Rejected { server, session: session.clone(), open: *open }
            }
            ServerEvent::Received { packet, .. } => match &packet.body {
                Body::Message { data } => match parse_up(data) {
                    Some((client, number)) => TraceEvent::UpReceived { server, client, number },
                    None => return,
                },
                _ => return,
            },
            _ => return,
        };
        self.trace.record(now, event);
    }
}

/// The text of message `number` of `client`, filled up to `size` characters.
pub fn up_text(client: ClientId, number: u64, size: usize) -> Text {
    Text::from(format!("{:.<size$}", format!("up {} {number} ", client.0)))
}

/// The text of tick `number`.
pub fn tick_text(number: u64) -> Text {
    Text::from(format!("tick {number}"))
}

fn parse_up(text: &str) -> Option<(ClientId, u64)> {
    let mut parts = text.strip_prefix("up ")?.split(' ');
    let (client, number) = (parts.next()?, parts.next()?);
    Some((ClientId(client.parse().ok()?), number.parse().ok()?))
}

/// The number of a tick's text; `None` if it is another text.
pub fn parse_tick(text: &str) -> Option<u64> {
    text.strip_prefix("tick ")?.parse().ok()
}

fn query_disconnects(query: &str) -> bool {
    query.split('&').any(|pair| pair.split('=').next() == Some("disconnect"))
}
