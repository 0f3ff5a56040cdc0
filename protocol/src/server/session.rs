//! One session: what its transport is, what waits for it, how it opens and ends.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::exchange::Exchange;
use super::store::{Role, Shared};
use super::{Cause, ExchangeId, HandshakeData, Server, ServerEvent, ServerTransmit, SessionId, response};
use crate::seeded::SeededFault;
use crate::{Deadline, Limits, Text, Timer, Transport, payload};

/// Where packets go at once.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Channel {
    /// A waiting GET: takes one write.
    Poll(ExchangeId),
    /// An upgraded exchange: takes any number of messages.
    Socket(ExchangeId),
    /// A GET of htmlfile: takes any number of scripts.
    Stream(ExchangeId),
}

impl Channel {
    pub(super) fn exchange(self) -> ExchangeId {
        match self {
            Channel::Poll(exchange) | Channel::Socket(exchange) | Channel::Stream(exchange) => exchange,
        }
    }
}

/// A handshaken session.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Session {
    /// The transport used last; `None` until one opened: then the session is only a handshake.
    pub(super) transport: Option<Transport>,
    pub(super) channel: Option<Channel>,
    /// Polls, streams and sockets that another one took over from, oldest first. They are never written to again; what
    /// arrives on a socket still counts (facts 4.6, 7.11).
    pub(super) superseded: Vec<ExchangeId>,
    pub(super) outbox: Outbox,
    /// Endpoints joined beside the root.
    pub(super) joined: BTreeSet<Text>,
    /// Rooms joined: endpoint and room.
    pub(super) rooms: BTreeSet<(Text, Text)>,
    /// The last ack id given out, by endpoint (facts 9.10).
    pub(super) ack_ids: BTreeMap<Text, u64>,
    /// Acknowledgements the client owes: endpoint and id.
    pub(super) pending_acks: BTreeSet<(Text, u64)>,
    pub(super) deadline: Option<Deadline>,
    /// What other nodes know of it, and we of them.
    pub(super) shared: Shared,
    /// Guarded endpoints that the application has not answered about.
    pub(super) asking: BTreeSet<Text>,
    pub(super) handshake: Arc<HandshakeData>,
}

impl Session {
    pub(super) fn new(deadline: Option<Deadline>, handshake: Arc<HandshakeData>) -> Self {
        Self {
            transport: None,
            channel: None,
            superseded: Vec::new(),
            outbox: Outbox::default(),
            joined: BTreeSet::new(),
            rooms: BTreeSet::new(),
            ack_ids: BTreeMap::new(),
            pending_acks: BTreeSet::new(),
            deadline,
            shared: Shared::default(),
            asking: BTreeSet::new(),
            handshake,
        }
    }

    /// Nobody opened it yet, here or at another node.
    pub(super) fn is_new(&self) -> bool {
        self.transport.is_none() && self.shared.role != Role::Away
    }

    /// Whether another node is its home.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.shared.role == Role::Away
    }

    /// It was opened, and our application is the one that it talks to.
    pub(super) fn is_ours(&self) -> bool {
        self.transport.is_some() && self.shared.role != Role::Away
    }
}

/// Packets that wait for a transport.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Outbox {
    packets: VecDeque<Text>,
    len: usize,
}

impl Outbox {
    /// False if a limit is reached; nothing is kept then.
    pub(super) fn push(&mut self, packet: Text, limits: &Limits) -> bool {
        let len = self.len.saturating_add(packet.len());
        if self.packets.len() >= limits.outbox_packets_max || len > limits.outbox_len_max {
            return false;
        }
        self.len = len;
        self.packets.push_back(packet);
        true
    }

    pub(super) fn pop(&mut self) -> Option<Text> {
        let packet = self.packets.pop_front()?;
        self.len -= packet.len();
        Some(packet)
    }

    /// What waits, in order.
    pub(super) fn packets(&self) -> impl ExactSizeIterator<Item = &Text> {
        self.packets.iter()
    }

    /// Takes back what waited elsewhere.
    pub(super) fn restore(&mut self, packets: VecDeque<Text>) {
        self.len = packets.iter().map(|packet| packet.len()).sum();
        self.packets = packets;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// What one poll takes: everything, as far as the peer's own limits on payloads (taken to be ours) allow.
    pub(super) fn pop_payload(&mut self, limits: &Limits) -> Text {
        /// The framing of one packet: two U+FFFD and at most twenty digits.
        const FRAME_LEN_MAX: usize = 2 * 3 + 20;

        let mut packets = Vec::new();
        let mut len = 0_usize;
        while let Some(next) = self.packets.front() {
            len = len.saturating_add(next.len() + FRAME_LEN_MAX);
            let full = len > limits.payload_len_max || packets.len() >= limits.payload_packets_max;
            if full && !packets.is_empty() {
                break;
            }
            packets.extend(self.pop());
        }
        payload::encode(&packets)
    }
}

impl Server {
    /// The current channel of the session, if it has one.
    pub(super) fn channel(&self, id: &SessionId) -> Option<Channel> {
        self.sessions.get(id).and_then(|session| session.channel)
    }

