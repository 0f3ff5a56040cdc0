//! One link: a transport with the session it was opened for. A genuine client can have several at once. What is special to
//! scripts and streams is in `scripts`.

use alloc::format;

use super::htmlfile::Reader;
use super::timers::{Due, TimerKey};
use super::{Client, ClientEvent, ClientTransmit, Use, Violation};
use crate::payload::Payload;
use crate::server::ExchangeId;
use crate::{Limits, Text, Transport, script, target};

/// Names a link; a later link has a greater one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct LinkId(pub(super) u64);

/// How far a link is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Phase {
    /// Not opened yet: a websocket before its 101, or the genuine client's spare transport of the last resort.
    Fresh,
    Open,
    Closed,
}

/// One link.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Link {
    pub(super) transport: Transport,
    pub(super) session: Text,
    pub(super) phase: Phase,
    /// It brought `1::`, and was not rejected since.
    pub(super) established: bool,
    /// It brought `7:::..+0`: the genuine client of 0.9 makes no further poll on it.
    pub(super) rejected: bool,
    /// jsonp: the index of the function that the server's scripts call.
    pub(super) index: u64,
    /// htmlfile: what reads the stream.
    pub(super) reader: Option<Reader>,
    /// The open poll, or the stream.
    pub(super) poll: Option<ExchangeId>,
    socket: Option<ExchangeId>,
    posts: usize,
    close_timer: Option<TimerKey>,
}

impl Link {
    pub(super) fn new(transport: Transport, session: Text) -> Self {
        Self {
            transport,
            session,
            phase: Phase::Fresh,
            established: false,
            rejected: false,
            index: 0,
            reader: None,
            poll: None,
            socket: None,
            posts: 0,
            close_timer: None,
        }
    }

    pub(super) fn is_socket(&self) -> bool {
        matches!(self.transport, Transport::Websocket | Transport::Flashsocket)
    }

    /// Whether a packet can be handed to it: a websocket must be open, and a polling link must not have as many POSTs
    /// without an answer as it may.
    pub(super) fn can_send(&self, limits: &Limits) -> bool {
        if self.is_socket() {
            self.phase == Phase::Open && self.socket.is_some()
        } else {
            self.posts < limits.session_exchanges_max.max(1)
        }
    }

    /// Whether it polls or holds a websocket.
    pub(super) fn is_running(&self) -> bool {
        self.poll.is_some() || self.socket.is_some()
    }

    pub(super) fn renumber_exchanges(&mut self, new: impl Fn(ExchangeId) -> ExchangeId) {
        self.poll = self.poll.map(&new);
        self.socket = self.socket.map(&new);
    }

    pub(super) fn move_close_timer(&mut self, new: impl Fn(TimerKey) -> Option<TimerKey>) {
        self.close_timer = self.close_timer.and_then(new);
    }

    /// Whether nothing can come of it any more.
    pub(super) fn is_over(&self) -> bool {
        !self.is_running() && self.posts == 0
    }
}

impl Client {
    pub(super) fn open_link(&mut self, id: LinkId) {
        let Some(link) = self.links.get(&id) else { return };
        if link.is_socket() {
            let target =
                target::session(&self.config.resource, link.transport, &link.session, &self.config.query);
            let exchange = self.open_exchange(Use::Socket(id));
            if let Some(link) = self.links.get_mut(&id) {
                link.socket = Some(exchange);
            }
            self.transmits.push_back(ClientTransmit::Open { exchange, target });
            return;
        }
        self.hold(false);
        self.link_opened(id);
        self.send_poll(id);
        if !self.improved() {
            self.set_close_timer(id);
        }
    }

