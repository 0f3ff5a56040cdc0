//! The applications of the simulated world: a server that ticks and counts, and clients that send numbered messages.
//! Both engines run them, so both count alike.

use std::time::Duration;

use socketio08::client::{Client, ClientConfig, ClientEvent, ClientProfile, ClientTransmit};
use socketio08::server::{
    AckMode, Audience, Outgoing, Server, ServerConfig, ServerEvent, ServerInput, ServerTransmit,
};
use socketio08::{Instant, Text};
use socketio08_tokio::{Application, ClientApplication, IdSource};

use crate::scenario::{self, Scenario, ServerIx};
use crate::trace::{ClientId, ClientObserver, ServerObserver, TraceHandle, tick_text, up_text};
use crate::world::seed::{Seed, Stream};

/// The application of one server process: it counts the numbered messages of clients, and sends a numbered tick to all its
/// sessions. Ticks are sent at multiples of the interval, and their number is the multiple, so the same tick has the
/// same number on every server, and in a process that was restarted.
#[derive(Clone, Debug)]
pub struct PoolApplication {
    observer: ServerObserver,
    every: Option<Duration>,
    next: Option<Instant>,
}

impl PoolApplication {
    /// The application of a process of `server` that starts at `now`.
    pub fn new(now: Instant, scenario: &Scenario, server: ServerIx, trace: TraceHandle) -> Self {
        let every = scenario.servers.broadcast_every.filter(|every| !every.is_zero());
        let observer = ServerObserver::new(server, ServerConfig::default().resource, trace);
        Self { observer, every, next: every.map(|every| next_multiple(now, every)) }
    }
}

impl Application for PoolApplication {
    fn event(&mut self, now: Instant, _server: &mut Server, event: ServerEvent) {
        self.observer.event(now, &event);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }

    fn handle_timeout(&mut self, now: Instant, server: &mut Server) {
        let (Some(every), Some(next)) = (self.every, self.next) else { return };
        if now < next {
            return;
        }
        let number = multiple(next, every);
        let tick = Outgoing::Message(tick_text(number));
        // The root endpoint is always good, which is all that a broadcast can complain about.
        let sessions = server.broadcast(now, &Audience::default(), &tick).unwrap_or(0);
        self.observer.ticked(now, number, sessions);
        self.next = Some(next_multiple(now, every));
    }

    fn observe(&mut self, now: Instant, input: &ServerInput) {
        self.observer.input(now, input);
    }

    fn observe_transmit(&mut self, now: Instant, transmit: &ServerTransmit) {
        self.observer.transmit(now, transmit);
    }
}

fn multiple(at: Instant, every: Duration) -> u64 {
    let every = u64::try_from(every.as_micros()).unwrap_or(u64::MAX).max(1);
    at.as_micros() / every
}

fn next_multiple(after: Instant, every: Duration) -> Instant {
    let micros = u64::try_from(every.as_micros()).unwrap_or(u64::MAX);
    Instant::from_micros((multiple(after, every) + 1).saturating_mul(micros))
}

/// The application of one client: connects at its start, sends a numbered message each interval whether connected or not
/// (the machine buffers it, as the genuine one does), and notes the ticks it gets.
#[derive(Clone, Debug)]
pub struct MemberApplication {
    id: ClientId,
    observer: ClientObserver,
    every: Option<Duration>,
    next: Option<Instant>,
    /// No message is sent at or after this.
    quiet: Instant,
    sent: u64,
    jitter: Stream,
}

impl MemberApplication {
    /// The application of client `id`, which starts at once when [`ClientApplication::start`] is called.
    pub fn new(scenario: &Scenario, id: ClientId, seed: Seed, trace: TraceHandle) -> Self {
        let quiet = scenario.duration.saturating_sub(scenario.clients.quiet_at_end);
        Self {
            id,
            observer: ClientObserver::new(id, ClientConfig::default().resource, trace),
            every: scenario.clients.send_every.filter(|every| !every.is_zero()),
            next: None,
            quiet: Instant::ZERO + quiet,
            sent: 0,
            jitter: seed.stream(&format!("clients/{}/jitter", id.0)),
        }
    }

    fn schedule(&mut self, from: Instant) {
        self.next = self.every.map(|every| from + every).filter(|next| *next < self.quiet);
    }
}

impl ClientApplication for MemberApplication {
    fn start(&mut self, now: Instant, client: &mut Client) {
        self.observer.started(now);
        self.schedule(now);
        client.connect(now);
    }

    fn event(&mut self, now: Instant, client: &mut Client, event: ClientEvent) {
        self.observer.event(now, &event);
        if let ClientEvent::ReconnectScheduled { .. } = event {
            client.set_jitter(u16::try_from(self.jitter.below(1_001)).unwrap_or(0));
        }
        self.observer.settled(now, client);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }

    fn handle_timeout(&mut self, now: Instant, client: &mut Client) {
        let Some(next) = self.next.filter(|next| *next <= now) else { return };
        self.sent += 1;
        self.observer.sent(now, self.sent);
        let message = Outgoing::Message(up_text(self.id, self.sent));
        // A full buffer refuses the message: it is then one that was sent and never arrives.
        let _ = client.send(now, &Text::EMPTY, message, AckMode::None);
        self.schedule(next);
    }

    fn observe_transmit(&mut self, now: Instant, transmit: &ClientTransmit) {
        self.observer.transmit(now, transmit);
    }
}

/// The configuration of every client of a scenario.
pub fn client_config(scenario: &Scenario) -> ClientConfig {
    ClientConfig {
        profile: match scenario.clients.profile {
            scenario::ClientProfile::Genuine => ClientProfile::Genuine087,
            scenario::ClientProfile::Improved => ClientProfile::Improved,
        },
        transports: scenario.clients.transports.clone(),
        ..ClientConfig::default()
    }
}

/// The configuration of every server of a scenario: 0.8.7's defaults.
pub fn server_config() -> ServerConfig {
    ServerConfig::default()
}

/// Session ids of one server process: decimal digits as 0.8.7 makes them, drawn from the seed.
#[derive(Clone, Debug)]
pub struct SeededIds {
    stream: Stream,
}

impl SeededIds {
    /// The ids of process number `start` (0 is the first) of `server`.
    pub fn new(seed: Seed, server: ServerIx, start: u32) -> Self {
        Self { stream: seed.stream(&format!("servers/{}/{start}/ids", server.0)) }
    }
}

impl IdSource for SeededIds {
    fn next_id(&mut self) -> Option<Text> {
        Some(Text::from(format!("{}{}", self.stream.next_u32(), self.stream.next_u32())))
    }
}
