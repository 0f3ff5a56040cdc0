//! The recordings of the genuine server 0.8.7, played against the `Server` machine in virtual time.
//!
//! Each transcript holds the bytes of every connection and what the recorder's application did. The test feeds the recorded
//! client bytes as requests and messages at their recorded times, lets an application of the same behaviour react, and
//! compares, connection by connection: responses (status, headers that Socket.IO sets, body), messages, the server's FIN, and
//! what the application heard. Times may differ by [`compare::TIMER_TOLERANCE_MS`] where a
//! timer fired, and by [`compare::ANSWER_TOLERANCE_MS`] elsewhere: virtual timers fire exactly, those of a busy machine do not.
//!
//! `table.rs` has a line for every transcript. One that is marked as different lists its differences one by one; the test fails if
//! there are others, fewer or none.

mod app;
mod compare;
mod http;
mod hybi;
mod player;
mod table;
mod transcript;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use table::{TABLE, Verdict};
use transcript::Transcript;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/http-transcripts")
}

fn load(scenario: &str) -> Transcript {
    let path = folder().join(format!("{scenario}.json"));
    let text = fs::read_to_string(&path).expect("a transcript");
    Transcript::parse(&text)
}

#[test]
fn every_transcript_has_one_line_in_the_table() {
    let listed: BTreeSet<String> = TABLE.iter().map(|(scenario, _)| (*scenario).to_owned()).collect();
    assert_eq!(listed.len(), TABLE.len(), "a scenario is listed twice");
    let files = fs::read_dir(folder()).expect("the transcripts");
    let recorded: BTreeSet<String> = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    let missing: Vec<_> = recorded.difference(&listed).collect();
    let extra: Vec<_> = listed.difference(&recorded).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "not in the table: {missing:?}; no transcript: {extra:?}"
    );
}

#[test]
fn the_server_answers_as_recorded_but_for_the_listed_differences() {
    let (mut equal, mut different, mut elsewhere) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (scenario, verdict) in TABLE {
        let expected: &[&str] = match verdict {
            Verdict::Equal => {
                equal += 1;
                &[]
            }
            Verdict::Different(reason, differences) => {
                assert!(!differences.is_empty(), "{scenario}: a difference without differences");
                println!("{scenario} differs: {reason}");
                different += 1;
                differences
            }
            Verdict::Carrier(reason) | Verdict::OtherTransport(reason) => {
                println!("{scenario} is not of this machine: {reason}");
                elsewhere += 1;
                continue;
            }
        };
        let found = player::replay(&load(scenario));
        if found != expected {
            wrong.push(format!("{scenario}:\n    found    {found:#?}\n    expected {expected:#?}"));
        }
    }
    println!("{equal} transcripts equal, {different} different as listed, {elsewhere} not of this machine");
    assert!(wrong.is_empty(), "{} transcripts:\n{}", wrong.len(), wrong.join("\n"));
}
