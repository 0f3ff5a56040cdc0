//! Responses, with the headers that Socket.IO sets itself (facts 3.3, 4.1, 4.5, 5, 6).

use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;

use super::{Refusal, Response};
use crate::{Cors, Text, htmlfile, jsonp};

type Headers = Vec<(&'static str, Text)>;

/// What lets a page of another origin read the response. Never a wildcard with `Access-Control-Allow-Credentials`, which
/// 0.8.7 sends for requests with cookies: together they hand sessions to any page.
fn add_cors(headers: &mut Headers, cors: &Cors) {
    match cors {
        Cors::Allowed | Cors::Refused { .. } => {}
        Cors::Any => headers.push(("Access-Control-Allow-Origin", Text::from_static("*"))),
        Cors::Named { origin, credentials } => {
            headers.push(("Access-Control-Allow-Origin", origin.clone()));
            if *credentials {
                headers.push(("Access-Control-Allow-Credentials", Text::from_static("true")));
            }
            headers.push(("Vary", Text::from_static("Origin")));
        }
    }
}

fn length(body: &Bytes) -> (&'static str, Text) {
    ("Content-Length", Text::from(body.len().to_string()))
}

/// How a poll wants to be answered.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum PollStyle {
    /// By the payload as it is.
    Plain {
        /// What the allow-list says of it.
        cors: Cors,
    },
    /// By a script that calls this callback of the page. Scripts run whatever their origin, so there are no CORS headers
    /// (facts 5).
    Script {
        /// The index of the callback, digits only.
        index: Text,
    },
}

/// The answer to a poll.
pub(super) fn poll(payload: Text, style: &PollStyle) -> Response {
    let (kind, body) = match style {
        PollStyle::Plain { .. } => ("text/plain; charset=UTF-8", payload),
        PollStyle::Script { index } => ("text/javascript; charset=UTF-8", jsonp::script(index, &payload)),
    };
    let body = body.into_bytes();
    let mut headers = vec![
        ("Content-Type", Text::from_static(kind)),
        length(&body),
        ("Connection", Text::from_static("Keep-Alive")),
    ];
    match style {
        PollStyle::Plain { cors } => add_cors(&mut headers, cors),
        // Without it, browsers of the time took an answer that repeats what was posted for an attack.
        PollStyle::Script { .. } => headers.push(("X-XSS-Protection", Text::from_static("0"))),
    }
    Response { status: 200, headers, body }
}

/// The beginning of an htmlfile stream (facts 6).
pub(super) fn stream() -> Response {
    let headers = vec![
        ("Content-Type", Text::from_static("text/html; charset=UTF-8")),
        ("Connection", Text::from_static("keep-alive")),
    ];
    Response { status: 200, headers, body: Bytes::from_static(htmlfile::preamble().as_bytes()) }
}

/// The answer to a POST; that of 0.9 (`revised`) names its type, and tells old browsers of other origins not to look for
/// injected scripts in it (facts 11).
pub(super) fn posted(cors: &Cors, revised: bool) -> Response {
    let body = Bytes::from_static(b"1");
    let mut headers = vec![length(&body)];
    if revised {
        headers.push(("Content-Type", Text::from_static("text/plain; charset=UTF-8")));
        if matches!(cors, Cors::Any | Cors::Named { .. }) {
            headers.push(("X-XSS-Protection", Text::from_static("0")));
        }
    }
    add_cors(&mut headers, cors);
    Response { status: 200, headers, body }
}

/// The answer to a CORS preflight. 0.8.7 never answers one, and opens the session by it (facts 3.7).
pub(super) fn preflight(cors: &Cors) -> Response {
    if !cors.is_allowed() {
        return plain(403, "origin not allowed", cors);
    }
    let mut headers = vec![
        ("Access-Control-Allow-Methods", Text::from_static("GET, POST, OPTIONS")),
        ("Access-Control-Allow-Headers", Text::from_static("Content-Type")),
        length(&Bytes::new()),
    ];
    add_cors(&mut headers, cors);
    Response { status: 200, headers, body: Bytes::new() }
}

/// A method that no transport has.
pub(super) fn method_not_allowed() -> Response {
    let mut response = plain(405, "method not allowed: use GET or POST", &Cors::Allowed);
    response.headers.push(("Allow", Text::from_static("GET, POST, OPTIONS")));
    response
}

/// A short text for people.
pub(super) fn plain(status: u16, body: &'static str, cors: &Cors) -> Response {
    let mut headers = vec![("Content-Type", Text::from_static("text/plain"))];
    add_cors(&mut headers, cors);
    Response { status, headers, body: Bytes::from_static(body.as_bytes()) }
}

/// A path under the resource that is no request of the protocol (facts 3.1).
pub(super) fn welcome() -> Response {
    bare(200, "Welcome to socket.io.")
}

/// Another protocol revision (facts 3.2).
pub(super) fn wrong_protocol() -> Response {
    bare(500, "Protocol version not supported.")
}

fn bare(status: u16, body: &'static str) -> Response {
    Response { status, headers: Vec::new(), body: Bytes::from_static(body.as_bytes()) }
}

/// How a handshake wants to be answered.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct HandshakeStyle {
    /// What the allow-list says of it.
    pub(super) cors: Cors,
    /// `?jsonp=`: the index of the callback, digits only.
    pub(super) jsonp: Option<Text>,
}

/// An accepted handshake.
pub(super) fn handshaken(style: &HandshakeStyle, body: &Text) -> Response {
    if let Some(index) = &style.jsonp {
        // The body needs no escape: an accepted id has no character that JSON or script would.
        return script(&format!("io.j[{index}](\"{body}\");"));
    }
    let mut headers = vec![("Content-Type", Text::from_static("text/plain"))];
    add_cors(&mut headers, &style.cors);
    Response { status: 200, headers, body: body.clone().into_bytes() }
}

/// A refused handshake. As a script it is a 200, for a script that fails is not run (facts 3.3).
pub(super) fn refused(style: &HandshakeStyle, refusal: Refusal) -> Response {
    let (status, text, cors) = match refusal {
        Refusal::Unauthorized => (403, "handshake unauthorized", true),
        Refusal::BadOrigin => (403, "handshake bad origin", false),
        Refusal::Error => (500, "handshake error", true),
        Refusal::Full => (503, "no room for another session: try again later", true),
    };
    match &style.jsonp {
        Some(index) => script(&format!("io.j[{index}](new Error(\"{text}\"));")),
        None => plain(status, text, if cors { &style.cors } else { &Cors::Allowed }),
    }
}

fn script(body: &str) -> Response {
    Response {
        status: 200,
        headers: vec![("Content-Type", Text::from_static("application/javascript"))],
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}
