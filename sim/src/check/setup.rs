//! What is checked: how many of each, and what may go wrong.

use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use socketio08::client::{ClientBehaviour, ClientConfig};
use socketio08::server::{
    NodeName, PortableConfig, RedisConfig, RoutedConfig, Routing, ServerConfig, SharedKey, Store as Keeping,
};
use socketio08::{Limits, Transport};

/// Who picks the server of a request.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// One after the other, request by request.
    RoundRobin,
    /// Always the same for one client, as long as that one is up.
    Sticky,
    /// Any of them: every choice is explored.
    Random,
}

/// How servers share sessions.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Store {
    /// Not at all.
    #[default]
    Memory,
    /// The session id names its server; any other one forwards requests there.
    Routed,
    /// Any server takes a session over, through records that all of them reach.
    Portable,
    /// Every server is told of every session, through Redis.
    Redis,
}

/// The transports of clients and servers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Transports {
    /// xhr-polling alone.
    XhrPolling,
    /// websocket alone.
    Websocket,
    /// websocket, then xhr-polling.
    Both,
}

/// Whose behaviour the clients have.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// The client of this project.
    Improved,
    /// The genuine 0.8.7, its faults included.
    Genuine,
}

/// One way in which things go wrong.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// An exchange is reset: both ends see it.
    Cut,
    /// An exchange goes silent for good: neither end sees it.
    Lose,
    /// An exchange is held up, and goes on at any later time.
    Hold,
    /// A poll reaches the servers twice: a proxy tries again.
    Duplicate,
    /// A server ends, and starts again at any later time.
    Crash,
    /// What a server and the store say to each other is lost: a publication, or an operation or its answer, which counts as
    /// failed. Portable sessions.
    Store,
}

/// A model.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Setup {
    /// 1 or 2.
    pub clients: u8,
    /// 1 to 3.
    pub servers: u8,
    /// Who picks the server.
    pub balance: Balance,
    /// How servers share sessions.
    #[serde(default)]
    pub store: Store,
    /// The transports.
    pub transports: Transports,
    /// The clients.
    pub behaviour: Behaviour,
    /// Messages each client sends, and gets, at most.
    pub messages: u8,
    /// Packets that may wait at a client, or for a session; `None`: as many as there can be.
    #[serde(default)]
    pub outbox: Option<u8>,
    /// How often something goes wrong, at most.
    pub faults: u8,
    /// What may go wrong.
    pub kinds: Vec<Fault>,
    /// A fault planted in the machines.
    #[cfg(feature = "seeded-faults")]
    #[serde(skip)]
    pub seeded: Option<socketio08::SeededFault>,
}

impl Default for Setup {
    /// One client that polls one server, one message each way, and no fault.
    fn default() -> Self {
        Self {
            clients: 1,
            servers: 1,
            balance: Balance::Sticky,
            store: Store::Memory,
            transports: Transports::XhrPolling,
            behaviour: Behaviour::Improved,
            messages: 1,
            outbox: None,
            faults: 0,
            kinds: Self::FAULTS.to_vec(),
            #[cfg(feature = "seeded-faults")]
            seeded: None,
        }
    }
}

impl Setup {
    /// Every fault there is.
    pub const FAULTS: [Fault; 6] =
        [Fault::Cut, Fault::Lose, Fault::Hold, Fault::Duplicate, Fault::Crash, Fault::Store];

    /// The configuration of each client: the default timers.
    pub fn client(&self) -> ClientConfig {
        let behaviour = match self.behaviour {
            Behaviour::Improved => ClientBehaviour::Improved,
            Behaviour::Genuine => ClientBehaviour::Genuine,
        };
        let config = ClientConfig::default()
            .behaviour(behaviour)
            .transports(self.transports())
            .max_reconnection_attempts(ATTEMPTS_MAX)
            .limits(self.limits());
        #[cfg(feature = "seeded-faults")]
        let config = config.seeded_fault(self.seeded);
        config
    }

    /// The configuration of each server: the default timers, but for the sweep of unused handshakes. That ticks every half
    /// second, the unit of all other timers, for its phase would be one more clock to tell states apart by. How it shares
    /// sessions is left out.
    pub fn server(&self) -> ServerConfig {
        let config = ServerConfig::default()
            .transports(self.transports())
            .handshake_sweep(Duration::from_millis(500))
            .limits(self.limits());
        #[cfg(feature = "seeded-faults")]
        let config = config.seeded_fault(self.seeded);
        config
    }

