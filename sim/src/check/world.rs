//! A state: the machines, what is between them, and what the checker has noted.

use std::time::Duration;

use socketio08::client::{Client, ClientState};
use socketio08::server::{Server, SessionId};
use socketio08::{Instant, Text};

use super::frozen::Frozen;
use super::marks::Marks;
use super::network::{Exchange, Numbers, Way};
use super::setup::Setup;
use super::shared::{Ask, Shared};

/// A state of the model. Its clocks show zero, its numbers are as small as they can be: states with equal futures are equal.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct World {
    pub(super) clients: Vec<ClientSide>,
    pub(super) servers: Vec<ServerSide>,
    /// In order.
    pub(super) exchanges: Vec<Exchange>,
    /// Round robin: the server that comes next.
    pub(super) turn: u8,
    /// By client: the server it sticks to.
    pub(super) stick: Vec<Option<u8>>,
    pub(super) faults_left: u8,
    /// Whether something has gone wrong yet.
    pub(super) faulted: bool,
    /// What servers share, if they share anything.
    pub(super) shared: Shared,
    /// The sessions that something still speaks of, in order.
    pub(super) sessions: Vec<SessionNote>,
    /// What the step to this state has shown.
    pub(super) marks: Marks,
}

/// A client, and its application.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct ClientSide {
    pub(super) machine: Frozen<Client>,
    /// The session of its last handshake.
    pub(super) session: Option<Text>,
    /// Messages sent; the number of the next is one more. Each asks for an acknowledgement.
    pub(super) sent: u8,
    /// Bit n: message n was acknowledged.
    pub(super) acknowledged: u8,
    /// Messages that it accepted, that no application has and no exchange dropped.
    pub(super) owed: Numbers,
    /// How long its connection has worked, and something accepted has not arrived, in either direction.
    pub(super) behind: Duration,
    /// Messages that servers sent to it.
    pub(super) told: u8,
    /// How often its application may still connect it, where its machine gives up again and again without a fault.
    pub(super) connects: Option<u8>,
    /// How long everything has worked, and it has no connection.
    pub(super) unconnected: Duration,
}

/// A server, and its application.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct ServerSide {
    /// `None`: it is down.
    pub(super) machine: Option<Frozen<Server>>,
    /// How often it has started again.
    pub(super) start: u8,
    /// The greatest number of an exchange that it may still speak of, though it is over; 0: none.
    pub(super) last_number: u64,
}

/// What the checker notes of a session.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct SessionNote {
    pub(super) name: Text,
    pub(super) client: u8,
    /// The server that issued it.
    pub(super) server: u8,
    /// That server has not ended since.
    pub(super) alive: bool,
    /// Bit n: server n was told of it by the store, and has not ended since.
    pub(super) told: u8,
    /// The number of the last message delivered to the server's application.
    pub(super) up: u8,
    /// The number of the last message delivered to the client's application.
    pub(super) down: u8,
    /// The messages whose acknowledgement the server asked for: ids from 1.
    pub(super) asked: Vec<u8>,
    /// Bit n: id n was acknowledged.
    pub(super) acknowledged: u8,
    /// Messages that the server accepted for it, that its client has not got and no exchange dropped.
    pub(super) owed: Numbers,
    /// How long the server has heard nothing that keeps it.
    pub(super) silent: Duration,
}

impl SessionNote {
    pub(super) fn new(name: Text, client: u8, server: u8) -> Self {
        Self {
            name,
            client,
            server,
            alive: true,
            told: 0,
            up: 0,
            down: 0,
            asked: Vec::new(),
            acknowledged: 0,
            owed: Numbers::default(),
            silent: Duration::ZERO,
        }
    }
}

impl World {
    pub(super) fn new(setup: &Setup) -> Self {
        let mut world = Self::still(setup);
        // Servers have said what they say first.
        for server in 0..setup.servers {
            world.subscribe(server);
        }
        world
    }

    fn subscribe(&mut self, server: u8) {
        let Some(machine) = self.servers.get_mut(usize::from(server)).and_then(|side| side.machine.as_mut())
        else {
            return;
        };
        while let Some(transmit) = machine.thaw().poll_transmit() {
            if let (Some(line), Some(ask)) = (self.shared.line_mut(server), Ask::of(transmit)) {
                line.up.push_back(ask);
            }
        }
        machine.freeze();
        self.shared.take(server);
    }

