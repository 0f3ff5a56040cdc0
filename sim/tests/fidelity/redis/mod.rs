//! The tables about the Redis store: E1, E2, E3, E4, K, M, and items 46 to 48 of part 2.

mod rig;

use std::time::Duration;

use socketio08::Text;

use self::rig::Rig;
use super::cells::number;
use super::table::Tolerance::{Exact, Heap, Points, Share};
use super::table::{Cell, Group};
use super::{CHECKS, runs};

/// Seeds for cells that depend on how requests interleave.
const SEEDS: u64 = 3;

/// What listens for a polled session depends on which confirmation overtakes which request.
const OVERTAKEN: &str = "not judged: a listener leaks where a confirmation is overtaken, which the recording machine's load decided";

/// Where the recorded runs stood between the rounds of requests.
const ROUNDS: &str =
    "not judged: which server is asked next rests on how the polls and posts of 40 clients interleaved";

fn exact(row: &str, figure: &'static str, recorded: u64, simulated: u64) -> Cell {
    Cell::new(row, figure, Exact, (number(recorded), number(recorded)), [number(simulated)])
}

// --- E2

/// One step of E2: what is done, and publications, subscriptions, unsubscriptions.
type Deltas = (u64, u64, u64);

struct Counter {
    rig: Rig,
    before: Deltas,
    cells: Vec<Cell>,
}

impl Counter {
    fn new(servers: u64) -> Self {
        let mut counter = Self { rig: Rig::new(servers, true), before: (0, 0, 0), cells: Vec::new() };
        counter.delta();
        counter
    }

    fn delta(&mut self) -> Deltas {
        let commands = self.rig.commands();
        let now = (commands.publish, commands.subscribe, commands.unsubscribe);
        let before = std::mem::replace(&mut self.before, now);
        (now.0 - before.0, now.1 - before.1, now.2 - before.2)
    }

    fn step(&mut self, row: &str, recorded: Deltas) {
        let found = self.delta();
        self.cells.push(exact(row, "publish", recorded.0, found.0));
        self.cells.push(exact(row, "subscribe", recorded.1, found.1));
        self.cells.push(exact(row, "unsubscribe", recorded.2, found.2));
    }
}

const EVENT: &str = "5:1+::{\"name\":\"echo\",\"args\":[\"hi\"]}";

/// E2: what each thing that a client does costs in commands, and whether it is answered.
pub(crate) fn commands() -> Group {
    let mut one = Counter::new(1);
    let session = one.rig.handshake(0);
    one.step("1 server: handshake", (1, 0, 0));
    one.rig.poll(0, &session);
    one.step("1 server: first poll", (6, 6, 3));
    one.rig.poll(0, &session);
    one.rig.post(0, &session, EVENT);
    one.step("1 server: poll, answered by an acknowledgement", (2, 4, 7));
    one.rig.post(0, &session, "0::");
    one.step("1 server: disconnect", (0, 0, 4));

    let mut two = Counter::new(2);
    let session = two.rig.handshake(0);
    two.step("2 servers: handshake", (1, 0, 0));
    two.rig.poll(0, &session);
    two.step("2 servers: first poll", (6, 7, 3));
    two.rig.poll(0, &session);
    two.rig.post(0, &session, EVENT);
    two.step("2 servers: poll, answered by an acknowledgement", (2, 5, 8));
    let session = two.rig.handshake(0);
    two.step("2 servers: second handshake", (1, 0, 0));
    two.rig.poll(1, &session);
    two.step("2 servers: first poll on the other server", (6, 7, 3));
    let poll = two.rig.poll(1, &session);
    two.rig.post(0, &session, EVENT);
    let row = "2 servers: poll at the owner, event posted elsewhere";
    let answer = two.rig.answer(poll).map(str::to_owned);
    assert_eq!(answer.as_deref(), Some("6:::1+[\"hi\"]"), "{row}");
    two.step(row, (3, 5, 8));
    let poll = two.rig.poll(0, &session);
    two.rig.post(1, &session, EVENT);
    let row = "2 servers: poll elsewhere, event posted at the owner";
    let answer = two.rig.answer(poll).map(str::to_owned);
    assert_eq!(answer.as_deref(), None, "{row}");
    two.step(row, (2, 3, 5));
    let poll = two.rig.poll(0, &session);
    two.rig.post(0, &session, EVENT);
    let row = "2 servers: poll and event elsewhere";
    let answer = two.rig.answer(poll).map(str::to_owned);
    assert_eq!(answer.as_deref(), None, "{row}");
    two.step(row, (1, 3, 3));
    two.rig.post(0, &session, "0::");
    two.step("2 servers: disconnect elsewhere", (1, 2, 7));
    let cells = one.cells.into_iter().chain(two.cells).collect();
    Group { title: "E2 commands of Redis for what a client does", cells }
}

