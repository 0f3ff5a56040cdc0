//! The balancer and the two legs of every connection through it.

use socketio08::Instant;
use socketio08::server::ExchangeId;

use super::World;
use super::queue::{Carried, Down, Event, Up};
use crate::scenario::{BalancerMode, ServerIx};
use crate::trace::{ClientId, TraceEvent};
use crate::world::balancer::{ConnId, Edit, Input, LinkId, Output, RequestId, ResponseHead};

/// A client's connection to the balancer, with what each end knows of it.
#[expect(clippy::struct_excessive_bools, reason = "what each end knows, and what the way between is like")]
pub(super) struct Conn {
    pub(super) client: ClientId,
    /// The client's end is open.
    pub(super) at_client: bool,
    /// The request in progress, or the websocket.
    pub(super) exchange: Option<ExchangeId>,
    /// The request that opened the connection was an upgrade.
    pub(super) upgrade: bool,
    /// The request that waits for the connection to open.
    pub(super) waiting: Option<Box<Carried>>,
    /// The balancer's end is open.
    at_balancer: bool,
    /// http mode: the request in progress at the balancer.
    request: Option<Box<Carried>>,
    /// The link that copies both ways.
    tunnel: Option<LinkId>,
    /// tcp mode: what came before the tunnel.
    held: Vec<Up>,
    /// The client's address is another now: nothing passes any more, and neither end is told.
    pub(super) severed: bool,
    last_up: Instant,
    last_down: Instant,
}

impl Conn {
    pub(super) fn new(client: ClientId, exchange: ExchangeId, request: Box<Carried>) -> Self {
        Self {
            client,
            at_client: true,
            exchange: Some(exchange),
            upgrade: request.head.upgrade,
            waiting: Some(request),
            at_balancer: true,
            request: None,
            tunnel: None,
            held: Vec::new(),
            severed: false,
            last_up: Instant::ZERO,
            last_down: Instant::ZERO,
        }
    }
}

impl Conn {
    /// It never reaches the balancer.
    pub(super) fn close_at_balancer(&mut self) {
        self.at_balancer = false;
    }
}

/// The balancer's connection to a server, with what each end knows of it.
pub(super) struct Link {
    pub(super) server: ServerIx,
    /// The server's end is open.
    pub(super) at_server: bool,
    /// The request in progress at the server, or the websocket.
    pub(super) exchange: Option<ExchangeId>,
    /// The balancer's end is open, or being opened.
    at_balancer: bool,
    /// Whose request is in progress, or who is tunnelled.
    conn: Option<ConnId>,
    /// The beginning of a response that the balancer has not let through yet.
    begun: Option<Down>,
    tunnel: bool,
    last_up: Instant,
    last_down: Instant,
}

