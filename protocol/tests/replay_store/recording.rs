//! What was recorded.

use serde_json::Value;

pub(crate) struct Recording {
    pub(crate) scenario: String,
    pub(crate) settings: Value,
    pub(crate) steps: Vec<Step>,
}

/// What one action gave rise to.
pub(crate) struct Step {
    pub(crate) about: String,
    pub(crate) starts_ms: u64,
    pub(crate) ends_ms: u64,
    pub(crate) events: Vec<Value>,
}

/// What a node did within a step. The order between the three is not the recorder's to tell.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Deeds {
    pub(crate) published: Vec<String>,
    pub(crate) sent: Vec<String>,
    pub(crate) told: Vec<String>,
}

pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// A publication as one line; of handshake data only whether it is used and which URL it has, for ports and times differ.
pub(crate) fn publication(channel: &str, message: &str) -> String {
    let message: Value = serde_json::from_str(message).expect("JSON");
    let mut args = message["args"].as_array().expect("arguments").clone();
    while args.last() == Some(&Value::Null) && channel != "dispatch" && !channel.starts_with("disconnect:") {
        args.pop();
    }
    if channel == "handshake" {
        let used = args[1].get("issued").is_none();
        let names: Vec<&String> = args[1].as_object().expect("data").keys().collect();
        args[1] = Value::from(format!("{} used {used} {names:?}", args[1]["url"]));
    }
    format!("{channel} {}", Value::from(args))
}

impl Recording {
    pub(crate) fn read(text: &str) -> Self {
        let whole: Value = serde_json::from_str(text).expect("JSON");
        let mut steps: Vec<Step> = Vec::new();
        for event in whole["events"].as_array().expect("events") {
            let at = event["t_ms"].as_u64().expect("a time");
            if event["ev"] == "step" {
                let about = self::text(event, "about").to_owned();
                steps.push(Step { about, starts_ms: at, ends_ms: at, events: Vec::new() });
            } else if let Some(step) = steps.last_mut() {
                step.events.push(event.clone());
                step.ends_ms = at;
            }
        }
        let scenario = self::text(&whole, "scenario").to_owned();
        Self { scenario, settings: whole["settings"].clone(), steps }
    }
}

impl Recording {
    /// Whether the node was started in the middle of the recording.
    pub(crate) fn starts_later(&self, node: &str) -> bool {
        let mut events = self.steps.iter().flat_map(|step| &step.events);
        events.any(|event| {
            event["node"] == node && event["ev"] == "subscribe" && event["channel"] == "handshake"
        })
    }
}

impl Step {
    /// What `node` did.
    fn deeds(&self, node: &str) -> Deeds {
        let mut deeds = Deeds::default();
        for event in self.events.iter().filter(|event| event["node"] == node) {
            let conn = &event["conn"];
            match text(event, "ev") {
                "publish" => {
                    deeds.published.push(publication(text(event, "channel"), text(event, "message")));
                }
                "response" => deeds.sent.push(format!("{conn} answered {}", text(event, "body"))),
                "sent" => deeds.sent.push(format!("{conn} {}", text(event, "text"))),
                "closed" => deeds.sent.push(format!("{conn} closed")),
                "app" => deeds.told.extend(told(&event["report"])),
                _ => {}
            }
        }
        deeds
    }

    /// What `node` did and our machine did not, and the other way round.
    pub(crate) fn compare(&self, node: &str, ours: &Deeds) -> Vec<String> {
        let genuine = self.deeds(node);
        let mut lines = Vec::new();
        for (what, genuine, ours) in [
            ("published", &genuine.published, &ours.published),
            ("sent", &genuine.sent, &ours.sent),
            ("told", &genuine.told, &ours.told),
        ] {
            if genuine != ours {
                lines.push(format!("{}: {what} {ours:?} instead of {genuine:?}", self.about));
            }
        }
        lines.into_iter().map(|line| without_ids(&line)).collect()
    }
}

/// Session ids differ from recording to recording.
fn without_ids(line: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in line.chars().chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() > 12 { "SID" } else { &digits });
        digits.clear();
        if c != '\n' {
            out.push(c);
        }
    }
    out
}

/// What an application was told, as far as both sides tell it: the end of a session once, and without the reason, which polls of
/// 0.8.7 do not have.
fn told(report: &Value) -> Option<String> {
    let endpoint = text(report, "endpoint");
    Some(match text(report, "on") {
        "connection" => format!("connection {endpoint}"),
        "message" => format!("message {endpoint} {}", report["data"]),
        "event" => format!("event {endpoint} {} {}", report["name"], report["args"]),
        "answer" => format!("answer {endpoint} {}", report["args"]),
        "disconnect" if report["reason"] == "packet" => format!("left {endpoint}"),
        "disconnect" if endpoint.is_empty() => "disconnect".to_owned(),
        _ => return None,
    })
}
