//! What may stand between a probe and its servers, in a few lines each. Decides once for each connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Debug)]
enum Kind {
    RoundRobin,
    StickyByCookie,
    RefusingUpgrades,
    CuttingIdle(Duration),
    Answering(String),
}

pub(crate) struct Proxy {
    kind: Kind,
    servers: Vec<SocketAddr>,
    turn: AtomicUsize,
}

impl Proxy {
    /// Each connection to the next server.
    pub(crate) fn round_robin(servers: &[SocketAddr]) -> Self {
        Self::new(Kind::RoundRobin, servers)
    }

    /// Round robin, then whatever the cookie `BACKEND` says.
    pub(crate) fn sticky_by_cookie(servers: &[SocketAddr]) -> Self {
        Self::new(Kind::StickyByCookie, servers)
    }

    /// Answers 502 to what asks for an upgrade.
    pub(crate) fn refusing_upgrades(servers: &[SocketAddr]) -> Self {
        Self::new(Kind::RefusingUpgrades, servers)
    }

    /// Cuts a connection on which nothing moves for `idle`.
    pub(crate) fn cutting_idle(servers: &[SocketAddr], idle: Duration) -> Self {
        Self::new(Kind::CuttingIdle(idle), servers)
    }

    /// No proxy at all: the same answer to every request; none if it is empty.
    pub(crate) fn answering(answer: &str) -> Self {
        Self::new(Kind::Answering(answer.to_owned()), &[])
    }

    fn new(kind: Kind, servers: &[SocketAddr]) -> Self {
        Self { kind, servers: servers.to_vec(), turn: AtomicUsize::new(0) }
    }

    /// Listens until the runtime ends.
    pub(crate) async fn start(self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Arc::new(self);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = Arc::clone(&proxy);
                // A connection that breaks is the client's to notice.
                tokio::spawn(async move { proxy.carry(client).await.ok() });
            }
        });
        address
    }

    async fn carry(&self, mut client: TcpStream) -> std::io::Result<()> {
        let head = read_head(&mut client).await?;
        let lowercase = head.to_ascii_lowercase();
        match &self.kind {
            Kind::Answering(answer) if answer.is_empty() => std::future::pending().await,
            Kind::Answering(answer) => return client.write_all(answer.as_bytes()).await,
            Kind::RefusingUpgrades if lowercase.contains("\r\nupgrade:") => {
                let refusal = "HTTP/1.1 502 Bad Gateway\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\n\r\n";
                return client.write_all(refusal.as_bytes()).await;
            }
            _ => {}
        }
        let cookie = (0..self.servers.len()).find(|at| lowercase.contains(&format!("backend=s{at}")));
        let chosen = match (&self.kind, cookie) {
            (Kind::StickyByCookie, Some(chosen)) => chosen,
            _ => self.turn.fetch_add(1, Ordering::Relaxed) % self.servers.len(),
        };
        let mut server = TcpStream::connect(self.servers[chosen]).await?;
        server.write_all(head.as_bytes()).await?;
        if matches!(self.kind, Kind::StickyByCookie) && cookie.is_none() {
            let status = read_line(&mut server).await?;
            let cookie = format!("{status}Set-Cookie: BACKEND=s{chosen}; path=/\r\n");
            client.write_all(cookie.as_bytes()).await?;
        }
        let idle = match self.kind {
            Kind::CuttingIdle(idle) => idle,
            _ => Duration::from_secs(60),
        };
        relay(client, server, idle).await
    }
}

async fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn read_line(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// Copies both ways until either side ends or nothing moves for `idle`.
async fn relay(mut client: TcpStream, mut server: TcpStream, idle: Duration) -> std::io::Result<()> {
    let (mut up, mut down) = (vec![0; 4_096], vec![0; 4_096]);
    loop {
        let (from_client, count) = tokio::select! {
            count = client.read(&mut up) => (true, count?),
            count = server.read(&mut down) => (false, count?),
            () = tokio::time::sleep(idle) => return Ok(()),
        };
        match (count, from_client) {
            (0, _) => return Ok(()),
            (count, true) => server.write_all(&up[..count]).await?,
            (count, false) => client.write_all(&down[..count]).await?,
        }
    }
}
