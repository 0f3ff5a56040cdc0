//! Real sockets.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::{Connecting, Connector, Node};

/// Accepts connections for ever and gives each to `node`, until the future is dropped.
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
