//! What to probe: `http://HOST[:PORT][/PATH]`.

use std::fmt;
use std::str::FromStr;

/// The address of a deployment. Only plain HTTP: see [`UrlError::Secure`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Url {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    /// 80 if not given.
    pub port: u16,
    /// Path and query for the plain request, with its slash.
    pub path: String,
}

/// Why a text is not the address of a deployment.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UrlError {
    /// There is no `http://` in front.
    #[error("no scheme: did you mean http://{0} ?")]
    Scheme(String),
    /// `https://` or `wss://`.
    #[error(
        "{0}:// is not supported: probe the plain port behind the TLS terminator, or put a local one in front \
         (socat TCP-LISTEN:8080,fork,reuseaddr OPENSSL:HOST:443)"
    )]
    Secure(String),
    /// Some other scheme.
    #[error("{0}:// is not HTTP: a deployment's address is http://HOST[:PORT][/PATH]")]
    NotHttp(String),
    /// Nothing between the slashes.
    #[error("no host: a deployment's address is http://HOST[:PORT][/PATH]")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("`{0}` is not a port: ports are 1 to 65535")]
    Port(String),
    /// A character that a request target or a host cannot hold.
    #[error("`{0}` cannot stand in an address: percent-encode it")]
    Character(char),
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(UrlError::Character(bad));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| UrlError::Scheme(text.to_owned()))?;
        match scheme.to_ascii_lowercase().as_str() {
            "http" => {}
            "https" | "wss" => return Err(UrlError::Secure(scheme.to_owned())),
            _ => return Err(UrlError::NotHttp(scheme.to_owned())),
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (host, port) = split_authority(authority)?;
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self { host: host.to_owned(), port, path: format!("{slash}{path}") })
    }
}

fn split_authority(authority: &str) -> Result<(&str, u16), UrlError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or(UrlError::Host)?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    if host.is_empty() {
        return Err(UrlError::Host);
    }
    if host.contains('@') {
        return Err(UrlError::Character('@'));
    }
    match port.strip_prefix(':').unwrap_or(port) {
        "" => Ok((host, 80)),
        digits => match digits.parse() {
            Ok(port) if port != 0 => Ok((host, port)),
            _ => Err(UrlError::Port(digits.to_owned())),
        },
    }
}

impl Url {
    /// The `Host` header.
    pub fn host_header(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == 80 { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.host_header(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_and_a_path_are_optional() {
        for (text, shown) in [
            ("http://example.org", "http://example.org/"),
            ("HTTP://example.org:80/", "http://example.org/"),
            ("http://127.0.0.1:8080/app?x=1#top", "http://127.0.0.1:8080/app?x=1"),
            ("http://host?x=1", "http://host/?x=1"),
            ("http://[::1]:8080", "http://[::1]:8080/"),
        ] {
            assert_eq!(text.parse::<Url>().unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_probed_is_said_with_a_remedy() {
        for (text, error) in [
            ("127.0.0.1:8080", UrlError::Scheme("127.0.0.1:8080".to_owned())),
            ("https://example.org", UrlError::Secure("https".to_owned())),
            ("ftp://example.org", UrlError::NotHttp("ftp".to_owned())),
            ("http://", UrlError::Host),
            ("http://:80/", UrlError::Host),
            ("http://[::1", UrlError::Host),
            ("http://a:0", UrlError::Port("0".to_owned())),
            ("http://a:65536", UrlError::Port("65536".to_owned())),
            ("http://a:b", UrlError::Port("b".to_owned())),
            ("http://me@host/", UrlError::Character('@')),
            ("http://a/\u{e9}", UrlError::Character('\u{e9}')),
            ("http://a/ b", UrlError::Character(' ')),
        ] {
            assert_eq!(text.parse::<Url>(), Err(error), "{text}");
        }
    }
}
