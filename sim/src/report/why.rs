//! Why it went as it did: one sentence for each mechanism seen at work.

use core::time::Duration;

use socketio08::Transport;

use super::figures::{Figures, per_cent};
use super::impact::BALANCER_END;
use super::text::thousands;
use super::verdict::seconds;
use crate::scenario::{BalancerMode, RedisNodes, Redispatch, Scenario, Store, format_duration};
use crate::world::population::{self, Forbidden};

/// How long servers of 0.8.7 let polls wait and websockets rest (`tables.md`, item 19).
const SILENCE: Duration = Duration::from_secs(20);

pub(super) fn why(scenario: &Scenario, figures: &Figures) -> Vec<String> {
    let mut why: Vec<String> = deaf(scenario, figures).into_iter().collect();
    let rejected = figures.opens.rejected;
    if figures.rejected_elsewhere * 2 > rejected {
        let known = match scenario.servers.store {
            Store::Memory => "A session is known only to the server that did its handshake (memory store)",
            Store::Redis => {
                "A session is known to another server only when its publication has arrived there"
            }
            Store::Routed => {
                "A session is at the server that its id names, and that one did not answer in time"
            }
            Store::Portable => {
                "A session is handed over from one server to the next, and its owner did not answer in time"
            }
        };
        let share = per_cent(figures.rejected_elsewhere, figures.opens.total);
        why.push(format!("{known}, and the balancer sent {share} of the opens to another one."));
    }
    if figures.posts_swallowed > 0 {
        let count = thousands(figures.posts_swallowed);
        why.push(match scenario.servers.store {
            Store::Routed => format!(
                "A POST for a session whose server has ended is answered 503, or 200 by a new process, and dropped: \
                 {count} were."
            ),
            _ => format!(
                "A server answers a POST for a session it does not know with 200 and drops it: {count} were."
            ),
        });
    }
    why.extend(balancer_ended(figures));
    let of_servers = || figures.impacts.iter().filter(|impact| impact.change != BALANCER_END);
    let moved: u32 = of_servers().map(|impact| impact.others.disconnected).sum();
    if moved > 0 {
        why.push(match scenario.servers.store {
            Store::Routed | Store::Portable => format!(
                "A server that ends cuts off the requests that it has for sessions of other servers: {moved} of their \
                 clients."
            ),
            Store::Memory | Store::Redis => format!(
                "When the balancer marked a server down or up it sent other servers' clients elsewhere too: {moved} of \
                 them were cut off."
            ),
        });
    }
    if figures.balancer_errors > 0 && of_servers().next().is_some() {
        why.push(format!(
            "A dead server is tried until the checks mark it down: the balancer answered {} requests by itself{}.",
            figures.balancer_errors,
            if scenario.balancer.redispatch == Redispatch::Never { " (no redispatch)" } else { "" }
        ));
    }
    if figures.clients_with_several_sessions > 0 {
        why.push(
            "A reconnecting client makes another handshake while one is pending; both succeed, and the first session is \
             never closed."
                .to_owned(),
        );
    }
    if figures.clients.connect_failed > 0 {
        let how = if rejected > 0 {
            "a rejected transport is not asked for again"
        } else {
            "no transport of theirs came through"
        };
        why.push(format!(
            "{} clients gave up after the connect timeout: {how}.",
            figures.clients.connect_failed
        ));
    }
    if figures.policies_refused > 0 {
        why.push(format!(
            "A Flash player asks for a policy file before its socket, and that is no HTTP: asked in vain {} times, each client waits for \
             its connect timeout before it goes on. It needs mode = \"tcp\" all the way, and no TLS.",
            thousands(figures.policies_refused)
        ));
    }
    why.extend(forbidden(scenario));
    why.extend(impatient(scenario, figures));
    why.extend(fallen_back(scenario, figures));
    why.extend(uneven(figures).map(|load| format!("The load is uneven: {load}.")));
    why
}

