//! JSON as text: written without blanks, numbers and the order of keys as they came.

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;

/// What was wrong with a line, and where.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) kind: &'static str,
    pub(super) offset: usize,
    pub(super) message: String,
}

impl Failure {
    /// `message` without the place, which is added.
    pub(super) fn new(kind: &'static str, offset: usize, message: impl fmt::Display) -> Self {
        Self { kind, offset, message: format!("{message} at byte {offset}") }
    }
}

/// The object `{"error":{..}}`.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"error":{}}}"#, self.fields())
    }
}

impl Failure {
    /// The inner object.
    pub(super) fn fields(&self) -> String {
        format!(r#"{{"kind":"{}","offset":{},"message":{}}}"#, self.kind, self.offset, quote(&self.message))
    }
}

/// `text` as a JSON string.
pub(super) fn quote(text: &str) -> String {
    // Writing a string into memory cannot fail.
    serde_json::to_string(text).unwrap_or_default()
}

/// The text of a line that is a JSON string.
pub(super) fn string(line: &str) -> Result<String, Failure> {
    let value = raw(line)?;
    if !value.get().starts_with('"') {
        return Err(Failure::new("line-not-string", blanks(line), "the line is not a JSON string"));
    }
    serde_json::from_str(line).map_err(|error| syntax(line, &error))
}

/// The JSON value of a line.
pub(super) fn raw(line: &str) -> Result<&RawValue, Failure> {
    serde_json::from_str(line).map_err(|error| syntax(line, &error))
}

/// How many blanks `text` starts with.
pub(super) fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// What `serde_json` says of a line, which has no second one: its column is the place.
pub(super) fn syntax(line: &str, error: &serde_json::Error) -> Failure {
    let message = error.to_string();
    let message = message.split_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let offset = if error.is_eof() { line.len() } else { error.column().saturating_sub(1) };
    Failure::new("line-json", offset, format_args!("the line is not JSON: {message}"))
}

/// Well-formed JSON without blanks, its strings quoted as V8 does: no escape but where one is needed.
///
/// # Errors
/// The offset of a string that holds half a surrogate pair.
pub(super) fn compact(json: &str) -> Result<String, usize> {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(token) = rest.chars().next() {
        let len = if token == '"' { string_len(rest) } else { token.len_utf8() };
        let (text, after) = rest.split_at(len);
        match token {
            '"' if text.contains('\\') => {
                let string: Cow<'_, str> =
                    serde_json::from_str::<String>(text).map_err(|_| json.len() - rest.len())?.into();
                out.push_str(&quote(&string));
            }
            ' ' | '\t' | '\n' | '\r' => {}
            _ => out.push_str(text),
        }
        rest = after;
    }
    Ok(out)
}

/// The length in bytes of the string that `text` starts with, quotes included.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (offset, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return offset + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn numbers_and_the_order_of_keys_stay() {
        let json = "{ \"b\" : 1e400,\n\"a\":[ 12345678901234567890, -0.0, true ] }";
        assert_eq!(compact(json).unwrap(), r#"{"b":1e400,"a":[12345678901234567890,-0.0,true]}"#);
    }

    #[test]
    fn strings_lose_the_escapes_they_do_not_need() {
        assert_eq!(compact(r#"" \u00e9\/\"\\\u0001\ud83d\ude00 ""#).unwrap(), r#"" é/\"\\\u0001😀 ""#);
    }

    #[test]
    fn half_a_surrogate_pair_is_refused_with_its_place() {
        assert_eq!(compact(r#"["a","\ud83d"]"#), Err(5));
    }
}
