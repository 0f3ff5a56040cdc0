//! The stream of htmlfile: a page that goes on for ever, with one `<script>_("...");</script>` for each packet. The scripts
//! are read as they come and never evaluated; every other script and all markup is passed over.
//!
//! A browser ends a script at the first `</script`, even inside a string, and a server that does not escape it (0.8.7) loses
//! that packet. Here the string is read to its end.

use alloc::vec::Vec;

use bytes::Bytes;

use crate::Text;
use crate::script::{self, ScriptError, ScriptErrorKind};

const SCRIPT: &[u8] = b"<script";
const SCRIPT_END: &[u8] = b"</script";

/// Where in the page the reader is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
enum Place {
    /// Outside of scripts, so many bytes into `<script`.
    Page(usize),
    /// In a tag.
    Tag { opens_script: bool },
    /// At the start of a script, before `_`.
    #[default]
    Start,
    /// After `_`, before `(`.
    Callee,
    /// After `(`, before the quote.
    Argument,
    /// In the string that this quote ends.
    Literal { quote: u8, escaped: bool },
    /// After the string, before `)`.
    Paren,
    /// In what is left of a script, so many bytes into `</script`. `strict`: only a semicolon and blanks may come.
    Rest { matched: usize, strict: bool },
}

/// Reads one stream.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Reader {
    place: Place,
    literal: Vec<u8>,
    /// Offset in the stream, for errors.
    offset: usize,
    literal_len_max: usize,
}

/// A byte may be written as an escape of six.
const ESCAPE_LEN_MAX: usize = 6;

impl Reader {
    /// `len_max` bounds what a script brings, in bytes.
    pub(super) fn for_payloads(len_max: usize) -> Self {
        Self::new(len_max.saturating_mul(ESCAPE_LEN_MAX))
    }

    /// `literal_len_max` bounds a string, in bytes as written.
    fn new(literal_len_max: usize) -> Self {
        Self { place: Place::Page(0), literal: Vec::new(), offset: 0, literal_len_max }
    }

    /// Reads on, up to the end of one script or of `data`; `None` if `data` has no further script that ends.
    pub(super) fn read(&mut self, data: &mut Bytes) -> Option<Result<Text, ScriptError>> {
        for index in 0..data.len() {
            let byte = data[index];
            let result = self.step(byte);
            self.offset = self.offset.saturating_add(1);
            if result.is_some() {
                drop(data.split_to(index + 1));
                return result;
            }
        }
        data.clear();
        None
    }

    fn step(&mut self, byte: u8) -> Option<Result<Text, ScriptError>> {
        let blank = byte.is_ascii_whitespace();
        self.place = match self.place {
            Place::Page(matched) => match advance(SCRIPT, matched, byte) {
                matched if matched == SCRIPT.len() => Place::Tag { opens_script: true },
                matched => Place::Page(matched),
            },
            Place::Tag { opens_script: true } if byte == b'>' => Place::Start,
            Place::Tag { opens_script: false } if byte == b'>' => Place::Page(0),
            Place::Start if byte == b'_' => Place::Callee,
            Place::Callee if byte == b'(' => Place::Argument,
            Place::Argument if matches!(byte, b'"' | b'\'') => {
                self.literal.clear();
                Place::Literal { quote: byte, escaped: false }
            }
            Place::Tag { .. } => self.place,
            Place::Start | Place::Callee | Place::Argument | Place::Paren if blank => self.place,
            // A script of another kind, as the one at the top of the page.
            Place::Start | Place::Callee => {
                Place::Rest { matched: advance(SCRIPT_END, 0, byte), strict: false }
            }
            Place::Argument => return Some(self.fail(byte, ScriptErrorKind::String)),
            Place::Literal { quote, escaped: false } if byte == quote => Place::Paren,
            Place::Literal { quote, escaped } => {
                if self.literal.len() >= self.literal_len_max {
                    return Some(self.fail(byte, ScriptErrorKind::TooLong));
                }
                self.literal.push(byte);
                Place::Literal { quote, escaped: !escaped && byte == b'\\' }
            }
            Place::Paren if byte == b')' => Place::Rest { matched: 0, strict: true },
            Place::Paren => return Some(self.fail(byte, ScriptErrorKind::Call)),
            Place::Rest { matched, strict } => return self.rest(matched, strict, byte),
        };
        None
    }

    /// The call counts once its script has ended, as in a browser.
    fn rest(&mut self, matched: usize, strict: bool, byte: u8) -> Option<Result<Text, ScriptError>> {
        let ended = advance(SCRIPT_END, matched, byte);
        if ended == SCRIPT_END.len() {
            self.place = Place::Tag { opens_script: false };
            return strict.then(|| self.take_literal());
        }
        if strict && ended == 0 && byte != b';' && !byte.is_ascii_whitespace() {
            return Some(self.fail(byte, ScriptErrorKind::Call));
        }
        self.place = Place::Rest { matched: ended, strict };
        None
    }

