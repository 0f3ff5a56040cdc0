//! The clients of a scenario.

use core::fmt;
use core::net::Ipv4Addr;
use core::time::Duration;

use serde::Serialize;
use socketio08::Transport;

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
