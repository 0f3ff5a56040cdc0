//! One client: the client machine with its application in one future, and the connections it makes.

mod carrier;
mod http;
mod stream;

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};

use socketio08::client::Client;
use socketio08::server::ExchangeId;
use socketio08::{Instant, Text};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep_until};

use self::carrier::{Arrival, Carrier};
use crate::config::config;
use crate::{CarrierLimits, ClientApplication, Clock};

/// A connection that is being made.
pub type Connecting<Io> = Pin<Box<dyn Future<Output = io::Result<Io>> + Send>>;

/// Makes connections to the one server (or balancer) of a client.
///
/// ```
/// use socketio08_tokio::{Connecting, Connector};
/// use tokio::io::DuplexStream;
/// use tokio::sync::mpsc::UnboundedSender;
///
/// /// Connects within the process: the other ends go to whoever serves them.
/// struct Memory(UnboundedSender<DuplexStream>);
///
/// impl Connector for Memory {
///     type Io = DuplexStream;
///
///     fn connect(&self) -> Connecting<DuplexStream> {
///         let (ours, theirs) = tokio::io::duplex(65_536);
///         let refused = std::io::ErrorKind::ConnectionRefused;
///         let served = self.0.send(theirs).map(|()| ours).map_err(|_| refused.into());
///         Box::pin(std::future::ready(served))
///     }
/// }
/// ```
pub trait Connector: Send + 'static {
    /// The connections made.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Starts to connect. Dropping the future gives up.
    ///
    /// ```
    /// # use socketio08_tokio::{Connector, TcpConnector};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let connector = TcpConnector { to: listener.local_addr()?, from: None };
    /// let stream = connector.connect().await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    fn connect(&self) -> Connecting<Self::Io>;
}

/// How a client uses connections for its requests. A websocket always has its own.
///
/// ```
/// # use socketio08_tokio::{Connections, DriverConfig};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let config = DriverConfig::new("io.example").connections(Connections::PerRequest);
/// assert_eq!(Connections::default(), Connections::KeepAlive);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Connections {
    /// Browser-like: idle connections are used again, the one idle for the shortest time first; an abort drops the connection.
    #[default]
    KeepAlive,
    /// The Node agent of the time: each request has its connection and says `Connection: close`; an abort drops it.
    PerRequest,
}

config! {
    /// What a driver needs to know.
    ///
    /// ```
    /// # use socketio08_tokio::DriverConfig;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let cookie = ("Cookie".to_owned(), "user=ann".to_owned());
    /// let config = DriverConfig::new("io.example:8000").extra_headers(vec![cookie]);
    /// assert_eq!((config.host.as_str(), config.retry_reused_get), ("io.example:8000", false));
    /// # }
    /// ```
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
        /// Whether a request made while a response is handled may go out on the connection that brought it, as in browsers. In
        /// the client of the measurements it was idle only after that, so such a request took another connection.
        pub reuse_while_handling: bool,
        /// The carrier's limits.
        pub limits: CarrierLimits,
        /// The clock whose time the machine sees.
        pub clock: Clock,
    }
}

impl DriverConfig {
    /// The defaults, with a clock that starts now.
    ///
    /// ```
    /// # use socketio08_tokio::DriverConfig;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert!(DriverConfig::new("io.example").reuse_while_handling, "as in browsers");
    /// # }
    /// ```
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            extra_headers: Vec::new(),
            connections: Connections::KeepAlive,
            retry_reused_get: false,
            reuse_while_handling: true,
            limits: CarrierLimits::default(),
            clock: Clock::start(),
        }
    }
}

/// Why an exchange ended as `Closed`.
///
/// ```
/// use socketio08_tokio::{Trouble, TroubleKind};
///
/// fn in_words(trouble: &Trouble) -> String {
///     match &trouble.kind {
///         TroubleKind::Connect(kind) => format!("no connection: {kind}"),
///         TroubleKind::UpgradeRefused { status, .. } => format!("no websocket: {status}"),
///         other => format!("{other:?}"),
///     }
/// }
/// let trouble = Trouble {
///     exchange: socketio08::ExchangeId(1),
///     kind: TroubleKind::Connect(std::io::ErrorKind::ConnectionRefused),
/// };
/// assert_eq!(in_words(&trouble), "no connection: connection refused");
/// ```
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The exchange.
    pub exchange: ExchangeId,
    /// What happened.
    pub kind: TroubleKind,
}

