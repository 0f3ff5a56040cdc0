//! The same server with another origin of time.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use super::exchange::Exchange;
use super::{Server, SessionId};
use crate::{Deadline, Instant};

/// `instant` on a clock that shows zero at `now`; what is past is at zero.
pub(super) fn moved(instant: Instant, now: Instant) -> Instant {
    Instant::ZERO + (instant - now)
}

impl Server {
    /// Moves the origin of time so that `now` becomes [`Instant::ZERO`]. What the server does from here on is the same; only
    /// how long ago a handshake was made ([`HandshakeData::issued`](super::HandshakeData::issued)) is forgotten.
    ///
    /// For who compares states, as a model checker does: two servers with equal futures are equal afterwards, whenever they
    /// got there. Both queues must have been drained (law 1). With [`Store`](super::Store)s other than memory, what was written there
    /// keeps the times of the old origin. Tickets of operations on a store that were not answered yet are numbered from 1 again: the
    /// pairs are each one's number before and now.
    ///
    /// ```
    /// use socketio08::server::{ExchangeId, Request, Server, ServerConfig, ServerInput};
    /// use socketio08::Instant;
    ///
    /// let fresh = |at: u64| {
    ///     let now = Instant::from_millis(at);
    ///     let mut server = Server::new(ServerConfig::default(), now);
    ///     server.handle_input(now, ServerInput::Request(Request::get(ExchangeId(1), "/socket.io/1/")));
    ///     while server.poll_event().is_some() {}
    ///     assert_eq!(server.rebase(now), [], "no store was asked");
    ///     server
    /// };
    /// assert_eq!(fresh(0), fresh(70_000));
    /// assert_eq!(fresh(5_000).poll_timeout().map(|deadline| deadline.at), Some(Instant::from_millis(20_000)));
    /// ```
    pub fn rebase(&mut self, now: Instant) -> Vec<(u64, u64)> {
        self.now = Instant::ZERO;
        self.started = moved(self.next_sweep(now), now);
        for session in self.sessions.values_mut() {
            if let Some(deadline) = &mut session.deadline {
                deadline.at = moved(deadline.at, now);
            }
            rebase_issued(&mut session.handshake, now);
        }
        for exchange in self.exchanges.values_mut() {
            match exchange {
                Exchange::Handshake(_, data) => rebase_issued(data, now),
                Exchange::Forwarded(forwarded) => forwarded.rebase(now),
                _ => {}
            }
        }
        self.deadlines.rebase(now);
        self.questions.rebase(now);
        self.forwards.rebase(now);
        self.portable.rebase(now)
    }

    /// The first tick of the sweep that is not past: ticks are counted from it as well as from the start.
    fn next_sweep(&self, now: Instant) -> Instant {
        let sweep = self.config.handshake_sweep;
        if sweep.is_zero() {
            return now;
        }
        let micros =
            (now - self.started).as_micros().div_ceil(sweep.as_micros()).saturating_mul(sweep.as_micros());
        self.started + Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// When this session's timer fires, and why; `None` if it has none, or is not known.
    ///
    /// ```
    /// use socketio08::Timer;
    ///
    /// // A server with the session `ann`, over a websocket.
    /// # let (server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// assert_eq!(server.deadline_of(&ann).map(|deadline| deadline.timer), Some(Timer::Heartbeat));
    /// ```
    #[must_use]
    pub fn deadline_of(&self, session: &SessionId) -> Option<Deadline> {
        self.sessions.get(session).and_then(|session| session.deadline)
    }

    /// Whether anything here speaks of a session: itself, a request that waits for it, or an operation on the store.
    ///
    /// ```
    /// use socketio08::Text;
    /// use socketio08::server::SessionId;
    ///
    /// // A server with the session `ann`.
    /// # let (server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// assert!(server.speaks_of(&ann) && !server.speaks_of(&SessionId(Text::from_static("eve"))));
    /// ```
    #[must_use]
    pub fn speaks_of(&self, session: &SessionId) -> bool {
        self.sessions.contains_key(session) || self.portable.speaks_of(session)
    }

    /// How many packets wait for the session's transport; `None` if it is not known.
    ///
    /// ```
    /// // A server with the session `ann`, whose websocket takes everything at once.
    /// # let (server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// assert_eq!(server.outbox_len(&ann), Some(0));
    /// ```
    #[must_use]
    pub fn outbox_len(&self, session: &SessionId) -> Option<usize> {
        self.sessions.get(session).map(|session| session.outbox.packets().len())
    }
}

fn rebase_issued(data: &mut Arc<super::HandshakeData>, now: Instant) {
    let issued = moved(data.issued, now);
    if data.issued != issued {
        Arc::make_mut(data).issued = issued;
    }
}
