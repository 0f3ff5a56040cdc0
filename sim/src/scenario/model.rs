//! The data of a scenario. Every default is in the `Default` of its table and documented in `docs/SCENARIOS.md`.

use core::fmt;
use core::net::Ipv4Addr;
use core::time::Duration;

use serde::Serialize;
use socketio08::Transport;

/// A world and how long it runs. Valid by construction when it comes from [`Scenario::parse`]: counts are not zero,
/// servers named by faults exist, addresses are enough, and everything that is planned happens before the end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scenario {
    /// The name, as `sio08 list` shows it.
    pub name: String,
    /// The question the scenario answers, in one line; may be empty.
    pub question: String,
    /// How long the world runs, from the arrival of the first client.
    pub duration: Duration,
    /// The clients.
    pub clients: Clients,
    /// The balancer.
    pub balancer: Balancer,
    /// The pool of servers.
    pub servers: Servers,
    /// The network between them.
    pub network: Network,
    /// Faults, in the order of the file.
    pub faults: Vec<Fault>,
    /// The deploy, if there is one.
    pub deploy: Option<Deploy>,
}

/// `[clients]`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Clients {
    /// How many there are.
    pub count: u32,
    /// When they arrive.
    pub arrival: Arrival,
    /// The transports each tries, in its order; at least one.
    pub transports: Vec<Transport>,
    /// How the client behaves.
    pub profile: ClientProfile,
    /// Whether a client keeps its TCP connections.
    pub connections: Connections,
    /// Where their source addresses come from.
    pub addresses: AddressBlock,
    /// How many different addresses they share, client `i` using address `i % n`; `None`: one each.
    pub addresses_count: Option<u32>,
    /// One numbered message from each client this often, the first this long after its arrival; `None`: none.
    pub send_every: Option<Duration>,
    /// Clients stop sending this long before the end, so that a message counted as lost is not merely on its way.
    pub quiet_at_end: Duration,
}

/// When clients arrive, from the start of the run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Arrival {
    /// `arrive_every`: client `i` arrives at `i` times this; zero is a burst.
    Every(Duration),
    /// `arrive_over`: evenly over this long, client `i` of `n` at `i / n` of it.
    Over(Duration),
}

/// `profile`: how the simulated client behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum ClientProfile {
    /// `genuine-0.8.7`: with its faults (`docs/PROTOCOL.md`).
    #[serde(rename = "genuine-0.8.7")]
    Genuine,
    /// `genuine-0.9`: that of 0.9, with servers whose timers are those of 0.9 too.
    #[serde(rename = "genuine-0.9")]
    Genuine09,
    /// `improved`: ours.
    #[serde(rename = "improved")]
    Improved,
}

/// `connections`: what a client does with a TCP connection after a response.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connections {
    /// Keeps it for the next request, as browsers do.
    KeepAlive,
    /// One request for each connection, as the agent of Node 0.8 does.
    PerRequest,
}

/// `addresses`: an IPv4 block, `127.0.1.0/24`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AddressBlock {
    /// The first address of the block, the one that names the network.
    pub network: Ipv4Addr,
    /// The length of the prefix, 0 to 32.
    pub prefix: u8,
}

impl AddressBlock {
    /// How many addresses hosts can have: all but the first and last of the block, except in /31 and /32.
    pub fn hosts(self) -> u64 {
        let size = 1_u64 << (32 - u32::from(self.prefix.min(32)));
        if size > 2 { size - 2 } else { size }
    }

    /// Host address number `index`, counting from zero (`.1` in `127.0.1.0/24`); wraps around after the last.
    pub fn host(self, index: u32) -> Ipv4Addr {
        let first = u32::from(self.prefix < 31);
        let offset = u32::try_from(u64::from(index) % self.hosts()).unwrap_or(0);
        Ipv4Addr::from_bits(self.network.to_bits().wrapping_add(first).wrapping_add(offset))
    }
}

impl fmt::Display for AddressBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

/// `[balancer]`: HAProxy 2.6 in its own words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Balancer {
    /// What is balanced.
    pub mode: BalancerMode,
    /// What happens to the server's side of a connection after a response (http mode).
    pub option: HttpOption,
    /// Which server is chosen.
    pub balance: Balance,
    /// How `source` maps a hash to a server.
    pub hash_type: HashType,
    /// How many servers `random` draws before it takes the one with the fewest connections; 1 to 10.
    pub random_draws: u32,
    /// How often a refused connection is tried again, one second apart on the same server.
    pub retries: u32,
    /// Whether a retry may choose again.
    pub redispatch: Redispatch,
    /// Health checks; `None`: every server counts as up for ever.
    pub check: Option<Check>,
}

/// `mode`: what is balanced.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BalancerMode {
    /// Each request.
    Http,
    /// Each connection.
    Tcp,
}

/// `option`: the server's side of a connection after a response, in http mode.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpOption {
    /// Kept and reused (`http-reuse safe`, the default of HAProxy 2.6).
    KeepAlive,
    /// Closed (`option http-server-close`).
    ServerClose,
}

/// `balance`: how a server is chosen among those that are up.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Balance {
    /// Each in turn.
    RoundRobin,
    /// By the client's source address.
    Source,
    /// The one with the fewest requests (http) or connections (tcp) in progress; ties go round.
    LeastConn,
    /// Drawn.
    Random,
}

