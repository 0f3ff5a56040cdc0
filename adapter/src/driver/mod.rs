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

config! {
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

enum Command {
    Call(Call),
    Stop,
}

type Call = Box<dyn FnOnce(Instant, &mut Client) + Send>;

/// A handle on a running driver; clones are handles on the same one. Dropping all of them changes nothing.
#[derive(Clone)]
pub struct ClientHandle {
    commands: mpsc::UnboundedSender<Command>,
}

impl ClientHandle {
    /// Runs `command` on the machine, in the driver; what it makes the machine do is carried out.
    ///
    /// # Errors
    /// [`Stopped`] if the driver has ended.
    pub fn call(&self, command: impl FnOnce(Instant, &mut Client) + Send + 'static) -> Result<(), Stopped> {
        self.commands.send(Command::Call(Box::new(command))).map_err(|_| Stopped)
    }

    /// Ends the driver: its connections are cut, but websockets that are being closed get the time to.
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
    pub fn new(config: DriverConfig, client: Client, connector: C, application: A) -> (Self, ClientHandle) {
        let (sender, commands) = mpsc::unbounded_channel();
        let clock = config.clock;
        let carrier = Carrier::new(config, client.config().limits, connector);
        (Self { client, application, clock, carrier, commands }, ClientHandle { commands: sender })
    }

    /// Runs to the end and gives the application back. Dropping the future cuts every connection.
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
