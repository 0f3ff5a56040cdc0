//! Sums a trace up, record by record, in time that does not depend on how long the run is.

use std::collections::BTreeMap;
use std::time::Duration;

use socketio08::{Instant, Text};

use super::connection_tests::TestFigures;
use super::figures::{
    ClientFigures, Delivery, Figures, Handshakes, Opens, RedisFigures, ServerFigures, fraction, millis,
    spread,
};
use super::impact::{BALANCER_END, Impact, Window};
use super::life::Life;
use crate::scenario::{Scenario, ServerIx};
use crate::trace::{ClientId, Record, TraceEvent};
use crate::world::redis::Holding;

/// A tick sent this shortly before the end is not counted: it may still be on its way, and to clients that ask
/// periodically until they ask.
const ON_ITS_WAY: Duration = Duration::from_millis(500);
/// A session this old at the end counts as stable.
const STABLE: Duration = Duration::from_secs(5);

/// The numbers received by one receiver, each with its copies.
#[derive(Clone, Debug, Default)]
struct Received {
    words: Vec<u64>,
}

impl Received {
    /// Takes `number`; tells whether it is the first copy.
    fn insert(&mut self, number: u64) -> bool {
        let word = usize::try_from(number / 64).unwrap_or(usize::MAX);
        // A peer cannot name any number: all come from our own applications, which count from 1.
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let Some(word) = self.words.get_mut(word) else { return false };
        let bit = 1_u64 << (number % 64);
        let first = *word & bit == 0;
        *word |= bit;
        first
    }

    fn contains(&self, number: u64) -> bool {
        let word = usize::try_from(number / 64).ok().and_then(|word| self.words.get(word));
        word.is_some_and(|word| *word & 1_u64 << (number % 64) != 0)
    }
}

#[derive(Clone, Debug, Default)]
struct ClientState {
    started: Option<Instant>,
    first_connected: Option<Instant>,
    /// The last tick sent anywhere before the client was connected first.
    ticks_from: u64,
    /// Of a client that has left: the last tick that had the time to reach it.
    ticks_until: Option<u64>,
    /// Since when, while connected.
    connected: Option<Instant>,
    /// Since when, after a loss.
    lost: Option<Instant>,
    outage: Duration,
    outages: u64,
    handshakes: u64,
    connect_failed: bool,
    reconnect_failed: bool,
    /// It left, and is nobody's client any more.
    left: Option<Instant>,
    live: u32,
    server: Option<ServerIx>,
    up_sent: u64,
    up_received: Received,
    ticks: Received,
}

#[derive(Clone, Debug, Default)]
struct SessionState {
    issuer: Option<ServerIx>,
    client: Option<ClientId>,
    opens: u64,
    connected: bool,
    /// Its server still knows it.
    known: bool,
}

#[derive(Clone, Debug, Default)]
struct ServerState {
    holds: Option<Holding>,
    opens: Opens,
    handshakes: u64,
    alive: bool,
    /// The window of its last end, for those who come back when it does.
    its: Option<Vec<bool>>,
}

/// Takes records and gives [`Figures`].
#[derive(Clone, Debug)]
pub struct Summary {
    end: Instant,
    clients: Vec<ClientState>,
    servers: Vec<ServerState>,
    sessions: BTreeMap<Text, SessionState>,
    opens: Opens,
    first_opens: Opens,
    polls_to_connect: (u64, u64),
    connects: u64,
    reconnects: u64,
    outage_each: Vec<u64>,
    up: Delivery,
    down: Delivery,
    /// The numbers of ticks that count, in order, and when each was sent.
    ticks: Vec<(u64, Instant)>,
    posts_swallowed: u64,
    rejected_elsewhere: u64,
    live_max: u32,
    balancer_errors: u64,
    policies_refused: u64,
    tests: Option<TestFigures>,
    redis: Option<RedisFigures>,
    window: Option<Window>,
    impacts: Vec<Impact>,
    life: Life,
    on_its_way: Duration,
}

