//! Worlds that cannot be, though each of their values could.

mod harms;

pub(super) use harms::place;

use core::time::Duration;

use super::check_outages;
use super::check_proxies;
use super::check_redis;
use super::duration::format_duration;
use super::error::Problem;
use super::model::{
    Arrival, BalancerKind, BalancerMode, Clients, DeployKind, HttpOption, HttpReuse, Scenario, Signal,
    StickOn,
};
use super::tree::Node;
use crate::world::fault::{self, Action, Change, Origin};
use crate::world::population;

/// Refuses a world that cannot be, or in which something that the file plans could never happen.
pub(super) fn check(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    addresses(scenario, root)?;
    arrivals(scenario, root)?;
    balancer(scenario, root)?;
    check_proxies::check(scenario, root)?;
    faults(scenario, root)?;
    harms::check(scenario, root)?;
    deploy(scenario, root)?;
    overlaps(scenario, root)?;
    check_outages::balancer(scenario, root)?;
    check_redis::check(scenario, root)
}

pub(super) fn problem(root: &Node, path: &[&str], message: String) -> Problem {
    Problem { place: root.place_of(path), message }
}

/// Where the keys of one sort of clients are.
fn sort_path<'a>(scenario: &Scenario, index: &'a str, key: &'a str) -> Vec<&'a str> {
    if scenario.clients.groups.is_empty() {
        vec!["clients", key]
    } else {
        vec!["clients", "group", index, key]
    }
}

fn addresses(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    for (index, sort) in scenario.clients.sorts().enumerate() {
        let number = index.to_string();
        if let Some(shared) = sort.addresses_count.filter(|shared| *shared > sort.count) {
            let message = format!("`addresses_count` is {shared}, but there are only {} clients", sort.count);
            return Err(problem(root, &sort_path(scenario, &number, "addresses_count"), message));
        }
        let (wanted, hosts) = population::fits(&scenario.clients, index);
        if wanted > hosts {
            let message = format!(
                "{} has {hosts} addresses for {wanted}; take a larger block, or share with addresses_count = {hosts}",
                sort.addresses
            );
            return Err(problem(root, &sort_path(scenario, &number, "addresses"), message));
        }
    }
    Ok(())
}

fn arrivals(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    for (index, sort) in scenario.clients.sorts().enumerate() {
        let number = index.to_string();
        let last = population::last_arrival(sort);
        if last >= scenario.duration {
            let key = match sort.arrival {
                Arrival::Every(_) => "arrive_every",
                Arrival::Over(_) => "arrive_over",
                Arrival::Mean(_) => "arrive_mean",
                Arrival::Phases(_) => "arrive_phases",
            };
            let message = format!(
                "client {} would arrive at {}, but {}",
                sort.count,
                format_duration(last),
                end(scenario)
            );
            return Err(problem(root, &sort_path(scenario, &number, key), message));
        }
        if sort.quiet_at_end >= scenario.duration {
            let message = format!("`quiet_at_end` leaves no time to send in: {}", end(scenario));
            return Err(problem(root, &sort_path(scenario, &number, "quiet_at_end"), message));
        }
        transports(scenario, root, &number, sort)?;
        habits(scenario, root, &number, sort)?;
    }
    Ok(())
}

/// A client that can open none of its transports never connects, whatever the deployment.
fn transports(scenario: &Scenario, root: &Node, number: &str, sort: &Clients) -> Result<(), Problem> {
    let available = population::can(sort).available;
    if sort.transports.iter().any(|transport| available.contains(transport)) {
        return Ok(());
    }
    let browser = sort.platform.map_or("the client", |platform| platform.browser.title);
    let has: Vec<&str> = available.iter().map(|transport| transport.name()).collect();
    let has = if has.is_empty() { "nothing".to_owned() } else { has.join(", ") };
    let message = format!("{browser} can open none of `transports` there; it has {has}");
    Err(problem(root, &sort_path(scenario, number, "transports"), message))
}

