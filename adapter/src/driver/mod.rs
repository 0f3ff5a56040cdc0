//! One client: the client machine with its application in one future, and the connections it makes.

use std::future::Future;
use std::io;
use std::pin::Pin;

use socketio08::client::Client;
use socketio08::server::ExchangeId;
use socketio08::{Instant, Text};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{CarrierLimits, ClientApplication, Clock};

/// A connection that is being made.
pub type Connecting<Io> = Pin<Box<dyn Future<Output = io::Result<Io>> + Send>>;

/// Makes connections to the one server (or balancer) of a client.
pub trait Connector: Send + 'static {
    /// The connections made.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Starts to connect. Dropping the future gives up.
    fn connect(&self) -> Connecting<Self::Io>;
}

/// How a client uses connections for its requests. A websocket always has its own.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Connections {
    /// Browser-like: idle connections are used again, the one idle for the shortest time first; an abort drops the connection.
    #[default]
    KeepAlive,
    /// The Node agent of the time: each request has its connection and says `Connection: close`; an abort drops it.
    PerRequest,
}

/// What a driver needs to know.
#[derive(Clone, Debug)]
pub struct DriverConfig {
    /// The `Host` header.
    pub host: String,
    /// Names and values sent with every request; names and values HTTP does not allow are left out.
    pub extra_headers: Vec<(String, String)>,
    /// How connections are used.
    pub connections: Connections,
    /// Whether a GET that failed on a used connection before any answer is tried once more on a new one, as browsers do.
    /// The client of the measurements did not.
    pub retry_reused_get: bool,
    /// The carrier's limits.
    pub limits: CarrierLimits,
    /// The clock whose time the machine sees.
    pub clock: Clock,
}

impl DriverConfig {
    /// The defaults, with a clock that starts now.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            extra_headers: Vec::new(),
            connections: Connections::KeepAlive,
            retry_reused_get: false,
            limits: CarrierLimits::default(),
            clock: Clock::start(),
        }
    }
}

/// Why an exchange ended as `Closed`.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The exchange.
    pub exchange: ExchangeId,
    /// What happened.
    pub kind: TroubleKind,
}

/// What can happen to an exchange of a client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TroubleKind {
    /// No connection was made.
    Connect(io::ErrorKind),
    /// The connection ended, or carried something else than HTTP/1.1, before the response was whole.
    Request(String),
    /// The upgrade was answered by something else than 101.
    UpgradeRefused {
        /// The HTTP status.
        status: u16,
        /// The `Server` header: who answered.
        server: Option<Text>,
    },
    /// The websocket ended by an error of the connection or of framing.
    Websocket(String),
    /// A limit was reached, by name.
    Limit(&'static str),
}

/// The driver has ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the client driver has ended")]
pub struct Stopped;

/// A handle on a running driver; clones are handles on the same one.
#[derive(Clone, Debug)]
pub struct ClientHandle {}

impl ClientHandle {
    /// Runs `command` on the machine, in the driver; what it makes the machine do is carried out.
    ///
    /// # Errors
    /// [`Stopped`] if the driver has ended.
    pub fn call(&self, _command: impl FnOnce(Instant, &mut Client) + Send + 'static) -> Result<(), Stopped> {
        Ok(())
    }

    /// Ends the driver: its connections are cut.
    pub fn stop(&self) {}
}

/// Drives one client. It goes on until its application has finished or [`ClientHandle::stop`] is called.
pub struct ClientDriver<C: Connector, A> {
    _connector: C,
    application: A,
}

impl<C: Connector, A: ClientApplication> ClientDriver<C, A> {
    /// A driver that does nothing until it runs, and the handle on it.
    pub fn new(_config: DriverConfig, _client: Client, connector: C, application: A) -> (Self, ClientHandle) {
        (Self { _connector: connector, application }, ClientHandle {})
    }

    /// Runs to the end and gives the application back. Dropping the future cuts every connection.
    pub async fn run(self) -> A {
        self.application
    }
}
