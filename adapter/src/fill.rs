//! How many bytes lie in a queue between two threads, counted by both of its ends without a lock. Checked with loom (`tests/mailbox`):
//!
//! * The count is never less than what lies there, so it never falls below zero and wraps.
//! * Once both ends rest, it is exactly what lies there.
//!
//! Relaxed is enough: a part is counted before it is handed over, and the channel orders that before whoever takes it out.

use crate::mailbox::Fault;
use crate::sync::{Arc, AtomicUsize, Ordering, planted};

/// One end's view of the count; a clone is the other's.
#[derive(Clone)]
pub(crate) struct Fill(Arc<AtomicUsize>);

impl Fill {
    /// Of an empty queue.
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(0)))
    }

    /// Puts a part of `len` bytes into the queue by `hand_over`; gives what it says, and how many bytes were there before.
    pub(crate) fn put<R>(&self, len: usize, hand_over: impl FnOnce() -> R) -> (usize, R) {
        if planted(Fault::CountsLate) {
            let handed = hand_over();
            return (self.0.fetch_add(len, Ordering::Relaxed), handed);
        }
        let before = self.0.fetch_add(len, Ordering::Relaxed);
        (before, hand_over())
    }

    /// A part of `len` bytes was taken out of the queue. Gives how many bytes were there with it.
    pub(crate) fn took(&self, len: usize) -> usize {
        self.0.fetch_sub(len, Ordering::Relaxed)
    }
}
