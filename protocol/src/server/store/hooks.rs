//! What this node tells the others, called where it happens.

use alloc::string::String;
use alloc::vec::Vec;

use super::super::session::Session;
use super::super::{Audience, Cause, ExchangeId, HandshakeData, Server, ServerTransmit, SessionId};
use super::write::string;
use super::{Place, Role, Shared, data, room_name};
use crate::Text;

/// The reason as 0.8.7 names it.
pub(super) fn reason(cause: Cause) -> &'static str {
    match cause {
        Cause::Booted => "\"booted\"",
        Cause::Packet => "\"packet\"",
        Cause::CloseTimeout => "\"close timeout\"",
        Cause::HeartbeatTimeout => "\"heartbeat timeout\"",
        Cause::SocketEnd => "\"socket end\"",
        Cause::SocketClose => "\"socket close\"",
        Cause::Limit => "\"limit\"",
        Cause::Error => "\"error\"",
    }
}

impl Server {
    // --- handshakes

    /// Keeps what a handshake would publish until the application has answered.
    pub(in super::super) fn store_asked(&mut self, exchange: ExchangeId, data: &HandshakeData) {
        let now = self.now;
        let Some(link) = &mut self.store else { return };
        let data = data::of_request(&link.config, now, &data.url, &data.headers, &data.address);
        link.handshakes.insert(exchange, data);
    }

    /// The application refused, or the client went.
    pub(in super::super) fn store_withdrawn(&mut self, exchange: ExchangeId) {
        if let Some(link) = &mut self.store {
            link.handshakes.remove(&exchange);
        }
    }

    /// A handshake was accepted: every node may be asked for this session from now on.
    pub(in super::super) fn store_handshaken(&mut self, exchange: ExchangeId, id: &SessionId) -> Shared {
        let data = self.store.as_mut().and_then(|link| link.handshakes.remove(&exchange));
        if let Some(data) = &data {
            self.announce("handshake", id, &[data]);
        }
        Shared { data: data.unwrap_or_default(), ..self.new_shared() }
    }

    /// What the store adds to a session that is new here.
    pub(super) fn new_shared(&self) -> Shared {
        Shared {
            #[cfg(feature = "json")]
            genuine: self.faulty().then(Default::default),
            ..Shared::default()
        }
    }

    fn announce_handshake(&mut self, id: &SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        let data = session.shared.data.clone();
        if !data.is_empty() {
            self.announce("handshake", id, &[&data]);
        }
    }

    // --- transports

    /// A transport was opened here: other nodes drop theirs and what they kept.
    pub(in super::super) fn store_opened(&mut self, id: &SessionId) {
        if self.store.is_none() {
            return;
        }
        if let Some(session) = self.sessions.get_mut(id) {
            session.shared.place = Place::Here;
        }
        #[cfg(feature = "json")]
        if self.faulty() {
            return self.genuine_opened(id);
        }
        self.announce("open", id, &[]);
        self.subscribe_as_wanted(id);
    }

    /// A poll was answered at once from what was kept: 0.8.7 says only now that it was opened.
    pub(in super::super) fn store_answered_at_once(&mut self, id: &SessionId) {
        #[cfg(feature = "json")]
        if self.faulty() {
            self.genuine_counts_as_open(id);
        }
        #[cfg(not(feature = "json"))]
        let _ = id;
    }

    /// A session began with a POST: 0.8.7 sends its `1::` to whoever has a transport.
    pub(in super::super) fn store_connected_by_post(&mut self, id: &SessionId) {
        if self.faulty() {
            self.deliver(id, Text::from_static("1::"));
        }
    }

    /// A poll was answered: every node keeps what is sent from now on.
    pub(in super::super) fn store_closed(&mut self, id: &SessionId) {
        #[cfg(feature = "json")]
        if self.faulty() {
            return self.genuine_closed(id);
        }
        self.announce("close", id, &[]);
        self.subscribe_as_wanted(id);
    }

    /// The first request of a session came here: its application is ours.
    pub(in super::super) fn store_connected(&mut self, id: &SessionId) {
        if self.store.is_none() {
            return;
        }
        if let Some(session) = self.sessions.get_mut(id) {
            session.shared.role = Role::Home;
            session.shared.data = data::used(&session.shared.data);
        }
        self.announce("connect", id, &[]);
        self.announce_handshake(id);
        if self.faulty() {
            self.announce_handshake(id);
        }
        self.announce("join", id, &["\"\""]);
        #[cfg(feature = "json")]
        if self.faulty() {
            return self.genuine_connected(id);
        }
        self.subscribe_as_wanted(id);
    }

    /// A session ended here, or another node said that it has.
    pub(in super::super) fn store_ended(&mut self, id: &SessionId, session: &Session, cause: Cause) {
        if self.store.is_none() {
            return;
        }
        #[cfg(feature = "json")]
        if self.faulty() {
            return self.genuine_ended(id, session, cause);
        }
        let shared = &session.shared;
        if session.channel.is_some() {
            self.announce("close", id, &[]);
        }
        match shared.role {
            _ if shared.told => {}
            Role::Away => self.publish_to("disconnect", id, &[reason(cause)]),
            // No node of 0.8.7 says this, but all of them take it, and forget the session.
            Role::Home => self.announce("disconnect", id, &[]),
            Role::Unused => {}
        }
        self.change_subscriptions(id, shared.subscribed, 0);
    }

