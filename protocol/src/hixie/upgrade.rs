//! The server's side of the handshake: what a request asks for, and the head that answers it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use bytes::Bytes;

use super::head::{HEADERS_MAX, parsed};
use super::{Challenge, Draft, HandshakeError};
use crate::Text;

/// What 0.8.7 writes for a header that the client left out (facts 7.2).
const MISSING: &str = "undefined";

/// A request for a websocket of one of the drafts.
///
/// ```
/// use socketio08::hixie::{Draft, Upgrade};
///
/// let head = b"GET /socket.io/1/websocket/7 HTTP/1.1\r\nHost: a.example\r\nUpgrade: WebSocket\r\n\r\n";
/// let upgrade = Upgrade::parse(head)?.expect("it asks for a draft");
/// assert_eq!((upgrade.draft(), upgrade.target().as_str()), (Draft::Hixie75, "/socket.io/1/websocket/7"));
/// # Ok::<(), socketio08::hixie::HandshakeError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Upgrade {
    target: Text,
    headers: Vec<(Text, Text)>,
    proof: Proof,
}

/// What the server has to prove.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proof {
    /// Hixie-75: nothing.
    Nothing,
    /// Hixie-76.
    Digest(Challenge),
    /// Hixie-76 with one key only: the nonce is read and not answered (facts 7.10).
    Silence,
}

