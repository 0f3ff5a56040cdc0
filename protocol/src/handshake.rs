//! The handshake body: `SID:HEARTBEAT:CLOSE:TRANSPORTS`.

use alloc::vec::Vec;
use core::time::Duration;

use crate::{Text, Transport};

/// What the server answers to a handshake (facts 3.3).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Handshake {
    /// The session id: no colon, no slash, never empty.
    pub session: Text,
    /// The heartbeat timeout, advertised in seconds; `None` if heartbeats are off (an empty field).
    pub heartbeat_timeout: Option<Duration>,
    /// The close timeout, advertised in seconds; `None` for an empty field.
    pub close_timeout: Option<Duration>,
    /// The server's transports in its order. Unknown names are left out.
    pub transports: Vec<Transport>,
}

/// A handshake body that is not one, with the field (0 to 3) that is wrong.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct HandshakeError {
    /// The index of the bad or missing field, from 0.
    pub field: usize,
}

impl Handshake {
    /// Reads a body.
    ///
    /// # Errors
    /// [`HandshakeError`] with the field that is missing or wrong.
    pub fn decode(_body: &str) -> Result<Self, HandshakeError> {
        Err(HandshakeError { field: 0 })
    }

    /// The body.
    pub fn to_text(&self) -> Text {
        Text::EMPTY
    }
}
