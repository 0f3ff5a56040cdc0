//! What the application sends: to one session, to many, acknowledgements, rooms.

use alloc::collections::BTreeSet;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::namespaces::ack_text;
use super::session::Session;
use super::store::Role;
use super::{AckMode, Audience, LocalError, Outgoing, Server, SessionId};
use crate::{AckId, Body, Packet, Text};

fn packet_text(id: Option<AckId>, endpoint: &Text, outgoing: Outgoing) -> Text {
    let body = match outgoing {
        Outgoing::Message(data) => Body::Message { data },
        Outgoing::Json(data) => Body::Json { data },
        Outgoing::Event(data) => Body::Event { data },
    };
    Packet { id, endpoint: endpoint.clone(), body }.to_text()
}

impl Server {
    pub(super) fn send_packet(
        &mut self,
        id: &SessionId,
        endpoint: &Text,
        outgoing: Outgoing,
        ack: AckMode,
    ) -> Result<Option<u64>, LocalError> {
        self.check_endpoint(endpoint)?;
        let limits = self.config.limits;
        let session = self.connected(id)?;
        if ack == AckMode::None {
            return self.deliver_checked(id, packet_text(None, endpoint, outgoing)).map(|()| None);
        }
        if session.shared.role == Role::Away {
            return Err(LocalError::OtherNode);
        }
        if session.pending_acks.len() >= limits.pending_acks_max {
            return Err(LocalError::Limit("pending_acks_max"));
        }
        let number = session.ack_ids.get(endpoint).map_or(1, |last| last.saturating_add(1));
        let ack_id = AckId { id: Text::from(number.to_string()), with_data: ack == AckMode::WithData };
        let text = packet_text(Some(ack_id), endpoint, outgoing);
        if text.len() > limits.payload_len_max {
            return Err(LocalError::Limit("payload_len_max"));
        }
        session.ack_ids.insert(endpoint.clone(), number);
        session.pending_acks.insert((endpoint.clone(), number));
        self.deliver_checked(id, text).map(|()| Some(number))
    }

    pub(super) fn send_packet_volatile(
        &mut self,
        id: &SessionId,
        endpoint: &Text,
        outgoing: Outgoing,
    ) -> Result<bool, LocalError> {
        self.check_endpoint(endpoint)?;
        let text = packet_text(None, endpoint, outgoing);
        if self.connected(id)?.channel.is_none() {
            return Ok(self.store_volatile(id, &text));
        }
        self.deliver_checked(id, text).map(|()| true)
    }

    pub(super) fn send_ack(
        &mut self,
        id: &SessionId,
        endpoint: &Text,
        ack: &AckId,
        args: Text,
    ) -> Result<(), LocalError> {
        self.check_endpoint(endpoint)?;
        self.connected(id)?;
        // Genuine peers write an empty list of arguments as none (facts 1.11).
        let args = if args.as_str() == "[]" { Text::EMPTY } else { args };
        self.deliver_checked(id, ack_text(endpoint, &ack.id, args))
    }

    pub(super) fn send_to_audience(
        &mut self,
        audience: &Audience,
        outgoing: &Outgoing,
    ) -> Result<usize, LocalError> {
        self.check_endpoint(&audience.endpoint)?;
        let text = packet_text(None, &audience.endpoint, outgoing.clone());
        if text.len() > self.config.limits.payload_len_max {
            return Err(LocalError::Limit("payload_len_max"));
        }
        let except: BTreeSet<&SessionId> = audience.except.iter().collect();
        let members = self.members.of(&audience.endpoint, audience.room.as_ref());
        let receivers: Vec<SessionId> = members.filter(|id| !except.contains(id)).cloned().collect();
        let mut reached = 0;
        for id in receivers {
            let skip = audience.volatile && self.channel(&id).is_none();
            if !skip && self.deliver_here(&id, text.clone()) {
                reached += 1;
            }
        }
        self.store_broadcast(audience, &text);
        Ok(reached)
    }

    pub(super) fn enter_room(
        &mut self,
        id: &SessionId,
        endpoint: &Text,
        room: Text,
    ) -> Result<(), LocalError> {
        self.check_endpoint(endpoint)?;
        let rooms_max = self.config.limits.rooms_max;
        let session = self.connected(id)?;
        let key = (endpoint.clone(), room.clone());
        if !session.rooms.contains(&key) && session.rooms.len() >= rooms_max {
            return Err(LocalError::Limit("rooms_max"));
        }
        session.rooms.insert(key);
        self.store_room("join", id, endpoint, Some(&room));
        self.members.insert(id, endpoint.clone(), Some(room));
        Ok(())
    }

    pub(super) fn exit_room(
        &mut self,
        id: &SessionId,
        endpoint: &Text,
        room: &Text,
    ) -> Result<(), LocalError> {
        if self.connected(id)?.rooms.remove(&(endpoint.clone(), room.clone())) {
            self.store_room("leave", id, endpoint, Some(room));
        }
        self.members.remove(id, endpoint.clone(), Some(room.clone()));
        Ok(())
    }

    pub(super) fn check_endpoint(&self, endpoint: &Text) -> Result<(), LocalError> {
        if self.has_endpoint(endpoint) { Ok(()) } else { Err(LocalError::BadEndpoint) }
    }

    /// A session that opened a transport, here or at another node; before that there is nobody to send to.
    pub(super) fn connected(&mut self, id: &SessionId) -> Result<&mut Session, LocalError> {
        match self.sessions.get_mut(id) {
            Some(session) if !session.is_new() => Ok(session),
            _ => Err(LocalError::UnknownSession),
        }
    }

    fn deliver_checked(&mut self, id: &SessionId, text: Text) -> Result<(), LocalError> {
        if text.len() > self.config.limits.payload_len_max {
            return Err(LocalError::Limit("payload_len_max"));
        }
        if self.deliver(id, text) {
            Ok(())
        } else {
            Err(LocalError::Limit("outbox_packets_max or outbox_len_max"))
        }
    }
}
