//! HTTP requests: what each target and method leads to (facts 3).

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::exchange::Exchange;
use super::response::{self, HandshakeStyle, PollStyle};
use super::session::Session;
use super::{
    ExchangeId, HandshakeData, LocalError, Method, Refusal, Request, Response, Server, ServerEvent,
    ServerTransmit, SessionId,
};
use crate::handshake::Handshake;
use crate::seeded::SeededFault;
use crate::target::Target;
use crate::{Cors, Text, Transport, jsonp};

/// The values of one name in a query.
fn query_values<'q>(query: &'q str, name: &'q str) -> impl Iterator<Item = &'q str> {
    query.split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    })
}

/// Whether a browser asks for permission before the request proper. Other OPTIONS requests are handshakes, as recorded.
fn is_preflight(request: &Request) -> bool {
    let asks = |(name, _): &(Text, Text)| name.eq_ignore_ascii_case("access-control-request-method");
    request.method == Method::Options && request.headers.iter().any(asks)
}

impl Server {
    pub(super) fn transmit_response(&mut self, exchange: ExchangeId, response: Response) {
        self.transmits.push_back(ServerTransmit::Respond { exchange, response });
    }

    pub(super) fn transmit_close(&mut self, exchange: ExchangeId) {
        self.transmits.push_back(ServerTransmit::Close { exchange });
    }

    pub(super) fn request(&mut self, request: Request) {
        let exchange = request.exchange;
        let target = request.target.clone();
        match Target::parse(&self.config.resource, &target) {
            Target::Session { session, query, .. } if query_values(query, "disconnect").next().is_some() => {
                let id = SessionId(target.slice_ref(session));
                self.forced_disconnect(exchange, &id, request.upgrade);
            }
            Target::Session { transport: Ok(transport), session, query }
                if self.config.transports.contains(&transport) =>
            {
                let id = SessionId(target.slice_ref(session));
                self.session_request(request, id, transport, query);
            }
            // An unknown or disabled transport is cut off without a response (facts 3.4), and so is an upgrade of anything
            // but a session.
            Target::Session { .. } => self.transmit_close(exchange),
            _ if request.upgrade => self.transmit_close(exchange),
            Target::Static(name) if self.static_file(&request, name) => {}
            Target::Outside | Target::Static(_) => self.outside(request),
            Target::Welcome => self.transmit_response(exchange, response::welcome()),
            Target::WrongProtocol => self.transmit_response(exchange, response::wrong_protocol()),
            Target::Handshake { .. } if is_preflight(&request) => self.preflight(&request),
            Target::Handshake { query } => {
                let query = target.slice_ref(query);
                self.handshake_request(request, query);
            }
        }
    }

    fn session_request(&mut self, request: Request, id: SessionId, transport: Transport, query: &str) {
        // From here on the id as it was issued: a slice of the target would keep the whole request in memory.
        if self.seeded(SeededFault::UnknownSession) && !self.sessions.contains_key(&id) {
            let (headers, address) = (Vec::new(), Text::EMPTY);
            let (query, url, issued) = (Text::EMPTY, Text::EMPTY, self.now);
            let data = HandshakeData { headers, address, query, url, xdomain: false, secure: false, issued };
            self.sessions.insert(id.clone(), Session::new(None, Arc::new(data)));
        }
        let issued = self.sessions.get_key_value(&id).map(|(issued, _)| issued.clone());
        let known = issued.is_some();
        let id = issued.unwrap_or(id);
        let exchange = request.exchange;
        let cors = self.judge_origin(&request.headers, request.secure);
        match (transport, request.upgrade, request.method) {
            // Cut off without a response, as recorded (facts 7.1); hixie sockets, which 0.8.7 lets in, too (facts 7.2).
            (Transport::Websocket | Transport::Flashsocket, true, Method::Get) if !cors.is_allowed() => {
                self.transmit_close(exchange);
                self.origin_refused(cors, request.address);
            }
            (Transport::Websocket | Transport::Flashsocket, true, Method::Get) if known => {
                self.open_socket(exchange, &id, transport);
            }
            (Transport::Websocket | Transport::Flashsocket, true, Method::Get) => {
                self.refuse_socket(exchange, id);
            }
            (Transport::Websocket | Transport::Flashsocket, false, Method::Get)
                if known && self.config.ghosts =>
            {
                self.open_ghost(exchange, &id, transport);
            }
            // A plain request on a websocket URL, an upgrade on another one, which crashes 0.8.7 (facts 4.13).
            (Transport::Websocket | Transport::Flashsocket, ..) | (_, true, _) => {
                self.transmit_close(exchange);
            }
            (Transport::Htmlfile, _, Method::Get) if known => self.open_stream(exchange, &id),
            (Transport::Htmlfile, _, Method::Get) => self.refuse_stream(exchange, id),
            (_, _, Method::Get) => {
                let style = match transport {
                    Transport::JsonpPolling => PollStyle::Script { index: Text::from(jsonp::index(query)) },
                    _ => PollStyle::Plain { cors },
                };
                if known {
                    self.open_poll(exchange, &id, transport, style);
                } else {
                    self.refuse_poll(exchange, id, &style);
                }
            }
            (_, _, Method::Post) => self.post(exchange, id, transport, request.body, &cors),
            (_, _, Method::Options) => self.preflight(&request),
            (_, _, Method::Head | Method::Other) => {
                self.transmit_response(exchange, response::method_not_allowed());
            }
        }
    }