/// What is planned for clients must be able to happen before the end.
fn habits(scenario: &Scenario, root: &Node, number: &str, sort: &Clients) -> Result<(), Problem> {
    let events = [
        ("moves", sort.moves.map(|moves| moves.every.min)),
        ("leaves", sort.leaves.map(|leaves| leaves.after.min)),
        ("background", sort.background.map(|background| background.after)),
    ];
    for (key, after) in events {
        let Some(at) = after.map(|after| sort.arrive_from + after) else { continue };
        if at >= scenario.duration {
            let message = format!(
                "`{key}` would happen at {} at the earliest, but {}",
                format_duration(at),
                end(scenario)
            );
            return Err(problem(root, &sort_path(scenario, number, key), message));
        }
    }
    Ok(())
}

fn balancer(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    let balancer = &scenario.balancer;
    let refuse = |key: &str, message: String| Err(problem(root, &["balancer", key], message));
    if balancer.mode == BalancerMode::Tcp && balancer.option == HttpOption::ServerClose {
        let message =
            "`option` \"server-close\" needs mode = \"http\": in tcp mode the balancer sees no responses";
        return refuse("option", message.to_owned());
    }
    let sees = |key: &str, what: &str| {
        refuse(key, format!("`{key}` needs mode = \"http\": in tcp mode the balancer sees no {what}"))
    };
    if balancer.mode == BalancerMode::Tcp {
        match () {
            () if balancer.balance.needs_head() => return sees("balance", "requests"),
            () if balancer.cookie.is_some() => return sees("cookie", "cookies"),
            () if balancer.stick.is_some_and(|stick| stick.on != StickOn::Src) => {
                return sees("stick", "paths");
            }
            () if balancer.forwardfor => return sees("forwardfor", "headers"),
            () if balancer.http_reuse == HttpReuse::Never => return sees("http_reuse", "requests"),
            () if balancer.prefer_last_server => return sees("prefer_last_server", "requests"),
            () => {}
        }
    }
    let nginx = balancer.kind == BalancerKind::Nginx;
    if nginx && !balancer.balance.is_of_nginx() {
        let words = "\"roundrobin\", \"leastconn\", \"ip_hash\" or \"hash\"";
        return refuse("balance", format!("nginx does not balance so; with kind = \"nginx\" take {words}"));
    }
    if !nginx && !balancer.balance.is_of_haproxy() {
        let message = "`balance` is a word of nginx; add kind = \"nginx\", or take \"source\" or \"uri\"";
        return refuse("balance", message.to_owned());
    }
    let only_haproxy = [
        ("mode", balancer.mode == BalancerMode::Tcp),
        ("cookie", balancer.cookie.is_some()),
        ("stick", balancer.stick.is_some()),
        ("maxconn", balancer.maxconn.is_some()),
        ("slowstart", !balancer.slowstart.is_zero()),
        ("check", balancer.check.is_some()),
        ("http_reuse", balancer.http_reuse == HttpReuse::Never),
        ("prefer_last_server", balancer.prefer_last_server),
    ];
    if let Some((key, _)) = only_haproxy.into_iter().find(|(_, used)| nginx && *used) {
        return refuse(key, format!("nginx has no `{key}` as HAProxy has it; take it away"));
    }
    if balancer.prefer_last_server && balancer.http_reuse == HttpReuse::Safe {
        let message = "`prefer_last_server` does nothing unless connections to servers are a client's own; add http_reuse = \"never\"";
        return refuse("prefer_last_server", message.to_owned());
    }
    if balancer.http_reuse == HttpReuse::Never && balancer.option == HttpOption::ServerClose {
        let message = "`http_reuse` is of connections that are kept; take option = \"server-close\" away";
        return refuse("http_reuse", message.to_owned());
    }
    let count = scenario.servers.count as usize;
    let weights = balancer.weights.len();
    if weights > 0 && weights != count {
        return refuse("weights", format!("`weights` has {weights} weights for {count} servers"));
    }
    if weights > 0 && balancer.weights.iter().all(|weight| *weight == 0) {
        return refuse("weights", "`weights` are all 0: no server would get anything".to_owned());
    }
    if let Some(server) = balancer.backup.iter().find(|server| server.0 >= count) {
        return refuse("backup", format!("`backup` names \"{server}\", but there are only {count} servers"));
    }
    Ok(())
}

