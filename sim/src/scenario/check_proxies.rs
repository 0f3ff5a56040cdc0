//! Chains of proxies that cannot be.

use super::check::problem;
use super::error::Problem;
use super::model::{Balance, BalancerKind, BalancerMode, Destination, OtherPaths, Scenario, TlsAt};
use super::tree::Node;

pub(super) fn check(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    no_balancer(scenario, root)?;
    routes(scenario, root)?;
    tls(scenario, root)?;
    proxy_protocol(scenario, root)?;
    other_paths(scenario, root)?;
    tunnel(scenario, root)
}

fn no_balancer(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    if scenario.balancer.kind.stands() {
        return Ok(());
    }
    if scenario.balancer.kind == BalancerKind::None && scenario.servers.count != 1 {
        let message = format!(
            "without a balancer nobody chooses among {} servers; take [servers] count = 1",
            scenario.servers.count
        );
        return Err(problem(root, &["balancer", "kind"], message));
    }
    if !scenario.balancer.routes.is_empty() {
        let message = "there is no balancer to follow these rules; give them to a [[proxy]]";
        return Err(problem(root, &["balancer", "route"], message.to_owned()));
    }
    Ok(())
}

/// Who copies bytes sees no requests.
fn routes(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    let blind = "rules need requests, and mode = \"tcp\" only sees connections; take mode = \"http\"";
    for (place, proxy) in scenario.proxies.iter().enumerate() {
        if proxy.mode == BalancerMode::Tcp && !proxy.routes.is_empty() {
            return Err(problem(root, &["proxy", &place.to_string(), "route"], blind.to_owned()));
        }
    }
    let balancer = &scenario.balancer;
    if balancer.mode == BalancerMode::Tcp && !balancer.routes.is_empty() {
        return Err(problem(root, &["balancer", "route"], blind.to_owned()));
    }
    Ok(())
}

/// Whoever stands before the end of TLS cannot read requests.
fn tls(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    let direct = scenario.proxies.is_empty() && !scenario.balancer.kind.stands();
    match scenario.tls.at {
        TlsAt::Terminator if direct => {
            let message = "`at` is \"terminator\", but no proxy stands before the server; take \"server\"";
            Err(problem(root, &["tls", "at"], message.to_owned()))
        }
        TlsAt::Server => {
            let http = scenario.proxies.iter().any(|proxy| proxy.mode == BalancerMode::Http)
                || (scenario.balancer.kind.stands() && scenario.balancer.mode == BalancerMode::Http);
            if !http {
                return Ok(());
            }
            let message = "`at` is \"server\", but a hop on the way has mode = \"http\" and cannot read what is \
                 encrypted; take mode = \"tcp\" or end TLS at the \"terminator\"";
            Err(problem(root, &["tls", "at"], message.to_owned()))
        }
        TlsAt::None | TlsAt::Terminator => Ok(()),
    }
}

/// Clients do not speak the PROXY protocol.
fn proxy_protocol(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    match scenario.proxies.first() {
        Some(first) if first.accept_proxy => {
            let message = "clients connect here, and they do not speak the PROXY protocol";
            Err(problem(root, &["proxy", "0", "accept_proxy"], message.to_owned()))
        }
        _ => Ok(()),
    }
}

/// A server that passes requests on has no other way to choose than in turn.
fn other_paths(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    let hops = scenario.proxies.iter().map(|proxy| &proxy.routes).chain([&scenario.balancer.routes]);
    let routed = hops.flatten().any(|route| route.to == Destination::App);
    let own = scenario.servers.other_paths == OtherPaths::Own;
    if own || routed || scenario.app.balance == Balance::RoundRobin {
        return Ok(());
    }
    let message = "servers that pass requests on (other_paths = \"app\") take those of the app in turn; \
                   take \"roundrobin\"";
    Err(problem(root, &["app", "algorithm"], message.to_owned()))
}

/// nginx has one wait for what it reads.
fn tunnel(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    let balancer = &scenario.balancer;
    if balancer.kind != BalancerKind::Nginx || balancer.timeouts.tunnel.is_none() {
        return Ok(());
    }
    let message = "nginx waits for websockets as for responses (proxy_read_timeout); take `server`";
    Err(problem(root, &["balancer", "timeouts", "tunnel"], message.to_owned()))
}
