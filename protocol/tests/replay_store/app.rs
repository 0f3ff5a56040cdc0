//! The application of the recorder's nodes (`peers/store-node.js`), on our machine.

use serde_json::Value;
use socketio08::server::{AckMode, Audience, LocalError, Outgoing, Server, ServerEvent, SessionId};
use socketio08::{Body, Instant, Packet, Text, event_text};

use crate::recording::text;

/// Does what a line on the standard input of a recorder's node asks for.
pub(crate) fn command(now: Instant, server: &mut Server, command: &Value) -> Result<(), LocalError> {
    let session = SessionId(Text::from(text(command, "session")));
    let endpoint = Text::from(text(command, "endpoint"));
    let event = || Outgoing::Event(event_text(text(command, "name"), &command["args"]).expect("JSON"));
    let room = || command["room"].as_str().map(Text::from);
    match text(command, "do") {
        "broadcast" => {
            let except = command["except"].as_array().into_iter().flatten();
            let except = except.map(|id| SessionId(Text::from(id.as_str().expect("an id")))).collect();
            let audience = Audience::default().endpoint(endpoint).room(room()).except(except);
            server.broadcast(now, &audience, &event()).map(|_| ())
        }
        "emit" => server.send(now, &session, &endpoint, event(), AckMode::None).map(|_| ()),
        "question" => server.send(now, &session, &endpoint, event(), AckMode::WithData).map(|_| ()),
        "volatile" => server.send_volatile(now, &session, &endpoint, event()).map(|_| ()),
        "send" => {
            let message = Outgoing::Message(Text::from(text(command, "data")));
            server.send(now, &session, &endpoint, message, AckMode::None).map(|_| ())
        }
        "join" => server.join_room(&session, &endpoint, room().expect("a room")),
        "leave" => server.leave_room(&session, &endpoint, &room().expect("a room")),
        "disconnect" => server.disconnect(now, &session),
        "state" => Ok(()),
        other => panic!("no command {other}"),
    }
}

/// Reacts to one event; what it would report.
pub(crate) fn react(now: Instant, server: &mut Server, event: ServerEvent) -> Option<String> {
    match event {
        ServerEvent::Connected { endpoint, .. } => Some(format!("connection {endpoint}")),
        ServerEvent::Left { endpoint, .. } => Some(format!("left {endpoint}")),
        ServerEvent::Disconnected { .. } => Some("disconnect".to_owned()),
        ServerEvent::Acknowledged { endpoint, args, .. } => {
            let args: Value = serde_json::from_str(&args).expect("JSON");
            Some(format!("answer {endpoint} {args}"))
        }
        ServerEvent::Received { session, packet } => received(now, server, &session, &packet),
        ServerEvent::UnknownSession { .. } => None,
        other => Some(format!("{other:?}")),
    }
}

fn received(now: Instant, server: &mut Server, session: &SessionId, packet: &Packet) -> Option<String> {
    let endpoint = &packet.endpoint;
    match &packet.body {
        Body::Message { data } => Some(format!("message {endpoint} {}", Value::from(data.as_str()))),
        Body::Json { data } => {
            let data: Value = serde_json::from_str(data).expect("JSON");
            // As V8 writes numbers.
            Some(format!("message {endpoint} {data}").replace("2.50", "2.5"))
        }
        Body::Event { .. } => {
            let event = packet.event().expect("an event");
            match (event.name(), &packet.id) {
                ("ask", Some(id)) => {
                    let args = Text::from(event.args_text());
                    server.acknowledge(now, session, endpoint, id, args).expect("a session");
                    None
                }
                (name, _) => Some(format!("event {endpoint} {} {}", Value::from(name), event.args_text())),
            }
        }
        _ => None,
    }
}
