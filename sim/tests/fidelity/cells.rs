//! The recorded tables, row by row, and the worlds that stand for them.

use socketio08_sim::report::{Figures, Impact, Spread};

use super::table::Tolerance::{Exact, Points, Share, Time};
use super::table::{Cell, Group};
use super::{CHECKS, runs};

/// Seeds for cells that depend on how requests interleave.
const SEEDS: u64 = 5;

const PROCESSOR: &str =
    "not judged: how often a client spins is limited by the recording machine's processors";

const SPINNING: &str =
    "not judged: who is left spinning rests on which socket the measured client's pool picks";

const PARITY: &str = "not judged: with two servers only the parity of the requests between a handshake and its poll counts; \
                      why it is odd more often in the recording was not isolated";

const PHASE: &str = "not judged: whether a client has one outage or two rests on the phase of the checks at each of the four \
                     stops, which was not recorded";

const KNIFE_EDGE: &str = "not judged: half of the dead server's clients are back a second earlier than the others, and the \
                          median falls to either side";

/// `peers/stack/burst.py` measures it.
pub(crate) const BURST: &str = "not judged: those who come back at one moment wait for each other at the genuine server, which the \
                                recording's clients shared two cores with (FIDELITY.md, \"Many at one moment\")";

const BROADCAST: &str = "not judged: a client learns of its other server by the next broadcast; those recorded came 3,040 and 3,266 ms \
                         after the return, these 2,900 ms";

pub(crate) fn set(settings: &[&str]) -> Vec<String> {
    settings.iter().map(|setting| (*setting).to_owned()).collect()
}

