//! One client: handshake, transports, reconnection, namespaces. Methods are getters, commands, `handle_*` and `poll_*`.
//!
//! The genuine profile is built from the mechanisms of the genuine client, so that its faults come about as they do there:
//!
//! * `connect` looks only at whether a transport is opening. A reconnection timer that fires while a handshake is pending
//!   makes a second one; both succeed, and the client holds two sessions. The first keeps polling and its packets are
//!   still delivered; only the newest is written to.
//! * Reconnection timers are never cancelled. One that is left over from an earlier cycle drives the next one as well, so
//!   a polling client behind round robin makes more handshakes every second.
//! * While reconnecting no other transport is tried; a handshake refused then is not reported.
//! * `7:::1+0` before the connection is only reported, and the poll is made again at once.
//! * Packets of a failed POST are lost, and nothing watches a silent server.
//!
//! | file | transitions |
//! |---|---|
//! | `commands` | what the application may ask for |
//! | `handshake` | handshakes, the choice of a transport |
//! | `link` | one transport: polls, posts, websocket |
//! | `endpoint` | received packets, namespaces, acknowledgements |
//! | `outbox` | what is sent, and what waits |
//! | `genuine` | loss and reconnection as the genuine client does it |
//! | `improved` | loss and reconnection as it should be done |
//! | `release` | what 0.9 does differently from 0.8.7 |
//! | `scripts`, `htmlfile` | answers that are scripts |

mod commands;
mod config;
mod endpoint;
mod genuine;
mod handshake;
mod htmlfile;
mod improved;
mod io;
mod link;
mod outbox;
mod rebase;
mod release;
mod scripts;
mod timers;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

pub use config::{ClientBehaviour, ClientConfig};
pub use io::{ClientEvent, ClientInput, ClientState, ClientTransmit, LossCause};

use crate::seeded::SeededFault;
#[doc(no_inline)]
pub use crate::{AckMode, ExchangeId, LocalError, Outgoing, Violation};
use crate::{Deadline, Instant, Text, Transport};
use endpoint::Endpoint;
use genuine::{Reconnection, Watcher};
use link::{Link, LinkId, Phase};
use outbox::Outbox;
use timers::{Due, TimerKey, Timers};

/// What an open exchange is for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Use {
    /// The `0::` of a session that is over: its answer changes nothing (improved profile).
    Farewell,
    /// `script`: the index of the function that the answer calls.
    Handshake {
        script: Option<u64>,
    },
    Poll(LinkId),
    Post(LinkId),
    Socket(LinkId),
    Stream(LinkId),
}

/// One client, without I/O.
///
/// ```
/// use socketio08::client::{Client, ClientConfig, ClientEvent, ClientInput, ClientTransmit};
/// use socketio08::{AckMode, Instant, Outgoing, Text, Transport};
///
/// let now = Instant::ZERO;
/// let mut client = Client::new(ClientConfig::default().transports(vec![Transport::Websocket]));
/// client.connect(now);
/// let (mut sockets, mut sent) = (Vec::new(), Vec::new());
/// // The loop of every carrier: transmits, events, then wait for input or for `poll_timeout`.
/// 'driving: loop {
///     let mut input = None;
///     while let Some(transmit) = client.poll_transmit() {
///         // A server that answers at once stands for sockets here.
///         input = match transmit {
///             ClientTransmit::Get { exchange, .. } => {
///                 Some(ClientInput::Response { exchange, status: 200, body: "4711:15:25:websocket".into() })
///             }
///             ClientTransmit::Open { exchange, .. } => {
///                 sockets.push(exchange);
///                 Some(ClientInput::Opened { exchange })
///             }
///             ClientTransmit::Message { text, .. } => {
///                 sent.push(text.to_string());
///                 None
///             }
///             _ => None,
///         };
///     }
///     while let Some(event) = client.poll_event() {
///         match event {
///             ClientEvent::Connected { session, .. } => {
///                 assert_eq!(session, "4711");
///                 let hello = Outgoing::Message(Text::from_static("hello"));
///                 assert_eq!(client.send(now, &Text::EMPTY, hello, AckMode::Plain)?, Some(1));
///                 client.disconnect(now);
///             }
///             ClientEvent::Disconnected { .. } => break 'driving,
///             _ => {}
///         }
///     }
///     if let Some(input) = input {
///         client.handle_input(now, input);
///     } else if let Some(exchange) = sockets.pop() {
///         client.handle_input(now, ClientInput::Message { exchange, text: Text::from_static("1::") });
///     }
/// }
/// while let Some(transmit) = client.poll_transmit() {
///     if let ClientTransmit::Message { text, .. } = transmit {
///         sent.push(text.to_string());
///     }
/// }
/// assert_eq!(sent, ["3:1::hello", "0::"]);
/// # Ok::<(), socketio08::LocalError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the genuine client's flags, which contradict each other at times"
)]
pub struct Client {
    config: ClientConfig,
    now: Instant,
    transmits: VecDeque<ClientTransmit>,
    events: VecDeque<ClientEvent>,
    exchanges: BTreeMap<ExchangeId, Use>,
    next_exchange: u64,
    timers: Timers,

