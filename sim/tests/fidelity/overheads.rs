//! What a server's work costs (X): one server that clients reach themselves, and more to do than its processor can.

use socketio08_sim::engine::{Engine, direct::Direct};
use socketio08_sim::scenario::Scenario;
use socketio08_sim::trace::{Record, TraceEvent};
use socketio08_sim::world::seed::Seed;

use super::cells::number;
use super::table::Tolerance::{Heap, Tenth};
use super::table::{Cell, Group};

const WARM: &str = "not judged: twenty rounds of a server that has just started; one that has done this before needs 11 to 15 us for each (`peers/stack/costs.py`)";
const HEADERS: &str = "not judged: the sizes are those of clients with a browser's headers (E3); what headers these sent was not recorded";

/// What a run of one server told, without a way to speak of: the processor alone decides.
fn told(clients: &str, more: &str) -> Vec<Record> {
    let text = format!(
        "schema = 1\nname = \"overheads\"\nnetwork = {{ latency = \"1us\" }}\nbalancer = {{ kind = \"none\" }}\n{more}\n\
         [clients]\naddresses = \"10.0.0.0/8\"\narrive_every = \"0s\"\n{clients}\n"
    );
    let scenario = Scenario::parse("overheads", &text, &[]).unwrap_or_else(|error| panic!("{error}"));
    let mut records = Vec::new();
    Direct.run(&scenario, Seed(1), &mut records, &mut |_| {}).expect("the engine runs");
    records
}

fn count(records: &[Record], is: impl Fn(&TraceEvent) -> bool) -> f64 {
    number(records.iter().filter(|record| is(&record.event)).count() as u64)
}

/// How many of these there are for each second until the last of them.
fn rate(records: &[Record], is: impl Fn(&TraceEvent) -> bool + Copy) -> f64 {
    let last = records.iter().rev().find(|record| is(&record.event)).map_or(0, |record| record.at);
    count(records, is) * 1e6 / number(last)
}

/// X.
pub(crate) fn overheads() -> Group {
    let mut cells = messages();
    cells.extend(sessions());
    for (clients, median, last, outside) in [
        (200, (2_260.0, 2_770.0), (3_690.0, 3_860.0), Some(WARM)),
        (1_000, (7_270.0, 8_170.0), (13_750.0, 14_660.0), None),
    ] {
        let row = format!("broadcast to {clients} websockets");
        let (middle, end) = broadcast(clients);
        let figures = [
            Cell::new(&row, "us until it is there, median", Tenth, median, [middle]),
            Cell::new(&row, "us until the last has it (1000: source of `send_cost`)", Tenth, last, [end]),
        ];
        cells.extend(figures.into_iter().map(|cell| match outside {
            Some(why) => cell.outside(why),
            None => cell,
        }));
    }
    for (clients, heap) in [(2_000, (32.7, 32.8)), (5_000, (71.0, 71.1))] {
        let row = format!("{clients} idle websockets");
        cells.push(Cell::new(row, "heap, MB", Heap, heap, [idle(clients)]).outside(HEADERS));
    }
    Group { title: "X overheads, one server, no proxy", cells }
}

fn messages() -> Vec<Cell> {
    let posts = |event: &TraceEvent| {
        matches!(event, TraceEvent::Posted { .. } | TraceEvent::Opened { .. } | TraceEvent::Issued { .. })
    };
    let sent = |event: &TraceEvent| matches!(event, TraceEvent::UpReceived { .. });
    let busy = |transport: &str| {
        let clients = format!("count = 150\ntransports = [\"{transport}\"]\nsend_every = \"1ms\"");
        told(&clients, "duration = \"2s\"\nservers = { count = 1 }")
    };
    let together = told(
        "count = 50\ntransports = [\"websocket\"]\nsend_every = \"1s\"\nquiet_at_end = \"1s\"",
        "duration = \"10s\"\nservers = { count = 1 }",
    );
    let coming = rate(&busy("websocket"), sent);
    // An echo is a message that comes and one that goes.
    let echoes = 1e6 / (1e6 / coming + broadcast(1_000).1 / 1e3);
    let turn = longest_wait(&together) + broadcast(50).1;
    let (each_second, echo) = ("for each processor second", "websocket echo (one in, one out)");
    vec![
        Cell::new(
            "message to the server, no answer (`costs.py`; source of `message_cost`)",
            each_second,
            Tenth,
            (91_743.0, 100_000.0),
            [coming],
        ),
        Cell::new(echo, each_second, Tenth, (44_066.0, 49_791.0), [echoes]),
        // In a closed loop each echo waits for those of the 49 others.
        Cell::new(
            echo,
            "us, one of each of 50, until the last has its turn",
            Tenth,
            (980.0, 1_090.0),
            [turn],
        ),
        Cell::new(
            "xhr-polling echo (source of `request_cost`)",
            "requests for each processor second",
            Tenth,
            (13_728.0, 15_368.0),
            [rate(&busy("xhr-polling"), posts)],
        ),
    ]
}

