//! Faults that are planted on purpose, to see whether who checks the machines notices them.

/// A fault that a machine has on purpose: for tests of what checks the machines, and for nothing else. There is one only with
/// the feature `seeded-faults`, and only in a machine whose configuration asks for it.
///
/// ```
/// # #[cfg(feature = "seeded-faults")] {
/// use socketio08::{SeededFault, server::ServerConfig};
///
/// let faulty = ServerConfig::default().seeded_fault(Some(SeededFault::DeliverTwice));
/// assert_eq!(ServerConfig::default().seeded_fault, None, "not by itself");
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(not(feature = "seeded-faults"), allow(unreachable_pub, reason = "public only with the feature"))]
#[non_exhaustive]
pub enum SeededFault {
    /// Server: a deadline that was replaced still fires.
    StaleDeadline,
    /// Server: what a poll brings stays in the outbox.
    DeliverTwice,
    /// Server: a GET of an unknown session opens it.
    UnknownSession,
    /// Server: the close timeout is not set when a poll is answered.
    NoCloseTimer,
    /// Server: the close timeout is twice as long as told.
    LongCloseTimer,
    /// Server: what waits goes out last in, first out.
    Reorder,
    /// Server: acknowledges by itself twice. Client: does not forget what was acknowledged.
    AckTwice,
    /// Server: acknowledges the next id. Client: takes every id.
    AckUnasked,
    /// Client (improved): does not close the transport it leaves.
    KeepOldLink,
    /// Client (improved): forgets to set the timer of the next attempt.
    NoReconnectTimer,
    /// Client (improved): forgets to watch a silent server.
    NoSilenceTimer,
    /// Client (improved): forgets to watch a POST.
    NoPostTimer,
    /// Server: what waits for a session has no limit.
    NoOutboxLimit,
    /// Server: answers a POST before its packets are looked at, and once more after them.
    AnswerPostTwice,
    /// Server: the sweep takes a handshake however young it is.
    EarlySweep,
    /// Client (improved): milliseconds of a delay are taken for seconds.
    LongDelay,
    /// Server: a poll that opens drops what has waited for it.
    ForgetOutbox,
    /// Client: what has waited for the answer to a POST is not sent.
    ForgetWaiting,
    /// Server (portable sessions): serves a session before its put made it the owner.
    AdoptEarly,
}
