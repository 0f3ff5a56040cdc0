//! The head of a forwarded request: that of the client, but for what belongs to its connection alone.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Method as HttpMethod;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use socketio08::server::{Method, NodeName, Request};

/// What speaks of one connection, or of the framing that hyper writes itself.
const OF_THE_CONNECTION: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

pub(super) fn is_of_the_connection(name: &str) -> bool {
    OF_THE_CONNECTION.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// `None`: it cannot be made over HTTP/1.1 and RFC 6455, as the websockets of drafts.
pub(super) fn build(request: Request, node: &NodeName) -> Option<hyper::Request<Full<Bytes>>> {
    let method = match request.method {
        Method::Get => HttpMethod::GET,
        Method::Post => HttpMethod::POST,
        Method::Head => HttpMethod::HEAD,
        Method::Options => HttpMethod::OPTIONS,
        Method::Other => return None,
    };
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers {
        if is_of_the_connection(&name) {
            continue;
        }
        if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(name.as_str()), HeaderValue::from_maybe_shared(value.into_bytes()))
        {
            headers.append(name, value);
        }
    }
    if request.upgrade {
        if !headers.contains_key(header::SEC_WEBSOCKET_KEY) {
            return None;
        }
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    // HTTP/1.1 wants one, and what a page of HTTP/1.0 asked for had none.
    let host = || HeaderValue::try_from(node.as_str()).ok();
    if !headers.contains_key(header::HOST) {
        headers.insert(header::HOST, host()?);
    }
    let mut http = hyper::Request::new(Full::new(request.body));
    *http.method_mut() = method;
    *http.uri_mut() = request.target.as_str().parse().ok()?;
    *http.headers_mut() = headers;
    Some(http)
}
