//! Scenario files that somebody edited badly: every built-in one, changed at random by a fixed seed. Each is refused with its place or
//! read; what is read is a world that runs.
#![allow(clippy::unwrap_used, reason = "tests")]

#[expect(unreachable_pub, reason = "the file is a fuzz target's too")]
#[path = "../../fuzz/src/scenario.rs"]
mod check;

use std::collections::BTreeSet;
use std::path::Path;

use check::Became;
use socketio08_sim::scenario::{Builtin, known_keys};
use socketio08_sim::world::seed::{Seed, Stream};

/// Changed copies of each file.
const COPIES: u64 = 250;

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
            match check::scenario(&text, copy) {
                Became::Refused => refused += 1,
                Became::Ran => ran += 1,
                Became::TooLarge => {}
            }
        }
    }
    assert!(refused > 5_000 && ran > 500, "{refused} refused, {ran} ran");
}

/// libFuzzer's words for the target `scenario`: every table, key and value here. `SIO08_BLESS=1` writes the file.
#[test]
fn the_dictionary_of_the_fuzz_target_has_every_table_and_key() {
    let mut words: BTreeSet<String> = VALUES.iter().map(|&value| value.to_owned()).collect();
    for (table, key) in known_keys() {
        words.insert(format!("{key} = "));
        if !table.is_empty() {
            words.extend([format!("[{table}]\n"), format!("[[{table}]]\n")]);
        }
    }
    let quoted = |word: &String| {
        let byte = |byte: u8| match byte {
            b'"' | b'\\' => format!("\\{}", char::from(byte)),
            b' '..=b'~' => char::from(byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        };
        format!("\"{}\"\n", word.bytes().map(byte).collect::<String>())
    };
    let dictionary: String = words.iter().filter(|word| word.len() > 2).map(quoted).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/dictionaries/scenario.dict");
    if std::env::var_os("SIO08_BLESS").is_some() {
        std::fs::write(&path, &dictionary).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == dictionary, "out of date: SIO08_BLESS=1 writes it");
}

/// What a fuzz target found worth keeping, once more.
#[test]
fn the_corpus_of_the_fuzz_target_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/scenario");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let bytes = std::fs::read(entry.path()).unwrap();
        check::scenario(&String::from_utf8_lossy(&bytes), 1);
        read += 1;
    }
    assert!(read > 0, "no corpus");
}
