//! One node: the server machine with its application in one task, and the connections that feed it.

mod body;
mod connection;
mod entry;
mod exchange;
mod http;
mod mounted;
mod portable;
mod relay;
mod shards;
#[cfg(feature = "redis")]
mod store;
mod task;

pub use body::{NodeBody, Unanswered};
pub use mounted::NodeService;
pub use shards::{Shard, ShardFull, Shards, ShardsError};

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use socketio08::policy::Policy;
use socketio08::server::{
    ExchangeId, NodeName, Request, RoutedConfig, Routing, Server, ServerConfig, ServerInput, SharedKey,
};
use socketio08::{Instant, Limits, Text};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use self::exchange::Answer;
use crate::config::config;
use crate::mailbox::{self, Sender};
use crate::{Application, CarrierLimits, Clock, IdSource, PeerInfo, Peers, SharedStore};

config! {
    /// What a node needs to know.
    ///
    /// ```
    /// # use socketio08::server::ServerConfig;
    /// # use socketio08_tokio::{CarrierLimits, NodeConfig};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let config = NodeConfig::new(ServerConfig::default())
    ///     .limits(CarrierLimits::default().connections_max(1_000))
    ///     .hixie(true);
    /// assert!(config.date_header && config.flash_policy.is_none(), "the rest is as it was");
    /// # }
    /// ```
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
        /// Whether the websocket drafts hixie-75 and hixie-76 are served beside RFC 6455; off unless asked for. It is here and
        /// not in [`ServerConfig`] because the machine sees messages, never frames. Not for a node that is mounted in another
        /// server, which has read the head already.
        pub hixie: bool,
        /// The flash policy that is given to who asks for it on the connections of the node; none unless asked for. See
        /// [`PolicyServer`](crate::PolicyServer) for a port of its own.
        pub flash_policy: Option<Policy>,
        /// The servers that requests for their sessions are forwarded to: see [`NodeConfig::routed`].
        pub peers: Peers,
        /// Where sessions are kept that move between nodes: see [`NodeConfig::portable`].
        pub store: Option<SharedStore>,
        /// Where the Redis is that the store of the server needs: see [`NodeConfig::shared_through`]. It wants a real network.
        #[cfg(feature = "redis")]
        pub redis: Option<crate::RedisUrl>,
    }
}

impl NodeConfig {
    /// The defaults, with a clock that starts now.
    ///
    /// ```
    /// # use socketio08::{Profile, server::ServerConfig};
    /// # use socketio08_tokio::NodeConfig;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let config = NodeConfig::new(ServerConfig::for_profile(Profile::V0_9));
    /// assert!(!config.hixie, "off unless asked for");
    /// # }
    /// ```
    pub fn new(server: ServerConfig) -> Self {
        Self {
            server,
            limits: CarrierLimits::default(),
            clock: Clock::start(),
            date_header: true,
            hixie: false,
            flash_policy: None,
            peers: Peers::default(),
            store: None,
            #[cfg(feature = "redis")]
            redis: None,
        }
    }

    /// Routes sessions between this node and `peers`, all of which share `key`: a session's id begins with the name of its node, and
    /// every node forwards requests to the node that the id names.
    ///
    /// ```
    /// use socketio08::server::{NodeName, Routing, ServerConfig, SharedKey};
    /// use socketio08_tokio::{NodeConfig, Peers};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let key = SharedKey::new(b"0123456789abcdef0123456789abcdef")?;
    /// let peers = Peers::default().tcp(NodeName::new("s2")?, "192.0.2.2:8000".parse()?);
    /// let config = NodeConfig::new(ServerConfig::default()).routed(NodeName::new("s1")?, peers, key);
    /// assert!(matches!(config.server.routing, Routing::Routed(routed) if routed.peers.len() == 1));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn routed(mut self, node: NodeName, peers: Peers, key: SharedKey) -> Self {
        let names = peers.names().cloned().collect();
        self.server.routing = Routing::Routed(RoutedConfig::new(node, names, key));
        self.peers = peers;
        self
    }
}