/// How long a tick may wait for a client that asks periodically.
fn longest_wait(scenario: &Scenario) -> Duration {
    scenario.clients.sorts().filter_map(|sort| sort.ask_every).max().unwrap_or_default()
}

impl Summary {
    /// A summary of a run of `scenario`.
    pub fn new(scenario: &Scenario) -> Self {
        let server = ServerState { alive: true, ..ServerState::default() };
        Self {
            end: Instant::ZERO + scenario.duration,
            clients: vec![ClientState::default(); scenario.clients.count as usize],
            servers: vec![server; scenario.servers.count as usize],
            sessions: BTreeMap::new(),
            opens: Opens::default(),
            first_opens: Opens::default(),
            polls_to_connect: (0, 0),
            connects: 0,
            reconnects: 0,
            outage_each: Vec::new(),
            up: Delivery::default(),
            down: Delivery::default(),
            ticks: Vec::new(),
            posts_swallowed: 0,
            rejected_elsewhere: 0,
            live_max: 0,
            balancer_errors: 0,
            policies_refused: 0,
            tests: None,
            redis: None,
            window: None,
            impacts: Vec::new(),
            life: Life::new(scenario),
            on_its_way: ON_ITS_WAY + longest_wait(scenario),
        }
    }

    /// Takes the next record.
    pub fn record(&mut self, record: &Record) {
        let at = Instant::from_micros(record.at);
        if self.is_of_its_own_goodbye(&record.event) {
            return;
        }
        self.life.record(at, &record.event);
        if TestFigures::record(&mut self.tests, &record.event) {
            return;
        }
        match &record.event {
            TraceEvent::Opened { server, session, .. } => self.opened(*server, session),
            TraceEvent::Rejected { server, session, open } => self.rejected(*server, session, *open),
            TraceEvent::Issued { server, session } => self.issued(*server, session),
            TraceEvent::SessionConnected { server, session } => self.session_connected(*server, session),
            TraceEvent::SessionEnded { session, .. } => {
                if let Some(session) = self.sessions.get_mut(session) {
                    session.known = false;
                }
            }
            TraceEvent::UpReceived { client, number, .. } => self.up_received(*client, *number),
            TraceEvent::TickSent { number, .. } => self.tick_sent(at, *number),
            TraceEvent::Marked { server, up } => {
                if let Some(window) = &mut self.window {
                    window.marked(at, *server, *up);
                }
            }
            TraceEvent::Holds { server, holding } => {
                if let Some(server) = self.servers.get_mut(server.0) {
                    server.holds = Some(*holding);
                }
            }
            TraceEvent::RedisExecuted { commands, channels, records, record_bytes } => {
                self.redis = Some(RedisFigures {
                    commands: *commands,
                    channels: *channels,
                    records: *records,
                    record_bytes: *record_bytes,
                });
            }
            TraceEvent::Adopted { server, session } => self.moved(session, Some(*server)),
            TraceEvent::HandedOver { session, .. } => self.moved(session, None),
            TraceEvent::ServerDown { server, planned, .. } => {
                self.server_changed(at, *server, "down", *planned);
            }
            TraceEvent::ServerStarted { server } => self.server_changed(at, *server, "up", false),
            TraceEvent::ServerUp { server } => self.server_listens(at, *server),
            // What is said before the first client comes is how the world begins.
            TraceEvent::Administered { server, administration } if record.at > 0 => {
                self.server_changed(at, *server, administration, true);
            }
            TraceEvent::BalancerDown => self.balancer_ended(at),
            TraceEvent::Reloaded => self.server_changed(at, ServerIx(0), "reload", true),
            TraceEvent::Posted { .. } | TraceEvent::Requested { .. } => {}
            event => self.client_record(at, event),
        }
    }

    /// The end of the connection of a client that has left is no loss.
    fn is_of_its_own_goodbye(&self, event: &TraceEvent) -> bool {
        let TraceEvent::Disconnected { client, .. } = event else { return false };
        self.clients.get(client.index()).is_some_and(|state| state.left.is_some())
    }

