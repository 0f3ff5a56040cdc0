//! A recorded scenario.

use std::time::Duration;

use serde_json::Value;
use socketio08::policy::{Policy, Ports};
use socketio08::server::ServerConfig;
use socketio08::{Origins, Profile, Text, Transport};

/// One recorded scenario.
pub(crate) struct Transcript {
    pub(crate) config: ServerConfig,
    /// The recorder's options for its application.
    pub(crate) harness: Value,
    pub(crate) session_ids: Vec<String>,
    /// The flash policy, if flashsocket is among the transports.
    pub(crate) policy: Option<Policy>,
    pub(crate) events: Vec<Recorded>,
}

/// One recorded event.
pub(crate) struct Recorded {
    pub(crate) at_ms: u64,
    pub(crate) connection: Option<String>,
    pub(crate) what: What,
}

/// What was recorded.
pub(crate) enum What {
    /// A connection, to the port of the flash policy or to the server's own.
    Open {
        policy_port: bool,
    },
    FromClient(Vec<u8>),
    FromServer(Vec<u8>),
    ServerFin,
    ClientFin,
    ClientReset,
    /// What the application heard.
    Heard(Value),
    /// What the application was told to do, and its result.
    Told(String, Value),
}

impl Transcript {
    pub(crate) fn parse(text: &str, profile: Profile) -> Self {
        let value: Value = serde_json::from_str(text).expect("a transcript in JSON");
        let events = value["events"].as_array().expect("events");
        let ids = value["session_ids"].as_array().expect("session ids");
        let settings = &value["server"]["settings"];
        let flash = settings["transports"].as_array().is_some_and(|all| all.contains(&"flashsocket".into()));
        Self {
            policy: flash.then(|| policy(&settings["origins"])),
            config: config(profile, &value["server"]["settings"], &value["server"]["harness"]),
            harness: value["server"]["harness"].clone(),
            session_ids: ids.iter().map(|id| id.as_str().expect("an id").to_owned()).collect(),
            events: events
                .iter()
                .filter_map(|event| recorded(event, &settings["flash policy port"]))
                .collect(),
        }
    }
}

fn config(profile: Profile, settings: &Value, harness: &Value) -> ServerConfig {
    let mut config = ServerConfig::for_profile(profile)
        .transports(vec![
            Transport::Websocket,
            Transport::Htmlfile,
            Transport::XhrPolling,
            Transport::JsonpPolling,
        ])
        .origins(Origins::any());
    let seconds = |value: &Value| Duration::from_secs_f64(value.as_f64().expect("seconds"));
    for (name, value) in settings.as_object().expect("settings") {
        match name.as_str() {
            "polling duration" => config.polling_duration = seconds(value),
            "close timeout" => config.close_timeout = seconds(value),
            "heartbeat interval" => config.heartbeat_interval = seconds(value),
            "heartbeat timeout" => config.heartbeat_timeout = seconds(value),
            "heartbeats" => config.heartbeats = value.as_bool().expect("a switch"),
            "resource" => config.resource = Text::from(value.as_str().expect("a path")),
            "transports" => {
                config.transports = value.as_array().expect("a list").iter().map(transport).collect();
            }
            "origins" => config.origins = origins(value),
            // Of no transport played here.
            "flash policy port" | "browser client" => {}
            other => panic!("setting {other:?}"),
        }
    }
    if let Some(endpoints) = harness["nsps"].as_object() {
        config.endpoints = endpoints.keys().map(|name| Text::from(name.as_str())).collect();
    }
    config
}

/// The policy that the genuine servers make of their origins (facts 7.12).
fn policy(origins: &Value) -> Policy {
    let list = origins.as_array().map_or(std::slice::from_ref(origins), Vec::as_slice);
    list.iter().fold(Policy::new(), |policy, entry| {
        let (host, port) = entry.as_str().unwrap_or("*:*").split_once(':').expect("HOST:PORT");
        let port = port.parse().map(|port| [port]);
        let ports = port.as_ref().map_or(Ports::Any, |port| Ports::Some(port));
        let policy = if host == "*" { policy.allow_any_host(ports) } else { policy.allow(host, ports) };
        policy.expect("a rule")
    })
}

/// A list that is given refuses who names no origin (facts 3.3).
fn origins(value: &Value) -> Origins {
    let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let entries = list.iter().map(|entry| entry.as_str().expect("an entry"));
    Origins::parse(entries).expect("good entries").named_only()
}

fn transport(name: &Value) -> Transport {
    Transport::from_name(name.as_str().expect("a name")).expect("a transport")
}

fn recorded(event: &Value, policy_port: &Value) -> Option<Recorded> {
    let bytes = || match event["base64"].as_str() {
        Some(base64) => decode_base64(base64),
        None => event["text"].as_str().unwrap_or_default().as_bytes().to_vec(),
    };
    let what = match event["ev"].as_str().expect("a kind") {
        "open" => What::Open { policy_port: event["port"] == *policy_port },
        "c2s" => What::FromClient(bytes()),
        "s2c" => What::FromServer(bytes()),
        "server-fin" => What::ServerFin,
        "client-fin" => What::ClientFin,
        "client-destroy" => What::ClientReset,
        "server" if event["ctl"].is_string() => {
            What::Told(event["ctl"].as_str().unwrap_or_default().to_owned(), event["result"].clone())
        }
        "server" if event["app"].is_string() => What::Heard(event.clone()),
        _ => return None,
    };
    let at_ms = event["t_ms"].as_i64().expect("a time");
    let connection = event["conn"].as_str().map(str::to_owned);
    Some(Recorded { at_ms: u64::try_from(at_ms).unwrap_or_default(), connection, what })
}

fn decode_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).expect("one byte"));
        }
    }
    bytes
}
