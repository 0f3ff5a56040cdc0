//! A balancer with clients and servers of a word each, in virtual time: connecting takes no time, a dead server
//! refuses, and a live one holds every request until it is told to answer.

use core::net::Ipv4Addr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use socketio08::Instant;
use socketio08::server::Method;

use super::super::{Balancer, ConnId, Edit, Input, LinkId, Output, RequestHead, RequestId, ResponseHead};
use crate::scenario::{self, Balance, Check, HashType, Redispatch, ServerIx};
use crate::world::seed::Seed;

pub(super) fn config(balance: Balance) -> scenario::Balancer {
    scenario::Balancer { balance, ..scenario::Balancer::default() }
}

/// `check inter 2s fall 3 rise 2`, `balance source`, map-based, as in table C.
pub(super) fn table_c() -> scenario::Balancer {
    scenario::Balancer {
        redispatch: Redispatch::AtLastRetry,
        check: Some(Check::default()),
        hash_type: HashType::MapBased,
        ..config(Balance::Source)
    }
}

/// A request like any other.
pub(super) fn poll() -> RequestHead {
    RequestHead::new(Method::Get, "/socket.io/1/xhr-polling/7?t=1")
}

/// A response of that status.
pub(super) fn response(status: u16) -> ResponseHead {
    ResponseHead::new(status, Bytes::new())
}

pub(super) struct Rig {
    pub(super) balancer: Balancer,
    pub(super) now: Instant,
    pub(super) dead: BTreeSet<ServerIx>,
    /// Connections to servers are neither opened nor refused.
    pub(super) silent: bool,
    /// Everything the balancer said, with its time.
    pub(super) log: Vec<(Instant, Output)>,
    /// Which server got each request, and over which link.
    pub(super) forwarded: BTreeMap<RequestId, (ServerIx, LinkId)>,
    next: u64,
}

impl Rig {
    pub(super) fn new(config: &scenario::Balancer, servers: usize) -> Self {
        Self {
            balancer: Balancer::new(config, servers, Seed(1).stream("balancer/random")),
            now: Instant::ZERO,
            dead: BTreeSet::new(),
            silent: false,
            log: Vec::new(),
            forwarded: BTreeMap::new(),
            next: 0,
        }
    }

    /// The process ends with all that it knew, and a fresh one takes its place.
    pub(super) fn restart(&mut self, config: &scenario::Balancer, servers: usize) {
        let random = Seed(1).stream("balancer/random/1");
        self.balancer = Balancer::restarted(self.now, config, servers, random);
    }

    /// A client connects from `127.0.1.host`.
    pub(super) fn open(&mut self, host: u8) -> ConnId {
        self.next += 1;
        let conn = ConnId(self.next);
        self.input(Input::Opened { conn, source: Ipv4Addr::new(127, 0, 1, host), proxied: None });
        conn
    }

    pub(super) fn request(&mut self, conn: ConnId) -> RequestId {
        self.request_with(conn, poll())
    }

    pub(super) fn request_with(&mut self, conn: ConnId, head: RequestHead) -> RequestId {
        self.next += 1;
        let request = RequestId(self.next);
        self.input(Input::Request { conn, request, head });
        request
    }

    /// A new client connection brings one request, which is answered at once; returns its server and what changed in
    /// the response.
    pub(super) fn visit(&mut self, head: RequestHead, answer: ResponseHead) -> (ServerIx, Vec<Edit>) {
        let conn = self.open(1);
        let request = self.request_with(conn, head);
        let (server, link) = self.forwarded[&request];
        self.input(Input::ResponseStarted { link, head: answer });
        self.input(Input::ResponseDone { link });
        self.input(Input::ClientClosed { conn });
        let edits = self.log.iter().rev().find_map(|(_, output)| match output {
            Output::Respond { request: answered, edits, .. } if *answered == request => Some(edits.clone()),
            _ => None,
        });
        (server, edits.unwrap_or_default())
    }

    /// What was changed in a request on its way to its server.
    pub(super) fn request_edits(&self, request: RequestId) -> Vec<Edit> {
        let edits = self.log.iter().rev().find_map(|(_, output)| match output {
            Output::Forward { request: sent, edits, .. } if *sent == request => Some(edits.clone()),
            _ => None,
        });
        edits.unwrap_or_default()
    }

    /// A new client connection brings one request. Returns where it went.
    pub(super) fn fresh_request(&mut self, host: u8) -> (ConnId, RequestId) {
        let conn = self.open(host);
        (conn, self.request(conn))
    }

    /// A request that is answered at once; returns its server.
    pub(super) fn exchange(&mut self, conn: ConnId) -> ServerIx {
        let request = self.request(conn);
        let server = self.server_of(request);
        self.answer(request);
        server
    }

    pub(super) fn answer(&mut self, request: RequestId) {
        let (_, link) = self.forwarded[&request];
        self.input(Input::ResponseStarted { link, head: response(200) });
        self.input(Input::ResponseDone { link });
    }

    pub(super) fn server_of(&self, request: RequestId) -> ServerIx {
        self.forwarded[&request].0
    }

    /// The server dies: everything it holds is closed.
    pub(super) fn kill(&mut self, server: usize) {
        self.dead.insert(ServerIx(server));
        for id in 0..self.next * 4 {
            let link = LinkId(id);
            if self.balancer.link_server(link) == Some(ServerIx(server)) {
                self.input(Input::LinkClosed { link });
            }
        }
    }

    pub(super) fn input(&mut self, input: Input) {
        self.balancer.handle_input(self.now, input);
        self.drain();
    }

    pub(super) fn run_until(&mut self, end: Instant) {
        while let Some(due) = self.balancer.poll_timeout().filter(|due| due.at <= end) {
            self.now = due.at;
            self.balancer.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    pub(super) fn run_for(&mut self, seconds: u64) {
        self.run_until(self.now + Duration::from_secs(seconds));
    }

    fn drain(&mut self) {
        while let Some(output) = self.balancer.poll_output() {
            self.log.push((self.now, output.clone()));
            let answer = match output {
                Output::Connect { .. } if self.silent => continue,
                Output::Connect { link, server, .. } if self.dead.contains(&server) => {
                    Input::Refused { link }
                }
                Output::Connect { link, .. } => Input::Connected { link },
                Output::Check { server } => Input::Checked { server, passed: !self.dead.contains(&server) },
                Output::Forward { link, request, .. } => {
                    let server = self.balancer.link_server(link).unwrap();
                    self.forwarded.insert(request, (server, link));
                    continue;
                }
                _ => continue,
            };
            self.balancer.handle_input(self.now, answer);
        }
    }

    /// What the balancer answered by itself, in milliseconds after `since`, and with which status.
    pub(super) fn answered(&self, asked: RequestId, since: Instant) -> Option<(u16, u128)> {
        self.log.iter().find_map(|(at, output)| match output {
            Output::Answer { request, status, .. } if *request == Some(asked) => {
                Some((*status, (*at - since).as_millis()))
            }
            _ => None,
        })
    }

    /// When a server was marked, in milliseconds from the origin.
    pub(super) fn marks(&self) -> Vec<(ServerIx, bool, u64)> {
        let marked = |(at, output): &(Instant, Output)| match output {
            Output::Marked { server, up } => Some((*server, *up, at.as_millis())),
            _ => None,
        };
        self.log.iter().filter_map(marked).collect()
    }

    pub(super) fn said(&self, output: &Output) -> bool {
        self.log.iter().any(|(_, said)| said == output)
    }

    pub(super) fn connects(&self) -> usize {
        self.log.iter().filter(|(_, output)| matches!(output, Output::Connect { .. })).count()
    }
}