// --- E3, E4, M

/// Store, servers, clients; of `s1`: heap in MB, handshaken, own sockets, listeners.
type HeldRow = (bool, u64, u64, (f64, f64), u64, u64, u64);

fn held(rig: &Rig, row: &str, heap: (f64, f64), handshaken: u64, sockets: u64, listeners: u64) -> Vec<Cell> {
    let holds = rig.holds(0);
    vec![
        exact(row, "sessions known", handshaken, holds.handshaken),
        exact(row, "own sockets", sockets, holds.sockets),
        exact(row, "listeners", listeners, holds.listeners),
        Cell::new(row, "heap, MB", Heap, heap, [number(holds.heap_bytes) / 1e6]),
    ]
}

fn name(shared: bool, servers: u64, clients: u64) -> String {
    let store = if shared { "redis" } else { "memory" };
    format!("{store}, {servers} servers, {clients} clients")
}

/// Client number `index` of those that a balancer spreads evenly.
fn node(index: u64, servers: u64) -> usize {
    usize::try_from(index % servers).expect("a few servers")
}

/// E3: websockets that stay.
pub(crate) fn websockets() -> Group {
    const ROWS: [HeldRow; 16] = [
        (true, 1, 0, (5.7, 5.7), 0, 0, 8),
        (true, 1, 500, (15.6, 15.6), 500, 500, 2508),
        (true, 1, 1000, (24.7, 24.7), 1000, 1000, 5008),
        (true, 1, 2000, (43.7, 43.7), 2000, 2000, 10_008),
        (true, 2, 0, (5.7, 5.7), 0, 0, 8),
        (true, 2, 500, (11.8, 11.8), 500, 250, 1258),
        (true, 2, 1000, (17.1, 17.1), 1000, 500, 2508),
        (true, 2, 2000, (28.2, 28.3), 2000, 1000, 5008),
        (false, 1, 0, (5.3, 5.3), 0, 0, 0),
        (false, 1, 500, (13.6, 13.6), 500, 500, 0),
        (false, 1, 1000, (20.7, 20.7), 1000, 1000, 0),
        (false, 1, 2000, (37.2, 37.2), 2000, 2000, 0),
        (false, 2, 0, (5.3, 5.3), 0, 0, 0),
        (false, 2, 500, (9.9, 9.9), 250, 250, 0),
        (false, 2, 1000, (13.5, 13.8), 500, 500, 0),
        (false, 2, 2000, (21.4, 21.5), 1000, 1000, 0),
    ];
    let one = |&(shared, servers, clients, heap, handshaken, sockets, listeners): &HeldRow| {
        let mut rig = Rig::new(servers, shared);
        for index in 0..clients {
            let node = node(index, servers);
            let session = rig.handshake(node);
            rig.socket(node, &session);
        }
        held(&rig, &name(shared, servers, clients), heap, handshaken, sockets, listeners)
    };
    Group { title: "E3 what a server holds: websockets", cells: ROWS.iter().flat_map(one).collect() }
}

/// E4: handshakes that nobody uses.
pub(crate) fn handshakes() -> Group {
    const ROWS: [HeldRow; 12] = [
        (true, 1, 500, (7.7, 7.7), 500, 0, 8),
        (true, 1, 1000, (8.6, 8.6), 1000, 0, 8),
        (true, 1, 2000, (11.0, 11.0), 2000, 0, 8),
        (true, 2, 500, (7.5, 7.5), 500, 0, 8),
        (true, 2, 1000, (8.4, 8.5), 1000, 0, 8),
        (true, 2, 2000, (10.7, 10.8), 2000, 0, 8),
        (false, 1, 500, (7.2, 7.2), 500, 0, 0),
        (false, 1, 1000, (8.2, 8.2), 1000, 0, 0),
        (false, 1, 2000, (10.9, 10.9), 2000, 0, 0),
        (false, 2, 500, (6.5, 6.5), 250, 0, 0),
        (false, 2, 1000, (6.9, 6.9), 500, 0, 0),
        (false, 2, 2000, (8.3, 8.3), 1000, 0, 0),
    ];
    let one = |&(shared, servers, clients, heap, handshaken, sockets, listeners): &HeldRow| {
        let mut rig = Rig::new(servers, shared);
        for index in 0..clients {
            rig.handshake(node(index, servers));
        }
        let row = name(shared, servers, clients);
        let mut cells = held(&rig, &row, heap, handshaken, sockets, listeners);
        if clients == 2000 {
            rig.wait(Duration::from_secs(46));
            let heap = if shared { (6.8, 6.8) } else { (5.7, 5.7) };
            cells.extend(held(&rig, &format!("{row}, 46 s later"), heap, 0, 0, listeners));
        }
        cells
    };
    Group {
        title: "E4 what a server holds: handshakes that nobody uses",
        cells: ROWS.iter().flat_map(one).collect(),
    }
}

