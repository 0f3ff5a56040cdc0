//! The checks of the fuzz targets over their corpora and a fixed number of mutations, for machines without cargo-fuzz.
#![cfg(feature = "json")]

use std::path::Path;

#[expect(unreachable_pub, reason = "the file is a library of its own")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

/// Mutants of one corpus; a debug build does them in about a second.
const MUTANTS: usize = 20_000;

/// What mutations insert: the characters on which the grammars turn.
const TOKENS: [&str; 24] = [
    ":",
    "::",
    "+",
    "\u{FFFD}",
    "\u{FFFD}1\u{FFFD}",
    "0",
    "9",
    "-",
    ".",
    "e",
    "/",
    "//",
    "?",
    "#",
    "\"",
    "\\",
    "\\u",
    "{",
    "}",
    "[",
    "]",
    "\n",
    "é",
    "😀",
];

/// Knuth's linear congruential generator: the same mutants on every machine.
struct Random(u64);

impl Random {
    /// A number below `bound`, which is not zero.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound
    }

    fn pick<'a, T: AsRef<str>>(&mut self, items: &'a [T]) -> &'a str {
        items[self.below(items.len())].as_ref()
    }

    /// A cut between two characters of `text`.
    fn cut(&mut self, text: &str) -> usize {
        let mut cut = self.below(text.len() + 1);
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        cut
    }
}

fn corpus(target: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect()
}

fn mutant(random: &mut Random, corpus: &[String]) -> String {
    let mut text = String::from(random.pick(corpus));
    for _ in 0..=random.below(4) {
        let (from, to) = (random.cut(&text), random.cut(&text));
        let (from, to) = (from.min(to), from.max(to));
        match random.below(4) {
            0 => text.insert_str(from, random.pick(&TOKENS)),
            1 => text.replace_range(from..to, ""),
            2 => text.replace_range(from..to, random.pick(&TOKENS)),
            _ => {
                let other = random.pick(corpus);
                text.replace_range(from.., &other[random.cut(other)..]);
            }
        }
    }
    text
}

fn smoke(target: &str, check: fn(&str)) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "no corpus of {target}");
    for text in &corpus {
        check(text);
    }
    let mut random = Random(8);
    for _ in 0..MUTANTS {
        let text = mutant(&mut random, &corpus);
        let held = std::panic::catch_unwind(|| check(&text)).is_ok();
        assert!(held, "the {target} target fails on {text:?}");
    }
}

#[test]
fn handshakes() {
    smoke("handshake", targets::handshake);
}

#[test]
fn packets() {
    smoke("packet", targets::packet);
}

#[test]
fn payloads() {
    smoke("payload", targets::payload);
}

#[test]
fn request_targets() {
    smoke("target", targets::target);
}
