//! Received packets, namespaces, acknowledgements.

use alloc::collections::BTreeSet;
use alloc::format;

use super::{Client, ClientEvent, LinkId, LossCause, Violation};
use crate::seeded::SeededFault;
use crate::server::{AckMode, LocalError, Outgoing};
use crate::{AckId, Advice, Body, Packet, Reason, Text};

/// The name under which the genuine client files packets it cannot read at all. What it sends for it goes to the root.
static UNREADABLE: Text = Text::from_static("undefined");

/// A namespace of the client.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Endpoint {
    /// What packets for it are filed under.
    key: Text,
    /// What is written into packets from it.
    name: Text,
    joined: bool,
    last_id: u64,
    acks: BTreeSet<u64>,
}

impl Endpoint {
    pub(super) fn new(key: Text, name: Text) -> Self {
        Self { key, name, joined: true, last_id: 0, acks: BTreeSet::new() }
    }
}

fn packet(endpoint: &Text, body: Body) -> Text {
    Packet { id: None, endpoint: endpoint.clone(), body }.to_text()
}

fn connect_packet(endpoint: &Text) -> Text {
    packet(endpoint, Body::Connect { query: Text::EMPTY })
}

pub(super) fn disconnect_packet(endpoint: &Text) -> Text {
    packet(endpoint, Body::Disconnect)
}

// --- what the application sends

impl Client {
    fn find_endpoint(&self, key: &str) -> Option<usize> {
        self.endpoints.iter().position(|endpoint| endpoint.key == *key)
    }

    /// The index of the endpoint, which is created and joined if it is new.
    fn endpoint(&mut self, key: &Text, name: &Text) -> Result<usize, LocalError> {
        if let Some(index) = self.find_endpoint(key) {
            return Ok(index);
        }
        let limits = &self.config.limits;
        if key.contains(':') || key.len() > limits.endpoint_len_max {
            return Err(LocalError::BadEndpoint);
        }
        if self.endpoints.len() >= limits.endpoints_max {
            return Err(LocalError::Limit("endpoints_max"));
        }
        self.endpoints.push(Endpoint::new(key.clone(), name.clone()));
        self.write_connect(name);
        Ok(self.endpoints.len() - 1)
    }

    /// The improved profile joins whatever is to be joined as soon as it is connected, so nothing has to wait.
    fn write_connect(&mut self, name: &Text) {
        if self.connected || !self.improved() {
            self.write_own(connect_packet(name));
        }
    }

    pub(super) fn join_endpoint(&mut self, key: &Text) -> Result<(), LocalError> {
        let index = self.endpoint(key, key)?;
        if !self.endpoints[index].joined {
            self.endpoints[index].joined = true;
            self.write_connect(key);
        }
        Ok(())
    }

    pub(super) fn leave_endpoint(&mut self, key: &Text) -> Result<(), LocalError> {
        let index = self.find_endpoint(key).filter(|index| *index > 0).ok_or(LocalError::BadEndpoint)?;
        if self.connected || !self.improved() {
            self.write(disconnect_packet(key))?;
        }
        self.endpoints[index].joined = false;
        self.tell(ClientEvent::Left { endpoint: key.clone() });
        Ok(())
    }

    /// After a reconnection: `1::/x` for each endpoint. The genuine client joins those it left as well.
    pub(super) fn rejoin(&mut self) {
        for index in 1..self.endpoints.len() {
            let connect = connect_packet(&self.endpoints[index].name);
            self.write_own(connect);
        }
    }

    /// The improved profile's joins, before everything that waits.
    pub(super) fn rejoin_first(&mut self) {
        for endpoint in self.endpoints.iter().skip(1).rev().filter(|endpoint| endpoint.joined) {
            self.outbox.push_front(connect_packet(&endpoint.name));
        }
    }

    pub(super) fn send_packet(
        &mut self,
        endpoint: &Text,
        outgoing: Outgoing,
        ack: AckMode,
    ) -> Result<Option<u64>, LocalError> {
        let index = self.endpoint(endpoint, endpoint)?;
        if ack != AckMode::None && self.pending_acks >= self.config.limits.pending_acks_max {
            return Err(LocalError::Limit("pending_acks_max"));
        }
        let next_id = self.endpoints[index].last_id + 1;
        let id = (ack != AckMode::None)
            .then(|| AckId { id: Text::from(format!("{next_id}")), with_data: ack == AckMode::WithData });
        let body = match outgoing {
            Outgoing::Message(data) => Body::Message { data },
            Outgoing::Json(data) => Body::Json { data },
            Outgoing::Event(data) => Body::Event { data },
        };
        let asks = id.is_some();
        self.write(Packet { id, endpoint: endpoint.clone(), body }.to_text())?;
        if !asks {
            return Ok(None);
        }
        self.endpoints[index].last_id = next_id;
        self.endpoints[index].acks.insert(next_id);
        self.pending_acks += 1;
        Ok(Some(next_id))
    }

    pub(super) fn send_ack(&mut self, endpoint: &Text, id: &AckId, args: Text) -> Result<(), LocalError> {
        if self.find_endpoint(endpoint).is_none() {
            return Err(LocalError::BadEndpoint);
        }
        // No arguments are written as none at all (facts 1.11).
        let args = if args == "[]" { Text::EMPTY } else { args };
        self.write(packet(endpoint, Body::ack(id.id.clone(), args)))
    }
}

// --- what the server sends

impl Client {
    /// One packet of a poll's body or of a message.
    pub(super) fn take_text(&mut self, link: LinkId, text: &Text) {
        match Packet::decode(text) {
            Ok(packet) => self.take_packet(link, packet),
            Err(error) => {
                self.tell(ClientEvent::PeerViolation { error: Violation::Packet(error) });
                if !self.improved() {
                    self.file_unreadable(text);
                }
            }
        }
    }

