//! Who stands where: the proxies in their order, the balancer, the pools, and where each connects to.

use core::net::Ipv4Addr;

use socketio08::Instant;

use super::conn::Listener;
use crate::scenario::{
    self, BalancerKind, BalancerMode, Destination, ProxyKind, Redispatch, Route, Scenario, ServerIx,
    Timeouts, TlsAt,
};
use crate::world::balancer::Balancer;
use crate::world::proxy::{Backend, Told};
use crate::world::seed::Seed;

/// What a proxy of the chain is made of.
pub(super) struct Site {
    pub(super) name: String,
    pub(super) mode: BalancerMode,
    pub(super) address: Ipv4Addr,
    pub(super) tls: bool,
    pub(super) routes: Vec<Route>,
    pub(super) otherwise: Destination,
    pub(super) told: Option<Told>,
    /// Whether its machines wait for silence.
    pub(super) listens: bool,
    pub(super) backends: Vec<Backend>,
}

/// Where the destinations are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    /// The balancer's place among the hops, if there is one.
    balancer: Option<usize>,
    /// The Socket.IO servers share one port.
    cluster: bool,
}

impl Chain {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let balancer = scenario.balancer.kind.stands().then_some(scenario.proxies.len());
        Self { balancer, cluster: scenario.balancer.kind == BalancerKind::Cluster }
    }

    /// The balancer's place among the hops, if one stands.
    pub(super) fn balancer(self) -> Option<usize> {
        self.balancer
    }

    /// Where clients connect.
    pub(super) fn entry(self, scenario: &Scenario) -> Listener {
        if scenario.proxies.is_empty() && self.balancer.is_none() {
            self.servers(ServerIx(0))
        } else {
            Listener::Hop(0)
        }
    }

    fn servers(self, server: ServerIx) -> Listener {
        if self.cluster { Listener::Cluster } else { Listener::Server(server) }
    }

    /// Who accepts connections for a destination's server of that number.
    pub(super) fn listener(self, to: &Destination, server: ServerIx) -> Option<Listener> {
        match to {
            Destination::Servers => Some(self.servers(server)),
            Destination::App => Some(Listener::App(server.0)),
            Destination::Balancer => self.balancer.map(Listener::Hop),
            Destination::Proxy(place) => Some(Listener::Hop(*place)),
            Destination::Deny | Destination::Reject => None,
        }
    }
}

/// Every proxy from the clients to the servers.
pub(super) fn sites(scenario: &Scenario, seed: Seed) -> Vec<Site> {
    let mut sites: Vec<Site> =
        (0..scenario.proxies.len()).map(|place| proxy_site(scenario, seed, place)).collect();
    if scenario.balancer.kind.stands() {
        sites.push(balancer_site(scenario, seed, None));
    }
    sites
}

/// The process number `number`, from 1, that takes the place of a balancer that ended.
pub(super) fn fresh_balancer(scenario: &Scenario, seed: Seed, number: u32, now: Instant) -> Site {
    balancer_site(scenario, seed, Some((number, now)))
}

fn proxy_site(scenario: &Scenario, seed: Seed, place: usize) -> Site {
    let proxy = &scenario.proxies[place];
    let otherwise = if place + 1 < scenario.proxies.len() {
        Destination::Proxy(place + 1)
    } else if scenario.balancer.kind.stands() {
        Destination::Balancer
    } else {
        Destination::Servers
    };
    // Of a proxy that has the balancer's choice of servers.
    let listens = scenario.balancer.kind.stands() && waits_for_silence(&scenario.balancer.timeouts);
    let mut site = Site {
        name: proxy.name.clone(),
        mode: proxy.mode,
        address: proxy.address,
        tls: place == 0 && scenario.tls.at == TlsAt::Terminator,
        routes: proxy.routes.clone(),
        told: Some(Told {
            accept: proxy.accept_proxy,
            send: proxy.send_proxy,
            copies: proxy.mode == BalancerMode::Tcp,
        }),
        otherwise,
        listens,
        backends: Vec::new(),
    };
    add_backends(&mut site, scenario, seed, &way(proxy), None);
    site
}

fn waits_for_silence(timeouts: &Timeouts) -> bool {
    timeouts.tunnel.or(timeouts.server).is_some()
}

/// How a proxy carries to what has no choice of servers. stunnel carries as HAProxy's tcp mode does, tries once and hangs up.
fn way(proxy: &scenario::Proxy) -> scenario::Balancer {
    let default = scenario::Balancer::default();
    let nginx = proxy.kind == ProxyKind::Nginx;
    scenario::Balancer {
        kind: if nginx { BalancerKind::Nginx } else { BalancerKind::Haproxy },
        mode: proxy.mode,
        nginx: scenario::Nginx { http11: proxy.upgrade, upgrade: proxy.upgrade, ..default.nginx },
        retries: if proxy.kind == ProxyKind::Haproxy { default.retries } else { 0 },
        redispatch: Redispatch::Never,
        forwardfor: proxy.forwardfor,
        ..default
    }
}

fn balancer_site(scenario: &Scenario, seed: Seed, restarted: Option<(u32, Instant)>) -> Site {
    let config = &scenario.balancer;
    let mut site = Site {
        name: "balancer".to_owned(),
        mode: config.mode,
        address: Ipv4Addr::LOCALHOST,
        tls: scenario.proxies.is_empty() && scenario.tls.at == TlsAt::Terminator,
        routes: config.routes.clone(),
        otherwise: Destination::Servers,
        told: None,
        listens: waits_for_silence(&config.timeouts),
        backends: Vec::new(),
    };
    let way = scenario::Balancer {
        kind: config.kind,
        mode: config.mode,
        option: config.option,
        http_reuse: config.http_reuse,
        nginx: config.nginx,
        forwardfor: config.forwardfor,
        timeouts: config.timeouts,
        ..scenario::Balancer::default()
    };
    add_backends(&mut site, scenario, seed, &way, restarted);
    site
}

/// One for each destination that a rule names, and for that of all else.
fn add_backends(
    site: &mut Site,
    scenario: &Scenario,
    seed: Seed,
    way: &scenario::Balancer,
    restarted: Option<(u32, Instant)>,
) {
    let mut wanted = vec![site.otherwise.clone()];
    for to in site.routes.iter().map(|route| &route.to) {
        if !wanted.contains(to) && !matches!(to, Destination::Deny | Destination::Reject) {
            wanted.push(to.clone());
        }
    }
    for to in wanted {
        let (config, servers) = match &to {
            Destination::Servers if scenario.balancer.kind.stands() => {
                let forwardfor = scenario.balancer.forwardfor || way.forwardfor;
                let config = scenario::Balancer { mode: site.mode, forwardfor, ..scenario.balancer.clone() };
                (config, scenario.servers.count)
            }
            Destination::App => {
                (scenario::Balancer { balance: scenario.app.balance, ..way.clone() }, scenario.app.count)
            }
            _ => (way.clone(), 1),
        };
        let random = match (site.name.as_str(), &to) {
            ("balancer", Destination::Servers) => "balancer/random".to_owned(),
            (name, to) => format!("proxies/{name}/{to}/random"),
        };
        let balancer = match restarted {
            None => Balancer::new(&config, servers as usize, seed.stream(&random)),
            Some((number, now)) => {
                let random = seed.stream(&format!("{random}/{number}"));
                Balancer::restarted(now, &config, servers as usize, random)
            }
        };
        site.backends.push(Backend { to, balancer });
    }
}
