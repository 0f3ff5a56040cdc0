//! One HTTP request: checked, bounded, handed to the node, answered.

use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method as HttpMethod, StatusCode, Version};
use socketio08::Text;
use socketio08::server::{Method, Request, Response};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::body::{NodeBody, Unanswered};
use super::connection::{Peer, Upgrade};
use super::exchange::{Answer, Guard, QueueReceiver};
use super::{Mail, Shared, relay};

type HttpRequest = hyper::Request<()>;
type HttpResponse = hyper::Response<NodeBody>;

pub(super) async fn serve_request<B: Body<Data = Bytes>>(
    peer: Arc<Peer>,
    request: hyper::Request<B>,
) -> Result<HttpResponse, Unanswered> {
    let (parts, body) = request.into_parts();
    let mut request = HttpRequest::from_parts(parts, ());
    if request.method() == HttpMethod::CONNECT {
        return Ok(refusal(StatusCode::METHOD_NOT_ALLOWED, "CONNECT is for proxies; this is a server"));
    }
    let handshake = match websocket_handshake(&request) {
        Ok(handshake) => handshake,
        Err(refused) => return Ok(*refused),
    };
    let body = match read_body(&peer.shared, body).await {
        Ok(body) => body,
        Err(refused) => return Ok(*refused),
    };
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let shared = &peer.shared.owner(target, handshake.is_some());
    let room = shared.room().await.ok_or(Unanswered)?;
    let exchange = shared.next_exchange();
    let machine_request = Request {
        exchange,
        method: method(request.method()),
        target: Text::from(target),
        headers: headers(request.headers()),
        body,
        upgrade: handshake.is_some(),
        address: peer.info.address.clone(),
        secure: peer.info.secure,
    };
    let (answer, answered) = oneshot::channel();
    let guard = Guard::new(Arc::clone(shared), exchange, peer.ending.clone());
    let mail = Mail::Request { request: machine_request, answer, room };
    shared.mailbox.send(mail).map_err(|_| Unanswered)?;
    match (answered.await, handshake) {
        (Ok(Answer::Respond(response)), _) => {
            guard.defuse();
            Ok(to_http(response))
        }
        (Ok(Answer::Upgrade(queue)), Some(accept)) => {
            let connection = hyper::upgrade::on(&mut request);
            peer.begin_upgrade(Upgrade { connection, queue, guard });
            Ok(switching_protocols(accept))
        }
        (Ok(Answer::Begin(response, mut queue)), _) => {
            if let Some(cut) = queue.take_cut() {
                peer.watch_for_cut(cut);
            }
            Ok(beginning(response, request.version(), queue, guard))
        }
        (Ok(Answer::Relay(relay)), _) => Ok(relay::respond(&peer, request, relay, guard)),
        // The machine upgrades only what asked for it, so this arm with `Upgrade` is never taken; the guard reports it.
        (Ok(Answer::Upgrade(_)), None) => Err(Unanswered),
        (Ok(Answer::Close) | Err(_), _) => {
            guard.defuse();
            Err(Unanswered)
        }
    }
}

