//! What other nodes publish.

use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::session::Session;
use super::super::{Cause, Server, ServerEvent, SessionId};
use super::{Place, Role, StoreError, foreign, is_session_id};
use crate::{AckId, Body, Packet, PacketType, Text};

type Done = Result<(), StoreError>;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "nodeId", borrow)]
    node: &'a RawValue,
    #[serde(borrow)]
    args: Vec<&'a RawValue>,
}

/// A packet as the objects of 0.8.7 show it.
#[derive(Deserialize)]
struct PacketObject<'a> {
    #[serde(rename = "type", borrow)]
    packet_type: Cow<'a, str>,
    #[serde(borrow, default)]
    endpoint: Cow<'a, str>,
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    ack: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
    #[serde(rename = "ackId", borrow, default)]
    ack_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    qs: Option<Cow<'a, str>>,
}

/// The members of a JSON object in their order.
pub(super) fn members(json: &str) -> Result<Vec<(String, &RawValue)>, StoreError> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    let members = reader.deserialize_map(Members).map_err(|_| StoreError::Arguments)?;
    reader.end().map_err(|_| StoreError::Arguments)?;
    Ok(members)
}

/// The argument at `index`.
fn arg<T: DeserializeOwned>(args: &[&RawValue], index: usize) -> Result<T, StoreError> {
    let raw = args.get(index).ok_or(StoreError::Arguments)?;
    serde_json::from_str(raw.get()).map_err(|_| StoreError::Arguments)
}

/// Whether an argument is what JavaScript takes for true, of those that nodes send.
fn flag(args: &[&RawValue], index: usize) -> bool {
    args.get(index).is_some_and(|raw| raw.get() == "true")
}

fn session_id(args: &[&RawValue]) -> Result<SessionId, StoreError> {
    let id: String = arg(args, 0)?;
    if is_session_id(&id) { Ok(SessionId(Text::from(id))) } else { Err(StoreError::SessionId) }
}

/// Reasons of 0.8.7; none at all is an application that disconnects, or a poll.
fn cause(args: &[&RawValue]) -> Cause {
    match arg::<String>(args, 0).as_deref() {
        Ok("close timeout") => Cause::CloseTimeout,
        Ok("heartbeat timeout") => Cause::HeartbeatTimeout,
        Ok("socket end") => Cause::SocketEnd,
        Ok("socket close" | "socket error") => Cause::SocketClose,
        Ok("limit") => Cause::Limit,
        Ok("error") => Cause::Error,
        _ => Cause::Booted,
    }
}

fn packet(args: &[&RawValue]) -> Result<Packet, StoreError> {
    let raw = args.first().ok_or(StoreError::Arguments)?;
    let object: PacketObject<'_> = serde_json::from_str(raw.get()).map_err(|_| StoreError::Arguments)?;
    let raw_text = |value: Option<&RawValue>| value.map(|value| Text::from(value.get().to_owned()));
    let text =
        |value: Option<Cow<'_, str>>| value.map_or(Text::EMPTY, |value| Text::from(value.into_owned()));
    let body = match PacketType::from_name(&object.packet_type).ok_or(StoreError::Arguments)? {
        PacketType::Message => {
            let data: Option<String> = object.data.and_then(|data| serde_json::from_str(data.get()).ok());
            Body::Message { data: Text::from(data.ok_or(StoreError::Arguments)?) }
        }
        PacketType::Json => Body::Json { data: raw_text(object.data).ok_or(StoreError::Arguments)? },
        PacketType::Event => {
            let name = object.name.filter(|name| name.get().starts_with('"')).ok_or(StoreError::Arguments)?;
            let args = object.args.map_or("[]", RawValue::get);
            let data = match args {
                "[]" => format!("{{\"name\":{name}}}"),
                args => format!("{{\"name\":{name},\"args\":{args}}}"),
            };
            Body::Event { data: Text::from(data) }
        }
        PacketType::Ack => {
            let args = raw_text(object.args.filter(|args| args.get() != "[]")).unwrap_or_default();
            Body::Ack { id: text(object.ack_id), args }
        }
        PacketType::Connect => Body::Connect { query: text(object.qs) },
        PacketType::Disconnect => Body::Disconnect,
        PacketType::Heartbeat => Body::Heartbeat,
        PacketType::Error => Body::Error { reason: None, advice: None },
        PacketType::Noop => Body::Noop,
    };
    let with_data = object.ack.is_some_and(|ack| ack.get() == "\"data\"");
    let id = object.id.map(|id| AckId { id: Text::from(id.into_owned()), with_data });
    Ok(Packet { id, endpoint: Text::from(object.endpoint.into_owned()), body })
}

impl Server {
    /// Takes one publication. Own ones come back, and are ignored.
    pub(in super::super) fn published(&mut self, channel: &Text, message: &Text) {
        let Some(link) = &self.store else { return };
        let node_id = link.config.node_id;
        if let Err(error) = self.take_publication(node_id, channel, message) {
            self.events.push_back(ServerEvent::StoreViolation { channel: channel.clone(), error });
        }
    }

