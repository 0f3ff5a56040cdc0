//! One entry of the allow-list.

use super::error::{OriginError, OriginErrorKind};
use super::name::{self, Host, Origin};
use crate::Text;

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Entry {
    /// `None`: any.
    scheme: Option<Text>,
    host: HostRule,
    port: PortRule,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum HostRule {
    Any,
    /// Every name below this one.
    Below(Text),
    Exactly(Host),
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum PortRule {
    Any,
    /// That of the origin's scheme.
    Default,
    Exactly(u16),
}

impl Entry {
    pub(super) fn parse(text: &str) -> Result<Self, OriginError> {
        let (scheme, rest, at) = match name::split_scheme(text) {
            Ok(parts) => parts,
            // `example.com:80`, as 0.8.7 writes it. A host alone would be ambiguous: its port there is any, elsewhere 80.
            Err(_) if has_port(text) => ("*", text, 0),
            Err(error) => return Err(error),
        };
        if scheme != "*" {
            name::check_scheme(scheme)?;
        }
        let (host, port) = name::split_port(rest, at)?;
        let port = match port {
            None => PortRule::Default,
            Some(("*", _)) => PortRule::Any,
            Some((digits, at)) => PortRule::Exactly(name::read_port(digits, at)?),
        };
        let scheme = (scheme != "*").then(|| name::lower(scheme));
        Ok(Self { scheme, host: HostRule::parse(host, at)?, port })
    }

    pub(super) fn matches(&self, origin: &Origin) -> bool {
        let port = match self.port {
            PortRule::Any => true,
            PortRule::Default => origin.port == name::default_port(&origin.scheme),
            PortRule::Exactly(port) => origin.port == Some(port),
        };
        port && self.scheme.as_ref().is_none_or(|scheme| *scheme == origin.scheme)
            && self.host.matches(&origin.host)
    }

    /// Whether the entry names a host, so that a page of it may use the visitor's cookies.
    pub(super) fn names_a_host(&self) -> bool {
        self.host != HostRule::Any
    }
}

impl HostRule {
    fn parse(host: &str, at: usize) -> Result<Self, OriginError> {
        if host == "*" {
            return Ok(HostRule::Any);
        }
        let Some(domain) = host.strip_prefix("*.") else {
            return Host::parse(host, at).map(HostRule::Exactly);
        };
        match Host::parse(domain, at + 2)? {
            Host::Name(name) if !ends_in_digit(&name) => Ok(HostRule::Below(name)),
            // An address has no names below it.
            _ => Err(OriginError { offset: at, kind: OriginErrorKind::Wildcard }),
        }
    }

    fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (HostRule::Any, _) => true,
            (HostRule::Exactly(own), host) => own == host,
            (HostRule::Below(domain), Host::Name(name)) => name
                .strip_suffix(domain.as_str())
                .is_some_and(|label| label.len() > 1 && label.ends_with('.')),
            (HostRule::Below(_), Host::V6(_)) => false,
        }
    }
}

/// Whether the text is `HOST:PORT`.
fn has_port(text: &str) -> bool {
    let port = text.rsplit_once(':').map(|(_, port)| port);
    port.is_some_and(|port| port == "*" || name::read_port(port, 0).is_ok())
}

/// The last label of an IPv4 address is a number, that of a name never is.
fn ends_in_digit(name: &str) -> bool {
    name.ends_with(|last: char| last.is_ascii_digit())
}
