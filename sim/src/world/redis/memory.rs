//! What a genuine server's heap holds: counts of objects that the machine has, times the size of one of each kind.
//!
//! The sizes are fitted to the recorded heaps (`tables.md` E3, E4, M), by hand, for handshakes with 0.9 kB of headers on Node 0.8.28
//! (64 bits): they are no properties of the protocol. The counts are those of the machine, and exact.

use serde::Serialize;
use socketio08::server::Known;

use crate::scenario::Store;

/// The heap of a server that nobody uses, in bytes: Node, socket.io, and what the first requests leave behind.
const EMPTY: u64 = 5_800_000;
/// The same with three connections to Redis.
const EMPTY_REDIS: u64 = 6_200_000;
/// A handshake: its data as the application is given it, and its id in a map.
const HANDSHAKE: u64 = 2_400;
/// An opened session: its id in the maps of the open, the closed, and the rooms.
const CONNECTED: u64 = 900;
/// The application's side of a session with its transport, request and connection.
const SOCKET: u64 = 12_400;
/// A transport that came before, which the listeners of a polled session keep.
const KEPT_TRANSPORT: u64 = 4_900;
/// What the listeners of an ended session keep of it: the scope of its first request.
const ENDED: u64 = 8_500;
/// A listener on the subscribing connection.
const LISTENER: u64 = 600;

/// What one server holds at one time.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, Serialize)]
pub struct Holding {
    /// Sessions known, unused handshakes and those of other servers included.
    pub handshaken: u64,
    /// Of those, opened ones.
    pub connected: u64,
    /// Sessions that the application of this server has a side of.
    pub sockets: u64,
    /// Listeners for publications.
    pub listeners: u64,
    /// Publications sent.
    pub published: u64,
    /// Publications that came, own ones included.
    pub received: u64,
    /// The heap of a genuine server that holds as much, in bytes.
    pub heap_bytes: u64,
    /// What its sharing of sessions cost so far.
    #[serde(flatten)]
    pub shared: SharingCost,
}

/// What routed and portable sessions cost a server: of all its processes so far.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, Serialize)]
pub struct SharingCost {
    /// Requests forwarded to the owner of their session.
    #[serde(skip_serializing_if = "is_zero")]
    pub forwarded: u64,
    /// Records asked for in the shared store.
    #[serde(skip_serializing_if = "is_zero")]
    pub store_reads: u64,
    /// Records put into the shared store, or deleted there.
    #[serde(skip_serializing_if = "is_zero")]
    pub store_writes: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
pub(crate) fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Holding {
    /// What a machine knows, with the listeners of its connection to the store.
    pub fn new(known: Known, store: Store, listeners: u64) -> Self {
        let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (empty, kept) = match store {
            Store::Memory | Store::Routed => (EMPTY, 0),
            Store::Redis => (EMPTY_REDIS, KEPT_TRANSPORT),
            // It has connections to Redis, but no listeners of sessions to forget.
            Store::Portable => (EMPTY_REDIS, 0),
        };
        let objects = [
            (known.handshaken, HANDSHAKE),
            (known.connected, CONNECTED),
            (known.sockets, SOCKET),
            (known.polled, kept),
            (known.ended, ENDED),
        ];
        let bytes = objects.into_iter().map(|(count, size)| wide(count).saturating_mul(size));
        let heap = bytes.fold(empty, u64::saturating_add).saturating_add(listeners.saturating_mul(LISTENER));
        Self {
            handshaken: wide(known.handshaken),
            connected: wide(known.connected),
            sockets: wide(known.sockets),
            listeners,
            published: 0,
            received: 0,
            heap_bytes: heap,
            shared: SharingCost::default(),
        }
    }
}