    /// `1::` came on some link, and nothing was lost since.
    connected: bool,
    /// Some link is open.
    open: bool,
    /// A link is opening. In the genuine client this alone keeps `connect` from making another handshake.
    connecting: bool,
    /// Set while reconnecting.
    reconnection: Option<Reconnection>,
    /// What listens to a connection, and (once its last resort is on) to `connect_failed`. 0.8.7 has one at most.
    connect_watchers: Vec<Watcher>,
    failure_watchers: Vec<Watcher>,
    next_watcher: u64,
    /// The reconnection timer set last: the only one that the end of a reconnection cancels, in 0.9.
    reconnect_timer: Option<TimerKey>,
    /// The option, switched off by the genuine client while it reconnects.
    try_multiple: bool,
    ever_connected: bool,

    /// From the last handshake: the session, how long the first poll may wait, how long a heartbeat may take, the
    /// transports both sides have.
    session: Text,
    close_timeout: Duration,
    heartbeat_timeout: Option<Duration>,
    choices: Vec<Transport>,
    /// The transports not tried yet. The genuine client fills it once in its life; 0.9 with the first handshake, in place of
    /// `choices`.
    remaining: Option<Vec<Transport>>,

    links: BTreeMap<LinkId, Link>,
    next_link: u64,
    /// The index of the next function for scripts to call.
    next_script: u64,
    /// The link that is written to.
    current: Option<LinkId>,
    /// Websockets that we closed and whose end is still to be taken note of.
    closing: VecDeque<LinkId>,
    /// The connect timer set last: the only one a connection cancels, and only if a handshake asked for it since.
    connect_timer: Option<TimerKey>,
    connect_timer_watched: bool,
    /// Genuine profile, 0.9.
    heartbeat_timer: Option<TimerKey>,
    /// Improved profile: fires when the server was silent for too long.
    silence_timer: Option<TimerKey>,
    /// Improved profile: fires when a POST was not answered for as long.
    post_timer: Option<TimerKey>,
    jitter_permille: u16,

    endpoints: Vec<Endpoint>,
    pending_acks: usize,
    outbox: Outbox,
    /// A POST is in flight, or the websocket is not open: packets wait.
    holding: bool,
}

impl Client {
    /// A client that does nothing yet.
    ///
    /// ```
    /// # use socketio08::client::{Client, ClientConfig};
    /// let mut client = Client::new(ClientConfig::default());
    /// assert!(client.poll_transmit().is_none() && client.poll_timeout().is_none(), "it waits for `connect`");
    /// ```
    pub fn new(config: ClientConfig) -> Self {
        Self {
            now: Instant::ZERO,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            exchanges: BTreeMap::new(),
            next_exchange: 1,
            timers: Timers::default(),
            connected: false,
            open: false,
            connecting: false,
            reconnection: None,
            connect_watchers: Vec::new(),
            failure_watchers: Vec::new(),
            next_watcher: 0,
            reconnect_timer: None,
            try_multiple: config.try_multiple_transports,
            ever_connected: false,
            session: Text::EMPTY,
            close_timeout: Duration::ZERO,
            heartbeat_timeout: None,
            choices: Vec::new(),
            remaining: None,
            links: BTreeMap::new(),
            next_link: 0,
            next_script: 0,
            current: None,
            closing: VecDeque::new(),
            connect_timer: None,
            connect_timer_watched: false,
            heartbeat_timer: None,
            silence_timer: None,
            post_timer: None,
            jitter_permille: 0,
            endpoints: alloc::vec![Endpoint::new(Text::EMPTY, Text::EMPTY)],
            pending_acks: 0,
            outbox: Outbox::default(),
            holding: false,
            config,
        }
    }

    // --- getters