    fn client_record(&mut self, at: Instant, event: &TraceEvent) {
        match event {
            TraceEvent::Left { client, .. } => self.left(at, *client),
            TraceEvent::ClientStarted { client } => self.with(*client, |state| state.started = Some(at)),
            TraceEvent::Handshaken { client, session } => self.handshaken(*client, session),
            TraceEvent::Connected { client, .. } => self.connected(at, *client),
            TraceEvent::Disconnected { client, .. } => self.disconnected(at, *client),
            TraceEvent::Reconnected { .. } => self.reconnects += 1,
            TraceEvent::ReconnectFailed { client } => {
                self.with(*client, |state| state.reconnect_failed = true);
            }
            TraceEvent::ConnectFailed { client } => self.with(*client, |state| state.connect_failed = true),
            TraceEvent::ErrorReceived { client } => {
                if let Some(window) = &mut self.window {
                    window.rejected(*client);
                }
            }
            TraceEvent::LiveSessions { client, count } => {
                self.live_max = self.live_max.max(*count);
                self.with(*client, |state| state.live = *count);
            }
            TraceEvent::UpSent { client, .. } => {
                self.up.sent += 1;
                self.with(*client, |state| state.up_sent += 1);
            }
            TraceEvent::TickReceived { client, number, .. } => self.tick_received(*client, *number),
            TraceEvent::FlashPolicy { granted: false, .. } => self.policies_refused += 1,
            // What a rule denies is no error.
            TraceEvent::BalancerAnswered { client, status } if *status >= 500 => {
                self.balancer_errors += 1;
                if let Some(window) = &mut self.window {
                    window.balancer_answered(*client);
                }
            }
            _ => {}
        }
    }

    fn with(&mut self, client: ClientId, change: impl FnOnce(&mut ClientState)) {
        if let Some(state) = self.clients.get_mut(client.index()) {
            change(state);
        }
    }

    // --- servers and sessions

    fn opened(&mut self, server: ServerIx, session: &Text) {
        self.opens.total += 1;
        if let Some(server) = self.servers.get_mut(server.0) {
            server.opens.total += 1;
        }
        let Some(session) = self.sessions.get_mut(session) else { return };
        session.opens += 1;
        if session.opens == 1 {
            self.first_opens.total += 1;
        }
    }

    fn rejected(&mut self, server: ServerIx, session: &Text, open: bool) {
        if !open {
            self.posts_swallowed += 1;
            return;
        }
        self.opens.rejected += 1;
        if let Some(server) = self.servers.get_mut(server.0) {
            server.opens.rejected += 1;
        }
        let Some(session) = self.sessions.get(session) else { return };
        if session.opens == 1 {
            self.first_opens.rejected += 1;
        }
        let issuer_lives =
            session.issuer.and_then(|issuer| self.servers.get(issuer.0)).is_some_and(|s| s.alive);
        if session.known && issuer_lives && session.issuer != Some(server) {
            self.rejected_elsewhere += 1;
        }
    }

    fn issued(&mut self, server: ServerIx, session: &Text) {
        if let Some(server) = self.servers.get_mut(server.0) {
            server.handshakes += 1;
        }
        let state = self.sessions.entry(session.clone()).or_default();
        state.issuer = Some(server);
        state.known = true;
    }

    /// A portable session is at that server now, or in the store.
    fn moved(&mut self, session: &Text, server: Option<ServerIx>) {
        let Some(state) = self.sessions.get_mut(session) else { return };
        (state.issuer, state.known) = (server, true);
        if let Some((client, server)) = state.client.zip(server) {
            self.with(client, |state| state.server = Some(server));
        }
    }

    fn session_connected(&mut self, server: ServerIx, session: &Text) {
        let Some(state) = self.sessions.get_mut(session) else { return };
        if !state.connected {
            state.connected = true;
            self.polls_to_connect.0 += state.opens;
            self.polls_to_connect.1 += 1;
        }
        if let Some(client) = state.client {
            self.with(client, |state| state.server = Some(server));
        }
    }

