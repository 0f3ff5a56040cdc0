//! The other servers of a pool with routed sessions: how each is reached, and the requests that are forwarded to it.

mod pool;
mod request;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socketio08::server::{NodeName, Request};
use tokio::io::{AsyncRead, AsyncWrite};

use self::pool::Pool;
pub(crate) use self::pool::{Place, Reply};
use crate::{Connecting, Connector};

/// What a connection to another server is made of.
pub(crate) trait PeerIo: AsyncRead + AsyncWrite + Unpin + Send {}

impl<Io: AsyncRead + AsyncWrite + Unpin + Send> PeerIo for Io {}

/// A connection to another server.
pub(crate) type BoxedIo = Box<dyn PeerIo>;

/// Makes connections to one server.
type Dial = Arc<dyn Fn() -> Connecting<BoxedIo> + Send + Sync>;

/// The other servers of a pool, by name, each with a pool of kept connections. Clones share them.
///
/// ```
/// use socketio08::server::NodeName;
/// use socketio08_tokio::Peers;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let peers = Peers::default()
///     .tcp(NodeName::new("s2")?, "192.0.2.2:8000".parse()?)
///     .tcp(NodeName::new("s3")?, "192.0.2.3:8000".parse()?);
/// assert_eq!(peers.names().count(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Peers(BTreeMap<NodeName, Arc<Pool>>);

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys().map(NodeName::as_str)).finish()
    }
}

impl Peers {
    /// Adds a server at a TCP address.
    ///
    /// ```
    /// use socketio08::server::NodeName;
    /// use socketio08_tokio::Peers;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let peers = Peers::default().tcp(NodeName::new("s2")?, "192.0.2.2:8000".parse()?);
    /// assert_eq!(format!("{peers:?}"), "{\"s2\"}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tcp(self, name: NodeName, to: SocketAddr) -> Self {
        self.by(name, crate::TcpConnector { to, from: None })
    }

    /// Adds a server that `connector` connects to.
    ///
    /// ```
    /// use socketio08::server::NodeName;
    /// use socketio08_tokio::{Peers, TcpConnector};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let connector = TcpConnector { to: "192.0.2.2:8000".parse()?, from: Some("192.0.2.1:0".parse()?) };
    /// let peers = Peers::default().by(NodeName::new("s2")?, connector);
    /// assert_eq!(peers.names().count(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn by<C: Connector + Sync>(mut self, name: NodeName, connector: C) -> Self {
        let connector = Arc::new(connector);
        let dial: Dial = Arc::new(move || {
            let connecting = connector.connect();
            Box::pin(async move { connecting.await.map(|io| Box::new(io) as BoxedIo) })
        });
        self.0.insert(name, Arc::new(Pool::new(dial)));
        self
    }

    /// Who they are.
    ///
    /// ```
    /// use socketio08::server::NodeName;
    /// use socketio08_tokio::Peers;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let peers = Peers::default()
    ///     .tcp(NodeName::new("s3")?, "192.0.2.3:8000".parse()?)
    ///     .tcp(NodeName::new("s2")?, "192.0.2.2:8000".parse()?);
    /// assert_eq!(peers.names().map(NodeName::as_str).collect::<Vec<_>>(), ["s2", "s3"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &NodeName> {
        self.0.keys()
    }

    /// Makes one request to one of them; `None` if it cannot be reached or gives no answer. It is made once: after its first byte was
    /// written nothing is tried again, for the other server may have taken it.
    pub(crate) async fn forward(
        self,
        node: NodeName,
        request: Request,
        connect_timeout: Duration,
    ) -> Option<Reply> {
        let pool = self.0.get(&node)?;
        let upgrade = request.upgrade;
        let request = request::build(request, &node)?;
        pool.request(request, upgrade, connect_timeout).await.ok()
    }
}

/// The other server did not do what it should.
fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::other(error)
}