/// The longest time between the sending of a message and its arrival at the application of the server.
fn longest_wait(records: &[Record]) -> f64 {
    let mut sent = std::collections::BTreeMap::new();
    let mut longest = 0;
    for record in records {
        match &record.event {
            TraceEvent::UpSent { client, number, .. } => {
                sent.insert((*client, *number), record.at);
            }
            TraceEvent::UpReceived { client, number, .. } => {
                // The first of each client is sent while others connect.
                let at = sent.get(&(*client, *number)).copied().filter(|at| *at > 1_500_000);
                longest = longest.max(at.map_or(0, |at| record.at - at));
            }
            _ => {}
        }
    }
    number(longest)
}

/// Many clients at one moment: few websockets, as the recording closed each at once; as many polling sessions as it left open.
fn sessions() -> Vec<Cell> {
    let crowd = |count: u32, transport: &str| {
        let clients = format!("count = {count}\ntransports = [\"{transport}\"]");
        told(&clients, "duration = \"15s\"\nservers = { count = 1 }")
    };
    let issued = |event: &TraceEvent| matches!(event, TraceEvent::Issued { .. });
    let connected = |event: &TraceEvent| matches!(event, TraceEvent::SessionConnected { .. });
    let figure = "for each processor second";
    vec![
        Cell::new(
            "new sessions: handshakes (source of `connection_cost`)",
            figure,
            Tenth,
            (12_285.0, 13_033.0),
            [rate(&crowd(5_000, "xhr-polling"), issued)],
        ),
        Cell::new(
            "new sessions: handshake and websocket (source of `open_cost`)",
            figure,
            Tenth,
            (4_586.0, 4_822.0),
            [rate(&crowd(200, "websocket"), connected)],
        ),
        Cell::new(
            "new sessions: handshake and first poll, 20000 that stay (source of `open_cost_per_1000`)",
            figure,
            Tenth,
            (1_920.0, 1_994.0),
            [rate(&crowd(20_000, "xhr-polling"), connected)],
        ),
    ]
}

/// The middle and the greatest time that one message takes to so many clients, in microseconds.
fn broadcast(clients: u32) -> (f64, f64) {
    let records = told(
        &format!("count = {clients}\ntransports = [\"websocket\"]"),
        "duration = \"3s\"\nservers = { count = 1, broadcast_every = \"1s\", broadcast_first = \"1s\" }",
    );
    let mut sent = 0;
    let mut waits = Vec::new();
    for record in &records {
        match &record.event {
            TraceEvent::TickSent { .. } => sent = record.at,
            TraceEvent::TickReceived { .. } => waits.push(record.at - sent),
            _ => {}
        }
    }
    waits.sort_unstable();
    let at = |place: usize| number(waits.get(place).copied().unwrap_or_default());
    (at(waits.len() / 2), at(waits.len().saturating_sub(1)))
}

/// Megabytes of heap with so many websockets that say nothing.
fn idle(clients: u32) -> f64 {
    let records = told(
        &format!("count = {clients}\ntransports = [\"websocket\"]"),
        "duration = \"3s\"\nservers = { count = 1 }",
    );
    let held = records.iter().rev().find_map(|record| match &record.event {
        TraceEvent::Holds { holding, .. } => Some(holding.heap_bytes),
        _ => None,
    });
    number(held.unwrap_or_default()) / 1e6
}