impl World<'_> {
    // --- the legs

    /// Sends from a client to the balancer.
    pub(super) fn send_up(&mut self, id: ConnId, item: Up) {
        let Some(client) = self.client_on(id) else { return };
        self.clients[client.index()].meter.count_up(&item);
        let Some(delay) = self.client_hop(client, matches!(item, Up::Syn)) else { return };
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        conn.last_up = conn.last_up.max(self.now + delay);
        self.queue.push(conn.last_up, Event::FromClient(id, item));
    }

    /// Sends from the balancer to a client.
    fn send_down(&mut self, id: ConnId, item: Down) {
        let Some(client) = self.client_on(id) else { return };
        self.clients[client.index()].meter.count_down(&item);
        let Some(delay) = self.client_hop(client, matches!(item, Down::Accepted)) else { return };
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        conn.last_down = conn.last_down.max(self.now + delay);
        self.queue.push(conn.last_down, Event::ToClient(id, item));
    }

    /// The client of a connection over which something passes.
    fn client_on(&self, id: ConnId) -> Option<ClientId> {
        self.conns.get(id.0).filter(|conn| !conn.severed).map(|conn| conn.client)
    }

    /// Sends from the balancer to a server.
    fn send_link_up(&mut self, id: LinkId, item: Up) {
        let Some(server) = self.links.get(id.0).map(|link| link.server) else { return };
        let Some(delay) = self.server_hop(server, matches!(item, Up::Syn)) else { return };
        let Some(link) = self.links.get_mut(id.0) else { return };
        link.last_up = link.last_up.max(self.now + delay);
        self.queue.push(link.last_up, Event::ToServer(id, item));
    }

    /// Sends from a server to the balancer.
    pub(super) fn send_link_down(&mut self, id: LinkId, item: Down) {
        let Some(server) = self.links.get(id.0).map(|link| link.server) else { return };
        let Some(delay) = self.server_hop(server, matches!(item, Down::Accepted)) else { return };
        let Some(link) = self.links.get_mut(id.0) else { return };
        link.last_down = link.last_down.max(self.now + delay);
        self.queue.push(link.last_down, Event::FromServer(id, item));
    }

    /// Forgets a connection that both ends have closed.
    pub(super) fn forget_conn(&mut self, id: ConnId) {
        if self.conns.get(id.0).is_some_and(|conn| !conn.at_client && !conn.at_balancer) {
            self.conns.remove(id.0);
        }
    }

    /// Forgets a link that both ends have closed.
    pub(super) fn forget_link(&mut self, id: LinkId) {
        if self.links.get(id.0).is_some_and(|link| !link.at_server && !link.at_balancer) {
            self.links.remove(id.0);
        }
    }

    // --- the balancer

    pub(super) fn balancer_wakes(&mut self) {
        if self.balancer_wake.fires(self.now) {
            self.balancer.handle_timeout(self.now);
            self.settle_balancer();
        }
    }

    pub(super) fn balancer_takes(&mut self, input: Input) {
        self.balancer.handle_input(self.now, input);
        self.settle_balancer();
    }

    pub(super) fn settle_balancer(&mut self) {
        while let Some(output) = self.balancer.poll_output() {
            self.balancer_does(output);
        }
        let due = self.balancer.poll_timeout().map(|deadline| deadline.at);
        if let Some(at) = self.balancer_wake.arm(due) {
            self.queue.push(at.max(self.now), Event::BalancerWake);
        }
    }

    fn balancer_does(&mut self, output: Output) {
        match output {
            Output::Connect { link, server, proxy: _ } => self.connect(link, server),
            Output::Forward { link, conn, request: _, edits } => self.forward(link, conn, &edits),
            Output::Respond { link, edits, .. } => self.respond(link, &edits),
            Output::Answer { conn, request: _, status } => self.answer(conn, status),
            Output::CloseClient { conn } => {
                if let Some(state) = self.conns.get_mut(conn.0) {
                    state.at_balancer = false;
                }
                self.send_down(conn, Down::Fin);
                self.forget_conn(conn);
            }
            Output::CloseLink { link } => {
                if let Some(state) = self.links.get_mut(link.0) {
                    state.at_balancer = false;
                }
                self.send_link_up(link, Up::Fin);
            }
            Output::Tunnel { conn, link } => self.tunnel(conn, link),
            Output::Check { server } => {
                if let Some(delay) = self.check_hop(server) {
                    self.queue.push(self.now + delay, Event::CheckArrives(server));
                }
            }
            Output::Marked { server, up } => self.trace.record(self.now, TraceEvent::Marked { server, up }),
        }
    }

    fn connect(&mut self, id: LinkId, server: ServerIx) {
        let link = Link {
            server,
            at_server: false,
            exchange: None,
            at_balancer: true,
            conn: None,
            begun: None,
            tunnel: false,
            last_up: Instant::ZERO,
            last_down: Instant::ZERO,
        };
        self.links.insert(id.0, link);
        self.send_link_up(id, Up::Syn);
    }

    fn forward(&mut self, link: LinkId, conn: ConnId, edits: &[Edit]) {
        let Some(mut request) = self.conns.get(conn.0).and_then(|conn| conn.request.clone()) else { return };
        if let Some(link) = self.links.get_mut(link.0) {
            link.conn = Some(conn);
        }
        request.head.apply(edits);
        self.send_link_up(link, Up::Request(request));
    }

    /// Lets the response of a link through.
    fn respond(&mut self, id: LinkId, edits: &[Edit]) {
        let Some(mut begun) = self.links.get_mut(id.0).and_then(|link| link.begun.take()) else { return };
        if let Down::Response(head) | Down::Begun(head) | Down::Upgraded(head) = &mut begun {
            head.headers.apply(edits);
        }
        self.relay(id, begun);
    }

    fn answer(&mut self, id: ConnId, status: u16) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        conn.request = None;
        self.trace.record(self.now, TraceEvent::BalancerAnswered { client: conn.client, status });
        self.send_down(
            id,
            Down::Response(ResponseHead::new(status, bytes::Bytes::from_static(b"balancer error page"))),
        );
    }

    fn tunnel(&mut self, conn: ConnId, link: LinkId) {
        let held = match self.conns.get_mut(conn.0) {
            Some(state) => {
                state.tunnel = Some(link);
                std::mem::take(&mut state.held)
            }
            None => Vec::new(),
        };
        if let Some(state) = self.links.get_mut(link.0) {
            state.conn = Some(conn);
            state.tunnel = true;
        }
        for item in held {
            self.send_link_up(link, item);
        }
    }

    /// Something of a client reached the balancer.
    pub(super) fn balancer_hears_client(&mut self, id: ConnId, item: Up) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        if !conn.at_balancer {
            return self.forget_conn(id);
        }
        match item {
            Up::Syn => {
                let source = self.clients[conn.client.index()].member.address;
                self.send_down(id, Down::Accepted);
                self.balancer_takes(Input::Opened { conn: id, source, proxied: None });
            }
            Up::Fin => {
                conn.at_balancer = false;
                self.balancer_takes(Input::ClientClosed { conn: id });
                self.forget_conn(id);
            }
            item => match (conn.tunnel, item) {
                (Some(link), item) => self.send_link_up(link, item),
                (None, item) if self.scenario.balancer.mode == BalancerMode::Tcp => conn.held.push(item),
                (None, Up::Request(request)) => {
                    let head = request.head.clone();
                    conn.request = Some(request);
                    let request = RequestId(self.requests_made);
                    self.requests_made += 1;
                    self.balancer_takes(Input::Request { conn: id, request, head });
                }
                (None, _) => {}
            },
        }
    }

    /// Something of a server reached the balancer.
    pub(super) fn balancer_hears_server(&mut self, id: LinkId, item: Down) {
        let Some(link) = self.links.get_mut(id.0) else { return };
        if !link.at_balancer {
            return self.forget_link(id);
        }
        let tunnel = link.tunnel;
        match item {
            Down::Accepted => self.balancer_takes(Input::Connected { link: id }),
            Down::Refused => {
                self.links.remove(id.0);
                self.balancer_takes(Input::Refused { link: id });
            }
            Down::Fin => {
                link.at_balancer = false;
                self.forget_link(id);
                self.balancer_takes(Input::LinkClosed { link: id });
            }
            item if tunnel => self.relay(id, item),
            Down::Upgraded(head) => self.response_starts(id, head.clone(), Down::Upgraded(head)),
            Down::Response(head) => {
                self.response_starts(id, head.clone(), Down::Response(head));
                self.balancer_takes(Input::ResponseDone { link: id });
            }
            Down::Begun(head) => self.response_starts(id, head.clone(), Down::Begun(head)),
            Down::Chunk(part) => self.relay(id, Down::Chunk(part)),
            Down::Whole => {
                self.relay(id, Down::Whole);
                self.balancer_takes(Input::ResponseDone { link: id });
            }
            Down::Message(_) => {}
        }
    }

    /// Shows the balancer the head of a response; it says what becomes of it.
    fn response_starts(&mut self, id: LinkId, head: ResponseHead, item: Down) {
        if let Some(link) = self.links.get_mut(id.0) {
            link.begun = Some(item);
        }
        self.balancer_takes(Input::ResponseStarted { link: id, head });
        if let Some(link) = self.links.get_mut(id.0) {
            link.begun = None;
        }
    }

    /// Copies to the client of a link, if the balancer still has it.
    fn relay(&mut self, link: LinkId, item: Down) {
        let Some(id) = self.links.get(link.0).and_then(|link| link.conn) else { return };
        let Some(conn) = self.conns.get_mut(id.0).filter(|conn| conn.at_balancer) else { return };
        conn.request = None;
        self.send_down(id, item);
    }

    pub(super) fn check_arrives(&mut self, server: ServerIx) {
        let alive = self.servers[server.0].is_alive();
        if let Some(delay) = self.check_hop(server) {
            self.queue.push(self.now + delay, Event::CheckEnds(server, alive));
        }
    }

    pub(super) fn check_ends(&mut self, server: ServerIx, passed: bool) {
        self.balancer_takes(Input::Checked { server, passed });
    }
}
