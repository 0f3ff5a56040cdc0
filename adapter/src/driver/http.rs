//! Requests of a client: one connection, and one exchange on it.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use socketio08::Text;
use socketio08::server::ExchangeId;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Connecting, Connections, DriverConfig, TroubleKind};
use crate::watched::{Ending, Watched};

/// A request to be made.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) exchange: ExchangeId,
    pub(super) target: Text,
    /// `None`: GET.
    pub(super) body: Option<Text>,
}

type Http1<Io> = http1::Connection<TokioIo<Watched<Io>>, Full<Bytes>>;

/// A connection that speaks HTTP/1.1 to the server, as long as it is polled.
pub(super) struct HttpConnection<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static> {
    sender: http1::SendRequest<Full<Bytes>>,
    connection: Box<Http1<Io>>,
    ended: bool,
    ending: Ending,
    used: bool,
}

/// How a request ended.
pub(super) struct Done<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static> {
    pub(super) result: Result<(u16, Bytes), Failure>,
    /// The connection, if it can carry another request.
    pub(super) connection: Option<HttpConnection<Io>>,
}

/// Why there is no response.
pub(super) struct Failure {
    pub(super) clean: bool,
    pub(super) kind: TroubleKind,
    /// The connection had carried requests before and ended before any part of the response.
    pub(super) reused: bool,
}

/// A connection to use: one that is idle, or one to be made.
pub(super) enum Source<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static> {
    Idle(HttpConnection<Io>),
    New(Connecting<Io>),
}

/// The headers of every request of a client, checked once.
pub(super) fn headers(config: &DriverConfig) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let host = ("host", config.host.as_str());
    let extra = config.extra_headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in std::iter::once(host).chain(extra) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    headers
}

/// Makes one request. `len_max` bounds the response's body, in bytes.
pub(super) async fn perform<Io>(
    source: Source<Io>,
    job: Job,
    headers: HeaderMap,
    connections: Connections,
    len_max: usize,
) -> Done<Io>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |kind| Done { result: Err(Failure { clean: false, kind, reused: false }), connection: None };
    let mut connection = match source {
        Source::Idle(connection) => connection,
        Source::New(connecting) => match connecting.await {
            Err(error) => return failed(connect_trouble(&error)),
            Ok(io) => match HttpConnection::open(io).await {
                Ok(connection) => connection,
                Err(error) => return failed(TroubleKind::Request(error.to_string())),
            },
        },
    };
    let request = match build(&job, headers, connections) {
        Ok(request) => request,
        Err(error) => return failed(TroubleKind::Request(error.to_string())),
    };
    let reused = connection.used;
    connection.used = true;
    match connection.exchange(request, len_max).await {
        Ok(answer) => {
            let reusable = connections == Connections::KeepAlive && !connection.ended;
            Done { result: Ok(answer), connection: reusable.then_some(connection) }
        }
        Err((kind, answered)) => {
            let clean = connection.ending.is_clean();
            Done { result: Err(Failure { clean, kind, reused: reused && !answered }), connection: None }
        }
    }
}

pub(super) fn connect_trouble(error: &io::Error) -> TroubleKind {
    TroubleKind::Connect(error.kind())
}

fn build(
    job: &Job,
    mut headers: HeaderMap,
    connections: Connections,
) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    if connections == Connections::PerRequest {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let (method, body) = match &job.body {
        None => (Method::GET, Bytes::new()),
        Some(body) => {
            let value = HeaderValue::from_static("text/plain;charset=UTF-8");
            headers.insert(header::CONTENT_TYPE, value);
            (Method::POST, body.clone().into_bytes())
        }
    };
    let mut request = Request::builder().method(method).uri(job.target.as_str()).body(Full::new(body))?;
    *request.headers_mut() = headers;
    Ok(request)
}

impl<Io: AsyncRead + AsyncWrite + Unpin + Send + 'static> HttpConnection<Io> {
    async fn open(io: Io) -> hyper::Result<Self> {
        let io = Watched::new(io, None);
        let ending = io.ending();
        // The smallest buffer hyper knows: a client holds several connections, and there may be thousands of clients.
        let (sender, connection) =
            http1::Builder::new().max_buf_size(8_192).handshake(TokioIo::new(io)).await?;
        Ok(Self { sender, connection: Box::new(connection), ended: false, ending, used: false })
    }

    /// Lets an idle connection notice its end; ready when it cannot carry another request.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.ended || self.sender.is_closed() {
            return Poll::Ready(());
        }
        // How an idle connection ends does not matter to anyone.
        Pin::new(&mut self.connection).poll(cx).map(|_| self.ended = true)
    }

    /// The response, or what went wrong and whether some of the response had come.
    async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        len_max: usize,
    ) -> Result<(u16, Bytes), (TroubleKind, bool)> {
        let Self { sender, connection, ended, .. } = self;
        let mut answer = pin!(async {
            let trouble = |error: hyper::Error| TroubleKind::Request(error.to_string());
            sender.ready().await.map_err(|error| (trouble(error), false))?;
            let response = sender.send_request(request).await.map_err(|error| (trouble(error), false))?;
            let status = response.status().as_u16();
            match collect(response.into_body(), len_max).await {
                Ok(Some(body)) => Ok((status, body)),
                Ok(None) => Err((TroubleKind::Limit("payload_len_max"), true)),
                Err(error) => Err((trouble(error), true)),
            }
        });
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                    return Poll::Ready(answer);
                }
                if *ended || Pin::new(&mut *connection).poll(cx).is_pending() {
                    return Poll::Pending;
                }
                // The answer learns of the end when polled again.
                *ended = true;
            }
        })
        .await
    }
}

/// `None`: too long.
async fn collect(mut body: Incoming, len_max: usize) -> hyper::Result<Option<Bytes>> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if first.len() + rest.len() + data.len() > len_max {
            return Ok(None);
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(Some(if rest.is_empty() { first } else { rest.freeze() }))
}