    /// The configuration of the server `at` when it starts for the `start`th time.
    pub(super) fn server_at(&self, at: u8, start: u8) -> ServerConfig {
        let (config, id) = (self.server(), node_id(at, start));
        let (Ok(key), Ok(node)) = (SharedKey::new(SECRET), NodeName::new(&letter(at))) else { return config };
        match self.store {
            Store::Memory => config,
            Store::Routed => {
                let peers = (0..self.servers).filter_map(|peer| NodeName::new(&letter(peer)).ok()).collect();
                config.routing(Routing::Routed(RoutedConfig::new(node, peers, key)))
            }
            Store::Portable => config.store(Keeping::Portable(PortableConfig::new(id, 0, key))),
            Store::Redis => {
                config.store(Keeping::Redis(RedisConfig::new(id, 0).remote_lifetime(REMOTE_LIFETIME)))
            }
        }
    }

    /// Queues that hold what one side may say, unless they are to be shorter: its messages, an acknowledgement of each of the
    /// other side, and a packet or two of the machine's own.
    pub fn limits(&self) -> Limits {
        let said = usize::from(self.messages) * 2 + 2;
        Limits::default().outbox_packets_max(self.outbox.map_or(said, usize::from))
    }

    /// Whether queues may run full: a machine refuses then what it is asked, and a server ends the session.
    pub fn may_overflow(&self) -> bool {
        self.outbox.is_some()
    }

    /// In order of preference.
    pub fn transports(&self) -> Vec<Transport> {
        match self.transports {
            Transports::XhrPolling => vec![Transport::XhrPolling],
            Transports::Websocket => vec![Transport::Websocket],
            Transports::Both => vec![Transport::Websocket, Transport::XhrPolling],
        }
    }

    /// Whether requests of one client always reach the server that knows its session, if nothing goes wrong.
    pub fn is_sticky(&self) -> bool {
        self.servers == 1 || self.balance == Balance::Sticky
    }

    /// Whether servers share a store.
    pub fn has_store(&self) -> bool {
        matches!(self.store, Store::Portable | Store::Redis)
    }

    /// Whether any server can answer for any session.
    pub fn is_anywhere(&self) -> bool {
        matches!(self.store, Store::Routed | Store::Portable)
    }

    /// The longest a server may know a session whose client is silent: a poll is held for the polling duration, and the close
    /// timeout runs from its answer; a heartbeat's interval and timeout are shorter, and so is the life of an unused handshake.
    pub fn silence_max(&self) -> Duration {
        let config = self.server();
        let polled = config.polling_duration + config.close_timeout;
        let beaten = config.heartbeat_interval + config.heartbeat_timeout;
        let unused = config.handshake_lifetime + config.handshake_sweep;
        let remote = if self.store == Store::Redis { REMOTE_LIFETIME } else { Duration::ZERO };
        polled.max(beaten).max(unused) + remote
    }

    /// The longest something accepted may wait while the connection lives on.
    pub fn catch_up_max(&self) -> Duration {
        self.silence_noticed()
    }

    /// When a client that hears nothing more takes its server for lost.
    fn silence_noticed(&self) -> Duration {
        self.client().server_interval + self.server().heartbeat_timeout
    }

    /// The longest a client may be without a connection once everything works again: it notices the silence of a server, a
    /// handshake and each transport run into their timeout, and the longest delay passes.
    pub fn recovery_max(&self) -> Duration {
        let client = self.client();
        let tries = u32::try_from(client.transports.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.silence_noticed() + client.connect_timeout * tries + DELAY_MAX
    }
}

/// The name of a server.
pub(super) fn letter(server: u8) -> String {
    char::from(b'a'.saturating_add(server)).to_string()
}

/// The number of a server among those that share a store: another one after each start.
pub(super) fn node_id(server: u8, start: u8) -> u64 {
    1 + u64::from(server) + 10 * u64::from(start)
}

/// What servers that trust each other share.
const SECRET: &[u8] = b"the secret of a model";
/// How long a server remembers a session of another one without news: shorter than the default of an hour, whose phases would
/// be so many states more.
const REMOTE_LIFETIME: Duration = Duration::from_secs(60);
/// Attempts of one reconnection, fewer than the default of 10: it keeps the waits of a world whose only server is down few.
const ATTEMPTS_MAX: u32 = 3;
/// The delay before the last of them.
const DELAY_MAX: Duration = Duration::from_millis(500 << (ATTEMPTS_MAX - 1));
