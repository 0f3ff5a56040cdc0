//! Drives a machine: carries out what it transmits, and is its application.

use socketio08::client::{Client, ClientEvent, ClientTransmit};
use socketio08::server::{Server, ServerEvent, ServerTransmit, SessionId};
use socketio08::target::Target;
use socketio08::{AckId, Body, ExchangeId, Instant, Packet, Reason, Text};

use super::marks::Mark;
use super::network::{Down, Exchange, Up, number_of};
use super::setup::{Store, letter};
use super::step::Step;
use super::told::Party;
use super::world::SessionNote;

const RESOURCE: &str = "/socket.io";

/// Leaves the query out: `t=` is there against caches, and would tell every instant from every other.
fn without_query(target: &Text) -> Text {
    target.split_once('?').map_or_else(|| target.clone(), |(path, _)| Text::from(path))
}

/// Whether a session's name is `issued`, signed or not.
fn is_named(name: &str, issued: &str) -> bool {
    name.strip_prefix(issued).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn session_of(target: &str) -> Option<Text> {
    match Target::parse(RESOURCE, target) {
        Target::Session { session, .. } => Some(Text::from(session)),
        _ => None,
    }
}

impl Step<'_> {
    // --- clients

    /// Calls a client, then does what it says until it says nothing.
    pub(super) fn drive_client(&mut self, at: u8, call: impl FnOnce(&mut Client, Instant)) -> Option<()> {
        let now = self.now;
        call(self.world.clients.get_mut(usize::from(at))?.machine.thaw(), now);
        loop {
            let machine = self.world.clients.get_mut(usize::from(at))?.machine.thaw();
            if let Some(transmit) = machine.poll_transmit() {
                self.carry_up(at, transmit);
            } else if let Some(event) = machine.poll_event() {
                self.client_says(at, event);
            } else {
                return Some(());
            }
        }
    }

    fn carry_up(&mut self, client: u8, transmit: ClientTransmit) {
        match transmit {
            ClientTransmit::Get { exchange, target } => {
                self.open(client, exchange, &target, false, false, Text::EMPTY);
            }
            ClientTransmit::Post { exchange, target, body } => {
                self.open(client, exchange, &target, true, false, body);
            }
            ClientTransmit::Open { exchange, target } => {
                self.open(client, exchange, &target, false, true, Text::EMPTY);
            }
            ClientTransmit::Message { exchange, text } => match self.of_client(client, exchange) {
                Some(exchange) => exchange.push_up(Up::Message(text)),
                None => self.world.marks.set(Mark::Astray),
            },
            ClientTransmit::Close { exchange } => {
                // There is none if the answer that is being handled is the one that is given up.
                if let Some(exchange) = self.of_client(client, exchange) {
                    exchange.leave_client(true);
                }
            }
            ClientTransmit::Form { .. } | ClientTransmit::Stream { .. } => {
                self.world.marks.set(Mark::Astray);
            }
        }
    }

    fn open(&mut self, client: u8, number: ExchangeId, target: &Text, post: bool, upgrade: bool, body: Text) {
        let target = without_query(target);
        let session = session_of(&target);
        let request = Up::Request { post, upgrade, target, body, headers: Vec::new() };
        self.world.exchanges.push(Exchange::new(client, number, session, request));
    }

    fn of_client(&mut self, client: u8, number: ExchangeId) -> Option<&mut Exchange> {
        self.world
            .exchanges
            .iter_mut()
            .find(|exchange| exchange.is_of(client) && exchange.number == Some(number))
    }

    fn client_says(&mut self, at: u8, event: ClientEvent) {
        let party = Party::Client(at);
        match event {
            ClientEvent::Handshaken { session } => {
                if let Some(side) = self.world.clients.get_mut(usize::from(at)) {
                    side.session = Some(session);
                }
            }
            ClientEvent::Received { packet, session } => self.client_receives(at, &session, packet),
            ClientEvent::Acknowledged { id, args, .. } => self.client_acknowledged(at, id, &args),
            ClientEvent::Error { reason: Some(Reason::ClientNotHandshaken), .. } => {
                self.world.marks.set(Mark::Rejected);
                self.remark(party, || "is told that its session is unknown".to_owned());
            }
            ClientEvent::PeerViolation { .. } => self.world.marks.set(Mark::Violation),
            ClientEvent::Connected { session, .. } => {
                self.remark(party, || format!("is connected, session {session}"));
            }
            ClientEvent::Disconnected { cause } => {
                self.world.marks.set(Mark::Lost);
                self.remark(party, || format!("has lost its connection ({})", cause.name()));
            }
            ClientEvent::ReconnectScheduled { attempt, delay } => {
                self.remark(party, || format!("waits {delay:?} before attempt {attempt}"));
            }
            ClientEvent::ReconnectFailed
            | ClientEvent::ConnectFailed { .. }
            | ClientEvent::HandshakeFailed { .. } => {
                self.remark(party, || "tells its application that it failed".to_owned());
            }
            _ => {}
        }
    }

    fn client_receives(&mut self, at: u8, session: &Text, packet: Packet) {
        let Packet { id, endpoint, body: Body::Message { data } } = packet else { return };
        let Some(number) = number_of(&data) else { return };
        self.remark(Party::Client(at), || format!("gets message {number} of session {session}"));
        let last = self.world.note(session).map(|note| {
            note.owed.remove(number);
            (note.down, note.down = note.down.max(number)).0
        });
        self.delivered(number, last);
        if let Some(id) = id.filter(|id| id.with_data) {
            let mut sent = Ok(());
            // Nothing is drained here: the loop that told us goes on.
            if let Some(side) = self.world.clients.get_mut(usize::from(at)) {
                sent = side.machine.thaw().acknowledge(self.now, &endpoint, &id, args(number));
            }
            if sent.is_err() {
                self.world.marks.set(Mark::Refused);
            }
        }
    }

    fn client_acknowledged(&mut self, at: u8, id: u64, args: &str) {
        self.remark(Party::Client(at), || format!("has its message {id} acknowledged"));
        let Some(side) = self.world.clients.get_mut(usize::from(at)) else { return };
        let number = u8::try_from(id).unwrap_or(u8::MAX);
        let asked = (1..=side.sent).contains(&number);
        let bit = 1_u8.checked_shl(u32::from(number)).unwrap_or(0);
        let twice = side.acknowledged & bit != 0;
        side.acknowledged |= bit;
        self.acknowledged(asked.then_some(number), twice, args);
    }

    // --- servers

    /// Calls a server, then does what it says until it says nothing.
    pub(super) fn drive_server(&mut self, at: u8, call: impl FnOnce(&mut Server, Instant)) -> Option<()> {
        let now = self.now;
        call(self.machine(at)?, now);
        loop {
            let machine = self.machine(at)?;
            if let Some(transmit) = machine.poll_transmit() {
                self.carry_down(at, transmit);
            } else if let Some(event) = machine.poll_event() {
                self.server_says(at, event);
            } else {
                return Some(());
            }
        }
    }

    fn machine(&mut self, at: u8) -> Option<&mut Server> {
        self.world.servers.get_mut(usize::from(at))?.machine.as_mut().map(super::frozen::Frozen::thaw)
    }

    fn carry_down(&mut self, server: u8, transmit: ServerTransmit) {
        let (number, item, over) = match transmit {
            ServerTransmit::Respond { exchange, response } => {
                self.judge_post(server, exchange, response.status);
                let body = Text::from_utf8_lossy(response.body);
                (exchange, Down::Response { status: response.status, body }, true)
            }
            ServerTransmit::Forward { exchange, node, request } => {
                return self.forward(server, exchange, node.as_str(), request);
            }
            ServerTransmit::Upgrade { exchange } => (exchange, Down::Opened, false),
            ServerTransmit::Message { exchange, text } => (exchange, Down::Message(text), false),
            ServerTransmit::Close { exchange } => (exchange, Down::Closed { clean: true }, true),
            other => return self.ask_store(server, other),
        };
        let found =
            self.world.exchanges.iter_mut().find(|exchange| exchange.server == Some((server, number)));
        let Some(exchange) = found else {
            self.world.marks.set(Mark::Astray);
            return;
        };
        exchange.push_down(item);
        if over {
            exchange.leave_server();
            self.give_relay_up(server, number, true);
        }
    }

    /// A POST is answered as if all were well also if the server does not know its session any more.
    fn judge_post(&mut self, server: u8, number: ExchangeId, status: u16) {
        let here = Some((server, number));
        let Some(at) = self.world.exchanges.iter().position(|exchange| exchange.server == here) else {
            return;
        };
        let session = self.world.exchanges.get(at).and_then(|exchange| exchange.session.clone());
        let known = session.is_some_and(|name| self.world.knowing(&name).any(|(other, _)| other == server));
        if let Some(exchange) = self.world.exchanges.get_mut(at).filter(|_| !known && status == 200)
            && let Some(body) = exchange.posted.take()
        {
            exchange.dropped.posted(&body);
        }
    }

    fn server_says(&mut self, at: u8, event: ServerEvent) {
        match event {
            ServerEvent::HandshakeRequested { exchange, .. } => self.accept(at, exchange),
            ServerEvent::Received { session, packet } => self.server_receives(at, &session, packet),
            ServerEvent::Acknowledged { session, id, args, .. } => {
                self.server_acknowledged(at, &session, id, &args);
            }
            ServerEvent::PeerViolation { .. } => self.world.marks.set(Mark::Violation),
            ServerEvent::Connected { session, .. } => {
                self.remark(Party::Server(at), || format!("session {} opens", session.0));
            }
            ServerEvent::Disconnected { session, cause } => {
                self.remark(Party::Server(at), || format!("session {} ends ({})", session.0, cause.name()));
            }
            ServerEvent::UnknownSession { session, .. } => {
                self.remark(Party::Server(at), || format!("knows no session {session}"));
            }
            _ => {}
        }
    }

    /// Every client is welcome; its session has the smallest name that nothing speaks of.
    fn accept(&mut self, at: u8, exchange: ExchangeId) {
        let found = self.world.exchanges.iter().find(|other| other.server == Some((at, exchange)));
        let Some(client) = found.map(|exchange| exchange.client) else { return };
        let letter = letter(at);
        let routed = self.setup.store == Store::Routed;
        // What the server makes of a number is its own: it puts its name before it, or signs it.
        let asked = |number: u8| if routed { number.to_string() } else { format!("{letter}{number}") };
        let issued = |number: u8| if routed { format!("{letter}-{number}") } else { asked(number) };
        let free =
            |number: &u8| self.world.sessions.iter().all(|note| !is_named(&note.name, &issued(*number)));
        let Some(number) = (1..=u8::MAX).find(free) else { return };
        let now = self.now;
        let id = SessionId(Text::from(asked(number)));
        let accepted = self.machine(at).map(|machine| machine.accept(now, exchange, id));
        if accepted != Some(Ok(())) {
            self.world.marks.set(Mark::Refused);
        }
        let mut name = Text::from(issued(number));
        // Signed, it is told to the store first.
        if let Some(put) = self.machine(at).and_then(Server::poll_transmit) {
            if let ServerTransmit::StorePut { key, .. } = &put {
                name = key.clone();
            }
            self.carry_down(at, put);
        }
        self.world.sessions.push(SessionNote::new(name, client, at));
    }

    fn server_receives(&mut self, at: u8, session: &SessionId, packet: Packet) {
        let Packet { id, endpoint, body: Body::Message { data } } = packet else { return };
        let Some(number) = number_of(&data) else { return };
        self.remark(Party::Server(at), || format!("gets message {number} of session {}", session.0));
        let last = self.world.note(&session.0).map(|note| (note.up, note.up = note.up.max(number)).0);
        self.delivered(number, last);
        let sender = self.world.note(&session.0).map(|note| usize::from(note.client));
        if let Some(side) = sender.and_then(|client| self.world.clients.get_mut(client)) {
            side.owed.remove(number);
        }
        if let Some(id) = id.filter(|id: &AckId| id.with_data) {
            let now = self.now;
            let sent = self
                .machine(at)
                .map(|machine| machine.acknowledge(now, session, &endpoint, &id, args(number)));
            if sent != Some(Ok(())) {
                self.world.marks.set(Mark::Refused);
            }
        }
    }

    fn server_acknowledged(&mut self, at: u8, session: &SessionId, id: u64, args: &str) {
        self.remark(Party::Server(at), || format!("has message {id} of session {} acknowledged", session.0));
        let Some(note) = self.world.note(&session.0) else { return };
        let number = u8::try_from(id).unwrap_or(u8::MAX);
        let asked = number.checked_sub(1).and_then(|index| note.asked.get(usize::from(index))).copied();
        let bit = 1_u8.checked_shl(u32::from(number)).unwrap_or(0);
        let twice = note.acknowledged & bit != 0;
        note.acknowledged |= bit;
        self.acknowledged(asked, twice, args);
    }

    // --- what both sides must keep to

    /// A message reached an application; `last` is the latest one before it in the same session and direction.
    fn delivered(&mut self, number: u8, last: Option<u8>) {
        match last {
            Some(last) if last == number => self.world.marks.set(Mark::Twice),
            Some(last) if last > number => self.world.marks.set(Mark::OutOfOrder),
            Some(_) => {}
            None => self.world.marks.set(Mark::Foreign),
        }
    }

    /// An acknowledgement of this message reached an application; `None`: nobody asked for it.
    fn acknowledged(&mut self, asked: Option<u8>, twice: bool, args: &str) {
        if twice {
            self.world.marks.set(Mark::AckTwice);
        }
        let right = asked.is_some_and(|number| {
            super::step::ack_mode(number) == socketio08::AckMode::Plain || args == self::args(number).as_str()
        });
        if !right {
            self.world.marks.set(Mark::AckUnasked);
        }
    }
}

/// What a message is acknowledged with.
fn args(number: u8) -> Text {
    Text::from(format!("[{number}]"))
}