pub(crate) fn each(runs: &[Figures], value: impl Fn(&Figures) -> f64) -> Vec<f64> {
    runs.iter().map(value).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
pub(crate) fn number(value: u64) -> f64 {
    value as f64
}

pub(crate) fn median(spread: Option<Spread>) -> f64 {
    spread.map_or(f64::NAN, |spread| number(spread.median))
}

/// One row of A1: mode, keep-alive, servers, opens rejected, first opens rejected, stable at the end.
type PollingRow = (&'static str, bool, u64, (f64, f64), (f64, f64), (f64, f64));

/// A1.
pub(crate) fn round_robin_polling() -> Group {
    const ROWS: [PollingRow; 13] = [
        ("keep-alive", true, 1, (0.0, 0.0), (0.0, 0.0), (40.0, 40.0)),
        ("keep-alive", true, 2, (0.5378, 0.6033), (0.6158, 0.6728), (1.0, 1.0)),
        ("keep-alive", true, 4, (0.7623, 0.7664), (0.8507, 0.8833), (0.0, 0.0)),
        ("server-close", true, 1, (0.0, 0.0), (0.0, 0.0), (40.0, 40.0)),
        ("server-close", true, 2, (0.5255, 0.5392), (0.6143, 0.6588), (0.0, 3.0)),
        ("server-close", true, 4, (0.753, 0.757), (0.8301, 0.8563), (0.0, 0.0)),
        ("tcp", true, 1, (0.0, 0.0), (0.0, 0.0), (40.0, 40.0)),
        ("tcp", true, 2, (0.1703, 0.2318), (0.6019, 0.6493), (40.0, 40.0)),
        ("tcp", true, 4, (0.9016, 0.963), (0.7763, 0.8115), (35.0, 36.0)),
        ("keep-alive", false, 2, (0.5225, 0.5231), (0.6175, 0.6181), (0.0, 0.0)),
        ("keep-alive", false, 4, (0.7515, 0.7577), (0.8104, 0.8104), (0.0, 0.0)),
        ("tcp", false, 2, (0.5113, 0.5382), (0.6274, 0.6582), (0.0, 1.0)),
        ("tcp", false, 4, (0.7533, 0.7565), (0.8151, 0.8327), (0.0, 0.0)),
    ];
    let cells = ROWS.iter().flat_map(polling_row).collect();
    Group { title: "A1 round robin, xhr-polling, 40 clients", cells }
}

fn mode(mode: &str) -> Vec<String> {
    match mode {
        "tcp" => set(&["balancer.mode=tcp"]),
        option => vec![format!("balancer.option={option}")],
    }
}

fn polling_row(row: &PollingRow) -> Vec<Cell> {
    let &(name, keep_alive, servers, opens, first, stable) = row;
    let mut settings = mode(name);
    settings.push(format!("servers.count={servers}"));
    settings.push(format!("clients.connections={}", if keep_alive { "keep-alive" } else { "per-request" }));
    let runs = runs("round-robin", &settings, SEEDS);
    let kind = if keep_alive { "browser" } else { "one connection per request" };
    let row = format!("{name}, {kind}, {servers} servers");
    let mut cells = vec![
        Cell::new(&row, "opens rejected", Points, opens, each(&runs, |run| run.opens.fraction())),
        Cell::new(&row, "first opens rejected", Points, first, each(&runs, |run| run.first_opens.fraction())),
        Cell::new(
            &row,
            "of the clients, stable at the end",
            Share,
            (stable.0 / 40.0, stable.1 / 40.0),
            each(&runs, |run| f64::from(run.clients.stable_5s) / 40.0),
        ),
    ];
    if servers == 2 {
        cells = cells.into_iter().map(|cell| cell.outside_if("first opens rejected", PARITY)).collect();
    }
    if (name, servers) == ("tcp", 4)
        && let Some(stable) = cells.pop()
    {
        cells.push(stable.outside(SPINNING));
    }
    if servers == 1 {
        cells.push(Cell::new(
            &row,
            "handshakes",
            Exact,
            (40.0, 40.0),
            each(&runs, |run| number(run.handshakes.total)),
        ));
        cells.push(Cell::new(
            &row,
            "messages up lost",
            Exact,
            (0.0, 0.0),
            each(&runs, |run| number(run.up.lost)),
        ));
    }
    cells
}

/// A2.
pub(crate) fn round_robin_websocket() -> Group {
    let mut cells = Vec::new();
    for (name, servers, opens, failed) in [
        ("keep-alive", 1, (0.0, 0.0), (0.0, 0.0)),
        ("keep-alive", 2, (0.95, 1.0), (38.0, 40.0)),
        ("keep-alive", 4, (1.0, 1.0), (40.0, 40.0)),
        ("server-close", 1, (0.0, 0.0), (0.0, 0.0)),
        ("server-close", 2, (0.95, 1.0), (38.0, 40.0)),
        ("server-close", 4, (1.0, 1.0), (40.0, 40.0)),
        ("tcp", 1, (0.0, 0.0), (0.0, 0.0)),
        ("tcp", 2, (1.0, 1.0), (40.0, 40.0)),
        ("tcp", 4, (1.0, 1.0), (40.0, 40.0)),
    ] {
        let mut settings = mode(name);
        settings.push(format!("servers.count={servers}"));
        settings.push("clients.transports=[\"websocket\"]".to_owned());
        let runs = runs("round-robin", &settings, SEEDS);
        let row = format!("{name}, {servers} servers");
        let connected = (40.0 - failed.1, 40.0 - failed.0);
        cells.extend([
            Cell::new(&row, "opens rejected", Points, opens, each(&runs, |run| run.opens.fraction())),
            Cell::new(
                &row,
                "handshakes",
                Exact,
                (40.0, 40.0),
                each(&runs, |run| number(run.handshakes.total)),
            ),
            Cell::new(
                &row,
                "ever connected",
                Exact,
                connected,
                each(&runs, |run| f64::from(run.clients.ever_connected)),
            ),
            Cell::new(
                &row,
                "connect failed",
                Exact,
                failed,
                each(&runs, |run| f64::from(run.clients.connect_failed)),
            ),
        ]);
    }
    Group { title: "A2 round robin, websocket, 40 clients", cells }
}

/// B.
pub(crate) fn source() -> Group {
    let mut cells = Vec::new();
    for (row, count, addresses, transport, shares) in [
        ("40 clients on 40 addresses", 40, 40, "xhr-polling", [10, 10, 10, 10]),
        ("200 on 200", 200, 200, "xhr-polling", [50, 50, 50, 50]),
        ("50 on 5 (NAT)", 50, 5, "xhr-polling", [10, 10, 10, 20]),
        ("200 on 10 (NAT)", 200, 10, "xhr-polling", [40, 40, 60, 60]),
        ("40 on 40, websocket", 40, 40, "websocket", [10, 10, 10, 10]),
    ] {
        let settings = vec![
            format!("clients.count={count}"),
            format!("clients.addresses_count={addresses}"),
            format!("clients.transports=[\"{transport}\"]"),
            "clients.arrive_every=10ms".to_owned(),
        ];
        let map_based = runs("sticky-source", &settings, 1);
        for (place, share) in ["least", "second", "third", "most"].into_iter().zip(shares) {
            let index = ["least", "second", "third", "most"].iter().position(|name| *name == place);
            let sorted = each(&map_based, |run| nth_share(run, index.unwrap_or(0)));
            let figure = match place {
                "least" => "clients on the server with the fewest",
                "second" => "on the second",
                "third" => "on the third",
                _ => "on the server with the most",
            };
            cells.push(Cell::new(
                format!("map-based, {row}"),
                figure,
                Exact,
                (f64::from(share), f64::from(share)),
                sorted,
            ));
        }
        let consistent = [settings, vec!["balancer.hash_type=consistent".to_owned()]].concat();
        let consistent = runs("sticky-source", &consistent, 1);
        for (hash, runs) in [("map-based", &map_based), ("consistent", &consistent)] {
            let row = format!("{hash}, {row}");
            cells.push(Cell::new(
                &row,
                "opens rejected",
                Points,
                (0.0, 0.0),
                each(runs, |run| run.opens.fraction()),
            ));
            cells.push(Cell::new(
                &row,
                "messages up lost",
                Exact,
                (0.0, 0.0),
                each(runs, |run| number(run.up.lost)),
            ));
        }
    }
    Group { title: "B balance source, 4 servers", cells }
}

fn nth_share(run: &Figures, index: usize) -> f64 {
    let mut shares: Vec<u32> = run.servers.iter().map(|server| server.clients).collect();
    shares.sort_unstable();
    shares.get(index).map_or(f64::NAN, |share| f64::from(*share))
}

/// What C recorded after the kill and after the return, as ranges over the repetitions.
struct KillRow {
    row: &'static str,
    settings: &'static [&'static str],
    disconnected: [(f64, f64); 2],
    rejected: [(f64, f64); 2],
    back_ms: [Option<(f64, f64)>; 2],
    others_lost_ms: [Option<(f64, f64)>; 2],
    others_outage_ms: [Option<(f64, f64)>; 2],
}

const WEBSOCKET: &str = "clients.transports=[\"websocket\"]";
const CONSISTENT: &str = "balancer.hash_type=consistent";

/// C.
pub(crate) fn kill() -> Group {
    let rows = [
        KillRow {
            row: "map-based, redispatch, xhr-polling",
            settings: &[],
            disconnected: [(0.7375, 0.775), (0.7375, 0.775)],
            rejected: [(0.4875, 0.525), (0.7375, 0.775)],
            back_ms: [Some((5538.0, 5567.0)), Some((3595.0, 3878.0))],
            others_lost_ms: [Some((6056.0, 6312.0)), Some((3040.0, 3266.0))],
            others_outage_ms: [Some((525.0, 547.0)), Some((532.0, 556.0))],
        },
        KillRow {
            row: "map-based, no redispatch, xhr-polling",
            settings: &["balancer.redispatch=false"],
            disconnected: [(0.7375, 0.775), (0.7375, 0.775)],
            rejected: [(0.4875, 0.525), (0.7375, 0.775)],
            back_ms: [Some((7529.0, 7543.0)), Some((3514.0, 4239.0))],
            others_lost_ms: [Some((5975.0, 6430.0)), Some((2973.0, 3428.0))],
            others_outage_ms: [Some((515.0, 528.0)), Some((538.0, 852.0))],
        },
        KillRow {
            row: "consistent, redispatch, xhr-polling",
            settings: &[CONSISTENT],
            disconnected: [(0.15, 0.175), (0.15, 0.15)],
            rejected: [(0.0625, 0.0875), (0.125, 0.15)],
            back_ms: [Some((4537.0, 4588.0)), Some((3098.0, 3389.0))],
            others_lost_ms: [None, None],
            others_outage_ms: [None, None],
        },
        KillRow {
            row: "map-based, redispatch, websocket",
            settings: &[WEBSOCKET],
            disconnected: [(0.25, 0.25), (0.0, 0.0)],
            rejected: [(0.0, 0.0), (0.0, 0.0)],
            back_ms: [Some((5543.0, 5547.0)), None],
            others_lost_ms: [None, None],
            others_outage_ms: [None, None],
        },
        KillRow {
            row: "map-based, no redispatch, websocket",
            settings: &[WEBSOCKET, "balancer.redispatch=false"],
            disconnected: [(0.25, 0.25), (0.0, 0.0)],
            rejected: [(0.0, 0.0), (0.0, 0.0)],
            back_ms: [Some((7526.0, 7532.0)), None],
            others_lost_ms: [None, None],
            others_outage_ms: [None, None],
        },
        KillRow {
            row: "consistent, redispatch, websocket",
            settings: &[WEBSOCKET, CONSISTENT],
            disconnected: [(0.15, 0.175), (0.0, 0.0)],
            rejected: [(0.0625, 0.075), (0.0, 0.0)],
            back_ms: [Some((5535.0, 5596.0)), None],
            others_lost_ms: [None, None],
            others_outage_ms: [None, None],
        },
    ];
    let cells = rows.iter().flat_map(kill_row).collect();
    Group { title: "C kill of 1 of 4 at 8 s, return at 33 s, balance source, 80 clients", cells }
}

fn kill_row(row: &KillRow) -> Vec<Cell> {
    let settings = [&set(row.settings)[..], &set(&[CHECKS])].concat();
    let runs = runs("server-failure", &settings, SEEDS);
    let mut cells = Vec::new();
    for (window, name) in ["kill", "return"].into_iter().enumerate() {
        let label = format!("{}, after the {name}", row.row);
        let values = |value: &dyn Fn(&Impact) -> f64| {
            each(&runs, |run| run.impacts.get(window).map_or(f64::NAN, value))
        };
        let part = |count: fn(&socketio08_sim::report::Toll) -> u32| {
            values(&|impact| f64::from(count(&impact.its_clients) + count(&impact.others)) / 80.0)
        };
        let noticed = if window == 0 { (5500.0, 5600.0) } else { (2500.0, 2600.0) };
        cells.extend([
            Cell::new(
                &label,
                "noticed by the balancer",
                Time,
                noticed,
                values(&|impact| impact.noticed_ms.map_or(f64::NAN, number)),
            ),
            Cell::new(
                &label,
                "of all clients, disconnected",
                Points,
                row.disconnected[window],
                part(|toll| toll.disconnected),
            ),
            Cell::new(
                &label,
                "of all clients, rejected",
                Points,
                row.rejected[window],
                part(|toll| toll.rejected),
            ),
        ]);
        if let Some(range) = row.back_ms[window] {
            let back = values(&|impact| median(impact.its_clients.until_back_ms));
            let cell = Cell::new(&label, "the server's clients back, median", Time, range, back);
            cells.push(if row.settings == [WEBSOCKET, CONSISTENT] {
                cell.outside(KNIFE_EDGE)
            } else {
                cell.outside_if_of("map-based, redispatch, xhr-polling, after the return", BROADCAST)
            });
        }
        if let Some(range) = row.others_lost_ms[window] {
            cells.push(Cell::new(
                &label,
                "others lost, median",
                Time,
                range,
                values(&|impact| median(impact.others.until_lost_ms)),
            ));
        } else {
            cells.push(Cell::new(
                &label,
                "others disconnected",
                Exact,
                (0.0, 0.0),
                values(&|impact| f64::from(impact.others.disconnected)),
            ));
        }
        if let Some(range) = row.others_outage_ms[window] {
            cells.push(Cell::new(
                &label,
                "others' outage, median",
                Time,
                range,
                values(&|impact| median(impact.others.outage_ms)),
            ));
        }
    }
    cells.push(Cell::new(
        row.row,
        "messages up duplicated",
        Exact,
        (0.0, 0.0),
        each(&runs, |run| number(run.up.duplicated)),
    ));
    cells
}

/// D.
pub(crate) fn deploy() -> Group {
    let mut cells = Vec::new();
    for (name, transport, outage, lost) in [
        ("xhr-polling", "xhr-polling", (1566.0, 1579.0), (0.0, 0.001)),
        ("websocket", "websocket", (1597.0, 1609.0), (0.0, 0.001)),
    ] {
        let runs = runs(
            "rolling-deploy",
            &[format!("clients.transports=[\"{transport}\"]"), CHECKS.to_owned()],
            SEEDS,
        );
        let row = format!("down 1 s, check 2 s fall 3, {name}");
        cells.extend([
            Cell::new(
                &row,
                "handshakes in the deploy",
                Exact,
                (160.0, 160.0),
                each(&runs, deploy_handshakes),
            ),
            Cell::new(&row, "reconnects", Exact, (80.0, 80.0), each(&runs, |run| number(run.reconnects))),
            Cell::new(
                &row,
                "each outage, median",
                Time,
                outage,
                each(&runs, |run| median(run.outage_each_ms)),
            )
            .outside_if_of("down 1 s, check 2 s fall 3, websocket", BURST),
            Cell::new(
                &row,
                "clients with two sessions at the end",
                Exact,
                (80.0, 80.0),
                each(&runs, |run| f64::from(run.clients_with_several_sessions)),
            ),
            Cell::new(
                &row,
                "most sessions of one client",
                Exact,
                (2.0, 2.0),
                each(&runs, |run| f64::from(run.live_sessions_per_client_max)),
            ),
            Cell::new(
                &row,
                "not back at the end",
                Exact,
                (0.0, 0.0),
                each(&runs, |run| f64::from(run.clients.total - run.clients.connected_at_end)),
            ),
            Cell::new(&row, "opens rejected", Points, (0.0, 0.0), each(&runs, |run| run.opens.fraction())),
            Cell::new(
                &row,
                "messages up lost, of those sent",
                Points,
                lost,
                each(&runs, |run| number(run.up.lost) / number(run.up.sent)),
            ),
            Cell::new(
                &row,
                "messages up duplicated",
                Exact,
                (0.0, 0.0),
                each(&runs, |run| number(run.up.duplicated)),
            ),
            Cell::new(&row, "ticks missing", Exact, (80.0, 80.0), each(&runs, |run| number(run.down.lost))),
            Cell::new(
                &row,
                "ticks received twice",
                Exact,
                (3920.0, 3920.0),
                each(&runs, |run| number(run.down.duplicated)),
            ),
        ]);
    }
    cells.extend(slow_deploy());
    Group { title: "D rolling deploy, balance source and redispatch, 80 clients", cells }
}

/// Down 3 s under checks that notice it.
fn slow_deploy() -> Vec<Cell> {
    let noticed = [
        "deploy.down=3s",
        "balancer.check={ inter = \"500ms\", fall = 2, rise = 2, started_before = \"1020ms\" }",
    ];
    let polling = runs("rolling-deploy", &set(&noticed), 1);
    let websocket = runs("rolling-deploy", &set(&[noticed[0], noticed[1], WEBSOCKET]), SEEDS);
    let row = |name: &str| format!("down 3 s, check 500 ms fall 2, {name}");
    let lost = |run: &Figures| number(run.up.lost) / number(run.up.sent);
    vec![
        Cell::new(
            row("xhr-polling"),
            "opens rejected",
            Points,
            (0.90, 0.97),
            each(&polling, |run| run.opens.fraction()),
        )
        .outside(PROCESSOR),
        Cell::new(
            row("xhr-polling"),
            "handshakes in the deploy",
            Exact,
            (1625.0, 1650.0),
            each(&polling, deploy_handshakes),
        )
        .outside(PROCESSOR),
        Cell::new(
            row("xhr-polling"),
            "messages up lost, of those sent",
            Points,
            (0.124, 0.131),
            each(&polling, lost),
        )
        .outside(PROCESSOR),
        Cell::new(
            row("xhr-polling"),
            "outage per client, median",
            Time,
            (5340.0, 6172.0),
            each(&polling, |run| median(run.outage_ms)),
        )
        .outside(PROCESSOR),
        Cell::new(
            row("websocket"),
            "handshakes in the deploy",
            Exact,
            (180.0, 205.0),
            each(&websocket, deploy_handshakes),
        ),
        Cell::new(
            row("websocket"),
            "each outage, median",
            Time,
            (1578.0, 1580.0),
            each(&websocket, |run| median(run.outage_each_ms)),
        ),
        Cell::new(
            row("websocket"),
            "outage per client, median",
            Time,
            (1866.0, 1885.0),
            each(&websocket, |run| median(run.outage_ms)),
        )
        .outside(PHASE),
        Cell::new(
            row("websocket"),
            "not back at the end",
            Exact,
            (0.0, 0.0),
            each(&websocket, |run| f64::from(run.clients.total - run.clients.connected_at_end)),
        ),
        Cell::new(
            row("websocket"),
            "messages up lost, of those sent",
            Points,
            (0.0002, 0.001),
            each(&websocket, lost),
        ),
    ]
}

/// Handshakes from the first stop on.
fn deploy_handshakes(run: &Figures) -> f64 {
    let windows = run.impacts.iter().map(|impact| impact.its_clients.handshakes + impact.others.handshakes);
    f64::from(windows.sum::<u32>())
}
