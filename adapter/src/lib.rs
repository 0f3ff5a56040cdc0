//! Carries the Socket.IO 0.8 machines over any `AsyncRead + AsyncWrite`: HTTP/1.1 by hyper, RFC 6455 frames by
//! tungstenite. The same code serves real TCP and a simulated network.
//!
//! * [`Node`] runs one [`Server`](socketio08::server::Server) with an [`Application`]; give it each accepted connection by
//!   [`Node::serve_connection`].
//! * In an existing application (hyper, axum, any tower stack), mount it beside the other routes: [`Node::service`], [`Node::handle`].
//! * [`ClientDriver`] runs one [`Client`](socketio08::client::Client) over a [`Connector`].
//!
//! One feature, off by default: `redis` shares sessions with other nodes through Redis, as the Redis store of 0.8.7 does.
//!
//! Time is tokio's, read through a [`Clock`], so it may be paused or simulated. Nothing here draws random numbers but
//! [`RandomIds`] (and tungstenite its masks, which no figure depends on).
//!
//! ```no_run
//! use socketio08::server::{AckMode, Outgoing, Server, ServerConfig, ServerEvent};
//! use socketio08::{Instant, Text};
//! use socketio08_tokio::{Application, Node, NodeConfig, RandomIds, serve_tcp};
//!
//! /// Greets whoever connects.
//! struct Greeter;
//!
//! impl Application for Greeter {
//!     fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
//!         if let ServerEvent::Connected { session, endpoint, .. } = event {
//!             let hello = Outgoing::Message(Text::from_static("hello"));
//!             // It fails for a session that ended meanwhile, which needs no greeting.
//!             let _ = server.send(now, &session, &endpoint, hello, AckMode::None);
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
//! let node = Node::start(NodeConfig::new(ServerConfig::default()), Greeter, RandomIds);
//! serve_tcp(&node, &listener).await;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod application;
mod authorization;
mod clock;
mod config;
mod draft_socket;
mod driver;
mod fill;
mod gzip;
mod ids;
mod limits;
mod mailbox;
mod node;
mod peer;
mod peers;
mod policy_server;
mod portable;
mod socket;
mod store;
mod sync;
mod tcp;
mod watched;

pub use application::{Application, ClientApplication, Delivered, deliver};
pub use authorization::{Answered, Authorization, JoinRequest, LaterAnswer, Question, settle};
pub use clock::Clock;
pub use driver::{
    ClientDriver, ClientHandle, Connecting, Connections, Connector, DriverConfig, Stopped, Trouble,
    TroubleKind,
};
pub use gzip::gzip;
pub use ids::{IdSource, ProfileIds, RandomIds};
pub use limits::CarrierLimits;
pub use node::{
    Farewell, Node, NodeBody, NodeConfig, NodeService, Shard, ShardFull, Shards, ShardsError, Unanswered,
};
pub use peer::PeerInfo;
pub use peers::Peers;
pub use policy_server::PolicyServer;
pub use portable::SharedStore;
pub use store::StoreHealth;
#[cfg(feature = "redis")]
pub use store::{RedisUrl, RedisUrlError};
pub use tcp::{TcpConnector, serve_tcp};

/// Runs the chapter's code with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/EMBEDDING.md")]
mod embedding {}
