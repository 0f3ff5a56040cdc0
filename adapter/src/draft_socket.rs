//! Messages of the websocket drafts hixie-75 and hixie-76 over one connection: the codec is
//! [`socketio08::hixie`]; this carries its bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use socketio08::Text;
use socketio08::hixie::{Connection, Event};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::socket::{Channel, SocketEvent};
use crate::watched::{Ending, Watched};

/// Messages are gathered up to this length, in bytes, before they are written.
const GATHERED: usize = 16_384;

/// A server's side of a connection of one of the drafts.
pub(crate) struct DraftSocket<Io> {
    io: Watched<Io>,
    ending: Ending,
    connection: Connection,
    writing: Bytes,
    unflushed: bool,
    /// A message that waits for the nonce.
    held: Option<Text>,
    /// Runs until the nonce is there.
    patience: Option<Pin<Box<Sleep>>>,
}

impl<Io: AsyncRead + AsyncWrite + Unpin> DraftSocket<Io> {
    /// Carries `connection`, whose peer has to send its nonce within `patience`.
    pub(crate) fn new(io: Watched<Io>, connection: Connection, patience: Duration) -> Self {
        let ending = io.ending();
        Self {
            io,
            ending,
            connection,
            writing: Bytes::new(),
            unflushed: false,
            held: None,
            patience: Some(Box::pin(sleep(patience))),
        }
    }

    /// Writes what the connection has to say.
    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.writing.is_empty() {
                let Some(bytes) = self.connection.poll_transmit() else { return Poll::Ready(Ok(())) };
                self.writing = bytes;
            }
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.writing))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.writing.advance(written);
            self.unflushed = true;
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unflushed {
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Gives the connection what `next` yields; true once `next` has ended and nothing is held back.
    fn gather(
        &mut self,
        cx: &mut Context<'_>,
        next: &mut impl FnMut(&mut Context<'_>) -> Poll<Option<Text>>,
    ) -> bool {
        let mut gathered = 0;
        while gathered < GATHERED {
            let text = match self.held.take() {
                Some(text) => text,
                None => match next(cx) {
                    Poll::Pending => return false,
                    Poll::Ready(None) => return true,
                    Poll::Ready(Some(text)) => text,
                },
            };
            gathered += text.len();
            if self.connection.send(&text).is_err() {
                self.held = Some(text);
                return false;
            }
        }
        // There may be more: come back once this is written.
        cx.waker().wake_by_ref();
        false
    }

    fn poll_sent(
        &mut self,
        cx: &mut Context<'_>,
        mut next: impl FnMut(&mut Context<'_>) -> Poll<Option<Text>>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_write_out(cx))?;
        let ended = self.gather(cx, &mut next);
        ready!(self.poll_write_out(cx))?;
        ready!(self.poll_flush(cx))?;
        if ended { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn failed(&self, error: &io::Error) -> SocketEvent {
        SocketEvent::Ended { clean: self.ending.is_clean(), trouble: Some(error.to_string()) }
    }

    /// What the connection tells, if it concerns the node.
    fn event(&mut self, cx: &mut Context<'_>) -> Option<SocketEvent> {
        loop {
            return Some(match self.connection.poll_event()? {
                Event::Open => {
                    self.patience = None;
                    // The digest and what was held back go out.
                    cx.waker().wake_by_ref();
                    continue;
                }
                Event::Message(text) => SocketEvent::Message(text),
                Event::Closed => SocketEvent::Ended { clean: true, trouble: None },
                Event::Broken(error) => SocketEvent::Ended { clean: false, trouble: Some(error.to_string()) },
                Event::Refused(error) => {
                    SocketEvent::Ended { clean: false, trouble: Some(error.to_string()) }
                }
            });
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin + Send> Channel for DraftSocket<Io> {
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        next: impl FnMut(&mut Context<'_>) -> Poll<Option<Text>>,
    ) -> Poll<Result<(), SocketEvent>> {
        self.poll_sent(cx, next).map(|sent| sent.map_err(|error| self.failed(&error)))
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<SocketEvent> {
        let mut room = [0; 4_096];
        loop {
            if let Some(event) = self.event(cx) {
                return Poll::Ready(event);
            }
            if let Some(patience) = &mut self.patience
                && patience.as_mut().poll(cx).is_ready()
            {
                let trouble = Some("the nonce of the handshake did not come in time".to_owned());
                return Poll::Ready(SocketEvent::Ended { clean: false, trouble });
            }
            let mut buffer = ReadBuf::new(&mut room);
            match ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer)) {
                Err(error) => return Poll::Ready(self.failed(&error)),
                Ok(()) if buffer.filled().is_empty() => {
                    return Poll::Ready(SocketEvent::Ended { clean: true, trouble: None });
                }
                Ok(()) => self.connection.handle_bytes(buffer.filled()),
            }
        }
    }

    async fn close_and_end(mut self) {
        end(&mut self.io).await;
    }
}

/// Ends a connection so that the peer can read all that was written: by a FIN, then reading to the peer's, since closing over
/// unread bytes is a reset.
pub(crate) async fn end<Io: AsyncRead + AsyncWrite + Unpin>(io: &mut Io) {
    let mut room = [0; 1_024];
    if io.shutdown().await.is_ok() {
        while io.read(&mut room).await.is_ok_and(|len| len > 0) {}
    }
}
