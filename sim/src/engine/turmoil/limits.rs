//! What this engine does not carry, key by key.

use socketio08::Transport;

use crate::engine::{EngineError, EngineName};
use crate::scenario::{
    BalancerKind, Behaviour, Clients, DeployKind, Leaving, OtherPaths, Scenario, Store, TlsAt,
};
use crate::world::population;

/// Refuses a scenario that this engine cannot carry, naming the key: a run without it would answer another question.
pub(super) fn check(scenario: &Scenario) -> Result<(), EngineError> {
    let store = match scenario.servers.store {
        Store::Memory => None,
        Store::Redis => Some("servers.store = \"redis\""),
        Store::Routed => Some("servers.store = \"routed\""),
        Store::Portable => Some("servers.store = \"portable\""),
    };
    let balancer = &scenario.balancer;
    let cookie = balancer.cookie.is_some() && scenario.clients.sorts().any(|sort| sort.cookies);
    let balancer = [
        ("balancer.cookie", cookie),
        ("balancer.accept_proxy", balancer.accept_proxy),
        ("balancer.send_proxy", balancer.send_proxy),
    ];
    let balancer = balancer.into_iter().find_map(|(key, used)| used.then_some(key));
    let fixed = store
        .or(balancer)
        .or_else(|| topology(scenario))
        .or_else(|| scenario.clients.sorts().find_map(unsupported));
    let harm = scenario.harms.first().map(|harm| format!("fault.{}", harm.kind.verb()));
    let key = fixed.map(str::to_owned).or(harm).or_else(|| deploy(scenario));
    key.map_or(Ok(()), |key| Err(EngineError::Unsupported { engine: EngineName::Turmoil, key }))
}

/// What the real carrier's client has no way to do: it owns its connections.
fn unsupported(sort: &Clients) -> Option<&'static str> {
    let keys = [
        ("clients.moves", sort.moves.is_some()),
        ("clients.background", sort.background.is_some()),
        ("clients.page", sort.page),
        ("clients.browser", !population::can(sort).forbidden.is_empty()),
        ("clients.behaviour = \"connection-test\"", sort.behaviour == Behaviour::ConnectionTest),
        ("clients.transports with \"flashsocket\"", sort.transports.contains(&Transport::Flashsocket)),
        ("clients.ask_every", sort.ask_every.is_some()),
        ("clients.leaves.how = \"silent\"", sort.leaves.is_some_and(|leaves| leaves.how == Leaving::Silent)),
        ("clients.leaves.how = \"unload\"", sort.leaves.is_some_and(|leaves| leaves.how == Leaving::Unload)),
    ];
    keys.into_iter().find_map(|(key, used)| used.then_some(key))
}

/// Only what ends and starts servers: nobody tells the balancer's host anything.
fn deploy(scenario: &Scenario) -> Option<String> {
    let kind = scenario.deploy?.kind;
    let carried = matches!(kind, DeployKind::All | DeployKind::Rolling);
    (!carried).then(|| format!("deploy.kind = \"{}\"", kind.name()))
}

/// One balancer in front of one pool is what this engine has hosts for.
fn topology(scenario: &Scenario) -> Option<&'static str> {
    let keys = [
        ("proxy", !scenario.proxies.is_empty()),
        ("balancer.route", !scenario.balancer.routes.is_empty()),
        ("balancer.kind", matches!(scenario.balancer.kind, BalancerKind::Cluster | BalancerKind::None)),
        ("servers.other_paths = \"app\"", scenario.servers.other_paths == OtherPaths::App),
        ("tls.at", scenario.tls.at != TlsAt::None),
    ];
    keys.into_iter().find_map(|(key, used)| used.then_some(key))
}
