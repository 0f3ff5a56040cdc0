//! The node's side of one exchange: the answer, the queue towards a socket, and the guard that reports its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use socketio08::server::{ExchangeId, Response};
use socketio08::{Limits, Text};
use tokio::sync::{mpsc, oneshot};

use super::{Mail, Shared};
use crate::watched::Ending;

/// What the node answers to a request.
pub(super) enum Answer {
    Respond(Response),
    Upgrade(QueueReceiver),
    /// The connection is closed without a response.
    Close,
}

/// An exchange that is not over, as the node task knows it.
pub(super) enum Exchange {
    Waiting(oneshot::Sender<Answer>),
    Upgraded(QueueSender),
}

/// The node's end of the queue towards one socket. Dropping it closes the socket once the queue is sent.
pub(super) struct QueueSender {
    texts: mpsc::Sender<Text>,
    len: Arc<AtomicUsize>,
    len_max: usize,
    cut: Option<oneshot::Sender<()>>,
}

/// The socket's end of its queue.
pub(super) struct QueueReceiver {
    texts: mpsc::Receiver<Text>,
    len: Arc<AtomicUsize>,
    cut: oneshot::Receiver<()>,
    cut_is_over: bool,
}

/// A socket's queue is full: the peer does not read.
pub(super) struct Full;

/// The queue towards a socket, bounded like a polling session's outbox: a peer that reads no faster is ended, not silently
/// robbed.
pub(super) fn queue(limits: &Limits) -> (QueueSender, QueueReceiver) {
    let (texts, receiver) = mpsc::channel(limits.outbox_packets_max.max(1));
    let (cut, cut_receiver) = oneshot::channel();
    let len = Arc::new(AtomicUsize::new(0));
    let sender = QueueSender { texts, len: Arc::clone(&len), len_max: limits.outbox_len_max, cut: Some(cut) };
    (sender, QueueReceiver { texts: receiver, len, cut: cut_receiver, cut_is_over: false })
}

impl QueueSender {
    /// Queues a message. When full, the socket is cut.
    pub(super) fn push(&mut self, text: Text) -> Result<(), Full> {
        let len = text.len();
        let before = self.len.fetch_add(len, Ordering::Relaxed);
        // One message always fits, whatever its length: the machine's own limit holds for it.
        let too_long = before > 0 && before + len > self.len_max;
        match self.texts.try_send(text) {
            Err(mpsc::error::TrySendError::Full(_)) => self.give_up(),
            Ok(()) if too_long => self.give_up(),
            // A receiver that is gone has reported its end, which is on its way.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }

    fn give_up(&mut self) -> Result<(), Full> {
        if let Some(cut) = self.cut.take() {
            // A receiver that is gone needs no telling.
            let _ = cut.send(());
        }
        Err(Full)
    }
}

impl QueueReceiver {
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Text>> {
        let next = self.texts.poll_recv(cx);
        if let Poll::Ready(Some(text)) = &next {
            self.len.fetch_sub(text.len(), Ordering::Relaxed);
        }
        next
    }

    /// Whether the node gave the socket up.
    pub(super) fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.cut_is_over {
            return Poll::Pending;
        }
        match std::pin::Pin::new(&mut self.cut).poll(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(()),
            Poll::Ready(Err(_)) => {
                self.cut_is_over = true;
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Tells the node when an exchange ends, also when its connection's future is dropped.
pub(super) struct Guard {
    shared: Arc<Shared>,
    exchange: ExchangeId,
    ending: Ending,
    armed: bool,
}

impl Guard {
    pub(super) fn new(shared: Arc<Shared>, exchange: ExchangeId, ending: Ending) -> Self {
        Self { shared, exchange, ending, armed: true }
    }

    pub(super) fn exchange(&self) -> ExchangeId {
        self.exchange
    }

    /// The node knows that the exchange is over: it answered.
    pub(super) fn defuse(mut self) {
        self.armed = false;
    }

    /// The peer ended the exchange.
    pub(super) fn close(mut self, clean: bool) {
        self.armed = false;
        self.report(clean);
    }

    fn report(&self, clean: bool) {
        // A node that has ended knows no exchanges.
        let _ = self.shared.mailbox.send(Mail::Closed { exchange: self.exchange, clean });
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.armed {
            self.report(self.ending.is_clean());
        }
    }
}
