//! Proxies: what they hear on their connections, and what they do.

use bytes::Bytes;

use super::conn::{Conn, Dialer, HopLink, Listener};
use super::queue::{Down, Event, Inquiry, Table, Up, Wake};
use super::{Wire, World, chain};
use crate::scenario::{BalancerMode, Destination, ServerIx};
use crate::trace::TraceEvent;
use crate::world::balancer::{ConnId, Edit, Input, LinkId, Output, RequestId, ResponseHead};
use crate::world::proxy::{Proxy, ProxyOutput};

/// One proxy of the chain.
pub(super) struct Hop {
    pub(super) machine: Proxy,
    pub(super) mode: BalancerMode,
    /// The address that it connects from.
    pub(super) address: core::net::Ipv4Addr,
    /// How long one way to it takes, for whoever connects to it and is no client.
    pub(super) wire: Wire,
    /// Its machine waits for silence, and is told what passes.
    pub(super) listens: bool,
    /// TLS ends here.
    pub(super) tls: bool,
    /// When its processor has done the handshakes that came so far.
    pub(super) busy_until: socketio08::Instant,
    /// It ended, and none has taken its place.
    pub(super) down: bool,
    /// How many processes it had before this one.
    pub(super) process: u32,
    wake: Wake,
    /// Which connection each link of each destination is.
    links: Vec<Table<ConnId>>,
}

impl Hop {
    pub(super) fn new(site: chain::Site, wire: Wire) -> Self {
        Self {
            links: site.backends.iter().map(|_| Table::default()).collect(),
            mode: site.mode,
            listens: site.listens,
            address: site.address,
            tls: site.tls,
            machine: Proxy::new(site.routes, site.otherwise, site.told, site.backends),
            wire,
            busy_until: socketio08::Instant::ZERO,
            down: false,
            process: 0,
            wake: Wake::default(),
        }
    }
}

