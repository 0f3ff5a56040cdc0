//! Part 2 of the recorded tables: stickiness (N, O), nginx (P), algorithms (Q).

use socketio08_sim::report::{Figures, Impact};

use super::cells::{each, median, number, set};
use super::runs;
use super::table::Tolerance::{self, Binomial, Exact, Points, Share, Time};
use super::table::{Cell, Group};

/// Seeds for each row of websockets.
const SEEDS: u64 = 3;

const WEBSOCKET: &str = "clients.transports=[\"websocket\"]";
const POLLING: &str = "clients.transports=[\"xhr-polling\"]";

const INTERLEAVED: &str = "not judged: how the requests of 80 spinning clients interleave rests on the processors of the \
                           recording's machine; it was not isolated";

const RACE: &str = "not judged: whether the handshake that HAProxy holds is answered before the next one rests on the 2 to 90 ms that the \
                    recording's took longer than a second (item 24)";

const SLOW: &str = "not judged: the recording's loaded machine held a handshake up to 90 ms longer than a second, and a reconnection \
                    took it 0.57 to 0.86 s instead of 0.5 (items 24 and 25)";

/// What so many trials, each with its chance, can be away: nothing of what happened to none or all.
fn chance(range: Range, trials: u32) -> Tolerance {
    if range.1 <= 0.0 || range.0 >= 1.0 { Share } else { Binomial(trials) }
}

/// A range that was recorded.
type Range = (f64, f64);

/// A row of a table of steady runs.
struct Row {
    name: &'static str,
    builtin: &'static str,
    settings: &'static [&'static str],
    clients: u32,
    opens: Range,
    ever: Range,
    stable: Range,
    /// The clients of each server at the end, where routing alone decides it.
    owners: Option<[u32; 4]>,
    /// The server that gave every handshake.
    handshaker: Option<usize>,
}

impl Row {
    fn cells(&self) -> Vec<Cell> {
        // A rejected polling client spins, which takes long to simulate and leaves little to chance.
        let seeds = if self.settings.contains(&WEBSOCKET) { SEEDS } else { 1 };
        let runs = runs(self.builtin, &set(self.settings), seeds);
        let clients = f64::from(self.clients);
        let share = |range: Range| (range.0 / clients, range.1 / clients);
        let of = |count: fn(&Figures) -> u32| each(&runs, |run| f64::from(count(run)) / clients);
        // A websocket opens once; polls are many, and no independent trials.
        let websocket = self.settings.contains(&WEBSOCKET) && self.opens != NONE;
        let opens = if websocket { Binomial(self.clients) } else { Points };
        let mut cells = vec![
            Cell::new(
                self.name,
                "opens rejected",
                opens,
                self.opens,
                each(&runs, |run| run.opens.fraction()),
            ),
            Cell::new(
                self.name,
                "ever connected",
                chance(share(self.ever), self.clients),
                share(self.ever),
                of(|run| run.clients.ever_connected),
            ),
            Cell::new(
                self.name,
                "stable at the end",
                chance(share(self.stable), self.clients),
                share(self.stable),
                of(|run| run.clients.stable_5s),
            ),
        ];
        for (place, owners) in self.owners.iter().flatten().enumerate() {
            let range = (f64::from(*owners), f64::from(*owners));
            let clients = each(&runs, |run| {
                run.servers.get(place).map_or(f64::NAN, |server| f64::from(server.clients))
            });
            cells.push(Cell::new(
                self.name,
                CLIENTS_OF.get(place).copied().unwrap_or(""),
                Exact,
                range,
                clients,
            ));
        }
        if let Some(place) = self.handshaker {
            let given = each(&runs, |run| {
                run.servers.get(place).map_or(f64::NAN, |server| number(server.handshakes))
            });
            let figure = HANDSHAKES_OF.get(place).copied().unwrap_or("");
            cells.push(Cell::new(self.name, figure, Exact, (clients, clients), given));
        }
        cells
    }
}

const CLIENTS_OF: [&str; 4] = ["clients of s1", "clients of s2", "clients of s3", "clients of s4"];
const HANDSHAKES_OF: [&str; 4] =
    ["handshakes of s1", "handshakes of s2", "handshakes of s3", "handshakes of s4"];

/// A row of 40 clients behind round robin's world.
const fn row(
    name: &'static str,
    settings: &'static [&'static str],
    opens: Range,
    ever: Range,
    stable: Range,
) -> Row {
    let builtin = "round-robin";
    Row { name, builtin, settings, clients: 40, opens, ever, stable, owners: None, handshaker: None }
}

