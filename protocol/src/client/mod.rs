//! One client: handshake, transports, reconnection, namespaces. Methods are getters, commands, `handle_*` and `poll_*`.

use alloc::vec::Vec;
use core::time::Duration;

use bytes::Bytes;

use crate::server::{AckMode, ExchangeId, LocalError, Outgoing};
use crate::{AckId, Advice, Deadline, DecodeError, Instant, Limits, Packet, Reason, Text, Transport};

/// Whose behaviour the client has.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum ClientProfile {
    /// The genuine 0.8.7, its faults included (facts 10; real stack items 1 to 5).
    #[default]
    Genuine087,
    /// No stale reconnection timers, one handshake at a time, jitter and a cap on delays, fallback while reconnecting, a new
    /// handshake on `7:::1+0` while connecting, a heartbeat watchdog.
    Improved,
}

/// Choices and timers; the defaults are those of 0.8.7.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ClientConfig {
    /// Whose behaviour.
    pub profile: ClientProfile,
    /// The resource, `/socket.io`.
    pub resource: Text,
    /// The transports, in order of preference.
    pub transports: Vec<Transport>,
    /// The user's query, without question mark, sent with the handshake and every session request; may be empty.
    pub query: Text,
    /// Milliseconds of the caller's epoch at instant zero: `t=` in targets is this plus `now`.
    pub epoch_ms: u64,
    /// 10 s.
    pub connect_timeout: Duration,
    /// Whether the next transport is tried after the connect timeout.
    pub try_multiple_transports: bool,
    /// Whether a lost connection is made again.
    pub reconnect: bool,
    /// 500 ms.
    pub reconnection_delay: Duration,
    /// `None` is the genuine default, without limit; the improved profile caps at 30 s if `None`.
    pub reconnection_limit: Option<Duration>,
    /// 10.
    pub max_reconnection_attempts: u32,
    /// Bounds.
    pub limits: Limits,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            profile: ClientProfile::default(),
            resource: Text::from_static("/socket.io"),
            transports: alloc::vec![Transport::Websocket, Transport::XhrPolling],
            query: Text::EMPTY,
            epoch_ms: 0,
            connect_timeout: Duration::from_secs(10),
            try_multiple_transports: true,
            reconnect: true,
            reconnection_delay: Duration::from_millis(500),
            reconnection_limit: None,
            max_reconnection_attempts: 10,
            limits: Limits::default(),
        }
    }
}

/// What the carrier tells the machine.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum ClientInput {
    /// A GET or POST was answered.
    Response {
        /// The exchange.
        exchange: ExchangeId,
        /// The HTTP status.
        status: u16,
        /// The body, whole.
        body: Bytes,
    },
    /// An `Open` was answered by 101.
    Opened {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// A text message arrived.
    Message {
        /// The exchange.
        exchange: ExchangeId,
        /// The message.
        text: Text,
    },
    /// The exchange ended without (or, for an upgraded one, after) an answer: refused, reset, closed.
    Closed {
        /// The exchange.
        exchange: ExchangeId,
        /// A FIN or close frame, not a reset or a refusal.
        clean: bool,
    },
}

/// What the machine asks the carrier to do, in this order. The client numbers its exchanges itself, from 1.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum ClientTransmit {
    /// Make a GET request.
    Get {
        /// The exchange.
        exchange: ExchangeId,
        /// Path and query.
        target: Text,
    },
    /// Make a POST request with `Content-Type: text/plain;charset=UTF-8`.
    Post {
        /// The exchange.
        exchange: ExchangeId,
        /// Path and query.
        target: Text,
        /// The body.
        body: Text,
    },
    /// Open a websocket.
    Open {
        /// The exchange.
        exchange: ExchangeId,
        /// Path and query.
        target: Text,
    },
    /// Send one text message on an opened websocket.
    Message {
        /// The exchange.
        exchange: ExchangeId,
        /// The message.
        text: Text,
    },
    /// Abort a request or close a websocket; no input about the exchange is expected any more.
    Close {
        /// The exchange.
        exchange: ExchangeId,
    },
}

/// Why the connection was lost.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum LossCause {
    /// `0::` from the server, our own disconnect, or `7:::1+0` (`booted`).
    Booted,
    /// The transport failed or closed.
    Transport,
    /// Improved profile: nothing was heard for too long.
    Silence,
}

