//! RFC 6455 messages over one upgraded connection, for both sides.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{Sink, Stream};
use socketio08::{Limits, Text};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Utf8Bytes};

use crate::watched::{Ending, Watched};

/// An upgraded connection.
pub(crate) struct Socket<Io> {
    stream: WebSocketStream<Watched<Io>>,
    ending: Ending,
    unflushed: bool,
}

/// A socket as a node sees it, whatever frames it has.
pub(crate) trait Channel: Send {
    /// Sends what `next` yields, and flushes. Ready once `next` has ended and everything is flushed, or with the end if the
    /// connection failed.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        next: impl FnMut(&mut Context<'_>) -> Poll<Option<Text>>,
    ) -> Poll<Result<(), SocketEvent>>;

    /// The next message or the end.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<SocketEvent>;

    /// Ends the connection by a FIN and waits for the peer's.
    fn close_and_end(self) -> impl Future<Output = ()> + Send;
}

/// What a socket brought.
pub(crate) enum SocketEvent {
    /// A text message.
    Message(Text),
    /// The peer ended it, cleanly (a close frame or FIN) or not; `trouble` says what was wrong.
    Ended { clean: bool, trouble: Option<String> },
}

/// Small buffers, since most sockets are quiet and there are many; messages up to the longest payload.
pub(crate) fn config(limits: &Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4_096)
        .write_buffer_size(16_384)
        .max_message_size(Some(limits.payload_len_max))
        .max_frame_size(Some(limits.payload_len_max))
        // The genuine server took unmasked frames, and clients of its time sent them (facts 7.5).
        .accept_unmasked_frames(true)
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Socket<Io> {
    pub(crate) fn new(stream: WebSocketStream<Watched<Io>>) -> Self {
        let ending = stream.get_ref().ending();
        Self { stream, ending, unflushed: false }
    }

    /// Sends what `next` yields, and flushes. Ready once `next` has ended and everything is flushed, or with what went wrong.
    pub(crate) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        mut next: impl FnMut(&mut Context<'_>) -> Poll<Option<Text>>,
    ) -> Poll<Result<(), Error>> {
        let ended = loop {
            match Pin::new(&mut self.stream).poll_ready(cx) {
                Poll::Pending => break false,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) => {}
            }
            match next(cx) {
                Poll::Pending => break false,
                Poll::Ready(None) => break true,
                Poll::Ready(Some(text)) => {
                    let message = Message::Text(to_utf8_bytes(text));
                    Pin::new(&mut self.stream).start_send(message)?;
                    self.unflushed = true;
                }
            }
        };
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        if ended { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// The end, for a failure to send: it says how the connection ended.
    pub(crate) fn failed(&self, error: &Error) -> SocketEvent {
        SocketEvent::Ended { clean: self.ending.is_clean(), trouble: Some(error.to_string()) }
    }

    /// The next message or the end. Pings are answered, binary messages ignored (facts 7.5).
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<SocketEvent> {
        loop {
            match ready!(Pin::new(&mut self.stream).poll_next(cx)) {
                Some(Ok(Message::Text(text))) => return Poll::Ready(SocketEvent::Message(to_text(text))),
                Some(Ok(Message::Close(_))) => {
                    // Sends the answer that is queued already; a peer that does not take it has gone.
                    let _ = Pin::new(&mut self.stream).poll_flush(cx);
                    return Poll::Ready(SocketEvent::Ended { clean: true, trouble: None });
                }
                Some(Ok(_)) => {}
                None => return Poll::Ready(SocketEvent::Ended { clean: true, trouble: None }),
                Some(Err(error)) => {
                    self.explain(cx, &error);
                    return Poll::Ready(self.failed(&error));
                }
            }
        }
    }

    /// Sends a close frame and waits for the peer's.
    pub(crate) async fn close(mut self) {
        if self.stream.close(None).await.is_ok() {
            self.last_word().await;
        }
    }

    /// Sends a close frame and a FIN, and waits for the peer's: one of the time of 0.8.7 knows the end by the FIN alone
    /// and answers no close frame (facts 7.7, 7.9).
    pub(crate) async fn close_and_end(mut self) {
        if self.stream.close(None).await.is_ok() && self.stream.get_mut().shutdown().await.is_ok() {
            self.last_word().await;
        }
    }

    async fn last_word(&mut self) {
        while let SocketEvent::Message(_) = std::future::poll_fn(|cx| self.poll_receive(cx)).await {}
    }

    /// Queues the close code for an error that the peer made, if the connection still takes it.
    fn explain(&mut self, cx: &mut Context<'_>, error: &Error) {
        let code = match error {
            Error::Capacity(_) => CloseCode::Size,
            Error::Utf8(_) => CloseCode::Invalid,
            Error::Protocol(_) => CloseCode::Protocol,
            _ => return,
        };
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static("") };
        // The socket is over either way; the code only helps a peer that still listens.
        if Pin::new(&mut self.stream).start_send(Message::Close(Some(frame))).is_ok() {
            let _ = Pin::new(&mut self.stream).poll_flush(cx);
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin + Send> Channel for Socket<Io> {
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        next: impl FnMut(&mut Context<'_>) -> Poll<Option<Text>>,
    ) -> Poll<Result<(), SocketEvent>> {
        Socket::poll_send(self, cx, next).map(|sent| sent.map_err(|error| self.failed(&error)))
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<SocketEvent> {
        Socket::poll_receive(self, cx)
    }

    fn close_and_end(self) -> impl Future<Output = ()> + Send {
        Socket::close_and_end(self)
    }
}

fn to_utf8_bytes(text: Text) -> Utf8Bytes {
    // Text is UTF-8, so the fallback is never taken.
    Utf8Bytes::try_from(text.into_bytes()).unwrap_or_default()
}

fn to_text(text: Utf8Bytes) -> Text {
    Text::from_utf8_lossy(text.into())
}
