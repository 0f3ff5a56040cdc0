//! What happens next: events in order of time, and of their number at one instant.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use bytes::Bytes;
use socketio08::{Instant, Text};

use super::processor::Work;
use super::redis::RedisEvent;
use crate::scenario::ServerIx;
use crate::trace::ClientId;
use crate::world::balancer::{ConnId, RequestHead, ResponseHead};

/// An HTTP request on its way.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    pub(super) head: RequestHead,
    pub(super) body: Bytes,
    pub(super) address: Text,
    /// Whose it is, for the trace.
    pub(super) client: ClientId,
}

/// What travels from the client's side to the server's.
#[derive(Clone, Debug)]
pub(super) enum Up {
    /// A connection is asked for.
    Syn,
    /// A flight of a TLS handshake with this many round trips to come, its own among them.
    Tls(u32),
    Request(Box<Carried>),
    /// A Flash player's request for the policy file, which is no HTTP.
    Policy,
    /// A websocket message.
    Message(Text),
    /// The connection ends.
    Fin,
}

/// What travels from the server's side to the client's.
#[derive(Clone, Debug)]
pub(super) enum Down {
    /// The connection is open.
    Accepted,
    /// Nobody listens.
    Refused,
    /// The answer to a flight of a TLS handshake.
    Tls,
    /// The policy file of Flash.
    Policy,
    /// A whole response.
    Response(ResponseHead),
    /// The head and the first part of a response that goes on.
    Begun(ResponseHead),
    /// The next part of it.
    Chunk(Bytes),
    /// It is whole; the connection stays.
    Whole,
    /// 101.
    Upgraded(ResponseHead),
    /// A websocket message.
    Message(Text),
    /// The connection ends.
    Fin,
}

/// Something that happens at an instant.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Arrive(ClientId),
    /// A client asks for its page again.
    AskPage(ClientId),
    /// A client's address changes.
    Move(ClientId),
    ClientWake(ClientId),
    ServerWake(ServerIx),
    /// A proxy, by its place in the chain.
    HopWake(usize),
    /// At the one who listens on a connection.
    Up(ConnId, Up),
    /// At the one who dialled it.
    Down(ConnId, Down),
    /// The processor of a server's process of that number is through with what it began.
    Worked(ServerIx, u32),
    /// It does what it was kept from.
    Do(Work),
    /// It has come to writing this to a connection.
    Write(ConnId, Down),
    /// Between a server and Redis.
    Redis(RedisEvent),
    /// A connection between two servers should be open by now.
    PeerTooSlow(ConnId),
    /// A process, by how many the server had, should have left by now.
    LeftTooLate(ServerIx, u32),
    /// A server of the second stack is through with the request of a connection.
    AppAnswers(ConnId),
    /// Whoever ends TLS is through with the handshake of a connection.
    ShakenHands(ConnId),
    /// A check reaches its server.
    CheckArrives(Inquiry),
    /// The proxy learns how a check ended.
    CheckEnds(Inquiry, bool),
}

/// A check of a proxy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inquiry {
    pub(super) hop: usize,
    /// Which of its processes asks: the one that takes its place knows nothing of it.
    pub(super) process: u32,
    pub(super) backend: usize,
    pub(super) server: ServerIx,
}

struct Entry {
    at: Instant,
    seq: u64,
    event: Event,
}

impl Ord for Entry {
    /// The earliest is the greatest: `BinaryHeap` gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.seq).cmp(&(self.at, self.seq))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.seq == other.seq
    }
}

impl Eq for Entry {}

/// The events to come.
#[derive(Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Entry>,
    seq: u64,
}

impl Queue {
    pub(super) fn push(&mut self, at: Instant, event: Event) {
        self.heap.push(Entry { at, seq: self.seq, event });
        self.seq += 1;
    }

    /// When the next event is.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.heap.peek().map(|entry| entry.at)
    }

    pub(super) fn pop(&mut self) -> Option<(Instant, Event)> {
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}

/// The earliest wake that is in the queue for one machine. Later deadlines wait for it: waking early changes nothing, and
/// the queue is not searched for events to take out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wake(Option<Instant>);

impl Wake {
    /// The machine wants to be woken at `due`; tells when to queue a wake, if one is needed.
    pub(super) fn arm(&mut self, due: Option<Instant>) -> Option<Instant> {
        let due = due?;
        if self.0.is_some_and(|armed| armed <= due) {
            return None;
        }
        self.0 = Some(due);
        self.0
    }

    /// A wake came out of the queue; tells whether it is the one armed (an earlier one took its place otherwise).
    pub(super) fn fires(&mut self, now: Instant) -> bool {
        let fires = self.0 == Some(now);
        if fires {
            self.0 = None;
        }
        fires
    }
}

/// Items by a number that only grows; a number is never used again.
pub(super) struct Table<T> {
    first: u64,
    items: std::collections::VecDeque<Option<Box<T>>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { first: 0, items: std::collections::VecDeque::new() }
    }
}

impl<T> Table<T> {
    fn index(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    /// The numbers of all items.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u64> {
        (self.first..).zip(&self.items).filter(|(_, item)| item.is_some()).map(|(number, _)| number)
    }

    pub(super) fn get(&self, number: u64) -> Option<&T> {
        self.items.get(self.index(number)?)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let index = self.index(number)?;
        self.items.get_mut(index)?.as_deref_mut()
    }

    pub(super) fn insert(&mut self, number: u64, item: T) {
        let Some(index) = self.index(number) else { return };
        while self.items.len() <= index {
            self.items.push_back(None);
        }
        if let Some(place) = self.items.get_mut(index) {
            *place = Some(Box::new(item));
        }
    }

    pub(super) fn remove(&mut self, number: u64) {
        if let Some(place) = self.index(number).and_then(|index| self.items.get_mut(index)) {
            *place = None;
        }
        while let Some(None) = self.items.front() {
            self.items.pop_front();
            self.first += 1;
        }
    }
}