impl World<'_> {
    // --- the machine

    pub(super) fn hop_wakes(&mut self, hop: usize) {
        let state = &mut self.hops[hop];
        if !state.down && state.wake.fires(self.now) {
            state.machine.handle_timeout(self.now);
            self.settle_hop(hop);
        }
    }

    fn hop_takes(&mut self, link: HopLink, input: Input) {
        self.hops[link.hop].machine.handle_input(self.now, link.backend, input);
        self.settle_hop(link.hop);
    }

    pub(super) fn settle_hop(&mut self, hop: usize) {
        while let Some(output) = self.hops[hop].machine.poll_output() {
            match output {
                ProxyOutput::Backend { backend, output } => self.hop_does(hop, backend, output),
                ProxyOutput::Deny { conn, status } => {
                    self.answer(conn, status);
                    self.close_from_hop(conn);
                }
                ProxyOutput::Close { conn } => self.close_from_hop(conn),
            }
        }
        let state = &mut self.hops[hop];
        let due = state.machine.poll_timeout();
        if let Some(at) = state.wake.arm(due) {
            self.queue.push(at.max(self.now), Event::HopWake(hop));
        }
    }

    fn hop_does(&mut self, hop: usize, backend: usize, output: Output) {
        let at = |link: LinkId| HopLink { hop, backend, link };
        match output {
            Output::Connect { link, server, proxy } => self.connect(at(link), server, proxy),
            Output::Forward { link, conn, request: _, edits } => self.forward(at(link), conn, &edits),
            Output::Respond { link, edits, .. } => self.respond(at(link), &edits),
            Output::Answer { conn, request: _, status } => self.answer(conn, status),
            Output::CloseClient { conn } => self.close_from_hop(conn),
            Output::CloseLink { link } => self.close_link(at(link)),
            Output::Tunnel { conn, link } => self.tunnel(conn, at(link)),
            Output::Check { server } => self.check(hop, backend, server),
            Output::Marked { server, up } => {
                if self.hops[hop].machine.destination(backend) == Some(&Destination::Servers) {
                    self.trace.record(self.now, TraceEvent::Marked { server, up });
                }
            }
        }
    }

    /// The connection behind a link.
    fn link(&self, link: HopLink) -> Option<ConnId> {
        self.hops.get(link.hop)?.links.get(link.backend)?.get(link.link.0).copied()
    }

    fn forget_link(&mut self, link: HopLink) {
        if let Some(links) = self.hops.get_mut(link.hop).and_then(|hop| hop.links.get_mut(link.backend)) {
            links.remove(link.link.0);
        }
    }

    // --- what it does

    fn connect(&mut self, link: HopLink, server: ServerIx, proxy: Option<core::net::Ipv4Addr>) {
        let Some(to) = self.hops[link.hop].machine.destination(link.backend) else { return };
        let Some(listener) = self.chain.listener(to, server) else { return };
        let id = self.new_conn(Conn { proxied: proxy, ..Conn::new(Dialer::Hop(link), listener) });
        if let Some(links) = self.hops[link.hop].links.get_mut(link.backend) {
            links.insert(link.link.0, id);
        }
        self.send_up(id, Up::Syn);
    }

    fn forward(&mut self, link: HopLink, from: ConnId, edits: &[Edit]) {
        let Some(id) = self.link(link) else { return };
        let Some(mut request) = self.conns.get(from.0).and_then(|conn| conn.request.clone()) else { return };
        if let Some(conn) = self.conns.get_mut(id.0) {
            conn.serves = Some(from);
        }
        request.head.apply(edits);
        self.send_up(id, Up::Request(request));
    }

    /// Lets the response of a link through.
    fn respond(&mut self, link: HopLink, edits: &[Edit]) {
        let Some(id) = self.link(link) else { return };
        let Some(mut begun) = self.conns.get_mut(id.0).and_then(|conn| conn.begun.take()) else { return };
        if let Down::Response(head) | Down::Begun(head) | Down::Upgraded(head) = &mut begun {
            head.headers.apply(edits);
        }
        self.relay(id, begun);
    }

    /// The proxy's own answer to the request in progress.
    fn answer(&mut self, id: ConnId, status: u16) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        // Of a request that did not come in time only the connection tells whose it would have been.
        let whose = conn.request.take().map(|request| request.client);
        if let Some(client) = whose.or(conn.client()) {
            self.trace.record(self.now, TraceEvent::BalancerAnswered { client, status });
        }
        let page = Bytes::from_static(b"balancer error page");
        self.send_down(id, Down::Response(ResponseHead::new(status, page)));
    }

    pub(super) fn close_from_hop(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(id.0) {
            conn.at_listener = false;
        }
        self.send_down(id, Down::Fin);
        self.forget_conn(id);
    }

    fn close_link(&mut self, link: HopLink) {
        let Some(id) = self.link(link) else { return };
        self.forget_link(link);
        if let Some(conn) = self.conns.get_mut(id.0) {
            conn.at_dialer = false;
        }
        self.send_up(id, Up::Fin);
    }

    fn tunnel(&mut self, from: ConnId, link: HopLink) {
        let Some(to) = self.link(link) else { return };
        let held = match self.conns.get_mut(from.0) {
            Some(conn) => {
                conn.tunnel = Some(to);
                std::mem::take(&mut conn.held)
            }
            None => Vec::new(),
        };
        if let Some(conn) = self.conns.get_mut(to.0) {
            conn.serves = Some(from);
            conn.copies = true;
        }
        for item in held {
            self.send_up(to, item);
        }
    }

    // --- what it hears

    /// Something of the one who connected to it.
    pub(super) fn hop_hears_dialer(&mut self, hop: usize, id: ConnId, item: Up) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        if let Up::Syn = item {
            if self.hops[hop].down {
                return self.send_down(id, Down::Refused);
            }
            conn.at_listener = true;
            return self.hop_opened(hop, id);
        }
        if !conn.at_listener {
            return self.forget_conn(id);
        }
        match item {
            Up::Fin => {
                conn.at_listener = false;
                self.hops[hop].machine.handle_client_closed(self.now, id);
                self.settle_hop(hop);
                self.forget_conn(id);
            }
            Up::Tls(left) if self.hops[hop].tls => self.hop_shakes_hands(hop, id, left),
            Up::Policy if self.hops[hop].tls => {
                // No TLS: whoever ends TLS hangs up.
                self.hops[hop].machine.handle_client_closed(self.now, id);
                self.settle_hop(hop);
                self.close_from_hop(id);
            }
            Up::Policy if self.hops[hop].mode == BalancerMode::Http => {
                self.hops[hop].machine.handle_malformed(self.now, id);
                self.settle_hop(hop);
            }
            item => match (conn.tunnel, item) {
                (Some(link), item) => {
                    self.send_up(link, item);
                    self.passed(link);
                }
                (None, item) if self.hops[hop].mode == BalancerMode::Tcp => conn.held.push(item),
                (None, Up::Request(request)) => {
                    let head = request.head.clone();
                    conn.request = Some(request);
                    let request = RequestId(self.requests_made);
                    self.requests_made += 1;
                    self.hops[hop].machine.handle_request(self.now, id, request, head);
                    self.settle_hop(hop);
                }
                (None, _) => {}
            },
        }
    }

    fn hop_opened(&mut self, hop: usize, id: ConnId) {
        let Some(conn) = self.conns.get(id.0) else { return };
        let (dialer, proxied) = (conn.dialer, conn.proxied);
        let source = match dialer {
            Dialer::Client(client) => self.clients[client.index()].member.address,
            Dialer::Hop(link) => self.hops[link.hop].address,
            // Servers dial servers alone.
            Dialer::Server(_) => core::net::Ipv4Addr::UNSPECIFIED,
        };
        self.send_down(id, Down::Accepted);
        self.hops[hop].machine.handle_opened(self.now, id, source, proxied);
        self.settle_hop(hop);
    }

    /// A flight of a TLS handshake; the last one costs what the handshake costs.
    fn hop_shakes_hands(&mut self, hop: usize, id: ConnId, left: u32) {
        if left > 1 {
            return self.send_down(id, Down::Tls);
        }
        let state = &mut self.hops[hop];
        state.busy_until = state.busy_until.max(self.now) + self.scenario.tls.cost;
        let done = state.busy_until;
        self.queue.push(done, Event::ShakenHands(id));
    }

    /// A processor has done the last flight of a handshake.
    pub(super) fn shaken_hands(&mut self, id: ConnId) {
        self.send_down(id, Down::Tls);
    }

    /// Something of the one it connected to.
    pub(super) fn hop_hears_listener(&mut self, link: HopLink, id: ConnId, item: Down) {
        let Some(conn) = self.conns.get_mut(id.0) else { return };
        if !conn.at_dialer {
            return self.forget_conn(id);
        }
        let copies = conn.copies;
        let name = link.link;
        match item {
            Down::Accepted => self.hop_takes(link, Input::Connected { link: name }),
            Down::Refused => {
                self.conns.remove(id.0);
                self.forget_link(link);
                self.hop_takes(link, Input::Refused { link: name });
            }
            Down::Fin => {
                conn.at_dialer = false;
                self.forget_link(link);
                self.forget_conn(id);
                self.hop_takes(link, Input::LinkClosed { link: name });
            }
            item if copies => {
                self.relay(id, item);
                self.passed(id);
            }
            Down::Upgraded(head) => self.response_starts(link, id, head.clone(), Down::Upgraded(head)),
            Down::Response(head) => {
                self.response_starts(link, id, head.clone(), Down::Response(head));
                self.hop_takes(link, Input::ResponseDone { link: name });
            }
            Down::Begun(head) => self.response_starts(link, id, head.clone(), Down::Begun(head)),
            Down::Chunk(part) => {
                self.relay(id, Down::Chunk(part));
                self.passed(id);
            }
            Down::Whole => {
                self.relay(id, Down::Whole);
                self.hop_takes(link, Input::ResponseDone { link: name });
            }
            Down::Message(_) | Down::Tls | Down::Policy => {}
        }
    }

    /// Shows the proxy the head of a response; it says what becomes of it.
    fn response_starts(&mut self, link: HopLink, id: ConnId, head: ResponseHead, item: Down) {
        if let Some(conn) = self.conns.get_mut(id.0) {
            conn.begun = Some(item);
        }
        self.hop_takes(link, Input::ResponseStarted { link: link.link, head });
        if let Some(conn) = self.conns.get_mut(id.0) {
            conn.begun = None;
        }
    }

    /// Something passed over a link: the machine may wait for silence.
    fn passed(&mut self, id: ConnId) {
        let Some(Dialer::Hop(link)) = self.conns.get(id.0).map(|conn| conn.dialer) else { return };
        if self.hops[link.hop].listens {
            self.hop_takes(link, Input::Passed { link: link.link });
        }
    }

    /// Copies to the one a link serves, if the proxy still has it.
    fn relay(&mut self, link: ConnId, item: Down) {
        let Some(id) = self.conns.get(link.0).and_then(|conn| conn.serves) else { return };
        let Some(conn) = self.conns.get_mut(id.0).filter(|conn| conn.at_listener) else { return };
        conn.request = None;
        self.send_down(id, item);
    }

    // --- checks

    fn check(&mut self, hop: usize, backend: usize, server: ServerIx) {
        let inquiry = Inquiry { hop, process: self.hops[hop].process, backend, server };
        let Some(target) = self.check_target(inquiry) else { return };
        if let Some(delay) = self.check_way(target) {
            self.queue.push(self.now + delay, Event::CheckArrives(inquiry));
        }
    }

    fn check_target(&self, inquiry: Inquiry) -> Option<Listener> {
        let machine = &self.hops.get(inquiry.hop)?.machine;
        self.chain.listener(machine.destination(inquiry.backend)?, inquiry.server)
    }

    /// How long one way of a check takes; `None`: it never arrives, or too late to count.
    fn check_way(&mut self, target: Listener) -> Option<std::time::Duration> {
        match target {
            Listener::Server(server) => self.check_hop(server),
            Listener::Cluster => self.check_hop(ServerIx(0)),
            Listener::App(app) => self.apps[app].wire.hop(self.now, true),
            Listener::Hop(hop) => self.hops[hop].wire.hop(self.now, true),
        }
    }

    pub(super) fn check_arrives(&mut self, inquiry: Inquiry) {
        let Some(target) = self.check_target(inquiry) else { return };
        let alive = match target {
            Listener::Server(server) => self.servers[server.0].is_alive(),
            Listener::Cluster => self.servers.iter().any(super::server::ServerNode::is_alive),
            Listener::Hop(hop) => !self.hops[hop].down,
            Listener::App(_) => true,
        };
        if let Some(delay) = self.check_way(target) {
            self.queue.push(self.now + delay, Event::CheckEnds(inquiry, alive));
        }
    }

    pub(super) fn check_ends(&mut self, inquiry: Inquiry, passed: bool) {
        let Inquiry { hop, process, backend, server } = inquiry;
        let state = &mut self.hops[hop];
        if state.down || state.process != process {
            return;
        }
        state.machine.handle_input(self.now, backend, Input::Checked { server, passed });
        self.settle_hop(hop);
    }
}
