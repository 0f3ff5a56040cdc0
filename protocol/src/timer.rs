//! Deadlines that carry their reason.

use crate::Instant;

/// Why a machine wants to be woken.
///
/// ```
/// use socketio08::Timer;
///
/// // Two sessions over websockets.
/// # let (server, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
/// assert_eq!(server.poll_timeout().map(|deadline| deadline.timer), Some(Timer::Heartbeat));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Timer {
    /// Server: the application has not answered a handshake or a join in time (20 s).
    Authorization,
    /// Server: no GET came within the close timeout after an answered poll (25 s). Client: the first poll was not answered.
    Close,
    /// Client: the transport did not connect within the connect timeout (10 s).
    Connect,
    /// Server: the owner of a session did not answer a forwarded request in time (5 s, for polls 25 s).
    Forward,
    /// Server: another server did not hand a session over in time (2 s), or the store did not answer (5 s).
    Handover,
    /// Server: sweep of handshakes that no transport ever used (every 10 s, those older than 30 s).
    Handshake,
    /// Server: time to send `2::` (20 s after the open or the last answer).
    Heartbeat,
    /// Server: the client owes a `2::` (15 s). Client (improved profile): nothing was heard from the server for too long.
    HeartbeatReply,
    /// Server: a poll has waited for the polling duration (20 s) and is answered `8::`.
    Poll,
    /// Client: the next reconnection attempt is due.
    Reconnect,
}

/// When to call `handle_timeout`, and why.
///
/// ```
/// use socketio08::server::{ExchangeId, Request, Server, ServerConfig, ServerInput};
/// use socketio08::{Deadline, Instant, Timer};
///
/// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
/// server.handle_input(Instant::ZERO, ServerInput::Request(Request::get(ExchangeId(1), "/socket.io/1/")));
/// let at = Instant::from_millis(20_000);
/// assert_eq!(server.poll_timeout(), Some(Deadline { at, timer: Timer::Authorization }));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Deadline {
    /// The instant at which it is due.
    pub at: Instant,
    /// The reason.
    pub timer: Timer,
}
