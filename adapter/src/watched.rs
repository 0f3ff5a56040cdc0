//! A stream that remembers how its reading side ended, and gives up a peer that takes nothing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

const OPEN: u8 = 0;
const FIN: u8 = 1;
const RESET: u8 = 2;

/// How the peer ended a connection; shared by the stream and those who ask.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending(Arc<AtomicU8>);

impl Ending {
    /// The ending of a connection that nobody watches: taken for a FIN, as nearly all are.
    pub(crate) fn unwatched() -> Self {
        Self(Arc::new(AtomicU8::new(FIN)))
    }

    /// The peer ended its side by a FIN, and no error was seen.
    pub(crate) fn is_clean(&self) -> bool {
        self.0.load(Ordering::Relaxed) == FIN
    }

    fn saw(&self, ending: u8) {
        // An error outranks a FIN: after both, the connection was reset.
        self.0.fetch_max(ending, Ordering::Relaxed);
    }
}

/// Hyper and tungstenite tell that a connection ended, not how; this wrapper sees it.
#[derive(Debug)]
pub(crate) struct Watched<Io> {
    io: Io,
    /// Read already, and to be read again.
    unread: Bytes,
    ending: Ending,
    stall_max: Option<Duration>,
    /// Runs while the peer takes nothing; most connections never need one.
    stall: Option<Pin<Box<Sleep>>>,
}

impl<Io> Watched<Io> {
    /// `stall_max`: how long a write may wait for a peer that takes nothing; `None`: for ever.
    pub(crate) fn new(io: Io, stall_max: Option<Duration>) -> Self {
        Self {
            io,
            unread: Bytes::new(),
            ending: Ending(Arc::new(AtomicU8::new(OPEN))),
            stall_max,
            stall: None,
        }
    }

    pub(crate) fn ending(&self) -> Ending {
        self.ending.clone()
    }

    /// Gives back what was read, to be read again before anything else.
    pub(crate) fn unread(&mut self, bytes: Bytes) {
        self.unread = bytes;
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Watched<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            let len = self.unread.len().min(buffer.remaining());
            buffer.put_slice(&self.unread.split_to(len));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let room = buffer.remaining();
        let result = Pin::new(&mut self.io).poll_read(cx, buffer);
        match &result {
            Poll::Ready(Ok(())) if room > 0 && buffer.filled().len() == before => self.ending.saw(FIN),
            Poll::Ready(Err(_)) => self.ending.saw(RESET),
            _ => {}
        }
        result
    }
}

impl<Io> Watched<Io> {
    /// Notes how a write went.
    fn wrote(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match (&written, self.stall_max) {
            (Poll::Pending, Some(max)) => {
                let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(max)));
                if stall.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.ending.saw(RESET);
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing")));
            }
            (Poll::Ready(Err(_)), _) => self.ending.saw(RESET),
            _ => {}
        }
        if written.is_ready() {
            self.stall = None;
        }
        written
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Watched<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.wrote(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
