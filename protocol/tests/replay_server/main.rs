//! The recordings of the genuine servers 0.8.7 and 0.9.17, played against the `Server` machine in virtual time.
//!
//! Each transcript holds the bytes of every connection and what the recorder's application did. The test feeds the recorded
//! client bytes as requests and messages at their recorded times, lets an application of the same behaviour react, and
//! compares, connection by connection: responses (status, headers that Socket.IO sets, body), messages, the server's FIN, and
//! what the application heard. Times may differ by the [`Tolerance`] of the set: virtual timers fire exactly, those of a busy
//! machine do not.
//!
//! `table.rs` and `table_0_9.rs` have a line for every transcript. One that is marked as different lists its differences one
//! by one; the test fails if there are others, fewer or none.

mod app;
mod compare;
mod http;
mod hybi;
mod player;
mod table;
mod table_0_9;
mod transcript;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use compare::Tolerance;
use socketio08::Profile;
use table::Verdict;
use transcript::Transcript;

/// The recordings of one release.
struct Set {
    folder: &'static str,
    profile: Profile,
    tolerance: Tolerance,
    table: &'static [(&'static str, Verdict)],
}

const V0_8_7: Set = Set {
    folder: "http-transcripts",
    profile: Profile::V0_8_7,
    tolerance: Tolerance { timer_ms: 40, answer_ms: 120 },
    table: table::TABLE,
};

/// Recorded on a machine that was much busier.
const V0_9_17: Set = Set {
    folder: "http-transcripts-0.9.17",
    profile: Profile::V0_9,
    tolerance: Tolerance { timer_ms: 150, answer_ms: 600 },
    table: table_0_9::TABLE,
};

impl Set {
    fn folder(&self) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(self.folder)
    }

    fn load(&self, scenario: &str) -> Transcript {
        let path = self.folder().join(format!("{scenario}.json"));
        let text = fs::read_to_string(&path).expect("a transcript");
        Transcript::parse(&text, self.profile)
    }

    fn expect_a_line_for_each_transcript(&self) {
        let listed: BTreeSet<String> =
            self.table.iter().map(|(scenario, _)| (*scenario).to_owned()).collect();
        assert_eq!(listed.len(), self.table.len(), "a scenario is listed twice");
        let files = fs::read_dir(self.folder()).expect("the transcripts");
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

    fn expect_the_listed_differences(&self) {
        let (mut equal, mut different, mut elsewhere) = (0, 0, 0);
        let mut wrong = Vec::new();
        for (scenario, verdict) in self.table {
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
                Verdict::Carrier(reason) => {
                    println!("{scenario} is not of this machine: {reason}");
                    elsewhere += 1;
                    continue;
                }
            };
            let found = player::replay(&self.load(scenario), self.tolerance);
            if found != expected {
                wrong.push(format!("{scenario}:\n    found    {found:#?}\n    expected {expected:#?}"));
            }
        }
        println!(
            "{equal} transcripts equal, {different} different as listed, {elsewhere} not of this machine"
        );
        assert!(wrong.is_empty(), "{} transcripts:\n{}", wrong.len(), wrong.join("\n"));
    }
}

#[test]
fn every_transcript_of_0_8_7_has_one_line_in_the_table() {
    V0_8_7.expect_a_line_for_each_transcript();
}

#[test]
fn every_transcript_of_0_9_17_has_one_line_in_the_table() {
    V0_9_17.expect_a_line_for_each_transcript();
}

#[test]
fn the_server_answers_as_0_8_7_but_for_the_listed_differences() {
    V0_8_7.expect_the_listed_differences();
}

#[test]
fn the_server_answers_as_0_9_17_but_for_the_listed_differences() {
    V0_9_17.expect_the_listed_differences();
}
