//! What 0.8.7 does with its store by mistake, for simulations of it ([`RedisConfig::faults`](super::RedisConfig::faults)).
//!
//! A genuine node has, for each session, a *current* transport (open or not, until another node opens one), and a list of what it
//! keeps for the next poll, from a `close` to the next `open`. Each new transport subscribes to three channels of the session; then
//! what is kept and the transport before it are cleared, which unsubscribes from the same channels by name, so that from its second
//! transport on a node is deaf (`tables.md` item 15). A packet for a node with a current transport is handed to the application
//! there, whether it knows the session or not.

use alloc::format;

use super::super::session::{Channel, Session};
use super::super::{Cause, Server, ServerTransmit, SessionId};
use super::{Place, Role};
use crate::{AckId, Body, Packet, Text};

/// The state of one session at a genuine node.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(in super::super) struct Genuine {
    /// A transport was opened here, and none elsewhere since.
    current: bool,
    /// What is sent is kept for the next poll.
    pub(in super::super) keeps: bool,
    /// The application's side of the session, made also by the first packet that is handed over where nobody knows the session.
    socket: bool,
}

impl Server {
    /// Subscribes or unsubscribes, also where it changes nothing.
    fn command(&mut self, subscribe: bool, kind: &str, id: &SessionId) {
        let channel = Text::from(format!("{kind}:{}", id.0));
        let transmit = if subscribe {
            ServerTransmit::Subscribe { channel }
        } else {
            ServerTransmit::Unsubscribe { channel }
        };
        self.transmits.push_back(transmit);
    }

    /// A transport is made.
    fn set_handlers(&mut self, id: &SessionId) {
        for kind in ["heartbeat-clear", "disconnect-force", "dispatch"] {
            self.command(true, kind, id);
        }
    }

    /// A transport was closed, or another one took its place.
    fn clear_handlers(&mut self, id: &SessionId) {
        for kind in ["disconnect-force", "heartbeat-clear", "dispatch"] {
            self.command(false, kind, id);
        }
    }

    fn genuine(&mut self, id: &SessionId) -> Option<&mut Genuine> {
        self.sessions.get_mut(id)?.shared.genuine.as_mut()
    }

    /// `Manager.onOpen`: what is kept and the transport before are cleared.
    fn clear_for_open(&mut self, id: &SessionId) {
        let before = self.genuine(id).map(|genuine| {
            let before = *genuine;
            (genuine.keeps, genuine.current) = (false, false);
            before
        });
        let Some(before) = before else { return };
        if before.keeps {
            self.command(false, "dispatch", id);
        }
        if before.current {
            self.clear_handlers(id);
        }
    }

    /// A transport was opened here. A poll that is answered at once, from what was kept, is closed before it counts as open.
    pub(super) fn genuine_opened(&mut self, id: &SessionId) {
        self.set_handlers(id);
        let answered = self.sessions.get(id).is_some_and(|session| {
            matches!(session.channel, Some(Channel::Poll(_))) && !session.outbox.is_empty()
        });
        if !answered {
            self.genuine_counts_as_open(id);
        }
    }

    /// The other nodes are told that a transport is open here.
    pub(in super::super) fn genuine_counts_as_open(&mut self, id: &SessionId) {
        self.clear_for_open(id);
        self.announce("open", id, &[]);
        if let Some(genuine) = self.genuine(id) {
            genuine.current = true;
        }
    }

    /// A transport was closed here.
    pub(super) fn genuine_closed(&mut self, id: &SessionId) {
        self.clear_handlers(id);
        if let Some(genuine) = self.genuine(id) {
            genuine.keeps = true;
        }
        self.command(true, "dispatch", id);
        self.announce("close", id, &[]);
    }

    /// The first request of a session came here. Nothing ever unsubscribes from these two.
    pub(super) fn genuine_connected(&mut self, id: &SessionId) {
        if let Some(genuine) = self.genuine(id) {
            genuine.socket = true;
        }
        self.command(true, "message", id);
        self.command(true, "disconnect", id);
    }

    /// A session ended here: the others are told only if its transport was elsewhere.
    pub(super) fn genuine_ended(&mut self, id: &SessionId, session: &Session, cause: Cause) {
        let Some(genuine) = session.shared.genuine else { return };
        if session.shared.role == Role::Unused {
            return;
        }
        if session.channel.is_some() {
            self.clear_handlers(id);
            self.command(true, "dispatch", id);
            self.announce("close", id, &[]);
        }
        if genuine.current {
            self.clear_handlers(id);
        }
        if genuine.current || session.shared.told {
            self.command(false, "dispatch", id);
        } else {
            self.publish_to("disconnect", id, &[super::hooks::reason(cause)]);
        }
        // The application's side goes with the session only where it began with it.
        let Some(link) = &mut self.store else { return };
        match session.shared.role {
            Role::Home => link.ended += 1,
            Role::Away if genuine.socket => link.strays += 1,
            Role::Away | Role::Unused => {}
        }
    }

    /// A transport for a session that nobody told us of: opened, answered, closed and ended like any other.
    pub(super) fn genuine_unknown(&mut self, id: &SessionId, reason: &str) {
        self.set_handlers(id);
        self.clear_handlers(id);
        self.command(true, "dispatch", id);
        self.announce("close", id, &[]);
        self.publish_to("disconnect", id, &[reason]);
        self.clear_handlers(id);
    }

    /// Another node has a transport.
    pub(super) fn genuine_take_open(&mut self, id: &SessionId) {
        self.clear_for_open(id);
    }

    /// A transport at another node was closed, whatever is open here.
    pub(super) fn genuine_take_close(&mut self, id: &SessionId) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        while session.outbox.pop().is_some() {}
        if session.shared.place == Place::Open {
            session.shared.place = Place::Closed;
        }
        if let Some(genuine) = self.genuine(id) {
            genuine.keeps = true;
        }
        self.command(true, "dispatch", id);
    }

    /// Takes a packet to where 0.8.7 does; false if it is ours.
    pub(super) fn genuine_forward(&mut self, id: &SessionId, packet: &Packet) -> bool {
        let Some(session) = self.sessions.get(id) else { return false };
        let Some(Genuine { current, .. }) = session.shared.genuine else { return false };
        let (open, away) = (session.channel.is_some(), session.shared.role == Role::Away);
        match &packet.body {
            Body::Heartbeat if open => return false,
            Body::Heartbeat => self.publish_to("heartbeat-clear", id, &[]),
            Body::Disconnect if packet.endpoint.is_empty() && current => return false,
            Body::Disconnect if packet.endpoint.is_empty() => self.publish_to("disconnect-force", id, &[]),
            _ if current && !away => return false,
            _ => {
                if let Some(AckId { id: ack, with_data: false }) = &packet.id {
                    let text = super::super::namespaces::ack_text(&packet.endpoint, ack, Text::EMPTY);
                    self.deliver(id, text);
                }
                if !current {
                    self.publish_packet(id, packet);
                } else if let Some(genuine) = self.genuine(id) {
                    // Taken by an application that never saw the session: nobody listens there.
                    genuine.socket = true;
                }
            }
        }
        true
    }
}

impl Session {
    /// Whether what is sent while there is no transport here is kept for the next poll.
    pub(in super::super) fn keeps(&self) -> bool {
        self.shared.genuine.map_or(self.shared.place != Place::Open, |genuine| genuine.keeps)
    }

    /// Whether there is an application's side of it here.
    pub(in super::super) fn has_socket(&self) -> bool {
        self.shared.genuine.map_or(self.is_ours(), |genuine| genuine.socket)
    }
}
