//! What a node answers over HTTP: a whole body, or one that goes on.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

use super::exchange::{Guard, QueueReceiver};
use super::relay::RelayBody;

/// The body of a node's response.
///
/// ```
/// # use http_body_util::BodyExt;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), socketio08_tokio::Unanswered> {
/// # let (node, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
/// let request = hyper::Request::get("/socket.io/").body(String::new()).expect("a request");
/// let body = node.handle(request, "192.0.2.7").await?.into_body();
/// assert_eq!(body.collect().await?.to_bytes(), "Welcome to socket.io.");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NodeBody(Kind);

#[derive(Debug)]
enum Kind {
    Whole(Full<Bytes>),
    Stream(Stream),
    Relay(Box<RelayBody>),
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

impl fmt::Debug for RelayBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayBody").finish_non_exhaustive()
    }
}

impl NodeBody {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self(Kind::Whole(Full::new(bytes)))
    }

    pub(super) fn stream(first: Bytes, queue: QueueReceiver<Bytes>, guard: Guard) -> Self {
        Self(Kind::Stream(Stream { first: Some(first), queue, guard: Some(guard) }))
    }

    pub(super) fn relay(body: RelayBody) -> Self {
        Self(Kind::Relay(Box::new(body)))
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
            // An answer that broke off there breaks off here.
            Kind::Relay(relay) => {
                relay.poll_part(cx).map(|part| part.map(|part| part.map_err(|_| Unanswered)))
            }
            Kind::Broken => Poll::Ready(Some(Err(Unanswered))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(body) => body.is_end_stream(),
            Kind::Relay(relay) => relay.body().is_end_stream(),
            Kind::Stream(_) | Kind::Broken => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(body) => body.size_hint(),
            Kind::Relay(relay) => relay.body().size_hint(),
            Kind::Stream(_) | Kind::Broken => SizeHint::default(),
        }
    }
}

/// The protocol wants the connection closed without a response: the transport is unknown or disabled, or the session has
/// ended (facts 3.4, 3.6). An error of a hyper service does just that.
///
/// ```
/// # use socketio08_tokio::Unanswered;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let (node, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
/// let request = hyper::Request::get("/socket.io/1/telepathy/4711").body(String::new()).expect("a request");
/// assert_eq!(node.handle(request, "192.0.2.7").await.err(), Some(Unanswered), "no such transport");
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unanswered;

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the exchange was closed without a response")
    }
}

impl std::error::Error for Unanswered {}