/// How a node leaves.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let (node, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
/// // Before an update: clients come back to the next process.
/// node.shutdown(socketio08_tokio::Farewell::Close).await;
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Farewell {
    /// Connections are closed without a word, as a dying process does: clients reconnect.
    Cut,
    /// What is queued is sent, then connections are closed, websockets by a close frame: clients reconnect.
    Close,
    /// As [`Farewell::Close`], but every session is told `0::` first: clients take it as final and do not come back (facts 10.10).
    Disconnect,
}

/// A handle on a running node; clones are handles on the same one. The node ends when told by [`Node::shutdown`], or when
/// its runtime does.
///
/// ```
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// # let (node, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
/// let (mut browser, connection) = tokio::io::duplex(4_096);
/// let serving = node.clone();
/// tokio::spawn(async move { serving.serve_connection(connection, "192.0.2.7").await });
/// browser.write_all(b"GET /socket.io/1/ HTTP/1.1\r\nHost: io.example\r\nConnection: close\r\n\r\n").await?;
/// let mut response = String::new();
/// browser.read_to_string(&mut response).await?;
/// assert!(response.ends_with(":15:25:websocket,htmlfile,xhr-polling,jsonp-polling"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Node {
    shared: Arc<Shared>,
}

/// What connections and handles of one node share.
struct Shared {
    mailbox: Sender<Mail>,
    /// Bounds the requests and messages in the mailbox. Closes need no permit: each belongs to an exchange that had one.
    mailbox_room: Arc<Semaphore>,
    /// Bounds what other shards tell this one.
    calls_room: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    stage: watch::Receiver<Stage>,
    next_exchange: AtomicU64,
    limits: CarrierLimits,
    machine_limits: Limits,
    date_header: bool,
    hixie: bool,
    flash_policy: Option<Bytes>,
    /// The nodes that share the server with this one.
    shards: shards::Place,
}

/// How far the node is on its way out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Running,
    /// Connections finish what they are at.
    Leaving,
    /// Connections end at once.
    Gone,
}

/// What the node task receives, in this order.
enum Mail {
    Request {
        request: Request,
        answer: oneshot::Sender<Answer>,
        room: OwnedSemaphorePermit,
    },
    Message {
        exchange: ExchangeId,
        text: Text,
        room: OwnedSemaphorePermit,
    },
    Closed {
        exchange: ExchangeId,
        clean: bool,
    },
    Call {
        command: Command,
        /// Of one that another shard gave.
        room: Option<OwnedSemaphorePermit>,
    },
    /// What the store of sessions said.
    Stored(ServerInput),
    #[cfg(feature = "redis")]
    Store(store::StoreMail),
    Shutdown(Farewell),
}

type Command = Box<dyn FnOnce(Instant, &mut Server) + Send>;

impl Node {
    /// Starts the node's task on the current tokio runtime.
    ///
    /// ```
    /// # use socketio08::{Instant, server::{Server, ServerConfig, ServerEvent}};
    /// # use socketio08_tokio::{Application, Node, NodeConfig, RandomIds};
    /// struct Silent;
    ///
    /// impl Application for Silent {
    ///     fn event(&mut self, _now: Instant, _server: &mut Server, _event: ServerEvent) {}
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let node = Node::start(NodeConfig::new(ServerConfig::default()), Silent, RandomIds);
    /// node.shutdown(socketio08_tokio::Farewell::Cut).await;
    /// # }
    /// ```
    ///
    /// # Panics
    /// Outside of a tokio runtime, as `tokio::spawn` does.
    pub fn start<A: Application>(config: NodeConfig, application: A, ids: impl IdSource) -> Self {
        Self::start_at(shards::Place::default(), config, application, ids)
    }

