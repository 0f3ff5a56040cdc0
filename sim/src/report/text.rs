//! The screen of one run.

use std::fmt::Write;
use std::path::Path;

use socketio08::Transport;

use super::figures::{Delivery, Figures, Spread, per_cent};
use super::finding::meets;
use super::impact::{BALANCER_END, Impact, Toll};
use super::sharing;
use super::verdict::{Verdict, seconds};
use crate::engine::EngineName;
use crate::scenario::{
    Balance, BalancerKind, BalancerMode, ClientProfile, Clients, Connections, CookieMode, HashType,
    HttpOption, ProxyKind, Redispatch, Scenario, StickOn,
};
use crate::world::seed::Seed;

/// Everything a screen shows.
#[derive(Clone, Copy, Debug)]
pub struct Screen<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// What to type for it: a built-in name or a file, with its `--set` options.
    pub source: &'a str,
    /// The seed.
    pub seed: Seed,
    /// The engine.
    pub engine: EngineName,
    /// The figures.
    pub figures: &'a Figures,
    /// The verdict.
    pub verdict: &'a Verdict,
}

/// What is run, in two lines: for before the run.
pub fn header(scenario: &Scenario, seed: Seed, engine: &str) -> String {
    let question = if scenario.question.is_empty() { "no question stated" } else { &scenario.question };
    format!("{} · {question}\n  {} · seed {seed} · engine {engine}", scenario.name, parameters(scenario))
}

/// The screen without its header: verdict, figures, reasons, and what to type next.
pub fn render(screen: &Screen<'_>) -> String {
    let mut out = String::new();
    let verdict = screen.verdict;
    let _ = writeln!(out, "  VERDICT  {}: {}", verdict.verdict.name(), verdict.sentence);
    out.push_str(&expected(screen));
    out.push('\n');
    for (name, value) in rows(screen.figures) {
        let _ = writeln!(out, "  {name:<20}{value}");
    }
    for impact in &screen.figures.impacts {
        let _ = writeln!(out, "  {:<19} {}", event_name(impact), event_text(impact));
    }
    let _ = writeln!(out);
    for (index, why) in verdict.why.iter().enumerate() {
        let label = if index == 0 { "WHY" } else { "" };
        let _ = writeln!(out, "  {label:<5}{why}");
    }
    for (index, line) in see(screen).iter().enumerate() {
        let label = if index == 0 { "SEE" } else { "" };
        let _ = writeln!(out, "  {label:<5}{line}");
    }
    out
}

/// What the scenario expects, and whether it came so.
fn expected(screen: &Screen<'_>) -> String {
    let mut out = String::new();
    let scenario = screen.scenario;
    if !scenario.expectation.is_empty() {
        let _ = writeln!(out, "  EXPECTED {}", scenario.expectation);
    }
    if meets(scenario, screen.verdict) == Some(false) {
        let _ = writeln!(out, "  {:<9}the verdict is not the one that the scenario expects", "NOT MET");
    }
    out
}

/// The figures people ask for, each with its name.
pub(super) fn rows(figures: &Figures) -> Vec<(&'static str, String)> {
    let clients = figures.clients;
    let mut rows = vec![
        (
            "opens rejected",
            format!(
                "{} of {}{}",
                per_cent(figures.opens.rejected, figures.opens.total),
                thousands(figures.opens.total),
                if figures.opens.rejected > 0 { "   7:::1+0, client not handshaken" } else { "" }
            ),
        ),
        (
            "first open rejected",
            format!(
                "{} of {}",
                per_cent(figures.first_opens.rejected, figures.first_opens.total),
                thousands(figures.first_opens.total)
            ),
        ),
        (
            "handshakes",
            format!("{}{}", thousands(figures.handshakes.total), per_client(figures.handshakes.per_client)),
        ),
        (
            "connected",
            format!(
                "{} of {} at the end, {} of them for 5 s or longer; {} ever",
                clients.connected_at_end, clients.total, clients.stable_5s, clients.ever_connected
            ),
        ),
    ];
    if let Some(first) = figures.first_connect_ms {
        rows.push(("first connection", times(first)));
    }
    if let Some(tests) = &figures.tests {
        rows.push(("connection test", tests.line()));
    }
    if let Some(outage) = figures.outage_ms {
        rows.push(("outage per client", times(outage)));
    }
    rows.push(("messages up", delivery(figures.up, figures.posts_swallowed)));
    rows.push(("messages down", delivery(figures.down, 0)));
    if figures.live_sessions_per_client_max > 1 {
        rows.push((
            "live sessions",
            format!(
                "up to {} in one client; {} clients end with more than one",
                figures.live_sessions_per_client_max, figures.clients_with_several_sessions
            ),
        ));
    }
    rows.extend(lived(figures));
    rows.push(("per server", servers(figures)));
    rows.extend(sharing::rows(figures));
    rows
}