    fn preflight(&mut self, request: &Request) {
        let cors = self.judge_origin(&request.headers, request.secure);
        self.transmit_response(request.exchange, response::preflight(&cors));
    }

    /// `?disconnect`: ends a session whose transport is open, else nothing (facts 3.6).
    fn forced_disconnect(&mut self, exchange: ExchangeId, id: &SessionId, upgrade: bool) {
        if self.channel(id).is_some() {
            self.boot(id);
        } else {
            self.store_forced(id);
        }
        self.answer_forced_disconnect(exchange, upgrade);
    }

    fn outside(&mut self, request: Request) {
        if self.wait_for_application(request.exchange, Exchange::Outside) {
            self.events.push_back(ServerEvent::Outside(request));
        } else {
            let busy = response::plain(503, "too many requests wait: try again later", &Cors::Allowed);
            self.transmit_response(request.exchange, busy);
        }
    }

    fn handshake_request(&mut self, request: Request, query: Text) {
        let Request { exchange, target, headers, address, secure, .. } = request;
        let cors = self.judge_origin(&headers, secure);
        let style = HandshakeStyle { cors, jsonp: jsonp::handshake_index(&query).map(Text::from) };
        if !style.cors.is_allowed() {
            self.transmit_response(exchange, response::refused(&style, Refusal::BadOrigin));
            self.origin_refused(style.cors, address);
            return;
        }
        let xdomain =
            headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("origin") && !value.is_empty());
        let issued = self.now;
        let data = HandshakeData { headers, address, query, url: target, xdomain, secure, issued };
        if data.len() > self.config.limits.handshake_len_max {
            let refusal = response::plain(431, "target and headers are too long", &style.cors);
            self.transmit_response(exchange, refusal);
            return;
        }
        let data = Arc::new(data);
        let waiting = Exchange::Handshake(style.clone(), Arc::clone(&data));
        let full = self.sessions.len() >= self.config.limits.sessions_max;
        if full || !self.wait_for_application(exchange, waiting) {
            self.transmit_response(exchange, response::refused(&style, Refusal::Full));
            return;
        }
        self.store_asked(exchange, &data);
        self.ask_for_handshake(exchange, data);
    }

    fn origin_refused(&mut self, cors: Cors, address: Text) {
        if let Cors::Refused { origin } = cors {
            self.events.push_back(ServerEvent::OriginRefused { origin, address });
        }
    }

    pub(super) fn accept_handshake(
        &mut self,
        exchange: ExchangeId,
        session: SessionId,
    ) -> Result<(), LocalError> {
        let session = self.issued(session);
        if !matches!(self.exchanges.get(&exchange), Some(Exchange::Handshake(..))) {
            return Err(LocalError::UnknownExchange);
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let valid = !session.0.is_empty() && session.0.bytes().all(plain);
        if !valid || self.sessions.contains_key(&session) {
            return Err(LocalError::BadSessionId);
        }
        if self.sessions.len() >= self.config.limits.sessions_max {
            return Err(LocalError::Limit("sessions_max"));
        }
        let (style, data) = self.take_handshake(exchange)?;
        if self.is_portable() {
            self.create_portable(exchange, style, data, &session);
            return Ok(());
        }
        let body = self.handshake_body(&session);
        self.transmit_response(exchange, response::handshaken(&style, &body));
        let deadline = self.handshake_deadline();
        if let Some(deadline) = deadline {
            self.deadlines.insert(&session, deadline);
        }
        let shared = self.store_handshaken(exchange, &session);
        self.sessions.insert(session, Session { shared, ..Session::new(deadline, data) });
        Ok(())
    }

    pub(super) fn handshake_body(&self, session: &SessionId) -> Text {
        let config = &self.config;
        let heartbeats = config.heartbeats && !config.heartbeat_timeout.is_zero();
        let handshake = Handshake {
            session: session.0.clone(),
            heartbeat_timeout: heartbeats.then_some(config.heartbeat_timeout),
            close_timeout: (!config.close_timeout.is_zero()).then_some(config.close_timeout),
            transports: Vec::clone(&config.transports),
        };
        handshake.to_text()
    }

    /// The first transport of a session opened: it joins the root.
    pub(super) fn connect(&mut self, id: &SessionId, transport: Transport) {
        self.members.insert(id, Text::EMPTY, None);
        if let Some(session) = self.sessions.get_mut(id) {
            session.transport = Some(transport);
        }
        self.store_connected(id);
        self.events.push_back(ServerEvent::Connected {
            session: id.clone(),
            endpoint: Text::EMPTY,
            transport,
        });
    }
}
