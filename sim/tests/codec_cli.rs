//! `sio08 codec`, run as a program: the recorded rows through its standard input and output, and bad lines.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const PACKETS: &str = include_str!("../../protocol/tests/data/packet-vectors.json");
const PAYLOADS: &str = include_str!("../../protocol/tests/data/payload-vectors.json");

/// Runs `sio08 codec` with `arguments`, `input` on its standard input.
fn codec(arguments: &[&str], input: impl Into<Vec<u8>>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sio08"));
    command.arg("codec").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run sio08: {error}"));
    let (mut stdin, input) = (child.stdin.take(), input.into());
    // From another thread: the program answers while it reads, and both pipes are short.
    let writer = std::thread::spawn(move || stdin.as_mut().map(|stdin| stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap_or_else(|error| panic!("no output: {error}"));
    drop(writer.join());
    output
}

/// What `sio08 codec` answers to each line.
fn answers(arguments: &[&str], lines: &[String]) -> Vec<Value> {
    let output = codec(arguments, lines.join("\n"));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert_eq!(answers.len(), lines.len(), "one answer a line");
    answers
}

/// The rows of a list whose input is a string.
fn text_rows(file: &str, list: &str) -> Vec<Value> {
    let vectors: Value = serde_json::from_str(file).unwrap_or_default();
    let rows = vectors[list].as_array().cloned().unwrap_or_default();
    rows.into_iter().filter(|row| row["input"].is_string()).collect()
}

/// Equal, numbers by their double.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            let same_field = |(key, ours)| theirs.get(key).is_some_and(|theirs| same(ours, theirs));
            ours.len() == theirs.len() && ours.iter().all(same_field)
        }
        (ours, theirs) => ours == theirs,
    }
}

fn is_error(answer: &Value) -> bool {
    let error = &answer["error"];
    error["kind"].is_string() && error["offset"].is_u64() && error["message"].is_string()
}

#[test]
fn recorded_packets_are_decoded_to_the_same_object_or_an_error() {
    let mut rows = text_rows(PACKETS, "decodePacket");
    // This reader of JSON, unlike the command, cannot read back a number beyond the doubles.
    rows.retain(|row| !row["output"].to_string().contains("$number"));
    let lines: Vec<String> = rows.iter().map(|row| row["input"].to_string()).collect();
    let mut equal = 0;
    for (row, answer) in rows.iter().zip(answers(&["decode"], &lines)) {
        if same(&answer, &row["output"]) {
            equal += 1;
        } else {
            assert!(is_error(&answer), "{answer} for {row}");
        }
    }
    assert_eq!(equal, 634, "rows that are equal");
}

#[test]
fn recorded_payloads_are_decoded_to_the_same_array_or_an_error() {
    let rows = text_rows(PAYLOADS, "decodePayload");
    let lines: Vec<String> = rows.iter().map(|row| row["input"].to_string()).collect();
    let mut equal = 0;
    for (row, answer) in rows.iter().zip(answers(&["decode", "--payload"], &lines)) {
        let packets = if answer.is_array() { &answer } else { &answer["packets"] };
        if same(&answer, &row["output"]) {
            equal += 1;
        } else {
            assert!(is_error(&answer) || row["input"] == "", "{answer} for {row}");
        }
        // What could be read is what 0.8.7 reads.
        for (ours, theirs) in
            packets.as_array().into_iter().flatten().zip(row["output"].as_array().into_iter().flatten())
        {
            assert!(same(ours, theirs) || is_error(ours), "{ours} for {theirs} in {row}");
        }
    }
    assert_eq!(equal, 79, "rows that are equal");
}

#[test]
fn encoding_is_the_inverse_of_decoding() {
    let texts: Vec<String> =
        text_rows(PACKETS, "decodePacket").iter().map(|row| row["input"].to_string()).collect();
    let mut objects: Vec<String> = good(&["decode"], &texts);
    // Peers may send arguments that are no array, but nobody should.
    objects.retain(|object| !object.contains("\"args\":") || object.contains("\"args\":["));
    let encoded: Vec<String> = good(&["encode"], &objects);
    assert_eq!(good(&["decode"], &encoded), objects);

    let texts: Vec<String> =
        text_rows(PAYLOADS, "decodePayload").iter().map(|row| row["input"].to_string()).collect();
    let arrays: Vec<String> = good(&["decode", "--payload"], &texts);
    let encoded: Vec<String> = good(&["encode", "--payload"], &arrays);
    assert_eq!(good(&["decode", "--payload"], &encoded), arrays);
}

