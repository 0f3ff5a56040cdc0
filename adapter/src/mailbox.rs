//! The way into a node's task: many senders on any threads, one receiver. This is all that threads share of a node; what it
//! promises is checked with loom (`tests/mailbox`):
//!
//! * What one sender sends arrives in its order, each once.
//! * A receiver that sleeps is woken by mail, and by the end of the last sender.
//! * Once the receiver is gone, mail is given back to who sends it, and what lay there is dropped: whoever waits for an answer to it
//!   learns that none will come.
//! * Nobody is woken under the lock, so a waker may do anything.
//!
//! It holds what it is given: who sends takes room first (`CarrierLimits::mailbox_max` for what connections bring, `CALLS_MAX` for what
//! one shard tells another).

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use crate::sync::{Arc, Mutex, MutexGuard, planted};

/// A fault that the test of what threads share plants, each in the place of what it removes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// A sender looks whether the mailbox is closed, and then puts its mail there without looking again.
    SendsUnseen,
    /// The receiver looks for mail, and then goes to sleep without looking again.
    SleepsUnseen,
    /// The receiver takes what is new before it has given all that it took.
    TakesEarly,
    /// A sender wakes the receiver while it holds the lock.
    WakesLocked,
    /// The last sender leaves without waking the receiver.
    LeavesSilently,
    /// A sender is cloned and not counted.
    ClonesUncounted,
    /// A weak sender looks whether there are others, and then becomes one without looking again.
    UpgradesUnseen,
    /// A part is counted once it is in its queue ([`crate::fill`]).
    CountsLate,
}

/// A way in.
pub(crate) struct Sender<T> {
    state: Arc<Mutex<State<T>>>,
}

/// A way in that keeps nothing alive: the mailbox ends when the last [`Sender`] does.
pub(crate) struct WeakSender<T> {
    state: Arc<Mutex<State<T>>>,
}

/// The end of the task.
pub(crate) struct Receiver<T> {
    state: Arc<Mutex<State<T>>>,
    /// Taken out at once, so that the lock is not taken for each.
    taken: VecDeque<T>,
}

struct State<T> {
    mail: VecDeque<T>,
    /// Of a receiver that sleeps.
    waker: Option<Waker>,
    senders: usize,
    /// The receiver is gone.
    closed: bool,
}

/// A mailbox with one sender.
pub(crate) fn mailbox<T>() -> (Sender<T>, Receiver<T>) {
    let state = State { mail: VecDeque::new(), waker: None, senders: 1, closed: false };
    let state = Arc::new(Mutex::new(state));
    (Sender { state: Arc::clone(&state) }, Receiver { state, taken: VecDeque::new() })
}

/// A panic elsewhere leaves the state whole: nothing here panics between two changes.
fn lock<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes who sleeps, if anybody does, after the lock is given back.
fn wake<T>(mut state: MutexGuard<'_, State<T>>) {
    let waker = state.waker.take();
    if planted(Fault::WakesLocked) {
        waker.into_iter().for_each(Waker::wake);
        return;
    }
    drop(state);
    waker.into_iter().for_each(Waker::wake);
}

impl<T> Sender<T> {
    /// Puts mail into the box; gives it back if the receiver is gone.
    pub(crate) fn send(&self, mail: T) -> Result<(), T> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(mail);
        }
        if planted(Fault::SendsUnseen) {
            drop(state);
            state = lock(&self.state);
        }
        state.mail.push_back(mail);
        wake(state);
        Ok(())
    }

    /// Whether the receiver is gone.
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    pub(crate) fn downgrade(&self) -> WeakSender<T> {
        WeakSender { state: Arc::clone(&self.state) }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        if !planted(Fault::ClonesUncounted) {
            lock(&self.state).senders += 1;
        }
        Self { state: Arc::clone(&self.state) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.senders = state.senders.saturating_sub(1);
        if state.senders == 0 && !planted(Fault::LeavesSilently) {
            wake(state);
        }
    }
}

impl<T> WeakSender<T> {
    /// A sender, unless there is none any more.
    pub(crate) fn upgrade(&self) -> Option<Sender<T>> {
        let mut state = lock(&self.state);
        if state.senders == 0 {
            return None;
        }
        if planted(Fault::UpgradesUnseen) {
            drop(state);
            state = lock(&self.state);
        }
        state.senders += 1;
        Some(Sender { state: Arc::clone(&self.state) })
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state) }
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakSender").finish_non_exhaustive()
    }
}

impl<T> Receiver<T> {
    /// The next mail; `None` once there is no sender any more and nothing left. The task of `cx` is woken when that changes.
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if !planted(Fault::TakesEarly)
            && let Some(mail) = self.taken.pop_front()
        {
            return Poll::Ready(Some(mail));
        }
        let mut state = lock(&self.state);
        if !state.mail.is_empty() {
            mem::swap(&mut state.mail, &mut self.taken);
            return Poll::Ready(self.taken.pop_front());
        }
        if planted(Fault::TakesEarly)
            && let Some(mail) = self.taken.pop_front()
        {
            return Poll::Ready(Some(mail));
        }
        if state.senders == 0 {
            return Poll::Ready(None);
        }
        if planted(Fault::SleepsUnseen) {
            drop(state);
            state = lock(&self.state);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The next mail; `None` once there is no sender any more and nothing left. Dropping the future loses nothing.
    pub(crate) async fn recv(&mut self) -> Option<T> {
        std::future::poll_fn(|cx| self.poll_recv(cx)).await
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.closed = true;
        let mail = mem::take(&mut state.mail);
        let waker = state.waker.take();
        // What is dropped may wake others, and they may send.
        drop(state);
        drop((mail, waker));
    }
}