/// What can happen to an exchange of a client.
///
/// ```
/// # use socketio08_tokio::TroubleKind;
/// let kind = TroubleKind::Limit("client_waiting_max");
/// assert!(matches!(kind, TroubleKind::Limit(name) if name.starts_with("client_")));
/// ```
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
///
/// ```
/// # use socketio08::client::{Client, ClientConfig, ClientEvent};
/// # use socketio08_tokio::{ClientApplication, ClientDriver, DriverConfig, Stopped, TcpConnector};
/// # struct Quiet;
/// # impl ClientApplication for Quiet {
/// #     fn event(&mut self, _: socketio08::Instant, _: &mut Client, _: ClientEvent) {}
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let connector = TcpConnector { to: ([127, 0, 0, 1], 9).into(), from: None };
/// # let client = Client::new(ClientConfig::default());
/// let (driver, handle) = ClientDriver::new(DriverConfig::new("io.example"), client, connector, Quiet);
/// drop(driver);
/// assert_eq!(handle.call(|now, client| client.connect(now)), Err(Stopped));
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the client driver has ended")]
pub struct Stopped;

enum Command {
    Call(Call),
    Stop,
}

type Call = Box<dyn FnOnce(Instant, &mut Client) + Send>;

/// A handle on a running driver; clones are handles on the same one. Dropping all of them changes nothing.
///
/// ```
/// # use socketio08::client::{Client, ClientConfig, ClientEvent, ClientState};
/// # use socketio08_tokio::{ClientApplication, ClientDriver, DriverConfig, TcpConnector};
/// # struct Quiet;
/// # impl ClientApplication for Quiet {
/// #     fn event(&mut self, _: socketio08::Instant, _: &mut Client, _: ClientEvent) {}
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (node, address) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
/// # let connector = TcpConnector { to: address, from: None };
/// # let client = Client::new(ClientConfig::default());
/// let (driver, handle) = ClientDriver::new(DriverConfig::new(address.to_string()), client, connector, Quiet);
/// let running = tokio::spawn(driver.run());
/// let (sender, answer) = tokio::sync::oneshot::channel();
/// handle.call(|_now, client| drop(sender.send(client.state())))?;
/// assert_eq!(answer.await?, ClientState::Connecting);
/// handle.stop();
/// running.await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientHandle {
    commands: mpsc::UnboundedSender<Command>,
}

impl ClientHandle {
    /// Runs `command` on the machine, in the driver; what it makes the machine do is carried out.
    ///
    /// ```
    /// # use socketio08::{AckMode, Outgoing, Text, client::{Client, ClientConfig, ClientEvent}};
    /// # use socketio08_tokio::{ClientApplication, ClientDriver, DriverConfig, TcpConnector};
    /// # struct First;
    /// # impl ClientApplication for First {
    /// #     fn event(&mut self, now: socketio08::Instant, client: &mut Client, event: ClientEvent) {
    /// #         if let ClientEvent::Received { .. } = event { client.disconnect(now) }
    /// #     }
    /// #     fn finished(&self) -> bool { false }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (node, address) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
    /// # let connector = TcpConnector { to: address, from: None };
    /// # let client = Client::new(ClientConfig::default());
    /// let (driver, handle) = ClientDriver::new(DriverConfig::new(address.to_string()), client, connector, First);
    /// tokio::spawn(driver.run());
    /// let (sender, sent) = tokio::sync::oneshot::channel();
    /// handle.call(move |now, client| {
    ///     let hello = Outgoing::Message(Text::from_static("hello"));
    ///     let _ = sender.send(client.send(now, &Text::EMPTY, hello, AckMode::Plain));
    /// })?;
    /// assert_eq!(sent.await?, Ok(Some(1)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Stopped`] if the driver has ended.
    pub fn call(&self, command: impl FnOnce(Instant, &mut Client) + Send + 'static) -> Result<(), Stopped> {
        self.commands.send(Command::Call(Box::new(command))).map_err(|_| Stopped)
    }