const NONE: Range = (0.0, 0.0);
const ALL: Range = (40.0, 40.0);

/// O1.
pub(crate) fn session_in_the_path() -> Group {
    const URI: &str = "balancer.balance=uri";
    const PATH: &str = "balancer.stick={ on = \"path\" }";
    const PARAM: &str = "balancer.balance=url_param";
    const CID: &str = "balancer.param=cid";
    const SAID: &str = "clients.query=cid={client}";
    const TIME: &str = "balancer.param=t";
    let even = Some([10; 4]);
    let rows = [
        Row {
            handshaker: Some(0),
            owners: Some([40, 0, 0, 0]),
            ..row("uri depth 2, websocket", &[URI, "balancer.uri_depth=2", WEBSOCKET], NONE, ALL, ALL)
        },
        Row {
            handshaker: Some(0),
            owners: Some([40, 0, 0, 0]),
            ..row("uri depth 2, xhr-polling", &[URI, "balancer.uri_depth=2"], NONE, ALL, ALL)
        },
        Row {
            handshaker: Some(3),
            ..row(
                "uri depth 4, websocket",
                &[URI, "balancer.uri_depth=4", WEBSOCKET],
                (0.7, 0.775),
                (9.0, 12.0),
                (9.0, 12.0),
            )
        },
        Row {
            handshaker: Some(3),
            ..row(
                "uri depth 5, xhr-polling",
                &[URI, "balancer.uri_depth=5"],
                (0.995, 0.9968),
                (9.0, 11.0),
                (9.0, 11.0),
            )
        },
        Row {
            handshaker: Some(3),
            ..row("uri, websocket", &[URI, WEBSOCKET], (0.75, 0.825), (7.0, 10.0), (7.0, 10.0))
        },
        Row {
            handshaker: Some(3),
            ..row("uri, xhr-polling", &[URI], (0.997, 0.9976), (8.0, 9.0), (8.0, 9.0))
        },
        row(
            "uri whole, websocket",
            &[URI, "balancer.uri_whole=true", WEBSOCKET],
            (0.775, 0.85),
            (6.0, 9.0),
            (6.0, 9.0),
        ),
        row("uri whole, xhr-polling", &[URI, "balancer.uri_whole=true"], (0.7443, 0.7469), ALL, NONE),
        row("stick on the path, websocket", &[PATH, WEBSOCKET], (0.925, 1.0), (0.0, 3.0), (0.0, 3.0)),
        row("stick on the path, xhr-polling", &[PATH], (0.9864, 1.0), (0.0, 12.0), (0.0, 12.0)),
        Row {
            owners: even,
            ..row("url_param cid, websocket", &[PARAM, CID, SAID, WEBSOCKET], NONE, ALL, ALL)
        },
        Row { owners: even, ..row("url_param cid, xhr-polling", &[PARAM, CID, SAID], NONE, ALL, ALL) },
        row("url_param cid, which nobody sends, websocket", &[PARAM, CID, WEBSOCKET], (1.0, 1.0), NONE, NONE),
        row("url_param t, websocket", &[PARAM, TIME, WEBSOCKET], (0.725, 0.75), (10.0, 11.0), (10.0, 11.0)),
        row("url_param t, xhr-polling", &[PARAM, TIME], (0.7476, 0.7517), ALL, NONE),
    ];
    Group {
        title: "O1 session id in the path, 4 servers, 40 clients",
        cells: rows.iter().flat_map(Row::cells).collect(),
    }
}

/// P1.
pub(crate) fn nginx() -> Group {
    const NGINX: &str = "balancer.kind=nginx";
    const URI: &str = "balancer.nginx={ key = \"uri\" }";
    let rows = [
        row("round robin, xhr-polling", &[NGINX], (0.7492, 0.7596), ALL, NONE),
        row("round robin, websocket", &[NGINX, WEBSOCKET], (1.0, 1.0), NONE, NONE),
        Row {
            handshaker: Some(0),
            ..row(
                "hash $uri, websocket",
                &[NGINX, URI, "balancer.balance=hash", WEBSOCKET],
                (0.775, 0.825),
                (7.0, 9.0),
                (7.0, 9.0),
            )
        },
        Row {
            handshaker: Some(0),
            ..row(
                "hash $uri, xhr-polling",
                &[NGINX, URI, "balancer.balance=hash"],
                (0.994, 0.9961),
                (8.0, 10.0),
                (8.0, 10.0),
            )
        },
        Row {
            owners: Some([0, 40, 0, 0]),
            ..row(
                "ip_hash, 127.0.1.x, websocket",
                &[NGINX, "balancer.balance=ip_hash", WEBSOCKET],
                NONE,
                ALL,
                ALL,
            )
        },
        Row {
            owners: Some([0, 40, 0, 0]),
            ..row("ip_hash, 127.0.1.x, xhr-polling", &[NGINX, "balancer.balance=ip_hash"], NONE, ALL, ALL)
        },
    ];
    Group { title: "P1 nginx, 4 servers, 40 clients", cells: rows.iter().flat_map(Row::cells).collect() }
}

