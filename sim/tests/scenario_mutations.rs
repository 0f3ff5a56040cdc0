//! Scenario files that somebody edited badly: every built-in one, changed at random by a fixed seed. Each is refused with its place or
//! read; what is read is a world that runs.
#![allow(clippy::unwrap_used, reason = "tests")]

use socketio08_sim::engine::{Engine, direct::Direct};
use socketio08_sim::scenario::{Builtin, Scenario, known_keys};
use socketio08_sim::trace::Record;
use socketio08_sim::world::seed::{Seed, Stream};

/// Changed copies of each file.
const COPIES: u64 = 250;
/// Worlds larger than this are not run: each takes milliseconds.
const CLIENTS_MAX: u32 = 100;
const SERVERS_MAX: u32 = 20;

/// What a person may put in the place of something else.
const VALUES: &[&str] = &[
    "0",
    "1",
    "-1",
    "4294967296",
    "18446744073709551616",
    "1.5",
    "true",
    "\"\"",
    "\"0s\"",
    "\"1us\"",
    "\"9999999h\"",
    "\"s1\"",
    "\"s99\"",
    "\"websocket\"",
    "[]",
    "[\"xhr-polling\"]",
    "{}",
    "{ min = \"1s\", max = \"0s\" }",
    "\"127.0.0.1/32\"",
    "\"\u{fffd}\u{1f600}\"",
];

fn pick<'a, T: ?Sized>(draws: &mut Stream, all: &[&'a T]) -> &'a T {
    all[usize::try_from(draws.below(all.len() as u64)).unwrap()]
}

/// One edit.
fn edit(draws: &mut Stream, lines: &mut Vec<String>, keys: &[String]) {
    let at = usize::try_from(draws.below(lines.len() as u64)).unwrap();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    match draws.below(7) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        2 => {
            let other = usize::try_from(draws.below(lines.len() as u64)).unwrap();
            lines.swap(at, other);
        }
        3 => lines.insert(at, format!("{} = {}", pick(draws, &keys), pick(draws, VALUES))),
        4 => lines.insert(
            at,
            format!("[{}]", pick(draws, &["servers", "balancer", "[fault]", "deploy", "[proxy]", "app"])),
        ),
        5 => {
            if let Some((key, _)) = lines[at].split_once(" = ") {
                lines[at] = format!("{key} = {}", pick(draws, VALUES));
            }
        }
        _ => {
            let mut text: Vec<char> = lines[at].chars().collect();
            if !text.is_empty() {
                let place = usize::try_from(draws.below(text.len() as u64)).unwrap();
                text[place] = char::from(b' ' + u8::try_from(draws.below(95)).unwrap());
            }
            lines[at] = text.into_iter().collect();
        }
    }
}

fn changed(draws: &mut Stream, text: &str, keys: &[String]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=draws.below(3) {
        if !lines.is_empty() {
            edit(draws, &mut lines, keys);
        }
    }
    lines.join("\n")
}

#[test]
fn a_file_that_was_edited_badly_is_refused_with_its_place_or_is_a_world_that_runs() {
    let keys: Vec<String> = known_keys().map(|(_, key)| key.to_owned()).collect();
    let (mut refused, mut ran) = (0, 0);
    for builtin in Builtin::ALL {
        for copy in 0..COPIES {
            let mut draws = Seed(copy).stream(&format!("mutations/{}", builtin.name));
            let text = changed(&mut draws, builtin.text, &keys);
            match Scenario::parse("my.toml", &text, &[]) {
                Err(error) => {
                    let said = error.to_string();
                    assert!(said.starts_with("my.toml:"), "no place: {said}\n{text}");
                    refused += 1;
                }
                Ok(scenario)
                    if scenario.clients.count <= CLIENTS_MAX && scenario.servers.count <= SERVERS_MAX =>
                {
                    let brief = Scenario {
                        duration: scenario.duration.min(std::time::Duration::from_secs(2)),
                        ..scenario
                    };
                    let mut records: Vec<Record> = Vec::new();
                    Direct.run(&brief, Seed(copy), &mut records, &mut |_| {}).unwrap();
                    ran += 1;
                }
                Ok(_) => {}
            }
        }
    }
    assert!(refused > 5_000 && ran > 500, "{refused} refused, {ran} ran");
}