    /// Ends the driver: its connections are cut, but websockets that are being closed get the time to.
    ///
    /// ```
    /// # use socketio08::client::{Client, ClientConfig, ClientEvent};
    /// # use socketio08_tokio::{ClientApplication, ClientDriver, DriverConfig, TcpConnector};
    /// # struct Quiet;
    /// # impl ClientApplication for Quiet {
    /// #     fn event(&mut self, _: socketio08::Instant, _: &mut Client, _: ClientEvent) {}
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let (node, address) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
    /// # let connector = TcpConnector { to: address, from: None };
    /// # let client = Client::new(ClientConfig::default());
    /// let (driver, handle) = ClientDriver::new(DriverConfig::new(address.to_string()), client, connector, Quiet);
    /// handle.stop();
    /// let Quiet = driver.run().await;
    /// # }
    /// ```
    pub fn stop(&self) {
        // A driver that has ended needs no telling.
        let _ = self.commands.send(Command::Stop);
    }
}

impl fmt::Debug for ClientHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHandle").field("stopped", &self.commands.is_closed()).finish()
    }
}

/// Drives one client. It goes on until its application has finished or [`ClientHandle::stop`] is called.
///
/// ```
/// use socketio08::client::{Client, ClientConfig, ClientEvent};
/// use socketio08::{AckMode, Body, Instant, Outgoing, Text};
/// use socketio08_tokio::{ClientApplication, ClientDriver, DriverConfig, TcpConnector};
///
/// /// Says hello and waits for the echo.
/// #[derive(Default)]
/// struct Hello {
///     echo: Option<Body>,
/// }
///
/// impl ClientApplication for Hello {
///     fn event(&mut self, now: Instant, client: &mut Client, event: ClientEvent) {
///         match event {
///             ClientEvent::Connected { .. } => {
///                 let hello = Outgoing::Message(Text::from_static("hello"));
///                 // It fails if the outbox is full, which it is not.
///                 let _ = client.send(now, &Text::EMPTY, hello, AckMode::None);
///             }
///             ClientEvent::Received { packet, .. } => self.echo = Some(packet.body),
///             _ => {}
///         }
///     }
///
///     fn finished(&self) -> bool {
///         self.echo.is_some()
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let (node, address) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
/// let connector = TcpConnector { to: address, from: None };
/// let client = Client::new(ClientConfig::default());
/// let config = DriverConfig::new(address.to_string());
/// let (driver, _handle) = ClientDriver::new(config, client, connector, Hello::default());
/// assert_eq!(driver.run().await.echo, Some(Body::Message { data: Text::from_static("hello") }));
/// # }
/// ```
pub struct ClientDriver<C: Connector, A> {
    client: Client,
    application: A,
    clock: Clock,
    carrier: Carrier<C>,
    commands: mpsc::UnboundedReceiver<Command>,
}

impl<C: Connector, A> fmt::Debug for ClientDriver<C, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientDriver").field("client", &self.client).finish_non_exhaustive()
    }
}

impl<C: Connector, A: ClientApplication> ClientDriver<C, A> {
    /// A driver that does nothing until it runs, and the handle on it.
    ///
    /// ```
    /// # use socketio08::client::{Client, ClientConfig, ClientEvent};
    /// # use socketio08_tokio::{ClientApplication, ClientDriver, DriverConfig, TcpConnector};
    /// # struct Quiet;
    /// # impl ClientApplication for Quiet {
    /// #     fn event(&mut self, _: socketio08::Instant, _: &mut Client, _: ClientEvent) {}
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let connector = TcpConnector { to: ([192, 0, 2, 7], 80).into(), from: None };
    /// let client = Client::new(ClientConfig::default());
    /// let (_driver, handle) = ClientDriver::new(DriverConfig::new("io.example"), client, connector, Quiet);
    /// assert!(handle.call(|now, client| client.connect(now)).is_ok(), "kept until it runs");
    /// # }
    /// ```
    pub fn new(config: DriverConfig, client: Client, connector: C, application: A) -> (Self, ClientHandle) {
        let (sender, commands) = mpsc::unbounded_channel();
        let clock = config.clock;
        let carrier = Carrier::new(config, client.config().limits, connector);
        (Self { client, application, clock, carrier, commands }, ClientHandle { commands: sender })
    }

