//! What nodes tell each other through a store, as the Redis store of 0.8.7 does: handshakes, who is where, rooms, broadcasts, packets
//! for clients of other nodes. `docs/STORE.md` has the channels one by one.
//!
//! Nothing is *kept* in Redis: every node keeps what it hears. A session has a **home**, the node its first request came to, whose
//! application it talks to, and a **holder**, the node its transport was opened at last. On one node both are usually the same.
#![cfg_attr(not(feature = "json"), allow(dead_code, reason = "no store speaks anything but JSON"))]

mod config;
#[cfg(feature = "json")]
mod consume;
mod data;
#[cfg(feature = "json")]
mod foreign;
#[cfg(feature = "json")]
mod forward;
#[cfg(feature = "json")]
mod genuine;
mod hooks;
mod write;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

pub use config::{RedisConfig, Store};

use super::session::Session;
use super::{ExchangeId, Server, ServerTransmit, SessionId};
use crate::{Text, Timer};

/// The channels that every node listens on.
pub(super) const CHANNELS: [&str; 8] =
    ["handshake", "connect", "open", "join", "leave", "close", "dispatch", "disconnect"];

/// Longest session id taken from another node: 0.9 has 20 characters, 0.8.7 digits of two 32-bit numbers, ours 22.
const SESSION_LEN_MAX: usize = 128;

/// A publication that is not what a node publishes; it was dropped.
///
/// ```
/// use socketio08::server::{RedisConfig, Server, ServerConfig, ServerEvent, ServerInput, Store, StoreError};
/// use socketio08::{Instant, Text};
///
/// let config = ServerConfig::default().store(Store::Redis(RedisConfig::new(1001, 0)));
/// let mut server = Server::new(config, Instant::ZERO);
/// let (channel, message) = (Text::from_static("open"), Text::from_static("hello"));
/// server.handle_input(Instant::ZERO, ServerInput::Published { channel, message });
/// let Some(ServerEvent::StoreViolation { error, .. }) = server.poll_event() else { unreachable!() };
/// assert_eq!(error, StoreError::Envelope);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum StoreError {
    /// The arguments are not those of the channel.
    Arguments,
    /// No channel of a node.
    Channel,
    /// Not JSON of the form `{"nodeId":..,"args":[..]}`.
    Envelope,
    /// A limit is reached, by name.
    Limit(&'static str),
    /// Something that cannot be a session id.
    SessionId,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Arguments => f.write_str("not the arguments of this channel"),
            StoreError::Channel => f.write_str("no channel of a Socket.IO node"),
            StoreError::Envelope => f.write_str(
                "not of the form {\"nodeId\":..,\"args\":[..]}: does something else publish on this Redis, or a node with msgpack?",
            ),
            StoreError::Limit(name) => write!(f, "a limit is reached: {name}"),
            StoreError::SessionId => f.write_str("not a session id"),
        }
    }
}

impl core::error::Error for StoreError {}

/// The server's side of the store.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Link {
    config: RedisConfig,
    /// What handshakes that wait for the application would publish.
    handshakes: BTreeMap<ExchangeId, Text>,
    /// Applications' sides of sessions that ended, which 0.8.7 never frees.
    strays: usize,
    /// Sessions of ours that ended: nothing unsubscribes from their channels.
    ended: usize,
}

/// Whose application a session talks to.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) enum Role {
    /// Nobody's yet: only a handshake. Without a store: ours.
    #[default]
    Unused,
    /// Ours.
    Home,
    /// That of another node.
    Away,
}

/// Where the transport was opened last.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) enum Place {
    /// Here, or nowhere yet.
    #[default]
    Here,
    /// At another node, and open.
    Open,
    /// At another node, between polls: every node keeps what is sent, the next one polled delivers it.
    Closed,
}

/// What the store adds to a session.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Shared {
    pub(super) role: Role,
    pub(super) place: Place,
    /// The data of the handshake, JSON, as it was published.
    data: Text,
    /// The session ends because another node said so: not to be said again.
    told: bool,
    /// What is subscribed to, of [`OWN_CHANNELS`].
    subscribed: u8,
    /// With the faults of 0.8.7: what a genuine node knows.
    #[cfg(feature = "json")]
    genuine: Option<genuine::Genuine>,
}

/// The channels of one session, in the order in which 0.8.7 subscribes to them.
const OWN_CHANNELS: [&str; 5] = ["heartbeat-clear", "disconnect-force", "dispatch", "message", "disconnect"];
const HEARTBEAT_CLEAR: u8 = 1;
const DISCONNECT_FORCE: u8 = 2;
const DISPATCH: u8 = 4;
const MESSAGE: u8 = 8;
const DISCONNECT: u8 = 16;

