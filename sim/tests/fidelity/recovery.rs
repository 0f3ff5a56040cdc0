//! A kill behind nginx (P2, P3), and one of the only server while websockets are blocked (H).

use socketio08_sim::report::{Figures, Impact};
use socketio08_sim::scenario::{Builtin, Scenario};

use super::cells::{each, median, number, set};
use super::run_all;
use super::table::Tolerance::{Exact, Mean, Points, Time};
use super::table::{Cell, Group};

const SEEDS: u64 = 3;

const HALF_A_SECOND: &str = "not judged: the genuine client waits half a second and makes a handshake; on the recording's loaded machine \
                             that took 0.56 to 0.86 s everywhere (items 25 and 35)";

/// The recording's addresses were drawn, and are not known. For `ip_hash`, which sees three octets of them, these are of eight networks.
fn nginx_world(method: &str, transport: &str) -> Vec<Figures> {
    let group =
        |net: u32| format!("[[clients.group]]\ncount = 5\naddresses = \"127.{net}.{}.0/24\"\n", net / 2);
    let clients = if method.contains("ip_hash") {
        [3, 17, 40, 58, 99, 120, 181, 240].map(group).concat()
    } else {
        "count = 40\n".to_owned()
    };
    let text = format!(
        "schema = 1\nname = \"p3\"\nduration = \"48s\"\n\
         [balancer]\nkind = \"nginx\"\n{method}\nnginx = {{ http = \"1.1\", upgrade = true }}\n\
         [servers]\ncount = 4\nbroadcast_every = \"1s\"\n\
         [[fault]]\nat = \"10s\"\nkill = \"s2\"\nrestart_after = \"18s\"\n\
         [clients]\narrive_every = \"50ms\"\ntransports = [\"{transport}\"]\nsend_every = \"1s\"\nquiet_at_end = \"3s\"\n{clients}"
    );
    let scenario = Scenario::parse("p3", &text, &set(super::BASE)).unwrap_or_else(|error| panic!("{error}"));
    run_all(&scenario, SEEDS)
}

/// Of the clients of the dead server.
fn part(count: u32, impact: &Impact) -> f64 {
    f64::from(count) / f64::from(impact.its_clients.clients)
}

fn nginx_row(method: &str, settings: &str, transport: &str, back: (f64, f64)) -> Vec<Cell> {
    let row = format!("{method}, {transport}");
    let runs = nginx_world(settings, transport);
    let killed =
        |value: &dyn Fn(&Impact) -> f64| each(&runs, |run| run.impacts.first().map_or(f64::NAN, value));
    let polls = transport == "xhr-polling";
    let all_or_none = if polls { 1.0 } else { 0.0 };
    let all_or_none = (all_or_none, all_or_none);
    // Who moves back is everybody who had moved, if he polls.
    let returned = |count: fn(&Impact) -> u32| {
        each(&runs, |run| match &run.impacts[..] {
            [kill, back, ..] => part(count(back), kill),
            _ => f64::NAN,
        })
    };
    let handshakes = |run: &Figures| {
        let moved = run.impacts.first().map_or(0, |impact| impact.its_clients.clients);
        (number(run.handshakes.total) - 40.0) / f64::from(moved)
    };
    // One of nine made one more.
    let each_time = if polls { (2.0, 19.0 / 9.0) } else { (1.0, 1.0) };
    vec![
        Cell::new(&row, "its clients, disconnected by the kill", Exact, (1.0, 1.0), {
            killed(&|impact| part(impact.its_clients.disconnected, impact))
        }),
        Cell::new(&row, "of them, rejected after the kill", Exact, all_or_none, {
            killed(&|impact| part(impact.its_clients.rejected, impact))
        }),
        Cell::new(&row, "of them, back after the kill, median", Time, back, {
            killed(&|impact| median(impact.its_clients.until_back_ms))
        })
        .outside(HALF_A_SECOND),
        Cell::new(&row, "others who noticed the kill", Exact, (0.0, 0.0), {
            killed(&|impact| f64::from(impact.others.disconnected + impact.others.rejected))
        }),
        Cell::new(&row, "rejected by the return, of those who had moved", Exact, all_or_none, {
            returned(|impact| impact.others.rejected + impact.its_clients.rejected)
        }),
        Cell::new(&row, "disconnected by the return, of those who had moved", Exact, all_or_none, {
            returned(|impact| impact.others.disconnected + impact.its_clients.disconnected)
        }),
        Cell::new(&row, "handshakes beyond the first, of each who had to move", Mean, each_time, {
            each(&runs, handshakes)
        }),
        Cell::new(&row, "stable at the end", Points, (1.0, 1.0), {
            each(&runs, |run| f64::from(run.clients.stable_5s) / 40.0)
        }),
    ]
}

/// P2, P3: nginx's sticky methods, s2 killed at 10 s and back at 28 s.
pub(crate) fn nginx() -> Group {
    const IP: &str = "balance = \"ip_hash\"";
    const PLAIN: &str = "balance = \"hash\"";
    const KETAMA: &str = "balance = \"hash\"\nhash_type = \"consistent\"";
    let rows = [
        ("ip_hash", IP, "xhr-polling", (570.0, 581.0)),
        ("ip_hash", IP, "websocket", (615.0, 615.0)),
        ("hash consistent", KETAMA, "xhr-polling", (604.0, 604.0)),
        ("hash consistent", KETAMA, "websocket", (694.0, 743.0)),
        ("hash", PLAIN, "xhr-polling", (563.0, 563.0)),
        ("hash", PLAIN, "websocket", (578.0, 659.0)),
    ];
    let cells =
        rows.into_iter().flat_map(|(method, text, transport, back)| nginx_row(method, text, transport, back));
    Group { title: "P2, P3 nginx: kill of s2 at 10 s, return at 28 s, 40 clients", cells: cells.collect() }
}

/// H: the only server is killed at 16 s and back after two; 20 clients, websockets denied or not.
pub(crate) fn blocked() -> Group {
    // When the server came back is not said: those who were held found it at their second try.
    let fault = "\n[[fault]]\nat = \"16s\"\nkill = \"s1\"\nrestart_after = \"2s\"\n";
    let builtin = Builtin::ALL.iter().find(|builtin| builtin.name == "websocket-blocked");
    let text = format!("{}{fault}", builtin.map_or("", |builtin| builtin.text));
    let with = |more: &[&str]| {
        let few = ["clients.count=20", "clients.page=false", "duration=120s"];
        let settings = set(&[super::BASE, &few, more].concat());
        run_all(&Scenario::parse("h", &text, &settings).unwrap_or_else(|error| panic!("{error}")), 1)
    };
    let (denied, open) = (with(&[]), with(&["balancer.route=none"]));
    let back = |run: &Figures| f64::from(run.clients.connected_at_end);
    let cells = vec![
        Cell::new("deny403_kill_default", "connected at the end", Exact, (0.0, 0.0), each(&denied, back)),
        Cell::new("ws_kill_default", "connected at the end", Exact, (20.0, 20.0), each(&open, back)),
        Cell::new("ws_kill_default", "handshakes after the kill", Exact, (40.0, 40.0), {
            each(&open, |run| number(run.handshakes.total) - 20.0)
        }),
        Cell::new("ws_kill_default", "back after the kill, median", Time, (2_592.0, 2_592.0), {
            each(&open, |run| median(run.outage_each_ms))
        }),
    ];
    Group { title: "H websockets blocked, the server killed", cells }
}