    /// Makes `channel` the session's transport. The one it takes over from is left as it is (facts 4.6, 4.12, 7.11); beyond
    /// the limit the oldest of those is closed.
    pub(super) fn take_over(&mut self, id: &SessionId, channel: Channel, transport: Transport) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if let Some(old) = session.channel.replace(channel) {
            session.superseded.push(old.exchange());
        }
        session.transport = Some(transport);
        if session.superseded.len() >= self.config.limits.session_exchanges_max.max(1) {
            let oldest = session.superseded.remove(0);
            self.exchanges.remove(&oldest);
            self.transmits.push_back(ServerTransmit::Close { exchange: oldest });
        }
        self.clear_timer(id);
        self.store_opened(id);
    }

    /// Hands one packet to the session's transport, or keeps it until there is one, unless that of another node takes it.
    /// False if the session is over: its outbox was full.
    pub(super) fn deliver_here(&mut self, id: &SessionId, packet: Text) -> bool {
        let reorder = self.seeded(SeededFault::Reorder);
        let unlimited = self.seeded(SeededFault::NoOutboxLimit);
        let limits = if unlimited { &Limits::default() } else { &self.config.limits };
        let Some(session) = self.sessions.get_mut(id) else { return false };
        match session.channel {
            Some(Channel::Socket(exchange)) => {
                self.transmits.push_back(ServerTransmit::Message { exchange, text: packet });
            }
            Some(Channel::Stream(exchange)) => self.transmit_script(exchange, &packet),
            Some(Channel::Poll(exchange)) => self.answer_poll(id, exchange, packet),
            None if !session.keeps() => {}
            None if session.outbox.push(packet, limits) => {
                if reorder {
                    session.outbox.packets.rotate_right(1);
                }
            }
            None => {
                self.end(id, Cause::Limit, None);
                return false;
            }
        }
        true
    }

    /// One write per poll; the close timeout runs from here (facts 4.2, 4.4).
    pub(super) fn answer_poll(&mut self, id: &SessionId, exchange: ExchangeId, payload: Text) {
        if let Some(Exchange::Poll { style, .. }) = self.exchanges.remove(&exchange) {
            self.transmit_response(exchange, response::poll(payload, &style));
        }
        if let Some(session) = self.sessions.get_mut(id) {
            session.channel = None;
        }
        self.store_closed(id);
        if self.seeded(SeededFault::NoCloseTimer) {
            return self.clear_timer(id);
        }
        let times = if self.seeded(SeededFault::LongCloseTimer) { 2 } else { 1 };
        self.set_timer(id, Timer::Close, self.config.close_timeout * times);
    }

    /// Says `0::` to an open transport and ends the session (facts 3.6, 4.9, 7.9).
    pub(super) fn boot(&mut self, id: &SessionId) {
        if self.channel(id).is_some() {
            self.deliver(id, Text::from_static("0::"));
        }
        self.store_booted(id);
        self.end(id, Cause::Booted, None);
    }

    /// Forgets the session and closes its exchanges but `gone`, which the peer ended itself.
    pub(super) fn end(&mut self, id: &SessionId, cause: Cause, gone: Option<ExchangeId>) {
        let Some(session) = self.sessions.remove(id) else { return };
        if let Some(deadline) = session.deadline {
            self.deadlines.remove(id, deadline);
        }
        self.store_ended(id, &session, cause);
        self.portable_ended(id);
        let ours = session.is_ours();
        let current = session.channel.map(Channel::exchange);
        for exchange in session.superseded.into_iter().chain(current) {
            self.exchanges.remove(&exchange);
            if Some(exchange) != gone {
                self.transmits.push_back(ServerTransmit::Close { exchange });
            }
        }
        for endpoint in session.asking {
            self.abandon_join(id, endpoint);
        }
        self.members.remove(id, Text::EMPTY, None);
        for endpoint in session.joined {
            self.members.remove(id, endpoint, None);
        }
        for (endpoint, room) in session.rooms {
            self.members.remove(id, endpoint, Some(room));
        }
        if ours {
            self.events.push_back(ServerEvent::Disconnected { session: id.clone(), cause });
        }
    }
}