/// When it was looked at what `s1` holds.
#[derive(Clone, Copy)]
enum After {
    /// That many times 200 clients came and left.
    Round(u64),
    /// 45 s after the last of them.
    Later,
}

/// What `s1` holds then: heap in MB, handshaken, own sockets, listeners.
type Left = (After, (f64, f64), u64, u64, u64);

/// M: three times 200 clients that come to two servers and leave. Of the memory store round 2 was not recorded.
pub(crate) fn left_behind() -> Group {
    use After::{Later, Round};
    const WEBSOCKET: [Left; 4] = [
        (Round(1), (8.0, 8.1), 100, 0, 408),
        (Round(2), (9.4, 9.4), 200, 0, 808),
        (Round(3), (10.8, 10.9), 300, 0, 1208),
        (Later, (10.7, 10.8), 300, 0, 1208),
    ];
    const POLLING: [Left; 4] = [
        (Round(1), (9.1, 9.1), 200, 100, 584),
        (Round(2), (11.7, 11.8), 400, 200, 1199),
        (Round(3), (14.2, 14.4), 600, 300, 1807),
        (Later, (10.6, 10.6), 300, 0, 944),
    ];
    const MEMORY_WEBSOCKET: [Left; 3] =
        [(Round(1), (6.0, 6.0), 0, 0, 0), (Round(3), (6.3, 6.3), 0, 0, 0), (Later, (5.9, 5.9), 0, 0, 0)];
    const MEMORY_POLLING: [Left; 3] = [
        (Round(1), (7.4, 7.6), 100, 100, 0),
        (Round(3), (9.8, 10.0), 300, 300, 0),
        (Later, (6.4, 6.4), 0, 0, 0),
    ];
    let cells = [
        rounds("redis, websocket", true, true, &WEBSOCKET),
        rounds("redis, xhr-polling", true, false, &POLLING),
        rounds("memory, websocket", false, true, &MEMORY_WEBSOCKET),
        rounds("memory, xhr-polling", false, false, &MEMORY_POLLING),
    ];
    Group {
        title: "M what is left behind by clients that have gone",
        cells: cells.into_iter().flatten().collect(),
    }
}

fn rounds(kind: &str, shared: bool, websocket: bool, rows: &[Left]) -> Vec<Cell> {
    let mut rig = Rig::new(2, shared);
    let (mut cells, mut visited) = (Vec::new(), 0);
    for &(after, heap, handshaken, sockets, listeners) in rows {
        let row = match after {
            After::Round(round) => {
                (visited..round).for_each(|_| visit(&mut rig, websocket));
                visited = round;
                format!("{kind}, round {round}")
            }
            After::Later => {
                rig.wait(Duration::from_secs(46));
                format!("{kind}, 45 s later")
            }
        };
        let leaks = shared && !websocket;
        let found = held(&rig, &row, heap, handshaken, sockets, listeners);
        cells.extend(
            found.into_iter().map(|cell| if leaks { cell.outside_if("listeners", OVERTAKEN) } else { cell }),
        );
    }
    cells
}

/// 200 clients come and leave. A server behind a balancer does not see that a polling one has gone.
fn visit(rig: &mut Rig, websocket: bool) {
    for index in 0..200 {
        let node = node(index, 2);
        let session = rig.handshake(node);
        if websocket {
            let exchange = rig.socket(node, &session);
            rig.leave(node, exchange);
        } else {
            rig.poll(node, &session);
            rig.poll(node, &session);
        }
    }
}

// --- E1, K and the loss of Redis

fn set(settings: &[&str]) -> Vec<String> {
    settings.iter().map(|setting| (*setting).to_owned()).collect()
}

