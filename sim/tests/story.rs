//! `sio08 story`: the requests of one client, with the servers they met.

use std::process::Command;

fn story(arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_sio08")).arg("story").args(arguments).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The lines of a story without their times.
fn lines(story: &str) -> Vec<String> {
    let told = story.split("\n\n").nth(1).unwrap_or_default();
    told.lines()
        .map(|line| line.trim_start_matches([' ', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']))
        .map(str::to_owned)
        .collect()
}

#[test]
fn under_round_robin_the_client_meets_each_server_in_turn_until_its_own_answers() {
    let story = story(&["round-robin", "--until", "100ms"]);
    let asked: Vec<String> = lines(&story)
        .into_iter()
        .filter(|line| line.contains("client ── ") && !line.contains("post"))
        .collect();
    let met: Vec<&str> = asked.iter().filter_map(|line| line.split("▶ ").nth(1)?.split(' ').next()).collect();
    assert_eq!(met.get(..5), Some(["s1", "s2", "s3", "s4", "s1"].as_slice()), "{story}");
    assert!(asked[1].contains("7:::1+0   s2 does not know it: it is a session of s1"), "{story}");
    assert!(asked[4].contains("1::   connected"), "{story}");
}

#[test]
fn the_reason_is_told_before_the_request_that_follows_from_it() {
    let story = story(&["round-robin", "--until", "100ms"]);
    let lines = lines(&story);
    let first = lines.iter().position(|line| line.contains("7:::1+0")).expect("a rejected poll");
    assert!(lines[first + 1].starts_with("not connected yet: the genuine client polls again"), "{story}");
    assert!(lines[first + 2].starts_with("client ── poll"), "{story}");
}

#[test]
fn round_robin_over_four_servers_is_told_in_the_four_lines_of_the_chapter() {
    let story = story(&["round-robin-four-servers", "--until", "1s"]);
    let asked: Vec<String> = lines(&story).into_iter().filter(|line| line.contains("client ── ")).collect();
    let met = |line: &String| {
        let (what, answer) = line.trim_start_matches("client ── ").split_once("▶ ")?;
        Some(format!("{} {}", what.split(' ').next()?, answer.split_once("   ")?.0))
    };
    let met: Vec<String> = asked.iter().filter_map(met).collect();
    assert_eq!(met, ["handshake s1", "poll s2", "handshake s3", "poll s4"], "{story}");
    assert!(asked[1].contains("7:::1+0   s2 does not know it: it is a session of s1"), "{story}");
    assert!(asked[3].contains("7:::1+0   s4 does not know it: it is a session of s3"), "{story}");
    assert!(story.contains("the genuine 0.9 disconnects, and makes a new handshake in 500 ms"), "{story}");
}

#[test]
fn the_death_of_a_server_is_told_in_its_place() {
    let story = story(&["server-failure", "--client", "1", "--from", "8s", "--until", "14s"]);
    assert!(story.contains("8.000  *** s2 is killed"), "{story}");
    assert!(story.contains("*** the balancer marks s2 down"), "{story}");
}

#[test]
fn the_end_of_the_balancer_is_told_with_what_it_does_to_the_client() {
    let story = story(&["balancer-restart", "--client", "1", "--from", "8s", "--until", "9s"]);
    assert!(story.contains("8.020  *** the balancer ends, and every connection with it"), "{story}");
    assert!(story.contains("*** the balancer is back, and remembers nothing"), "{story}");
    assert!(story.contains("reconnection attempt 1"), "{story}");
}

#[test]
fn repetitions_are_counted_unless_the_whole_story_is_asked_for() {
    let short = story(&["server-failure", "--until", "20s"]);
    let whole = story(&["server-failure", "--until", "20s", "--whole"]);
    assert!(short.contains("times more, until"), "{short}");
    assert!(!whole.contains("times more") && whole.lines().count() > short.lines().count());
}

#[test]
fn both_engines_tell_the_same_story_of_a_sticky_client() {
    let told =
        |engine: &str| lines(&story(&["sticky-source", "--set", "clients.count=4", "--engine", engine]));
    let requests = |lines: Vec<String>| {
        let posts = lines.iter().filter(|line| line.starts_with("client ── post")).count();
        (posts, lines.iter().any(|line| line.contains("1::   connected")))
    };
    assert_eq!(requests(told("direct")), requests(told("turmoil")));
}

#[test]
fn a_client_that_is_not_there_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_sio08"))
        .args(["story", "round-robin", "--client", "41"])
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("clients 1 to 40"));
}