/// The balancer ends what is silent, and nothing else that is planned cuts clients off.
fn impatient(scenario: &Scenario, figures: &Figures) -> Option<String> {
    let planned =
        !figures.impacts.is_empty() || !scenario.harms.is_empty() || !scenario.redis_faults.is_empty();
    let timeouts = scenario.balancer.timeouts;
    let tunnel = timeouts.tunnel.or(timeouts.server);
    let uses = |ways: &[Transport]| {
        scenario.clients.sorts().any(|sort| sort.transports.iter().any(|transport| ways.contains(transport)))
    };
    let silent = if scenario.balancer.mode == BalancerMode::Tcp {
        vec![("connection", tunnel)]
    } else {
        // The genuine client does not notice that the stream of an htmlfile has ended.
        let ways: [(&str, &[Transport], _); 2] = [
            ("poll", &[Transport::XhrPolling, Transport::JsonpPolling], timeouts.server),
            ("websocket", &[Transport::Websocket, Transport::Flashsocket], tunnel),
        ];
        ways.into_iter().filter(|(_, ways, _)| uses(ways)).map(|(what, _, timeout)| (what, timeout)).collect()
    };
    let known = silent.into_iter().filter_map(|(what, timeout)| Some((what, timeout?)));
    let short = known.filter(|(_, timeout)| *timeout < SILENCE);
    let (what, timeout) = short.min_by_key(|(_, timeout)| *timeout)?;
    (!planned && figures.outage_ms.is_some()).then(|| {
        format!(
            "A {what} is silent for up to {} s at a time when there is nothing to say, and the balancer ends it after {}.",
            SILENCE.as_secs(),
            format_duration(timeout)
        )
    })
}

/// What the browsers of clients forbid.
fn forbidden(scenario: &Scenario) -> Vec<String> {
    let mut why = Vec::new();
    for sort in scenario.clients.sorts() {
        let Some(platform) = sort.platform else { continue };
        let tried =
            population::can(sort).forbidden.into_iter().filter(|(way, _)| sort.transports.contains(way));
        why.extend(tried.map(|(way, how)| {
            let then = match how {
                Forbidden::Fails => "the client waits for its connect timeout before it goes on",
                Forbidden::Stops => "the error stops the client for good, and nothing else is tried",
            };
            format!("{} forbids {way} towards this origin: {then}.", platform.browser.title)
        }));
    }
    why
}

/// What the end of a balancer does, wherever sessions are.
fn balancer_ended(figures: &Figures) -> Option<String> {
    let ends = figures.impacts.iter().filter(|impact| impact.change == BALANCER_END);
    let cut: u32 = ends.map(|impact| impact.its_clients.disconnected).sum();
    (cut > 0).then(|| {
        format!(
            "Every connection ended with the balancer: {cut} clients were cut off at one moment. The servers still had their \
             sessions, and a client of 0.8 asks for a new one."
        )
    })
}

/// Servers that went with their Redis.
fn deaf(scenario: &Scenario, figures: &Figures) -> Option<String> {
    let redis = &scenario.redis;
    let crashes =
        scenario.servers.store == Store::Redis && redis.nodes == RedisNodes::Genuine && !redis.uncaught;
    let killed = scenario.faults.is_empty() && scenario.deploy.is_none();
    let down: u32 =
        figures.impacts.iter().filter(|impact| impact.change == "down").map(|impact| impact.servers).sum();
    (figures.redis.is_some() && crashes && killed && down > 0).then(|| {
        format!(
            "Redis went, and the store of 0.8.7 throws at its first attempt to reconnect that fails; nothing catches it: {down} \
             servers ended."
        )
    })
}

/// Clients whose first transport did not come through, and who had another.
fn fallen_back(scenario: &Scenario, figures: &Figures) -> Option<String> {
    /// The connect timeout of the genuine clients, before which no other transport is tried.
    const CONNECT_TIMEOUT_MS: u64 = 10_000;
    let median = figures.first_connect_ms?.median;
    let others = scenario.clients.sorts().any(|sort| sort.transports.len() > 1);
    let fell_back = others && median >= CONNECT_TIMEOUT_MS && figures.policies_refused == 0;
    fell_back.then(|| {
        format!(
            "Half of the clients waited {} or longer for their first connection: a client tries its next transport only when the connect \
             timeout of 10 s is over, and the first did not come through.",
            seconds(median)
        )
    })
}

/// A server with more than twice its share of the clients.
pub(super) fn uneven(figures: &Figures) -> Option<String> {
    let servers = u32::try_from(figures.servers.len()).ok()?;
    let clients: u32 = figures.servers.iter().map(|server| server.clients).sum();
    let most = figures.servers.iter().max_by_key(|server| server.clients)?;
    let uneven = servers > 1 && clients >= 10 && most.clients * servers > clients * 2;
    uneven.then(|| format!("{} has {} of {clients} clients", most.name, most.clients))
}