    fn take_publication(&mut self, own: u64, channel: &Text, message: &Text) -> Done {
        // The longest packet with each byte escaped, and a handshake's data beside it.
        let len_max = self.config.limits.payload_len_max.saturating_mul(6).saturating_add(64_000);
        if message.len() > len_max {
            return Err(StoreError::Limit("payload_len_max"));
        }
        let Envelope { node, args } = serde_json::from_str(message).map_err(|_| StoreError::Envelope)?;
        // A number, but nodes may be given ids that are texts.
        if node.get().trim_matches('"').parse() == Ok(own) {
            return Ok(());
        }
        match channel.split_once(':') {
            None => self.take_announcement(channel, &args),
            Some((kind, id)) if is_session_id(id) => {
                self.take_order(kind, &SessionId(channel.slice_ref(id)), &args)
            }
            Some(_) => Err(StoreError::SessionId),
        }
    }

    /// What every node is told.
    fn take_announcement(&mut self, channel: &str, args: &[&RawValue]) -> Done {
        if channel == "dispatch" {
            return self.take_broadcast(args);
        }
        let id = session_id(args)?;
        // From here on the id as it is kept, if it is.
        let id = self.sessions.get_key_value(&id).map_or(id, |(kept, _)| kept.clone());
        match channel {
            "handshake" => self.take_handshake_data(&id, args),
            "connect" => {
                self.take_connect(&id);
                Ok(())
            }
            "open" => {
                self.take_open(&id);
                Ok(())
            }
            "close" => {
                self.take_close(&id);
                Ok(())
            }
            "join" => self.take_join(&id, &arg::<String>(args, 1)?),
            "leave" => {
                let room: String = arg(args, 1)?;
                self.take_leave(&id, &room);
                Ok(())
            }
            "disconnect" => {
                self.take_end(&id, Cause::Booted);
                Ok(())
            }
            _ => Err(StoreError::Channel),
        }
    }

    /// What concerns one session.
    fn take_order(&mut self, kind: &str, id: &SessionId, args: &[&RawValue]) -> Done {
        let Some(session) = self.sessions.get(id) else { return Ok(()) };
        let (home, holds) = (session.shared.role == Role::Home, session.channel.is_some());
        match kind {
            "message" => {
                let packet = packet(args)?;
                if home && self.has_endpoint(&packet.endpoint) {
                    self.hand_over(id, packet);
                }
            }
            "dispatch" => {
                let packet: String = arg(args, 0)?;
                self.take_dispatch(id, Text::from(packet), flag(args, 1))?;
            }
            "disconnect" => self.take_disconnect(id, cause(args)),
            "heartbeat-clear" if holds => self.heartbeat_answered(id),
            "disconnect-force" if holds || home => self.boot(id),
            "heartbeat-clear" | "disconnect-force" => {}
            _ => return Err(StoreError::Channel),
        }
        Ok(())
    }

    fn take_handshake_data(&mut self, id: &SessionId, args: &[&RawValue]) -> Done {
        let data = args.get(1).ok_or(StoreError::Arguments)?.get();
        if self.store.as_ref().is_some_and(|link| data.len() > link.config.data_len_max) {
            return Err(StoreError::Limit("data_len_max"));
        }
        let used = members(data)?.iter().all(|(name, _)| name != "issued");
        if let Some(session) = self.sessions.get_mut(id) {
            session.shared.data = Text::from(data);
        } else {
            if self.sessions.len() >= self.config.limits.sessions_max {
                return Err(StoreError::Limit("sessions_max"));
            }
            let deadline = self.handshake_deadline();
            if let Some(deadline) = deadline {
                self.deadlines.insert(id, deadline);
            }
            let told = self.store.as_ref().map(|link| foreign::read(&link.config, data));
            let Some(told) = told else { return Ok(()) };
            let mut session = Session::new(deadline, Arc::new(told));
            session.shared = self.new_shared();
            session.shared.data = Text::from(data);
            self.sessions.insert(id.clone(), session);
        }
        if used {
            self.take_connect(id);
        }
        Ok(())
    }

    /// Another node is the home.
    fn take_connect(&mut self, id: &SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.shared.role == Role::Unused {
            session.shared.role = Role::Away;
            self.expect_news(id);
        }
    }

    /// Another node has the transport, and delivered what all of them kept.
    fn take_open(&mut self, id: &SessionId) {
        self.supersede(id);
        self.genuine_take_open(id);
        let Some(session) = self.sessions.get_mut(id) else { return };
        let unused = session.shared.role == Role::Unused;
        session.shared.place = Place::Open;
        while session.outbox.pop().is_some() {}
        if !unused {
            self.clear_timer(id);
        }
        self.hear_of(id);
        self.subscribe_as_wanted(id);
    }

