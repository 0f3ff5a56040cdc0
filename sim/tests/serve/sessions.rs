//! The applications.

use crate::process::Serve;

/// A payload of several packets, lengths in UTF-16 code units.
fn payload(packets: &[&str]) -> String {
    let framed = |packet: &&str| format!("\u{fffd}{}\u{fffd}{packet}", packet.encode_utf16().count());
    packets.iter().map(framed).collect::<Vec<_>>().concat()
}

#[test]
fn the_chat_passes_a_message_on_to_the_others_as_an_event() {
    let serve = Serve::start(&["--app", "chat"]);
    let (mut sender, mut other) = (serve.open(), serve.open());
    sender.post("3:::grüße \"😀\"");
    assert_eq!(other.poll(), r#"5:::{"name":"message","args":["grüße \"😀\""]}"#);
    other.post("3:::back");
    assert_eq!(sender.poll(), r#"5:::{"name":"message","args":["back"]}"#, "and nothing of its own");
}

#[test]
fn the_chat_gives_a_newcomer_what_was_said_before() {
    let serve = Serve::start(&["--app", "chat"]);
    let mut first = serve.open();
    first.post("3:::one");
    first.post("4:::{\"two\":2}");
    assert_eq!(serve.open().poll(), payload(&["3:::one", "4:::{\"two\":2}"]));
}

#[test]
fn the_chat_does_not_pass_on_json_that_is_none() {
    let serve = Serve::start(&["--app", "chat"]);
    let (mut sender, mut other) = (serve.open(), serve.open());
    sender.post("4:::{\"two\":");
    sender.post("3:::fine");
    assert_eq!(other.poll(), r#"5:::{"name":"message","args":["fine"]}"#);
}

#[test]
fn the_echo_sends_back_messages_json_and_events() {
    let serve = Serve::start(&["--app", "echo"]);
    let mut session = serve.open();
    for packet in ["3:::grüße 😀", "4:::{\"a\":[1,2.50]}", "5:::{\"name\":\"any\",\"args\":[1]}"] {
        session.post(packet);
        assert_eq!(session.poll(), packet);
    }
}

#[test]
fn the_echo_acknowledges_with_the_data_of_what_it_got() {
    let serve = Serve::start(&["--app", "echo"]);
    let mut session = serve.open();
    session.post("5:1+::{\"name\":\"any\",\"args\":[1,\"é\"]}");
    assert_eq!(session.poll(), payload(&["6:::1+[1,\"é\"]", "5:::{\"name\":\"any\",\"args\":[1,\"é\"]}"]));
    session.post("3:2+::m");
    assert_eq!(session.poll(), payload(&["6:::2+[\"m\"]", "3:::m"]));
}

#[test]
fn the_echo_asks_for_both_acknowledgements_when_told_to() {
    let serve = Serve::start(&["--app", "echo"]);
    let mut session = serve.open();
    session.post("5:::{\"name\":\"ask\"}");
    assert_eq!(session.poll(), "3:1::acknowledge this");
    session.post("6:::1");
    assert_eq!(session.poll(), r#"5:2+::{"name":"question","args":["and this"]}"#);
    session.post("6:::2+[\"well\"]");
    assert_eq!(session.poll(), r#"5:::{"name":"answered","args":["well"]}"#);
}

#[test]
fn the_echo_ends_a_session_when_told_to() {
    let serve = Serve::start(&["--app", "echo"]);
    let mut session = serve.open();
    session.post("5:::{\"name\":\"leave\"}");
    assert_eq!(session.poll(), "7:::1+0");
}

#[test]
fn the_echo_answers_in_a_namespace() {
    let serve = Serve::start(&["--app", "echo", "--namespace", "/room", "--namespace", "/hall"]);
    let mut session = serve.open();
    session.post("1::/hall");
    assert_eq!(session.poll(), "1::/hall");
    session.post("3::/hall:x");
    assert_eq!(session.poll(), "3::/hall:x");
}

#[cfg(unix)]
#[test]
fn a_terminated_server_closes_polls_without_an_answer_and_exits_with_0() {
    for signal in ["TERM", "INT"] {
        let serve = Serve::start(&["--app", "echo"]);
        let mut session = serve.open();
        session.post("3:::x");
        assert_eq!(session.poll(), "3:::x");
        session.wait();
        std::thread::sleep(std::time::Duration::from_millis(100));
        let (status, log) = serve.signal(signal);
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(session.ended());
        assert!(log.contains("stopping"), "{log}");
    }
}

#[cfg(unix)]
#[test]
fn connects_violations_and_ends_are_logged_one_line_each() {
    let serve = Serve::start(&["--app", "echo"]);
    let mut session = serve.open();
    session.post("nonsense\n\u{1b}[2J");
    session.post("0::");
    let (_, log) = serve.signal("TERM");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 4, "{log}");
    assert!(lines[0].contains("connected") && lines[0].ends_with("xhr-polling"), "{log}");
    assert!(lines[1].contains("violation"), "{log}");
    assert!(lines[2].contains("disconnected"), "{log}");
    assert!(!log.contains('\u{1b}'));
}

#[cfg(unix)]
#[test]
fn a_quiet_server_logs_its_end_only() {
    let serve = Serve::start(&["--app", "echo", "--quiet"]);
    serve.open().post("0::");
    let (_, log) = serve.signal("TERM");
    assert_eq!(log.lines().count(), 1, "{log}");
}