    /// The configuration.
    ///
    /// ```
    /// # use socketio08::client::{Client, ClientConfig};
    /// assert_eq!(Client::new(ClientConfig::default()).config().resource, "/socket.io");
    /// ```
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Where it stands.
    ///
    /// ```
    /// use socketio08::client::ClientState;
    ///
    /// // A client that is connected.
    /// # let (client, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
    /// assert_eq!(client.state(), ClientState::Connected);
    /// ```
    pub fn state(&self) -> ClientState {
        if self.connected {
            ClientState::Connected
        } else if self.reconnection.is_some() {
            ClientState::Reconnecting
        } else if self.connecting
            || self.oldest_handshake().is_some()
            || self.links.values().any(|link| link.is_running() && link.phase != Phase::Closed)
        {
            ClientState::Connecting
        } else {
            ClientState::Idle
        }
    }

    /// The session ids of the open links that brought `1::` and were not rejected since; more than one is the genuine
    /// client's fault (real stack item 3).
    ///
    /// ```
    /// // A client that is connected.
    /// # let (client, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
    /// assert_eq!(client.live_sessions().collect::<Vec<_>>(), ["4711"]);
    /// ```
    pub fn live_sessions(&self) -> impl Iterator<Item = &Text> {
        self.links
            .values()
            .filter(|link| link.established && link.phase == Phase::Open)
            .map(|link| &link.session)
    }

    /// How many packets wait to be sent.
    ///
    /// ```
    /// # use socketio08::{AckMode, Instant, Outgoing, Text, client::{Client, ClientConfig}};
    /// let mut client = Client::new(ClientConfig::default());
    /// client.send(Instant::ZERO, &Text::EMPTY, Outgoing::Message(Text::from_static("hi")), AckMode::None)?;
    /// assert_eq!(client.outbox_len(), 1, "it waits for the connection");
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    pub fn outbox_len(&self) -> usize {
        self.outbox.len()
    }

    // --- handle

    /// Takes what the carrier received. Cannot fail: a bad peer is an event. Input about an exchange that is over is
    /// ignored.
    ///
    /// ```
    /// use socketio08::client::{ClientEvent, ClientInput};
    /// use socketio08::{Instant, Text};
    ///
    /// // A client that is connected; the server sends a heartbeat.
    /// # let (mut client, exchange, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
    /// client.handle_input(Instant::ZERO, ClientInput::Message { exchange, text: Text::from_static("2::") });
    /// assert_eq!(sent(&mut client), ["2::"]);
    /// ```
    pub fn handle_input(&mut self, now: Instant, input: ClientInput) {
        self.begin(now);
        self.take_input(input);
        self.settle();
    }

    /// Lets the timers due at `now` fire.
    ///
    /// ```
    /// # use socketio08::{Instant, Timer, client::{Client, ClientConfig, ClientInput}};
    /// let mut client = Client::new(ClientConfig::default());
    /// client.connect(Instant::ZERO);
    /// let exchange = client.poll_transmit().expect("the handshake").exchange();
    /// let body = "4711:15:25:xhr-polling".into();
    /// client.handle_input(Instant::ZERO, ClientInput::Response { exchange, status: 200, body });
    /// let deadline = client.poll_timeout().expect("a transport is opening");
    /// client.handle_timeout(deadline.at);
    /// assert!(client.poll_timeout().is_none_or(|next| next.at > deadline.at), "law 3");
    /// ```
    pub fn handle_timeout(&mut self, now: Instant) {
        self.begin(now);
        let before = self.timers.serial();
        while let Some(due) = self.timers.pop(self.now, before) {
            self.fire(due);
            self.settle();
        }
    }

    // --- poll

    /// The next thing to transmit. May change after any command or `handle_*`.
    ///
    /// ```
    /// use socketio08::Instant;
    /// use socketio08::client::ClientTransmit;
    ///
    /// // A client that is connected.
    /// # let (mut client, exchange, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
    /// client.disconnect(Instant::ZERO);
    /// assert!(matches!(client.poll_transmit(), Some(ClientTransmit::Message { .. })), "first the `0::`");
    /// assert_eq!(client.poll_transmit(), Some(ClientTransmit::Close { exchange }));
    /// assert_eq!(client.poll_transmit(), None);
    /// ```
    #[must_use]
    pub fn poll_transmit(&mut self) -> Option<ClientTransmit> {
        self.transmits.pop_front()
    }

