//! What stands in front of the balancer, the second stack, and where TLS ends.

use core::fmt;
use core::net::Ipv4Addr;
use core::time::Duration;

use serde::Serialize;

use super::balancer::{Balance, BalancerMode};

/// `[[proxy]]`: one hop in front of `[balancer]`; the first of them is where clients connect.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the programs that this describes")]
pub struct Proxy {
    /// The name in routes.
    pub name: String,
    /// What it is.
    pub kind: ProxyKind,
    /// What it passes on: each request, or each connection.
    pub mode: BalancerMode,
    /// The address from which it connects to the next hop.
    pub address: Ipv4Addr,
    /// Whether connections to it begin with a line of the PROXY protocol.
    pub accept_proxy: bool,
    /// Whether its connections to the next hop begin with one.
    pub send_proxy: bool,
    /// Whether requests tell the client's address in X-Forwarded-For.
    pub forwardfor: bool,
    /// nginx: whether it passes upgrades on (HTTP/1.1 to the next hop, with the Upgrade header).
    pub upgrade: bool,
    /// Where requests go, the first rule that fits; none fits: to the next hop.
    pub routes: Vec<Route>,
}

/// `kind`: what a proxy is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyKind {
    /// Ends TLS and copies bytes.
    Stunnel,
    /// HAProxy.
    Haproxy,
    /// nginx.
    Nginx,
}

/// `[[proxy.route]]`, `[[balancer.route]]`: a rule; what it does not name fits anything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// The path begins so.
    pub path: Option<String>,
    /// The request has this header.
    pub header: Option<String>,
    /// The request asks for an upgrade, or does not.
    pub upgrade: Option<bool>,
    /// Where it goes.
    pub to: Destination,
}

/// `to`: where a request goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Destination {
    /// The pool of Socket.IO servers.
    Servers,
    /// The second stack.
    App,
    /// The balancer.
    Balancer,
    /// A proxy later in the chain, by its place in the list.
    Proxy(usize),
    /// Nowhere: 403 (`http-request deny`).
    Deny,
    /// Nowhere: the connection is closed (`tcp-request content reject`).
    Reject,
}

/// `[app]`: the second stack.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct App {
    /// How many servers: `a1` to `aM`.
    pub count: u32,
    /// Processor time of one request.
    pub cost: Duration,
    /// How one of them is chosen.
    pub balance: Balance,
}

/// `[tls]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tls {
    /// Where it ends.
    pub at: TlsAt,
    /// Round trips of a handshake, after that of TCP.
    pub round_trips: u32,
    /// Processor time of a handshake, where TLS ends.
    pub cost: Duration,
}

/// `at`: where TLS ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsAt {
    /// There is none.
    None,
    /// At the first proxy.
    Terminator,
    /// At the Socket.IO server itself.
    Server,
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: ProxyKind::Haproxy,
            mode: BalancerMode::Http,
            address: Ipv4Addr::LOCALHOST,
            accept_proxy: false,
            send_proxy: false,
            forwardfor: false,
            upgrade: false,
            routes: Vec::new(),
        }
    }
}

impl Default for App {
    fn default() -> Self {
        Self { count: 1, cost: Duration::from_millis(1), balance: Balance::RoundRobin }
    }
}

impl Default for Tls {
    /// A full handshake of TLS 1.0 to 1.2 takes two round trips. 1,500 of them with a key of 1024 bits took a second of one
    /// core of the time (A. Langley, "Overclocking SSL", 2010).
    fn default() -> Self {
        Self { at: TlsAt::None, round_trips: 2, cost: Duration::from_micros(667) }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Servers => f.write_str("servers"),
            Self::App => f.write_str("app"),
            Self::Balancer => f.write_str("balancer"),
            Self::Proxy(place) => write!(f, "proxy {}", place + 1),
            Self::Deny => f.write_str("deny"),
            Self::Reject => f.write_str("reject"),
        }
    }
}
