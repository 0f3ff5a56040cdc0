//! The machine's events as the sockets of the genuine client emit them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use socketio08::client::{ClientEvent, LossCause};
use socketio08::{Body, Packet, Reason};

use super::client_rig::Happening;

const UNDEFINED: &str = "<undefined>";

/// What the socket of `endpoint` emits, as `EVENT ARGUMENTS`, and when.
/// `left_here` are the places in the log where the application left a namespace: the genuine client emits that without a reason,
/// and an undefined reason if it was the server. `every_event`: the recorder noted every event of the application, not only
/// the one it listens to.
pub fn events_of(
    endpoint: &str,
    log: &[Happening],
    left_here: &BTreeSet<usize>,
    every_event: bool,
) -> Vec<(u64, String)> {
    let mut told = Vec::new();
    let mut transport = String::new();
    let mut attempt = 0;
    for (index, happening) in log.iter().enumerate() {
        let Happening::Told(at, event) = happening else { continue };
        if let ClientEvent::Connecting { transport: tried } = event {
            transport = tried.to_string();
        }
        if let ClientEvent::Reconnecting { attempt: made } = event {
            attempt = *made;
        }
        let emitted = match event {
            ClientEvent::Connecting { .. } => Some(("connecting", json!([transport]))),
            ClientEvent::Connected { .. } if endpoint.is_empty() => Some(("connect", json!([]))),
            ClientEvent::Joined { endpoint: joined } if *joined == *endpoint => Some(("connect", json!([]))),
            ClientEvent::Left { endpoint: left } if *left == *endpoint => {
                Some(("disconnect", if left_here.contains(&index) { json!([]) } else { json!([UNDEFINED]) }))
            }
            ClientEvent::Disconnected { cause: LossCause::Booted } => Some(("disconnect", json!(["booted"]))),
            ClientEvent::Disconnected { .. } => Some(("disconnect", json!([UNDEFINED]))),
            ClientEvent::Reconnecting { .. } => {
                Some(("reconnecting", json!([next_delay(&log[index..]), attempt])))
            }
            ClientEvent::Reconnected => Some(("reconnect", json!([transport, attempt]))),
            ClientEvent::ReconnectFailed => Some(("reconnect_failed", json!([]))),
            ClientEvent::ConnectFailed { endpoint: failed } if failed.is_empty() || *failed == *endpoint => {
                Some(("connect_failed", json!([])))
            }
            ClientEvent::HandshakeFailed { body, .. } => Some(("error", json!([body.as_str()]))),
            ClientEvent::Error { endpoint: failed, reason, advice }
                if advice.is_some() || *failed == *endpoint =>
            {
                Some(("error", json!([reason.map_or("", reason_words)])))
            }
            ClientEvent::Received { packet, .. } if packet.endpoint == *endpoint => {
                received(packet, every_event)
            }
            _ => None,
        };
        if let Some((name, args)) = emitted {
            told.push((at.as_millis(), format!("{name} {args}")));
        }
    }
    told
}

/// The genuine event carries the delay before the next attempt.
fn next_delay(log: &[Happening]) -> u64 {
    let delay = log.iter().find_map(|happening| match happening {
        Happening::Told(_, ClientEvent::ReconnectScheduled { delay, .. }) => Some(delay.as_millis()),
        _ => None,
    });
    u64::try_from(delay.unwrap_or_default()).expect("small")
}

fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::TransportNotSupported => "transport not supported",
        Reason::ClientNotHandshaken => "client not handshaken",
        Reason::Unauthorized => "unauthorized",
    }
}

/// Messages, and the events of the recorder's applications.
fn received(packet: &Packet, every_event: bool) -> Option<(&'static str, Value)> {
    let (name, mut args) = match &packet.body {
        Body::Message { data } => ("message", vec![json!(data.as_str())]),
        Body::Json { data } => ("message", vec![serde_json::from_str(data).unwrap_or(json!(UNDEFINED))]),
        Body::Event { data } => {
            let event: Value = serde_json::from_str(data).ok()?;
            let name = ["ev", "echo"].into_iter().find(|name| event["name"] == *name)?;
            if name != "ev" && !every_event {
                return None;
            }
            (name, event["args"].as_array().cloned().unwrap_or_default())
        }
        _ => return None,
    };
    if packet.id.as_ref().is_some_and(|id| id.with_data) {
        args.push(json!("<function>"));
    }
    Some((name, Value::from(args)))
}
