//! A client's visit beside its conversation: its page before, its moves and its sleep on the way, its end.

use std::time::Duration;

use bytes::Bytes;
use socketio08::client::ClientInput;
use socketio08::server::{ExchangeId, Method};
use socketio08::{Instant, Text};
use socketio08_tokio::ClientApplication;

use super::World;
use super::queue::Event;
use crate::scenario::{Background, Behaviour, Clients, Death, Delays, Leaving, Scenario};
use crate::trace::{ClientId, TraceEvent};
use crate::world::balancer::ConnId;
use crate::world::population::{self, Member};
use crate::world::seed::{Seed, Stream};

/// The exchange of the page's request, which is not the machine's: those count from zero.
pub(super) const PAGE: ExchangeId = ExchangeId(u64::MAX);

/// The first exchange of a client that asks periodically.
pub(super) const PLAIN: ExchangeId = ExchangeId(1 << 63);

/// How long a person waits before asking for a page again that did not come.
const RELOAD: Duration = Duration::from_secs(1);

/// What one client does beside its conversation.
pub(super) struct Visit {
    /// The page is still to come.
    page_wanted: bool,
    /// How it went, once it has.
    pub(super) gone: Option<Leaving>,
    /// Since when the page is in the background, and how that is.
    background: Option<(Instant, Background)>,
    plain_made: u64,
    moves: u32,
    next_move: Option<Instant>,
    random: Stream,
}

impl Visit {
    pub(super) fn new(scenario: &Scenario, member: &Member, seed: Seed) -> Self {
        let sort = member.sort(scenario);
        let arrives = Instant::ZERO + member.arrives;
        let mut visit = Self {
            page_wanted: sort.page || sort.behaviour == Behaviour::ConnectionTest,
            gone: None,
            background: sort.background.map(|background| (arrives + background.after, background)),
            plain_made: 0,
            moves: 0,
            next_move: None,
            random: seed.stream(&format!("clients/{}/moves", member.index)),
        };
        visit.schedule_move(sort, arrives);
        visit
    }

    fn schedule_move(&mut self, sort: &Clients, from: Instant) {
        self.next_move =
            sort.moves.map(|moves| from + self.random.duration(moves.every.min, moves.every.max));
    }

    /// When the page may run what is due at `at`.
    pub(super) fn runs_at(&self, at: Instant) -> Instant {
        let Some((since, background)) = self.background.filter(|(since, _)| at > *since) else { return at };
        let every = background.every.as_micros().max(1);
        let turns = (at - since).as_micros().div_ceil(every);
        since + Duration::from_micros(u64::try_from(turns * every).unwrap_or(u64::MAX))
    }

    /// When what the network brings now is handled.
    pub(super) fn hears_at(&self, now: Instant) -> Instant {
        let all = self.background.is_some_and(|(_, background)| background.delays == Delays::All);
        if all { self.runs_at(now) } else { now }
    }
}

impl World<'_> {
    /// A client arrives: it asks for its page, or starts at once.
    pub(super) fn begin_visit(&mut self, client: ClientId) {
        let node = &mut self.clients[client.index()];
        if let Some(at) = node.visit.next_move {
            self.queue.push(at, Event::Move(client));
        }
        if node.visit.page_wanted {
            node.app.page_asked(self.now);
            self.ask_page(client);
            // A test has no more than a certain patience.
            self.settle_client(client);
        } else {
            self.start_client(client);
        }
    }

    fn start_client(&mut self, client: ClientId) {
        let node = &mut self.clients[client.index()];
        node.app.start(self.now, &mut node.machine);
        self.settle_client(client);
    }

    /// The client asks for its page (again).
    pub(super) fn ask_page(&mut self, client: ClientId) {
        self.request(client, PAGE, Method::Get, Text::from_static("/"), Bytes::new());
    }

    /// Makes the plain requests of a client that asks periodically.
    pub(super) fn ask_plainly(&mut self, client: ClientId) {
        loop {
            let node = &mut self.clients[client.index()];
            let Some(request) = node.app.poll_plain() else { return };
            let exchange = ExchangeId(PLAIN.0 + node.visit.plain_made);
            node.visit.plain_made += 1;
            self.request(client, exchange, request.method, request.target, request.body);
        }
    }

    /// The answer to such a request, or its end.
    pub(super) fn plain_answered(&mut self, client: ClientId, input: &ClientInput) {
        let answer = match input {
            ClientInput::Response { status, body, .. } => Some((*status, &body[..])),
            _ => None,
        };
        self.clients[client.index()].app.handle_plain(self.now, answer);
        self.settle_client(client);
    }

    /// The answer to the request for the page. Any page will do: what is on it is not simulated.
    pub(super) fn page_answered(&mut self, client: ClientId, input: &ClientInput) {
        let status = match input {
            ClientInput::Response { status, .. } => Some(*status),
            _ => None,
        };
        let came = status.is_some_and(|status| status < 500);
        let node = &mut self.clients[client.index()];
        if node.app.page_answered(self.now, &mut node.machine, status) {
            return self.settle_client(client);
        }
        if !came {
            return self.queue.push(self.now + RELOAD, Event::AskPage(client));
        }
        if std::mem::take(&mut node.visit.page_wanted) {
            self.start_client(client);
        }
    }

    /// After everything that was to be said was said: if the client has gone, it is taken out of the world.
    pub(super) fn end_visit(&mut self, client: ClientId) {
        let node = &mut self.clients[client.index()];
        let (None, Some(how)) = (node.visit.gone, node.app.gone()) else { return };
        node.visit.gone = Some(how);
        node.visit.next_move = None;
        node.queued.clear();
        if how != Leaving::Silent {
            for conn in self.connections_of(client) {
                self.client_closes(conn);
            }
        }
    }

    pub(super) fn connections_of(&self, client: ClientId) -> Vec<ConnId> {
        let node = &self.clients[client.index()];
        let busy = node.exchanges.values().chain(&node.idle).copied();
        busy.chain(node.handling.map(|(_, conn)| conn)).collect()
    }

    /// The client's address changes: what was open is dead, whatever the client knows of it.
    pub(super) fn move_client(&mut self, client: ClientId) {
        let node = &mut self.clients[client.index()];
        let sort = node.member.sort(self.scenario);
        let Some(moves) = sort.moves.filter(|_| node.visit.gone.is_none()) else { return };
        node.visit.moves += 1;
        node.member.address = population::moved(&self.scenario.clients, &node.member, node.visit.moves);
        node.address = Text::from(node.member.address.to_string());
        node.visit.schedule_move(sort, self.now);
        if let Some(at) = node.visit.next_move {
            self.queue.push(at, Event::Move(client));
        }
        self.trace.record(self.now, TraceEvent::Moved { client });
        let severed = self.connections_of(client);
        for conn in &severed {
            if let Some(conn) = self.conns.get_mut(conn.0) {
                conn.severed = true;
            }
        }
        if moves.connections == Death::Reset {
            for conn in severed {
                self.ended(conn, false);
            }
        }
    }
}