/// Q1.
pub(crate) fn algorithms() -> Group {
    const MANY: &str = "clients.count=80";
    const NAT: &str = "clients.addresses_count=1";
    const BURST: &str = "clients.arrive_every=0s";
    const LEAST: &str = "balancer.balance=leastconn";
    const RANDOM: &str = "balancer.balance=random";
    let every = (80.0, 80.0);
    let of_80 = |row: Row| Row { clients: 80, ..row };
    let rows = [
        row(
            "leastconn, burst, websocket",
            &[MANY, NAT, LEAST, BURST, WEBSOCKET],
            (0.6375, 0.775),
            (18.0, 29.0),
            (18.0, 29.0),
        ),
        row("leastconn, burst, xhr-polling", &[MANY, NAT, LEAST, BURST], (0.7592, 0.7627), every, NONE),
        row("leastconn, 50 ms apart, websocket", &[MANY, NAT, LEAST, WEBSOCKET], (1.0, 1.0), NONE, NONE),
        row("leastconn, 50 ms apart, xhr-polling", &[MANY, NAT, LEAST], (0.7658, 0.7905), every, NONE),
        row(
            "random(2), 50 ms apart, websocket",
            &[MANY, NAT, RANDOM, WEBSOCKET],
            (0.65, 0.6625),
            (27.0, 28.0),
            (27.0, 28.0),
        ),
        row("random(2), 50 ms apart, xhr-polling", &[MANY, NAT, RANDOM], (0.7463, 0.7527), every, NONE),
        row(
            "random(1), 50 ms apart, websocket",
            &[MANY, NAT, RANDOM, "balancer.random_draws=1", WEBSOCKET],
            (0.65, 0.775),
            (18.0, 28.0),
            (18.0, 28.0),
        ),
    ];
    let spinning = |row: &Row| row.settings.contains(&LEAST) && !row.settings.contains(&WEBSOCKET);
    let judge = |row: Row| {
        let outside = spinning(&row);
        let cells = of_80(row).cells().into_iter();
        cells.map(move |cell| if outside { cell.outside_if("opens rejected", INTERLEAVED) } else { cell })
    };
    let cells = rows.into_iter().flat_map(judge).collect();
    Group { title: "Q1 leastconn and random, 4 servers, 80 clients on one address", cells }
}

/// What was recorded of one kill and return.
struct KillRow {
    name: &'static str,
    settings: &'static [&'static str],
    /// Of the dead server's clients, those rejected after the kill.
    rejected: Range,
    /// The dead server's clients, back after the kill, median; where it does not rest on the phase of the checks.
    back_ms: Option<Range>,
    /// After the return: those of all that were disconnected.
    moved: Range,
    /// Handshakes of each client in the whole run, mean, where no client spins.
    handshakes: Option<Range>,
}

impl KillRow {
    fn cells(&self) -> Vec<Cell> {
        let seeds = if self.settings.contains(&WEBSOCKET) { SEEDS } else { 1 };
        let runs = runs("sticky-cookie", &set(self.settings), seeds);
        let window = |place: usize, value: &dyn Fn(&Impact) -> f64| {
            each(&runs, |run| run.impacts.get(place).map_or(f64::NAN, value))
        };
        let others = |impact: &Impact| f64::from(impact.others.disconnected + impact.others.rejected);
        let rejected = if self.rejected == NONE { Points } else { Binomial(10) };
        let mut cells = vec![
            Cell::new(
                self.name,
                "clients of the dead server",
                Exact,
                (10.0, 10.0),
                window(0, &|impact| f64::from(impact.its_clients.clients)),
            ),
            Cell::new(
                self.name,
                "of them, disconnected by the kill",
                Exact,
                (10.0, 10.0),
                window(0, &|impact| f64::from(impact.its_clients.disconnected)),
            ),
            Cell::new(
                self.name,
                "of them, rejected after the kill",
                rejected,
                self.rejected,
                window(0, &|impact| f64::from(impact.its_clients.rejected) / 10.0),
            ),
            Cell::new(self.name, "others who noticed the kill", Exact, NONE, window(0, &others)),
            Cell::new(
                self.name,
                "disconnected by the return",
                Share,
                self.moved,
                window(1, &|impact| {
                    f64::from(impact.its_clients.disconnected + impact.others.disconnected) / 40.0
                }),
            ),
        ];
        if let Some(range) = self.back_ms {
            let back = window(0, &|impact| median(impact.its_clients.until_back_ms));
            cells.push(Cell::new(self.name, "of them, back after the kill, median", Time, range, back));
        }
        if let Some(range) = self.handshakes {
            let mean = each(&runs, |run| number(run.handshakes.total) / 40.0);
            cells.push(Cell::new(self.name, "handshakes of each client, mean", Points, range, mean));
        }
        cells
    }
}