    /// The transport at another node was closed. One that is open here meanwhile is the newer.
    fn take_close(&mut self, id: &SessionId) {
        if self.faulty() {
            return self.genuine_take_close(id);
        }
        let Some(session) = self.sessions.get_mut(id) else { return };
        if session.shared.place != Place::Open {
            return;
        }
        session.shared.place = Place::Closed;
        if session.shared.role == Role::Home {
            self.expect_news(id);
        }
        self.hear_of(id);
        self.subscribe_as_wanted(id);
    }

    /// Puts off forgetting a session of another node.
    fn hear_of(&mut self, id: &SessionId) {
        let away =
            |session: &Session| session.shared.role == Role::Away && session.shared.place != Place::Here;
        if self.sessions.get(id).is_some_and(away) {
            self.expect_news(id);
        }
    }

    /// A session that another node says is over.
    fn take_end(&mut self, id: &SessionId, cause: Cause) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.shared.told = true;
        if session.channel.is_some() {
            self.deliver_here(id, Text::from_static("0::"));
        }
        self.end(id, cause, None);
    }

    /// The holder of the transport, or the application at another node, ends it: the home tells the rest.
    fn take_disconnect(&mut self, id: &SessionId, cause: Cause) {
        let Some(session) = self.sessions.get(id) else { return };
        if session.shared.role != Role::Home {
            return self.take_end(id, cause);
        }
        if session.channel.is_some() {
            self.deliver_here(id, Text::from_static("0::"));
        }
        self.store_booted(id);
        self.end(id, cause, None);
    }

    /// A packet for a transport that may be here.
    fn take_dispatch(&mut self, id: &SessionId, packet: Text, volatile: bool) -> Done {
        if packet.len() > self.config.limits.payload_len_max {
            return Err(StoreError::Limit("payload_len_max"));
        }
        let Some(session) = self.sessions.get(id) else { return Ok(()) };
        let kept = !volatile && session.shared.role != Role::Unused;
        if session.channel.is_some() || kept {
            self.deliver_here(id, packet);
        }
        Ok(())
    }

    fn take_broadcast(&mut self, args: &[&RawValue]) -> Done {
        let room: String = arg(args, 0)?;
        let packet = Text::from(arg::<String>(args, 1)?);
        let except: Vec<String> = match args.get(3) {
            Some(_) => arg(args, 3)?,
            None => Vec::new(),
        };
        let mut receivers: Vec<SessionId> = Vec::new();
        for (endpoint, room) in self.named(&room) {
            receivers.extend(self.members.of(&endpoint, room.as_ref()).cloned());
        }
        receivers.sort();
        receivers.dedup();
        receivers.retain(|id| !except.iter().any(|excepted| **excepted == *id.0));
        for id in receivers {
            self.take_dispatch(&id, packet.clone(), flag(args, 2))?;
        }
        Ok(())
    }

    /// The endpoints and rooms that a name between nodes may stand for, the longest endpoint first: `/chat/x` is the room `x` of
    /// `/chat`, and the room `chat/x` of the root.
    fn named(&self, name: &str) -> Vec<(Text, Option<Text>)> {
        let mut named = Vec::new();
        if name.is_empty() {
            named.push((Text::EMPTY, None));
        }
        let mut endpoints: Vec<&Text> =
            self.config.endpoints.iter().chain(&self.config.guarded_endpoints).collect();
        endpoints.sort_by_key(|endpoint| core::cmp::Reverse(endpoint.len()));
        named.extend(
            endpoints
                .iter()
                .filter(|endpoint| endpoint.as_str() == name)
                .map(|&endpoint| (endpoint.clone(), None)),
        );
        for endpoint in endpoints.into_iter().chain([&Text::EMPTY]) {
            if let Some(room) = name.strip_prefix(endpoint.as_str()).and_then(|rest| rest.strip_prefix('/')) {
                named.push((endpoint.clone(), Some(Text::from(room))));
            }
        }
        named
    }

    fn take_join(&mut self, id: &SessionId, name: &str) -> Done {
        let Some((endpoint, room)) = self.named(name).into_iter().next() else {
            return Err(StoreError::Arguments);
        };
        let limits = self.config.limits;
        let Some(session) = self.sessions.get_mut(id) else { return Ok(()) };
        match &room {
            None if endpoint.is_empty() => {}
            None => {
                session.joined.insert(endpoint.clone());
            }
            Some(room) => {
                let key = (endpoint.clone(), room.clone());
                if session.rooms.len() >= limits.rooms_max && !session.rooms.contains(&key) {
                    return Err(StoreError::Limit("rooms_max"));
                }
                session.rooms.insert(key);
            }
        }
        self.members.insert(id, endpoint, room);
        Ok(())
    }

    fn take_leave(&mut self, id: &SessionId, name: &str) {
        for (endpoint, room) in self.named(name) {
            if let Some(session) = self.sessions.get_mut(id) {
                match &room {
                    None => {
                        session.joined.remove(&endpoint);
                    }
                    Some(room) => {
                        session.rooms.remove(&(endpoint.clone(), room.clone()));
                    }
                }
            }
            self.members.remove(id, endpoint, room);
        }
    }
}
