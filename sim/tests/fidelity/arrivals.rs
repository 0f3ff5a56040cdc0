//! Round robin with other arrivals (A3), with fallback (A4), and the growth of the reconnect loop of one client (L).

use socketio08_sim::report::Figures;
use socketio08_sim::trace::{Record, TraceEvent};

use super::cells::{each, median, number, set};
use super::table::Tolerance::{Binomial, Exact, Mean, Points, Share, Time};
use super::table::{Cell, Group};
use super::{records, runs};

const SEEDS: u64 = 3;

const WEBSOCKET: &str = "clients.transports=[\"websocket\"]";
const LONE: &str = "clients.count=1";
const BURST: &str = "clients.arrive_every=0s";

const TWO_TIMERS: &str = "not judged: a spinning client stops when a poll hangs on the right server, which rests on the machine's load";

const PHASE: &str = "not judged: whether the message of the first second, whose phase was not recorded, takes the connection \
                     that the next poll would have taken; without messages (L) the handshakes are those recorded";

const POLLS: &str = "polls until connected, mean";

const SPINNING: &str = "not judged: who is left spinning rests on which socket the measured client's pool picks, as in mode tcp (below)";

/// A range that was recorded.
type Range = (f64, f64);

fn of(figure: &'static str) -> fn(&Figures) -> f64 {
    match figure {
        "opens rejected" => |run| run.opens.fraction(),
        "first opens rejected" => |run| run.first_opens.fraction(),
        POLLS => |run| run.polls_to_connect_mean.unwrap_or(f64::NAN),
        "handshakes" => |run| number(run.handshakes.total),
        "connects" => |run| number(run.connects),
        "ever connected" => |run| f64::from(run.clients.ever_connected),
        "of the clients, ever connected" => |run| f64::from(run.clients.ever_connected) / 40.0,
        "connect failed" => |run| f64::from(run.clients.connect_failed),
        _ => |_| f64::NAN,
    }
}

