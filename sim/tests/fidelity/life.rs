//! Deploys (U), mass reconnection (W2, item 49) and the timers of a server whose client is gone (T).

use socketio08_sim::report::{Figures, Impact, Toll};

use super::cells::{BURST, each, median, number, set};
use super::runs;
use super::table::Tolerance::{Exact, Points, Time};
use super::table::{Cell, Group};

const SEEDS: u64 = 3;
const POLLING: &str = "clients.transports=[\"xhr-polling\"]";
const WEBSOCKET: &str = "clients.transports=[\"websocket\"]";
const CONSISTENT: &str = "balancer.hash_type=consistent";
const COOKIE: &[&str] =
    &["balancer.balance=roundrobin", "balancer.cookie={ name = \"SRV\", mode = \"insert\" }"];

/// One handshake for each time that a client was cut off, and one to begin with, are 6.75 in the recording as here.
const PENDING: &str = "not judged: what the recording has beyond one handshake for each loss are attempts made while its loaded \
                       machine had not answered the one before (item 3)";

/// Of all clients, the part cut off by the changes that `is` names, all servers together.
fn cut(run: &Figures, is: &[&str]) -> f64 {
    part(run, is, |toll| toll.disconnected)
}

fn part(run: &Figures, is: &[&str], count: fn(&Toll) -> u32) -> f64 {
    let of = |impact: &Impact| count(&impact.its_clients) + count(&impact.others);
    let hit: u32 = run.impacts.iter().filter(|impact| is.contains(&impact.change)).map(of).sum();
    f64::from(hit) / f64::from(run.clients.total)
}

fn handshakes_per_client(run: &Figures) -> f64 {
    number(run.handshakes.total) / f64::from(run.clients.total)
}

struct Drain {
    row: &'static str,
    settings: &'static [&'static str],
    /// Of all clients, summed over the four drains, and over the four restarts with their returns.
    drains: (f64, f64),
    restarts: (f64, f64),
    handshakes: (f64, f64),
    lost: (f64, f64),
}

/// U1: 40 clients, 13 s for each of 4 servers.
pub(crate) fn drain() -> Group {
    let rows = [
        Drain {
            row: "map-based, websocket",
            settings: &[WEBSOCKET],
            drains: (0.0, 0.0),
            restarts: (1.0, 1.0),
            handshakes: (2.0, 2.0),
            lost: (0.0, 7.0 / 2580.0),
        },
        Drain {
            row: "consistent, websocket",
            settings: &[WEBSOCKET, CONSISTENT],
            drains: (0.0, 0.0),
            restarts: (1.0, 1.0),
            handshakes: (2.0, 2.0),
            lost: (0.0, 7.0 / 2580.0),
        },
        Drain {
            row: "map-based, xhr-polling",
            settings: &[POLLING],
            drains: (2.8, 3.0),
            restarts: (2.8, 3.0),
            handshakes: (6.9, 7.1),
            lost: (115.0 / 2580.0, 170.0 / 2580.0),
        },
        Drain {
            row: "consistent, xhr-polling",
            settings: &[POLLING, CONSISTENT],
            drains: (1.0, 1.0),
            restarts: (1.0, 1.0),
            handshakes: (3.0, 3.0),
            lost: (41.0 / 2580.0, 66.0 / 2580.0),
        },
    ];
    let mut cells: Vec<Cell> = rows.iter().flat_map(drain_row).collect();
    cells.extend(cookie_drain());
    Group { title: "U1 rolling restart with drain, 4 servers, 40 clients", cells }
}

fn drain_row(row: &Drain) -> Vec<Cell> {
    let runs = runs("rolling-deploy-drain", &set(row.settings), SEEDS);
    let lost = |run: &Figures| number(run.up.lost) / number(run.up.sent);
    let pending = if row.row == "map-based, xhr-polling" { "handshakes per client" } else { "" };
    vec![
        Cell::new(
            row.row,
            "cut off by drains, sum",
            Points,
            row.drains,
            each(&runs, |run| cut(run, &["drain"])),
        ),
        Cell::new(
            row.row,
            "cut off by restarts and returns, sum",
            Points,
            row.restarts,
            each(&runs, |run| cut(run, &["down", "up", "ready"])),
        ),
        Cell::new(
            row.row,
            "handshakes per client",
            Points,
            row.handshakes,
            each(&runs, handshakes_per_client),
        )
        .outside_if(pending, PENDING),
        Cell::new(row.row, "messages up lost, of those sent", Points, row.lost, each(&runs, lost)),
        Cell::new(
            row.row,
            "each outage, median",
            Time,
            (512.0, 866.0),
            each(&runs, |run| median(run.outage_each_ms)),
        ),
    ]
}

