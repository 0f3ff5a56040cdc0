//! Carries the Socket.IO 0.8 machines over any `AsyncRead + AsyncWrite`: HTTP/1.1 by hyper, RFC 6455 frames by
//! tungstenite. The same code serves real TCP and a simulated network.
//!
//! * [`Node`] runs one [`Server`](socketio08::server::Server) with an [`Application`]; give it each accepted connection by
//!   [`Node::serve_connection`].
//! * [`ClientDriver`] runs one [`Client`](socketio08::client::Client) over a [`Connector`].
//!
//! Time is tokio's, read through a [`Clock`], so it may be paused or simulated. Nothing here draws random numbers but
//! [`RandomIds`] (and tungstenite its masks, which no figure depends on).
#![forbid(unsafe_code)]

mod application;
mod clock;
mod driver;
mod ids;
mod limits;
mod node;
mod socket;
mod tcp;
mod watched;

pub use application::{Application, ClientApplication, HandshakeRequest, deliver};
pub use clock::Clock;
pub use driver::{
    ClientDriver, ClientHandle, Connecting, Connections, Connector, DriverConfig, Stopped, Trouble,
    TroubleKind,
};
pub use ids::{IdSource, RandomIds};
pub use limits::CarrierLimits;
pub use node::{Farewell, Node, NodeConfig};
pub use tcp::{TcpConnector, serve_tcp};