/// `hash_type`: from the source address to a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HashType {
    /// The address as an integer modulo the number of servers that are up.
    MapBased,
    /// The same after HAProxy's full avalanche.
    MapBasedAvalanche,
    /// A ring of 16 points for each server.
    Consistent,
}

/// `redispatch`: when a retry may choose a server again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Redispatch {
    /// `false`: never.
    Never,
    /// `true` (`option redispatch`): at the last retry.
    AtLastRetry,
    /// `n` (`option redispatch n`): whenever the number of retries left is a multiple of `n`; 1 is every retry.
    Every(u32),
}

/// `check`: health checks, one TCP connection each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Check {
    /// Between two checks of one server.
    pub inter: Duration,
    /// This many failures in a row mark a server down.
    pub fall: u32,
    /// This many successes in a row mark it up.
    pub rise: u32,
    /// How long before the first client the balancer started; it fixes the phase of the checks.
    pub started_before: Duration,
}

/// `[servers]`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Servers {
    /// How many there are: `s1` to `sN`.
    pub count: u32,
    /// Where sessions are kept.
    pub store: Store,
    /// One numbered message from each server to all its clients this often, all servers at once; `None`: none.
    pub broadcast_every: Option<Duration>,
    /// When the first of them is sent, from the start of the run.
    pub broadcast_first: Duration,
    /// What the server's only processor spends.
    pub cost: ServerCost,
}

/// `store`: where a server keeps its sessions.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// In its own memory: no other server knows them.
    Memory,
}

/// Processor time of one server (a Node process has one thread, so work queues); zero is free.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServerCost {
    /// `request_cost`: for each HTTP request (`tables-2.md` X: 13,700 to 15,400 requests per CPU second).
    pub request: Duration,
    /// `message_cost`: for each websocket message (`tables-2.md` X: 20 to 23 us for an echo).
    pub message: Duration,
}

/// `[network]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    /// One way, each hop.
    pub latency: Latency,
}

/// `latency`: one way, each hop; equal bounds are a fixed latency.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Latency {
    /// The least.
    pub min: Duration,
    /// The most; drawn evenly between them for each thing sent, which keep their order on a connection.
    pub max: Duration,
}

/// A server by its place in the pool, counting from zero; shown as `s1`, `s2`, ...
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServerIx(pub usize);

impl fmt::Display for ServerIx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0 + 1)
    }
}

impl Serialize for ServerIx {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How a server process is ended. The genuine server dies of either at once: it installs no handler.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum Signal {
    /// `kill`: SIGKILL.
    #[serde(rename = "SIGKILL")]
    Kill,
    /// `stop`: SIGTERM.
    #[serde(rename = "SIGTERM")]
    Term,
}

/// `[[fault]]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// When, from the start of the run.
    pub at: Duration,
    /// Which server.
    pub server: ServerIx,
    /// How.
    pub signal: Signal,
    /// How long it stays down; `None`: for ever.
    pub restart_after: Option<Duration>,
}

/// `[deploy]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deploy {
    /// When the first server is stopped.
    pub start: Duration,
    /// The plan.
    pub kind: DeployKind,
    /// How long each server is down.
    pub down: Duration,
    /// From the stop of one server to the stop of the next.
    pub gap: Duration,
    /// How each server is ended.
    pub signal: Signal,
}

/// `kind`: the plan of a deploy.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeployKind {
    /// Each server in turn.
    Rolling,
}

impl Default for Clients {
    fn default() -> Self {
        Self {
            count: 40,
            arrival: Arrival::Every(Duration::from_millis(50)),
            transports: vec![Transport::XhrPolling],
            profile: ClientProfile::Genuine,
            connections: Connections::KeepAlive,
            addresses: AddressBlock { network: Ipv4Addr::new(127, 0, 1, 0), prefix: 24 },
            addresses_count: None,
            send_every: None,
            quiet_at_end: Duration::ZERO,
        }
    }
}

impl Default for Balancer {
    fn default() -> Self {
        Self {
            mode: BalancerMode::Http,
            option: HttpOption::KeepAlive,
            balance: Balance::RoundRobin,
            hash_type: HashType::MapBased,
            random_draws: 2,
            retries: 3,
            redispatch: Redispatch::Never,
            check: None,
        }
    }
}

impl Default for Check {
    /// HAProxy's own defaults; `started_before` is where the measured runs stood (`docs/SCENARIOS.md`).
    fn default() -> Self {
        Self { inter: Duration::from_secs(2), fall: 3, rise: 2, started_before: Duration::from_secs(1) }
    }
}

impl Default for Servers {
    fn default() -> Self {
        Self {
            count: 4,
            store: Store::Memory,
            broadcast_every: None,
            broadcast_first: Duration::from_millis(350),
            cost: ServerCost::default(),
        }
    }
}

impl Default for ServerCost {
    fn default() -> Self {
        Self { request: Duration::from_micros(69), message: Duration::from_micros(20) }
    }
}

impl Default for Network {
    fn default() -> Self {
        let latency = Duration::from_micros(200);
        Self { latency: Latency { min: latency, max: latency } }
    }
}
