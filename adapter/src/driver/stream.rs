//! A request whose body is handed in as it comes: the stream of htmlfile.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::header::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite};

use super::http::{self, HttpConnection, Job, Source};
use super::{Connections, TroubleKind};

type Opening<Io> = Pin<Box<dyn Future<Output = Result<Answer<Io>, (bool, TroubleKind)>> + Send>>;

/// What a request was answered.
pub(super) enum Answer<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static> {
    Body(HttpConnection<Io>, Incoming),
    /// Something else than 200, with its whole body.
    Other(u16, Bytes),
}

/// A stream that is being opened, or open.
pub(super) enum Streaming<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static> {
    Opening(Opening<Io>),
    Open(Box<HttpConnection<Io>>, Incoming),
}

/// What comes of a stream. All but a chunk is its end.
pub(super) enum StreamEvent {
    Chunk(Bytes),
    Response(u16, Bytes),
    Ended { clean: bool, kind: Option<TroubleKind> },
}

impl<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static> Streaming<Io> {
    /// Makes the request. `len_max` bounds a body that is no stream, in bytes; the parts of a stream are as long as the
    /// connection's buffer at most.
    pub(super) fn open(
        source: Source<Io>,
        job: Job,
        headers: HeaderMap,
        connections: Connections,
        len_max: usize,
    ) -> Self {
        Streaming::Opening(Box::pin(answer(source, job, headers, connections, len_max)))
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<StreamEvent> {
        loop {
            match self {
                Streaming::Opening(opening) => match opening.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(Answer::Body(connection, body))) => {
                        *self = Streaming::Open(Box::new(connection), body);
                    }
                    Poll::Ready(Ok(Answer::Other(status, body))) => {
                        return Poll::Ready(StreamEvent::Response(status, body));
                    }
                    Poll::Ready(Err((clean, kind))) => {
                        return Poll::Ready(StreamEvent::Ended { clean, kind: Some(kind) });
                    }
                },
                Streaming::Open(connection, body) => return poll_open(connection, body, cx),
            }
        }
    }
}

fn poll_open<Io>(
    connection: &mut HttpConnection<Io>,
    body: &mut Incoming,
    cx: &mut Context<'_>,
) -> Poll<StreamEvent>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    loop {
        match Pin::new(&mut *body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) if !data.is_empty() => return Poll::Ready(StreamEvent::Chunk(data)),
                _ => continue,
            },
            Poll::Ready(Some(Err(error))) => {
                let kind = Some(TroubleKind::Request(error.to_string()));
                return Poll::Ready(StreamEvent::Ended { clean: connection.ended_cleanly(), kind });
            }
            Poll::Ready(None) => return Poll::Ready(StreamEvent::Ended { clean: true, kind: None }),
            Poll::Pending => {}
        }
        // The body learns of the connection's progress and end when polled again.
        if connection.poll_progress(cx).is_pending() {
            return Poll::Pending;
        }
    }
}

async fn answer<Io>(
    source: Source<Io>,
    job: Job,
    headers: HeaderMap,
    connections: Connections,
    len_max: usize,
) -> Result<Answer<Io>, (bool, TroubleKind)>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut connection, request, _) =
        http::prepare(source, &job, headers, connections).await.map_err(|kind| (false, kind))?;
    let failed = |connection: &HttpConnection<Io>, kind| (connection.ended_cleanly(), kind);
    let response = match connection.respond(request).await {
        Ok(response) => response,
        Err(error) => return Err(failed(&connection, TroubleKind::Request(error.to_string()))),
    };
    let status = response.status().as_u16();
    if status == 200 {
        return Ok(Answer::Body(connection, response.into_body()));
    }
    match connection.drive(http::collect(response.into_body(), len_max)).await {
        Ok(Some(body)) => Ok(Answer::Other(status, body)),
        Ok(None) => Err(failed(&connection, TroubleKind::Limit("payload_len_max"))),
        Err(error) => Err(failed(&connection, TroubleKind::Request(error.to_string()))),
    }
}