    fn start_at<A: Application>(
        place: shards::Place,
        config: NodeConfig,
        application: A,
        ids: impl IdSource,
    ) -> Self {
        let (mailbox, mail) = mailbox::mailbox();
        let (stage_sender, stage) = watch::channel(Stage::Running);
        #[cfg(feature = "redis")]
        let link = store::start(&config, &mailbox);
        let keeper = portable::start(&config, &mailbox);
        let shared = Arc::new(Shared {
            mailbox,
            mailbox_room: Arc::new(Semaphore::new(config.limits.mailbox_max)),
            calls_room: Arc::new(Semaphore::new(shards::CALLS_MAX)),
            connections: Arc::new(Semaphore::new(config.limits.connections_max)),
            stage,
            next_exchange: AtomicU64::new(1),
            limits: config.limits.on(&config.clock),
            machine_limits: config.server.limits,
            date_header: config.date_header,
            hixie: config.hixie,
            flash_policy: config.flash_policy.as_ref().map(|policy| policy.to_text().into_bytes()),
            shards: place,
        });
        let connections = Arc::clone(&shared.connections);
        let task = task::Task::new(config, application, Box::new(ids), connections, stage_sender)
            .with_keeper(keeper);
        #[cfg(feature = "redis")]
        let task = task.with_store(link);
        tokio::spawn(task.run(mail));
        Self { shared }
    }

    /// Serves one connection to its end: HTTP/1.1 with keep-alive, then RFC 6455 if upgraded. Dropping the future cuts the
    /// connection. `peer` is what the application sees of it: an address, or [`PeerInfo`].
    ///
    /// ```
    /// use socketio08_tokio::PeerInfo;
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// # let (node, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
    /// // Anything that reads and writes; here the end of a pipe, as if TLS had been taken off it.
    /// let (mut browser, connection) = tokio::io::duplex(4_096);
    /// browser.write_all(b"GET /socket.io/ HTTP/1.1\r\nHost: io.example\r\nConnection: close\r\n\r\n").await?;
    /// node.serve_connection(connection, PeerInfo::secure("192.0.2.7")).await;
    /// let mut response = String::new();
    /// browser.read_to_string(&mut response).await?;
    /// assert!(response.starts_with("HTTP/1.1 200 OK\r\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn serve_connection<Io>(&self, io: Io, peer: impl Into<PeerInfo>)
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        connection::serve(Arc::clone(&self.shared), io, peer.into()).await;
    }

    /// Runs `command` on the machine, in the node's task; what it makes the machine do is carried out. Does nothing once
    /// the node has ended.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (node, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
    /// let (sender, count) = tokio::sync::oneshot::channel();
    /// node.call(|_now, server| drop(sender.send(server.session_count())));
    /// assert_eq!(count.await?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn call(&self, command: impl FnOnce(Instant, &mut Server) + Send + 'static) {
        // A node that has ended has no sessions left to command.
        let _ = self.shared.mailbox.send(Mail::Call { command: Box::new(command), room: None });
    }

    /// Takes leave of every session and connection and ends the node; returns when it has ended. Later calls wait too.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let (node, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
    /// use socketio08_tokio::Farewell;
    ///
    /// node.shutdown(Farewell::Disconnect).await;
    /// node.shutdown(Farewell::Cut).await; // It has ended: nothing happens.
    /// # }
    /// ```
    pub async fn shutdown(&self, farewell: Farewell) {
        // If the node has ended already, there is nothing to wait for.
        let _ = self.shared.mailbox.send(Mail::Shutdown(farewell));
        reached(&mut self.shared.stage.clone(), Stage::Gone).await;
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("ended", &self.shared.mailbox.is_closed()).finish_non_exhaustive()
    }
}

/// Waits until the node is at `stage` on its way out; a node that is no more is past every stage.
async fn reached(stages: &mut watch::Receiver<Stage>, stage: Stage) {
    // An error means that the node's task has ended.
    let _ = stages.wait_for(|now| *now == stage || *now == Stage::Gone).await;
}

impl Shared {
    fn next_exchange(&self) -> ExchangeId {
        ExchangeId(self.next_exchange.fetch_add(1, Ordering::Relaxed))
    }

    /// Waits for room in the mailbox; `None` never comes while the node runs.
    async fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.mailbox_room).acquire_owned().await.ok()
    }
}
