//! The figures of one run, in the order of the JSON.

use serde::Serialize;
use socketio08::Instant;

use super::connection_tests::TestFigures;
use super::impact::Impact;
use super::life::LifeFigures;
use crate::scenario::ServerIx;
use crate::world::redis::{self, Commands, Holding};

/// Median, 95th and 99th percentile and maximum, by nearest rank; in the unit the name of the figure says.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Spread {
    /// Half are not above this.
    pub median: u64,
    /// 95 of 100 are not above this.
    pub p95: u64,
    /// 99 of 100 are not above this.
    pub p99: u64,
    /// None is above this.
    pub max: u64,
}

/// The spread of `values`; `None` if there are none.
pub fn spread(mut values: Vec<u64>) -> Option<Spread> {
    values.sort_unstable();
    let rank = |per_cent: usize| {
        let rank = (values.len() * per_cent).div_ceil(100);
        values.get(rank.saturating_sub(1)).copied()
    };
    Some(Spread { median: rank(50)?, p95: rank(95)?, p99: rank(99)?, max: *values.last()? })
}

/// What became of the clients.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct ClientFigures {
    /// How many arrived.
    pub total: u32,
    /// How many were connected at some time.
    pub ever_connected: u32,
    /// How many were connected when the run ended.
    pub connected_at_end: u32,
    /// How many of those had their present session for 5 s or longer.
    pub stable_5s: u32,
    /// How many gave up their first connection.
    pub connect_failed: u32,
    /// How many gave up reconnecting.
    pub reconnect_failed: u32,
    /// How many left of their own accord before the end.
    pub left: u32,
    /// How many lost a connection at some time.
    pub ever_disconnected: u32,
}

/// Opens (polls and websocket upgrades that reached a server) and how many met a server that did not know the session.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Opens {
    /// All.
    pub total: u64,
    /// Answered `7:::1+0`.
    pub rejected: u64,
}

impl Opens {
    /// The part rejected, from 0 to 1; 0 without opens.
    pub fn fraction(self) -> f64 {
        fraction(self.rejected, self.total)
    }
}

/// Handshakes that gave a client a session.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Handshakes {
    /// All.
    pub total: u64,
    /// For each client.
    pub per_client: Option<Spread>,
}

/// What became of numbered messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Delivery {
    /// Up: sent by clients' applications. Down: ticks that were sent while the client had ever been connected.
    pub sent: u64,
    /// Received at least once.
    pub received: u64,
    /// Never received.
    pub lost: u64,
    /// Further copies received.
    pub duplicated: u64,
}

/// The load of one server.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ServerFigures {
    /// `s1`, `s2`, ...
    pub name: ServerIx,
    /// Clients whose last connection was made here.
    pub clients: u32,
    /// Polls and upgrades that came here.
    pub opens: u64,
    /// Of those, for sessions it did not know.
    pub rejected: u64,
    /// Sessions it issued.
    pub handshakes: u64,
    /// What it held at the end; of a server that was down then, when it was looked at last. Only the direct engine looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<Holding>,
}

/// What the Redis that servers share was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct RedisFigures {
    /// The commands it executed.
    #[serde(flatten)]
    pub commands: Commands,
    /// Channels that somebody was subscribed to at the end.
    pub channels: u64,
    /// Portable sessions that it kept at the end.
    #[serde(skip_serializing_if = "redis::is_zero")]
    pub records: u64,
    /// The bytes of their names and texts.
    #[serde(skip_serializing_if = "redis::is_zero")]
    pub record_bytes: u64,
}

/// Everything a trace says in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The clients.
    pub clients: ClientFigures,
    /// Every open.
    pub opens: Opens,
    /// The first open of each session.
    pub first_opens: Opens,
    /// Opens that a session needed until one connected it, over the sessions connected.
    pub polls_to_connect_mean: Option<f64>,
    /// Handshakes.
    pub handshakes: Handshakes,
    /// Times `1::` reached a client.
    pub connects: u64,
    /// Times a client came back.
    pub reconnects: u64,
    /// For each client that lost a connection, all its time without one until the end of the run.
    pub outage_ms: Option<Spread>,
    /// Each loss that ended in a connection, by itself.
    pub outage_each_ms: Option<Spread>,
    /// From a client's start to its first connection.
    pub first_connect_ms: Option<Spread>,
    /// Client to server.
    pub up: Delivery,
    /// Server to client.
    pub down: Delivery,
    /// POSTs for a session the server did not know: answered `1`, and the messages in them dropped.
    pub posts_swallowed: u64,
    /// Rejected opens whose session another living server knew.
    pub rejected_elsewhere: u64,
    /// The most transports one client held open at once.
    pub live_sessions_per_client_max: u32,
    /// Clients that held more than one transport open at the end.
    pub clients_with_several_sessions: u32,
    /// Answers of the balancer itself.
    pub balancer_errors: u64,
    /// How often a Flash player asked for the policy file in vain.
    pub policies_refused: u64,
    /// The connection tests, if clients made some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<TestFigures>,
    /// What the clients lived through.
    pub life: LifeFigures,
    /// Each server.
    pub servers: Vec<ServerFigures>,
    /// What the Redis that servers share has executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<RedisFigures>,
    /// Each fault and deploy action, and what it did to the clients.
    pub impacts: Vec<Impact>,
}

/// `part` of `whole`; 0 of nothing.
pub(super) fn fraction(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let (part, whole) = (part as f64, whole as f64);
    part / whole
}

/// `part` of `whole` for people: `0 %`, `76 %`, but never `0 %` for some or `100 %` for not all.
pub fn per_cent(part: u64, whole: u64) -> String {
    let exact = fraction(part, whole) * 100.0;
    match exact {
        _ if part == 0 => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        _ if exact < 1.0 => "<1 %".to_owned(),
        _ if exact > 99.0 => ">99 %".to_owned(),
        _ => format!("{exact:.0} %"),
    }
}

/// Whole milliseconds between two instants.
pub(super) fn millis(from: Instant, to: Instant) -> u64 {
    u64::try_from((to - from).as_micros() / 1_000).unwrap_or(u64::MAX)
}
