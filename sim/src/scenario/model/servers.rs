//! The servers of a scenario.

use core::fmt;
use core::time::Duration;

use serde::Serialize;

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
    /// Which servers send them.
    pub broadcast_by: BroadcastBy,
    /// The cookie that the application's page sets on a client that has none of that name.
    pub page_cookie: Option<String>,
    /// Who answers requests outside `/socket.io`.
    pub other_paths: OtherPaths,
    /// From the start of a process until it listens; those that run from the beginning listen from the beginning.
    pub start_time: Duration,
    /// What the server's only processor spends.
    pub cost: ServerCost,
}

/// `store`: where a server keeps its sessions.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// In its own memory: no other server knows them.
    Memory,
    /// Through Redis, as the Redis store of 0.8.7 does: every server knows every session.
    Redis,
    /// In the memory of the server that the session id names: every other one forwards to it.
    Routed,
    /// In the memory of the server that was asked last, and in a store that all share while nobody has it.
    Portable,
}

impl Store {
    /// As in the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::Routed => "routed",
            Self::Portable => "portable",
        }
    }

    /// Whether the servers share a Redis.
    pub const fn has_redis(self) -> bool {
        matches!(self, Self::Redis | Self::Portable)
    }
}

/// `broadcast_by`: who sends the numbered messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BroadcastBy {
    /// Every server: without a shared store each reaches its own clients.
    All,
    /// `s1`: with a shared store that reaches everybody.
    First,
}

/// `other_paths`: who answers requests that are not Socket.IO's.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OtherPaths {
    /// The server's own application.
    Own,
    /// The second stack: the server is a proxy in front of it, as node-http-proxy makes it.
    App,
}

/// Processor time of one server (a Node process has one thread, so work queues); zero is free.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServerCost {
    /// `request_cost`: for each HTTP request (`tables-2.md` X: 13,700 to 15,400 requests per CPU second).
    pub request: Duration,
    /// `message_cost`: for each websocket message that comes, or piece of what owners of sessions and Redis say.
    pub message: Duration,
    /// `send_cost`: for each websocket message or piece of a stream that it writes.
    pub send: Duration,
    /// `connection_cost`: for each TCP connection.
    pub connection: Duration,
    /// `open_cost`: for each session that gets its first transport, over the cost of its requests.
    pub open: Duration,
    /// `open_cost_per_1000`: for each session that gets its first transport, and each thousand that are open then.
    pub open_per_1000: Duration,
}

impl ServerCost {
    /// What it costs to open a session beside so many.
    pub fn opening(&self, sessions: usize) -> Duration {
        let sessions = u32::try_from(sessions).unwrap_or(u32::MAX);
        self.open + self.open_per_1000 / 1_000 * sessions
    }
}

/// A server by its place in the pool, counting from zero; shown as `s1`, `s2`, ...
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServerIx(pub usize);

impl ServerIx {
    /// The server of that name.
    pub fn named(name: &str) -> Option<Self> {
        let number: usize = name.strip_prefix('s')?.parse().ok()?;
        number.checked_sub(1).map(Self).filter(|server| server.to_string() == name)
    }
}

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

impl Default for Servers {
    fn default() -> Self {
        Self {
            count: 4,
            store: Store::Memory,
            broadcast_every: None,
            broadcast_first: Duration::from_millis(350),
            broadcast_by: BroadcastBy::All,
            page_cookie: None,
            other_paths: OtherPaths::Own,
            start_time: Duration::ZERO,
            cost: ServerCost::default(),
        }
    }
}

impl Default for ServerCost {
    fn default() -> Self {
        Self {
            request: Duration::from_micros(69),
            message: Duration::from_micros(9),
            send: Duration::from_micros(14),
            connection: Duration::from_micros(10),
            open: Duration::from_micros(62),
            open_per_1000: Duration::from_micros(30),
        }
    }
}