    fn take_packet(&mut self, link: LinkId, packet: Packet) {
        if self.is_v0_9() {
            self.heard_v0_9();
        }
        if packet.body == Body::Heartbeat {
            if self.improved() {
                self.write_own(Text::from_static("2::"));
            } else {
                self.answer_heartbeat(link);
            }
            return;
        }
        let root = packet.endpoint.is_empty();
        if root && matches!(packet.body, Body::Connect { .. }) {
            self.root_connected(link);
        }
        if !self.improved() {
            self.file(&packet.endpoint, &packet.endpoint);
        }
        self.deliver(link, packet);
    }

    fn deliver(&mut self, link: LinkId, packet: Packet) {
        let endpoint = packet.endpoint.clone();
        match &packet.body {
            Body::Connect { .. } => self.deliver_connect(link, endpoint),
            Body::Disconnect if endpoint.is_empty() => self.booted(link),
            Body::Disconnect => self.tell(ClientEvent::Left { endpoint }),
            Body::Message { .. } | Body::Json { .. } => {
                if let Some(AckId { id, with_data: false }) = &packet.id {
                    let ack = Body::Ack { id: id.clone(), args: Text::EMPTY };
                    self.write_own(self::packet(&endpoint, ack));
                }
                self.deliver_message(link, packet);
            }
            Body::Event { .. } => self.deliver_message(link, packet),
            Body::Ack { id, args } => self.deliver_ack(endpoint, id, args.clone()),
            Body::Error { reason, advice } => self.deliver_error(link, endpoint, *reason, *advice),
            Body::Heartbeat | Body::Noop => {}
        }
    }

    fn deliver_connect(&mut self, link: LinkId, endpoint: Text) {
        if !endpoint.is_empty() {
            self.tell(ClientEvent::Joined { endpoint });
        } else if let Some(link) = self.links.get(&link) {
            let (session, transport) = (link.session.clone(), link.transport);
            self.tell(ClientEvent::Connected { session, transport });
        }
    }

    fn deliver_message(&mut self, link: LinkId, packet: Packet) {
        let session = self.links.get(&link).map_or(Text::EMPTY, |link| link.session.clone());
        self.tell(ClientEvent::Received { packet, session });
    }

    /// An acknowledgement counts once, and only for an id written as we write it.
    fn deliver_ack(&mut self, endpoint: Text, id: &Text, args: Text) {
        let Some(index) = self.find_endpoint(&endpoint) else { return };
        let Ok(number) = id.parse::<u64>() else { return };
        let planted = self.seeded(SeededFault::AckTwice) || self.seeded(SeededFault::AckUnasked);
        if planted {
            self.tell(ClientEvent::Acknowledged { endpoint, id: number, args });
        } else if format!("{number}") == **id && self.endpoints[index].acks.remove(&number) {
            self.pending_acks -= 1;
            self.tell(ClientEvent::Acknowledged { endpoint, id: number, args });
        }
    }

    fn deliver_error(
        &mut self,
        link: LinkId,
        endpoint: Text,
        reason: Option<Reason>,
        advice: Option<Advice>,
    ) {
        if reason == Some(Reason::ClientNotHandshaken)
            && let Some(link) = self.links.get_mut(&link)
        {
            link.established = false;
        }
        if advice == Some(Advice::Reconnect)
            && self.is_v0_9()
            && let Some(link) = self.links.get_mut(&link)
        {
            link.rejected = true;
        }
        match advice {
            Some(Advice::Reconnect) if self.improved() => self.improved_rejected(link),
            Some(Advice::Reconnect) => self.genuine_rejected(),
            None if reason == Some(Reason::Unauthorized) => {
                self.tell(ClientEvent::ConnectFailed { endpoint });
                return;
            }
            None => {}
        }
        self.tell(ClientEvent::Error { endpoint, reason, advice });
    }

    fn root_connected(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else { return };
        link.established = true;
        if self.improved() {
            self.improved_connected();
        } else {
            self.genuine_connected();
        }
    }

    fn booted(&mut self, link: LinkId) {
        if let Some(link) = self.links.get_mut(&link) {
            link.established = false;
        }
        if self.improved() {
            self.improved_booted(link);
        } else {
            self.lose(LossCause::Booted);
        }
    }

    /// The genuine client joins an endpoint that the server names.
    fn file(&mut self, key: &Text, name: &Text) {
        match self.endpoint(key, name) {
            Ok(_) => {}
            Err(LocalError::Limit(limit)) => self.tell(ClientEvent::Overflow { limit }),
            Err(_) => self.tell(ClientEvent::Overflow { limit: "endpoint_len_max" }),
        }
    }

    /// A text that is no packet for us may have an endpoint for the genuine client, which searches where we match. Without
    /// one it is filed under a name of its own, and the `1::` sent for that goes to the root.
    fn file_unreadable(&mut self, text: &Text) {
        match searched_endpoint(text) {
            Some(endpoint) => {
                let endpoint = text.slice_ref(endpoint);
                self.file(&endpoint, &endpoint);
            }
            None => self.file(&UNREADABLE, &Text::EMPTY),
        }
    }
}

/// The endpoint the genuine client finds: after the leftmost non-empty text, colon, digits, plus, colon (facts 1.1).
fn searched_endpoint(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        let start = rest.trim_start_matches(':');
        let (_, after) = start.split_once(':')?;
        let id = after.trim_start_matches(|character: char| character.is_ascii_digit());
        let id = id.strip_prefix('+').unwrap_or(id);
        if let Some(endpoint) = id.strip_prefix(':') {
            return Some(endpoint.split(':').next().unwrap_or_default());
        }
        rest = after;
    }
}