/// What is worth a line of what the clients lived through.
fn lived(figures: &Figures) -> Vec<(&'static str, String)> {
    let (life, mut rows) = (&figures.life, Vec::new());
    if let Some(longest) = life.storm.longest.filter(|longest| longest.clients > 1) {
        let until = longest
            .until_99_ms
            .map_or("never before the end".to_owned(), |until| format!("after {}", seconds(until)));
        rows.push((
            "99 % back",
            format!("{until}, of {} clients cut off from {} on", longest.clients, seconds(longest.at_ms)),
        ));
        let waves = life.storm.waves.len();
        rows.push((
            "handshakes sent",
            format!(
                "in {waves} {}; at most {} in 100 ms, {} in a second, {:.1} in the mean",
                if waves == 1 { "wave" } else { "waves" },
                life.storm.peak_per_100_ms,
                life.storm.peak_per_second,
                life.storm.mean_per_second
            ),
        ));
    }
    // What a goodbye takes on its way makes no ghost worth a line.
    let lingered = life.ghosts.outlived_ms.is_some_and(|lasted| lasted.max >= 100);
    if life.ghosts.at_end > 0 || lingered {
        let lasted = life
            .ghosts
            .outlived_ms
            .map_or_else(String::new, |lasted| format!("; the others by {}", times(lasted)));
        rows.push((
            "ghost sessions",
            format!(
                "{} outlived their client, {} of them to the end{lasted}",
                thousands(life.ghosts.total),
                thousands(life.ghosts.at_end)
            ),
        ));
    }
    if let Some(known) = life.ghosts.silent_death_known_ms {
        rows.push(("silent deaths known", times(known)));
    }
    for harm in &life.harms {
        let what = if harm.bitten {
            "connections lost while it lasted"
        } else {
            "connections lost; it touched nothing"
        };
        rows.push(("fault", format!("{}: {} {what}", harm.title(), harm.lost)));
    }
    rows
}

fn per_client(spread: Option<Spread>) -> String {
    spread.map_or_else(String::new, |spread| {
        format!("   per client median {}, p95 {}, max {}", spread.median, spread.p95, spread.max)
    })
}

fn times(spread: Spread) -> String {
    format!("median {}, p95 {}, max {}", seconds(spread.median), seconds(spread.p95), seconds(spread.max))
}

fn delivery(flow: Delivery, swallowed: u64) -> String {
    if flow.sent == 0 {
        return "none".to_owned();
    }
    let note = if swallowed > 0 { " (some in POSTs for sessions that the server did not know)" } else { "" };
    format!(
        "{} sent, {} received, {} lost{note}, {} duplicated",
        thousands(flow.sent),
        thousands(flow.received),
        thousands(flow.lost),
        thousands(flow.duplicated)
    )
}

/// A few servers by name; many by their extremes.
fn servers(figures: &Figures) -> String {
    const NAMED_MAX: usize = 6;
    let one = |server: &super::ServerFigures| {
        let clients = if server.clients == 1 { "client" } else { "clients" };
        format!("{} {} opens, {} {clients}", server.name, thousands(server.opens), server.clients)
    };
    if figures.servers.len() <= NAMED_MAX {
        return figures.servers.iter().map(one).collect::<Vec<_>>().join(" · ");
    }
    let least = figures.servers.iter().min_by_key(|server| server.clients).map(one).unwrap_or_default();
    let most = figures.servers.iter().max_by_key(|server| server.clients).map(one).unwrap_or_default();
    format!("fewest clients: {least} · most: {most}")
}

fn event_name(impact: &Impact) -> String {
    let who = match (impact.change, impact.servers) {
        (BALANCER_END, _) => return format!("balancer down at {}", seconds(impact.at_ms)),
        ("reload", _) => "balancer".to_owned(),
        (_, 1) => impact.server.to_string(),
        (_, servers) => format!("{servers} servers"),
    };
    format!("{who} {} at {}", impact.change, seconds(impact.at_ms))
}

fn event_text(impact: &Impact) -> String {
    if impact.change == BALANCER_END {
        return format!("all clients, {}", toll(&impact.its_clients));
    }
    if !matches!(impact.change, "down" | "up") {
        return format!("its {}; the others {}", toll(&impact.its_clients), toll(&impact.others));
    }
    let noticed = impact.noticed_ms.map_or_else(
        || "the balancer did not notice".to_owned(),
        |after| format!("the balancer noticed after {}", seconds(after)),
    );
    format!("{noticed}; its {}; the others {}", toll(&impact.its_clients), toll(&impact.others))
}

fn toll(toll: &Toll) -> String {
    let back = toll.until_back_ms.map_or_else(String::new, |back| {
        format!(", {} back after {} (max {})", toll.back, seconds(back.median), seconds(back.max))
    });
    format!("{}: {} cut off{back}", toll.clients, toll.disconnected)
}

fn see(screen: &Screen<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let sticky = "sticky-source";
    if screen.figures.clients.ever_disconnected > 0 || screen.figures.opens.rejected > 0 {
        lines.push(format!("sio08 story {} --client 1   the requests of one client", screen.source));
    }
    if screen.figures.rejected_elsewhere > 0 && screen.scenario.balancer.balance != Balance::Source {
        if is_file(screen.source) {
            lines.push(format!("sio08 run {} --set balancer.balance=source", screen.source));
        } else {
            lines.push(format!("sio08 compare {} {sticky}", screen.scenario.name));
        }
    }
    lines.push(format!("sio08 run {} --trace trace.jsonl   every request and event", screen.source));
    lines.push(format!(
        "replay: sio08 run {} --seed {} --engine {}",
        screen.source,
        screen.seed,
        screen.engine.name()
    ));
    lines
}

