//! The balancer of a scenario.

use core::time::Duration;

use serde::Serialize;

use super::ServerIx;
use super::proxy::Route;
use super::stick::{Cookie, Stick};

/// `[balancer]`: HAProxy 2.6 or nginx 1.22, in the words of HAProxy as far as it has any.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a configuration file, one key each")]
pub struct Balancer {
    /// Which program it is.
    pub kind: BalancerKind,
    /// What only nginx has.
    pub nginx: Nginx,
    /// The machine of a cluster.
    pub cluster: Cluster,
    /// Where requests go that do not go to the Socket.IO servers, the first rule that fits.
    pub routes: Vec<Route>,
    /// What is balanced.
    pub mode: BalancerMode,
    /// What happens to the server's side of a connection after a response (http mode).
    pub option: HttpOption,
    /// Whose requests may use a connection to a server that was kept.
    pub http_reuse: HttpReuse,
    /// A request goes to the server of the last one while the client's connection has one of its own there
    /// (`option prefer-last-server`).
    pub prefer_last_server: bool,
    /// Which server is chosen.
    pub balance: Balance,
    /// How a hash is mapped to a server.
    pub hash_type: HashType,
    /// How a text is hashed.
    pub hash_function: HashFunction,
    /// `uri`: how many slashes of the path count; `None`: all.
    pub uri_depth: Option<u32>,
    /// `uri`: whether the query counts too.
    pub uri_whole: bool,
    /// `url_param`: the name of the parameter.
    pub param: Option<String>,
    /// `hdr`: the name of the header.
    pub header: Option<String>,
    /// How many servers `random` draws before it takes the one with the fewest connections; 1 to 10.
    pub random_draws: u32,
    /// The weight of each server, 0 to 256; empty: all 1.
    pub weights: Vec<u32>,
    /// Servers that are only used when no other is left.
    pub backup: Vec<ServerIx>,
    /// How long a server that was down takes to have its whole weight; zero: no time.
    pub slowstart: Duration,
    /// Cookie stickiness.
    pub cookie: Option<Cookie>,
    /// A stick table.
    pub stick: Option<Stick>,
    /// Requests (http mode) or connections (tcp mode) in progress on one server at most; more wait.
    pub maxconn: Option<u32>,
    /// What does not end in time.
    pub timeouts: Timeouts,
    /// Whether connections begin with a line of the PROXY protocol that tells the client's address.
    pub accept_proxy: bool,
    /// Whether connections to servers begin with such a line.
    pub send_proxy: bool,
    /// Whether requests tell the client's address in X-Forwarded-For.
    pub forwardfor: bool,
    /// How often a refused connection is tried again, one second apart on the same server.
    pub retries: u32,
    /// Whether a retry may choose again.
    pub redispatch: Redispatch,
    /// Health checks; `None`: every server counts as up for ever.
    pub check: Option<Check>,
}

/// `timeouts`: how long the balancer waits; `None`: for ever.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Timeouts {
    /// For a connection to a server to open.
    pub connect: Option<Duration>,
    /// For a server to begin its response, and to go on with it; of a tunnel too, if `tunnel` is `None`.
    pub server: Option<Duration>,
    /// For either side of a tunnel (a websocket, or any connection in tcp mode) to say something.
    pub tunnel: Option<Duration>,
    /// For a client's first request.
    pub http_request: Option<Duration>,
    /// For a client's next request on a connection that it keeps.
    pub http_keep_alive: Option<Duration>,
    /// For a place on a server when all are full; `None`: as long as `connect`.
    pub queue: Option<Duration>,
}

/// `kind`: which program balances.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BalancerKind {
    /// HAProxy 2.6.
    Haproxy,
    /// nginx 1.22.
    Nginx,
    /// Nobody: the servers are workers that share one port.
    Cluster,
    /// Nothing: there is one server.
    None,
}

/// `nginx`: what only nginx has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Nginx {
    /// `proxy_http_version` is 1.1.
    pub http11: bool,
    /// The Upgrade header is passed on.
    pub upgrade: bool,
    /// What `hash` hashes.
    pub key: NginxKey,
    /// After this many failures a server is left out; 0: never.
    pub max_fails: u32,
    /// For how long, in whole seconds.
    pub fail_timeout: Duration,
    /// Whether a request that a server failed is tried on the next one.
    pub next_upstream: bool,
    /// The port of `s1`; the others follow. `hash` consistent hashes addresses and ports of servers.
    pub first_port: u16,
}

impl Nginx {
    /// Whether a websocket comes through: HTTP/1.0 knows no upgrades.
    pub const fn upgrades(self) -> bool {
        self.http11 && self.upgrade
    }
}

