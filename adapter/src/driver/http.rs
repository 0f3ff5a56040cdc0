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
use hyper::{Method, Request, Response};
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
    pub(super) kind: JobKind,
}

/// What kind of request.
#[derive(Clone, Debug)]
pub(super) enum JobKind {
    Get,
    /// A GET whose body is handed in as it comes.
    Stream,
    /// A POST of plain text.
    Post(Text),
    /// A POST of a form.
    Form(Text),
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
    let failed = |failure| Done { result: Err(failure), connection: None };
    let (mut connection, request, reused) = match prepare(source, &job, headers, connections).await {
        Ok(prepared) => prepared,
        Err(kind) => return failed(Failure { clean: false, kind, reused: false }),
    };
    match connection.exchange(request, len_max).await {
        Ok(answer) => {
            let reusable = connections == Connections::KeepAlive && !connection.ended;
            Done { result: Ok(answer), connection: reusable.then_some(connection) }
        }
        Err((kind, answered)) => {
            failed(Failure { clean: connection.ending.is_clean(), kind, reused: reused && !answered })
        }
    }
}

/// A connection, the request to make on it, and whether it has carried others.
pub(super) async fn prepare<Io>(
    source: Source<Io>,
    job: &Job,
    headers: HeaderMap,
    connections: Connections,
) -> Result<(HttpConnection<Io>, Request<Full<Bytes>>, bool), TroubleKind>
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut connection = match source {
        Source::Idle(connection) => connection,
        Source::New(connecting) => {
            let io = connecting.await.map_err(|error| connect_trouble(&error))?;
            HttpConnection::open(io).await.map_err(|error| TroubleKind::Request(error.to_string()))?
        }
    };
    let request =
        build(job, headers, connections).map_err(|error| TroubleKind::Request(error.to_string()))?;
    let reused = connection.used;
    connection.used = true;
    Ok((connection, request, reused))
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
    let content = match &job.kind {
        JobKind::Get | JobKind::Stream => None,
        JobKind::Post(body) => Some(("text/plain;charset=UTF-8", body)),
        JobKind::Form(body) => Some(("application/x-www-form-urlencoded", body)),
    };
    let (method, body) = match content {
        None => (Method::GET, Bytes::new()),
        Some((content_type, body)) => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
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
        let trouble = |error: hyper::Error| TroubleKind::Request(error.to_string());
        let response = self.respond(request).await.map_err(|error| (trouble(error), false))?;
        let status = response.status().as_u16();
        match self.drive(collect(response.into_body(), len_max)).await {
            Ok(Some(body)) => Ok((status, body)),
            Ok(None) => Err((TroubleKind::Limit("payload_len_max"), true)),
            Err(error) => Err((trouble(error), true)),
        }
    }

    /// The response's head; its body is still to come.
    pub(super) async fn respond(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        let Self { sender, connection, ended, .. } = self;
        let answer = async {
            sender.ready().await?;
            sender.send_request(request).await
        };
        drive(connection, ended, answer).await
    }

    /// Runs `answer` with the connection, which it needs to make progress.
    pub(super) async fn drive<T>(&mut self, answer: impl Future<Output = T>) -> T {
        drive(&mut self.connection, &mut self.ended, answer).await
    }

    /// Lets the connection make progress; ready when it ended since the last call.
    pub(super) fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.ended || Pin::new(&mut self.connection).poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.ended = true;
        Poll::Ready(())
    }

    /// Whether the connection's end was a FIN.
    pub(super) fn ended_cleanly(&self) -> bool {
        self.ending.is_clean()
    }
}

async fn drive<Io, T>(connection: &mut Box<Http1<Io>>, ended: &mut bool, answer: impl Future<Output = T>) -> T
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut answer = pin!(answer);
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

/// `None`: too long.
pub(super) async fn collect(mut body: Incoming, len_max: usize) -> hyper::Result<Option<Bytes>> {
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
