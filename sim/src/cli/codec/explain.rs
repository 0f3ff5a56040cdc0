//! One packet, field by field, for a person.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use socketio08::{Advice, BodyRef, PacketRef, Reason};

/// Longest value shown of a field, in characters.
const SHOWN_MAX: usize = 40;

/// What each field of the packet says, one a line.
pub(super) fn explain(packet: &PacketRef<'_>) -> String {
    let mut rows = vec![(packet.packet_type().digit().to_string(), meaning(packet).to_string())];
    if let Some((id, with_data)) = packet.id {
        rows.push(id_row(id, with_data, packet.endpoint));
    }
    if packet.endpoint.is_empty() {
        rows.push(("-".to_string(), "endpoint: the root".to_string()));
    } else {
        let missing_colon = "; those start with a slash: is a colon missing before it?";
        let hint = if packet.endpoint.starts_with('/') { "" } else { missing_colon };
        rows.push((shown(packet.endpoint), format!("endpoint (namespace){hint}")));
    }
    rows.extend(body_rows(packet));
    let width = rows.iter().map(|(field, _)| field.chars().count()).max().unwrap_or_default();
    let lines: Vec<String> = rows.iter().map(|(field, says)| format!("{field:width$} {says}")).collect();
    lines.join("\n") + "\n"
}

fn meaning(packet: &PacketRef<'_>) -> &'static str {
    match packet.body {
        BodyRef::Disconnect if packet.endpoint.is_empty() => "disconnect: ends the session",
        BodyRef::Disconnect => "disconnect: leaves the endpoint",
        BodyRef::Connect { .. } => "connect",
        BodyRef::Heartbeat => "heartbeat: the client answers the server's with one of its own",
        BodyRef::Message { .. } => "message",
        BodyRef::Json { .. } => "json",
        BodyRef::Event { .. } => "event",
        BodyRef::Ack { .. } => "ack",
        BodyRef::Error { .. } => "error",
        BodyRef::Noop => "noop: ends a poll that waited for the polling duration",
    }
}

fn id_row(id: &str, with_data: bool, endpoint: &str) -> (String, String) {
    let endpoint = shown(endpoint);
    if with_data {
        let wants = "the sender wants an acknowledgement with data";
        (format!("{id}+"), format!("message id {id}, {wants} (answered by 6::{endpoint}:{id}+[…])"))
    } else {
        let wants = "the receiver acknowledges by itself";
        (id.to_string(), format!("message id {id}, {wants} (answered by 6::{endpoint}:{id})"))
    }
}

fn body_rows(packet: &PacketRef<'_>) -> Vec<(String, String)> {
    let row = |field: &str, says: &str| (shown(field), says.to_string());
    match packet.body {
        BodyRef::Disconnect | BodyRef::Heartbeat | BodyRef::Noop | BodyRef::Connect { query: "" } => {
            Vec::new()
        }
        BodyRef::Connect { query } => {
            vec![row(query, "query of the endpoint, which 0.8.7 reads and ignores")]
        }
        BodyRef::Message { data: "" } => vec![row("-", "no text")],
        BodyRef::Message { data } => {
            vec![(shown(data), format!("text, {}", count(data.chars().count(), "character")))]
        }
        BodyRef::Json { data } => vec![json_row(data, packet.json().map(kind))],
        BodyRef::Event { data } => match packet.event() {
            Ok(event) => {
                let args = event.args().map_or_else(|error| error.to_string(), arguments);
                let name = if event.name().is_empty() { r#""""#.to_string() } else { shown(event.name()) };
                vec![(name, format!("event name, {args}"))]
            }
            Err(error) => vec![json_row(data, Err(error))],
        },
        BodyRef::Ack { id, args } => {
            let mut rows = vec![(id.to_string(), format!("the id of the message it answers: {id}"))];
            if !args.is_empty() {
                rows.push(json_row(args, packet.ack_args().map(arguments)));
            }
            rows
        }
        BodyRef::Error { reason, advice } => vec![
            row(reason.map_or("-", |reason| reason.digit()), &word("reason", reason.map(Reason::name))),
            row(advice.map_or("-", |advice| advice.digit()), &word("advice", advice.map(Advice::name))),
        ],
    }
}

fn word(field: &str, name: Option<&str>) -> String {
    format!("{field}: {}", name.unwrap_or("none, or none that 0.8.7 knows"))
}

fn json_row(text: &str, says: Result<String, socketio08::JsonError>) -> (String, String) {
    (shown(text), says.unwrap_or_else(|error| format!("not readable: {error}")))
}

fn arguments(args: &RawValue) -> String {
    match serde_json::from_str::<Vec<&RawValue>>(args.get()) {
        Ok(args) => count(args.len(), "argument"),
        Err(_) => format!("arguments that are no array but {}", kind(args)),
    }
}

/// What a JSON value is. It stays text: a number may be beyond what ours hold.
fn kind(value: &RawValue) -> String {
    let text = value.get();
    match text.bytes().next() {
        Some(b'n') => "null".to_string(),
        Some(b't' | b'f') => "a boolean".to_string(),
        Some(b'"') => {
            let text: String = serde_json::from_str(text).unwrap_or_default();
            format!("a string, {}", count(text.chars().count(), "character"))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
            format!("an array, {}", count(items.len(), "element"))
        }
        Some(b'{') => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
            format!("an object, {}", count(fields.len(), "field"))
        }
        _ => "a number".to_string(),
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The start of a text, safe for a terminal.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_MAX).flat_map(visible).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// The character, or its escape if a terminal would act on it.
fn visible(c: char) -> Vec<char> {
    let escape = c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if escape { c.escape_default().collect() } else { vec![c] }
}

#[cfg(test)]
mod tests {
    use super::explain;
    use socketio08::PacketRef;

    fn explained(text: &str) -> String {
        explain(&PacketRef::decode(text).unwrap())
    }

    #[test]
    fn an_event_is_explained_field_by_field() {
        let expected = "\
5     event
12+   message id 12, the sender wants an acknowledgement with data (answered by 6::/chat:12+[…])
/chat endpoint (namespace)
say   event name, 1 argument
";
        assert_eq!(explained(r#"5:12+:/chat:{"name":"say","args":["hi"]}"#), expected);
    }

    #[test]
    fn an_error_is_explained_in_words() {
        let expected = "\
7 error
- endpoint: the root
1 reason: client not handshaken
0 advice: reconnect
";
        assert_eq!(explained("7:::1+0"), expected);
    }

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        assert!(explained("3:::\u{1b}[2Jx").contains("\\u{1b}[2Jx text, 5 characters"));
    }

    #[test]
    fn a_number_beyond_the_doubles_is_json_all_the_same() {
        assert!(explained("4:::1e400").contains("1e400 a number\n"));
        assert!(explained(r#"5:::{"name":"","args":[1e400]}"#).contains("\"\" event name, 1 argument\n"));
        assert!(
            explained(r#"6:::1+{"a":1e400}"#).contains("arguments that are no array but an object, 1 field")
        );
    }

    #[test]
    fn data_in_the_place_of_the_endpoint_is_pointed_out() {
        assert!(
            explained("3::hello")
                .contains("hello endpoint (namespace); those start with a slash: is a colon")
        );
    }

    #[test]
    fn bad_json_is_said_to_be_unreadable() {
        assert!(explained("4:::{").contains("not readable: EOF while parsing an object at byte 1"));
    }
}