/// Cookies: a drain moves nobody, and everybody is cut off once, by the restart.
fn cookie_drain() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (row, transport) in [("cookie, xhr-polling", POLLING), ("cookie, websocket", WEBSOCKET)] {
        let settings = [&[transport], COOKIE].concat();
        let runs = runs("rolling-deploy-drain", &set(&settings), SEEDS);
        let drains = each(&runs, |run| cut(run, &["drain", "ready"]));
        let restarts = each(&runs, |run| cut(run, &["down", "up"]));
        cells.extend([
            Cell::new(row, "cut off by drains and returns, sum", Points, (0.0, 0.0), drains),
            Cell::new(row, "cut off by restarts, sum", Points, (1.0, 1.0), restarts),
            Cell::new(row, "handshakes per client", Points, (2.0, 2.1), each(&runs, handshakes_per_client)),
        ]);
    }
    cells
}

/// U2: the change at 8 s, the old pool stopped at 20 s.
pub(crate) fn blue_green() -> Group {
    let mut cells = Vec::new();
    for (row, transport, switch, stop, outage, handshakes) in [
        ("xhr-polling", POLLING, 1.0, 0.0, (533.0, 570.0), (2.0, 2.12)),
        ("websocket", WEBSOCKET, 0.0, 1.0, (600.0, 1110.0), (2.0, 2.0)),
    ] {
        let runs = runs("blue-green", &set(&[transport]), SEEDS);
        let green = |run: &Figures| {
            let clients = run.servers.iter().skip(4).map(|server| server.clients);
            f64::from(clients.sum::<u32>()) / 40.0
        };
        cells.extend([
            Cell::new(
                row,
                "cut off by the change",
                Points,
                (switch, switch),
                each(&runs, |run| cut(run, &["ready", "maint"])),
            ),
            Cell::new(
                row,
                "rejected at the change",
                Points,
                (switch, switch),
                each(&runs, |run| part(run, &["ready", "maint"], |toll| toll.rejected)),
            ),
            Cell::new(
                row,
                "cut off by the stop",
                Points,
                (stop, stop),
                each(&runs, |run| cut(run, &["down"])),
            ),
            Cell::new(
                row,
                "each outage, median",
                Time,
                outage,
                each(&runs, |run| median(run.outage_each_ms)),
            )
            .outside_if_of("websocket", BURST),
            Cell::new(row, "handshakes per client", Points, handshakes, each(&runs, handshakes_per_client)),
            Cell::new(row, "clients on the new pool at the end", Points, (1.0, 1.0), each(&runs, green)),
        ]);
    }
    Group { title: "U2 blue/green, balance source map-based, 40 clients", cells }
}

/// What the row is, its settings, and the recorded shares rejected on the way out and on the way back.
type Row = (&'static str, Vec<&'static str>, (f64, f64), (f64, f64));

/// U3: 4 to 5 servers at 8 s, back at 22 s, the fifth stopped at 34 s.
pub(crate) fn scale() -> Group {
    let mut cells = Vec::new();
    let rows: [Row; 6] = [
        ("map-based, xhr-polling", vec![POLLING], (0.8, 0.8), (0.775, 0.8)),
        ("consistent, xhr-polling", vec![POLLING, CONSISTENT], (0.225, 0.25), (0.225, 0.25)),
        ("cookie, xhr-polling", [&[POLLING], COOKIE].concat(), (0.0, 0.0), (0.0, 0.0)),
        ("map-based, websocket", vec![WEBSOCKET], (0.0, 0.0), (0.0, 0.0)),
        ("consistent, websocket", vec![WEBSOCKET, CONSISTENT], (0.0, 0.0), (0.0, 0.0)),
        ("cookie, websocket", [&[WEBSOCKET], COOKIE].concat(), (0.0, 0.0), (0.0, 0.0)),
    ];
    for (row, settings, out, back) in rows {
        let runs = runs("scale-out", &set(&settings), SEEDS);
        cells.extend([
            Cell::new(row, "cut off by 4 to 5", Points, out, each(&runs, |run| cut(run, &["ready"]))),
            Cell::new(row, "cut off by 5 to 4", Points, back, each(&runs, |run| cut(run, &["maint"]))),
            Cell::new(
                row,
                "cut off by the stop of s5",
                Points,
                (0.0, 0.0),
                each(&runs, |run| cut(run, &["down"])),
            ),
        ]);
        if out.1 > 0.0 {
            let outage = each(&runs, |run| median(run.outage_each_ms));
            cells.push(Cell::new(row, "each outage, median", Time, (510.0, 636.0), outage));
        }
    }
    Group { title: "U3 scaling out and in, 40 clients", cells }
}