fn is_file(source: &str) -> bool {
    Path::new(source).extension().is_some() || source.contains(' ')
}

/// The scenario in one line.
fn parameters(scenario: &Scenario) -> String {
    let clients = &scenario.clients;
    let sorts: Vec<String> = clients.sorts().map(|sort| sort_text(sort, clients.groups.is_empty())).collect();
    format!(
        "{} clients ({}) → {}{} {}, {} store · {}",
        clients.count,
        sorts.join("; "),
        way(scenario),
        scenario.servers.count,
        if scenario.servers.count == 1 { "server" } else { "servers" },
        scenario.servers.store.name(),
        duration(scenario)
    )
}

/// One sort of clients in a few words; one among several with their number.
fn sort_text(sort: &Clients, alone: bool) -> String {
    let profile = match sort.profile {
        ClientProfile::Genuine => "genuine 0.8.7",
        ClientProfile::Genuine09 => "genuine 0.9",
        ClientProfile::Improved => "improved",
    };
    let connections = match sort.connections {
        Connections::KeepAlive => "keep-alive",
        Connections::PerRequest => "one connection per request",
    };
    let transports: Vec<&str> = sort.transports.iter().copied().map(Transport::name).collect();
    let mut text = if alone { String::new() } else { format!("{} {}: ", sort.count, sort.name) };
    let browser = sort.platform.map_or(String::new(), |platform| format!("{}, ", platform.browser.title));
    let _ = write!(text, "{browser}{profile}, {}, {connections}", transports.join(" then "));
    if let Some(max) = sort.connections_max {
        let _ = write!(text, ", at most {max} connections");
    }
    text
}

/// The hops between clients and servers, each with an arrow behind it.
fn way(scenario: &Scenario) -> String {
    let name = |proxy: &crate::scenario::Proxy| match proxy.kind {
        ProxyKind::Stunnel => "stunnel → ",
        ProxyKind::Haproxy => "HAProxy → ",
        ProxyKind::Nginx => "nginx → ",
    };
    let mut text: String = scenario.proxies.iter().map(name).collect();
    match scenario.balancer.kind {
        BalancerKind::Haproxy => {
            let _ = write!(text, "HAProxy {} → ", balancing(&scenario.balancer));
        }
        BalancerKind::Nginx => {
            let _ = write!(text, "{} → ", balancing(&scenario.balancer));
        }
        BalancerKind::Cluster => text.push_str("one port → "),
        BalancerKind::None => {}
    }
    text
}

fn duration(scenario: &Scenario) -> String {
    let millis = scenario.duration.as_millis();
    if millis.is_multiple_of(1_000) { format!("{} s", millis / 1_000) } else { format!("{millis} ms") }
}

fn balancing(balancer: &crate::scenario::Balancer) -> String {
    let mut words = vec![match (balancer.mode, balancer.option) {
        _ if balancer.kind == BalancerKind::Nginx => "nginx",
        (BalancerMode::Tcp, _) => "tcp",
        (BalancerMode::Http, HttpOption::KeepAlive) => "http",
        (BalancerMode::Http, HttpOption::ServerClose) => "http server-close",
    }];
    words.push(match balancer.balance {
        Balance::RoundRobin => "roundrobin",
        Balance::StaticRr => "static-rr",
        Balance::Uri => "uri",
        Balance::UrlParam => "url_param",
        Balance::Hdr => "hdr",
        Balance::Source => "source",
        Balance::LeastConn => "leastconn",
        Balance::Random => "random",
        Balance::IpHash => "ip_hash",
        Balance::Hash => "hash",
    });
    if balancer.balance.is_hash() || balancer.balance == Balance::Hash {
        words.push(match balancer.hash_type {
            HashType::MapBased => "map-based",
            HashType::MapBasedAvalanche => "map-based avalanche",
            HashType::Consistent => "consistent",
            HashType::ConsistentPlain => "consistent without avalanche",
        });
    }
    match balancer.cookie.as_ref().map(|cookie| cookie.mode) {
        Some(CookieMode::Insert) => words.push("cookie insert"),
        Some(CookieMode::Prefix) => words.push("cookie prefix"),
        None => {}
    }
    match balancer.stick.map(|stick| stick.on) {
        Some(StickOn::Src) => words.push("stick on src"),
        Some(StickOn::Path) => words.push("stick on path"),
        Some(StickOn::Response) => words.push("stick on the session of the response"),
        None => {}
    }
    if balancer.redispatch != Redispatch::Never {
        words.push("redispatch");
    }
    let mut text = words.join(" ");
    if let Some(check) = balancer.check {
        let _ =
            write!(text, ", check {} ms fall {} rise {}", check.inter.as_millis(), check.fall, check.rise);
    }
    text
}

/// `21480` as `21,480`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
