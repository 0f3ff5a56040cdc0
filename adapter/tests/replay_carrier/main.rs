//! The recordings of genuine servers whose point is below the machine -- framing, the heads of upgrades, the drafts before
//! RFC 6455, flash policies -- played against a [`Node`](socketio08_tokio::Node) over real sockets.
//!
//! The recorded client bytes are sent as they were, at their recorded times; an application of the recorder's behaviour reacts;
//! and what comes back on each connection is compared, in order and to the byte of heads and frames, with what was recorded, and
//! so is what the application heard. Times are compared where they are exact: by the machine's own replay.
//!
//! `table.rs` has a line for every such transcript. One that is marked as different lists its differences one by one; the test
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
#[allow(dead_code, reason = "the machine's replay uses the rest")]
#[path = "../../../protocol/tests/replay_server/transcript.rs"]
mod transcript;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use socketio08::Profile;
use table::{TABLE, Verdict};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/data/http-transcripts")
}

fn load(scenario: &str) -> String {
    fs::read_to_string(folder().join(format!("{scenario}.json"))).expect("a transcript")
}

/// Scenarios of sockets and policies.
fn is_of_the_carrier(scenario: &str) -> bool {
    let starts = ["ws-", "flash-policy", "upgrade-", "xhr-upgrade-"];
    let has = ["hixie", "websocket", "flashsocket"];
    starts.iter().any(|start| scenario.starts_with(start)) || has.iter().any(|part| scenario.contains(part))
}

#[test]
fn every_transcript_of_the_carrier_has_one_line_in_the_table() {
    let listed: BTreeSet<String> = TABLE.iter().map(|(scenario, _)| (*scenario).to_owned()).collect();
    assert_eq!(listed.len(), TABLE.len(), "a scenario is listed twice");
    let recorded: BTreeSet<String> = fs::read_dir(folder())
        .expect("the transcripts")
        .map(|file| {
            file.expect("a file").path().file_stem().unwrap_or_default().to_string_lossy().into_owned()
        })
        .filter(|scenario| is_of_the_carrier(scenario))
        .collect();
    assert_eq!(listed, recorded);
}

#[tokio::test]
async fn the_node_answers_as_recorded_but_for_the_listed_differences() {
    let mut playing = Vec::new();
    for (scenario, verdict) in TABLE {
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
        let text = load(scenario);
        playing.push((
            scenario,
            expected,
            tokio::spawn(async move { player::replay(&text, Profile::V0_8_7).await }),
        ));
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