    fn server_changed(&mut self, at: Instant, server: ServerIx, change: &'static str, planned: bool) {
        let here = |client: &ClientState| client.connected.is_some() && client.server == Some(server);
        let its = match self.servers.get(server.0).and_then(|state| state.its.clone()) {
            Some(its) if change == "up" => its,
            _ => self.clients.iter().map(here).collect(),
        };
        if let Some(window) = self.window.as_mut().filter(|window| window.is_same(at, change)) {
            window.add(&its);
        } else {
            let window = Window::new(at, server, change, planned, &its);
            self.impacts.extend(self.window.replace(window).map(|window| window.close()));
        }
        if let Some(state) = self.servers.get_mut(server.0).filter(|_| change == "up" || change == "down") {
            state.alive = change == "up";
            state.its = Some(its);
        }
        if change == "down" {
            self.forget(server);
        }
    }

    /// Everybody who is connected is a client of the balancer. Its return opens no window of its own: it hurts nobody.
    fn balancer_ended(&mut self, at: Instant) {
        let its: Vec<bool> = self.clients.iter().map(|client| client.connected.is_some()).collect();
        let window = Window::new(at, ServerIx(0), BALANCER_END, false, &its);
        self.impacts.extend(self.window.replace(window).map(|window| window.close()));
    }

    /// A server's return is told once, from the start of its process.
    fn server_listens(&mut self, at: Instant, server: ServerIx) {
        if self.servers.get(server.0).is_some_and(|state| !state.alive) {
            self.server_changed(at, server, "up", false);
        }
    }

    fn forget(&mut self, server: ServerIx) {
        for session in self.sessions.values_mut().filter(|session| session.issuer == Some(server)) {
            session.known = false;
        }
    }

    // --- clients

    fn handshaken(&mut self, client: ClientId, session: &Text) {
        self.sessions.entry(session.clone()).or_default().client = Some(client);
        self.with(client, |state| state.handshakes += 1);
        if let Some(window) = &mut self.window {
            window.handshaken(client);
        }
    }

    fn connected(&mut self, at: Instant, client: ClientId) {
        self.connects += 1;
        let last_tick = self.ticks.last().map_or(0, |tick| tick.0);
        let Some(state) = self.clients.get_mut(client.index()) else { return };
        if state.first_connected.is_none() {
            state.first_connected = Some(at);
            state.ticks_from = last_tick;
        }
        state.connected = Some(at);
        if let Some(lost) = state.lost.take() {
            state.outage += at - lost;
            self.outage_each.push(millis(lost, at));
        }
        if let Some(window) = &mut self.window {
            window.connected(at, client);
        }
    }

    fn left(&mut self, at: Instant, client: ClientId) {
        let arrived = self.ticks.partition_point(|(_, sent)| *sent + self.on_its_way <= at);
        let until = arrived.checked_sub(1).and_then(|last| self.ticks.get(last)).map_or(0, |tick| tick.0);
        self.with(client, |state| {
            state.left = Some(at);
            state.ticks_until = Some(until);
            state.connected = None;
            if let Some(lost) = state.lost.take() {
                state.outage += at - lost;
            }
        });
    }

    fn disconnected(&mut self, at: Instant, client: ClientId) {
        self.with(client, |state| {
            state.connected = None;
            state.outages += 1;
            state.lost.get_or_insert(at);
        });
        if let Some(window) = &mut self.window {
            window.lost(at, client);
        }
    }

    // --- messages

    fn up_received(&mut self, client: ClientId, number: u64) {
        let Some(state) = self.clients.get_mut(client.index()) else { return };
        if state.up_received.insert(number) {
            self.up.received += 1;
        } else {
            self.up.duplicated += 1;
        }
    }

    fn tick_sent(&mut self, at: Instant, number: u64) {
        if at + self.on_its_way <= self.end && self.ticks.last().is_none_or(|last| last.0 < number) {
            self.ticks.push((number, at));
        }
    }

    fn tick_received(&mut self, client: ClientId, number: u64) {
        let counts = self.ticks.last().is_some_and(|last| last.0 >= number);
        let Some(state) = self.clients.get_mut(client.index()) else { return };
        if !counts || number <= state.ticks_from {
            return;
        }
        if state.ticks.insert(number) {
            self.down.received += 1;
        } else {
            self.down.duplicated += 1;
        }
    }

