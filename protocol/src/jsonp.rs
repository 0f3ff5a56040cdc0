//! What jsonp-polling puts around payloads: a script that calls the page, and a form that brings a JSON string (facts 5).
//!
//! ```
//! use socketio08::jsonp::{self, PostErrorKind};
//!
//! assert_eq!(jsonp::index("t=1&i=4"), "4");
//! assert_eq!(jsonp::index("i=alert(1)"), "0", "nothing but digits becomes a part of a script");
//! assert_eq!(jsonp::script("4", "3:::</script>"), r#"io.j[4]("3:::<\/script>");"#);
//!
//! assert_eq!(jsonp::decode_post(b"d=%223%3A%3A%3Aa+b%22")?, "3:::a b");
//! assert_eq!(jsonp::decode_post(b"d=5").unwrap_err().kind, PostErrorKind::NotString);
//! # Ok::<(), jsonp::PostError>(())
//! ```

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::Text;
use crate::quoted::{quote_into, unquote};
use crate::script::INDEX_DIGITS_MAX;

/// Why the body of a POST brings no payload. A body of the genuine client always does.
///
/// ```
/// use socketio08::jsonp::{PostErrorKind, decode_post};
///
/// let error = decode_post(b"d=%222%3A%3A%22&d=").unwrap_err();
/// assert_eq!((error.offset, error.kind), (16, PostErrorKind::TwoData));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PostError {
    /// The offset in bytes: of the body for the first two kinds, of the decoded value of `d` for the others.
    pub offset: usize,
    /// What is wrong there.
    pub kind: PostErrorKind,
}

/// What is wrong with the body of a POST. Each kind ends the process of 0.8.7.
///
/// ```
/// # use socketio08::jsonp::{PostErrorKind, decode_post};
/// assert_eq!(decode_post(b"i=0").unwrap_err().kind, PostErrorKind::NoData);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum PostErrorKind {
    /// No field `d`.
    NoData,
    /// More than one field `d`.
    TwoData,
    /// The value of `d` is not JSON; a cut percent sequence leads here too.
    NotJson,
    /// The value of `d` is JSON, but a number, boolean, array or object.
    NotString,
}

impl PostErrorKind {
    /// A stable name for machines: `no-data`.
    ///
    /// ```
    /// # use socketio08::jsonp::PostErrorKind;
    /// assert_eq!(PostErrorKind::NotJson.name(), "not-json");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PostErrorKind::NoData => "no-data",
            PostErrorKind::TwoData => "two-data",
            PostErrorKind::NotJson => "not-json",
            PostErrorKind::NotString => "not-string",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            PostErrorKind::NoData => "no field `d` up to",
            PostErrorKind::TwoData => "a second field `d` at",
            PostErrorKind::NotJson => "`d` is no JSON at",
            PostErrorKind::NotString => "`d` is JSON, but no string, at",
        }
    }
}

impl fmt::Display for PostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.kind.what();
        write!(
            f,
            "{what} byte {}: jsonp-polling posts a form with the payload as a JSON string in `d`",
            self.offset
        )
    }
}

impl core::error::Error for PostError {}

/// The index of the page's callback, from the query of a poll (`i`). Anything but one value of 1 to 10 decimal digits
/// counts as 0, the value for none: 0.8.7 writes whatever it is into the script.
///
/// ```
/// # use socketio08::jsonp::index;
/// assert_eq!(index("t=1&i=12"), "12");
/// assert_eq!(index("t=1"), "0");
/// ```
#[must_use]
pub fn index(query: &str) -> &str {
    digits(query, "i").unwrap_or("0")
}

/// The index of the page's callback, from the query of a handshake (`jsonp`): `None`, a handshake without a script, if it is
/// anything but one value of 1 to 10 decimal digits, as in 0.9.
///
/// ```
/// # use socketio08::jsonp::handshake_index;
/// assert_eq!(handshake_index("t=1&jsonp=0"), Some("0"));
/// assert_eq!(handshake_index("jsonp=x"), None);
/// ```
#[must_use]
pub fn handshake_index(query: &str) -> Option<&str> {
    digits(query, "jsonp")
}

