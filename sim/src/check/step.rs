//! From one state to the next.

use std::time::Duration;

use socketio08::client::{Client, ClientInput};
use socketio08::server::{Request, Server, ServerInput, SessionId};
use socketio08::{AckMode, ExchangeId, Instant, Outgoing, Text};

use super::action::{Action, reason};
use super::frozen::Frozen;
use super::marks::{Mark, Marks};
use super::network::{Down, Exchange, Up, Way};
use super::setup::{Balance, Setup, Store};
use super::store::bit;
use super::told::{Party, Told};
use super::world::World;

/// A step under way.
pub(super) struct Step<'s> {
    pub(super) setup: &'s Setup,
    pub(super) world: World,
    /// What the machines are told is the time; every clock shows zero again after the step.
    pub(super) now: Instant,
    /// What happens, if anybody wants to hear it.
    pub(super) told: Option<Vec<Told>>,
}

/// How a message is sent: the odd ones ask the application for an acknowledgement, the even ones the machine.
pub(super) fn ack_mode(number: u8) -> AckMode {
    if number % 2 == 1 { AckMode::WithData } else { AckMode::Plain }
}

impl<'s> Step<'s> {
    pub(super) fn new(setup: &'s Setup, before: &World, tell: bool) -> Self {
        let world = World { marks: Marks::default(), ..before.clone() };
        Self { setup, world, now: Instant::ZERO, told: tell.then(Vec::new) }
    }

    /// Does it; false if it cannot be done in this state.
    pub(super) fn act(&mut self, action: Action) -> bool {
        if action.is_fault() {
            let Some(left) = self.world.faults_left.checked_sub(1) else { return false };
            self.world.faults_left = left;
            self.world.faulted = true;
        }
        let done = match action {
            Action::Connect(client) => self.connect(client),
            Action::Say(client) => self.say(client),
            Action::Tell(server, session) => self.tell_client(server, session),
            Action::Arrive(at, server) => self.arrive(at, server),
            Action::Return(at) => self.back(at),
            Action::Store(server) => self.store(server),
            Action::Hear(server) => self.hear_store(server),
            Action::Unsaid(server) => self.unsaid(server),
            Action::Unheard(server) => self.unheard(server),
            Action::WakeClient(client) => self.wake_client(client),
            Action::WakeServer(server) => self.wake_server(server),
            Action::Cut(at) => self.with_exchange(at, "is reset", Exchange::cut),
            Action::Lose(at) => self.with_exchange(at, "goes silent for good", Exchange::lose),
            Action::Hold(at) => self.with_exchange(at, "is held up", |exchange| exchange.way = Way::Held),
            Action::Release(at) => self.with_exchange(at, "goes on", |exchange| exchange.way = Way::Open),
            Action::Duplicate(at) => self.duplicate(at),
            Action::Crash(server) => self.crash(server),
            Action::Restart(server) => self.restart(server),
        };
        done.is_some()
    }

    // --- applications

    fn connect(&mut self, at: u8) -> Option<()> {
        let side = self.world.clients.get_mut(usize::from(at))?;
        side.connects = side.connects.map(|left| left.saturating_sub(1));
        self.remark(Party::Client(at), || "connects".to_owned());
        self.drive_client(at, Client::connect)
    }

    fn say(&mut self, at: u8) -> Option<()> {
        let side = self.world.clients.get_mut(usize::from(at))?;
        side.sent += 1;
        let number = side.sent;
        self.remark(Party::Client(at), || format!("sends message {number}"));
        let mut sent = Ok(None);
        let done = self.drive_client(at, |client, now| {
            let message = Outgoing::Message(Text::from(format!("u{number}")));
            sent = client.send(now, &Text::EMPTY, message, ack_mode(number));
        });
        let side = self.world.clients.get_mut(usize::from(at))?;
        if sent == Ok(Some(u64::from(number))) {
            side.owed.insert(number);
        } else {
            // Not said: the machine counts on without it.
            side.sent -= 1;
            self.world.marks.set(Mark::Refused);
        }
        done
    }