impl Default for Nginx {
    fn default() -> Self {
        Self {
            http11: true,
            upgrade: true,
            key: NginxKey::Source,
            max_fails: 1,
            fail_timeout: Duration::from_secs(10),
            next_upstream: true,
            first_port: 10_401,
        }
    }
}

/// `key`: what nginx's `hash` hashes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NginxKey {
    /// `$remote_addr`.
    Source,
    /// `$uri`.
    Uri,
}

impl BalancerKind {
    /// Whether a program stands between the clients and the servers.
    pub const fn stands(self) -> bool {
        matches!(self, Self::Haproxy | Self::Nginx)
    }
}

/// `cluster`: the machine whose workers share a port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cluster {
    /// Its processors.
    pub cores: u32,
    /// How long its scheduler remembers who has run.
    pub memory: Duration,
}

impl Default for Cluster {
    /// Two processors, as in the recordings; 6 ms, the bonus of sleepers in Linux's scheduler for two processors.
    fn default() -> Self {
        Self { cores: 2, memory: Duration::from_millis(6) }
    }
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
    /// Kept and reused.
    KeepAlive,
    /// Closed (`option http-server-close`).
    ServerClose,
}

/// `http_reuse`: whose requests may use a connection to a server that was kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HttpReuse {
    /// Anybody's, a client's first request only if the connection has been reused before (the default of HAProxy 2.6).
    Safe,
    /// Those of the client's connection that it was opened for, and it ends with that one.
    Never,
}

/// `balance`: how a server is chosen among those that are up.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Balance {
    /// Each in turn, by weight.
    RoundRobin,
    /// Each in turn, by a map of the weights that is filled once.
    #[serde(rename = "static-rr")]
    StaticRr,
    /// By the client's source address.
    Source,
    /// By the path of the request.
    Uri,
    /// By a parameter of the query; in turn without it.
    #[serde(rename = "url_param")]
    UrlParam,
    /// By a header; in turn without it.
    Hdr,
    /// The one with the fewest requests (http) or connections (tcp) in progress for its weight; ties go round.
    LeastConn,
    /// Drawn.
    Random,
    /// nginx: by the first three octets of the source address.
    #[serde(rename = "ip_hash")]
    IpHash,
    /// nginx: by a key.
    Hash,
}

impl Balance {
    /// Whether a server is chosen by a hash of something.
    pub const fn is_hash(self) -> bool {
        matches!(self, Self::Source | Self::Uri | Self::UrlParam | Self::Hdr)
    }

    /// Whether nginx has it; the others are HAProxy's.
    pub const fn is_of_nginx(self) -> bool {
        matches!(self, Self::RoundRobin | Self::LeastConn | Self::IpHash | Self::Hash)
    }

    /// Whether HAProxy has it.
    pub const fn is_of_haproxy(self) -> bool {
        !matches!(self, Self::IpHash | Self::Hash)
    }

    /// Whether the choice needs the head of a request.
    pub const fn needs_head(self) -> bool {
        matches!(self, Self::Uri | Self::UrlParam | Self::Hdr)
    }
}

/// `hash_type`: from a hash to a server. The hash of an address is the address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HashType {
    /// The hash modulo the sum of the weights of the servers that are up.
    MapBased,
    /// The same after HAProxy's full avalanche.
    MapBasedAvalanche,
    /// A ring of 16 points for each server and unit of weight, after the full avalanche.
    Consistent,
    /// The same ring without the avalanche (`hash-type consistent sdbm`).
    ConsistentPlain,
}

/// `hash_function`: from a text to a hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HashFunction {
    /// HAProxy's default.
    Sdbm,
    /// By Bernstein.
    Djb2,
    /// By Torrez.
    Wt6,
    /// CRC-32.
    Crc32,
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

impl Default for Balancer {
    fn default() -> Self {
        Self {
            kind: BalancerKind::Haproxy,
            nginx: Nginx::default(),
            cluster: Cluster::default(),
            routes: Vec::new(),
            mode: BalancerMode::Http,
            option: HttpOption::KeepAlive,
            http_reuse: HttpReuse::Safe,
            prefer_last_server: false,
            balance: Balance::RoundRobin,
            hash_type: HashType::MapBased,
            hash_function: HashFunction::Sdbm,
            uri_depth: None,
            uri_whole: false,
            param: None,
            header: None,
            random_draws: 2,
            weights: Vec::new(),
            backup: Vec::new(),
            slowstart: Duration::ZERO,
            cookie: None,
            stick: None,
            maxconn: None,
            timeouts: Timeouts::default(),
            accept_proxy: false,
            send_proxy: false,
            forwardfor: false,
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