    fn still(setup: &Setup) -> Self {
        let client = || ClientSide {
            machine: Frozen::new(Client::new(setup.client())),
            session: None,
            sent: 0,
            acknowledged: 0,
            owed: Numbers::default(),
            behind: Duration::ZERO,
            told: 0,
            connects: (!setup.is_sticky() && !setup.is_anywhere()).then_some(1),
            unconnected: Duration::ZERO,
        };
        let server = |at| {
            let machine = Server::new(setup.server_at(at, 0), Instant::ZERO);
            ServerSide { machine: Some(Frozen::new(machine)), start: 0, last_number: 0 }
        };
        Self {
            clients: (0..setup.clients).map(|_| client()).collect(),
            servers: (0..setup.servers).map(server).collect(),
            exchanges: Vec::new(),
            turn: 0,
            stick: vec![None; usize::from(setup.clients)],
            faults_left: setup.faults,
            faulted: false,
            shared: Shared::new(if setup.has_store() { setup.servers } else { 0 }),
            sessions: Vec::new(),
            marks: Marks::default(),
        }
    }

    pub(super) fn server(&self, index: u8) -> Option<&Server> {
        self.servers.get(usize::from(index))?.machine.as_deref()
    }

    pub(super) fn is_up(&self, server: u8) -> bool {
        self.server(server).is_some()
    }

    pub(super) fn note(&mut self, name: &Text) -> Option<&mut SessionNote> {
        self.sessions.iter_mut().find(|note| note.name == *name)
    }

    /// Whether a session is open at a server.
    pub(super) fn has_open(&self, server: u8, name: &Text) -> bool {
        self.server(server).is_some_and(|server| server.sessions().any(|session| session.0 == *name))
    }

    /// The servers that know a session.
    pub(super) fn knowing<'w>(&'w self, name: &Text) -> impl Iterator<Item = (u8, &'w Server)> {
        let id = SessionId(name.clone());
        let servers = self.servers.iter().filter_map(|side| side.machine.as_deref());
        let up = (0..).zip(self.servers.iter()).filter(|(_, side)| side.machine.is_some()).map(|(at, _)| at);
        up.zip(servers).filter(move |(_, server)| server.handshake_data(&id).is_some())
    }

    /// Whether a session is at a server, or in the store.
    pub(super) fn exists(&self, name: &Text) -> bool {
        self.knowing(name).next().is_some() || self.shared.has_record(name)
    }

    /// Whether anything of servers and store still speaks of a session.
    pub(super) fn speaks_of(&self, name: &Text) -> bool {
        let id = SessionId(name.clone());
        let mut servers = self.servers.iter().filter_map(|side| side.machine.as_deref());
        self.exists(name) || self.shared.names(name) || servers.any(|server| server.speaks_of(&id))
    }

    /// Whether a server waits neither for the store nor for another server: then it speaks of no exchange that is over.
    pub(super) fn is_quiet(&self, server: u8) -> bool {
        let Some(machine) = self.server(server) else { return true };
        let waits_for = |note: &SessionNote| {
            let id = SessionId(note.name.clone());
            machine.speaks_of(&id) && machine.handshake_data(&id).is_none()
        };
        machine.store_operations_waiting() == 0 && !self.sessions.iter().any(waits_for)
    }

    /// The numbers of a server's exchanges.
    pub(super) fn numbers(&self, server: u8) -> impl Iterator<Item = u64> {
        let of = move |exchange: &Exchange| exchange.server.filter(|(at, _)| *at == server);
        self.exchanges.iter().filter_map(of).map(|(_, number)| number.0)
    }

    /// Sessions at servers that nothing speaks of.
    pub(super) fn strangers(&self) -> usize {
        let known: usize = self.sessions.iter().map(|note| self.knowing(&note.name).count()).sum();
        let servers = self.servers.iter().filter_map(|side| side.machine.as_ref());
        servers.map(|server| server.session_count()).sum::<usize>().saturating_sub(known)
    }

    /// Whether a client was told to connect, has not given up, and has no connection that a server knows of.
    pub(super) fn waits(&self, client: &ClientSide) -> bool {
        let connected = || {
            client.machine.state() == ClientState::Connected
                && client.machine.live_sessions().any(|session| self.exists(session))
        };
        client.machine.state() != ClientState::Idle && !connected()
    }

    /// Whether a client has a connection, and something that it or its server accepted has not arrived.
    pub(super) fn is_behind(&self, client: &ClientSide) -> bool {
        let live = |note: &&SessionNote| client.machine.live_sessions().any(|session| *session == note.name);
        let owed = |note: &SessionNote| !note.owed.is_empty() && self.knowing(&note.name).next().is_some();
        client.machine.state() == ClientState::Connected
            && !self.waits(client)
            && (!client.owed.is_empty() || self.sessions.iter().filter(live).any(owed))
    }

    /// Whether nothing is broken: all servers are up, nothing is held up. What is cut or lost is over.
    pub(super) fn is_healed(&self) -> bool {
        self.servers.iter().all(|side| side.machine.is_some())
            && self.exchanges.iter().all(|exchange| exchange.way != Way::Held)
    }

    /// The earliest deadline, if there is one.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let clients = self.clients.iter().filter_map(|side| side.machine.poll_timeout());
        let servers = self.servers.iter().filter_map(|side| side.machine.as_ref()?.poll_timeout());
        clients.chain(servers).map(|deadline| deadline.at).min()
    }
}
