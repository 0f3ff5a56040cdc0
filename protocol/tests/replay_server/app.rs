//! The recorder's application: logs what it hears, answers data acknowledgements, echoes `echo`, greets as told.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use socketio08::server::{AckMode, Audience, Outgoing, Server, ServerEvent, SessionId};
use socketio08::{AckId, Body, Instant, Packet, Text};

/// The application of one transcript.
pub(crate) struct App {
    greet: String,
    /// How often handlers were attached, by session and endpoint: they pile up (facts 9.1).
    handlers: BTreeMap<(SessionId, Text), usize>,
    endpoints: Vec<Text>,
    pub(crate) log: Vec<String>,
}

/// JSON text whose escapes of lone surrogates, which `serde_json` refuses, are those of what they become on the wire (facts 1.12).
fn without_lone_surrogates(json: &str) -> String {
    let unit = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let high = |at: usize| matches!(unit(at), Some(0xd800..=0xdbff));
    let low = |at: usize| matches!(unit(at), Some(0xdc00..=0xdfff));
    let mut text = json.to_owned();
    for (at, _) in json.match_indices("\\u") {
        let paired = (high(at) && low(at + 6)) || (low(at) && at >= 6 && high(at - 6));
        if (high(at) || low(at)) && !paired {
            text.replace_range(at..at + 6, "\\ufffd");
        }
    }
    text
}

/// What the recorder logged, as [`App::log`] would have it. Reasons of polling transports are never given (facts 4.4).
pub(crate) fn heard(event: &Value) -> Option<String> {
    let nsp = event["nsp"].as_str().unwrap_or_default();
    let sid = event["sid"].as_str().unwrap_or_default();
    Some(match event["app"].as_str()? {
        "connection" => format!("connection {sid} {nsp}"),
        "message" => format!("message {sid} {nsp} {} ack:{}", event["data"], event["ackfn"] == "function"),
        "event" => {
            format!("event {sid} {nsp} {} {} ack:{}", event["name"], event["args"], event["ackfn"] == true)
        }
        "disconnect" => format!("disconnect {sid} {nsp} {}", event["reason"].as_str().unwrap_or("?")),
        acked if acked.starts_with("acked") => format!("acked {}", event["args"]),
        _ => return None,
    })
}

fn event_text(name: &str, args: &[Value]) -> Outgoing {
    let value = if args.is_empty() { json!({ "name": name }) } else { json!({ "name": name, "args": args }) };
    Outgoing::Event(Text::from(value.to_string()))
}

/// The name and the arguments of an event.
fn parse_event(data: &str) -> (Value, Vec<Value>) {
    let value: Value = serde_json::from_str(&without_lone_surrogates(data)).unwrap_or_default();
    // What is no list is one argument, unless it counts as nothing (facts 1.8).
    let args = match &value["args"] {
        Value::Array(args) => args.clone(),
        Value::Null | Value::Bool(false) => Vec::new(),
        other => vec![other.clone()],
    };
    (value["name"].clone(), args)
}

impl App {
    pub(crate) fn new(harness: &Value, endpoints: Vec<Text>) -> Self {
        let greet = harness["greet"].as_str().unwrap_or_default().to_owned();
        Self { greet, handlers: BTreeMap::new(), endpoints, log: Vec::new() }
    }

    pub(crate) fn hear(&mut self, server: &mut Server, now: Instant, event: ServerEvent) {
        match event {
            ServerEvent::Connected { session, endpoint, .. } => {
                self.connected(server, now, &session, endpoint);
            }
            ServerEvent::Received { session, packet } => {
                let handlers = self.handlers.get(&(session.clone(), packet.endpoint.clone())).copied();
                for _ in 0..handlers.unwrap_or(0) {
                    self.received(server, now, &session, &packet);
                }
            }
            ServerEvent::Acknowledged { args, .. } => {
                let args: Value = serde_json::from_str(&args).unwrap_or_else(|_| json!([]));
                self.log.push(format!("acked {args}"));
            }
            ServerEvent::Left { session, endpoint } => self.gone(&session, &endpoint, "packet"),
            ServerEvent::Disconnected { session, cause } => {
                for endpoint in core::iter::once(Text::EMPTY).chain(self.endpoints.clone()) {
                    self.gone(&session, &endpoint, cause.name());
                }
            }
            _ => {}
        }
    }

