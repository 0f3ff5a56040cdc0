//! Tables F (stunnel), G (nginx), H (websockets blocked) and S (Node's cluster).

use socketio08_sim::report::Figures;

use super::cells::{median, number, set};
use super::runs;
use super::table::{Cell, Group, Tolerance};

const SEEDS: u64 = 5;

/// One row for each server: how many clients it has at the end.
fn per_server(row: &str, clients: [f64; 4], figures: &[Figures]) -> Vec<Cell> {
    let names = ["clients on s1", "clients on s2", "clients on s3", "clients on s4"];
    let cell = |(index, (name, recorded)): (usize, (&'static str, f64))| {
        let simulated = figures.iter().map(move |figures| f64::from(figures.servers[index].clients));
        Cell::new(row, name, Tolerance::Exact, (recorded, recorded), simulated)
    };
    names.into_iter().zip(clients).enumerate().map(cell).collect()
}

fn median_first_connect(figures: &Figures) -> f64 {
    median(figures.first_connect_ms)
}

fn connected(row: &str, recorded: f64, figures: &[Figures]) -> Cell {
    let simulated = figures.iter().map(|figures| f64::from(figures.clients.ever_connected));
    Cell::new(row, "connected", Tolerance::Exact, (recorded, recorded), simulated)
}

/// Sessions that the server took for connected at the end, of clients that never were.
fn ghosts(row: &str, recorded: f64, figures: &[Figures]) -> Cell {
    let kept = |figures: &Figures| {
        let held = figures.servers.iter().filter_map(|server| server.holds);
        number(held.map(|held| held.connected).sum::<u64>())
    };
    Cell::new(
        row,
        "ghost sessions at the end",
        Tolerance::Exact,
        (recorded, recorded),
        figures.iter().map(kept),
    )
}

fn first(row: &str, recorded: (f64, f64), figures: &[Figures]) -> Cell {
    Cell::new(
        row,
        "first connect, median",
        Tolerance::Time,
        recorded,
        figures.iter().map(median_first_connect),
    )
}

pub(crate) fn stunnel() -> Group {
    let hidden = runs("stunnel-hides-source", &set(&[]), SEEDS);
    let told = runs("multi-machine", &set(&[]), SEEDS);
    // The terminator only copies: there is no request to which it could add the address.
    let forwarded = runs("stunnel-hides-source", &set(&["balancer.forwardfor=true"]), SEEDS);
    // One open each, as the recording's own clients made them.
    let least = ["balancer.balance=leastconn", "clients.transports=[\"websocket\"]"];
    let least = runs("stunnel-hides-source", &set(&least), SEEDS);
    let mut cells = per_server("plain_source", [0.0, 40.0, 0.0, 0.0], &hidden);
    cells.extend(per_server("proxyproto_source", [10.0, 10.0, 10.0, 10.0], &told));
    cells.extend(per_server("plain_source_forwardfor", [0.0, 40.0, 0.0, 0.0], &forwarded));
    cells.push(Cell::new(
        "plain_leastconn",
        "opens rejected",
        Tolerance::Points,
        (1.0, 1.0),
        least.iter().map(|figures| figures.opens.fraction()),
    ));
    Group { title: "F: stunnel, HAProxy, 4 servers", cells }
}

pub(crate) fn nginx() -> Group {
    let few = ["clients.count=10", "clients.page=false"];
    let with = |more: &[&str]| runs("nginx-http10", &set(&[&few[..], more].concat()), SEEDS);
    let (plain, only) = (with(&[]), with(&["clients.transports=[\"websocket\"]"]));
    let (upgrade, polling) =
        (with(&["proxy.1.upgrade=true"]), with(&["clients.transports=[\"xhr-polling\"]"]));
    let cells = vec![
        connected("http10_default, polling", 10.0, &polling),
        connected("http10_default, websocket only", 0.0, &only),
        ghosts("http10_default, websocket only", 10.0, &only),
        connected("http10_default, websocket then polling", 10.0, &plain),
        first("http10_default, websocket then polling", (10_005.0, 10_180.0), &plain),
        connected("http11_upgrade, websocket then polling", 10.0, &upgrade),
        first("http11_upgrade, websocket then polling", (4.0, 4.0), &upgrade),
    ];
    Group { title: "G: nginx before one server", cells }
}

pub(crate) fn blocked() -> Group {
    let twenty = ["clients.count=20", "clients.page=false"];
    let with = |more: &[&str]| runs("websocket-blocked", &set(&[&twenty[..], more].concat()), SEEDS);
    let (deny, reject) = (with(&[]), with(&["balancer.route.1.to=reject"]));
    let open = with(&["balancer.route=none"]);
    let cells = vec![
        first("deny403", (10_005.0, 10_005.0), &deny),
        connected("deny403", 20.0, &deny),
        first("reject_tcp_close", (10_007.0, 10_007.0), &reject),
        connected("reject_tcp_close", 20.0, &reject),
        first("no_block", (4.0, 4.0), &open),
        connected("no_block", 20.0, &open),
    ];
    Group { title: "H: websockets blocked at the proxy", cells }
}

pub(crate) fn cluster() -> Group {
    let with = |more: &[&str]| runs("node-cluster", &set(more), SEEDS);
    let rejected = |row: &str, recorded: (f64, f64), figures: &[Figures]| {
        let fraction =
            |figures: &Figures| number(figures.opens.rejected) / number(figures.opens.total.max(1));
        Cell::new(row, "opens rejected", Tolerance::Points, recorded, figures.iter().map(fraction))
    };
    let cells = vec![
        rejected("w4_ka1 websocket", (0.85, 0.875), &with(&[])),
        rejected("w4_ka0 websocket", (0.925, 0.975), &with(&["clients.connections=per-request"])),
        rejected("w2_ka1 websocket", (0.725, 0.9), &with(&["servers.count=2"])),
        rejected(
            "w4_ka0 polling",
            (0.7443, 0.7551),
            &with(&["clients.connections=per-request", "clients.transports=[\"xhr-polling\"]"]),
        ),
    ];
    let why = "the kernel and its load decide who accepts first";
    let cells = cells.into_iter().map(|cell| cell.outside(why)).collect();
    Group { title: "S: workers of a cluster on one port", cells }
}