    // --- the end

    /// The figures of the whole run.
    pub fn finish(mut self) -> Figures {
        if let Some(window) = self.window.take() {
            self.impacts.push(window.close());
        }
        self.up.lost = self.up.sent.saturating_sub(self.up.received);
        self.down.sent = self.ticks_expected();
        self.down.lost = self.down.sent.saturating_sub(self.down.received);
        Figures {
            clients: self.client_figures(),
            opens: self.opens,
            first_opens: self.first_opens,
            polls_to_connect_mean: (self.polls_to_connect.1 > 0)
                .then(|| fraction(self.polls_to_connect.0, self.polls_to_connect.1)),
            handshakes: Handshakes {
                total: self.clients.iter().map(|client| client.handshakes).sum(),
                per_client: spread(self.clients.iter().map(|client| client.handshakes).collect()),
            },
            connects: self.connects,
            reconnects: self.reconnects,
            outage_ms: spread(self.clients.iter().filter_map(|client| self.outage(client)).collect()),
            outage_each_ms: spread(self.outage_each.clone()),
            first_connect_ms: spread(
                self.clients
                    .iter()
                    .filter_map(|client| Some(millis(client.started?, client.first_connected?)))
                    .collect(),
            ),
            up: self.up,
            down: self.down,
            posts_swallowed: self.posts_swallowed,
            rejected_elsewhere: self.rejected_elsewhere,
            live_sessions_per_client_max: self.live_max,
            clients_with_several_sessions: self.count(|client| client.live > 1),
            balancer_errors: self.balancer_errors,
            policies_refused: self.policies_refused,
            tests: self.tests.take(),
            life: self.life.clone().finish(),
            servers: self.server_figures(),
            redis: self.redis,
            impacts: self.impacts,
        }
    }

    /// For each client the ticks from its first connection on; to one that left, those it could get, and those it got.
    fn ticks_expected(&self) -> u64 {
        let expected = |client: &ClientState| {
            let missed = self.ticks.partition_point(|tick| tick.0 <= client.ticks_from);
            let due = |tick: &&(u64, Instant)| {
                client.ticks_until.is_none_or(|until| tick.0 <= until) || client.ticks.contains(tick.0)
            };
            self.ticks.iter().skip(missed).filter(due).count() as u64
        };
        self.clients.iter().filter(|client| client.first_connected.is_some()).map(expected).sum()
    }

    /// All the time a client had no connection after its first, in milliseconds; `None` if it never lost one.
    fn outage(&self, client: &ClientState) -> Option<u64> {
        let open = client.lost.map_or(Duration::ZERO, |lost| self.end - lost);
        (client.outages > 0).then(|| u64::try_from((client.outage + open).as_millis()).unwrap_or(u64::MAX))
    }

    fn count(&self, test: impl Fn(&ClientState) -> bool) -> u32 {
        u32::try_from(self.clients.iter().filter(|client| test(client)).count()).unwrap_or(u32::MAX)
    }

    fn client_figures(&self) -> ClientFigures {
        ClientFigures {
            total: self.count(|client| client.started.is_some()),
            ever_connected: self.count(|client| client.first_connected.is_some()),
            connected_at_end: self.count(|client| client.connected.is_some()),
            stable_5s: self.count(|client| client.connected.is_some_and(|since| since + STABLE <= self.end)),
            connect_failed: self.count(|client| client.connect_failed),
            reconnect_failed: self.count(|client| client.reconnect_failed),
            left: self.count(|client| client.left.is_some()),
            ever_disconnected: self.count(|client| client.outages > 0),
        }
    }

    fn server_figures(&self) -> Vec<ServerFigures> {
        let figures = |(index, server): (usize, &ServerState)| {
            let name = ServerIx(index);
            ServerFigures {
                name,
                clients: self.count(|client| client.server == Some(name)),
                opens: server.opens.total,
                rejected: server.opens.rejected,
                handshakes: server.handshakes,
                holds: server.holds,
            }
        };
        self.servers.iter().enumerate().map(figures).collect()
    }
}
