//! Each known flaw of the genuine servers, and of servers of its kind, attacked over TCP: what this one does instead. Every
//! test ends by asking whether an honest session beside the attack still works. `docs/SECURITY.md` lists them.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../rig/mod.rs"]
mod rig;

mod requests;
mod scripts;
mod sessions;
mod sockets;

use rig::{Raw, RawResponse, TestNode};
use tokio::net::TcpStream;

/// A node and an honest session beside what a test does to it.
struct Attacked {
    node: TestNode,
    honest: String,
}

impl Attacked {
    async fn start() -> Self {
        let node = TestNode::start().await;
        let honest = node.open_polling().await;
        Self { node, honest }
    }

    async fn connect(&self) -> Raw<TcpStream> {
        self.node.connect().await
    }

    async fn get(&self, target: &str) -> RawResponse {
        self.connect().await.get(target).await
    }

    /// What comes for these bytes; `None`: the connection ends without a response.
    async fn bytes(&self, bytes: impl AsRef<[u8]>) -> Option<RawResponse> {
        let mut raw = self.connect().await;
        raw.write(bytes).await;
        raw.response().await
    }

    /// Posts a packet on a session of its own; the answer is the transport's, not the packet's.
    async fn post(&self, packet: &str) -> String {
        let id = self.node.open_polling().await;
        let mut raw = self.connect().await;
        assert_eq!(raw.post(&format!("/socket.io/1/xhr-polling/{id}"), packet).await.body, "1");
        id
    }

    /// The honest session still echoes.
    async fn goes_on(&self) {
        let target = format!("/socket.io/1/xhr-polling/{}", self.honest);
        let mut raw = self.connect().await;
        assert_eq!(raw.post(&target, "3:::still here").await.body, "1");
        assert_eq!(raw.get(&target).await.body, "3:::still here");
    }
}
