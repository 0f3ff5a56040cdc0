//! The applications of the simulated world: a server that ticks and counts, and clients that send numbered messages.
//! Both engines run them, so both count alike.

mod connection_test;
mod member;
mod periodic;
mod pool;

use socketio08::client::{ClientBehaviour, ClientConfig};
use socketio08::server::ServerConfig;
use socketio08::{Profile, Text, Transport};
use socketio08_tokio::IdSource;

pub use self::connection_test::{LAST, LETTERS, PATIENCE, QUIET};
pub use self::member::MemberApplication;
pub use self::periodic::PlainRequest;
pub use self::pool::PoolApplication;
use crate::scenario::{self, Clients, Scenario, ServerIx, Store};
use crate::trace::ClientId;
use crate::world::population;
use crate::world::redis;
use crate::world::seed::{Seed, Stream};
use crate::world::sharing;

/// The configuration of a client of one sort.
pub fn client_config(sort: &Clients, client: ClientId) -> ClientConfig {
    let can = population::can(sort);
    let release = match sort.profile {
        scenario::ClientProfile::Genuine09 => Profile::V0_9,
        scenario::ClientProfile::Genuine | scenario::ClientProfile::Improved => Profile::V0_8_7,
    };
    ClientConfig::for_profile(release)
        .behaviour(match sort.profile {
            scenario::ClientProfile::Genuine | scenario::ClientProfile::Genuine09 => ClientBehaviour::Genuine,
            scenario::ClientProfile::Improved => ClientBehaviour::Improved,
        })
        .query(Text::from(sort.query.replace("{client}", &(client.0 + 1).to_string())))
        .transports(sort.transports.clone())
        .available(can.available)
        .script_handshake(can.script_handshake)
        .reconnection_delay(sort.reconnect.delay)
        .reconnection_limit(sort.reconnect.cap)
        .max_reconnection_attempts(sort.reconnect.attempts)
}

/// The configuration of every server of a scenario: the defaults of 0.8.7, or of 0.9 if there are clients of 0.9, which cut
/// servers of 0.8.7 off between two heartbeats; with flashsocket if a client is to use it. It is that of process number `start` (0 is
/// the first) of `server`.
pub fn server_config(scenario: &Scenario, server: ServerIx, start: u32) -> ServerConfig {
    let newer = |sort: &Clients| sort.profile == scenario::ClientProfile::Genuine09;
    let release = if scenario.clients.sorts().any(newer) { Profile::V0_9 } else { Profile::V0_8_7 };
    let mut config = ServerConfig::for_profile(release);
    config.store = redis::store(scenario, server, start);
    config.routing = sharing::routing(scenario, server);
    // Servers of 0.9 have none (measured, `peers/stack/ghost.js`), and ours alone are routed or portable.
    config.ghosts =
        release == Profile::V0_8_7 && matches!(scenario.servers.store, Store::Memory | Store::Redis);
    let flash = |sort: &Clients| sort.transports.contains(&Transport::Flashsocket);
    if scenario.clients.sorts().any(flash) && !config.transports.contains(&Transport::Flashsocket) {
        config.transports.push(Transport::Flashsocket);
    }
    config
}

/// Session ids of one server process: decimal digits as 0.8.7 makes them, drawn from the seed.
#[derive(Clone, Debug)]
pub struct SeededIds {
    stream: Stream,
}

impl SeededIds {
    /// The ids of process number `start` (0 is the first) of `server`.
    pub fn new(seed: Seed, server: ServerIx, start: u32) -> Self {
        Self { stream: seed.stream(&format!("servers/{}/{start}/ids", server.0)) }
    }
}

impl IdSource for SeededIds {
    fn next_id(&mut self) -> Option<Text> {
        Some(Text::from(format!("{}{}", self.stream.next_u32(), self.stream.next_u32())))
    }
}
