//! The client script and its companions: the recordings `static-client*`, and what 0.8.7 does not have.

mod server_rig;

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::Value;
use server_rig::Rig;
use socketio08::Transport;
use socketio08::server::{ClientFileError, ClientFiles, ExchangeId, Method, ServerConfig, ServerEvent};

/// Files of the lengths that the recorded ones had.
fn files(lengths: &[(&str, usize)]) -> ClientFiles {
    let mut files = ClientFiles::default();
    for &(name, len) in lengths {
        files.add(name, Bytes::from(vec![b'/'; len]), None).expect("a known name");
    }
    files
}

fn rig(client_files: ClientFiles) -> Rig {
    let transports =
        vec![Transport::Websocket, Transport::Htmlfile, Transport::XhrPolling, Transport::JsonpPolling];
    Rig::new(ServerConfig::default().client_files(client_files).transports(transports))
}

/// A script and its compressed form, which is not looked into.
fn script() -> Rig {
    let mut files = ClientFiles::default();
    files
        .add("socket.io.js", Bytes::from("// the client script"), Some(Bytes::from("gzip!")))
        .expect("a script");
    rig(files)
}

fn get(rig: &mut Rig, target: &str, headers: &[(&str, &str)]) -> ExchangeId {
    rig.request(Method::Get, target, "", headers, false)
}

/// Target and headers of a request, status and headers of its response.
type Recorded = (String, Vec<(String, String)>, u16, BTreeSet<String>);

/// Requests with the status and headers they were answered with, but for those of Node, `Expires`, which `max-age` overrides, and
/// the first one of a recording that was cut off.
fn recorded(text: &str) -> Vec<Recorded> {
    let transcript: Value = serde_json::from_str(text).expect("a transcript");
    let events = transcript["events"].as_array().expect("events");
    let sent = |kind: &'static str| {
        events.iter().filter(move |event| event["ev"] == kind).map(|event| {
            (event["conn"].as_str().expect("a connection"), event["text"].as_str().unwrap_or_default())
        })
    };
    let of_node = ["date", "connection", "transfer-encoding", "expires"];
    sent("c2s")
        .filter_map(|(connection, request)| {
            let (_, response) = sent("s2c").find(|(answered, _)| *answered == connection)?;
            let (target, asked) = (request.split(' ').nth(1)?.to_owned(), headers(request));
            let status = response.split(' ').nth(1)?.parse().ok()?;
            let answer = headers(response).into_iter().filter(|(name, _)| !of_node.contains(&name.as_str()));
            Some((target, asked, status, answer.map(|(name, value)| format!("{name}: {value}")).collect()))
        })
        .collect()
}

fn headers(message: &str) -> Vec<(String, String)> {
    let head = message.split("\r\n\r\n").next().unwrap_or_default();
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    lines.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect()
}

/// Plays a recording: everything but our entity tags is as recorded.
#[track_caller]
fn assert_as_recorded(text: &str, lengths: &[(&str, usize)], requests: usize) {
    let recorded = recorded(text);
    assert_eq!(recorded.len(), requests);
    let mut rig = rig(files(lengths));
    for (target, asked, status, wanted) in recorded {
        let asked: Vec<(&str, &str)> =
            asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let exchange = get(&mut rig, &target, &asked);
        let response = &rig.responses[&exchange];
        let ours = response.headers.iter().filter(|(name, _)| *name != "ETag");
        let ours = ours.map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase())).collect();
        assert_eq!((response.status, &ours), (status, &wanted), "{target}");
    }
}

#[test]
fn files_are_served_as_recorded() {
    let recording = include_str!("data/http-transcripts/static-client.json");
    let films = [("WebSocketMain.swf", 175_830), ("WebSocketMainInsecure.swf", 175_953)];
    let scripts = [("socket.io.js", 71_138), ("socket.io+websocket.js", 53_933)];
    assert_as_recorded(recording, &[scripts, films].concat(), 9);
}

#[test]
fn files_of_0_9_are_served_as_recorded() {
    let recording = include_str!("data/http-transcripts-0.9.17/static-client.json");
    let films = [("WebSocketMain.swf", 175_830), ("WebSocketMainInsecure.swf", 175_953)];
    let scripts = [("socket.io.js", 74_747), ("socket.io+websocket.js", 56_495)];
    assert_as_recorded(recording, &[scripts, films].concat(), 8);
}

#[test]
fn without_files_the_application_is_asked_where_0_8_7_says_welcome() {
    let mut rig = rig(ClientFiles::default());
    get(&mut rig, "/socket.io/socket.io.js", &[]);
    assert!(matches!(rig.take_events()[..], [ServerEvent::Outside(_)]));
}

#[test]
fn a_film_that_was_not_given_is_the_applications() {
    let mut rig = script();
    get(&mut rig, "/socket.io/static/flashsocket/WebSocketMain.swf", &[]);
    assert!(matches!(rig.take_events()[..], [ServerEvent::Outside(_)]));
}