    /// The session is told to end, but its transport is at another node.
    pub(in super::super) fn store_booted(&mut self, id: &SessionId) {
        if self.sessions.get(id).is_some_and(|session| session.shared.place == Place::Open) {
            self.publish_to("disconnect-force", id, &[]);
        }
    }

    /// Nothing was heard for too long of a session that is at another node: forgotten here, which ends nothing there.
    pub(in super::super) fn store_silent(&mut self, id: &SessionId) {
        if let Some(session) = self.sessions.get_mut(id)
            && session.shared.role == Role::Away
        {
            session.shared.told = true;
        }
    }

    /// The application ends a session of another node. False if it is ours to end.
    pub(in super::super) fn store_disconnects(&mut self, id: &SessionId) -> bool {
        let away = self.sessions.get(id).is_some_and(|session| {
            session.shared.role == Role::Away
                && (session.shared.place != Place::Here || session.transport.is_none())
        });
        if away {
            self.publish_to("disconnect", id, &[]);
            self.store_silent(id);
            self.end(id, Cause::Booted, None);
        }
        away
    }

    // --- rooms

    /// A session joined an endpoint.
    pub(in super::super) fn store_joined(&mut self, id: &SessionId, endpoint: &Text) {
        if self.store.is_some() {
            if !endpoint.is_empty() {
                self.announce_handshake(id);
            }
            self.announce("join", id, &[&string(endpoint)]);
        }
    }

    /// A session left an endpoint, or joined or left a room of one.
    pub(in super::super) fn store_room(
        &mut self,
        channel: &'static str,
        id: &SessionId,
        endpoint: &Text,
        room: Option<&Text>,
    ) {
        if self.store.is_some() {
            let name = room_name(endpoint, room.map(Text::as_str));
            self.announce(channel, id, &[&string(&name)]);
        }
    }

    // --- packets to clients

    /// Hands one packet to the session's transport wherever it is, or keeps it, as every node does, until there is one. False if
    /// the session is over.
    pub(in super::super) fn deliver(&mut self, id: &SessionId, packet: Text) -> bool {
        if self.store.is_some() && self.sessions.get(id).is_some_and(|session| session.channel.is_none()) {
            self.publish_to("dispatch", id, &[&string(&packet)]);
        }
        self.deliver_here(id, packet)
    }

    /// A volatile packet for a session without a transport here; whether somebody may have one.
    pub(in super::super) fn store_volatile(&mut self, id: &SessionId, packet: &Text) -> bool {
        self.publish_to("dispatch", id, &[&string(packet), "true"]);
        self.sessions.get(id).is_some_and(|session| session.shared.place == Place::Open)
    }

    /// A broadcast, for the members at other nodes.
    pub(in super::super) fn store_broadcast(&mut self, audience: &Audience, packet: &Text) {
        if self.store.is_none() {
            return;
        }
        let room = room_name(&audience.endpoint, audience.room.as_ref().map(Text::as_str));
        let except: Vec<String> = audience.except.iter().map(|id| string(&id.0)).collect();
        let except = alloc::format!("[{}]", except.join(","));
        let volatile = if audience.volatile { "true" } else { "null" };
        self.publish(Text::from_static("dispatch"), &[&string(&room), &string(packet), volatile, &except]);
    }

    // --- requests

    /// `?disconnect` for a session without a transport here.
    pub(in super::super) fn store_forced(&mut self, id: &SessionId) {
        if self.store.is_some() && super::is_session_id(&id.0) {
            self.publish_to("disconnect-force", id, &[]);
        }
    }

    /// A GET or an upgrade for a session that nobody told us of.
    pub(in super::super) fn store_unknown(&mut self, id: &SessionId, socket: bool) {
        #[cfg(feature = "json")]
        if self.faulty() && super::is_session_id(&id.0) {
            self.genuine_unknown(id, if socket { "\"error\"" } else { "null" });
        }
        #[cfg(not(feature = "json"))]
        let _ = (id, socket);
    }

    /// Says what another node asked for, without a store: nothing.
    #[cfg(not(feature = "json"))]
    pub(in super::super) fn published(&mut self, _channel: &Text, _message: &Text) {}

    /// Without a store no packet is another node's.
    #[cfg(not(feature = "json"))]
    pub(in super::super) fn forward(&mut self, _id: &SessionId, _packet: &crate::Packet) -> bool {
        false
    }

    /// Without a store no packet is another node's.
    #[cfg(not(feature = "json"))]
    pub(in super::super) fn forward_payload(&mut self, _id: &SessionId, _text: Text) {}

    /// Drops a transport that another node took over from; the oldest beyond the limit is closed.
    pub(super) fn supersede(&mut self, id: &SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        if let Some(old) = session.channel.take() {
            session.superseded.push(old.exchange());
        }
        if session.superseded.len() >= self.config.limits.session_exchanges_max.max(1) {
            let oldest = session.superseded.remove(0);
            self.exchanges.remove(&oldest);
            self.transmits.push_back(ServerTransmit::Close { exchange: oldest });
        }
    }
}
