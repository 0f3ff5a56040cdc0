//! What is sent, and what waits: one POST at a time, and everything while the connection is away.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::link::Link;
use super::{Client, ClientEvent, LinkId};
use crate::seeded::SeededFault;
use crate::server::{ExchangeId, LocalError};
use crate::{Limits, Text, payload};

/// Packets on their way: those that wait, and (improved profile) those of the POST that is not answered yet.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Outbox {
    waiting: VecDeque<Text>,
    waiting_len: usize,
    in_flight: Option<(ExchangeId, Vec<Text>)>,
    in_flight_len: usize,
}

impl Outbox {
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.in_flight.as_ref().map_or(0, |(_, packets)| packets.len())
    }

    fn check_room(&self, packet: &Text, limits: &Limits) -> Result<(), LocalError> {
        if self.len() >= limits.outbox_packets_max {
            return Err(LocalError::Limit("outbox_packets_max"));
        }
        if self.waiting_len + self.in_flight_len + packet.len() > limits.outbox_len_max {
            return Err(LocalError::Limit("outbox_len_max"));
        }
        Ok(())
    }

    fn push(&mut self, packet: Text) {
        self.waiting_len += packet.len();
        self.waiting.push_back(packet);
    }

    pub(super) fn push_front(&mut self, packet: Text) {
        self.waiting_len += packet.len();
        self.waiting.push_front(packet);
    }

    fn take_all(&mut self) -> Vec<Text> {
        self.waiting_len = 0;
        self.waiting.drain(..).collect()
    }

    /// As many packets as one payload may have, at least one.
    fn take_payload(&mut self, limits: &Limits) -> Vec<Text> {
        // Two delimiters of three bytes and the digits of a length.
        const FRAME_LEN_MAX: usize = 26;
        let mut len = 0;
        let mut count = 0;
        for packet in self.waiting.iter().take(limits.payload_packets_max) {
            len += packet.len() + FRAME_LEN_MAX;
            if count > 0 && len > limits.payload_len_max {
                break;
            }
            count += 1;
        }
        let packets: Vec<Text> = self.waiting.drain(..count.max(1).min(self.waiting.len())).collect();
        self.waiting_len -= packets.iter().map(|packet| packet.len()).sum::<usize>();
        packets
    }

    pub(super) fn renumber_exchanges(&mut self, new: impl Fn(ExchangeId) -> ExchangeId) {
        if let Some((exchange, _)) = &mut self.in_flight {
            *exchange = new(*exchange);
        }
    }

    /// The POST was answered 200.
    pub(super) fn confirm(&mut self, exchange: ExchangeId) {
        if self.in_flight.as_ref().is_some_and(|(posted, _)| *posted == exchange) {
            self.in_flight = None;
            self.in_flight_len = 0;
        }
    }

    /// The session is over: messages that were not confirmed wait again, in front. Packets that mean something only to
    /// the session that ended (connects, heartbeats, acknowledgements) are dropped.
    pub(super) fn keep_for_next_session(&mut self) {
        let (_, posted) = self.in_flight.take().unwrap_or((ExchangeId(0), Vec::new()));
        self.in_flight_len = 0;
        let waiting = core::mem::take(&mut self.waiting);
        self.waiting = posted.into_iter().chain(waiting).filter(outlives_session).collect();
        self.waiting_len = self.waiting.iter().map(|packet| packet.len()).sum();
    }
}

/// Messages, JSON and events.
fn outlives_session(packet: &Text) -> bool {
    packet.starts_with(['3', '4', '5'])
}

impl Client {
    /// Fails for a packet that no peer takes, or that has to wait and finds no room.
    fn check_room(&self, packet: &Text) -> Result<(), LocalError> {
        let limits = &self.config.limits;
        if packet.len() > limits.payload_len_max {
            return Err(LocalError::Limit("payload_len_max"));
        }
        if self.writable_link().is_some() { Ok(()) } else { self.outbox.check_room(packet, limits) }
    }

    /// Sends a packet, or lets it wait.
    pub(super) fn write(&mut self, packet: Text) -> Result<(), LocalError> {
        self.check_room(&packet)?;
        match self.writable_link() {
            Some(id) => self.write_to(id, alloc::vec![packet]),
            None => self.outbox.push(packet),
        }
        Ok(())
    }

    /// Sends a packet of the machine's own making. If there is no room for it, the application is told.
    pub(super) fn write_own(&mut self, packet: Text) {
        if let Err(LocalError::Limit(limit)) = self.write(packet) {
            self.tell(ClientEvent::Overflow { limit });
        }
    }

    /// The current link, if a packet may be handed to it now.
    fn writable_link(&self) -> Option<LinkId> {
        let id = self.current.filter(|_| self.connected && !self.holding)?;
        self.links.get(&id).filter(|link| link.can_send(&self.config.limits)).map(|_| id)
    }

    /// Holds packets back, or lets them go.
    pub(super) fn hold(&mut self, holding: bool) {
        self.holding = holding;
        if self.outbox.waiting.is_empty() || self.seeded(SeededFault::ForgetWaiting) {
            return;
        }
        let Some(id) = self.writable_link() else { return };
        let limits = self.config.limits;
        // The genuine client posts all that waits in one body, whatever its size.
        let packets = if self.improved() && !self.is_socket(id) {
            self.outbox.take_payload(&limits)
        } else {
            self.outbox.take_all()
        };
        self.write_to(id, packets);
    }

    fn is_socket(&self, id: LinkId) -> bool {
        self.links.get(&id).is_some_and(Link::is_socket)
    }

    fn write_to(&mut self, id: LinkId, packets: Vec<Text>) {
        if self.is_socket(id) {
            for packet in packets {
                self.send_on_link(id, packet);
            }
            return;
        }
        let body = payload::encode(&packets);
        let Some(exchange) = self.send_post(id, body) else { return };
        if self.improved() {
            self.outbox.in_flight_len = packets.iter().map(|packet| packet.len()).sum();
            self.outbox.in_flight = Some((exchange, packets));
            self.improved_posted();
        }
    }

    /// Posts a last packet whose answer nobody waits for.
    pub(super) fn write_farewell(&mut self, id: LinkId, packet: Text) {
        if self.is_socket(id) {
            self.send_on_link(id, packet);
        } else if self.links.contains_key(&id) {
            let exchange = self.open_exchange(super::Use::Farewell);
            self.transmit_post(id, exchange, packet);
        }
    }
}
