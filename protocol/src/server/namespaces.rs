//! Packets from the client: acknowledged, then routed to the endpoint they name (facts 9).

use alloc::collections::BTreeSet;
use alloc::string::ToString;

use super::event_name;
use super::{Cause, Server, ServerEvent, SessionId, Violation};
use crate::seeded::SeededFault;
use crate::{AckId, Body, Packet, Text};

impl Server {
    /// Whether the application has this endpoint; the comparison is exact (facts 9.5).
    pub(super) fn has_endpoint(&self, endpoint: &Text) -> bool {
        endpoint.is_empty()
            || self.config.endpoints.contains(endpoint)
            || self.config.guarded_endpoints.contains(endpoint)
    }

    /// Takes the text of one packet.
    pub(super) fn take_packet(&mut self, id: &SessionId, text: &Text) {
        match Packet::decode(text) {
            Ok(packet) => self.route(id, packet),
            Err(error) => {
                let (session, error) = (Some(id.clone()), Violation::Packet(error));
                self.events.push_back(ServerEvent::PeerViolation { session, error });
            }
        }
    }

    fn route(&mut self, id: &SessionId, packet: Packet) {
        if self.forward(id, &packet) {
            return;
        }
        match packet.body {
            Body::Heartbeat => self.heartbeat_answered(id),
            Body::Disconnect if packet.endpoint.is_empty() => self.boot(id),
            _ => {
                // An id alone is acknowledged before anything else, whatever the type and the endpoint (facts 9.2).
                let acknowledged = match &packet.id {
                    Some(AckId { id: ack, with_data: false }) => {
                        if self.seeded(SeededFault::AckTwice) {
                            self.deliver(id, ack_text(&packet.endpoint, ack, Text::EMPTY));
                        }
                        self.deliver(id, ack_text(&packet.endpoint, &self.planted(ack), Text::EMPTY))
                    }
                    _ => true,
                };
                if acknowledged && self.has_endpoint(&packet.endpoint) {
                    self.hand_over(id, packet);
                }
            }
        }
    }

    /// The id as it came, unless it was planted that it is the next one.
    fn planted(&self, ack: &Text) -> Text {
        match ack.parse::<u64>() {
            Ok(number) if self.seeded(SeededFault::AckUnasked) => Text::from((number + 1).to_string()),
            _ => ack.clone(),
        }
    }

    /// To the application; its endpoint exists.
    pub(super) fn hand_over(&mut self, id: &SessionId, packet: Packet) {
        match &packet.body {
            Body::Connect { query } if self.is_guarded(&packet.endpoint) => {
                self.ask_for_join(id, &packet.endpoint, query);
            }
            Body::Connect { .. } => self.join(id, &packet.endpoint),
            Body::Disconnect => self.left(id, packet.endpoint),
            Body::Ack { id: ack, args } => self.acknowledged(id, &packet.endpoint, ack, args.clone()),
            Body::Event { data } if event_name::is(data, "disconnect") => {}
            Body::Message { .. } | Body::Json { .. } | Body::Event { .. } => {
                if !self.may_deliver(id, &packet.endpoint) {
                    return;
                }
                self.events.push_back(ServerEvent::Received { session: id.clone(), packet });
            }
            Body::Heartbeat | Body::Error { .. } | Body::Noop => {}
        }
    }

    /// `1::` and `1::/chat` are echoed, without their query, and reported every time (facts 9.1, 9.5).
    pub(super) fn join(&mut self, id: &SessionId, endpoint: &Text) {
        // Our own copy of the name: a slice of the packet would keep the whole payload in memory.
        let mut known = self.config.endpoints.iter().chain(&self.config.guarded_endpoints);
        let ours = known.find(|ours| *ours == endpoint);
        let endpoint = ours.cloned().unwrap_or_default();
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Some(transport) = session.transport else { return };
        if !endpoint.is_empty() && !session.joined.contains(&endpoint) {
            if session.joined.len() >= self.config.limits.endpoints_max {
                self.end(id, Cause::Limit, None);
                return;
            }
            session.joined.insert(endpoint.clone());
        }
        self.members.insert(id, endpoint.clone(), None);
        self.store_joined(id, &endpoint);
        let echo =
            Packet { id: None, endpoint: endpoint.clone(), body: Body::Connect { query: Text::EMPTY } };
        if self.deliver(id, echo.to_text()) {
            self.events.push_back(ServerEvent::Connected { session: id.clone(), endpoint, transport });
        }
    }

    /// `0::/chat` has no answer and is reported every time, joined or not (facts 9.4); of a guarded endpoint only if it was
    /// joined.
    fn left(&mut self, id: &SessionId, endpoint: Text) {
        if self.is_guarded(&endpoint) {
            let Some(session) = self.sessions.get_mut(id) else { return };
            let joined = session.joined.contains(&endpoint);
            if session.asking.remove(&endpoint) {
                self.abandon_join(id, endpoint.clone());
            }
            if !joined {
                return;
            }
        }
        self.leave(id, endpoint);
    }

    /// Leaves the endpoint, and its rooms with it.
    pub(super) fn leave(&mut self, id: &SessionId, endpoint: Text) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.joined.remove(&endpoint) {
            self.members.remove(id, endpoint.clone(), None);
        }
        let rooms = core::mem::take(&mut session.rooms);
        let (left, kept): (BTreeSet<_>, _) = rooms.into_iter().partition(|(of, _)| *of == endpoint);
        session.rooms = kept;
        self.store_room("leave", id, &endpoint, None);
        for (of, room) in left {
            self.store_room("leave", id, &of, Some(&room));
            self.members.remove(id, of, Some(room));
        }
        self.events.push_back(ServerEvent::Left { session: id.clone(), endpoint });
    }

    /// Each id is taken once; unknown ids and those written with other digits are ignored.
    fn acknowledged(&mut self, id: &SessionId, endpoint: &Text, ack: &Text, args: Text) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        let Ok(number) = ack.parse::<u64>() else { return };
        if number.to_string() == ack.as_str() && session.pending_acks.remove(&(endpoint.clone(), number)) {
            self.events.push_back(ServerEvent::Acknowledged {
                session: id.clone(),
                endpoint: endpoint.clone(),
                id: number,
                args,
            });
        }
    }
}

/// The text of an acknowledgement.
pub(super) fn ack_text(endpoint: &Text, id: &Text, args: Text) -> Text {
    // Not `Body::ack`: recorded servers leave U+2028 and U+2029 as they are.
    let body = Body::Ack { id: id.clone(), args };
    Packet { id: None, endpoint: endpoint.clone(), body }.to_text()
}
