//! Checked UTF-8 over shared bytes.

use alloc::string::String;
use core::fmt;
use core::ops::Deref;

use bytes::Bytes;

/// UTF-8 text over [`Bytes`]: a clone is a reference count, a part shares the memory of the whole.
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Text(Bytes);

/// The bytes are not UTF-8. `valid_up_to` is the offset of the first bad byte.
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
    pub const EMPTY: Text = Text(Bytes::new());

    /// Text that lives for the whole program; never allocates.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Bytes::from_static(text.as_bytes()))
    }

    /// Checks `bytes` and wraps them without copying.
    ///
    /// # Errors
    /// [`NotUtf8`] with the offset of the first bad byte.
    pub fn from_utf8(bytes: Bytes) -> Result<Self, NotUtf8> {
        match core::str::from_utf8(&bytes) {
            Ok(_) => Ok(Self(bytes)),
            Err(error) => Err(NotUtf8 { valid_up_to: error.valid_up_to() }),
        }
    }

    /// Wraps `bytes`, replacing each ill-formed sequence by U+FFFD, as the genuine server reads bodies and frames
    /// (facts 4.5, 7.5). Copies only when there is something to replace.
    pub fn from_utf8_lossy(bytes: Bytes) -> Self {
        match Self::from_utf8(bytes.clone()) {
            Ok(text) => text,
            Err(_) => Self::from(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The text as a string slice.
    pub fn as_str(&self) -> &str {
        // The constructors checked the bytes, so the fallback is never taken; it keeps `unsafe` out.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// A part of this text, sharing its memory. A `part` from elsewhere is copied.
    #[must_use]
    pub fn slice_ref(&self, part: &str) -> Self {
        if part.is_empty() {
            return Self::EMPTY;
        }
        let whole = self.0.as_ptr() as usize..=self.0.as_ptr() as usize + self.0.len();
        let start = part.as_ptr() as usize;
        if whole.contains(&start) && whole.contains(&(start + part.len())) {
            Self(self.0.slice_ref(part.as_bytes()))
        } else {
            Self::from(part)
        }
    }

    /// The bytes of the text.
    pub fn into_bytes(self) -> Bytes {
        self.0
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

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Bytes::from(text))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
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
