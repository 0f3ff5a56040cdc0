//! Clients and their ends of connections.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use socketio08::client::{Client, ClientInput, ClientTransmit};
use socketio08::server::{ExchangeId, Method};
use socketio08::{Instant, Text, Transport};
use socketio08_tokio::ClientApplication;

use super::conn::{Conn, Dialer};
use super::queue::{Carried, Down, Event, Up, Wake};
use super::traffic::Meter;
use super::visit::{PAGE, PLAIN, Visit};
use super::{Wire, World};
use crate::scenario::{Connections, Leaving, Scenario, TlsAt};
use crate::trace::{ClientId, TraceHandle};
use crate::world::application::{MemberApplication, client_config};
use crate::world::balancer::{COOKIE, ConnId, Headers, RequestHead, ResponseHead, SET_COOKIE};
use crate::world::jar::Jar;
use crate::world::population::{self, Forbidden, Member};
use crate::world::seed::Seed;

/// One client with its connections.
pub(super) struct ClientNode {
    pub(super) member: Member,
    pub(super) visit: Visit,
    jar: Jar,
    pub(super) address: Text,
    pub(super) machine: Client,
    pub(super) app: MemberApplication,
    /// What its browser forbids.
    pub(super) forbidden: Vec<(Transport, Forbidden)>,
    /// Its Flash player has the policy file.
    pub(super) policy: bool,
    /// Its browser threw an error at it: it does nothing any more, and the application goes on.
    pub(super) stopped: bool,
    wake: Wake,
    pub(super) wire: Wire,
    pub(super) meter: Meter,
    /// The fault that refuses its connections.
    pub(super) refused_by: Option<usize>,
    pub(super) exchanges: BTreeMap<ExchangeId, ConnId>,
    /// The exchanges whose answers are streams.
    streams: BTreeSet<ExchangeId>,
    /// Open connections without a request, the one used last at the end.
    pub(super) idle: Vec<ConnId>,
    /// Requests that wait for a connection: as many are in use as the browser has to one host. No more than the machine has requests
    /// at all (`Limits::client_links_max`).
    pub(super) queued: VecDeque<(ExchangeId, Carried)>,
    /// The answered exchange whose handler runs now, and its connection.
    pub(super) handling: Option<(ExchangeId, ConnId)>,
}

impl ClientNode {
    pub(super) fn arrives(&self) -> Instant {
        Instant::ZERO + self.member.arrives
    }

    fn due(&self) -> Option<Instant> {
        let machine = self.machine.poll_timeout().filter(|_| !self.stopped).map(|deadline| deadline.at);
        machine.into_iter().chain(self.app.poll_timeout()).min().map(|due| self.visit.runs_at(due))
    }
}

/// Every client of a scenario.
pub(super) fn population(scenario: &Scenario, seed: Seed, trace: &TraceHandle) -> Vec<ClientNode> {
    let node = |member: Member| ClientNode {
        member,
        visit: Visit::new(scenario, &member, seed),
        jar: Jar::new(member.sort(scenario).cookies),
        address: Text::from(member.address.to_string()),
        machine: Client::new(client_config(member.sort(scenario), ClientId(member.index))),
        app: MemberApplication::new(scenario, &member, seed, trace.clone()),
        forbidden: population::can(member.sort(scenario)).forbidden,
        policy: false,
        stopped: false,
        wake: Wake::default(),
        wire: Wire::new(scenario.network.latency, seed, &format!("network/clients/{}", member.index)),
        meter: Meter::default(),
        refused_by: None,
        exchanges: BTreeMap::new(),
        streams: BTreeSet::new(),
        idle: Vec::new(),
        queued: VecDeque::new(),
        handling: None,
    };
    population::members(&scenario.clients, seed).into_iter().map(node).collect()
}