    fn tell_client(&mut self, at: u8, note: u8) -> Option<()> {
        let note = self.world.sessions.get(usize::from(note))?;
        let session = SessionId(note.name.clone());
        let side = self.world.clients.get_mut(usize::from(note.client))?;
        side.told += 1;
        let number = side.told;
        self.remark(Party::Server(at), || format!("sends message {number} to session {}", session.0));
        let mut sent = Ok(None);
        let done = self.drive_server(at, |server, now| {
            let message = Outgoing::Message(Text::from(format!("d{number}")));
            sent = server.send(now, &session, &Text::EMPTY, message, ack_mode(number));
        });
        let Some(note) = self.world.note(&session.0) else { return done };
        note.asked.push(number);
        let id = u64::try_from(note.asked.len()).unwrap_or(u64::MAX);
        if sent == Ok(Some(id)) {
            note.owed.insert(number);
        } else {
            self.world.marks.set(Mark::Refused);
        }
        done
    }

    // --- deliveries

    fn arrive(&mut self, at: u8, server: Option<u8>) -> Option<()> {
        let exchange = self.world.exchanges.get_mut(usize::from(at))?;
        let item = exchange.up.pop_front()?;
        let home = match &item {
            Up::Request { .. } => server,
            _ => exchange.server.map(|(server, _)| server),
        };
        let carried = item.clone();
        let done = self.hand_over(at, server, item);
        if !self.answers_for(at, home) {
            self.world.exchanges.get_mut(usize::from(at))?.dropped.up(&carried);
        }
        done
    }

    /// Whether what arrived at a server on an exchange is in good hands: it knows the session, or has not answered yet. A POST
    /// for a session that is unknown, or ends by it, is answered like any other.
    fn answers_for(&self, at: u8, home: Option<u8>) -> bool {
        let Some(exchange) = self.world.exchanges.get(usize::from(at)) else { return false };
        let knows = |session: &Text| self.world.knowing(session).any(|(server, _)| Some(server) == home);
        exchange.posted.is_some()
            || exchange.session.as_ref().is_some_and(knows)
            || self.relaying(exchange).is_some()
    }

    fn hand_over(&mut self, at: u8, server: Option<u8>, item: Up) -> Option<()> {
        let exchange = self.world.exchanges.get_mut(usize::from(at))?;
        let from = near_end(exchange);
        match item {
            request @ Up::Request { .. } => self.hand_request(at, server, request),
            Up::Message(text) => {
                let (server, exchange) = exchange.server?;
                self.arrow(from, Party::Server(server), || text.to_string());
                if let Some(relay) = self.relay_of(server, exchange) {
                    relay.push_up(Up::Message(text));
                    return Some(());
                }
                if text == "2::" {
                    self.hear(at, false);
                }
                self.drive_server(server, |machine, now| {
                    machine.handle_input(now, ServerInput::Message { exchange, text });
                })
            }
            Up::Closed { clean } => {
                let (server, number) = exchange.server?;
                exchange.leave_server();
                self.arrow(from, Party::Server(server), || "(closes)".to_owned());
                self.give_relay_up(server, number, clean);
                self.drive_server(server, |machine, now| {
                    machine.handle_input(now, ServerInput::Closed { exchange: number, clean });
                })
            }
        }
    }

    fn hand_request(&mut self, at: u8, server: Option<u8>, request: Up) -> Option<()> {
        let Up::Request { post, upgrade, target, body, headers } = request else { return None };
        let exchange = self.world.exchanges.get(usize::from(at))?;
        let (from, client, relayed) = (near_end(exchange), exchange.client, exchange.relay.is_some());
        let Some(server) = server.filter(|server| self.world.is_up(*server)) else {
            return if relayed { self.refuse_relay(at) } else { self.refuse(at, upgrade) };
        };
        if !relayed {
            self.turn(client, server);
        }
        let number = self.free_number(server);
        let exchange = self.world.exchanges.get_mut(usize::from(at))?;
        exchange.server = Some((server, number));
        exchange.posted = post.then(|| body.clone());
        let request = Request {
            method: Up::method(post),
            body: body.clone().into_bytes(),
            upgrade,
            headers,
            ..Request::get(number, target.clone())
        };
        self.arrow(from, Party::Server(server), || request_label(post, upgrade, &target, &body));
        self.hear(at, post);
        self.drive_server(server, |machine, now| {
            machine.handle_input(now, ServerInput::Request(request));
        })
    }