/// The answers that are no errors, as they were written.
fn good(arguments: &[&str], lines: &[String]) -> Vec<String> {
    let output = codec(arguments, lines.join("\n"));
    let answers = String::from_utf8_lossy(&output.stdout).into_owned();
    answers.lines().filter(|line| !line.starts_with(r#"{"error""#)).map(String::from).collect()
}

#[test]
fn recorded_packets_are_encoded_to_the_same_text_or_an_error() {
    let vectors: Value = serde_json::from_str(PACKETS).unwrap_or_default();
    let mut rows = vectors["encodePacket"].as_array().cloned().unwrap_or_default();
    rows.retain(|row| !row["input"].to_string().contains("{\"$"));
    let lines: Vec<String> = rows.iter().map(|row| row["input"].to_string()).collect();
    let mut equal = 0;
    for (row, answer) in rows.iter().zip(answers(&["encode"], &lines)) {
        if answer == row["output"] {
            equal += 1;
        } else {
            let respelt = row["input"]["data"].is_f64() && answer.is_string();
            assert!(is_error(&answer) || respelt, "{answer} for {row}");
        }
    }
    assert_eq!(equal, 427, "rows that are equal");
}

#[test]
fn recorded_payloads_are_encoded_to_the_same_text_or_an_error() {
    let vectors: Value = serde_json::from_str(PAYLOADS).unwrap_or_default();
    let rows = vectors["encodePayload"].as_array().cloned().unwrap_or_default();
    let lines: Vec<String> = rows.iter().map(|row| row["input"].to_string()).collect();
    let mut equal = 0;
    for (row, answer) in rows.iter().zip(answers(&["encode", "--payload"], &lines)) {
        assert!(answer == row["output"] || is_error(&answer), "{answer} for {row}");
        equal += usize::from(answer == row["output"]);
    }
    assert_eq!(equal, 81, "rows that are equal");
}

#[test]
fn numbers_and_the_order_of_keys_survive() {
    let text = r#""4:::{\"b\":12345678901234567890123,\"a\":1e400, \"1\" : -0.0}""#;
    let object = r#"{"type":"json","endpoint":"","data":{"b":12345678901234567890123,"a":1e400,"1":-0.0}}"#;
    assert_eq!(good(&["decode"], &[text.into()]), [object]);
    assert_eq!(good(&["encode"], &[object.into()]), [text.replace(", ", ",").replace(" : ", ":")]);
}

#[test]
fn a_bad_line_is_an_error_and_the_next_one_follows() {
    let deep = format!("\"4:::{}\"", "[".repeat(200_000));
    for (line, kind, offset) in [
        (r#""5:1+:/chat""#, "event-data", 10),
        (r#""x""#, "type", 0),
        (r#""4::/é:{\"a\":]""#, "json-syntax", 12),
        (r#""4:::{""#, "json-end", 5),
        (r#""6:::1+[x]""#, "json-syntax", 7),
        (r#""4:::\"\\ud83d\"""#, "json-syntax", 11),
        (&deep, "json-end", 200_004),
        ("3:::x", "line-json", 1),
        ("\"3:::x", "line-json", 6),
        (r#""\ud83d""#, "line-json", 7),
        (" [1]", "line-not-string", 1),
        ("null", "line-not-string", 0),
        ("", "line-json", 0),
    ] {
        let answers = answers(&["decode"], &[line.into(), r#""2::""#.into()]);
        let shown: String = line.chars().take(40).collect();
        assert_eq!(
            (&answers[0]["error"]["kind"], &answers[0]["error"]["offset"]),
            (&json!(kind), &json!(offset)),
            "{shown}"
        );
        assert_eq!(answers[1], json!({"type": "heartbeat", "endpoint": ""}), "{shown}");
    }
}

#[test]
fn a_line_that_is_not_utf8_is_an_error_and_the_next_one_follows() {
    let output = codec(&["decode"], b"\"3:::\xFF\"\n\"2::\"\n".to_vec());
    let answers = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = answers.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains(r#""kind":"line-utf8","offset":5"#), "{}", lines[0]);
    assert_eq!(lines[1], r#"{"type":"heartbeat","endpoint":""}"#);
}

#[test]
fn an_object_that_is_no_packet_is_an_error_with_its_place() {
    for (line, offset, message) in [
        (r#"{"type":"mesage"}"#, 8, "type: must be one of disconnect, connect"),
        (r#"{"data":"x"}"#, 0, "type: must be one of"),
        (r#"{"type":"message","id":"x"}"#, 23, "id: must be digits"),
        (r#"{"type":"message","ack":"data"}"#, 24, "ack: an acknowledgement with data needs an id"),
        (r#"{"type":"message","data":{}}"#, 25, "data: must be a string"),
        (r#"{"type":"event"}"#, 0, "name: an event has a name"),
        (r#"{"type":"event","name":"a","args":5}"#, 34, "args: must be an array"),
        (r#"{"type":"ack"}"#, 0, "ackId: an ack has the id it answers"),
        (r#"{"type":"error","reason":"x"}"#, 25, "reason: must be empty or one of: transport not supported"),
        (r#"{"type":"json","data":"\ud83d"}"#, 22, "data: holds half a surrogate pair"),
        (r#"{"type":"noop","extra":1}"#, 0, "no field `extra` in a packet"),
        ("[]", 0, "a packet is an object"),
    ] {
        let error = &answers(&["encode"], &[line.into()])[0]["error"];
        assert_eq!(error["offset"], offset, "{line}: {error}");
        assert!(error["message"].as_str().is_some_and(|text| text.starts_with(message)), "{line}: {error}");
    }
}

#[test]
fn a_bad_packet_in_a_payload_leaves_the_others_readable() {
    let line = "\"\u{FFFD}3\u{FFFD}2::\u{FFFD}1\u{FFFD}x\u{FFFD}5\u{FFFD}3:::a\"";
    let answer = &answers(&["decode", "--payload"], &[line.into()])[0];
    assert_eq!((&answer["error"]["kind"], &answer["error"]["offset"]), (&json!("type"), &json!(17)));
    assert_eq!(answer["packets"][0]["type"], "heartbeat");
    assert_eq!(answer["packets"][1]["error"], answer["error"]);
    assert_eq!(answer["packets"][2]["data"], "a");
}

#[test]
fn a_broken_frame_leaves_the_packets_before_it_readable() {
    let answer =
        &answers(&["decode", "--payload"], &["\"\u{FFFD}3\u{FFFD}2::\u{FFFD}x\u{FFFD}2::\"".into()])[0];
    assert_eq!((&answer["error"]["kind"], &answer["error"]["offset"]), (&json!("length"), &json!(13)));
    assert_eq!(answer["packets"], json!([{"type": "heartbeat", "endpoint": ""}]));
}

#[test]
fn one_text_may_be_given_as_an_argument() {
    let output = codec(&["decode", "5:1+:/chat"], "");
    assert_eq!(output.status.code(), Some(65));
    let expected = "error: event without data at byte 10: \
                    an event is 5:[id[+]]:[endpoint]:{\"name\":..,\"args\":[..]}\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    let output = codec(&["decode", "3:::hi"], "");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "{\"type\":\"message\",\"endpoint\":\"\",\"data\":\"hi\"}\n"
    );
}

#[test]
fn a_packet_is_explained() {
    let output = codec(&["explain", r#"5:12+:/chat:{"name":"say","args":["hi"]}"#], "");
    let expected = "\
5     event
12+   message id 12, the sender wants an acknowledgement with data (answered by 6::/chat:12+[…])
/chat endpoint (namespace)
say   event name, 1 argument
";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!(codec(&["explain", "nonsense"], "").status.code(), Some(65));
}

#[test]
fn a_payload_to_be_explained_is_sent_to_decode() {
    let output = codec(&["explain", "\u{FFFD}3\u{FFFD}2::\u{FFFD}3\u{FFFD}8::"], "");
    assert_eq!(output.status.code(), Some(65));
    assert!(String::from_utf8_lossy(&output.stderr).contains("sio08 codec decode --payload"));
}
