//! The machine with what it drives: clients' connections, links to servers, requests in between.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response};
use socketio08::Instant;
use socketio08_tokio::Clock;
use tokio::sync::{Notify, oneshot};
use tokio::task::spawn_local;
use tokio::time::sleep_until;
use turmoil::net::TcpStream;

use crate::engine::turmoil::dial::Dialer;
use crate::engine::turmoil::origin::Origin;
use crate::scenario::{BalancerMode, ServerIx};
use crate::trace::{ClientId, TraceEvent, TraceHandle};
use crate::world::balancer::{Balancer, ConnId, Edit, Input, LinkId, Output, RequestHead, RequestId};

use super::ending::{Ending, Manner};
use super::{head, link, tunnel};

/// A request between its arrival and its answer.
pub(super) struct Pending {
    /// Its head, as the machine sees it.
    pub(super) head: RequestHead,
    /// The request as it arrived.
    pub(super) request: Request<Full<Bytes>>,
    /// Resolves to the client's connection after a 101.
    pub(super) upgrade: Option<OnUpgrade>,
    /// Takes the answer.
    pub(super) reply: oneshot::Sender<Response<Full<Bytes>>>,
}

/// A client's connection.
struct Front {
    client: ClientId,
    ending: Rc<Ending>,
    request: Option<(RequestId, Pending)>,
    /// The connection as a stream of bytes, to be copied: in tcp mode at once, in http mode after a 101.
    raw: Option<Raw>,
    tunnelled: bool,
}

/// A connection to a server.
struct Link {
    ending: Rc<Ending>,
    /// Takes the next request (http mode); absent while it carries one.
    sender: Option<SendRequest<Full<Bytes>>>,
    /// The connection has ended, but a response that came before that is still being read.
    ended: bool,
    /// A response that the machine has not let through yet.
    response: Option<Response<Full<Bytes>>>,
    /// As with [`Front::raw`].
    raw: Option<Raw>,
}

/// A connection to be copied.
pub(super) enum Raw {
    /// In tcp mode.
    Stream(TcpStream),
    /// In http mode, after a 101.
    Upgrade(OnUpgrade),
}

/// Handle on the balancer's state; every task of the balancer has one.
#[derive(Clone)]
pub(super) struct Carrier {
    state: Rc<RefCell<State>>,
    changed: Rc<Notify>,
    mode: BalancerMode,
    clock: Clock,
    dialer: Dialer,
}

struct State {
    machine: Balancer,
    fronts: BTreeMap<ConnId, Front>,
    /// Connections of clients that have left; kept while a request of theirs may still go to a server.
    left: BTreeSet<ConnId>,
    links: BTreeMap<LinkId, Link>,
    servers: Vec<IpAddr>,
    trace: TraceHandle,
    conns: u64,
    requests: u64,
}

impl Carrier {
    pub(super) fn new(
        machine: Balancer,
        mode: BalancerMode,
        servers: Vec<IpAddr>,
        (clock, dialer): (Clock, Dialer),
        trace: TraceHandle,
    ) -> Self {
        let (fronts, links) = (BTreeMap::new(), BTreeMap::new());
        let left = BTreeSet::new();
        let state = State { machine, fronts, left, links, servers, trace, conns: 0, requests: 0 };
        Self { state: Rc::new(RefCell::new(state)), changed: Rc::default(), mode, clock, dialer }
    }

    pub(super) fn mode(&self) -> BalancerMode {
        self.mode
    }

    pub(super) fn dialer(&self) -> Dialer {
        self.dialer
    }

    // --- what the tasks tell

    /// A client connected.
    pub(super) fn open(&self, origin: Origin, ending: Rc<Ending>, raw: Option<TcpStream>) -> ConnId {
        let conn = {
            let mut state = self.state.borrow_mut();
            state.conns += 1;
            let conn = ConnId(state.conns);
            let raw = raw.map(Raw::Stream);
            state
                .fronts
                .insert(conn, Front { client: origin.client, ending, request: None, raw, tunnelled: false });
            conn
        };
        self.input(Input::Opened { conn, source: origin.address, proxied: None });
        conn
    }

    /// A request arrived. If the connection is gone, so is the request.
    pub(super) fn request(&self, conn: ConnId, pending: Pending) {
        let (request, head) = {
            let mut state = self.state.borrow_mut();
            state.requests += 1;
            let request = RequestId(state.requests);
            let Some(front) = state.fronts.get_mut(&conn) else { return };
            let head = pending.head.clone();
            front.request = Some((request, pending));
            (request, head)
        };
        self.input(Input::Request { conn, request, head });
    }