impl World<'_> {
    pub(super) fn client_wakes(&mut self, client: ClientId) {
        let node = &mut self.clients[client.index()];
        if !node.wake.fires(self.now) || node.visit.gone.is_some() {
            return;
        }
        if !node.stopped {
            node.machine.handle_timeout(self.now);
        }
        if node.app.poll_timeout().is_some_and(|due| due <= self.now) {
            node.app.handle_timeout(self.now, &mut node.machine);
        }
        self.settle_client(client);
    }

    pub(super) fn client_takes(&mut self, client: ClientId, input: ClientInput) {
        let node = &mut self.clients[client.index()];
        if node.visit.gone.is_some() {
            return;
        }
        if input.exchange() == PAGE {
            return self.page_answered(client, &input);
        }
        if input.exchange() >= PLAIN {
            return self.plain_answered(client, &input);
        }
        if !matches!(input, ClientInput::Chunk { .. }) {
            node.streams.remove(&input.exchange());
        }
        node.app.observe(self.now, &input);
        node.machine.handle_input(self.now, input);
        self.settle_client(client);
    }

    /// Carries what the machine transmits, then gives its events to the application, until there is nothing left.
    pub(super) fn settle_client(&mut self, client: ClientId) {
        loop {
            let node = &mut self.clients[client.index()];
            if let Some(transmit) = node.machine.poll_transmit() {
                if self.forbids(client, &transmit) {
                    continue;
                }
                let node = &mut self.clients[client.index()];
                node.app.observe_transmit(self.now, &transmit);
                self.client_sends(client, transmit);
            } else if let Some(event) = node.machine.poll_event() {
                node.app.event(self.now, &mut node.machine, event);
            } else {
                break;
            }
        }
        self.ask_plainly(client);
        self.end_visit(client);
        let node = &mut self.clients[client.index()];
        let due = node.due().filter(|_| node.visit.gone.is_none());
        if let Some(at) = node.wake.arm(due) {
            self.queue.push(at.max(self.now), Event::ClientWake(client));
        }
    }

    fn client_sends(&mut self, client: ClientId, transmit: ClientTransmit) {
        match transmit {
            ClientTransmit::Get { exchange, target } => {
                self.request(client, exchange, Method::Get, target, Bytes::new());
            }
            ClientTransmit::Stream { exchange, target } => {
                self.clients[client.index()].streams.insert(exchange);
                self.request(client, exchange, Method::Get, target, Bytes::new());
            }
            ClientTransmit::Post { exchange, target, body }
            | ClientTransmit::Form { exchange, target, body } => {
                self.request(client, exchange, Method::Post, target, body.into_bytes());
            }
            ClientTransmit::Open { exchange, target } => {
                let request = self.carried(client, Method::Get, target, Bytes::new(), true);
                self.open_socket(client, exchange, request);
            }
            ClientTransmit::Message { exchange, text } => {
                if let Some(conn) = self.clients[client.index()].exchanges.get(&exchange) {
                    self.send_up(*conn, Up::Message(text));
                }
            }
            ClientTransmit::Close { exchange } => self.abort(client, exchange),
        }
    }

    fn carried(&self, client: ClientId, method: Method, target: Text, body: Bytes, upgrade: bool) -> Carried {
        let address = self.clients[client.index()].address.clone();
        let mut headers = Headers::default();
        if let Some(cookies) = self.clients[client.index()].jar.header() {
            headers.add(Text::from_static(COOKIE), cookies);
        }
        let head = RequestHead { method, target, headers, upgrade };
        Carried { head, body, address, client }
    }

    pub(super) fn request(
        &mut self,
        client: ClientId,
        exchange: ExchangeId,
        method: Method,
        target: Text,
        body: Bytes,
    ) {
        let request = self.carried(client, method, target, body, false);
        self.clients[client.index()].queued.push_back((exchange, request));
        self.send_queued(client);
    }

    /// Connections with a request in progress, or with its response being handled; websockets aside.
    fn busy(&self, client: ClientId) -> usize {
        let node = &self.clients[client.index()];
        let asks = |id: &&ConnId| self.conns.get(id.0).is_some_and(|conn| !conn.upgrade);
        node.exchanges.values().filter(asks).count() + usize::from(node.handling.is_some())
    }

    /// Sends what waits for a connection, as far as there are any.
    fn send_queued(&mut self, client: ClientId) {
        while !self.clients[client.index()].queued.is_empty() {
            let max = self.clients[client.index()].member.sort(self.scenario).connections_max;
            let full = max.is_some_and(|max| self.busy(client) >= usize::try_from(max).unwrap_or(usize::MAX));
            let node = &mut self.clients[client.index()];
            let idle = node.idle.pop();
            if full && idle.is_none() {
                return;
            }
            let Some((exchange, request)) = node.queued.pop_front() else { return };
            match idle {
                Some(id) => self.request_on(client, exchange, id, request),
                None => self.request_on_new(client, exchange, request),
            }
        }
    }

    /// Sends a request on a connection that is open and idle.
    fn request_on(&mut self, client: ClientId, exchange: ExchangeId, id: ConnId, request: Carried) {
        self.clients[client.index()].exchanges.insert(exchange, id);
        if let Some(conn) = self.conns.get_mut(id.0) {
            conn.exchange = Some(exchange);
        }
        self.send_up(id, Up::Request(Box::new(request)));
    }

    pub(super) fn request_on_new(&mut self, client: ClientId, exchange: ExchangeId, request: Carried) {
        let tls = self.scenario.tls;
        let id = self.new_conn(Conn {
            exchange: Some(exchange),
            upgrade: request.head.upgrade,
            waiting: Some(Box::new(request)),
            handshake: if tls.at == TlsAt::None { 0 } else { tls.round_trips },
            ..Conn::new(Dialer::Client(client), self.chain.entry(self.scenario))
        });
        self.dial(client, exchange, id);
    }

    /// The connection of an exchange is asked for.
    pub(super) fn dial(&mut self, client: ClientId, exchange: ExchangeId, id: ConnId) {
        self.clients[client.index()].exchanges.insert(exchange, id);
        if !self.refuses(client, id) {
            self.send_up(id, Up::Syn);
        }
    }

    /// The connection of a client is open: TLS, if there is any to come, then the request that waits for it.
    fn client_goes_on(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        if conn.handshake > 0 {
            let left = conn.handshake;
            self.send_up(id, Up::Tls(left));
        } else if let Some(request) = conn.waiting.take() {
            self.send_up(id, Up::Request(request));
        }
    }

    /// Ends the connection of an exchange, also of one whose response is being handled: its connection is not idle yet.
    fn abort(&mut self, client: ClientId, exchange: ExchangeId) {
        let node = &mut self.clients[client.index()];
        node.streams.remove(&exchange);
        node.queued.retain(|(queued, _)| *queued != exchange);
        let conn = match node.handling {
            Some((handled, conn)) if handled == exchange => Some(conn),
            _ => node.exchanges.remove(&exchange),
        };
        if let Some(conn) = conn {
            self.client_closes(conn);
            self.send_queued(client);
        }
    }

    pub(super) fn client_closes(&mut self, id: ConnId) {
        let Some(conn) = self.conns.get_mut(id.0).filter(|conn| conn.at_dialer) else { return };
        conn.at_dialer = false;
        conn.exchange = None;
        self.send_up(id, Up::Fin);
    }

    /// Something reached a client.
    pub(super) fn client_hears(&mut self, client: ClientId, id: ConnId, item: Down) {
        let Some(conn) = self.conns.get_mut(id.0).filter(|conn| conn.at_dialer) else { return };
        let (exchange, asks_policy) = (conn.exchange, conn.asks_policy.is_some());
        if conn.severed {
            return;
        }
        let hears_at = self.clients[client.index()].visit.hears_at(self.now);
        if hears_at > self.now {
            return self.queue.push(hears_at, Event::Down(id, item));
        }
        if asks_policy {
            return self.flash_hears(client, id, &item);
        }
        if let Down::Response(head) | Down::Begun(head) | Down::Upgraded(head) = &item {
            let jar = &mut self.clients[client.index()].jar;
            head.headers.all(SET_COOKIE).for_each(|cookie| jar.handle_set_cookie(cookie));
        }
        match item {
            Down::Accepted => self.client_goes_on(id),
            Down::Tls => {
                let Some(conn) = self.conns.get_mut(id.0) else { return };
                conn.handshake = conn.handshake.saturating_sub(1);
                self.client_goes_on(id);
            }
            Down::Response(head) => self.answered(id, head.status, head.body),
            Down::Upgraded(_) => {
                if let Some(exchange) = exchange {
                    self.client_takes(client, ClientInput::Opened { exchange });
                }
            }
            Down::Message(text) => {
                if let Some(exchange) = exchange {
                    self.client_takes(client, ClientInput::Message { exchange, text });
                }
            }
            Down::Begun(ResponseHead { status: 200, body: chunk, .. }) | Down::Chunk(chunk) => {
                let streams = &self.clients[client.index()].streams;
                if let Some(exchange) = exchange.filter(|exchange| streams.contains(exchange)) {
                    self.client_takes(client, ClientInput::Chunk { exchange, chunk });
                }
            }
            // No server of ours refuses by a response that goes on; only Flash asks for a policy.
            Down::Begun(_) | Down::Policy => {}
            Down::Whole => {
                self.client_closes(id);
                if let Some(exchange) = exchange {
                    self.clients[client.index()].exchanges.remove(&exchange);
                    self.client_takes(client, ClientInput::Closed { exchange, clean: true });
                }
                self.send_queued(client);
            }
            Down::Refused => self.ended(id, false),
            Down::Fin => self.ended(id, true),
        }
    }

    fn answered(&mut self, id: ConnId, status: u16, body: Bytes) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        let Some(client) = conn.client() else { return };
        let Some(exchange) = conn.exchange.take() else { return };
        let upgrade = conn.upgrade;
        let node = &mut self.clients[client.index()];
        node.exchanges.remove(&exchange);
        if upgrade {
            // The machine knows an upgrade that was not granted as one that ended.
            self.client_closes(id);
            self.client_takes(client, ClientInput::Closed { exchange, clean: false });
            return;
        }
        node.handling = Some((exchange, id));
        if status == 200 && self.clients[client.index()].streams.contains(&exchange) {
            // A stream that was answered whole.
            self.client_takes(client, ClientInput::Chunk { exchange, chunk: body });
            self.client_takes(client, ClientInput::Closed { exchange, clean: true });
        } else {
            self.client_takes(client, ClientInput::Response { exchange, status, body });
        }
        let node = &mut self.clients[client.index()];
        node.handling = None;
        if node.visit.gone.is_some_and(|how| how != Leaving::Silent) {
            return self.client_closes(id);
        }
        match self.clients[client.index()].member.sort(self.scenario).connections {
            Connections::PerRequest => self.client_closes(id),
            Connections::KeepAlive => {
                if self.conns.get(id.0).is_some_and(|conn| conn.at_dialer) {
                    self.clients[client.index()].idle.push(id);
                }
            }
        }
        self.send_queued(client);
    }

    pub(super) fn ended(&mut self, id: ConnId, clean: bool) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        conn.at_dialer = false;
        let Some(client) = conn.client() else { return };
        let exchange = conn.exchange.take();
        self.forget_conn(id);
        let node = &mut self.clients[client.index()];
        node.idle.retain(|idle| *idle != id);
        if let Some(exchange) = exchange {
            node.exchanges.remove(&exchange);
            self.client_takes(client, ClientInput::Closed { exchange, clean });
        }
        self.send_queued(client);
    }
}
