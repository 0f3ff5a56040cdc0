//! What a node is told of a connection's other end.

use socketio08::Text;

/// The other end of a connection, as the application sees it. An address alone converts into one that is not secure.
///
/// ```
/// # use socketio08_tokio::PeerInfo;
/// let peer = PeerInfo::from("192.0.2.7");
/// assert_eq!((peer.address.as_str(), peer.secure), ("192.0.2.7", false));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PeerInfo {
    /// Its address, in the caller's spelling.
    pub address: Text,
    /// It came over TLS, which the caller has ended.
    pub secure: bool,
}

impl PeerInfo {
    /// A peer whose connection came over TLS.
    ///
    /// ```
    /// # use socketio08_tokio::PeerInfo;
    /// assert!(PeerInfo::secure("192.0.2.7").secure, "TLS was ended by the caller");
    /// ```
    pub fn secure(address: impl Into<Text>) -> Self {
        Self { address: address.into(), secure: true }
    }
}

impl<T: Into<Text>> From<T> for PeerInfo {
    fn from(address: T) -> Self {
        Self { address: address.into(), secure: false }
    }
}