    /// A client's HTTP connection ended by itself, `clean` also if it became a tunnel.
    pub(super) fn front_ended(&self, conn: ConnId, clean: bool) {
        let tunnelled = self.state.borrow().fronts.get(&conn).is_some_and(|front| front.tunnelled);
        if !(clean && tunnelled) {
            self.front_closed(conn);
        }
    }

    /// A client's connection ended. A request of it stays until the machine has done with it.
    pub(super) fn front_closed(&self, conn: ConnId) {
        if self.state.borrow_mut().leave(conn) {
            self.input(Input::ClientClosed { conn });
        }
    }

    /// A link ended, or was never opened.
    pub(super) fn link_closed(&self, link: LinkId, opened: bool) {
        let known = self.state.borrow_mut().links.remove(&link).is_some();
        if known {
            self.input(if opened { Input::LinkClosed { link } } else { Input::Refused { link } });
        }
    }

    /// A link is open; tells whether it is still wanted.
    pub(super) fn link_opened(
        &self,
        link: LinkId,
        sender: Option<SendRequest<Full<Bytes>>>,
        raw: Option<TcpStream>,
    ) -> bool {
        let wanted = self.state.borrow_mut().links.get_mut(&link).is_some_and(|entry| {
            entry.sender = sender;
            entry.raw = raw.map(Raw::Stream);
            true
        });
        if wanted {
            self.input(Input::Connected { link });
        }
        wanted
    }

    /// A link's HTTP connection ended by itself: told at once, unless a response is being read from it.
    pub(super) fn link_connection_ended(&self, link: LinkId) {
        let idle = self.state.borrow_mut().links.get_mut(&link).is_some_and(|entry| {
            entry.ended = true;
            entry.sender.is_some()
        });
        if idle {
            self.link_closed(link, true);
        }
    }

    /// A response is whole: goes to the client, if it is still there. `last`: the server ends the link after it.
    pub(super) fn responded(
        &self,
        link: LinkId,
        sender: SendRequest<Full<Bytes>>,
        (response, body): (Response<Full<Bytes>>, Bytes),
        last: bool,
    ) {
        let head = head::of_response(&response, body);
        let ended = {
            let mut state = self.state.borrow_mut();
            let Some(entry) = state.links.get_mut(&link) else { return };
            entry.sender = Some(sender);
            entry.response = Some(response);
            entry.ended || last
        };
        self.input(Input::ResponseStarted { link, head });
        self.input(Input::ResponseDone { link });
        if ended {
            self.link_closed(link, true);
        }
    }

    /// A 101 arrived: the link becomes a stream of bytes.
    pub(super) fn upgraded(&self, link: LinkId, upgrade: OnUpgrade, response: Response<Full<Bytes>>) {
        let head = head::of_response(&response, Bytes::new());
        {
            let mut state = self.state.borrow_mut();
            let Some(entry) = state.links.get_mut(&link) else { return };
            entry.response = Some(response);
            entry.raw = Some(Raw::Upgrade(upgrade));
        }
        self.input(Input::ResponseStarted { link, head });
    }

    /// Something was copied in the tunnel of a link.
    pub(super) fn passed(&self, link: LinkId) {
        self.input(Input::Passed { link });
    }

    /// A check ended.
    pub(super) fn checked(&self, server: ServerIx, passed: bool) {
        self.input(Input::Checked { server, passed });
    }

    // --- time

    /// Wakes the machine at its deadlines, for ever.
    pub(super) async fn keep_time(self) {
        self.carry_out();
        loop {
            let deadline = self.state.borrow().machine.poll_timeout();
            let Some(deadline) = deadline else {
                self.changed.notified().await;
                continue;
            };
            tokio::select! {
                biased;
                () = self.changed.notified() => {}
                () = sleep_until(self.clock.to_tokio(deadline.at)) => {
                    let now = self.clock.now();
                    self.state.borrow_mut().machine.handle_timeout(now);
                    self.carry_out();
                }
            }
        }
    }

    // --- the machine

    fn input(&self, input: Input) {
        let now = self.clock.now();
        self.state.borrow_mut().machine.handle_input(now, input);
        self.carry_out();
        self.changed.notify_one();
    }

    fn carry_out(&self) {
        let now = self.clock.now();
        loop {
            let output = self.state.borrow_mut().machine.poll_output();
            let Some(output) = output else { break };
            self.state.borrow_mut().carry_out(self, now, output);
        }
        self.state.borrow_mut().forget_left();
    }
}

