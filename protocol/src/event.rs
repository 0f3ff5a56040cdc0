//! Event data made by hand, for those without serde.

use alloc::string::String;

use crate::Text;

/// The data of an event: `{"name":name,"args":args}`, the name quoted, `args` the text of a JSON array taken as it is.
/// Empty arguments (`[]` or nothing) are left out, as 0.8.7 does (facts 1.11).
///
/// ```
/// assert_eq!(socketio08::event_text_raw("say", r#"["hi"]"#), r#"{"name":"say","args":["hi"]}"#);
/// assert_eq!(socketio08::event_text_raw("tick", ""), r#"{"name":"tick"}"#);
/// ```
#[must_use]
pub fn event_text_raw(name: &str, args: &str) -> Text {
    let mut text = String::with_capacity(r#"{"name":"","args":}"#.len() + name.len() + args.len());
    text.push_str(r#"{"name":"#);
    quote(name, &mut text);
    if !matches!(args, "" | "[]") {
        text.push_str(r#","args":"#);
        text.push_str(args);
    }
    text.push('}');
    Text::from(text)
}

/// Quotes as V8 does: short escapes where JSON has them, U+2028 and U+2029 raw (facts 1.12).
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    text.chars().for_each(|character| escape(character, out));
    out.push('"');
}

/// Writes one character of a JSON string as V8 does.
pub(crate) fn escape(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        control @ '\0'..='\u{1f}' => {
            let code = u32::from(control);
            let digit = |value| char::from_digit(value, 16).unwrap_or_default();
            out.push_str("\\u00");
            out.extend([digit(code >> 4), digit(code & 15)]);
        }
        other => out.push(other),
    }
}