    /// The balancer answers by itself: no server is up.
    fn refuse(&mut self, at: u8, upgrade: bool) -> Option<()> {
        let exchange = self.world.exchanges.get_mut(usize::from(at))?;
        exchange.drop_up();
        exchange.push_down(if upgrade {
            Down::Closed { clean: true }
        } else {
            Down::Response { status: 503, body: Text::EMPTY }
        });
        let client = Party::Client(exchange.client);
        self.remark(client, || "finds no server up".to_owned());
        Some(())
    }

    fn back(&mut self, at: u8) -> Option<()> {
        let exchange = self.world.exchanges.get_mut(usize::from(at))?;
        let (client, number) = (exchange.client, exchange.number?);
        let item = exchange.down.pop_front()?;
        if matches!(item, Down::Response { .. } | Down::Closed { .. }) {
            exchange.number = None;
            exchange.down.clear();
        }
        let server = exchange.server.map(|(server, _)| server).or(exchange.answered_by);
        let from = server.map_or(Party::Between, Party::Server);
        let (to, relay) = (near_end(exchange), exchange.relay);
        self.arrow(from, to, || down_label(&item));
        if let Some(relay) = relay {
            return self.relay_back(at, relay, number, item);
        }
        let input = match item {
            Down::Response { status, body } => {
                ClientInput::Response { exchange: number, status, body: body.into_bytes() }
            }
            Down::Opened => ClientInput::Opened { exchange: number },
            Down::Message(text) => ClientInput::Message { exchange: number, text },
            Down::Closed { clean } => ClientInput::Closed { exchange: number, clean },
        };
        self.drive_client(client, |machine, now| machine.handle_input(now, input))
    }

    /// Round robin takes turns, stickiness remembers.
    fn turn(&mut self, client: u8, server: u8) {
        if self.setup.balance == Balance::RoundRobin {
            self.world.turn = (server + 1) % self.setup.servers;
        }
        if self.setup.balance == Balance::Sticky
            && let Some(stuck) = self.world.stick.get_mut(usize::from(client))
        {
            *stuck = Some(server);
        }
    }

    /// The smallest number of an exchange that this server does not speak of.
    fn free_number(&self, server: u8) -> ExchangeId {
        let side = self.world.servers.get(usize::from(server));
        let first = side.map_or(0, |side| side.last_number) + 1;
        let free = |number: &u64| self.world.numbers(server).all(|other| other != *number);
        ExchangeId((first..u64::MAX).find(free).unwrap_or(u64::MAX))
    }

    /// A GET, an upgrade or a heartbeat keeps a session.
    fn hear(&mut self, at: u8, post: bool) {
        let Some(exchange) = self.world.exchanges.get(usize::from(at)).filter(|_| !post) else { return };
        // What another server owns hears of it when it gets there.
        let home = exchange.server.map(|(server, _)| server);
        let elsewhere = |name: &Text| {
            self.setup.store == Store::Routed && self.world.knowing(name).all(|(at, _)| Some(at) != home)
        };
        let session = exchange.session.clone().filter(|name| !elsewhere(name));
        if let Some(note) = session.and_then(|session| self.world.note(&session)) {
            note.silent = Duration::ZERO;
        }
    }

    // --- time

    fn wake_client(&mut self, at: u8) -> Option<()> {
        let deadline = self.world.clients.get(usize::from(at))?.machine.poll_timeout()?;
        self.pass(deadline.at);
        self.remark(Party::Client(at), || reason(deadline.timer).to_owned());
        self.drive_client(at, Client::handle_timeout)
    }

    fn wake_server(&mut self, at: u8) -> Option<()> {
        let deadline = self.world.server(at)?.poll_timeout()?;
        self.pass(deadline.at);
        self.remark(Party::Server(at), || reason(deadline.timer).to_owned());
        self.drive_server(at, Server::handle_timeout)
    }