impl State {
    fn carry_out(&mut self, carrier: &Carrier, now: Instant, output: Output) {
        match output {
            Output::Connect { link, server, proxy: _ } => {
                let Some(address) = self.servers.get(server.0).copied() else { return };
                let ending = Rc::<Ending>::default();
                let entry =
                    Link { ending: ending.clone(), sender: None, ended: false, response: None, raw: None };
                self.links.insert(link, entry);
                spawn_local(link::serve(carrier.clone(), link, address, ending));
            }
            Output::Forward { link, conn, request, edits } => {
                self.forward(carrier, link, (conn, request), &edits);
            }
            Output::Respond { conn, request, link, edits } => {
                let response = self.links.get_mut(&link).and_then(|entry| entry.response.take());
                if let Some(mut response) = response {
                    head::apply(response.headers_mut(), &edits);
                    self.answer(conn, request, response);
                }
            }
            Output::Answer { conn, request, status } => {
                if let Some(front) = self.fronts.get(&conn) {
                    self.trace.record(now, TraceEvent::BalancerAnswered { client: front.client, status });
                }
                match request {
                    Some(request) => self.answer(conn, request, error_page(status)),
                    None => {
                        if let Some(front) = self.fronts.remove(&conn) {
                            front.ending.order(Manner::Late);
                        }
                    }
                }
            }
            Output::CloseClient { conn } => {
                if let Some(front) = self.fronts.remove(&conn) {
                    let manner = if front.request.is_some() { Manner::Cut } else { Manner::Finish };
                    front.ending.order(manner);
                }
            }
            Output::CloseLink { link } => {
                if let Some(entry) = self.links.remove(&link) {
                    entry.ending.order(Manner::Cut);
                }
            }
            Output::Tunnel { conn, link } => self.tunnel(carrier, conn, link),
            Output::Check { server } => {
                let Some(address) = self.servers.get(server.0).copied() else { return };
                spawn_local(link::check(carrier.clone(), server, address));
            }
            Output::Marked { server, up } => self.trace.record(now, TraceEvent::Marked { server, up }),
        }
    }

    fn forward(&mut self, carrier: &Carrier, link: LinkId, of: (ConnId, RequestId), edits: &[Edit]) {
        let Some(pending) = self.pending(of.0, of.1) else { return };
        let mut outgoing = pending.request.clone();
        head::apply(outgoing.headers_mut(), edits);
        let Some(entry) = self.links.get_mut(&link) else { return };
        let Some(sender) = entry.sender.take() else { return };
        spawn_local(link::exchange(carrier.clone(), link, sender, outgoing));
    }

    fn answer(&mut self, conn: ConnId, request: RequestId, response: Response<Full<Bytes>>) {
        if self.pending(conn, request).is_none() {
            return;
        }
        let Some(front) = self.fronts.get_mut(&conn) else { return };
        if let Some((_, pending)) = front.request.take() {
            if response.status() == hyper::StatusCode::SWITCHING_PROTOCOLS {
                front.raw = pending.upgrade.map(Raw::Upgrade);
            }
            // A client that left meanwhile does not take it.
            let _ = pending.reply.send(response);
        }
    }

    fn tunnel(&mut self, carrier: &Carrier, conn: ConnId, link: LinkId) {
        let (Some(front), Some(entry)) = (self.fronts.get_mut(&conn), self.links.get_mut(&link)) else {
            return;
        };
        let (Some(client), Some(server)) = (front.raw.take(), entry.raw.take()) else { return };
        // The tasks that served them so far end by themselves; the tunnel listens to orders of its own.
        let ending = Rc::<Ending>::default();
        front.ending = ending.clone();
        front.tunnelled = true;
        entry.ending = ending.clone();
        spawn_local(tunnel::run(carrier.clone(), (conn, client), (link, server), ending));
    }

    /// Notes that a client has left; tells whether that is news.
    fn leave(&mut self, conn: ConnId) -> bool {
        let Some(front) = self.fronts.get_mut(&conn) else { return false };
        front.raw = None;
        self.left.insert(conn)
    }

    /// Forgets the connections whose clients have left, as soon as the machine has.
    fn forget_left(&mut self) {
        let (machine, fronts) = (&self.machine, &mut self.fronts);
        self.left.retain(|conn| {
            let needed = machine.knows(*conn);
            if !needed {
                fronts.remove(conn);
            }
            needed
        });
    }

    fn pending(&mut self, conn: ConnId, request: RequestId) -> Option<&mut Pending> {
        let (number, pending) = self.fronts.get_mut(&conn)?.request.as_mut()?;
        (*number == request).then_some(pending)
    }
}

/// HAProxy's own pages are longer; no client reads them.
fn error_page(status: u16) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(format!("{status}\n"))));
    if let Ok(status) = hyper::StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    response
}
