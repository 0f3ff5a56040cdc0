//! The checks of the fuzz targets over their corpora and a fixed number of mutations, for machines without cargo-fuzz.
#![cfg(all(feature = "hixie", feature = "json"))]

use std::path::{Path, PathBuf};

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

fn corpus_paths(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Of what is not UTF-8 the part before, as libFuzzer hands it to a target.
fn corpus(target: &str) -> Vec<String> {
    let text = |path: &PathBuf| match String::from_utf8(read(path)) {
        Ok(text) => text,
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned()
        }
    };
    corpus_paths(target).iter().map(text).collect()
}

/// Runs of machines take longer than texts.
const RUNS: usize = 1_000;

/// Mutants of byte strings: what mutations insert are the dictionary's words, here the corpus' own pieces and single bytes.
fn smoke_bytes(target: &str, mutants: usize, check: fn(&[u8])) {
    let corpus: Vec<Vec<u8>> = corpus_paths(target).iter().map(|path| read(path)).collect();
    assert!(!corpus.is_empty(), "no corpus of {target}");
    for bytes in &corpus {
        check(bytes);
    }
    let mut random = Random(8);
    for _ in 0..mutants {
        let mut bytes = corpus[random.below(corpus.len())].clone();
        for _ in 0..=random.below(4) {
            let (from, to) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
            let (from, to) = (from.min(to), from.max(to));
            let word = match random.below(3) {
                0 => [0x00, 0xff, 0x80, b' ', b'\n', 0xef][random.below(6)..][..1].to_vec(),
                1 => Vec::new(),
                _ => {
                    let other = &corpus[random.below(corpus.len())];
                    other[random.below(other.len() + 1)..].to_vec()
                }
            };
            bytes.splice(from..to, word);
        }
        let held = std::panic::catch_unwind(|| check(&bytes)).is_ok();
        assert!(held, "the {target} target fails on {bytes:?}");
    }
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
fn calls_of_a_client() {
    smoke_bytes("client_operations", RUNS, |bytes| {
        targets::client_operations(bytes);
    });
}

#[test]
fn calls_of_a_server() {
    smoke_bytes("server_operations", RUNS, |bytes| {
        targets::server_operations(bytes);
    });
}

#[test]
fn a_client_and_a_server_on_a_hostile_wire() {
    smoke_bytes("joined", RUNS, |bytes| {
        targets::joined(bytes);
    });
}

#[test]
fn handshakes() {
    smoke("handshake", targets::handshake);
}

#[test]
fn drafts_of_websockets() {
    smoke_bytes("hixie", MUTANTS, targets::hixie);
}

#[test]
fn bodies_of_jsonp_posts() {
    smoke_bytes("jsonp_body", MUTANTS, targets::jsonp_body);
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
fn flash_policies() {
    smoke_bytes("policy", MUTANTS, targets::policy);
}

#[test]
fn request_targets() {
    smoke("target", targets::target);
}