    fn gone(&mut self, session: &SessionId, endpoint: &Text, reason: &str) {
        let key = (session.clone(), endpoint.clone());
        for _ in 0..self.handlers.get(&key).copied().unwrap_or(0) {
            self.log.push(format!("disconnect {} {endpoint} {reason}", session.0));
        }
    }

    fn connected(&mut self, server: &mut Server, now: Instant, session: &SessionId, endpoint: Text) {
        self.log.push(format!("connection {} {endpoint}", session.0));
        *self.handlers.entry((session.clone(), endpoint)).or_default() += 1;
        let root = Text::EMPTY;
        let mut send =
            |outgoing, ack| server.send(now, session, &root, outgoing, ack).expect("a live session");
        if self.greet.contains("s.send(\"need\"") {
            send(Outgoing::Message(Text::from("need")), AckMode::Plain);
            send(event_text("q0", &[]), AckMode::Plain);
            send(event_text("q2", &[json!(1)]), AckMode::WithData);
        } else if self.greet.contains("s.emit(\"q\"") {
            send(event_text("q", &[]), AckMode::WithData);
        } else if self.greet.contains("s.join(\"r1\")") {
            server.join_room(session, &root, Text::from("r1")).expect("a live session");
        }
    }

    fn received(&mut self, server: &mut Server, now: Instant, session: &SessionId, packet: &Packet) {
        let endpoint = &packet.endpoint;
        let ack = packet.id.as_ref().filter(|id| id.with_data);
        let mut acknowledge = |id: &AckId, args: &Value| {
            let args = Text::from(args.to_string());
            server.acknowledge(now, session, endpoint, id, args).expect("a live session");
        };
        let data = match &packet.body {
            Body::Message { data } => json!(data.as_str()),
            Body::Json { data } => serde_json::from_str(data).unwrap_or_else(|_| json!(false)),
            Body::Event { data } => {
                let (name, args) = parse_event(data);
                if name == "message" {
                    let data = args.first().cloned().unwrap_or_default();
                    self.log.push(format!("message {} {endpoint} {data} ack:{}", session.0, ack.is_some()));
                }
                let known =
                    ["echo", "noargs", "error", "connect", "a"].contains(&name.as_str().unwrap_or_default());
                if known {
                    let args = Value::from(args.clone());
                    self.log.push(format!(
                        "event {} {endpoint} {name} {args} ack:{}",
                        session.0,
                        ack.is_some()
                    ));
                }
                match (name.as_str(), ack) {
                    (Some("echo"), Some(id)) => acknowledge(id, &Value::from(args.clone())),
                    (Some("noargs"), Some(id)) => acknowledge(id, &json!([])),
                    _ => {}
                }
                if name == "echo" {
                    let echo = event_text("echo", &args);
                    server.send(now, session, endpoint, echo, AckMode::None).expect("a live session");
                } else if name == "bc" && self.greet.contains("s.on(\"bc\"") {
                    broadcast_as_told(server, now, session, &args);
                }
                return;
            }
            _ => return,
        };
        self.log.push(format!("message {} {endpoint} {data} ack:{}", session.0, ack.is_some()));
        if let Some(id) = ack {
            acknowledge(id, &json!(["got", data]));
        }
    }
}

/// The handler of `bc` in the greeting of `rooms-broadcast`.
fn broadcast_as_told(server: &mut Server, now: Instant, session: &SessionId, args: &[Value]) {
    let word = args[0].as_str().expect("a word");
    let room = || Some(Text::from("r1"));
    let others = Audience::default().except(vec![session.clone()]);
    let others_of_room = others.clone().room(room());
    let all_of_room = Audience::default().room(room());
    let message = |text: String| Outgoing::Message(Text::from(text));
    let broadcast = |server: &mut Server, audience: &Audience, outgoing: Outgoing| {
        server.broadcast(now, audience, &outgoing).expect("an endpoint of ours");
    };
    broadcast(server, &others, message(format!("bc:{word}")));
    broadcast(server, &others, event_text("e", args));
    broadcast(server, &others_of_room, message(format!("room:{word}")));
    broadcast(server, &all_of_room, event_text("roome", args));
    server.leave_room(session, &Text::EMPTY, &Text::from("r1")).expect("a live session");
    broadcast(server, &all_of_room, message("after-leave".to_owned()));
    broadcast(server, &others, Outgoing::Json(Text::from(json!({ "j": word }).to_string())));
    broadcast(server, &others.clone().volatile(true), message("vb".to_owned()));
}