impl Upgrade {
    /// Reads the head of a request, up to its empty line. `None`: it is an HTTP request, but asks for no draft of ours; see
    /// [`Upgrade::from_headers`].
    ///
    /// ```
    /// # use socketio08::hixie::Upgrade;
    /// assert_eq!(Upgrade::parse(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")?, None, "no upgrade");
    /// let later = b"GET / HTTP/1.1\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\r\n";
    /// assert_eq!(Upgrade::parse(later)?, None, "RFC 6455");
    /// # Ok::<(), socketio08::hixie::HandshakeError>(())
    /// ```
    ///
    /// # Errors
    /// [`HandshakeError`]: it is no HTTP, or asks for a draft in a way that cannot be answered.
    pub fn parse(head: &[u8]) -> Result<Option<Self>, HandshakeError> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        parsed(request.parse(head))?;
        let (Some("GET"), Some(target), Some(1)) = (request.method, request.path, request.version) else {
            return Ok(None);
        };
        let asks = |header: &httparse::Header<'_>| header.name.eq_ignore_ascii_case("upgrade");
        if !request.headers.iter().any(asks) {
            return Ok(None);
        }
        let text = |bytes: &[u8]| Text::from(String::from_utf8_lossy(bytes).as_ref());
        let headers = request.headers.iter().map(|header| (Text::from(header.name), text(header.value)));
        Self::from_headers(Text::from(target), headers.collect())
    }

    /// Reads the headers of a GET. `None` if it asks for no draft: the drafts are what is left when `Upgrade` is exactly
    /// `WebSocket` and `Sec-WebSocket-Version` is not 7, 8 or 13 (facts 7.1).
    ///
    /// ```
    /// # use socketio08::{Text, hixie::{Draft, Upgrade}};
    /// let header = |name, value| (Text::from_static(name), Text::from_static(value));
    /// let keys = [header("Sec-WebSocket-Key1", "1x 2"), header("Sec-WebSocket-Key2", "4 y2")];
    /// let headers = [header("Upgrade", "WebSocket")].into_iter().chain(keys).collect();
    /// let upgrade = Upgrade::from_headers("/".into(), headers)?;
    /// assert_eq!(upgrade.map(|upgrade| upgrade.draft()), Some(Draft::Hixie76));
    /// # Ok::<(), socketio08::hixie::HandshakeError>(())
    /// ```
    ///
    /// # Errors
    /// [`HandshakeError::Key1`] and [`HandshakeError::Key2`]; [`HandshakeError::BadHeader`] for a header that would be sent back
    /// and cannot be.
    pub fn from_headers(target: Text, headers: Vec<(Text, Text)>) -> Result<Option<Self>, HandshakeError> {
        let header = |name: &str| find(&headers, name);
        let later = matches!(header("sec-websocket-version"), Some("7" | "8" | "13"));
        if later || header("upgrade") != Some("WebSocket") {
            return Ok(None);
        }
        for name in ["Host", "Origin", "Sec-WebSocket-Protocol", "WebSocket-Protocol"] {
            if header(name).is_some_and(|value| value.contains(char::is_control)) {
                return Err(HandshakeError::BadHeader(name));
            }
        }
        if target.contains(char::is_control) {
            return Err(HandshakeError::NotHttp);
        }
        // An empty key is none, as JavaScript has it.
        let key = |name| header(name).filter(|key| !key.is_empty());
        let proof = match (key("sec-websocket-key1"), key("sec-websocket-key2")) {
            (None, _) => Proof::Nothing,
            (Some(_), None) => Proof::Silence,
            (Some(key1), Some(key2)) => Proof::Digest(Challenge::new(key1, key2)?),
        };
        Ok(Some(Self { target, headers, proof }))
    }

    /// Which draft it asks for.
    ///
    /// ```
    /// # use socketio08::hixie::Draft;
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// // `upgrade` has no keys.
    /// assert_eq!(upgrade.draft(), Draft::Hixie75);
    /// ```
    pub fn draft(&self) -> Draft {
        match self.proof {
            Proof::Nothing => Draft::Hixie75,
            Proof::Digest(_) | Proof::Silence => Draft::Hixie76,
        }
    }

    /// Path and query.
    ///
    /// ```
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// assert_eq!(upgrade.target(), "/socket.io/1/websocket/7");
    /// ```
    pub fn target(&self) -> &Text {
        &self.target
    }

    /// Names and values in their order.
    ///
    /// ```
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// assert!(upgrade.headers().iter().any(|(name, value)| name == "Host" && value == "a.example"));
    /// ```
    pub fn headers(&self) -> &[(Text, Text)] {
        &self.headers
    }

    /// The value of the first header of that name, which compares without case.
    ///
    /// ```
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// assert_eq!(upgrade.header("host"), Some("a.example"));
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The head that accepts it, in the words and the order of 0.8.7 (facts 7.2), which clients of hixie-75 compare byte by
    /// byte. `secure`: the client came over TLS, and its location is `wss:`.
    ///
    /// ```
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// let head = String::from_utf8_lossy(&upgrade.response_head(false)).into_owned();
    /// assert!(head.contains("WebSocket-Location: ws://a.example/socket.io/1/websocket/7\r\n"));
    /// ```
    pub fn response_head(&self, secure: bool) -> Bytes {
        let or_missing = |name| self.header(name).unwrap_or(MISSING);
        let (phrase, prefix) = match self.draft() {
            Draft::Hixie75 => ("Web Socket", ""),
            Draft::Hixie76 => ("WebSocket", "Sec-"),
        };
        let scheme = if secure { "wss" } else { "ws" };
        let (origin, host, target) = (or_missing("origin"), or_missing("host"), &self.target);
        let mut head = alloc::format!(
            "HTTP/1.1 101 {phrase} Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
             {prefix}WebSocket-Origin: {origin}\r\n{prefix}WebSocket-Location: {scheme}://{host}{target}\r\n"
        );
        let protocol = match self.draft() {
            Draft::Hixie75 => "WebSocket-Protocol",
            Draft::Hixie76 => "Sec-WebSocket-Protocol",
        };
        if let Some(value) = self.header(protocol) {
            // Writing to a string cannot fail.
            let _ = write!(head, "{protocol}: {value}\r\n");
        }
        head.push_str("\r\n");
        Bytes::from(head)
    }

    pub(super) fn proof(&self) -> Proof {
        self.proof
    }
}

pub(super) fn find<'h>(headers: &'h [(Text, Text)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
