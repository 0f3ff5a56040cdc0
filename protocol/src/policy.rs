//! The policy file of the Flash player, which asks for it before it lets a film open a socket (facts 7.12).
//!
//! The player sends [`REQUEST`] on a port of its own (10843 with Socket.IO) or on the port it wants to use, and reads the
//! file to the end of the connection.
//!
//! ```
//! use socketio08::policy::{Policy, Ports, Seen, recognize};
//!
//! assert_eq!(recognize(b"<policy-file-request/>\0"), Seen::Request);
//! let policy = Policy::new().allow("example.com", Ports::Some(&[80, 8000]))?;
//! assert!(policy.to_text().contains(r#"<allow-access-from domain="example.com" to-ports="80,8000"/>"#));
//! # Ok::<(), socketio08::policy::PolicyError>(())
//! ```

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::Text;

/// What the player sends: 23 bytes, the last of them zero.
pub const REQUEST: &[u8; 23] = b"<policy-file-request/>\0";

/// The port on which 0.8.7 serves the file.
pub const PORT: u16 = 10_843;

/// What the first bytes of a connection are.
///
/// ```
/// # use socketio08::policy::{Seen, recognize};
/// assert_eq!(recognize(b"<policy"), Seen::More, "wait for the rest");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Seen {
    /// [`REQUEST`]; what follows it means nothing.
    Request,
    /// The beginning of [`REQUEST`], or nothing yet.
    More,
    /// Something else. HTTP never starts with `<`, so the first byte tells.
    Other,
}

/// Tells a request from the bytes so far, from the first of the connection on. 0.8.7 knows a request only if it comes in
/// one piece.
///
/// ```
/// # use socketio08::policy::{REQUEST, Seen, recognize};
/// assert_eq!(recognize(REQUEST), Seen::Request);
/// assert_eq!(recognize(b"GET /socket.io/1/ HTTP/1.1\r\n"), Seen::Other);
/// ```
#[must_use]
pub fn recognize(bytes: &[u8]) -> Seen {
    if bytes.starts_with(REQUEST) {
        Seen::Request
    } else if REQUEST.starts_with(bytes) {
        Seen::More
    } else {
        Seen::Other
    }
}

/// Which hosts' films may open sockets to which ports here. Without a rule, none may.
///
/// ```
/// # use socketio08::policy::{Policy, Ports};
/// let policy = Policy::new().allow("a.example", Ports::Any)?.allow("b.example", Ports::Some(&[80]))?;
/// assert_eq!(policy.to_text().matches("<allow-access-from").count(), 2);
/// # Ok::<(), socketio08::policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Policy {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Rule {
    domain: Text,
    ports: Text,
}

/// Ports a film may connect to.
///
/// ```
/// # use socketio08::policy::{Policy, Ports};
/// let ports = |ports| Policy::new().allow("a.example", ports).map(|policy| policy.to_text());
/// assert!(ports(Ports::Any)?.contains(r#"to-ports="*""#));
/// assert!(ports(Ports::Some(&[80, 443]))?.contains(r#"to-ports="80,443""#));
/// # Ok::<(), socketio08::policy::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Ports<'a> {
    /// Every port of the host that serves the file, other services' included.
    Any,
    /// These, of which there is at least one.
    Some(&'a [u16]),
}

/// Why a rule cannot be written.
///
/// ```
/// # use socketio08::policy::{Policy, PolicyError, Ports};
/// assert_eq!(Policy::new().allow("a.example", Ports::Some(&[])), Err(PolicyError::Ports));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PolicyError {
    /// The host is empty, too long, or has a character outside of `A-Z a-z 0-9 . - _`.
    Host,
    /// No port is given, or port 0.
    Ports,
}

impl Policy {
    /// A policy that allows nothing.
    ///
    /// ```
    /// # use socketio08::policy::Policy;
    /// assert!(!Policy::new().to_text().contains("allow-access-from"));
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { rules: Vec::new() }
    }

    /// Allows films of exactly this host.
    ///
    /// ```
    /// # use socketio08::policy::{Policy, PolicyError, Ports};
    /// assert_eq!(Policy::new().allow("*", Ports::Any), Err(PolicyError::Host), "one host each");
    /// ```
    ///
    /// # Errors
    /// [`PolicyError`]; `*` is no host, see [`Policy::allow_any_host`].
    pub fn allow(self, host: &str, ports: Ports<'_>) -> Result<Self, PolicyError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if host.is_empty() || host.len() > 253 || !host.bytes().all(plain) {
            return Err(PolicyError::Host);
        }
        self.rule(Text::from(host), ports)
    }

    /// Allows films of every host, as `origins: '*:*'` does in 0.8.7: any page on the internet may then use its visitors'
    /// players to talk to these ports.
    ///
    /// ```
    /// # use socketio08::policy::{Policy, Ports};
    /// let policy = Policy::new().allow_any_host(Ports::Some(&[8000]))?;
    /// assert!(policy.to_text().contains(r#"domain="*" to-ports="8000""#));
    /// # Ok::<(), socketio08::policy::PolicyError>(())
    /// ```
    ///
    /// # Errors
    /// [`PolicyError::Ports`].
    pub fn allow_any_host(self, ports: Ports<'_>) -> Result<Self, PolicyError> {
        self.rule(Text::from_static("*"), ports)
    }

    fn rule(mut self, domain: Text, ports: Ports<'_>) -> Result<Self, PolicyError> {
        let ports = match ports {
            Ports::Any => Text::from_static("*"),
            Ports::Some(ports) if ports.is_empty() || ports.contains(&0) => return Err(PolicyError::Ports),
            Ports::Some(ports) => {
                let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
                Text::from(ports.join(","))
            }
        };
        self.rules.push(Rule { domain, ports });
        Ok(self)
    }

    /// The file, as 0.8.7 writes it. The connection ends after it.
    ///
    /// ```
    /// # use socketio08::policy::Policy;
    /// assert!(Policy::new().to_text().ends_with("<cross-domain-policy></cross-domain-policy>"));
    /// ```
    #[must_use]
    pub fn to_text(&self) -> Text {
        let rules = self.rules.iter().map(|Rule { domain, ports }| {
            format!("<allow-access-from domain=\"{domain}\" to-ports=\"{ports}\"/>")
        });
        Text::from(format!(
            "<?xml version=\"1.0\"?><!DOCTYPE cross-domain-policy SYSTEM \
             \"http://www.macromedia.com/xml/dtds/cross-domain-policy.dtd\">\
             <cross-domain-policy>{}</cross-domain-policy>",
            rules.collect::<String>()
        ))
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PolicyError::Host => "a host of a flash policy is a name or an address, such as www.example.com",
            PolicyError::Ports => "a rule of a flash policy names at least one port, each from 1 to 65535",
        })
    }
}

impl core::error::Error for PolicyError {}
