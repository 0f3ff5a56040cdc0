//! Origins and hosts as they are written.

use alloc::string::{String, ToString};
use core::fmt;
use core::net::Ipv6Addr;

use super::error::{OriginError, OriginErrorKind};
use crate::Text;

/// A host: a name, an IPv4 address or a bracketed IPv6 address.
///
/// ```
/// use socketio08::{Host, Origin, Text};
///
/// assert_eq!(Origin::parse("http://WWW.example.")?.host, Host::Name(Text::from_static("www.example")));
/// assert_eq!(Origin::parse("http://[::1]:80")?.host, Host::V6(std::net::Ipv6Addr::LOCALHOST));
/// # Ok::<(), socketio08::OriginError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Host {
    /// A name or an IPv4 address, in lower case and without a final dot.
    Name(Text),
    /// An IPv6 address, compared by value.
    V6(Ipv6Addr),
}

/// Scheme, host and port of a page.
///
/// ```
/// use socketio08::Origin;
///
/// let origin = Origin::parse("HTTPS://Example.com:443")?;
/// assert_eq!((origin.scheme.as_str(), origin.port), ("https", Some(443)));
/// assert_eq!(origin.to_string(), "https://example.com", "as browsers write it");
/// # Ok::<(), socketio08::OriginError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Origin {
    /// In lower case: `http`.
    pub scheme: Text,
    /// The host.
    pub host: Host,
    /// The port; the default of the scheme if none is written, `None` if it has none.
    pub port: Option<u16>,
}

impl Origin {
    /// Reads an origin, `SCHEME://HOST[:PORT]` and nothing else.
    ///
    /// ```
    /// # use socketio08::Origin;
    /// assert_eq!(Origin::parse("http://example.com")?, Origin::parse("http://example.com:80")?);
    /// assert!(Origin::parse("example.com").is_err());
    /// # Ok::<(), socketio08::OriginError>(())
    /// ```
    ///
    /// # Errors
    /// [`OriginError`] with the place.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let (scheme, rest, at) = split_scheme(text)?;
        check_scheme(scheme)?;
        let (host, port) = split_port(rest, at)?;
        let scheme = lower(scheme);
        let port = match port {
            Some((digits, at)) => Some(read_port(digits, at)?),
            None => default_port(&scheme),
        };
        Ok(Self { scheme, host: Host::parse(host, at)?, port })
    }

    /// The origin of a URL: path, query and fragment do not matter.
    pub(super) fn of_url(url: &str) -> Result<Self, OriginError> {
        let (_, rest, at) = split_scheme(url)?;
        let end = rest.find(['/', '?', '#']).map_or(url.len(), |end| at + end);
        Self::parse(&url[..end])
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) if default_port(&self.scheme) != Some(port) => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::V6(address) => write!(f, "[{address}]"),
        }
    }
}

impl Host {
    /// Reads a host; `at` is where it stands in the text, for the error.
    pub(super) fn parse(text: &str, at: usize) -> Result<Self, OriginError> {
        let wrong = |offset, kind| Err(OriginError { offset: at + offset, kind });
        if let Some(inner) = text.strip_prefix('[') {
            let address = inner.strip_suffix(']').and_then(|inner| inner.parse().ok());
            return address.map_or_else(|| wrong(0, OriginErrorKind::Ipv6), |address| Ok(Host::V6(address)));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return wrong(0, OriginErrorKind::Host);
        }
        if let Some(offset) = name.find(|c: char| !c.is_ascii()) {
            return wrong(offset, OriginErrorKind::NotAscii);
        }
        let bad = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        match name.find(bad) {
            Some(offset) if name[offset..].starts_with('*') => wrong(offset, OriginErrorKind::Wildcard),
            Some(offset) => wrong(offset, OriginErrorKind::HostCharacter),
            None => Ok(Host::Name(lower(name))),
        }
    }

    /// Reads the value of a `Host` header; without a port it is `None`.
    pub(super) fn of_header(value: &str) -> Option<(Self, Option<u16>)> {
        let (host, port) = split_port(value, 0).ok()?;
        let port = match port {
            Some((digits, at)) => Some(read_port(digits, at).ok()?),
            None => None,
        };
        Some((Host::parse(host, 0).ok()?, port))
    }
}

/// The port that a URL of this scheme has without one.
pub(super) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

/// Scheme, the rest after `://`, and where that is.
pub(super) fn split_scheme(text: &str) -> Result<(&str, &str, usize), OriginError> {
    match text.split_once("://") {
        Some((scheme, rest)) => Ok((scheme, rest, scheme.len() + 3)),
        None => Err(OriginError { offset: 0, kind: OriginErrorKind::Scheme }),
    }
}

pub(super) fn check_scheme(scheme: &str) -> Result<(), OriginError> {
    let mut letters = scheme.chars();
    let good = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if good { Ok(()) } else { Err(OriginError { offset: 0, kind: OriginErrorKind::Scheme }) }
}

/// Host, and the port with its place if there is a colon after the host. `at` is where `rest` stands in the text.
pub(super) type HostAndPort<'a> = (&'a str, Option<(&'a str, usize)>);

pub(super) fn split_port(rest: &str, at: usize) -> Result<HostAndPort<'_>, OriginError> {
    if let Some(offset) = rest.find(['/', '?', '#']) {
        return Err(OriginError { offset: at + offset, kind: OriginErrorKind::Path });
    }
    if let Some(offset) = rest.find('@') {
        return Err(OriginError { offset: at + offset, kind: OriginErrorKind::User });
    }
    let host_end = if rest.starts_with('[') { rest.find(']').map_or(rest.len(), |end| end + 1) } else { 0 };
    match rest[host_end..].find(':') {
        Some(colon) => {
            let colon = host_end + colon;
            Ok((&rest[..colon], Some((&rest[colon + 1..], at + colon + 1))))
        }
        None => Ok((rest, None)),
    }
}

pub(super) fn read_port(digits: &str, at: usize) -> Result<u16, OriginError> {
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    number.filter(|&port| port != 0).ok_or(OriginError { offset: at, kind: OriginErrorKind::Port })
}

pub(super) fn lower(text: &str) -> Text {
    let mut text: String = text.to_string();
    text.make_ascii_lowercase();
    Text::from(text)
}
