//! Which rules a world can be held to: some hold of every trace, some only where a session has one server, or is found wherever its
//! requests go.

use core::time::Duration;

use socketio08::Transport;
use socketio08::server::ServerConfig;

use crate::scenario::{
    Balance, BalancerKind, BalancerMode, BroadcastBy, ClientProfile, CookieMode, Scenario, ServerIx, StickOn,
    Store,
};
use crate::world::{application, fault};

/// What may be asked of one world, beside what may be asked of all.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "which rules a world is held to, each by itself")]
pub(super) struct Demands {
    /// No request of a session may meet a server that does not know it: it is [`found`], and nothing ever breaks.
    pub(super) never_rejects: bool,
    /// Each tick reaches a session once.
    pub(super) single_ticks: bool,
    /// So does each message of a client a server: moreover, what a lost session sent is not held up until the next one has begun.
    pub(super) single_messages: bool,
    /// One server has a session at a time, so that it ends once, and there.
    pub(super) one_owner: bool,
    /// That server ends a session of polling this long after the last sign of its client; `None`: somebody is paused or held up for
    /// longer than the timers allow for.
    pub(super) silence: Option<Duration>,
    /// Which clients, by their number, send again what may have arrived.
    pub(super) repeats: Vec<bool>,
}

impl Demands {
    pub(super) fn of(scenario: &Scenario) -> Self {
        let calm = fault::plan(scenario).is_empty();
        let unhindered = scenario.harms.is_empty();
        let one_owner = scenario.servers.store != Store::Redis;
        // The Redis store brings a packet to every server that may have the poll: measured, polls over round robin get ticks twice
        // (`tables.md` 15).
        let one_place = one_owner || sticky(scenario) && calm;
        // Elsewhere a lost session has died with its server; a portable one is still there for what arrives late.
        let prompt = unhindered && (calm || scenario.servers.store != Store::Portable);
        let one_sender = one_owner || scenario.servers.broadcast_by == BroadcastBy::First;
        let improved = |profile| profile == ClientProfile::Improved;
        let sorts = scenario.clients.sorts();
        let repeats = sorts.flat_map(|sort| vec![improved(sort.profile); sort.count as usize]).collect();
        Self {
            never_rejects: found(scenario) && calm,
            single_ticks: one_place && one_sender,
            single_messages: one_place && prompt,
            one_owner: one_owner && unhindered,
            silence: (one_owner && unhindered).then(|| silence(scenario)),
            repeats,
        }
    }
}

/// The poll that waits is answered, and the close timeout passes; the rest is for a server with work before it.
fn silence(scenario: &Scenario) -> Duration {
    let ServerConfig { polling_duration, close_timeout, .. } =
        application::server_config(scenario, ServerIx(0), 0);
    polling_duration + close_timeout + Duration::from_secs(10)
}

/// Whether every request of a session is answered by a server that has it, wherever it goes, while the balancer's view of the pool
/// stands still: routed and portable sessions are found by the servers themselves.
pub fn found(scenario: &Scenario) -> bool {
    match scenario.servers.store {
        Store::Memory | Store::Redis => sticky(scenario),
        Store::Routed => direct(scenario),
        // A POST at another server takes the session along, and ends the stream of htmlfile.
        Store::Portable => sticky(scenario) || direct(scenario) && !streams(scenario),
    }
}

/// Whether all requests of a session reach the server that issued it while the balancer's view of the pool stands still.
pub fn sticky(scenario: &Scenario) -> bool {
    let balancer = &scenario.balancer;
    let one_address = scenario.clients.sorts().all(|sort| sort.moves.is_none());
    let cookies = scenario.clients.sorts().all(|sort| sort.cookies);
    let http = balancer.mode == BalancerMode::Http;
    let by_source =
        balancer.balance == Balance::Source || balancer.stick.is_some_and(|stick| stick.on == StickOn::Src);
    let by_response = balancer.stick.is_some_and(|stick| stick.on == StickOn::Response);
    let inserted = balancer.cookie.as_ref().is_some_and(|cookie| cookie.mode == CookieMode::Insert);
    direct(scenario)
        && match balancer.kind {
            BalancerKind::None => true,
            _ if scenario.servers.count == 1 => true,
            BalancerKind::Haproxy => {
                let learnt = inserted && cookies || by_response;
                by_source && one_address || http && learnt
            }
            BalancerKind::Nginx => one_address && balancer.balance == Balance::IpHash,
            BalancerKind::Cluster => false,
        }
}

fn streams(scenario: &Scenario) -> bool {
    scenario.clients.sorts().any(|sort| sort.transports.contains(&Transport::Htmlfile))
}

/// Whether nothing but the balancer decides where a request goes.
fn direct(scenario: &Scenario) -> bool {
    scenario.proxies.is_empty() && scenario.balancer.routes.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(more: &str) -> Scenario {
        let text = format!("schema = 1\nname = \"x\"\nduration = \"20s\"\n{more}");
        Scenario::parse("x.toml", &text, &[]).unwrap()
    }

    #[test]
    fn sessions_in_memory_or_redis_are_found_where_the_balancer_keeps_each_at_its_server() {
        for store in ["memory", "redis"] {
            let world = |servers: u32, balancer: &str| {
                let servers = format!("servers = {{ count = {servers}, store = \"{store}\" }}\n");
                found(&scenario(&format!("{servers}{balancer}")))
            };
            assert!(world(1, ""));
            assert!(world(2, "balancer.balance = \"source\"\n"));
            assert!(world(2, "balancer.cookie = { name = \"S\", mode = \"insert\" }\n"));
            assert!(world(2, "balancer.stick = { on = \"response\" }\n"));
            assert!(!world(2, ""));
            assert!(!world(
                2,
                "balancer.cookie = { name = \"S\", mode = \"insert\" }\nclients.cookies = false\n"
            ));
        }
    }

    #[test]
    fn routed_and_portable_sessions_are_found_wherever_the_balancer_sends_their_requests() {
        for store in ["routed", "portable"] {
            let world = scenario(&format!("[servers]\nstore = \"{store}\"\n"));
            assert!(found(&world) && !sticky(&world), "{store}");
        }
    }

    #[test]
    fn a_session_has_one_owner_unless_redis_tells_every_server_of_it() {
        let demands = |store: &str| Demands::of(&scenario(&format!("[servers]\nstore = \"{store}\"\n")));
        for store in ["memory", "routed", "portable"] {
            assert!(demands(store).one_owner && demands(store).single_ticks, "{store}");
        }
        assert!(!demands("redis").one_owner && !demands("redis").single_ticks);
    }

    #[test]
    fn improved_clients_of_a_mixed_population_are_told_by_their_numbers() {
        let groups = "[[clients.group]]\ncount = 2\n[[clients.group]]\ncount = 1\nprofile = \"improved\"\n";
        assert_eq!(Demands::of(&scenario(groups)).repeats, [false, false, true]);
    }
}