fn ends_server(fault: &Node) -> bool {
    fault.get(&["kill"]).is_some() || fault.get(&["stop"]).is_some()
}

fn faults(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    for (nth, fault) in scenario.faults.iter().enumerate() {
        let index = place(root, ends_server, nth);
        let (key, verb) = match fault.signal {
            Signal::Kill => ("kill", "kills"),
            Signal::Term => ("stop", "stops"),
        };
        let count = scenario.servers.count;
        if fault.server.0 >= count as usize {
            let makes = if count == 1 { "makes only s1".to_owned() } else { format!("makes s1 to s{count}") };
            let message = format!("fault {verb} \"{}\", but [servers] count = {count} {makes}", fault.server);
            return Err(problem(root, &["fault", &index, key], message));
        }
        if fault.at >= scenario.duration {
            let message = format!("fault at {}, but {}", format_duration(fault.at), end(scenario));
            return Err(problem(root, &["fault", &index, "at"], message));
        }
        let back = fault.restart_after.map(|after| fault.at + after + scenario.servers.start_time);
        if let Some(back) = back.filter(|back| *back >= scenario.duration) {
            let message = format!(
                "{} would be back at {}, but {}; take `restart_after` away if it stays down",
                fault.server,
                format_duration(back),
                end(scenario)
            );
            return Err(problem(root, &["fault", &index, "restart_after"], message));
        }
    }
    Ok(())
}

fn deploy(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    let Some(deploy) = &scenario.deploy else { return Ok(()) };
    let count = scenario.servers.count;
    if deploy.new >= count {
        let message =
            format!("`new` is {}, but [servers] count = {count} must have old ones too", deploy.new);
        return Err(problem(root, &["deploy", "new"], message));
    }
    let of_deploy = |action: &Action| action.origin == Origin::Deploy;
    let done = fault::plan(scenario).into_iter().rfind(of_deploy).map_or(deploy.start, |last| last.at);
    if done >= scenario.duration {
        let done = format_duration(done);
        let message = if deploy.kind == DeployKind::Rolling {
            format!("the last of {count} servers would be back at {done}, but {}", end(scenario))
        } else {
            format!("the deploy would be done at {done}, but {}", end(scenario))
        };
        let long = ["gap", "back_after", "stop_after", "down"].into_iter();
        let key = long
            .filter(|key| root.get(&["deploy", key]).is_some())
            .find(|_| deploy.start < scenario.duration);
        return Err(problem(root, &["deploy", key.unwrap_or("start")], message));
    }
    Ok(())
}

/// A server that is down cannot be ended: the fault would never bite.
fn overlaps(scenario: &Scenario, root: &Node) -> Result<(), Problem> {
    let plan = fault::plan(scenario);
    let mut down_since: Vec<Option<Duration>> = vec![None; scenario.servers.count as usize];
    for action in &plan {
        let Some(since) = down_since.get_mut(action.server.0) else { continue };
        match (action.change, *since) {
            (Change::Start, _) => *since = None,
            (Change::End(_), None) => *since = Some(action.at),
            (Change::End(_), Some(since)) => return Err(already_down(scenario, root, action, since)),
            _ => {}
        }
    }
    Ok(())
}

fn already_down(scenario: &Scenario, root: &Node, action: &Action, since: Duration) -> Problem {
    let message = format!(
        "{} is to be ended at {}, but it is down since {}",
        action.server,
        format_duration(action.at),
        format_duration(since)
    );
    let ends = |fault: &super::Fault| fault.at == action.at && fault.server == action.server;
    match (action.origin, scenario.faults.iter().rposition(ends)) {
        (Origin::Fault, Some(nth)) => {
            problem(root, &["fault", &place(root, ends_server, nth), "at"], message)
        }
        _ => problem(root, &["deploy"], message),
    }
}

pub(super) fn end(scenario: &Scenario) -> String {
    format!("the run ends at {}", format_duration(scenario.duration))
}
