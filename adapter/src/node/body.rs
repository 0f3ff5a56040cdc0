//! What a node answers over HTTP.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

/// The body of a node's response.
#[derive(Debug)]
pub struct NodeBody(Kind);

#[derive(Debug)]
enum Kind {
    Whole(Full<Bytes>),
    /// Fails before its first byte, so that an HTTP/1.1 server closes the connection instead of writing the head.
    Broken,
}

impl NodeBody {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self(Kind::Whole(Full::new(bytes)))
    }

    pub(super) fn broken() -> Self {
        Self(Kind::Broken)
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
            Kind::Broken => Poll::Ready(Some(Err(Unanswered))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(body) => body.is_end_stream(),
            Kind::Broken => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(body) => body.size_hint(),
            Kind::Broken => SizeHint::default(),
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