/// The one value of `name` in a query, if it is 1 to 10 decimal digits.
fn digits<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    let mut values = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter_map(|(key, value)| (key == name).then_some(value));
    let (index, None) = (values.next()?, values.next()) else { return None };
    let digits =
        (1..=INDEX_DIGITS_MAX).contains(&index.len()) && index.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(index)
}

/// The script that hands `payload` to callback `index` of the page. No payload can end the script or the string in it.
///
/// ```
/// # use socketio08::jsonp::script;
/// assert_eq!(script("0", "1::"), r#"io.j[0]("1::");"#);
/// ```
#[must_use]
pub fn script(index: &str, payload: &str) -> Text {
    let mut script = String::with_capacity("io.j[](\"\");".len() + index.len() + payload.len());
    script.push_str("io.j[");
    script.push_str(index);
    script.push_str("](");
    quote_into(payload, &mut script);
    script.push_str(");");
    Text::from(script)
}

/// The payload that the body of a POST brings; `null` brings the empty one, as recorded.
///
/// Reads forms as Node does: `+` is a space, a `%` without two hexadecimal digits stands for itself, other fields are
/// passed over. Bytes that are not UTF-8 and halves of surrogate pairs become U+FFFD. What is held meanwhile is at most five
/// times the length of the body.
///
/// ```
/// # use socketio08::jsonp::decode_post;
/// assert_eq!(decode_post(b"d=%223%3A%3A%3Aa%5Cnb%22")?, "3:::a\nb");
/// # Ok::<(), socketio08::jsonp::PostError>(())
/// ```
///
/// # Errors
/// [`PostError`].
pub fn decode_post(body: &[u8]) -> Result<Text, PostError> {
    let value = percent_decode(data_field(body)?);
    let value = String::from_utf8_lossy(&value);
    let json = value.trim_start_matches(JSON_BLANKS);
    let start = value.len() - json.len();
    let fail = |offset, kind| Err(PostError { offset, kind });
    if json.trim_end_matches(JSON_BLANKS) == "null" {
        return Ok(Text::EMPTY);
    }
    let Some(string) = json.strip_prefix('"') else {
        return fail(
            start,
            if may_be_json(json) { PostErrorKind::NotString } else { PostErrorKind::NotJson },
        );
    };
    match unquote(string) {
        Ok((payload, end)) => {
            let rest = string.get(end..).unwrap_or_default().trim_start_matches(JSON_BLANKS);
            if !rest.is_empty() {
                return fail(value.len() - rest.len(), PostErrorKind::NotJson);
            }
            Ok(Text::from(payload))
        }
        Err(offset) => fail(start + 1 + offset, PostErrorKind::NotJson),
    }
}

const JSON_BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Whether a value that is no string looks like JSON. Only the wording of an error depends on it, so the rest of an array, an
/// object or a number is not read.
fn may_be_json(json: &str) -> bool {
    let value = json.trim_end_matches(JSON_BLANKS);
    let number = value.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && value.parse::<f64>().is_ok();
    value.starts_with(['[', '{']) || matches!(value, "true" | "false") || number
}

/// The raw value of the one field `d`.
fn data_field(body: &[u8]) -> Result<&[u8], PostError> {
    let mut found = None;
    let mut offset = 0;
    for field in body.split(|byte| *byte == b'&') {
        let equals = field.iter().position(|byte| *byte == b'=').unwrap_or(field.len());
        let (key, value) = field.split_at(equals);
        if *percent_decode(key) == *b"d" {
            if found.is_some() {
                return Err(PostError { offset, kind: PostErrorKind::TwoData });
            }
            found = Some(value.get(1..).unwrap_or_default());
        }
        offset += field.len() + 1;
    }
    found.ok_or(PostError { offset: body.len(), kind: PostErrorKind::NoData })
}

fn percent_decode(encoded: &[u8]) -> Cow<'_, [u8]> {
    if !encoded.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(encoded);
    }
    let hex = |at: usize| encoded.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut at = 0;
    while let Some(byte) = encoded.get(at) {
        let pair = hex(at + 1).zip(hex(at + 2)).filter(|_| *byte == b'%');
        let value = pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        decoded.push(value.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
        at += if value.is_some() { 3 } else { 1 };
    }
    Cow::Owned(decoded)
}
