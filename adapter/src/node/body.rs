//! What a node answers over HTTP: a whole body, or one that goes on.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

use super::exchange::{Guard, QueueReceiver};

/// The body of a node's response.
#[derive(Debug)]
pub struct NodeBody(Kind);

#[derive(Debug)]
enum Kind {
    Whole(Full<Bytes>),
    Stream(Stream),
    /// Fails before its first byte, so that an HTTP/1.1 server closes the connection instead of writing the head.
    Broken,
}

/// The body of a response that goes on: each part is a frame of its own, to be written at once.
struct Stream {
    first: Option<Bytes>,
    queue: QueueReceiver<Bytes>,
    /// Reports the end of the exchange if the peer is gone before the node ends it.
    guard: Option<Guard>,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("whole", &self.guard.is_none()).finish_non_exhaustive()
    }
}

impl NodeBody {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self(Kind::Whole(Full::new(bytes)))
    }

    pub(super) fn stream(first: Bytes, queue: QueueReceiver<Bytes>, guard: Guard) -> Self {
        Self(Kind::Stream(Stream { first: Some(first), queue, guard: Some(guard) }))
    }

    pub(super) fn broken() -> Self {
        Self(Kind::Broken)
    }
}

impl Stream {
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        let part = self.queue.poll_next(cx);
        if let Poll::Ready(None) = part
            && let Some(guard) = self.guard.take()
        {
            guard.defuse();
        }
        part
    }
}

impl Body for NodeBody {
    type Data = Bytes;
    type Error = Unanswered;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Unanswered>>> {
        match &mut self.0 {
            Kind::Whole(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Kind::Stream(stream) => stream.poll_part(cx).map(|part| part.map(|part| Ok(Frame::data(part)))),
            Kind::Broken => Poll::Ready(Some(Err(Unanswered))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(body) => body.is_end_stream(),
            Kind::Stream(_) | Kind::Broken => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(body) => body.size_hint(),
            Kind::Stream(_) | Kind::Broken => SizeHint::default(),
        }
    }
}

/// The protocol wants the connection closed without a response: the transport is unknown or disabled, or the session has
/// ended (facts 3.4, 3.6). An error of a hyper service does just that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unanswered;

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the exchange was closed without a response")
    }
}

impl std::error::Error for Unanswered {}
