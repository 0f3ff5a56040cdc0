//! The laws of a server under any calls, good and bad, in any order: alone, in a pool, and with each of the stores.

mod carrier;
mod operation;

use socketio08::server::{
    NodeName, PortableConfig, RedisConfig, RoutedConfig, Routing, Server, ServerConfig, SharedKey, Store,
};
use socketio08::{Instant, Limits, Profile, Text};

use super::draws::Draws;
use carrier::Carrier;
use operation::Operation;

/// The sessions that were open after each call, counted together, of the calls that `bytes` stand for. They are made on two servers: equal calls give equal outputs and equal states, what is drained is
/// empty, no deadline is left behind, a repeated timeout changes nothing, limits hold, and every exchange is answered as its
/// carrier can: once, and nothing after the end.
pub fn server_operations(bytes: &[u8]) -> usize {
    let mut draws = Draws::new(bytes);
    let server = Server::new(config(&mut draws), Instant::ZERO);
    let mut run = Run { twin: server.clone(), server, now: Instant::ZERO, carrier: Carrier::default() };
    // What a server with a store does first.
    run.drain();
    let mut opened = 0;
    while !draws.is_over() {
        run.step(&mut draws);
        opened += run.server.sessions().count();
    }
    opened
}

fn config(draws: &mut Draws<'_>) -> ServerConfig {
    let profile = draws.pick(&Profile::ALL);
    let choice = draws.byte();
    let key = || SharedKey::new(&[3; 32]).unwrap_or_else(|weak| panic!("{weak}"));
    let name = |name| NodeName::new(name).unwrap_or_else(|bad| panic!("{bad}"));
    let mut config = ServerConfig::for_profile(profile)
        .endpoints(vec![Text::from("/chat"), Text::from("/news")])
        .guarded_endpoints(vec![Text::from("/vip")])
        .heartbeats(choice & 8 == 0);
    config = match choice % 8 {
        0 => config.routing(Routing::Routed(
            RoutedConfig::new(name("a"), vec![name("b"), name("c")], key()).forwards_max(4),
        )),
        1 => config.store(Store::Portable(PortableConfig::new(1, 1_322_000_000_000, key()))),
        2 => config.store(Store::Redis(RedisConfig::new(1, 0))),
        3 => config.store(Store::Redis(RedisConfig::new(1, 0).faults(true))),
        _ => config,
    };
    if choice & 16 != 0 { config.limits(small_limits()) } else { config }
}

fn small_limits() -> Limits {
    Limits::default()
        .payload_len_max(60)
        .payload_packets_max(3)
        .outbox_packets_max(4)
        .outbox_len_max(200)
        .pending_acks_max(2)
        .endpoints_max(1)
        .rooms_max(2)
        .sessions_max(4)
        .session_exchanges_max(3)
}

struct Run {
    server: Server,
    /// A clone of `server` that is called as it is.
    twin: Server,
    now: Instant,
    carrier: Carrier,
}

impl Run {
    fn step(&mut self, draws: &mut Draws<'_>) {
        let operation = operation::draw(draws, &mut self.carrier);
        self.now = self.now + draws.duration();
        let is_timeout = matches!(operation, Operation::Timeout);
        operation.apply(&mut self.server, self.now);
        operation.apply(&mut self.twin, self.now);
        self.carrier.called(&operation);
        self.drain();
        assert!(self.server == self.twin, "equal calls: {:?}\n{:?}", self.server, self.twin);
        if is_timeout {
            self.time_has_passed();
        }
        self.limits_hold();
        if draws.one_in(4) {
            self.twin = self.server.clone();
        }
    }

    /// Takes every output of both, the first into the carrier's books.
    fn drain(&mut self) {
        let (transmits, events) = carrier::drain(&mut self.server);
        let of_twin = carrier::drain(&mut self.twin);
        assert!(transmits == of_twin.0 && events == of_twin.1, "equal calls");
        self.carrier.take(transmits, events);
    }

    fn time_has_passed(&mut self) {
        assert!(
            self.server.poll_timeout().is_none_or(|deadline| deadline.at > self.now),
            "a deadline passed"
        );
        self.server.handle_timeout(self.now);
        self.server.handle_timeout(Instant::ZERO);
        let (transmits, events) = carrier::drain(&mut self.server);
        assert!(transmits.is_empty() && events.is_empty(), "nothing was due: {transmits:?} {events:?}");
        assert!(self.server == self.twin, "a repeated timeout");
    }

    fn limits_hold(&self) {
        let limits = &self.server.config().limits;
        assert!(self.server.session_count() <= limits.sessions_max);
    }
}