/// U4: reload of HAProxy at 8 s.
pub(crate) fn reload() -> Group {
    let plan = ["deploy=none", "deploy.kind=reload", "deploy.start=8020ms", "servers.count=4"];
    let mut cells = Vec::new();
    let rows: [(&str, Vec<&str>, (f64, f64)); 5] = [
        ("map-based, websocket", vec![WEBSOCKET], (0.0, 0.0)),
        ("map-based, xhr-polling", vec![POLLING], (0.0, 0.0)),
        ("cookie, websocket", [&[WEBSOCKET], COOKIE].concat(), (0.0, 0.0)),
        ("cookie, xhr-polling", [&[POLLING], COOKIE].concat(), (0.0, 0.0)),
        (
            "map-based, hard stop after 10 s, websocket",
            vec![WEBSOCKET, "deploy.hard_stop_after=10s"],
            (1.0, 1.0),
        ),
    ];
    for (row, settings, disconnected) in rows {
        let runs = runs("blue-green", &set(&[&plan[..], &settings[..]].concat()), SEEDS);
        cells.push(Cell::new(row, "cut off", Points, disconnected, each(&runs, |run| cut(run, &["reload"]))));
        cells.push(Cell::new(
            row,
            "rejected",
            Points,
            (0.0, 0.0),
            each(&runs, |run| part(run, &["reload"], |toll| toll.rejected)),
        ));
    }
    Group { title: "U4 reload of HAProxy, 40 clients", cells }
}

/// W2: 200 clients, 4 servers killed at 10 s and back after 5 or 20 s, behind HAProxy with checks.
pub(crate) fn mass_reconnect() -> Group {
    let mut cells = Vec::new();
    let down20: &[&str] = &["deploy.down=20s", "duration=60s"];
    for (row, settings, waves, back) in [
        ("down 5 s, websocket", vec![WEBSOCKET], vec![500.0, 1_500.0, 3_500.0, 7_500.0], (7_954.0, 8_305.0)),
        ("down 5 s, xhr-polling", vec![POLLING], vec![500.0, 1_500.0, 3_500.0, 7_500.0], (7_841.0, 7_982.0)),
        (
            "down 20 s, websocket",
            [&[WEBSOCKET], down20].concat(),
            vec![500.0, 1_500.0, 3_500.0, 7_500.0, 15_500.0, 31_500.0],
            (31_706.0, 31_727.0),
        ),
    ] {
        let runs = runs("reconnect-storm", &set(&settings), SEEDS);
        for (wave, at) in waves.iter().enumerate() {
            // The first of all waves is that of arrival.
            let found = |run: &Figures| run.life.storm.waves.get(wave + 1).copied().unwrap_or_default();
            let label = format!("{row}, wave {}", wave + 1);
            cells.extend([
                Cell::new(
                    &label,
                    "begins after the kill",
                    Time,
                    (*at, *at),
                    each(&runs, |run| number(found(run).0) - 10_000.0),
                ),
                Cell::new(
                    &label,
                    "handshakes",
                    Exact,
                    (200.0, 200.0),
                    each(&runs, |run| number(found(run).1)),
                ),
            ]);
        }
        let requests = number(200 * waves.len() as u64);
        cells.extend([
            Cell::new(
                row,
                "handshakes after the kill",
                Exact,
                (requests, requests),
                each(&runs, |run| number(run.life.storm.handshakes_sent) - 200.0),
            ),
            Cell::new(
                row,
                "99 of 100 back",
                Time,
                back,
                each(&runs, |run| {
                    run.life.storm.longest.and_then(|longest| longest.until_99_ms).map_or(f64::NAN, number)
                }),
            )
            .outside_if_of("down 5 s, websocket", BURST),
            Cell::new(
                row,
                "opens rejected",
                Exact,
                (0.0, 0.0),
                each(&runs, |run| number(run.opens.rejected)),
            ),
            Cell::new(
                row,
                "never back",
                Exact,
                (0.0, 0.0),
                each(&runs, |run| f64::from(run.clients.total - run.clients.connected_at_end)),
            ),
        ]);
    }
    Group { title: "W2 mass reconnection, 200 clients, 4 servers", cells }
}

/// T: what a server does about a client that is gone without a word. The one that goes right after its first open.
pub(crate) fn timers() -> Group {
    let gone = "clients.leaves={ after = \"100ms\", how = \"silent\" }";
    let mut cells = Vec::new();
    for (row, transport, known) in [
        ("a websocket, from its first heartbeat's interval on", WEBSOCKET, 35_000.0),
        ("a poll that waits, behind HAProxy (item 18: 20 s noop, 25 s close)", POLLING, 45_000.0),
    ] {
        let base = ["clients.group=none", "clients.count=10", "duration=90s"];
        let runs = runs("silent-death", &set(&[&base[..], &[transport, gone]].concat()), SEEDS);
        let known_after = each(&runs, |run| median(run.life.ghosts.silent_death_known_ms));
        cells.push(Cell::new(row, "until the server ends the session", Time, (known, known), known_after));
    }
    Group { title: "T timers of a server whose client is gone", cells }
}
