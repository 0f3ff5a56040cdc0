//! JavaScript as the wire has it: string literals, and the scripts that call `io.j[i](..)`. Read, never evaluated.
//!
//! ```
//! use socketio08::script::{self, Argument, Call};
//!
//! let call = Call::read(r#"io.j[1]("3:::\u00e9 \"x\"");"#)?;
//! assert_eq!(call, Call { index: 1, argument: Argument::Text("3:::é \"x\"".into()) });
//! assert_eq!(script::quote("a\n\"b\""), r#""a\n\"b\"""#);
//! # Ok::<(), script::ScriptError>(())
//! ```

use alloc::string::String;
use core::fmt;
use core::fmt::Write as _;

use crate::Text;

/// Most digits of an index: as many as a genuine 0.9 server takes a number to have, and enough for any page.
pub(crate) const INDEX_DIGITS_MAX: usize = 10;

/// Where and why a text is not the script that was expected.
///
/// ```
/// use socketio08::script::{Call, ScriptErrorKind};
///
/// let error = Call::read("alert(1)").unwrap_err();
/// assert_eq!((error.offset, error.kind), (0, ScriptErrorKind::Call));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ScriptError {
    /// Offset in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub kind: ScriptErrorKind,
}

/// Named after what was expected.
///
/// ```
/// # use socketio08::script::{Call, ScriptErrorKind};
/// assert_eq!(Call::read("io.j[0](7);").unwrap_err().kind, ScriptErrorKind::String);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum ScriptErrorKind {
    /// No `io.j[INDEX](..)`, or `_(..)` in a stream, with nothing after it.
    Call,
    /// The index is not 1 to 10 digits.
    Index,
    /// No string literal.
    String,
    /// A string literal without its closing quote, or with a line break in it.
    Unterminated,
    /// A backslash that begins no escape.
    Escape,
    /// Longer than [`Limits::payload_len_max`](crate::Limits::payload_len_max).
    TooLong,
}

impl ScriptErrorKind {
    /// A stable name for machines: `unterminated`.
    ///
    /// ```
    /// # use socketio08::script::ScriptErrorKind;
    /// assert_eq!(ScriptErrorKind::TooLong.name(), "too-long");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ScriptErrorKind::Call => "call",
            ScriptErrorKind::Index => "index",
            ScriptErrorKind::String => "string",
            ScriptErrorKind::Unterminated => "unterminated",
            ScriptErrorKind::Escape => "escape",
            ScriptErrorKind::TooLong => "too-long",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            ScriptErrorKind::Call => "not the one call expected",
            ScriptErrorKind::Index => "index that is not 1 to 10 digits",
            ScriptErrorKind::String => "no string literal",
            ScriptErrorKind::Unterminated => "string literal that does not end",
            ScriptErrorKind::Escape => "backslash that begins no escape",
            ScriptErrorKind::TooLong => "string literal too long",
        }
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind.what(), self.offset)
    }
}

impl core::error::Error for ScriptError {}

/// What a script hands to the page's function.
///
/// ```
/// use socketio08::script::{Argument, Call};
///
/// let call = Call::read(r#"io.j[0](new Error("handshake unauthorized"));"#)?;
/// assert_eq!(call.argument, Argument::Error("handshake unauthorized".into()));
/// # Ok::<(), socketio08::script::ScriptError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Argument {
    /// `"..."`: a handshake body or a payload.
    Text(Text),
    /// `new Error("...")`: a refused handshake (facts 3.3).
    Error(Text),
}

/// The whole script of a jsonp answer: `io.j[INDEX](ARGUMENT);`.
///
/// ```
/// use socketio08::jsonp;
/// use socketio08::script::{Argument, Call};
///
/// let call = Call::read(&jsonp::script("3", "2::"))?;
/// assert_eq!(call, Call { index: 3, argument: Argument::Text("2::".into()) });
/// # Ok::<(), socketio08::script::ScriptError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Call {
    /// The index of the page's function.
    pub index: u64,
    /// What it is called with.
    pub argument: Argument,
}

