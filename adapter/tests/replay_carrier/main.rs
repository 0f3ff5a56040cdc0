//! The recordings of genuine servers whose point is below the machine -- framing, the heads of upgrades, the drafts before
//! RFC 6455, flash policies -- played against a [`Node`](socketio08_tokio::Node) over real sockets.
//!
//! The recorded client bytes are sent as they were, at their recorded times; an application of the recorder's behaviour reacts;
//! and what comes back on each connection is compared, in order and to the byte of heads and frames, with what was recorded, and
//! so is what the application heard. Times are compared where they are exact: by the machine's own replay.
//!
//! `table.rs` and `table_0_9.rs` have a line for every such transcript. One that is marked as different lists its differences one by one; the test
//! fails if there are others, fewer or none.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../../protocol/tests/replay_server/app.rs"]
mod app;
#[allow(dead_code, reason = "the machine's replay uses the rest")]
#[path = "../../../protocol/tests/replay_server/compare.rs"]
mod compare;
#[allow(dead_code, reason = "the machine's replay uses the rest")]
#[path = "../../../protocol/tests/replay_server/http.rs"]
mod http;
#[path = "../../../protocol/tests/replay_server/hybi.rs"]
mod hybi;
mod player;
mod stream;
mod table;
mod table_0_9;
#[allow(dead_code, reason = "the machine's replay uses the rest")]
#[path = "../../../protocol/tests/replay_server/transcript.rs"]
mod transcript;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use socketio08::Profile;
use table::Verdict;

/// The recordings of one release.
struct Set {
    folder: &'static str,
    profile: Profile,
    table: &'static [(&'static str, Verdict)],
}

const V0_8_7: Set = Set { folder: "http-transcripts", profile: Profile::V0_8_7, table: table::TABLE };
const V0_9_17: Set =
    Set { folder: "http-transcripts-0.9.17", profile: Profile::V0_9, table: table_0_9::TABLE };

/// Scenarios of sockets and policies.
fn is_of_the_carrier(scenario: &str) -> bool {
    let starts = ["ws-", "flash-policy", "upgrade-", "xhr-upgrade-"];
    let has = ["hixie", "websocket", "flashsocket", "-ws"];
    starts.iter().any(|start| scenario.starts_with(start)) || has.iter().any(|part| scenario.contains(part))
}

impl Set {
    fn folder(&self) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/data").join(self.folder)
    }

    fn load(&self, scenario: &str) -> String {
        fs::read_to_string(self.folder().join(format!("{scenario}.json"))).expect("a transcript")
    }

    fn expect_a_line_for_each_transcript(&self) {
        let listed: BTreeSet<String> =
            self.table.iter().map(|(scenario, _)| (*scenario).to_owned()).collect();
        assert_eq!(listed.len(), self.table.len(), "a scenario is listed twice");
        let names =
            fs::read_dir(self.folder()).expect("the transcripts").map(|file| file.expect("a file").path());
        let recorded: BTreeSet<String> = names
            .map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
            .filter(|scenario| is_of_the_carrier(scenario))
            .collect();
        assert_eq!(listed, recorded);
    }

    async fn play(&self) {
        let mut playing = Vec::new();
        for (scenario, verdict) in self.table {
            let expected: &[&str] = match verdict {
                Verdict::Equal => &[],
                Verdict::Different(reason, differences) => {
                    assert!(!differences.is_empty(), "{scenario}: a difference without differences");
                    println!("{scenario} differs: {reason}");
                    differences
                }
                Verdict::Machine(reason) => {
                    println!("{scenario} is played to the machine: {reason}");
                    continue;
                }
            };
            let (text, profile) = (self.load(scenario), self.profile);
            let played = tokio::spawn(async move { player::replay(&text, profile).await });
            playing.push((scenario, expected, played));
        }
        let (mut equal, mut different, mut wrong) = (0, 0, Vec::new());
        for (scenario, expected, played) in playing {
            let found = played.await.unwrap_or_else(|error| vec![format!("{error}")]);
            if found != expected {
                wrong.push(format!("{scenario}:\n    found    {found:#?}\n    expected {expected:#?}"));
            } else if expected.is_empty() {
                equal += 1;
            } else {
                different += 1;
            }
        }
        println!("{equal} transcripts equal, {different} different as listed");
        assert!(wrong.is_empty(), "{} transcripts:\n{}", wrong.len(), wrong.join("\n"));
    }
}

#[test]
fn every_transcript_of_the_carrier_has_one_line_in_its_table() {
    V0_8_7.expect_a_line_for_each_transcript();
    V0_9_17.expect_a_line_for_each_transcript();
}

#[tokio::test]
async fn the_node_answers_as_0_8_7_but_for_the_listed_differences() {
    V0_8_7.play().await;
}

#[tokio::test]
async fn the_node_answers_as_0_9_17_but_for_the_listed_differences() {
    V0_9_17.play().await;
}