fn row(name: &str, settings: &[&str], figures: &[(&'static str, Range)]) -> Vec<Cell> {
    let runs = runs("round-robin", &set(settings), SEEDS);
    let cell = |&(figure, recorded): &(&'static str, Range)| {
        let tolerance = match figure {
            POLLS => Mean,
            // Each of the 40 opens once.
            "of the clients, ever connected" => Binomial(40),
            "opens rejected" if name.starts_with("websocket") => Binomial(40),
            _ if figure.ends_with("rejected") => Points,
            _ => Exact,
        };
        Cell::new(name, figure, tolerance, recorded, each(&runs, of(figure))).outside_if(POLLS, TWO_TIMERS)
    };
    figures.iter().map(cell).collect()
}

/// A3.
pub(crate) fn arrivals() -> Group {
    let (opens, first, polls) = ("opens rejected", "first opens rejected", POLLS);
    let (handshakes, ever, failed) = ("handshakes", "ever connected", "connect failed");
    let share = "of the clients, ever connected";
    let one = |value: f64| (value, value);
    let mut cells = row(
        "websocket, all at once, 2 servers",
        &["servers.count=2", WEBSOCKET, BURST],
        &[(opens, one(0.5)), (handshakes, one(40.0)), (share, one(0.5))],
    );
    cells.extend(row(
        "websocket, all at once, 4 servers",
        &[WEBSOCKET, BURST],
        &[(opens, (0.7, 0.75)), (handshakes, one(40.0)), (share, (0.25, 0.3))],
    ));
    let stays = row(
        "xhr-polling, prefer-last-server, http-reuse never, 4 servers",
        &["balancer.http_reuse=never", "balancer.prefer_last_server=true"],
        &[(opens, (0.4472, 0.6486)), (first, (0.7524, 0.7525)), (polls, one(1.8)), (ever, one(40.0))],
    );
    cells.extend(stays.into_iter().map(|cell| cell.outside_if(opens, SPINNING)));
    cells.extend(row(
        "one client, xhr-polling, 2 servers",
        &["servers.count=2", LONE],
        &[(opens, (0.5238, 0.5714)), (first, one(1.0)), (polls, one(2.0)), (ever, one(1.0))],
    ));
    cells.extend(row(
        "one client, xhr-polling, 4 servers",
        &[LONE],
        &[(opens, (0.7677, 0.7718)), (first, one(1.0)), (polls, one(4.0)), (ever, one(1.0))],
    ));
    for (name, servers, opened, rejected, mean, sessions) in [
        ("one client, xhr-polling, mode tcp, 2 servers", "servers.count=2", (0.1176, 0.125), 0.5, 1.5, 2.0),
        (
            "one client, xhr-polling, mode tcp, 4 servers",
            "servers.count=4",
            (0.2727, 0.2857),
            0.75,
            1.75,
            4.0,
        ),
    ] {
        let figures = [
            (opens, opened),
            (first, one(rejected)),
            (polls, one(mean)),
            (handshakes, one(sessions)),
            ("connects", one(sessions)),
            (ever, one(1.0)),
        ];
        let row = row(name, &["balancer.mode=tcp", servers, LONE], &figures);
        cells.extend(
            row.into_iter().map(|cell| if servers == "servers.count=4" { cell.outside(PHASE) } else { cell }),
        );
    }
    cells.extend(row(
        "one client, websocket, 4 servers",
        &[WEBSOCKET, LONE],
        &[(opens, one(1.0)), (handshakes, one(1.0)), (ever, one(0.0)), (failed, one(1.0))],
    ));
    cells.extend(row(
        "websocket, leastconn, 4 servers",
        &[WEBSOCKET, "balancer.balance=leastconn"],
        &[(opens, one(1.0)), (handshakes, one(40.0)), (ever, one(0.0)), (failed, one(40.0))],
    ));
    Group { title: "A3 round robin and least connections, other arrivals", cells }
}

/// A4.
pub(crate) fn fallback() -> Group {
    let mut cells = Vec::new();
    for (servers, opens, connected, first) in
        [(2, (0.5469, 0.5927), 27.0, (10_008.0, 10_010.0)), (4, (0.8883, 0.8912), 1.0, (10_009.0, 10_009.0))]
    {
        let count = format!("servers.count={servers}");
        let both = "clients.transports=[\"websocket\", \"xhr-polling\"]";
        let runs = runs("round-robin", &set(&[&count, both, "duration=32s"]), SEEDS);
        let row = format!("keep-alive, {servers} servers");
        let share = (connected / 40.0, connected / 40.0);
        cells.extend([
            Cell::new(&row, "opens rejected", Points, opens, each(&runs, |run| run.opens.fraction())),
            Cell::new(
                &row,
                "of the clients, connected at the end",
                if servers == 2 { Binomial(40) } else { Share },
                share,
                each(&runs, |run| f64::from(run.clients.connected_at_end) / 40.0),
            ),
            Cell::new(
                &row,
                "first connect, median",
                Time,
                first,
                each(&runs, |run| median(run.first_connect_ms)),
            ),
        ]);
    }
    Group { title: "A4 round robin, websocket and then xhr-polling, 40 clients, 32 s", cells }
}

/// The handshakes that servers gave in one second of a run.
fn handshakes(records: &[Record], second: u64) -> f64 {
    let counts = |record: &&Record| {
        record.at / 1_000_000 == second && matches!(record.event, TraceEvent::Issued { .. })
    };
    number(records.iter().filter(counts).count() as u64)
}

/// L: the first seconds, until the recording's machine counts.
pub(crate) fn growth() -> Group {
    const SECONDS: [&str; 6] = ["second 1", "second 2", "second 3", "second 4", "second 5", "second 6"];
    let mut cells = Vec::new();
    let loops: [(&str, &str, &str, &[Range]); 3] = [
        (
            "2 servers",
            "servers.count=2",
            "balancer.mode=http",
            &[(2.0, 2.0), (3.0, 3.0), (5.0, 6.0), (10.0, 12.0)],
        ),
        (
            "4 servers",
            "servers.count=4",
            "balancer.mode=http",
            &[(2.0, 2.0), (3.0, 3.0), (6.0, 7.0), (10.0, 11.0), (14.0, 14.0), (21.0, 21.0)],
        ),
        (
            "4 servers, mode tcp",
            "servers.count=4",
            "balancer.mode=tcp",
            &[(2.0, 2.0), (2.0, 2.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
        ),
    ];
    for (row, count, mode, seconds) in loops {
        let settings = set(&[
            count,
            mode,
            LONE,
            "servers.broadcast_every=none",
            "clients.send_every=none",
            "duration=20s",
        ]);
        let traces: Vec<Vec<Record>> =
            (1..=SEEDS).map(|seed| records("round-robin", &settings, seed)).collect();
        for (second, recorded) in (0..).zip(seconds) {
            let counted = traces.iter().map(|trace| handshakes(trace, second));
            let name = SECONDS.get(usize::try_from(second).unwrap_or(0)).copied().unwrap_or("");
            cells.push(
                Cell::new(format!("{row}: handshakes"), name, Exact, *recorded, counted).outside(TWO_TIMERS),
            );
        }
    }
    Group { title: "L one polling client's loop of handshakes under round robin", cells }
}