/// Carries out a line of script that the recorder ran inside the genuine server: sends, emits and disconnects.
pub(crate) fn obey(server: &mut Server, now: Instant, script: &str) {
    let mut subject = String::new();
    let script = script.trim_start_matches("(function(){").trim_end_matches("})()");
    for statement in script.split(';').filter(|statement| !statement.is_empty()) {
        match statement.strip_prefix("var k=") {
            Some(receiver) => receiver.clone_into(&mut subject),
            None => obey_call(server, now, &statement.replacen("k.", &format!("{subject}."), 1)),
        }
    }
}

/// One call: `io.sockets.socket("SID").volatile.send("x")`, `io.of("/x").emit("n",1)`, ...
fn obey_call(server: &mut Server, now: Instant, call: &str) {
    if call.starts_with("JSON.") || call.contains(".on(") {
        return;
    }
    let endpoint = call.strip_prefix("io.of(").and_then(first_string).unwrap_or_default();
    let session = call.find(".socket(").and_then(|at| first_string(&call[at + ".socket(".len()..]));
    let endpoint = Text::from(endpoint.as_str());
    let method = ["send", "emit", "disconnect"].into_iter().find(|name| call.contains(&format!(".{name}(")));
    let method = method.unwrap_or_else(|| panic!("a call that is not understood: {call}"));
    let at = call.rfind(&format!(".{method}(")).expect("the method") + method.len() + 2;
    let args = call[at..].trim_end_matches(')').replace("{a:", "{\"a\":");
    let args: Vec<Value> = serde_json::from_str(&format!("[{}]", spelled_out(&args))).expect("arguments");
    let outgoing = match (method, &args[..]) {
        ("emit", [name, args @ ..]) => event_text(name.as_str().expect("a name"), args),
        ("send", [data]) if call.contains(".json.") => Outgoing::Json(Text::from(data.to_string())),
        ("send", [data]) => Outgoing::Message(Text::from(data.as_str().expect("a text"))),
        _ => {
            let id = SessionId(Text::from(session.expect("a session").as_str()));
            server.disconnect(now, &id).expect("a live session");
            return;
        }
    };
    match session.map(|id| SessionId(Text::from(id.as_str()))) {
        None => {
            let audience = Audience::default().endpoint(endpoint);
            server.broadcast(now, &audience, &outgoing).expect("an endpoint of ours");
        }
        Some(id) if call.contains(".volatile.") => {
            server.send_volatile(now, &id, &endpoint, outgoing).expect("a live session");
        }
        Some(id) => {
            server.send(now, &id, &endpoint, outgoing, AckMode::None).expect("a live session");
        }
    }
}

/// The arguments with a string that the recorder wrote as `new Array(LEN+1).join("z")` spelled out.
fn spelled_out(args: &str) -> String {
    let len = args.strip_prefix("new Array(").and_then(|rest| rest.split_once("+1).join(\"z\""));
    match len {
        Some((len, _)) => format!("\"{}\"", "z".repeat(len.parse().expect("a length"))),
        None => args.to_owned(),
    }
}

/// The JSON string at the start of `text`.
fn first_string(text: &str) -> Option<String> {
    serde_json::Deserializer::from_str(text).into_iter::<String>().next()?.ok()
}

/// What the applications heard. The recorder's hanging up at the end may have been heard there, and is not played.
pub(crate) fn differences(mut heard: Vec<String>, ours: &[String]) -> Vec<String> {
    let unsaid = |line: &str| line.ends_with("<undefined>") || line.contains(" socket ");
    let hung_up = |line: &String| line.starts_with("disconnect") && unsaid(line);
    while heard.len() > ours.len() && heard.last().is_some_and(hung_up) {
        heard.pop();
    }
    // Polling transports give no reason, and a reset may be seen as a FIN (facts 4.4, 7.7).
    let ours: Vec<String> = ours
        .iter()
        .enumerate()
        .map(|(index, line)| {
            let recorded = heard.get(index).map(String::as_str).unwrap_or_default();
            let vague = unsaid(recorded);
            let (start, place) = (line.split(' ').take(3), recorded.split(' ').take(3));
            if vague && line.starts_with("disconnect") && start.eq(place) {
                recorded.to_owned()
            } else {
                line.clone()
            }
        })
        .collect();
    super::compare::text_differences("app", &heard, &ours)
}
