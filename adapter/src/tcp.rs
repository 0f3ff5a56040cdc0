//! Real sockets.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::{Connecting, Connector, Node};

/// Accepts connections for ever and gives each to `node`, until the future is dropped.
///
/// ```
/// use socketio08::Instant;
/// use socketio08::server::{Server, ServerConfig, ServerEvent};
/// use socketio08_tokio::{Application, Node, NodeConfig, RandomIds, serve_tcp};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// struct Silent;
///
/// impl Application for Silent {
///     fn event(&mut self, _now: Instant, _server: &mut Server, _event: ServerEvent) {}
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// let node = Node::start(NodeConfig::new(ServerConfig::default()), Silent, RandomIds);
/// tokio::spawn(async move { serve_tcp(&node, &listener).await });
///
/// let mut stream = tokio::net::TcpStream::connect(address).await?;
/// stream.write_all(b"GET / HTTP/1.1\r\nHost: io.example\r\nConnection: close\r\n\r\n").await?;
/// let mut response = String::new();
/// stream.read_to_string(&mut response).await?;
/// assert!(response.starts_with("HTTP/1.1 404 "), "no page of Socket.IO, and the application has none");
/// # Ok(())
/// # }
/// ```
pub async fn serve_tcp(node: &Node, listener: &TcpListener) {
    accept_each(listener, |stream, address| {
        let node = node.clone();
        async move { node.serve_connection(stream, address.ip().to_string()).await }
    })
    .await;
}

/// Accepts connections for ever and serves each in a task of its own.
pub(crate) async fn accept_each<S>(listener: &TcpListener, serve: impl Fn(TcpStream, SocketAddr) -> S)
where
    S: Future<Output = ()> + Send + 'static,
{
    // Accepting fails for want of descriptors or memory; the pause lets others give some back instead of spinning.
    const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                // Packets are small and answered at once; without it each waits for the last one's acknowledgement.
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream, address));
            }
            Err(_) => tokio::time::sleep(PAUSE_AFTER_FAILURE).await,
        }
    }
}

/// Connects to one address over TCP, from one source address if asked.
///
/// ```
/// use socketio08_tokio::{Connector, TcpConnector};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let from = "127.0.0.1:0".parse().ok();
/// let stream = TcpConnector { to: listener.local_addr()?, from }.connect().await?;
/// assert!(stream.nodelay()?, "packets are small and shall not wait");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TcpConnector {
    /// Where to.
    pub to: SocketAddr,
    /// The source address; `None` leaves it to the system.
    pub from: Option<SocketAddr>,
}

impl Connector for TcpConnector {
    type Io = TcpStream;

    fn connect(&self) -> Connecting<TcpStream> {
        Box::pin(connect(*self))
    }
}

async fn connect(connector: TcpConnector) -> io::Result<TcpStream> {
    let socket = if connector.to.is_ipv4() {
        tokio::net::TcpSocket::new_v4()?
    } else {
        tokio::net::TcpSocket::new_v6()?
    };
    if let Some(from) = connector.from {
        socket.bind(from)?;
    }
    let stream = socket.connect(connector.to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