impl Call {
    /// Reads the script. Blanks between its parts and a missing semicolon are allowed, anything else beside the call is
    /// not.
    ///
    /// ```
    /// # use socketio08::script::Call;
    /// assert!(Call::read("io.j[1]( '2::' )").is_ok());
    /// assert!(Call::read(r#"io.j[1]("2::"); more()"#).is_err(), "one call and nothing else");
    /// ```
    ///
    /// # Errors
    /// [`ScriptError`] with the place.
    pub fn read(script: &str) -> Result<Self, ScriptError> {
        let mut cursor = Cursor { script, at: 0 };
        cursor.expect("io.j[")?;
        let index = cursor.index()?;
        cursor.expect("]")?;
        cursor.expect("(")?;
        let argument = if cursor.take("new ") {
            cursor.expect("Error")?;
            cursor.expect("(")?;
            let text = cursor.string()?;
            cursor.expect(")")?;
            Argument::Error(text)
        } else {
            Argument::Text(cursor.string()?)
        };
        cursor.expect(")")?;
        cursor.take(";");
        cursor.blanks();
        if cursor.at == script.len() {
            Ok(Self { index, argument })
        } else {
            Err(cursor.error(ScriptErrorKind::Call))
        }
    }
}

/// A JSON string literal with nothing escaped but what JSON asks for, as `JSON.stringify` writes it.
///
/// ```
/// # use socketio08::script::quote;
/// assert_eq!(quote("a\"b\n"), r#""a\"b\n""#);
/// ```
#[must_use]
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    crate::event::quote(text, &mut quoted);
    quoted
}

