//! What a node is told of a connection's other end.

use socketio08::Text;

/// The other end of a connection, as the application sees it. An address alone converts into one that is not secure.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PeerInfo {
    /// Its address, in the caller's spelling.
    pub address: Text,
    /// It came over TLS, which the caller has ended.
    pub secure: bool,
}

impl PeerInfo {
    /// A peer whose connection came over TLS.
    pub fn secure(address: impl Into<Text>) -> Self {
        Self { address: address.into(), secure: true }
    }
}

impl<T: Into<Text>> From<T> for PeerInfo {
    fn from(address: T) -> Self {
        Self { address: address.into(), secure: false }
    }
}
