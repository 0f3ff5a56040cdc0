//! The balancer of a scenario.

use core::time::Duration;

use serde::Serialize;

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