    fn pass(&mut self, until: Instant) {
        self.now = until;
        let passed = until - Instant::ZERO;
        let healed = self.world.is_healed();
        let state = |client| (self.world.waits(client), self.world.is_behind(client));
        let states: Vec<(bool, bool)> = self.world.clients.iter().map(state).collect();
        for (client, (waits, behind)) in self.world.clients.iter_mut().zip(states) {
            let unconnected = grown(client.unconnected, passed, self.setup.recovery_max());
            client.unconnected = if waits && healed { unconnected } else { Duration::ZERO };
            let late = grown(client.behind, passed, self.setup.catch_up_max());
            client.behind = if behind && healed { late } else { Duration::ZERO };
        }
        for note in &mut self.world.sessions {
            note.silent = grown(note.silent, passed, self.setup.silence_max());
        }
        self.world.shared.pass(passed);
    }

    // --- faults

    fn with_exchange(&mut self, at: u8, what: &str, change: impl FnOnce(&mut Exchange)) -> Option<()> {
        let exchange = self.world.exchanges.get_mut(usize::from(at))?;
        change(exchange);
        let (party, words) = (near_end(exchange), exchange_label(exchange));
        self.remark(party, || format!("{words} {what}"));
        Some(())
    }

    fn duplicate(&mut self, at: u8) -> Option<()> {
        let original = self.world.exchanges.get(usize::from(at))?;
        let mut copy = original.clone();
        copy.number = None;
        copy.push_up(Up::Closed { clean: false });
        let client = Party::Client(copy.client);
        self.world.exchanges.push(copy);
        self.remark(client, || "a proxy gives its poll up and makes it again".to_owned());
        Some(())
    }

    fn crash(&mut self, at: u8) -> Option<()> {
        self.world.servers.get_mut(usize::from(at))?.machine.take()?;
        if let Some(line) = self.world.shared.line_mut(at) {
            line.end();
        }
        self.remark(Party::Server(at), || "ends".to_owned());
        for exchange in &mut self.world.exchanges {
            if exchange.server.is_some_and(|(server, _)| server == at) {
                exchange.leave_server();
                exchange.push_down(Down::Closed { clean: false });
            }
            if exchange.relay.is_some_and(|relay| relay.by == at) && exchange.number.is_some() {
                exchange.leave_client(false);
            }
        }
        for note in &mut self.world.sessions {
            note.alive &= note.server != at;
            note.told &= !bit(at);
        }
        Some(())
    }

    fn restart(&mut self, at: u8) -> Option<()> {
        let side = self.world.servers.get_mut(usize::from(at)).filter(|side| side.machine.is_none())?;
        // Only where servers share a store does it matter that it is not the same as before.
        side.start += u8::from(self.setup.has_store());
        let config = self.setup.server_at(at, side.start);
        side.machine = Some(Frozen::new(Server::new(config, Instant::ZERO)));
        self.remark(Party::Server(at), || "starts".to_owned());
        // What it says first.
        self.drive_server(at, |_, _| {})
    }

    // --- what is told

    pub(super) fn remark(&mut self, party: Party, words: impl FnOnce() -> String) {
        if let Some(told) = &mut self.told {
            told.push(Told::Remark { party, words: words() });
        }
    }

    pub(super) fn arrow(&mut self, from: Party, to: Party, words: impl FnOnce() -> String) {
        if let Some(told) = &mut self.told {
            told.push(Told::Arrow { from, to, words: words() });
        }
    }
}

/// A time that has grown, as far as it matters: beyond `bound` every one is the same.
fn grown(time: Duration, by: Duration, bound: Duration) -> Duration {
    (time + by).min(bound + Duration::from_millis(1))
}

fn request_label(post: bool, upgrade: bool, target: &str, body: &str) -> String {
    let verb = match (post, upgrade) {
        (true, _) => "POST",
        (_, true) => "GET (upgrade)",
        _ => "GET",
    };
    if body.is_empty() { format!("{verb} {target}") } else { format!("{verb} {target}  {body}") }
}

fn down_label(item: &Down) -> String {
    match item {
        Down::Response { status, body } => format!("{status} {body}"),
        Down::Opened => "101".to_owned(),
        Down::Message(text) => text.to_string(),
        Down::Closed { .. } => "(closes)".to_owned(),
    }
}

/// Who the exchange is to answer.
fn near_end(exchange: &Exchange) -> Party {
    exchange.relay.map_or(Party::Client(exchange.client), |relay| Party::Server(relay.by))
}

fn exchange_label(exchange: &Exchange) -> String {
    match &exchange.session {
        None => "its handshake".to_owned(),
        Some(session) => format!("its exchange for session {session}"),
    }
}
