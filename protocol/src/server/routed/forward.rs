//! Requests for sessions of other servers.

use core::time::Duration;

use super::super::exchange::Exchange;
use super::super::rebase::moved;
use super::super::response::{self, PollStyle};
use super::super::{ExchangeId, Method, Request, Server, ServerTransmit, SessionId};
use super::config::{NodeName, Routing};
use super::header::{self, Seen};
use super::owner;
use crate::target::{Target, query_parameter};
use crate::{Cors, Instant, Text, Transport, jsonp};

/// A request that waits for the owner of its session, or whose answer is relayed.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(in super::super) struct Forwarded {
    session: SessionId,
    /// Until when the answer must begin; `None` if it may take for ever, or has begun.
    until: Option<Instant>,
    last_resort: LastResort,
}

impl Forwarded {
    pub(in super::super) fn rebase(&mut self, now: Instant) {
        self.until = self.until.map(|at| moved(at, now));
    }
}

/// What we answer if the owner does not.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum LastResort {
    /// `7:::1+0`, as to any poll of an unknown session.
    Poll(PollStyle),
    /// The same in a stream.
    Stream,
    /// The same on a socket.
    Socket,
    /// 503: `1` would say that the packets were taken, and genuine clients start anew after an error as well.
    Post(Cors),
    /// What every forced disconnect gets.
    Disconnect { upgrade: bool },
}

impl Server {
    /// Sends a request on to the owner of its session, if that is another server. Gives back what is to be answered here.
    pub(in super::super) fn route_request(&mut self, mut request: Request) -> Option<Request> {
        let Routing::Routed(routed) = &self.config.routing else { return Some(request) };
        if header::take(routed, &mut request) != Seen::Nothing {
            return Some(request);
        }
        let target = request.target.clone();
        let Target::Session { transport, session, query } = Target::parse(&self.config.resource, &target)
        else {
            return Some(request);
        };
        let Some(peer) = owner(session).and_then(|name| self.peer(name)) else { return Some(request) };
        let Some(last_resort) = self.last_resort(&request, transport.ok(), query) else {
            return Some(request);
        };
        // Not a slice of the target, which would keep the whole request in memory.
        let session = SessionId(Text::from(session));
        self.forward_request(request, peer, session, last_resort);
        None
    }

    fn peer(&self, name: &str) -> Option<NodeName> {
        let Routing::Routed(routed) = &self.config.routing else { return None };
        let mut peers = routed.peers.iter().filter(|peer| **peer != routed.node);
        peers.find(|peer| peer.as_str() == name).cloned()
    }

    /// `None`: no owner would answer it otherwise than we do.
    fn last_resort(
        &self,
        request: &Request,
        transport: Option<Transport>,
        query: &str,
    ) -> Option<LastResort> {
        if query_parameter(query, "disconnect").is_some() {
            return Some(LastResort::Disconnect { upgrade: request.upgrade });
        }
        let transport = transport.filter(|transport| self.config.transports.contains(transport))?;
        let cors = || self.judge_origin(&request.headers, request.secure);
        let socket = matches!(transport, Transport::Websocket | Transport::Flashsocket);
        match (request.method, request.upgrade) {
            (Method::Get, true) if socket => Some(LastResort::Socket),
            (_, true) => None,
            _ if socket => None,
            (Method::Get, false) => Some(match transport {
                Transport::Htmlfile => LastResort::Stream,
                Transport::JsonpPolling => {
                    LastResort::Poll(PollStyle::Script { index: Text::from(jsonp::index(query)) })
                }
                _ => LastResort::Poll(PollStyle::Plain { cors: cors() }),
            }),
            (Method::Post, false) => Some(LastResort::Post(cors())),
            (Method::Head | Method::Options | Method::Other, false) => None,
        }
    }

    fn forward_request(
        &mut self,
        mut request: Request,
        peer: NodeName,
        session: SessionId,
        last_resort: LastResort,
    ) {
        let Routing::Routed(routed) = &self.config.routing else { return };
        let exchange = request.exchange;
        if self.forwards.count >= routed.forwards_max {
            match last_resort {
                LastResort::Socket | LastResort::Disconnect { .. } => self.transmit_close(exchange),
                _ => self.transmit_busy(exchange),
            }
            return;
        }
        let until = self.owner_answers_until(&last_resort, routed.patience);
        header::add(routed, &peer, &mut request);
        self.forwards.count += 1;
        self.forwards.deadlines.extend(until.map(|at| (at, exchange)));
        let forwarded = Forwarded { session, until, last_resort };
        self.exchanges.insert(exchange, Exchange::Forwarded(forwarded));
        self.transmits.push_back(ServerTransmit::Forward { exchange, node: peer, request });
    }

    fn transmit_busy(&mut self, exchange: ExchangeId) {
        let busy = response::plain(503, "too many requests wait: try again later", &Cors::Allowed);
        self.transmit_response(exchange, busy);
    }

    /// A poll is held by its owner, for ever if so configured; everything else is answered at once.
    fn owner_answers_until(&self, last_resort: &LastResort, patience: Duration) -> Option<Instant> {
        let held = self.config.polling_duration;
        match last_resort {
            LastResort::Poll(_) if held.is_zero() => None,
            LastResort::Poll(_) => Some(self.now + held + patience),
            _ => Some(self.now + patience),
        }
    }

    /// The owner's answer began: the carrier relays it.
    pub(in super::super) fn forward_begun(&mut self, exchange: ExchangeId) {
        if let Some(Exchange::Forwarded(forwarded)) = self.exchanges.get_mut(&exchange)
            && let Some(at) = forwarded.until.take()
        {
            self.forwards.deadlines.remove(&(at, exchange));
        }
    }

    /// The exchange is over: forget that it was forwarded.
    pub(in super::super) fn forward_ended(&mut self, exchange: ExchangeId, forwarded: &Forwarded) {
        self.forwards.count = self.forwards.count.saturating_sub(1);
        if let Some(at) = forwarded.until {
            self.forwards.deadlines.remove(&(at, exchange));
        }
    }

    /// The owner does not answer: we do.
    pub(in super::super) fn forward_failed(&mut self, exchange: ExchangeId) {
        if !matches!(self.exchanges.get(&exchange), Some(Exchange::Forwarded(_))) {
            return;
        }
        let Some(Exchange::Forwarded(forwarded)) = self.exchanges.remove(&exchange) else { return };
        self.forward_ended(exchange, &forwarded);
        let id = forwarded.session;
        match forwarded.last_resort {
            LastResort::Poll(style) => self.refuse_poll(exchange, id, &style),
            LastResort::Stream => self.refuse_stream(exchange, id),
            LastResort::Socket => self.refuse_socket(exchange, id),
            LastResort::Post(cors) => {
                let gone = response::plain(503, "the server of this session does not answer", &cors);
                self.transmit_response(exchange, gone);
                self.unknown_session(id, false);
            }
            LastResort::Disconnect { upgrade } => self.answer_forced_disconnect(exchange, upgrade),
        }
    }
}
