//! Every bound in one place, each with its reason.

use crate::config::config;

config! {
    /// Bounds on what a peer may make a machine hold or do. Lengths are bytes of UTF-8 unless a name says otherwise.
    ///
    /// ```
    /// # use socketio08::Limits;
    /// let small = Limits::default().sessions_max(100).payload_len_max(16_384);
    /// assert_eq!((small.sessions_max, small.outbox_packets_max), (100, 4_096));
    /// ```
    #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
    pub struct Limits {
        /// Longest packet or payload accepted or queued: 1 MB, ten times what chat and control traffic of the field needs.
        pub payload_len_max: usize,
        /// Most packets in one payload: one per 256 bytes of the longest payload.
        pub payload_packets_max: usize,
        /// Longest endpoint: endpoints are URL paths, and 256 bytes is what servers of the time kept of one.
        pub endpoint_len_max: usize,
        /// Most packets waiting for one session's transport; a client away longer than this is ended, not silently robbed.
        pub outbox_packets_max: usize,
        /// Most bytes waiting for one session's transport.
        pub outbox_len_max: usize,
        /// Most acknowledgements a session may owe us; a further `send` with one is refused.
        pub pending_acks_max: usize,
        /// Most endpoints one session may join.
        pub endpoints_max: usize,
        /// Most rooms one session may be in, over all its endpoints; a further `join_room` is refused.
        pub rooms_max: usize,
        /// Most sessions, handshaken ones included; a handshake beyond it is answered 503.
        pub sessions_max: usize,
        /// Longest target and headers of a handshake, which are kept for the session: 16 kB, what servers take as a head. A
        /// longer one is answered 431.
        pub handshake_len_max: usize,
        /// Most exchanges one session may have open at once: a current and a superseded poll, posts, sockets taken over.
        pub session_exchanges_max: usize,
        /// Most transports one client holds at once. The genuine client leaks one for each handshake that overtakes another
        /// (two after a restart inside the check window is the recorded case); beyond it the oldest is closed.
        pub client_links_max: usize,
        /// Most timers of one kind one client holds. The genuine client never cancels reconnection timers; 134 handshakes a
        /// second, the most recorded, leave 1,340 connect timers behind.
        pub client_timers_max: usize,
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload_len_max: 1_000_000,
            payload_packets_max: 4_096,
            endpoint_len_max: 256,
            outbox_packets_max: 4_096,
            outbox_len_max: 4_000_000,
            pending_acks_max: 4_096,
            endpoints_max: 256,
            rooms_max: 1_024,
            sessions_max: 1_000_000,
            handshake_len_max: 16_384,
            session_exchanges_max: 64,
            client_links_max: 64,
            client_timers_max: 4_096,
        }
    }
}
