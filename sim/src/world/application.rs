//! The applications of the simulated world: a server that ticks and counts, and clients that send numbered messages.
//! Both engines run them, so both count alike.

use std::time::Duration;

use socketio08::client::{Client, ClientBehaviour, ClientConfig, ClientEvent, ClientTransmit};
use socketio08::server::{
    AckMode, Audience, Outgoing, Server, ServerConfig, ServerEvent, ServerInput, ServerTransmit,
};
use socketio08::{Instant, Profile, Text};
use socketio08_tokio::{Application, ClientApplication, IdSource};

use crate::scenario::{self, BroadcastBy, Scenario, ServerIx};
use crate::trace::{ClientId, ClientObserver, ServerObserver, TraceHandle, tick_text, up_text};
use crate::world::redis;
use crate::world::seed::{Seed, Stream};

/// The application of one server process: it counts the numbered messages of clients, and sends a numbered tick to all its
/// sessions. Ticks are sent at the times that the scenario fixes for all servers at once, and numbered by them, so the same
/// tick has the same number on every server, and in a process that was restarted.
#[derive(Clone, Debug)]
pub struct PoolApplication {
    observer: ServerObserver,
    rhythm: Option<Rhythm>,
    next: Option<Instant>,
}

impl PoolApplication {
    /// The application of a process of `server` that starts at `now`.
    pub fn new(now: Instant, scenario: &Scenario, server: ServerIx, trace: TraceHandle) -> Self {
        let observer = ServerObserver::new(server, ServerConfig::default().resource, trace);
        let ticks = scenario.servers.broadcast_by == BroadcastBy::All || server == ServerIx(0);
        let rhythm = Rhythm::new(&scenario.servers).filter(|_| ticks);
        Self { observer, rhythm, next: rhythm.map(|rhythm| rhythm.after(now)) }
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
        let (Some(rhythm), Some(next)) = (self.rhythm, self.next) else { return };
        if now < next {
            return;
        }
        let number = rhythm.number(next);
        let tick = Outgoing::Message(tick_text(number));
        // The root endpoint is always good, which is all that a broadcast can complain about.
        let sessions = server.broadcast(now, &Audience::default(), &tick).unwrap_or(0);
        self.observer.ticked(now, number, sessions);
        self.next = Some(rhythm.after(now));
    }

    fn observe(&mut self, now: Instant, input: &ServerInput) {
        self.observer.input(now, input);
    }

    fn observe_transmit(&mut self, now: Instant, transmit: &ServerTransmit) {
        self.observer.transmit(now, transmit);
    }
}

/// When the servers tick.
#[derive(Clone, Copy, Debug)]
struct Rhythm {
    first: Instant,
    /// In microseconds, not zero.
    every: u64,
}

impl Rhythm {
    fn new(servers: &scenario::Servers) -> Option<Self> {
        let every = u64::try_from(servers.broadcast_every?.as_micros()).unwrap_or(u64::MAX);
        Some(Self { first: Instant::ZERO + servers.broadcast_first, every }).filter(|rhythm| rhythm.every > 0)
    }

    /// The first tick later than `now`.
    fn after(self, now: Instant) -> Instant {
        if now < self.first {
            return self.first;
        }
        let micros = self.number(now).saturating_mul(self.every);
        self.first + Duration::from_micros(micros)
    }

    /// The number of the tick at `at`; the first is 1.
    fn number(self, at: Instant) -> u64 {
        let since = u64::try_from((at - self.first).as_micros()).unwrap_or(u64::MAX);
        (since / self.every).saturating_add(1)
    }
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
    ClientConfig::for_profile(release(scenario))
        .behaviour(match scenario.clients.profile {
            scenario::ClientProfile::Genuine | scenario::ClientProfile::Genuine09 => ClientBehaviour::Genuine,
            scenario::ClientProfile::Improved => ClientBehaviour::Improved,
        })
        .transports(scenario.clients.transports.clone())
}

/// The configuration of every server of a scenario: the defaults of 0.8.7, or of 0.9 for clients of 0.9, which cut servers
/// of 0.8.7 off between two heartbeats. With a shared store, of the process number `start` (0 is the first) of `server`.
pub fn server_config(scenario: &Scenario, server: ServerIx, start: u32) -> ServerConfig {
    let mut config = ServerConfig::for_profile(release(scenario));
    config.store = redis::store(scenario, server, start);
    config
}

fn release(scenario: &Scenario) -> Profile {
    match scenario.clients.profile {
        scenario::ClientProfile::Genuine09 => Profile::V0_9,
        scenario::ClientProfile::Genuine | scenario::ClientProfile::Improved => Profile::V0_8_7,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_numbered_from_the_first_and_the_next_is_always_later() {
        let first = Duration::from_millis(350);
        let servers = scenario::Servers {
            broadcast_every: Some(Duration::from_secs(1)),
            broadcast_first: first,
            ..scenario::Servers::default()
        };
        let rhythm = Rhythm::new(&servers).unwrap();
        let ticks =
            [0, 349, 350, 351, 1_349, 1_350].map(|at| rhythm.after(Instant::from_millis(at)).as_millis());
        assert_eq!(ticks, [350, 350, 1_350, 1_350, 1_350, 2_350]);
        assert_eq!([350, 1_350, 2_350].map(|at| rhythm.number(Instant::from_millis(at))), [1, 2, 3]);
        assert!(Rhythm::new(&scenario::Servers::default()).is_none());
    }
}
