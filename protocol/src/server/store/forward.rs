//! Packets that arrived here and belong to a session of another node.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::value::RawValue;

use super::super::namespaces::ack_text;
use super::super::{Server, ServerEvent, SessionId, Violation};
use super::write::string;
use super::{Role, is_session_id};
use crate::payload::Payload;
use crate::{AckId, Body, Packet, Text};

/// A packet as the objects of 0.8.7 show it; `None` if its data is not JSON where it must be.
fn object(packet: &Packet) -> Option<String> {
    let name = string(packet.packet_type().name());
    let mut members = alloc::vec![("type", name), ("endpoint", string(&packet.endpoint))];
    if let Some(AckId { id, with_data }) = &packet.id {
        let ack = if *with_data { "\"data\"" } else { "true" };
        members.extend([("id", string(id)), ("ack", ack.to_string())]);
    }
    match &packet.body {
        Body::Message { data } => members.push(("data", string(data))),
        Body::Json { data } => {
            let data = serde_json::from_str::<&RawValue>(data).ok()?;
            members.push(("data", data.to_string()));
        }
        Body::Event { .. } => {
            let view = packet.as_ref();
            let event = view.event().ok()?;
            members.extend([("name", string(event.name())), ("args", event.args_text().to_string())]);
        }
        Body::Ack { id, args } => {
            let args = serde_json::from_str::<&RawValue>(args).map_or("[]", RawValue::get);
            members.extend([("ackId", string(id)), ("args", args.to_string())]);
        }
        Body::Connect { query } => members.push(("qs", string(query))),
        Body::Error { .. } => members.extend([("reason", string("")), ("advice", string(""))]),
        Body::Disconnect | Body::Heartbeat | Body::Noop => {}
    }
    let members: Vec<String> =
        members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    Some(format!("{{{}}}", members.join(",")))
}

impl Server {
    /// Takes a packet to where it belongs, if that is not here: to the home of the session, or to the holder of its transport. False
    /// if it is ours.
    pub(in super::super) fn forward(&mut self, id: &SessionId, packet: &Packet) -> bool {
        if self.store.is_none() {
            return false;
        }
        if self.faulty() {
            return self.genuine_forward(id, packet);
        }
        let Some(session) = self.sessions.get(id) else { return false };
        let away = session.shared.role == Role::Away;
        let held = session.channel.is_some()
            || (session.transport.is_some() && session.shared.place == super::Place::Here);
        match packet.body {
            Body::Heartbeat if session.channel.is_some() => false,
            Body::Heartbeat => {
                self.publish_to("heartbeat-clear", id, &[]);
                true
            }
            Body::Disconnect if packet.endpoint.is_empty() => {
                if away && !held {
                    self.publish_to("disconnect-force", id, &[]);
                }
                away && !held
            }
            _ if !away => false,
            _ => {
                let acknowledged = match &packet.id {
                    Some(AckId { id: ack, with_data: false }) => {
                        self.deliver(id, ack_text(&packet.endpoint, ack, Text::EMPTY))
                    }
                    _ => true,
                };
                if acknowledged {
                    self.publish_packet(id, packet);
                }
                true
            }
        }
    }

    /// A POST for a session that nobody told us of: its home may know it, as when this node started later than the session.
    pub(in super::super) fn forward_payload(&mut self, id: &SessionId, text: Text) {
        if self.store.is_none() || !is_session_id(&id.0) {
            return;
        }
        let limits = self.config.limits;
        for packet in Payload::new(text, &limits).flatten() {
            let Ok(packet) = Packet::decode(&packet) else { continue };
            match (&packet.body, &packet.id) {
                (Body::Heartbeat, _) => self.publish_to("heartbeat-clear", id, &[]),
                (Body::Disconnect, _) if packet.endpoint.is_empty() => {
                    self.publish_to("disconnect-force", id, &[]);
                }
                (_, ack) => {
                    if let Some(AckId { id: ack, with_data: false }) = ack {
                        let text = ack_text(&packet.endpoint, ack, Text::EMPTY);
                        self.publish_to("dispatch", id, &[&string(&text)]);
                    }
                    self.publish_packet(id, &packet);
                }
            }
        }
    }

    pub(super) fn publish_packet(&mut self, id: &SessionId, packet: &Packet) {
        if let Some(object) = object(packet) {
            self.publish_to("message", id, &[&object]);
        } else {
            let (session, error) = (Some(id.clone()), Violation::NotJson);
            self.events.push_back(ServerEvent::PeerViolation { session, error });
        }
    }
}
