//! Two genuine nodes of 0.8.7 that share a Redis, recorded with `MONITOR` (`peers/store/record.js`), and our machine in the place of
//! either: fed with the requests of that node and the publications of the other one, it must publish the same, answer its clients
//! the same and tell its application the same, step by step, in order.
//!
//! The machine is run with the faults of 0.8.7. What differs even so is in `table.rs`, line by line; the test fails if anything else
//! differs, or if a line is not found any more.

mod app;
mod node;
mod recording;
mod table;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use node::Node;
use recording::Recording;
use table::TABLE;

fn recordings() -> BTreeMap<String, Recording> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/redis");
    let files = fs::read_dir(folder).expect("the recordings").map(|file| file.expect("a file").path());
    files
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a readable file");
            let recording = Recording::read(&text);
            (recording.scenario.clone(), recording)
        })
        .collect()
}

/// What differs when our machine takes the place of `name`.
fn differences(recording: &Recording, name: &str) -> Vec<String> {
    let mut node = Node::new(recording, name);
    let mut differences = Vec::new();
    for (index, step) in recording.steps.iter().enumerate() {
        let until = recording.steps.get(index + 1).map_or(step.ends_ms, |next| next.starts_ms);
        let ours = node.play(step, until);
        differences.extend(step.compare(name, &ours));
    }
    differences
}

#[test]
fn our_machine_in_the_place_of_either_node_does_as_recorded_but_for_what_is_listed() {
    let recordings = recordings();
    let mut report = String::new();
    for (scenario, recording) in &recordings {
        for name in ["a", "b"] {
            let found = differences(recording, name);
            let listed = TABLE.iter().find(|row| row.0 == scenario && row.1 == name);
            let listed: Vec<String> =
                listed.map_or(&[][..], |row| row.2).iter().map(|line| (*line).to_owned()).collect();
            if found != listed {
                writeln!(report, "(\"{scenario}\", \"{name}\", &[").expect("memory");
                for line in &found {
                    writeln!(report, "    r#\"{line}\"#,").expect("memory");
                }
                report.push_str("]),\n");
            }
        }
    }
    assert!(report.is_empty(), "found, but not listed so:\n{report}");
}

#[test]
fn every_line_of_the_table_is_of_a_recording() {
    let recordings = recordings();
    assert_eq!(recordings.len(), 20);
    for (scenario, node, lines) in TABLE {
        assert!(recordings.contains_key(*scenario), "{scenario}");
        assert!(matches!(*node, "a" | "b") && !lines.is_empty(), "{scenario} {node}");
    }
}