    fn take_literal(&mut self) -> Result<Text, ScriptError> {
        let literal = Text::from_utf8_lossy(Bytes::from(core::mem::take(&mut self.literal)));
        match script::unquote(&literal) {
            Ok(text) => Ok(Text::from(text)),
            Err(error) => Err(ScriptError { offset: self.offset, kind: error.kind }),
        }
    }

    /// The rest of the script is passed over.
    fn fail(&mut self, byte: u8, kind: ScriptErrorKind) -> Result<Text, ScriptError> {
        self.literal = Vec::new();
        self.place = Place::Rest { matched: advance(SCRIPT_END, 0, byte), strict: false };
        Err(ScriptError { offset: self.offset, kind })
    }
}

/// How much of `pattern` is matched after one more byte. Patterns begin with `<` and have no other one, and letters count in
/// either case.
fn advance(pattern: &[u8], matched: usize, byte: u8) -> usize {
    match pattern.get(matched) {
        Some(expected) if expected.eq_ignore_ascii_case(&byte) => matched + 1,
        _ => usize::from(byte == b'<'),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use super::*;

    const PAGE: &str =
        "<html><body><script>var _ = function (msg) { parent.s._(msg, document); };</script>   ";

    fn read(parts: &[&[u8]]) -> Vec<Result<String, ScriptErrorKind>> {
        let mut reader = Reader::new(100);
        let mut read = Vec::new();
        for part in parts {
            let mut data = Bytes::copy_from_slice(part);
            while let Some(result) = reader.read(&mut data) {
                read.push(result.map(|text| text.to_string()).map_err(|error| error.kind));
            }
        }
        read
    }

    #[test]
    fn each_script_that_calls_gives_its_text_and_the_page_nothing() {
        let stream =
            [PAGE, "<script>_(\"1::\");</script>", "<script>_(\"3:::a \\\"b\\\"\")</script>"].concat();
        assert_eq!(read(&[stream.as_bytes()]), [Ok("1::".into()), Ok("3:::a \"b\"".into())]);
    }

    #[test]
    fn parts_may_end_anywhere_even_inside_a_character() {
        let stream = [PAGE, "<SCRIPT>_(\"3:::\u{e9}\u{1f600}\\u00e9\");</Script>"].concat();
        let whole = read(&[stream.as_bytes()]);
        assert_eq!(whole, [Ok("3:::\u{e9}\u{1f600}\u{e9}".into())]);
        let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
        assert_eq!(read(&bytes), whole);
    }

    #[test]
    fn a_text_is_handed_out_when_its_script_ends() {
        assert_eq!(read(&[b"<script>_(\"1::\");"]), []);
        assert_eq!(read(&[b"<script>_(\"1::\");", b"</script"]), [Ok("1::".into())]);
    }

    #[test]
    fn a_script_end_inside_a_string_ends_nothing() {
        assert_eq!(read(&[b"<script>_(\"3:::</script>\");</script>"]), [Ok("3:::</script>".into())]);
        assert_eq!(read(&[b"<script>_(\"3:::<\\/script>\");</script>"]), [Ok("3:::</script>".into())]);
    }

    #[test]
    fn a_script_that_does_more_than_call_is_dropped_and_the_next_one_read() {
        for bad in ["_(\"a\");alert(1)", "_(\"a\"+b)", "_(x)", "_(\"a\\u00\")"] {
            let stream = ["<script>", bad, "</script><script>_(\"b\");</script>"].concat();
            let results = read(&[stream.as_bytes()]);
            assert_eq!(results.len(), 2, "{bad}: {results:?}");
            assert!(results[0].is_err(), "{bad}");
            assert_eq!(results[1], Ok("b".into()), "{bad}");
        }
    }

    #[test]
    fn an_error_after_another_script_is_told_with_its_place_in_the_stream() {
        let mut reader = Reader::new(100);
        let mut data = Bytes::from_static(b"<script>_(\"a\");</script><script>_(x)</script>");
        assert!(reader.read(&mut data).is_some_and(|result| result.is_ok()));
        let error = reader.read(&mut data).unwrap().unwrap_err();
        assert_eq!(error.offset, "<script>_(\"a\");</script><script>_(".len());
    }

    #[test]
    fn a_string_longer_than_the_limit_is_dropped() {
        let stream = ["<script>_(\"", &"x".repeat(101), "\");</script><script>_(\"b\");</script>"].concat();
        assert_eq!(read(&[stream.as_bytes()]), [Err(ScriptErrorKind::TooLong), Ok("b".into())]);
    }
}