#[test]
fn who_has_the_content_is_told_that_it_has_not_changed() {
    let mut rig = script();
    let first = get(&mut rig, "/socket.io/socket.io.js", &[]);
    let etag = rig.header(first, "ETag").expect("an entity tag");
    let strong = etag.trim_start_matches("W/").to_owned();
    for tag in [etag.as_str(), &strong, "*", &format!("\"other\", {etag}")] {
        let again = get(&mut rig, "/socket.io/socket.io.js", &[("If-None-Match", tag)]);
        assert_eq!((rig.status(again), rig.body(again)), (Some(304), Some(String::new())), "{tag}");
        assert_eq!(rig.header(again, "ETag"), Some(etag.clone()));
    }
    let changed = get(&mut rig, "/socket.io/socket.io.js", &[("If-None-Match", "\"other\"")]);
    assert_eq!(rig.status(changed), Some(200));
}

#[test]
fn other_contents_have_other_entity_tags() {
    let etag = |content: &'static str| {
        let mut files = ClientFiles::default();
        files.add("socket.io.js", Bytes::from(content), None).expect("a script");
        let mut rig = rig(files);
        let exchange = get(&mut rig, "/socket.io/socket.io.js", &[]);
        rig.header(exchange, "ETag")
    };
    assert_ne!(etag("one"), etag("two"));
}

#[test]
fn the_compressed_form_goes_to_who_takes_it() {
    let mut rig = script();
    for (accept, compressed) in [
        ("gzip, deflate", true),
        ("deflate;q=1, GZIP;q=0.5", true),
        ("gzip;q=0", false),
        ("deflate", false),
        ("xgzip", false),
    ] {
        let exchange = get(&mut rig, "/socket.io/socket.io.js", &[("Accept-Encoding", accept)]);
        let encoding = rig.header(exchange, "Content-Encoding");
        assert_eq!(encoding.is_some(), compressed, "{accept}");
        assert_eq!(rig.header(exchange, "Vary").is_some(), compressed, "{accept}");
        let body = if compressed { "gzip!" } else { "// the client script" };
        assert_eq!(rig.body(exchange), Some(body.to_owned()), "{accept}");
        assert_eq!(rig.header(exchange, "Content-Length"), Some(body.len().to_string()), "{accept}");
    }
}

#[test]
fn a_compressed_form_that_is_longer_is_not_used() {
    let mut files = ClientFiles::default();
    files.add("socket.io.js", Bytes::from("x"), Some(Bytes::from("longer"))).expect("a script");
    let mut rig = rig(files);
    let exchange = get(&mut rig, "/socket.io/socket.io.js", &[("Accept-Encoding", "gzip")]);
    assert_eq!(rig.body(exchange), Some("x".to_owned()));
}

#[test]
fn a_versioned_name_is_kept_for_years_and_a_bundle_that_was_not_given_is_the_whole_script() {
    let mut rig = script();
    for (target, kept) in [
        ("/socket.io/socket.io.v0.8.7.js", true),
        ("/socket.io/socket.io+websocket.v0.8.7.js", true),
        ("/socket.io/socket.io.v0.8.js", false),
        ("/socket.io/socket.io+xhr-polling+nope.js", false),
    ] {
        let exchange = get(&mut rig, target, &[]);
        assert_eq!(rig.body(exchange), Some("// the client script".to_owned()), "{target}");
        assert_eq!(rig.header(exchange, "Cache-Control").is_some(), kept, "{target}");
        assert_eq!(rig.header(exchange, "ETag").is_some(), !kept, "{target}");
    }
}

#[test]
fn a_bundle_without_a_transport_of_this_server_is_an_error() {
    let mut rig = script();
    for target in
        ["/socket.io/socket.io+nope.js", "/socket.io/socket.io+flashsocket.js", "/socket.io/socket.io+.js"]
    {
        let exchange = get(&mut rig, target, &[]);
        assert_eq!(rig.status(exchange), Some(500), "{target}");
    }
}

#[test]
fn files_can_only_be_read() {
    let mut rig = script();
    let exchange = rig.request(Method::Post, "/socket.io/socket.io.js", "x", &[], false);
    assert_eq!(rig.status(exchange), Some(405));
}

#[test]
fn names_that_nobody_asks_for_and_endless_files_are_refused() {
    let mut files = ClientFiles::default();
    for name in
        ["", "index.html", "socket.io.min.js", "../socket.io.js", "static/flashsocket/WebSocketMain.swf"]
    {
        assert_eq!(files.add(name, Bytes::new(), None), Err(ClientFileError::Name), "{name}");
    }
    let endless = Bytes::from(vec![0; ClientFiles::LEN_MAX + 1]);
    assert_eq!(files.add("socket.io.js", endless, None), Err(ClientFileError::Length));
    assert!(files.is_empty());
}
