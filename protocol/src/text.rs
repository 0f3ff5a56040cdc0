//! Checked UTF-8 over shared bytes.

use alloc::string::String;
use core::borrow::Borrow;
use core::fmt;
use core::ops::Deref;

use bytes::Bytes;
use bytestring::ByteString;

/// UTF-8 text over [`Bytes`], checked once: a clone is a reference count, a part shares the memory of the whole.
///
/// ```
/// use socketio08::Text;
///
/// let whole = Text::from("3:::grüße");
/// let part = whole.slice_ref(&whole[4..]);
/// assert_eq!(part, "grüße");
/// assert_eq!(part.as_str().as_ptr(), whole[4..].as_ptr(), "nothing was copied");
/// assert_eq!(Text::from_utf8_lossy(b"a\xFF".as_slice().into()), "a\u{FFFD}");
/// ```
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Text(ByteString);

/// The bytes are not UTF-8. `valid_up_to` is the offset of the first bad byte.
///
/// ```
/// # use socketio08::{NotUtf8, Text};
/// assert_eq!(Text::from_utf8(b"ab\xFF".as_slice().into()), Err(NotUtf8 { valid_up_to: 2 }));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotUtf8 {
    /// Offset in bytes of the first byte that is not UTF-8.
    pub valid_up_to: usize,
}

impl fmt::Display for NotUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not UTF-8 at byte {}", self.valid_up_to)
    }
}

impl core::error::Error for NotUtf8 {}

impl Text {
    /// The empty text.
    pub const EMPTY: Text = Text(ByteString::new());

    /// Text that lives for the whole program; never allocates.
    ///
    /// ```
    /// # use socketio08::Text;
    /// const HELLO: Text = Text::from_static("hello");
    /// assert_eq!(HELLO.len(), 5);
    /// ```
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Self(ByteString::from_static(text))
    }

    /// Checks `bytes` and wraps them without copying.
    ///
    /// ```
    /// # use socketio08::Text;
    /// let text = Text::from_utf8("é".as_bytes().into())?;
    /// assert_eq!(text, "é");
    /// # Ok::<(), socketio08::NotUtf8>(())
    /// ```
    ///
    /// # Errors
    /// [`NotUtf8`] with the offset of the first bad byte.
    pub fn from_utf8(bytes: Bytes) -> Result<Self, NotUtf8> {
        match ByteString::try_from(bytes) {
            Ok(text) => Ok(Self(text)),
            Err(error) => Err(NotUtf8 { valid_up_to: error.valid_up_to() }),
        }
    }

    /// Wraps `bytes`, replacing each ill-formed sequence by U+FFFD, as the genuine server reads bodies and frames
    /// (facts 4.5, 7.5). Copies only when there is something to replace.
    ///
    /// ```
    /// # use socketio08::Text;
    /// assert_eq!(Text::from_utf8_lossy(b"3:::\xC3".as_slice().into()), "3:::\u{FFFD}");
    /// ```
    pub fn from_utf8_lossy(bytes: Bytes) -> Self {
        let kept = bytes.clone();
        Self::from_utf8(bytes).unwrap_or_else(|_| Self::from(String::from_utf8_lossy(&kept).into_owned()))
    }

    /// The text as a string slice.
    ///
    /// ```
    /// # use socketio08::Text;
    /// let text = Text::from("5:::{}");
    /// assert!(matches!(text.as_str(), "5:::{}"), "where a pattern wants a `str`");
    /// ```
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A part of this text, sharing its memory. A `part` from elsewhere is copied.
    ///
    /// ```
    /// # use socketio08::Text;
    /// let body = Text::from("4711:15:25:websocket");
    /// let session = body.slice_ref(&body[..4]);
    /// assert_eq!((session.as_str(), session.as_ptr()), ("4711", body.as_ptr()));
    /// ```
    #[must_use]
    pub fn slice_ref(&self, part: &str) -> Self {
        if part.is_empty() {
            return Self::EMPTY;
        }
        let whole = self.0.as_bytes().as_ptr_range();
        let part_range = part.as_bytes().as_ptr_range();
        if whole.start <= part_range.start && part_range.end <= whole.end {
            Self(self.0.slice_ref(part))
        } else {
            Self::from(part)
        }
    }

    /// The bytes of the text.
    ///
    /// ```
    /// # use socketio08::Text;
    /// assert_eq!(Text::from_static("2::").into_bytes(), b"2::".as_slice());
    /// ```
    pub fn into_bytes(self) -> Bytes {
        self.0.into_bytes()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(ByteString::from(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(ByteString::from(text))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

/// `text` before the first byte that `stops`, and from there on. Every byte before it is to be of a whole character, as before an
/// ASCII byte, or after ASCII ones.
pub(crate) fn split_before(text: &str, stops: impl Fn(u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().position(stops).unwrap_or(text.len()))
}