/// The text of a JavaScript string literal, without its quotes. Halves of surrogate pairs become U+FFFD; U+2028 and
/// U+2029 may stand raw, as JSON has them.
///
/// ```
/// # use socketio08::script::unquote;
/// assert_eq!(unquote(r"a\x41é😀")?, "aAé😀");
/// assert_eq!(unquote(r"\ud83d")?, "\u{FFFD}", "half a pair");
/// # Ok::<(), socketio08::script::ScriptError>(())
/// ```
///
/// # Errors
/// [`ScriptError`] for a line break, or a backslash that begins no escape.
pub fn unquote(literal: &str) -> Result<String, ScriptError> {
    let mut text = String::with_capacity(literal.len());
    let mut cursor = Cursor { script: literal, at: 0 };
    // The first half of a pair, until its second half comes.
    let mut high = None;
    while let Some(character) = cursor.next() {
        let unit = match character {
            '\\' => cursor.escape()?,
            '\n' | '\r' => return Err(cursor.before(character, ScriptErrorKind::Unterminated)),
            other => Some(u32::from(other)),
        };
        let Some(unit) = unit else { continue };
        match (high.take(), unit) {
            (Some(first), 0xDC00..=0xDFFF) => {
                text.push(in_pair(first, unit));
            }
            (first, 0xD800..=0xDBFF) => {
                text.extend(first.map(|_: u32| char::REPLACEMENT_CHARACTER));
                high = Some(unit);
            }
            (first, _) => {
                text.extend(first.map(|_: u32| char::REPLACEMENT_CHARACTER));
                text.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
    }
    text.extend(high.map(|_| char::REPLACEMENT_CHARACTER));
    Ok(text)
}

fn in_pair(high: u32, low: u32) -> char {
    char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// One field of a form, `NAME=VALUE`, as browsers send it: blanks as `+`, other characters outside letters, digits and
/// `*-._` as their bytes in UTF-8.
///
/// ```
/// # use socketio08::script::{form_field, quote};
/// assert_eq!(form_field("d", &quote("3:::a b")), "d=%223%3A%3A%3Aa+b%22");
/// ```
#[must_use]
pub fn form_field(name: &str, value: &str) -> String {
    let mut field = String::with_capacity(name.len() + 1 + value.len() * 2);
    encode_form(name, &mut field);
    field.push('=');
    encode_form(value, &mut field);
    field
}

fn encode_form(text: &str, field: &mut String) {
    for byte in text.bytes() {
        match byte {
            b' ' => field.push('+'),
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                field.push(char::from(byte));
            }
            other => {
                // Writing to a string cannot fail.
                let _ = write!(field, "%{other:02X}");
            }
        }
    }
}

/// A place in a script.
struct Cursor<'a> {
    script: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        self.script.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn error(&self, kind: ScriptErrorKind) -> ScriptError {
        ScriptError { offset: self.at, kind }
    }

    fn before(&self, character: char, kind: ScriptErrorKind) -> ScriptError {
        ScriptError { offset: self.at - character.len_utf8(), kind }
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Passes over blanks, and over `part` if it follows.
    fn take(&mut self, part: &str) -> bool {
        self.blanks();
        let follows = self.rest().starts_with(part);
        if follows {
            self.at += part.len();
        }
        follows
    }

    fn expect(&mut self, part: &str) -> Result<(), ScriptError> {
        if self.take(part) { Ok(()) } else { Err(self.error(ScriptErrorKind::Call)) }
    }

    fn index(&mut self) -> Result<u64, ScriptError> {
        let rest = self.rest();
        let count = rest.len() - rest.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
        let digits = rest.get(..count).filter(|digits| digits.len() <= INDEX_DIGITS_MAX);
        let index =
            digits.and_then(|digits| digits.parse().ok()).ok_or(self.error(ScriptErrorKind::Index))?;
        self.at += count;
        Ok(index)
    }

    fn string(&mut self) -> Result<Text, ScriptError> {
        self.blanks();
        let start = self.at;
        let quote = self.next().filter(|quote| matches!(quote, '"' | '\''));
        let quote = quote.ok_or(ScriptError { offset: start, kind: ScriptErrorKind::String })?;
        let body = self.rest();
        let mut escaped = false;
        let end = body.char_indices().find(|(_, character)| {
            let ends = !escaped && *character == quote;
            escaped = !escaped && *character == '\\';
            ends
        });
        let (len, _) = end.ok_or(ScriptError { offset: start, kind: ScriptErrorKind::Unterminated })?;
        let literal = body.get(..len).unwrap_or_default();
        let text = unquote(literal)
            .map_err(|error| ScriptError { offset: start + 1 + error.offset, kind: error.kind })?;
        self.at += len + 1;
        Ok(Text::from(text))
    }

    /// What follows a backslash: a code unit or code point, or nothing for a line that goes on.
    fn escape(&mut self) -> Result<Option<u32>, ScriptError> {
        let start = self.at - 1;
        let bad = ScriptError { offset: start, kind: ScriptErrorKind::Escape };
        let character = self.next().ok_or(bad)?;
        Ok(Some(match character {
            'b' => 0x08,
            't' => 0x09,
            'n' => 0x0A,
            'v' => 0x0B,
            'f' => 0x0C,
            'r' => 0x0D,
            '0' if !self.rest().starts_with(|digit: char| digit.is_ascii_digit()) => 0,
            '0'..='9' => return Err(bad),
            'x' => self.hex(2).ok_or(bad)?,
            'u' if self.rest().starts_with('{') => self.code_point().ok_or(bad)?,
            'u' => self.hex(4).ok_or(bad)?,
            '\r' => {
                // A line break of two characters is one.
                if self.rest().starts_with('\n') {
                    self.at += 1;
                }
                return Ok(None);
            }
            '\n' | '\u{2028}' | '\u{2029}' => return Ok(None),
            other => u32::from(other),
        }))
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let text = self.rest().get(..digits)?;
        let all_hex = text.bytes().all(|digit| digit.is_ascii_hexdigit());
        self.at += digits;
        u32::from_str_radix(text, 16).ok().filter(|_| all_hex)
    }

    fn code_point(&mut self) -> Option<u32> {
        let (text, _) = self.rest().strip_prefix('{')?.split_once('}')?;
        let all_hex = text.bytes().all(|digit| digit.is_ascii_hexdigit());
        self.at += text.len() + 2;
        u32::from_str_radix(text, 16).ok().filter(|number| all_hex && *number <= 0x10_FFFF)
    }
}