/// The accept key if the request asks for a websocket, `None` if it does not, or why it cannot have one. Versions 7 and 8
/// frame as 13 does (facts 7.1).
fn websocket_handshake(request: &HttpRequest) -> Result<Option<HeaderValue>, Box<HttpResponse>> {
    let headers = request.headers();
    let asks = request.method() == HttpMethod::GET
        && request.version() == Version::HTTP_11
        && has_token(headers, &header::UPGRADE, "websocket")
        && has_token(headers, &header::CONNECTION, "upgrade");
    if !asks {
        return Ok(None);
    }
    let version = headers.get(header::SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes);
    if !matches!(version, Some(b"13" | b"8" | b"7")) {
        let mut response =
            refusal(StatusCode::UPGRADE_REQUIRED, "websocket versions 13, 8 and 7 are spoken here");
        response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13, 8, 7"));
        return Err(Box::new(response));
    }
    headers
        .get(header::SEC_WEBSOCKET_KEY)
        .and_then(|key| HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok())
        .map(Some)
        .ok_or_else(|| Box::new(refusal(StatusCode::BAD_REQUEST, "the Sec-WebSocket-Key header is missing")))
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// The whole body, within the payload limit and the body timeout.
async fn read_body<B: Body<Data = Bytes>>(shared: &Shared, body: B) -> Result<Bytes, Box<HttpResponse>> {
    let len_max = shared.machine_limits.payload_len_max;
    let body_timeout = shared.limits.body_timeout;
    match timeout(body_timeout, collect(body, len_max)).await {
        Ok(Ok(Some(body))) => Ok(body),
        Ok(Ok(None)) => {
            let text = format!("the request body is longer than {len_max} bytes");
            Err(Box::new(refusal(StatusCode::PAYLOAD_TOO_LARGE, &text)))
        }
        Ok(Err(_)) => Err(Box::new(refusal(StatusCode::BAD_REQUEST, "the request body is broken"))),
        Err(_) => {
            let text = format!("the request body took longer than {} s", body_timeout.as_secs());
            Err(Box::new(refusal(StatusCode::REQUEST_TIMEOUT, &text)))
        }
    }
}

/// `None`: the body is too long. A body somewhat too long is read to its end and dropped, so that the peer can read the
/// answer instead of a reset.
async fn collect<B: Body<Data = Bytes>>(body: B, len_max: usize) -> Result<Option<Bytes>, B::Error> {
    let mut body = pin!(body);
    let patience = len_max.saturating_mul(4);
    if body.size_hint().lower() > u64::try_from(patience).unwrap_or(u64::MAX) {
        return Ok(None);
    }
    let mut collected = BytesMut::new();
    let mut len = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        len = len.saturating_add(data.len());
        if len <= len_max {
            if collected.is_empty() && body.is_end_stream() {
                return Ok(Some(data));
            }
            collected.extend_from_slice(&data);
        } else if len > patience {
            return Ok(None);
        } else {
            collected = BytesMut::new();
        }
    }
    Ok((len <= len_max).then(|| collected.freeze()))
}

fn method(method: &HttpMethod) -> Method {
    match *method {
        HttpMethod::GET => Method::Get,
        HttpMethod::HEAD => Method::Head,
        HttpMethod::POST => Method::Post,
        HttpMethod::OPTIONS => Method::Options,
        _ => Method::Other,
    }
}

/// All names and values share one allocation.
fn headers(headers: &HeaderMap) -> Vec<(Text, Text)> {
    let mut all = String::new();
    let mut parts = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let start = all.len();
        all.push_str(name.as_str());
        let middle = all.len();
        all.push_str(&String::from_utf8_lossy(value.as_bytes()));
        parts.push((start, middle, all.len()));
    }
    let all = Text::from(all);
    let part = |start: usize, end: usize| all.slice_ref(all.get(start..end).unwrap_or_default());
    parts.into_iter().map(|(start, middle, end)| (part(start, middle), part(middle, end))).collect()
}

fn to_http(response: Response) -> HttpResponse {
    with_head(response.status, response.headers, NodeBody::whole(response.body))
}

/// A response that goes on, in chunks; to an HTTP/1.0 peer until the connection ends, which the header must not deny.
fn beginning(
    response: Response,
    version: Version,
    queue: QueueReceiver<Bytes>,
    guard: Guard,
) -> HttpResponse {
    let body = NodeBody::stream(response.body, queue, guard);
    let mut http = with_head(response.status, response.headers, body);
    if version < Version::HTTP_11 {
        http.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    http
}

/// The response with framing by hyper. Headers HTTP does not allow are left out: the machine makes none.
fn with_head(status: u16, headers: Vec<(&'static str, Text)>, body: NodeBody) -> HttpResponse {
    let mut http = hyper::Response::new(body);
    *http.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding") {
            continue;
        }
        if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(name), HeaderValue::from_maybe_shared(value.into_bytes()))
        {
            http.headers_mut().append(name, value);
        }
    }
    http
}

fn switching_protocols(accept: HeaderValue) -> HttpResponse {
    let mut http = hyper::Response::new(NodeBody::whole(Bytes::new()));
    *http.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    http.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    http.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    http.headers_mut().insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    http
}

/// The carrier's own answer; the connection ends, since what follows on it cannot be trusted.
pub(super) fn refusal(status: StatusCode, text: &str) -> HttpResponse {
    let mut http = hyper::Response::new(NodeBody::whole(Bytes::from(format!("{text}\n"))));
    *http.status_mut() = status;
    http.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    http.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    http
}
