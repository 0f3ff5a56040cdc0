//! Single requests, each on a connection of its own, so that a balancer decides about every one of them.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONNECTION, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SERVER, SET_COOKIE,
};
use hyper::http::request::Builder;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Url;

/// Longest body read, in bytes: pages and handshakes are far shorter.
const BODY_LEN_MAX: usize = 1_000_000;

/// Where requests go, and what goes with each.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) url: Url,
    pub(super) address: SocketAddr,
    /// For connecting, and again for the answer.
    pub(super) patience: Duration,
}

/// An HTTP answer, whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) server: Option<String>,
    pub(super) location: Option<String>,
    pub(super) content_type: Option<String>,
    /// `Access-Control-Allow-Origin`.
    pub(super) allow_origin: Option<String>,
    /// `NAME=VALUE` of each cookie set.
    pub(super) cookies: Vec<String>,
    pub(super) body: String,
    pub(super) took: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("connection refused by {0}: nothing listens there (is the server started, and on this port?)")]
    Refused(SocketAddr),
    #[error("no connection to {0} within {1:?}: a firewall drops the packets, or the address is wrong")]
    ConnectTimeout(SocketAddr, Duration),
    #[error("no connection to {0}: {1}")]
    Connect(SocketAddr, io::ErrorKind),
    #[error("connected, but no answer within {0:?}: the server hangs, or a proxy waits for one that does")]
    Timeout(Duration),
    #[error("the answer is not HTTP/1.1: another service listens on this port, or it expects TLS")]
    NotHttp,
    #[error("the connection was closed without an answer: the server died, or nothing serves this request")]
    Closed,
    #[error("the answer is longer than {BODY_LEN_MAX} bytes: this is no Socket.IO server")]
    TooLong,
    #[error("the request failed: {0}")]
    Other(String),
}

impl Site {
    /// GETs `target` with `cookies`.
    pub(super) async fn get(&self, target: &str, cookies: &[String]) -> Result<Answer, NoAnswer> {
        self.request(Method::GET, target, cookies, "").await
    }

    /// POSTs `body` to `target` with `cookies`.
    pub(super) async fn post(
        &self,
        target: &str,
        cookies: &[String],
        body: &'static str,
    ) -> Result<Answer, NoAnswer> {
        self.request(Method::POST, target, cookies, body).await
    }

    /// GETs `target` as a page of `origin`.
    pub(super) async fn get_from(&self, target: &str, origin: &str) -> Result<Answer, NoAnswer> {
        self.send(self.builder(Method::GET, target, &[]).header(ORIGIN, origin), "").await
    }

    async fn request(
        &self,
        method: Method,
        target: &str,
        cookies: &[String],
        body: &'static str,
    ) -> Result<Answer, NoAnswer> {
        self.send(self.builder(method, target, cookies), body).await
    }

    fn builder(&self, method: Method, target: &str, cookies: &[String]) -> Builder {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, self.url.host_header())
            .header(CONNECTION, "close");
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) }
    }

    async fn send(&self, mut request: Builder, body: &'static str) -> Result<Answer, NoAnswer> {
        let started = Instant::now();
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "text/plain;charset=UTF-8");
        }
        let request = request
            .body(Full::new(Bytes::from_static(body.as_bytes())))
            .map_err(|error| NoAnswer::Other(error.to_string()))?;
        let stream = self.connect().await?;
        match tokio::time::timeout(self.patience, exchange(stream, request)).await {
            Ok(answer) => answer.map(|answer| Answer { took: started.elapsed(), ..answer }),
            Err(_) => Err(NoAnswer::Timeout(self.patience)),
        }
    }

    async fn connect(&self) -> Result<TcpStream, NoAnswer> {
        match tokio::time::timeout(self.patience, TcpStream::connect(self.address)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Err(NoAnswer::Refused(self.address))
            }
            Ok(Err(error)) => Err(NoAnswer::Connect(self.address, error.kind())),
            Err(_) => Err(NoAnswer::ConnectTimeout(self.address, self.patience)),
        }
    }
}

async fn exchange(stream: TcpStream, request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| no_answer(&error))?;
    let _connection = UntilDropped(tokio::spawn(connection));
    let response = sender.send_request(request).await.map_err(|error| no_answer(&error))?;
    read(response).await
}

/// A connection that is cut when nobody waits for its answer any more.
struct UntilDropped<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for UntilDropped<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn read(response: Response<hyper::body::Incoming>) -> Result<Answer, NoAnswer> {
    let (head, body) = response.into_parts();
    let body = match Limited::new(body, BODY_LEN_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(NoAnswer::TooLong),
        Err(error) => return Err(error.downcast_ref().map_or(NoAnswer::Closed, no_answer)),
    };
    Ok(Answer {
        status: head.status.as_u16(),
        server: text(&head.headers, SERVER),
        location: text(&head.headers, LOCATION),
        content_type: text(&head.headers, CONTENT_TYPE),
        allow_origin: text(&head.headers, ACCESS_CONTROL_ALLOW_ORIGIN),
        cookies: cookies(&head.headers),
        body: String::from_utf8_lossy(&body).into_owned(),
        took: Duration::ZERO,
    })
}

fn text(headers: &HeaderMap, name: hyper::header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    values.filter_map(|value| value.split(';').next()).map(|pair| pair.trim().to_owned()).collect()
}

fn no_answer(error: &hyper::Error) -> NoAnswer {
    if error.is_parse() {
        NoAnswer::NotHttp
    } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        NoAnswer::Closed
    } else {
        match std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>()) {
            Some(source) if source.kind() == io::ErrorKind::ConnectionReset => NoAnswer::Closed,
            _ => NoAnswer::Other(error.to_string()),
        }
    }
}

impl Answer {
    /// `502 by nginx/1.22.1`.
    pub(super) fn status_and_server(&self) -> String {
        status_and_server(self.status, self.server.as_deref())
    }

    /// The beginning of the body, for a message.
    pub(super) fn beginning(&self) -> String {
        const SHOWN: usize = 60;
        let mut shown: String = self.body.chars().take(SHOWN).collect();
        if self.body.chars().nth(SHOWN).is_some() {
            shown.push('\u{2026}');
        }
        format!("{shown:?}")
    }
}

/// `502 by nginx/1.22.1`.
pub(super) fn status_and_server(status: u16, server: Option<&str>) -> String {
    match server {
        Some(server) => format!("{status} by {server}"),
        None => status.to_string(),
    }
}
