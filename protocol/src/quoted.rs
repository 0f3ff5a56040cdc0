//! JSON strings, written so that they are safe inside a script of a page, and read strictly.

use alloc::string::String;

use crate::event;

/// Appends `text` as a JSON string, with its quotes.
///
/// It is what `JSON.stringify` of V8 writes, but for what could end the script it stands in: `</` is written `<\/` (as 0.9
/// does), `<!` with an escaped `<`, and U+2028 and U+2029, which end a line of JavaScript, as escapes. A JavaScript engine and
/// a JSON parser both read the same text from it.
pub(crate) fn quote_into(text: &str, out: &mut String) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_special) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        rest = escape(special, out);
    }
    out.push_str(rest);
    out.push('"');
}

/// Bytes at which more than copying may be needed; 0xE2 begins U+2028 and U+2029.
fn is_special(byte: u8) -> bool {
    matches!(byte, 0..=0x1F | b'"' | b'\\' | b'<' | 0xE2)
}

/// Writes the first character of `text`, and a second one that matters to it; returns what follows.
fn escape<'a>(text: &'a str, out: &mut String) -> &'a str {
    if let Some(rest) = text.strip_prefix("</") {
        out.push_str("<\\/");
        return rest;
    }
    let mut rest = text.chars();
    let Some(character) = rest.next() else { return "" };
    match character {
        '<' if rest.as_str().starts_with('!') => out.push_str("\\u003c"),
        '\u{2028}' => out.push_str("\\u2028"),
        '\u{2029}' => out.push_str("\\u2029"),
        other => event::escape(other, out),
    }
    rest.as_str()
}

/// Reads the string that begins right after an opening quote; returns it with the offset of what follows its closing quote.
/// Half a surrogate pair, which no text can hold, becomes U+FFFD: the bytes by which 0.8.7 passes one on (facts 1.12).
///
/// # Errors
/// The offset of what is no part of a JSON string, or of the end if it has none.
pub(crate) fn unquote(text: &str) -> Result<(String, usize), usize> {
    // Each escape is longer than what it stands for, so this is the only allocation.
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        let plain = bytes.get(at..).unwrap_or_default();
        let len = plain.iter().position(|byte| matches!(byte, 0..=0x1F | b'"' | b'\\')).ok_or(text.len())?;
        out.push_str(text.get(at..at + len).unwrap_or_default());
        at += len;
        match bytes.get(at) {
            Some(b'"') => return Ok((out, at + 1)),
            Some(b'\\') => {
                let (character, end) = unescape(bytes, at).ok_or(at)?;
                out.push(character);
                at = end;
            }
            _ => return Err(at),
        }
    }
}

/// The character of the escape at `at`, and where it ends.
fn unescape(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let plain = match bytes.get(at + 1)? {
        b'u' => return unicode_escape(bytes, at),
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        same @ (b'"' | b'\\' | b'/') => char::from(*same),
        _ => return None,
    };
    Some((plain, at + 2))
}

fn unicode_escape(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    const LEN: usize = 6;
    let first = code_unit(bytes, at)?;
    if let (0xD800..=0xDBFF, Some(second @ 0xDC00..=0xDFFF)) = (first, code_unit(bytes, at + LEN)) {
        let code_point = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return char::from_u32(code_point).map(|character| (character, at + 2 * LEN));
    }
    Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), at + LEN))
}

fn code_unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::{quote_into, unquote};

    fn quoted(text: &str) -> String {
        let mut out = String::new();
        quote_into(text, &mut out);
        out
    }

    #[test]
    fn plain_text_is_written_as_it_is() {
        for text in
            ["", "3:::a/b é 😀", "a < b > c", "\u{FFFD}5\u{FFFD}3:::a", "\u{7F}\u{85}\u{20AC}\u{FEFF}"]
        {
            assert_eq!(quoted(text), alloc::format!("\"{text}\""));
        }
    }

    #[test]
    fn what_json_escapes_is_escaped_as_v8_does() {
        assert_eq!(quoted("\"\\\u{8}\u{C}\n\r\t\0\u{1F}"), r#""\"\\\b\f\n\r\t\u0000\u001f""#);
    }

    #[test]
    fn what_could_end_a_script_is_escaped() {
        assert_eq!(quoted("</script><!--<script>"), r#""<\/script>\u003c!--<script>""#);
        assert_eq!(quoted("<<//<!</"), r#""<<\//\u003c!<\/""#);
        assert_eq!(quoted("a\u{2028}b\u{2029}c\u{2027}"), "\"a\\u2028b\\u2029c\u{2027}\"");
    }

    #[test]
    fn every_escape_of_json_is_read() {
        let (text, end) = unquote(r#"\"\\\/\b\f\n\r\t\u00e9\uD83D\ude00" rest"#).unwrap();
        assert_eq!((text.as_str(), end), ("\"\\/\u{8}\u{C}\n\r\té😀", 35));
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        for (json, text) in [
            (r#"\ud800""#, "\u{FFFD}"),
            (r#"\udc00x""#, "\u{FFFD}x"),
            (r#"\ud83d\ud83d\ude00""#, "\u{FFFD}😀"),
            (r#"\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"),
            (r#"\ud83d\n""#, "\u{FFFD}\n"),
        ] {
            assert_eq!(unquote(json).map(|(read, _)| read).as_deref(), Ok(text), "{json}");
        }
    }

    #[test]
    fn what_is_no_json_string_is_refused_with_its_place() {
        for (json, at) in [
            ("", 0),
            ("abc", 3),
            ("a\nb\"", 1),
            ("a\0\"", 1),
            (r"a\", 1),
            (r#"a\x41""#, 1),
            (r#"\u00g0""#, 0),
            (r#"\u123""#, 0),
            (r#"\'""#, 0),
            (r"é\u12", 2),
        ] {
            assert_eq!(unquote(json), Err(at), "{json}");
        }
    }

    #[test]
    fn what_is_written_reads_back_as_the_same() {
        for text in ["", "</script>", "<!--\u{2028}\u{2029}-->", "\0\"\\\n", "é😀\u{FFFD}", "<\\/", "\\u2028"]
        {
            let json = quoted(text);
            let (read, end) = unquote(&json[1..]).unwrap();
            assert_eq!((read.as_str(), end), (text, json.len() - 1));
        }
    }
}