/// The channels this session needs. Beyond those of 0.8.7: `disconnect-force` between polls, so that `0::` posted at another node is
/// not lost, and `disconnect` at a holder that is not the home, so that the home can end the session.
fn wanted(session: &Session) -> u8 {
    let shared = &session.shared;
    let holder = session.transport.is_some() && shared.place == Place::Here;
    let mut channels = 0;
    if session.channel.is_some() {
        channels |= HEARTBEAT_CLEAR;
    }
    if holder {
        channels |= DISCONNECT_FORCE | DISPATCH | DISCONNECT;
    }
    if shared.place == Place::Closed {
        channels |= DISPATCH;
    }
    if shared.role == Role::Home {
        channels |= DISCONNECT_FORCE | MESSAGE | DISCONNECT;
    }
    channels
}

impl Link {
    #[cfg(feature = "json")]
    fn new(config: RedisConfig) -> Self {
        Self { config, handshakes: BTreeMap::new(), strays: 0, ended: 0 }
    }
}

impl Server {
    /// Connects the machine to the store of its configuration.
    pub(super) fn open_store(&mut self) {
        #[cfg(feature = "json")]
        if let Store::Redis(config) = &self.config.store {
            self.store = Some(Link::new(config.clone()));
            for channel in CHANNELS {
                self.transmits.push_back(ServerTransmit::Subscribe { channel: Text::from_static(channel) });
            }
        }
    }

    /// Whether the faults of 0.8.7 are wanted.
    fn faulty(&self) -> bool {
        self.store.as_ref().is_some_and(|link| link.config.faults)
    }

    /// Applications' sides of sessions that ended and were not freed.
    pub(super) fn stray_sockets(&self) -> usize {
        self.store.as_ref().map_or(0, |link| link.strays)
    }

    /// Sessions of ours that ended and are still listened for.
    pub(super) fn ended_sockets(&self) -> usize {
        self.store.as_ref().map_or(0, |link| link.ended)
    }

    /// Publishes on a channel; `args` are JSON texts.
    fn publish(&mut self, channel: Text, args: &[&str]) {
        let Some(link) = &self.store else { return };
        let message = write::envelope(link.config.node_id, args);
        self.transmits.push_back(ServerTransmit::Publish { channel, message });
    }

    /// Publishes on the channel of one session.
    fn publish_to(&mut self, kind: &str, id: &SessionId, args: &[&str]) {
        if self.store.is_some() {
            self.publish(Text::from(format!("{kind}:{}", id.0)), args);
        }
    }

    /// Publishes on a channel that every node listens on; the first argument is the session.
    fn announce(&mut self, channel: &'static str, id: &SessionId, args: &[&str]) {
        if self.store.is_some() {
            let id = write::string(&id.0);
            let args: Vec<&str> = [id.as_str()].into_iter().chain(args.iter().copied()).collect();
            self.publish(Text::from_static(channel), &args);
        }
    }

    /// Subscribes to what the session needs now, and no longer to what it does not.
    fn subscribe_as_wanted(&mut self, id: &SessionId) {
        if self.store.is_none() || self.faulty() {
            return;
        }
        let Some(session) = self.sessions.get_mut(id) else { return };
        let wanted = wanted(session);
        let before = core::mem::replace(&mut session.shared.subscribed, wanted);
        self.change_subscriptions(id, before, wanted);
    }

    fn change_subscriptions(&mut self, id: &SessionId, before: u8, after: u8) {
        for (index, kind) in OWN_CHANNELS.into_iter().enumerate() {
            let bit = 1 << index;
            let channel = || Text::from(format!("{kind}:{}", id.0));
            match (before & bit != 0, after & bit != 0) {
                (false, true) => {
                    self.transmits.push_back(ServerTransmit::Subscribe { channel: channel() });
                }
                (true, false) => {
                    self.transmits.push_back(ServerTransmit::Unsubscribe { channel: channel() });
                }
                _ => {}
            }
        }
    }

    /// A session whose transport is at another node is forgotten when nothing was heard of it for long: 0.8.7 never does.
    fn expect_news(&mut self, id: &SessionId) {
        let Some(link) = &self.store else { return };
        let (faults, lifetime) = (link.config.faults, link.config.remote_lifetime);
        self.clear_timer(id);
        if !faults && !lifetime.is_zero() {
            self.set_timer(id, Timer::Handshake, lifetime);
        }
    }
}

#[cfg(not(feature = "json"))]
impl Session {
    /// Without a store what is sent while there is no transport is kept for the next poll.
    pub(super) fn keeps(&self) -> bool {
        true
    }

    /// Without a store: whether it was opened.
    pub(super) fn has_socket(&self) -> bool {
        self.is_ours()
    }
}

/// The name of an endpoint or of a room of it, between nodes.
fn room_name(endpoint: &str, room: Option<&str>) -> String {
    match room {
        Some(room) => format!("{endpoint}/{room}"),
        None => String::from(endpoint),
    }
}

/// Whether `text` can be a session id: visible ASCII without what targets and channels are made of.
fn is_session_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=SESSION_LEN_MAX).contains(&text.len()) && text.bytes().all(plain)
}