/// What the machine tells the application, in this order.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum ClientEvent {
    /// The handshake succeeded.
    Handshaken {
        /// The session id issued.
        session: Text,
    },
    /// A transport is tried.
    Connecting {
        /// Which.
        transport: Transport,
    },
    /// `1::` arrived on the root (facts 10.5: once for each).
    Connected {
        /// The session id.
        session: Text,
        /// The transport that brought it.
        transport: Transport,
    },
    /// `1::/endpoint` arrived.
    Joined {
        /// The endpoint.
        endpoint: Text,
    },
    /// A message, JSON or event. With an id of `with_data`, answer by [`Client::acknowledge`].
    Received {
        /// The packet.
        packet: Packet,
        /// The session whose transport brought it (a genuine client can hold two).
        session: Text,
    },
    /// The server acknowledged.
    Acknowledged {
        /// The endpoint.
        endpoint: Text,
        /// The id that [`Client::send`] returned.
        id: u64,
        /// JSON text of the arguments, or empty.
        args: Text,
    },
    /// The server disconnected an endpoint (not the root).
    Left {
        /// The endpoint.
        endpoint: Text,
    },
    /// The connection was lost.
    Disconnected {
        /// Why.
        cause: LossCause,
    },
    /// The next attempt is due after `delay`.
    ReconnectScheduled {
        /// Counted from 1.
        attempt: u32,
        /// From now.
        delay: Duration,
    },
    /// An attempt starts (`reconnecting`).
    Reconnecting {
        /// Counted from 1.
        attempt: u32,
    },
    /// Connected again.
    Reconnected,
    /// Given up for good (`reconnect_failed`).
    ReconnectFailed,
    /// No transport connected (`connect_failed`), or an endpoint was refused.
    ConnectFailed {
        /// The endpoint; empty is the root.
        endpoint: Text,
    },
    /// The handshake was answered by something else than a handshake.
    HandshakeFailed {
        /// The HTTP status; 0 if there was no answer.
        status: u16,
        /// The body.
        body: Text,
    },
    /// An error packet arrived.
    Error {
        /// The endpoint.
        endpoint: Text,
        /// The reason, if known.
        reason: Option<Reason>,
        /// The advice, if known.
        advice: Option<Advice>,
    },
    /// The server broke the protocol; the packet was dropped.
    PeerViolation(DecodeError),
}

/// Where a client stands.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ClientState {
    /// Nothing is going on.
    Idle,
    /// Handshaking or opening a transport.
    Connecting,
    /// `1::` was received and the connection was not lost since.
    Connected,
    /// Waiting for, or making, another attempt.
    Reconnecting,
}

/// One client, without I/O.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Client {
    config: ClientConfig,
}

impl Client {
    /// A client that does nothing yet.
    pub fn new(config: ClientConfig) -> Self {
        Self { config }
    }

    // --- getters

    /// The configuration.
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Where it stands.
    pub fn state(&self) -> ClientState {
        ClientState::Idle
    }

    /// The session ids of the transports that are open now; more than one is the genuine client's fault (item 3).
    pub fn live_sessions(&self) -> impl Iterator<Item = &Text> {
        core::iter::empty()
    }

    // --- commands

    /// Starts the handshake.
    pub fn connect(&mut self, _now: Instant) {}

    /// Says `0::` and ends everything; no reconnection.
    pub fn disconnect(&mut self, _now: Instant) {}

    /// Joins an endpoint, now or as soon as connected, and again after each reconnection.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn join(&mut self, _now: Instant, _endpoint: Text) -> Result<(), LocalError> {
        Ok(())
    }

    /// Leaves an endpoint (`0::/endpoint`).
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn leave(&mut self, _now: Instant, _endpoint: &Text) -> Result<(), LocalError> {
        Ok(())
    }

    /// Sends, now or as soon as connected; returns the id to be acknowledged if `ack` asks for one.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn send(
        &mut self,
        _now: Instant,
        _endpoint: &Text,
        _outgoing: Outgoing,
        _ack: AckMode,
    ) -> Result<Option<u64>, LocalError> {
        Ok(None)
    }

    /// Acknowledges a received packet with data; `args` is a JSON array or empty.
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn acknowledge(
        &mut self,
        _now: Instant,
        _endpoint: &Text,
        _id: &AckId,
        _args: Text,
    ) -> Result<(), LocalError> {
        Ok(())
    }

    /// Supplies jitter for the next reconnection delays of the improved profile: thousandths (0 to 1,000) of the delay
    /// taken off. The caller draws a new one after each [`ClientEvent::ReconnectScheduled`].
    pub fn set_jitter(&mut self, _permille: u16) {}

    // --- handle

    /// Takes what the carrier received. Cannot fail: a bad peer is an event.
    pub fn handle_input(&mut self, _now: Instant, _input: ClientInput) {}

    /// Lets the timers due at `now` fire.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    // --- poll

    /// The next thing to transmit. May change after any command or `handle_*`.
    #[must_use]
    pub fn poll_transmit(&mut self) -> Option<ClientTransmit> {
        None
    }

    /// The next event. May change after any command or `handle_*`.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        None
    }

    /// The next deadline. May change after any command or `handle_*`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        None
    }
}
