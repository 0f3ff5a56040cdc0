//! Where and why a text is not an origin.

use core::fmt;

/// Where and why a text is no origin, or no entry of an allow-list.
///
/// ```
/// use socketio08::{Origin, OriginErrorKind};
///
/// let error = Origin::parse("http://exämple.com").unwrap_err();
/// assert_eq!((error.offset, error.kind), (9, OriginErrorKind::NotAscii));
/// assert!(error.to_string().contains("xn--"), "the message says what to write instead");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct OriginError {
    /// Offset in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub kind: OriginErrorKind,
}

/// Named after the part that is wrong.
///
/// ```
/// # use socketio08::{OriginErrorKind, Origins};
/// assert_eq!(Origins::parse(["http://a.*"]).unwrap_err().kind, OriginErrorKind::Wildcard);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum OriginErrorKind {
    /// No host.
    Host,
    /// A character that no host has.
    HostCharacter,
    /// Brackets without an IPv6 address in them.
    Ipv6,
    /// A name with letters beyond ASCII: browsers send another spelling.
    NotAscii,
    /// A path, a query or a fragment.
    Path,
    /// Not a number from 1 to 65535.
    Port,
    /// No scheme, or one that is no word.
    Scheme,
    /// A user name or a password.
    User,
    /// A `*` that is neither the whole part nor the first label of a host.
    Wildcard,
}

impl OriginErrorKind {
    /// A stable name for machines: `host-character`.
    ///
    /// ```
    /// # use socketio08::OriginErrorKind;
    /// assert_eq!(OriginErrorKind::HostCharacter.name(), "host-character");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            OriginErrorKind::Host => "host",
            OriginErrorKind::HostCharacter => "host-character",
            OriginErrorKind::Ipv6 => "ipv6",
            OriginErrorKind::NotAscii => "not-ascii",
            OriginErrorKind::Path => "path",
            OriginErrorKind::Port => "port",
            OriginErrorKind::Scheme => "scheme",
            OriginErrorKind::User => "user",
            OriginErrorKind::Wildcard => "wildcard",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            OriginErrorKind::Host => "no host",
            OriginErrorKind::HostCharacter => "no character of a host",
            OriginErrorKind::Ipv6 => "no IPv6 address",
            OriginErrorKind::NotAscii => "a letter beyond ASCII",
            OriginErrorKind::Path => "more than scheme, host and port",
            OriginErrorKind::Port => "no port",
            OriginErrorKind::Scheme => "no scheme",
            OriginErrorKind::User => "a user name",
            OriginErrorKind::Wildcard => "a wildcard that is none",
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            OriginErrorKind::Host => "write it as https://example.com",
            OriginErrorKind::HostCharacter => "a host has letters, digits, hyphens and dots",
            OriginErrorKind::Ipv6 => "write an IPv6 address in brackets, as in http://[::1]:8000",
            OriginErrorKind::NotAscii => "write the name as browsers send it, xn--..",
            OriginErrorKind::Path => {
                "an origin ends with its host or port: leave the rest out, a final slash too"
            }
            OriginErrorKind::Port => "a port is a number from 1 to 65535, or * in an allow-list",
            OriginErrorKind::Scheme => "write http:// or https:// before the host, or *:// for both",
            OriginErrorKind::User => "an origin has no user name and no @",
            OriginErrorKind::Wildcard => {
                "* stands for a whole scheme, host or port, or *. begins a host: *.example.com"
            }
        }
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.kind.what(), self.offset, self.kind.remedy())
    }
}

impl core::error::Error for OriginError {}
