//! The clients of a scenario.

use core::fmt;
use core::net::Ipv4Addr;
use core::time::Duration;

use serde::Serialize;
use socketio08::Transport;

/// `[clients]`, or one `[[clients.group]]` of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Clients {
    /// The name of a group in reports; empty for `[clients]` itself.
    pub name: String,
    /// How many there are; of all groups together, if there are groups.
    pub count: u32,
    /// When they arrive.
    pub arrival: Arrival,
    /// From when [`Clients::arrival`] counts, from the start of the run.
    pub arrive_from: Duration,
    /// The transports each tries, in its order; at least one.
    pub transports: Vec<Transport>,
    /// Where the client runs; `None`: where every transport works.
    pub platform: Option<Platform>,
    /// How the client behaves.
    pub profile: ClientProfile,
    /// What it does with its connection.
    pub behaviour: Behaviour,
    /// It is no client of Socket.IO at all, but asks a plain HTTP server for news this often (periodic polling).
    pub ask_every: Option<Duration>,
    /// How it comes back.
    pub reconnect: Reconnect,
    /// Whether a client keeps its TCP connections.
    pub connections: Connections,
    /// What each of its targets asks for besides the time, without question mark; `{client}` stands for its number. May be empty.
    pub query: String,
    /// Connections for requests that it has at most, websockets aside; further requests wait for one. From 1 to 1,000; as many as it
    /// has requests if absent.
    pub connections_max: Option<u32>,
    /// Whether it keeps cookies and sends them back.
    pub cookies: bool,
    /// Whether it asks for the application's page before it connects.
    pub page: bool,
    /// Where their source addresses come from.
    pub addresses: AddressBlock,
    /// How many different addresses they share, client `i` using address `i % n`; `None`: one each.
    pub addresses_count: Option<u32>,
    /// Uneven groups behind shared addresses: how many of each round of clients use each address; empty: none.
    pub addresses_shares: Vec<u32>,
    /// Addresses that change on the way.
    pub moves: Option<Moves>,
    /// The gap before each numbered message of each client, the first counted from its arrival; `None`: no messages.
    pub send_every: Option<Span>,
    /// Characters of each message.
    pub message_size: Sizes,
    /// Clients stop sending this long before the end, so that a message counted as lost is not merely on its way.
    pub quiet_at_end: Duration,
    /// A page that is in the background from some time on.
    pub background: Option<Background>,
    /// When and how a client leaves; `None`: it stays to the end.
    pub leaves: Option<Leaves>,
    /// Different sorts of clients in one population; empty: all are alike. Groups have no groups.
    pub groups: Vec<Clients>,
}

impl Clients {
    /// What a client of this group is like: the group, or `[clients]` itself if there are none.
    pub fn of(&self, group: usize) -> &Clients {
        self.groups.get(group).unwrap_or(self)
    }

    /// Every sort of client: the groups, or `[clients]` itself.
    pub fn sorts(&self) -> impl Iterator<Item = &Clients> {
        let alone = self.groups.is_empty().then_some(self);
        alone.into_iter().chain(&self.groups)
    }
}

/// `behaviour`: what a client does with its connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// It sends numbered messages, if it is to.
    Messages,
    /// It makes the connection test, says whether it worked, and leaves.
    ConnectionTest,
}

/// When clients arrive, from [`Clients::arrive_from`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Arrival {
    /// `arrive_every`: client `i` arrives at `i` times this; zero is a burst.
    Every(Duration),
    /// `arrive_over`: evenly over this long, client `i` of `n` at `i / n` of it.
    Over(Duration),
    /// `arrive_mean`: at random with this mean gap (a Poisson process), drawn from a stream of its own.
    Mean(Duration),
    /// `arrive_phases`: one after the other.
    Phases(Vec<Phase>),
}

/// One of `arrive_phases`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Phase {
    /// When it begins, from [`Clients::arrive_from`].
    pub at: Duration,
    /// How many arrive in it.
    pub count: u32,
    /// How; never phases again.
    pub arrival: Arrival,
}

