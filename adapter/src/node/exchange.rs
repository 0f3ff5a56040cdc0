//! The node's side of one exchange: the answer, the queue towards a socket or a stream, and the guard that reports its end.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use socketio08::server::{ExchangeId, Response};
use socketio08::{Limits, Text};
use tokio::sync::{mpsc, oneshot};

use super::relay::Relay;
use super::{Mail, Shared};
use crate::fill::Fill;
use crate::watched::Ending;

/// What the node answers to a request.
pub(super) enum Answer {
    Respond(Response),
    Upgrade(QueueReceiver<Text>),
    /// A response whose body goes on by the queue.
    Begin(Response, QueueReceiver<Bytes>),
    /// What another server answered.
    Relay(Relay),
    /// The connection is closed without a response.
    Close,
}

/// An exchange that is not over, as the node task knows it.
pub(super) enum Exchange {
    Waiting(oneshot::Sender<Answer>),
    Upgraded(QueueSender<Text>),
    Streaming(QueueSender<Bytes>),
    /// The answer of another server is on its way; dropping this ends it.
    Relayed(#[expect(dead_code, reason = "held to be dropped")] oneshot::Sender<()>),
}

/// What a queue holds, by its length in bytes.
pub(super) trait Queued {
    fn len(&self) -> usize;
}

impl Queued for Text {
    fn len(&self) -> usize {
        self.as_str().len()
    }
}

impl Queued for Bytes {
    fn len(&self) -> usize {
        Bytes::len(self)
    }
}

/// The node's end of the queue towards one peer. Dropping it ends the socket or the stream once the queue is sent.
pub(super) struct QueueSender<T> {
    parts: mpsc::Sender<T>,
    fill: Fill,
    len_max: usize,
    cut: Option<oneshot::Sender<()>>,
}

/// The peer's end of its queue.
pub(super) struct QueueReceiver<T> {
    parts: mpsc::Receiver<T>,
    fill: Fill,
    /// Taken out by whoever cuts the connection.
    cut: Option<CutSignal>,
}

/// Tells when the node gives a peer up.
pub(super) struct CutSignal(Option<oneshot::Receiver<()>>);

/// A peer's queue is full: the peer does not read.
pub(super) struct Full;

/// The queue towards a peer, bounded like a polling session's outbox: a peer that reads no faster is ended, not silently
/// robbed.
pub(super) fn queue<T>(limits: &Limits) -> (QueueSender<T>, QueueReceiver<T>) {
    let (parts, receiver) = mpsc::channel(limits.outbox_packets_max.max(1));
    let (cut, cut_receiver) = oneshot::channel();
    let fill = Fill::new();
    let sender = QueueSender { parts, fill: fill.clone(), len_max: limits.outbox_len_max, cut: Some(cut) };
    (sender, QueueReceiver { parts: receiver, fill, cut: Some(CutSignal(Some(cut_receiver))) })
}

impl<T: Queued> QueueSender<T> {
    /// Queues a part. When full, the peer is cut.
    pub(super) fn push(&mut self, part: T) -> Result<(), Full> {
        let len = part.len();
        let (before, handed) = self.fill.put(len, || self.parts.try_send(part));
        // One part always fits, whatever its length: the machine's own limit holds for it.
        let too_long = before > 0 && before + len > self.len_max;
        match handed {
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

impl<T: Queued> QueueReceiver<T> {
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let next = self.parts.poll_recv(cx);
        if let Poll::Ready(Some(part)) = &next {
            self.fill.took(part.len());
        }
        next
    }

    /// Whether the node gave the peer up; never, once the signal is taken out.
    pub(super) fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.cut.as_mut().map_or(Poll::Pending, |cut| cut.poll(cx))
    }

    /// The signal that the node gave the peer up, for who can act on it while the queue is not read.
    pub(super) fn take_cut(&mut self) -> Option<CutSignal> {
        self.cut.take()
    }
}

impl CutSignal {
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(signal) = &mut self.0 else { return Poll::Pending };
        match std::pin::Pin::new(signal).poll(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(()),
            Poll::Ready(Err(_)) => {
                self.0 = None;
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

    /// The node whose exchange it is: that of the connection, or another of its shards.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
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