    fn link_opened(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.phase = Phase::Open;
        }
        self.cancel_close_timer(id);
        self.open = true;
    }

    /// The genuine client gives the first poll the close timeout, and 0.9 every silence; a timeout that is missing counts as
    /// zero.
    fn set_close_timer(&mut self, id: LinkId) {
        let delay = self.close_timeout;
        if let Some(link) = self.links.get_mut(&id)
            && link.close_timer.is_none()
        {
            link.close_timer = Some(self.timers.set(self.now, delay, Due::Close(id)));
        }
    }

    pub(super) fn cancel_close_timer(&mut self, id: LinkId) {
        if let Some(timer) = self.links.get_mut(&id).and_then(|link| link.close_timer.take()) {
            self.timers.cancel(timer);
        }
    }

    /// The close timer fired: the link does not have it any more.
    pub(super) fn forget_close_timer(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.close_timer = None;
        }
    }

    fn link_target(&self, link: &Link) -> Text {
        let query = self.timed_query();
        let query = match link.transport {
            Transport::JsonpPolling => Text::from(format!("{query}&i={}", link.index)),
            _ => query,
        };
        target::session(&self.config.resource, link.transport, &link.session, &query)
    }

    // --- polls

    pub(super) fn send_poll(&mut self, id: LinkId) {
        let Some(link) = self.links.get(&id) else { return };
        if link.phase == Phase::Closed || link.rejected {
            return;
        }
        let streams = link.transport == Transport::Htmlfile;
        let target = self.link_target(link);
        let exchange = self.open_exchange(if streams { Use::Stream(id) } else { Use::Poll(id) });
        let len_max = self.config.limits.payload_len_max;
        if let Some(link) = self.links.get_mut(&id) {
            link.poll = Some(exchange);
            link.reader = streams.then(|| Reader::for_payloads(len_max));
        }
        self.transmits.push_back(if streams {
            ClientTransmit::Stream { exchange, target }
        } else {
            ClientTransmit::Get { exchange, target }
        });
    }

    /// A poll ended: whatever it brought, the next one follows at once, unless it failed.
    ///
    /// A genuine client that closes its transport while it handles the answer aborts the request it is handling, which
    /// costs it the connection: the poll stays the link's until its answer is handled.
    pub(super) fn take_poll(&mut self, id: LinkId, status: u16, body: &Text) {
        if self.is_script_link(id) {
            self.take_script(id, status, body);
            return;
        }
        let handled = status == 200 && !self.improved();
        if !handled {
            self.forget_poll(id);
        }
        if status == 200 {
            self.take_data(id, body);
            self.forget_poll(id);
            self.send_poll(id);
        } else {
            self.link_failed(id);
        }
    }

    pub(super) fn forget_poll(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.poll = None;
        }
    }

    // --- posts

    /// Sends a body of its own; what follows waits until it is answered.
    pub(super) fn send_post(&mut self, id: LinkId, body: Text) -> Option<ExchangeId> {
        self.links.get(&id)?;
        self.hold(true);
        let exchange = self.open_exchange(Use::Post(id));
        self.transmit_post(id, exchange, body);
        if let Some(link) = self.links.get_mut(&id) {
            link.posts += 1;
        }
        Some(exchange)
    }

    pub(super) fn transmit_post(&mut self, id: LinkId, exchange: ExchangeId, body: Text) {
        let Some(link) = self.links.get(&id) else { return };
        let target = self.link_target(link);
        self.transmits.push_back(if link.transport == Transport::JsonpPolling {
            let body = Text::from(script::form_field("d", &script::quote(&body)));
            ClientTransmit::Form { exchange, target, body }
        } else {
            ClientTransmit::Post { exchange, target, body }
        });
    }

    pub(super) fn take_post(&mut self, id: LinkId, exchange: ExchangeId, status: u16) {
        if let Some(link) = self.links.get_mut(&id) {
            link.posts = link.posts.saturating_sub(1);
        }
        // What a form was answered, a genuine page cannot know.
        if status == 200 || (!self.improved() && self.is_script_link(id)) {
            self.outbox.confirm(exchange);
            self.cancel_post_timer();
            self.hold(false);
        } else {
            self.link_failed(id);
        }
    }

    /// A request of a polling link failed.
    pub(super) fn link_failed(&mut self, id: LinkId) {
        if self.improved() {
            self.improved_link_lost(id);
        } else {
            self.genuine_poll_link_closed(id);
        }
    }

    // --- websocket

    pub(super) fn socket_opened(&mut self, id: LinkId) {
        if self.links.get(&id).is_none_or(|link| link.phase != Phase::Fresh) {
            return;
        }
        self.link_opened(id);
        self.hold(false);
    }

    /// The websocket was refused, or closed by the other side.
    pub(super) fn socket_ended(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else { return };
        link.socket = None;
        if link.phase == Phase::Fresh {
            // The platform reports a websocket that never opened as an error without a reason.
            self.tell(ClientEvent::Error { endpoint: Text::EMPTY, reason: None, advice: None });
        }
        if self.improved() {
            self.improved_link_lost(id);
        } else {
            self.genuine_socket_ended(id);
        }
    }

    // --- both

    /// Sends one packet on this very link, whatever waits elsewhere.
    pub(super) fn send_on_link(&mut self, id: LinkId, packet: Text) {
        let Some(link) = self.links.get(&id) else { return };
        if !link.is_socket() {
            self.send_post(id, packet);
        } else if let Some(exchange) = link.socket.filter(|_| link.phase == Phase::Open) {
            self.transmits.push_back(ClientTransmit::Message { exchange, text: packet });
        }
    }

    /// Answers `2::` at once. A server that floods a polling client with heartbeats gets one answer for those that arrive
    /// while [`crate::Limits::session_exchanges_max`] answers are on their way.
    pub(super) fn answer_heartbeat(&mut self, id: LinkId) {
        let Some(link) = self.links.get(&id) else { return };
        if link.is_socket() || link.can_send(&self.config.limits) {
            self.send_on_link(id, Text::from_static("2::"));
        } else {
            self.tell(ClientEvent::Overflow { limit: "session_exchanges_max" });
        }
    }

    /// A poll's body or a websocket's message: a payload on either (facts 2.7).
    pub(super) fn take_data(&mut self, id: LinkId, data: &Text) {
        self.cancel_close_timer(id);
        if self.is_v0_9() && (self.connected || self.connecting || self.reconnection.is_some()) {
            self.set_close_timer(id);
        }
        self.improved_heard();
        if data.is_empty() {
            return;
        }
        let limits = self.config.limits;
        for packet in Payload::new(data.clone(), &limits) {
            match packet {
                Ok(text) => self.take_text(id, &text),
                Err(error) => self.tell(ClientEvent::PeerViolation { error: Violation::Payload(error) }),
            }
        }
    }

    /// Aborts the poll, if one is open or its answer is being handled.
    pub(super) fn abort_poll(&mut self, id: LinkId) {
        if let Some(exchange) = self.links.get_mut(&id).and_then(|link| link.poll.take()) {
            self.exchanges.remove(&exchange);
            self.transmits.push_back(ClientTransmit::Close { exchange });
        }
    }

    /// Closes the websocket, if there is one; true if there was.
    pub(super) fn close_socket(&mut self, id: LinkId) -> bool {
        let socket = self.links.get_mut(&id).and_then(|link| link.socket.take());
        if let Some(exchange) = socket {
            self.close_exchange(exchange);
        }
        socket.is_some()
    }

    /// Ends a link with everything it has open, and forgets it.
    pub(super) fn drop_link(&mut self, id: LinkId) {
        self.cancel_close_timer(id);
        self.abort_poll(id);
        self.close_socket(id);
        let posts = self.exchanges.iter().filter(|(_, purpose)| **purpose == Use::Post(id));
        let posts: alloc::vec::Vec<ExchangeId> = posts.map(|(exchange, _)| *exchange).collect();
        for exchange in posts {
            self.close_exchange(exchange);
        }
        self.links.remove(&id);
    }
}
