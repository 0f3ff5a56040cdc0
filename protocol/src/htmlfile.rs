//! What htmlfile puts around payloads: a page that never ends, with a script for each payload (facts 6).
//!
//! ```
//! use socketio08::htmlfile;
//!
//! assert_eq!(htmlfile::preamble().len(), 256);
//! assert_eq!(htmlfile::script("3:::</script>"), r#"<script>_("3:::<\/script>");</script>"#);
//! ```

use alloc::string::String;

use crate::Text;
use crate::quoted::quote_into;

/// The head of the page: it makes the function that the scripts call. 256 bytes, since browsers of the time showed nothing of
/// a page before that many.
const PREAMBLE: &str = concat!(
    "<html><body><script>var _ = function (msg) { parent.s._(msg, document); };</script>",
    // 83 bytes so far and 173 spaces.
    "                                                                                ",
    "                                                                                ",
    "             ",
);

const START: &str = "<script>_(";
const END: &str = ");</script>";

/// What the stream begins with: the 256 bytes of genuine servers.
///
/// ```
/// # use socketio08::htmlfile;
/// assert!(htmlfile::preamble().starts_with("<html><body><script>"));
/// ```
#[must_use]
pub const fn preamble() -> &'static str {
    PREAMBLE
}

/// A script of [`script`] with every slash of its string escaped, as 0.9 writes it (facts 11). The page reads the same text.
///
/// ```
/// use socketio08::htmlfile::{script, without_slashes};
///
/// assert_eq!(without_slashes(&script("3:::a/b</i>")), r#"<script>_("3:::a\/b<\/i>");</script>"#);
/// ```
#[must_use]
pub fn without_slashes(script: &str) -> Text {
    let string = START.len()..script.len().saturating_sub(END.len());
    let mut escaped = String::with_capacity(script.len() + 16);
    let mut in_escape = false;
    for (at, character) in script.char_indices() {
        if character == '/' && string.contains(&at) && !in_escape {
            escaped.push('\\');
        }
        in_escape = character == '\\' && !in_escape;
        escaped.push(character);
    }
    Text::from(escaped)
}

/// The script that hands `payload` to the page. No payload can end the script or the string in it.
///
/// ```
/// # use socketio08::htmlfile;
/// assert_eq!(htmlfile::script("3:::\"hi\""), r#"<script>_("3:::\"hi\"");</script>"#);
/// ```
#[must_use]
pub fn script(payload: &str) -> Text {
    let mut script = String::with_capacity(START.len() + END.len() + 2 + payload.len());
    script.push_str(START);
    quote_into(payload, &mut script);
    script.push_str(END);
    Text::from(script)
}