/// N2, N3, N4, O2.
pub(crate) fn sticky_kill() -> Group {
    const TABLE: &str = "balancer.cookie=none";
    let rows = [
        KillRow {
            name: "cookie insert, websocket",
            settings: &[WEBSOCKET],
            rejected: NONE,
            back_ms: Some((1545.0, 1589.0)),
            moved: NONE,
            handshakes: Some((1.48, 1.5)),
        },
        KillRow {
            name: "cookie insert, xhr-polling",
            settings: &[POLLING],
            rejected: (0.6, 0.7),
            back_ms: Some((1521.0, 1523.0)),
            moved: NONE,
            handshakes: None,
        },
        KillRow {
            name: "cookie insert, redispatch 1, websocket",
            settings: &[WEBSOCKET, "balancer.redispatch=1"],
            rejected: NONE,
            back_ms: Some((522.0, 539.0)),
            moved: NONE,
            handshakes: Some((1.25, 1.25)),
        },
        KillRow {
            name: "cookie insert, redispatch 1, xhr-polling",
            settings: &[POLLING, "balancer.redispatch=1"],
            rejected: NONE,
            back_ms: Some((513.0, 519.0)),
            moved: NONE,
            handshakes: Some((1.25, 1.25)),
        },
        KillRow {
            name: "stick on src, xhr-polling",
            settings: &[TABLE, "balancer.stick={ on = \"src\" }"],
            rejected: (0.5, 0.5),
            back_ms: Some((1558.0, 1558.0)),
            moved: NONE,
            handshakes: None,
        },
    ];
    let rows = rows.into_iter().chain(other_keys());
    Group {
        title: "N2 to N4, O2 stickiness: kill of s1 at 10 s, return at 25 s, 40 clients",
        cells: rows.flat_map(|row| row.cells()).map(excused).collect(),
    }
}

/// What is shown and not judged of a kill.
fn excused(cell: Cell) -> Cell {
    match cell.row() {
        "stick on src, websocket" => cell.outside_if("of them, rejected after the kill", RACE),
        "url_param cid, consistent, websocket" => {
            cell.outside_if("of them, back after the kill, median", SLOW)
        }
        _ => cell,
    }
}

/// O2, O3: the source address, the session id learnt from the handshake's response, a parameter of the query.
fn other_keys() -> [KillRow; 4] {
    const TABLE: &str = "balancer.cookie=none";
    const LEARNT: &str = "balancer.stick={ on = \"response\" }";
    [
        KillRow {
            name: "stick on src, websocket",
            settings: &[WEBSOCKET, TABLE, "balancer.stick={ on = \"src\" }"],
            rejected: NONE,
            back_ms: None,
            moved: NONE,
            handshakes: None,
        },
        KillRow {
            name: "session id of the response, websocket",
            settings: &[WEBSOCKET, TABLE, LEARNT],
            rejected: NONE,
            back_ms: None,
            moved: NONE,
            handshakes: None,
        },
        KillRow {
            name: "session id of the response, xhr-polling",
            settings: &[POLLING, TABLE, LEARNT],
            rejected: NONE,
            back_ms: None,
            moved: NONE,
            handshakes: None,
        },
        KillRow {
            name: "url_param cid, consistent, websocket",
            settings: &[
                WEBSOCKET,
                TABLE,
                "balancer.balance=url_param",
                "balancer.param=cid",
                "clients.query=cid={client}",
                "balancer.hash_type=consistent",
            ],
            rejected: NONE,
            back_ms: Some((1_604.0, 1_695.0)),
            moved: NONE,
            handshakes: Some((1.5, 1.5)),
        },
    ]
}
