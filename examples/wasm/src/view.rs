//! The machine's vocabulary as JSON.

use std::fmt::Display;

use serde_json::{Value, json};
use socketio08::client::{ClientEvent, ClientTransmit};
use socketio08::{Body, Packet};

pub(crate) fn error(error: &impl Display) -> Value {
    json!({ "error": error.to_string() })
}

/// `{"type":"event","endpoint":"/chat","id":"1","with_data":true,"data":".."}`, without what it does not have.
pub(crate) fn packet(packet: &Packet) -> Value {
    let mut view = json!({ "type": packet.packet_type().to_string(), "endpoint": packet.endpoint.as_str() });
    if let Some(id) = &packet.id {
        view["id"] = json!(id.id.as_str());
        view["with_data"] = json!(id.with_data);
    }
    match &packet.body {
        Body::Message { data } | Body::Json { data } | Body::Event { data } => {
            view["data"] = json!(data.as_str())
        }
        Body::Connect { query } if !query.is_empty() => view["query"] = json!(query.as_str()),
        Body::Ack { id, args } => {
            view["ack_id"] = json!(id.as_str());
            view["args"] = json!(args.as_str());
        }
        Body::Error { reason, advice } => {
            view["reason"] = json!(reason.map(|reason| format!("{reason:?}")));
            view["advice"] = json!(advice.map(|advice| format!("{advice:?}")));
        }
        _ => {}
    }
    view
}

pub(crate) fn transmit(transmit: &ClientTransmit) -> Value {
    match transmit {
        ClientTransmit::Get { exchange, target } => {
            json!({ "do": "get", "exchange": exchange.0, "target": target.as_str() })
        }
        ClientTransmit::Post { exchange, target, body, .. } => {
            json!({ "do": "post", "exchange": exchange.0, "target": target.as_str(), "body": body.as_str() })
        }
        ClientTransmit::Open { exchange, target, .. } => {
            json!({ "do": "open", "exchange": exchange.0, "target": target.as_str() })
        }
        ClientTransmit::Message { exchange, text } => {
            json!({ "do": "message", "exchange": exchange.0, "text": text.as_str() })
        }
        ClientTransmit::Close { exchange } => json!({ "do": "close", "exchange": exchange.0 }),
        // A transport that client.mjs does not have is never asked for.
        other => json!({ "do": "nothing", "what": format!("{other:?}") }),
    }
}

pub(crate) fn event(event: &ClientEvent) -> Value {
    match event {
        ClientEvent::Connected { session, transport } => {
            json!({ "event": "connected", "session": session.as_str(), "transport": transport.name() })
        }
        ClientEvent::Received { packet: received, .. } => {
            json!({ "event": "received", "packet": packet(received) })
        }
        ClientEvent::Disconnected { cause } => {
            json!({ "event": "disconnected", "cause": format!("{cause:?}") })
        }
        ClientEvent::ReconnectScheduled { attempt, delay } => {
            json!({ "event": "reconnect-scheduled", "attempt": attempt, "delay_ms": delay.as_millis() })
        }
        other => json!({ "event": "other", "what": format!("{other:?}") }),
    }
}
