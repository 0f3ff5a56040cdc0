//! The flash policy file on a port of its own (facts 7.12).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use socketio08::policy::Policy;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::draft_socket::end;

/// How long a peer has to take the file and to end its side, a few hundred bytes being one round trip.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most connections at once; one beyond is closed without the file, which a player asks for again.
const CONNECTIONS_MAX: usize = 1_024;

/// Gives the policy file to whoever connects, at once and without being asked, as 0.8.7 does on port
/// [`PORT`](socketio08::policy::PORT). The connection ends after it. Clones share their limit of connections.
///
/// ```no_run
/// use socketio08::policy::{PORT, Policy, Ports};
/// use socketio08_tokio::PolicyServer;
///
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = Policy::new().allow("www.example.com", Ports::Some(&[8000]))?;
/// let listener = tokio::net::TcpListener::bind(("0.0.0.0", PORT)).await?;
/// PolicyServer::new(&policy).serve_tcp(&listener).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PolicyServer {
    file: Bytes,
    connections: Arc<Semaphore>,
}

impl PolicyServer {
    /// A server of this file.
    ///
    /// ```
    /// # use socketio08::policy::Policy;
    /// # use socketio08_tokio::PolicyServer;
    /// let _server = PolicyServer::new(&Policy::new());
    /// ```
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        let file = policy.to_text().into_bytes();
        Self { file, connections: Arc::new(Semaphore::new(CONNECTIONS_MAX)) }
    }

    /// Serves one connection to its end. Dropping the future cuts it.
    ///
    /// ```
    /// # use socketio08::policy::{Policy, Ports};
    /// # use socketio08_tokio::PolicyServer;
    /// # use tokio::io::AsyncReadExt;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = PolicyServer::new(&Policy::new().allow("a.example", Ports::Any)?);
    /// let (mut player, connection) = tokio::io::duplex(4_096);
    /// tokio::spawn(async move { server.serve_connection(connection).await });
    /// let mut file = String::new();
    /// player.read_to_string(&mut file).await?;
    /// assert!(file.starts_with("<?xml") && file.contains("a.example"), "without being asked");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn serve_connection<Io: AsyncRead + AsyncWrite + Unpin>(&self, mut io: Io) {
        let Ok(_place) = self.connections.try_acquire() else { return };
        let saying = async {
            if io.write_all(&self.file).await.is_ok() {
                end(&mut io).await;
            }
        };
        // A peer that does not take it, or does not end its side, is cut.
        let _ = timeout(PATIENCE, saying).await;
    }

    /// Accepts connections for ever and serves each, until the future is dropped.
    ///
    /// ```
    /// # use socketio08::policy::Policy;
    /// # use socketio08_tokio::PolicyServer;
    /// # use tokio::io::AsyncReadExt;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let address = listener.local_addr()?;
    /// tokio::spawn(async move { PolicyServer::new(&Policy::new()).serve_tcp(&listener).await });
    /// let mut file = String::new();
    /// tokio::net::TcpStream::connect(address).await?.read_to_string(&mut file).await?;
    /// assert!(file.ends_with("</cross-domain-policy>"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn serve_tcp(&self, listener: &TcpListener) {
        crate::tcp::accept_each(listener, |stream, _| {
            let server = self.clone();
            async move { server.serve_connection(stream).await }
        })
        .await;
    }
}
