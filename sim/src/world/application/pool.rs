//! What runs on the servers of the pool.

use std::time::Duration;

use bytes::Bytes;
use socketio08::server::{
    AckMode, Audience, Outgoing, Request, Response, Server, ServerConfig, ServerEvent, ServerInput,
    ServerTransmit,
};
use socketio08::{Body, Instant, Text};
use socketio08_tokio::Application;

use super::{connection_test, periodic};
use crate::scenario::{self, BroadcastBy, Scenario, ServerIx};
use crate::trace::{ServerObserver, TraceHandle, tick_text};
use crate::world::balancer::{COOKIE, cookies};

/// The application of one server process: it counts the numbered messages of clients, and sends a numbered tick to all its
/// sessions. Ticks are sent at the times that the scenario fixes for all servers at once, and numbered by them, so the same
/// tick has the same number on every server, and in a process that was restarted.
#[derive(Clone, Debug)]
pub struct PoolApplication {
    observer: ServerObserver,
    rhythm: Option<Rhythm>,
    next: Option<Instant>,
    page_cookie: Option<String>,
    /// The tick sent last.
    last: u64,
    /// When it says the next goodbye, and how long it waits between two.
    goodbye: Option<(Instant, Duration)>,
    /// Sessions that were opened here and have not ended.
    opened: usize,
}

impl PoolApplication {
    /// The application of a process of `server` that starts at `now`.
    pub fn new(now: Instant, scenario: &Scenario, server: ServerIx, trace: TraceHandle) -> Self {
        let observer = ServerObserver::new(server, ServerConfig::default().resource, trace);
        let ticks = scenario.servers.broadcast_by == BroadcastBy::All || server == ServerIx(0);
        let rhythm = Rhythm::new(&scenario.servers).filter(|_| ticks);
        Self {
            observer,
            rhythm,
            next: rhythm.map(|rhythm| rhythm.after(now)),
            last: 0,
            goodbye: None,
            opened: 0,
            page_cookie: scenario.servers.page_cookie.clone(),
        }
    }
}

impl PoolApplication {
    /// From now on it ends this many sessions each second, until none is left.
    pub fn say_goodbye(&mut self, now: Instant, rate: u32) {
        self.goodbye = Some((now, Duration::from_secs(1) / rate.max(1)));
    }

    /// Sessions that are here: opened or taken over, and neither ended nor handed over.
    pub fn opened(&self) -> usize {
        self.opened
    }

    fn count(&mut self, event: &ServerEvent) {
        match event {
            ServerEvent::Connected { endpoint, .. } if endpoint.is_empty() => self.opened += 1,
            ServerEvent::Adopted { .. } => self.opened += 1,
            ServerEvent::Disconnected { .. } | ServerEvent::HandedOver { .. } => {
                self.opened = self.opened.saturating_sub(1);
            }
            _ => {}
        }
    }

    fn tick(&mut self, now: Instant, server: &mut Server) {
        let (Some(rhythm), Some(next)) = (self.rhythm, self.next) else { return };
        if now < next {
            return;
        }
        let number = rhythm.number(next);
        let tick = Outgoing::Message(tick_text(number));
        // The root endpoint is always good, which is all that a broadcast can complain about.
        let sessions = server.broadcast(now, &Audience::default(), &tick).unwrap_or(0);
        self.observer.ticked(now, number, sessions);
        self.last = number;
        self.next = Some(rhythm.after(now));
    }

    fn part(&mut self, now: Instant, server: &mut Server) {
        while let Some((at, every)) = self.goodbye.filter(|(at, _)| *at <= now) {
            let Some(session) = server.sessions().next().cloned() else {
                self.goodbye = None;
                return;
            };
            // It fails only for a session that is not there.
            let _ = server.disconnect(now, &session);
            self.goodbye = Some((at + every.max(Duration::from_micros(1)), every));
        }
    }
}

impl Application for PoolApplication {
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
        self.observer.event(now, &event);
        self.count(&event);
        if let ServerEvent::Received { session, packet } = event
            && let Body::Message { data } = packet.body
            && connection_test::wants_echo(&data)
        {
            // It fails only for a session that has gone since.
            let _ = server.send(now, &session, &packet.endpoint, Outgoing::Message(data), AckMode::None);
        }
    }

    /// News for clients that ask periodically, their messages, or the application's page; what is on that is not simulated.
    fn outside(&mut self, now: Instant, request: &Request) -> Response {
        let answer = |body: String| Response { status: 200, headers: Vec::new(), body: body.into() };
        if let Some(news) = periodic::ticks_since(&request.target, self.last) {
            return answer(news);
        }
        if periodic::is_post(&request.target) {
            self.observer.posted(now, &request.body);
            return answer(String::new());
        }
        let sends = |name: &str| {
            let headers = request.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(COOKIE));
            headers.flat_map(|(_, value)| cookies(value)).any(|(key, _)| key == name)
        };
        let wanted = self.page_cookie.as_ref().filter(|name| !sends(name));
        let headers = wanted.map(|name| ("Set-Cookie", Text::from(format!("{name}=1; path=/"))));
        let body = Bytes::from_static(b"page");
        Response { status: 200, headers: headers.into_iter().collect(), body }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.next.into_iter().chain(self.goodbye.map(|(at, _)| at)).min()
    }

    fn handle_timeout(&mut self, now: Instant, server: &mut Server) {
        self.tick(now, server);
        self.part(now, server);
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