    /// Runs to the end and gives the application back. Dropping the future cuts every connection.
    ///
    /// ```
    /// # use socketio08::client::{Client, ClientConfig, ClientEvent};
    /// # use socketio08_tokio::{ClientApplication, ClientDriver, DriverConfig, TcpConnector};
    /// /// Wants to know the session.
    /// # #[derive(Default)]
    /// struct Session(Option<String>);
    ///
    /// impl ClientApplication for Session {
    ///     fn event(&mut self, _now: socketio08::Instant, _client: &mut Client, event: ClientEvent) {
    ///         if let ClientEvent::Connected { session, .. } = event {
    ///             self.0 = Some(session.to_string());
    ///         }
    ///     }
    ///
    ///     fn finished(&self) -> bool {
    ///         self.0.is_some()
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let (node, address) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/node.rs"));
    /// # let connector = TcpConnector { to: address, from: None };
    /// # let client = Client::new(ClientConfig::default());
    /// let config = DriverConfig::new(address.to_string());
    /// let (driver, _handle) = ClientDriver::new(config, client, connector, Session::default());
    /// assert_eq!(driver.run().await.0.map(|id| id.len()), Some(24), "an id of `RandomIds`");
    /// # }
    /// ```
    pub async fn run(mut self) -> A {
        let now = self.clock.now();
        self.application.start(now, &mut self.client);
        self.drain(now);
        let mut sleep = pin!(sleep_until(self.clock.to_tokio(now)));
        let mut armed = None;
        let mut commanded = true;
        while !self.application.finished() {
            self.arm(sleep.as_mut(), &mut armed);
            tokio::select! {
                biased;
                () = sleep.as_mut(), if armed.is_some() => {
                    armed = None;
                    self.handle_timeout();
                }
                command = self.commands.recv(), if commanded => match command {
                    Some(Command::Call(command)) => {
                        let now = self.clock.now();
                        command(now, &mut self.client);
                        self.drain(now);
                    }
                    Some(Command::Stop) => break,
                    None => commanded = false,
                },
                arrival = poll_fn(|cx| self.carrier.poll_arrival(cx)) => self.receive(arrival),
            }
        }
        self.carrier.finish().await;
        self.application
    }

    fn arm(&self, sleep: Pin<&mut Sleep>, armed: &mut Option<Instant>) {
        let machine = self.client.poll_timeout().map(|deadline| deadline.at);
        let next = [machine, self.application.poll_timeout()].into_iter().flatten().min();
        self.clock.arm(next, sleep, armed);
    }

    fn handle_timeout(&mut self) {
        let now = self.clock.now();
        if self.client.poll_timeout().is_some_and(|deadline| deadline.at <= now) {
            self.client.handle_timeout(now);
        }
        self.drain(now);
        if self.application.poll_timeout().is_some_and(|at| at <= now) {
            self.application.handle_timeout(now, &mut self.client);
            self.drain(now);
        }
    }

    fn receive(&mut self, arrival: Arrival) {
        let now = self.clock.now();
        if let Some(trouble) = &arrival.trouble {
            self.application.observe_trouble(now, trouble);
        }
        self.application.observe(now, &arrival.input);
        self.client.handle_input(now, arrival.input);
        self.drain(now);
    }

    /// Carries out transmissions, then gives one event, until nothing is left of either.
    fn drain(&mut self, now: Instant) {
        loop {
            while let Some(transmit) = self.client.poll_transmit() {
                self.application.observe_transmit(now, &transmit);
                self.carrier.carry(transmit);
            }
            match self.client.poll_event() {
                Some(event) => self.application.event(now, &mut self.client, event),
                None => return,
            }
        }
    }
}
