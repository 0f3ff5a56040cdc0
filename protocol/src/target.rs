//! Request targets, both ways: `/socket.io/1/[TRANSPORT/SID][?query]`.

use crate::{Text, Transport};

/// What a request target asks for (facts 3.1 to 3.4), the resource being `/socket.io`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Target<'a> {
    /// Not under the resource: the application's own request.
    Outside,
    /// Under the resource, but no protocol path: answered `Welcome to socket.io.`.
    Welcome,
    /// The client script or another static file under the resource, by its name (`socket.io.js`).
    Static(&'a str),
    /// A protocol revision other than 1: answered 500.
    WrongProtocol,
    /// A handshake.
    Handshake {
        /// The query, without its question mark.
        query: &'a str,
    },
    /// A request of a session.
    Session {
        /// The transport, or the name if it is unknown.
        transport: Result<Transport, &'a str>,
        /// The session id, as sent.
        session: &'a str,
        /// The query, without its question mark.
        query: &'a str,
    },
}

impl<'a> Target<'a> {
    /// Reads the target of a request (path and query) under `resource` (`/socket.io`).
    pub fn parse(_resource: &str, _target: &'a str) -> Self {
        Target::Outside
    }
}

/// The target of a handshake, with a query that may be empty: `/socket.io/1/?t=1`.
pub fn handshake(_resource: &str, _query: &str) -> Text {
    Text::EMPTY
}

/// The target of a session request: `/socket.io/1/xhr-polling/SID?t=1`.
pub fn session(_resource: &str, _transport: Transport, _session: &str, _query: &str) -> Text {
    Text::EMPTY
}
