//! One node: the server machine with its application in one task, and the connections that feed it.

use socketio08::server::{Server, ServerConfig};
use socketio08::{Instant, Text};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{Application, CarrierLimits, Clock, IdSource};

/// What a node needs to know.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The machine's timers, choices and limits.
    pub server: ServerConfig,
    /// The carrier's limits.
    pub limits: CarrierLimits,
    /// The clock whose time the machine sees.
    pub clock: Clock,
    /// Whether responses carry `Date`; a simulation leaves it out, since it tells the machine's real time.
    pub date_header: bool,
}

impl NodeConfig {
    /// The defaults, with a clock that starts now.
    pub fn new(server: ServerConfig) -> Self {
        Self { server, limits: CarrierLimits::default(), clock: Clock::start(), date_header: true }
    }
}

/// How a node leaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Farewell {
    /// Connections are closed without a word, as a dying process does: clients reconnect.
    Cut,
    /// Every session is told `0::` first: clients take it as final and do not come back (facts 10.10).
    Disconnect,
}

/// A handle on a running node; clones are handles on the same one. The node ends when told by [`Node::shutdown`], or when
/// its runtime does.
#[derive(Clone, Debug)]
pub struct Node {}

impl Node {
    /// Starts the node's task on the current tokio runtime.
    pub fn start<A: Application>(_config: NodeConfig, _application: A, _ids: impl IdSource) -> Self {
        Self {}
    }

    /// Serves one connection to its end: HTTP/1.1 with keep-alive, then RFC 6455 if upgraded. Dropping the future cuts the
    /// connection. `address` is what the application sees as the peer's.
    pub async fn serve_connection<Io>(&self, _io: Io, _address: impl Into<Text>)
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
    }

    /// Runs `command` on the machine, in the node's task; what it makes the machine do is carried out. Does nothing once
    /// the node has ended.
    pub fn call(&self, _command: impl FnOnce(Instant, &mut Server) + Send + 'static) {}

    /// Takes leave of every session and connection and ends the node; returns when it has ended. Later calls wait too.
    pub async fn shutdown(&self, _farewell: Farewell) {}
}