/// E1: round robin.
pub(crate) fn round_robin() -> Group {
    /// Transports, servers; of the clients, connected at the end; of the messages up, lost; of the ticks, missing, copied.
    type Row = (&'static str, u64, [(f64, f64); 4]);
    const NONE: (f64, f64) = (0.0, 0.0);
    const ALL: (f64, f64) = (1.0, 1.0);
    const ROWS: [Row; 6] = [
        ("[\"xhr-polling\"]", 1, [ALL, NONE, NONE, NONE]),
        ("[\"xhr-polling\"]", 2, [ALL, (0.481, 0.493), (0.065, 0.073), (0.317, 0.322)]),
        ("[\"websocket\"]", 1, [ALL, NONE, NONE, NONE]),
        ("[\"websocket\"]", 2, [(0.9, 1.0), (0.0, 0.1), NONE, NONE]),
        ("[\"websocket\",\"xhr-polling\"]", 1, [ALL, NONE, NONE, NONE]),
        ("[\"websocket\",\"xhr-polling\"]", 2, [ALL, (0.0, 0.017), (0.0, 0.018), (0.0, 0.008)]),
    ];
    let one = |&(transports, servers, [connected, lost, missing, copied]): &Row| {
        let mut settings = vec![format!("clients.transports={transports}")];
        settings.push(format!("servers.count={servers}"));
        let runs = runs("redis-store", &settings, SEEDS);
        let row = format!("{transports}, {servers} servers");
        let each =
            |value: fn(&socketio08_sim::report::Figures) -> f64| runs.iter().map(value).collect::<Vec<_>>();
        let stays = each(|run| f64::from(run.clients.connected_at_end) / 40.0);
        let up = each(|run| number(run.up.lost) / number(run.up.sent));
        let down = each(|run| number(run.down.lost) / number(run.down.sent));
        let copies = each(|run| number(run.down.duplicated) / number(run.down.sent));
        let polled = servers > 1 && transports == "[\"xhr-polling\"]";
        let judged = |cell: Cell| if polled { cell.outside(ROUNDS) } else { cell };
        vec![
            Cell::new(&row, "of the clients, connected at the end", Share, connected, stays),
            judged(Cell::new(&row, "of the messages up, lost", Points, lost, up)),
            judged(Cell::new(&row, "of the messages down, lost", Points, missing, down)),
            judged(Cell::new(&row, "of the messages down, copied", Points, copied, copies)),
        ]
    };
    Group { title: "E1 the Redis store behind round robin", cells: ROWS.iter().flat_map(one).collect() }
}

/// K: what the servers know when one of four is killed and comes back, with the balancer's clients spread by address.
pub(crate) fn kill() -> Group {
    let settings = set(&["clients.transports=[\"xhr-polling\"]", "clients.count=80", "duration=13s"]);
    let settings =
        [settings, set(&["servers.count=4", "balancer.balance=source", "fault=none", CHECKS])].concat();
    let settings: Vec<String> =
        settings.into_iter().filter(|setting| !setting.starts_with("balancer.check")).collect();
    let runs = runs("redis-restart", &settings, 1);
    let mut cells = Vec::new();
    for run in &runs {
        for server in &run.servers {
            let row = format!("source, before the kill, {}", server.name);
            let holds = server.holds.unwrap_or_default();
            cells.push(exact(&row, "sessions known", 80, holds.handshaken));
            cells.push(exact(&row, "own sockets", 20, holds.sockets));
        }
    }
    Group { title: "K what the servers know of each other's sessions", cells }
}

/// Part 2, items 46 to 48: Redis goes.
pub(crate) fn loss() -> Group {
    let mut cells = Vec::new();
    for transport in ["websocket", "xhr-polling"] {
        for (row, uncaught, fault, down) in [
            ("killed for 3 s, nobody handles exceptions", "crash", "kill", 40),
            ("killed for 3 s, exceptions are handled", "survive", "kill", 0),
            ("restarted in 32 ms, nobody handles exceptions", "crash", "restart", 0),
            ("restarted in 32 ms, exceptions are handled", "survive", "restart", 0),
        ] {
            let mut settings = vec![
                format!("clients.transports=[\"{transport}\"]"),
                format!("redis.uncaught={uncaught}"),
                format!("fault.1.redis={fault}"),
            ];
            if fault == "restart" {
                settings.push("fault.1.restart_after=none".to_owned());
            }
            let run = runs("redis-restart", &settings, 1).remove(0);
            let row = format!("{transport}, {row}");
            cells.push(exact(&row, "clients disconnected", down, u64::from(run.clients.ever_disconnected)));
            let channels = run.redis.map_or(u64::MAX, |redis| redis.channels);
            cells.push(exact(&row, "channels at the end", 0, channels));
            if down == 0 {
                cells.push(exact(&row, "messages up lost", 0, run.up.lost));
                cells.push(exact(&row, "messages down lost", 0, run.down.lost));
            }
        }
    }
    cells.push(partitioned());
    Group { title: "W redis goes: items 46 to 48", cells }
}

/// Five handshakes at `s1`, each opened at `s2`, after Redis was restarted.
fn partitioned() -> Cell {
    let mut rig = Rig::new(2, true);
    rig.restart_redis();
    rig.wait(Duration::from_secs(1));
    assert_eq!(rig.channels(), 0, "node_redis 0.6.7 subscribes to nothing again");
    let opened = |_| {
        let session: Text = rig.handshake(0);
        let poll = rig.poll(1, &session);
        rig.answer(poll) == Some("7:::1+0")
    };
    let rejected = (0..5).map(opened).filter(|rejected| *rejected).count();
    exact(
        "after it is back: handshakes at s1, opened at s2",
        "rejected",
        5,
        u64::try_from(rejected).expect("five"),
    )
}