    /// The next event. May change after any command or `handle_*`.
    ///
    /// ```
    /// # use socketio08::{Instant, client::{Client, ClientConfig, ClientEvent, ClientInput}};
    /// let mut client = Client::new(ClientConfig::default());
    /// client.connect(Instant::ZERO);
    /// let exchange = client.poll_transmit().expect("the handshake").exchange();
    /// let body = "4711:15:25:websocket".into();
    /// client.handle_input(Instant::ZERO, ClientInput::Response { exchange, status: 200, body });
    /// assert_eq!(client.poll_event(), Some(ClientEvent::Handshaken { session: "4711".into() }));
    /// ```
    #[must_use]
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// The next deadline. May change after any command or `handle_*`.
    ///
    /// ```
    /// # use socketio08::{Instant, Timer, client::{Client, ClientConfig, ClientInput}};
    /// let mut client = Client::new(ClientConfig::default());
    /// client.connect(Instant::ZERO);
    /// let exchange = client.poll_transmit().expect("the handshake").exchange();
    /// let body = "4711:15:25:websocket".into();
    /// client.handle_input(Instant::ZERO, ClientInput::Response { exchange, status: 200, body });
    /// let deadline = client.poll_timeout().expect("the websocket is opening");
    /// assert_eq!((deadline.at.as_millis(), deadline.timer), (10_000, Timer::Connect));
    /// ```
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        self.timers.next()
    }

    // --- shared by the transition families

    /// Whether this fault was planted.
    #[cfg(feature = "seeded-faults")]
    fn seeded(&self, fault: SeededFault) -> bool {
        self.config.seeded_fault == Some(fault)
    }

    #[cfg(not(feature = "seeded-faults"))]
    #[expect(clippy::unused_self, reason = "nothing is ever planted")]
    const fn seeded(&self, _: SeededFault) -> bool {
        false
    }

    fn improved(&self) -> bool {
        self.config.behaviour == ClientBehaviour::Improved
    }

    /// Time never goes back.
    fn begin(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// Takes note of websockets closed by us, then forgets the links that nothing refers to any more.
    fn settle(&mut self) {
        while let Some(id) = self.closing.pop_front() {
            self.genuine_socket_ended(id);
        }
        let current = self.current;
        self.links.retain(|id, link| Some(*id) == current || !link.is_over());
    }

    fn fire(&mut self, due: Due) {
        match due {
            Due::Connect if self.improved() => self.improved_connect_timeout(),
            Due::Connect => self.genuine_connect_timeout(),
            Due::Close(link) => self.genuine_close_timeout(link),
            Due::Heartbeat => self.heartbeat_timeout(),
            Due::Handshake(exchange) => self.improved_handshake_timeout(exchange),
            Due::Reconnect(_) if self.improved() => self.improved_reconnect(),
            Due::Reconnect(watcher) => self.maybe_reconnect(watcher),
            Due::Post | Due::Silence => self.improved_silence(),
        }
    }

    fn take_input(&mut self, input: ClientInput) {
        let exchange = input.exchange();
        let Some(purpose) = self.exchanges.get(&exchange).copied() else { return };
        match (purpose, input) {
            (Use::Socket(link), ClientInput::Opened { .. }) => self.socket_opened(link),
            (Use::Socket(link), ClientInput::Message { text, .. }) => self.take_data(link, &text),
            (Use::Stream(link), ClientInput::Chunk { chunk, .. }) => self.take_chunk(link, chunk),
            // A request has no channel: a carrier that says otherwise is not heard.
            (_, ClientInput::Opened { .. } | ClientInput::Message { .. } | ClientInput::Chunk { .. }) => {}
            (_, input) => {
                self.exchanges.remove(&exchange);
                self.take_end(exchange, purpose, input);
            }
        }
    }

    /// An exchange ended, answered or not.
    fn take_end(&mut self, exchange: ExchangeId, purpose: Use, input: ClientInput) {
        let (status, body) = match input {
            ClientInput::Response { status, body, .. } => (status, Text::from_utf8_lossy(body)),
            _ => (0, Text::EMPTY),
        };
        match purpose {
            Use::Farewell => {}
            Use::Handshake { script: None } => self.take_handshake(status, &body),
            Use::Handshake { script: Some(index) } => self.take_handshake_script(index, status, &body),
            Use::Poll(link) => self.take_poll(link, status, &body),
            Use::Post(link) => self.take_post(link, exchange, status),
            Use::Socket(link) => self.socket_ended(link),
            Use::Stream(link) => self.stream_ended(link),
        }
    }

    fn open_exchange(&mut self, purpose: Use) -> ExchangeId {
        let exchange = ExchangeId(self.next_exchange);
        self.next_exchange += 1;
        self.exchanges.insert(exchange, purpose);
        exchange
    }

    /// Ends an exchange from our side; nothing about it is heard any more.
    fn close_exchange(&mut self, exchange: ExchangeId) {
        if self.exchanges.remove(&exchange).is_some() {
            self.transmits.push_back(ClientTransmit::Close { exchange });
        }
    }

    fn tell(&mut self, event: ClientEvent) {
        self.events.push_back(event);
    }
}