/// Two bounds, drawn evenly between them; equal bounds are fixed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// The least.
    pub min: Duration,
    /// The most.
    pub max: Duration,
}

impl Span {
    /// Always this long.
    pub const fn fixed(duration: Duration) -> Self {
        Self { min: duration, max: duration }
    }
}

/// Two bounds in characters, drawn evenly between them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sizes {
    /// The least.
    pub min: u32,
    /// The most.
    pub max: u32,
}

/// `browser`, `origin` and `flash`: where a client runs, judged by `crate::browser`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Platform {
    /// The browser.
    pub browser: crate::browser::Browser,
    /// Where its page comes from.
    pub origin: PageOrigin,
    /// A Flash player of version 10 is installed.
    pub flash: bool,
}

/// `origin`: where the page of a client comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PageOrigin {
    /// From the host and port of Socket.IO.
    Same,
    /// From another host.
    Cross,
    /// From that host over TLS, while Socket.IO has none.
    Secure,
}

/// `reconnect`: how a lost connection is made again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reconnect {
    /// Before the first attempt; each further one waits twice as long.
    pub delay: Duration,
    /// The longest delay; `None`: none in the genuine client, 30 s in the improved one.
    pub cap: Option<Duration>,
    /// How many attempts are made.
    pub attempts: u32,
    /// Thousandths of each delay that are drawn (improved profile): 1000 spreads attempts over the whole delay.
    pub jitter: u16,
}

/// `moves`: a client's address changes on the way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Moves {
    /// Between two changes of one client, the first counted from its arrival.
    pub every: Span,
    /// What becomes of its connections.
    pub connections: Death,
}

/// What a client learns of the death of its connections. Neither the balancer nor a server learns of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Death {
    /// Nothing.
    Silent,
    /// Its system ends them at once.
    Reset,
}

/// `background`: a page in the background.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Background {
    /// How long after its arrival a client goes there.
    pub after: Duration,
    /// Its page runs only at multiples of this from then on.
    pub every: Duration,
    /// What waits for that.
    pub delays: Delays,
}

/// `delays`: what a page in the background does late.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Delays {
    /// Its timers; what comes from the network is handled at once (browsers on desks).
    Timers,
    /// Everything: it handles no response, and polls again only then (browsers on telephones).
    All,
}

/// `leaves`: the end of a client's visit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Leaves {
    /// How long after its arrival.
    pub after: Span,
    /// How.
    pub how: Leaving,
}

/// `how`: how a client leaves.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Leaving {
    /// It disconnects, and closes its connections a second later.
    Clean,
    /// Its page is closed: connections end, and what 0.8.7 means to say is not said (facts 10.14).
    Unload,
    /// Its machine is gone: no connection ends, nothing is ever said again.
    Silent,
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

impl Default for Clients {
    fn default() -> Self {
        Self {
            name: String::new(),
            count: 40,
            arrival: Arrival::Every(Duration::from_millis(50)),
            arrive_from: Duration::ZERO,
            transports: vec![Transport::XhrPolling],
            platform: None,
            profile: ClientProfile::Genuine,
            behaviour: Behaviour::Messages,
            ask_every: None,
            reconnect: Reconnect::default(),
            connections: Connections::KeepAlive,
            query: String::new(),
            connections_max: None,
            cookies: true,
            page: false,
            addresses: AddressBlock { network: Ipv4Addr::new(127, 0, 1, 0), prefix: 24 },
            addresses_count: None,
            addresses_shares: Vec::new(),
            moves: None,
            send_every: None,
            message_size: Sizes::default(),
            quiet_at_end: Duration::ZERO,
            background: None,
            leaves: None,
            groups: Vec::new(),
        }
    }
}

impl Default for Reconnect {
    /// The options of the genuine client (facts 10.9), and the whole delay drawn.
    fn default() -> Self {
        Self { delay: Duration::from_millis(500), cap: None, attempts: 10, jitter: 1_000 }
    }
}
