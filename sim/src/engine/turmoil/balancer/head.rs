//! Heads between hyper and the balancer's machine.

use bytes::Bytes;
use hyper::header::{CONNECTION, HeaderName, HeaderValue, UPGRADE};
use hyper::{HeaderMap, Method, Request, Response};
use socketio08::Text;
use socketio08::server;

use crate::world::balancer::{Edit, Headers, RequestHead, ResponseHead};

/// What the machine sees of a request.
pub(super) fn of_request<B>(request: &Request<B>) -> RequestHead {
    let method = match *request.method() {
        Method::GET | Method::HEAD => server::Method::Get,
        Method::POST => server::Method::Post,
        Method::OPTIONS => server::Method::Options,
        _ => server::Method::Other,
    };
    let headers = headers(request.headers());
    let upgrade = request.headers().contains_key(UPGRADE);
    RequestHead { method, target: Text::from(request.uri().to_string()), headers, upgrade }
}

/// What the machine sees of a response.
pub(super) fn of_response<B>(response: &Response<B>, body: Bytes) -> ResponseHead {
    ResponseHead { status: response.status().as_u16(), headers: headers(response.headers()), body }
}

fn headers(map: &HeaderMap) -> Headers {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        (Text::from(name.as_str()), Text::from_utf8_lossy(Bytes::copy_from_slice(value.as_bytes())))
    };
    Headers(map.iter().map(text).collect())
}

/// Carries the machine's changes out. What no header can hold is left out: no rule makes one.
pub(super) fn apply(headers: &mut HeaderMap, edits: &[Edit]) {
    for edit in edits {
        match edit {
            Edit::Add { name, value } => {
                let name = HeaderName::from_bytes(name.as_bytes());
                if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
                    headers.append(name, value);
                }
            }
            Edit::Remove { name } => {
                headers.remove(*name);
            }
            Edit::NoUpgrade => {
                headers.remove(UPGRADE);
                headers.remove(CONNECTION);
            }
        }
    }
}
