//! Where a request comes from, and whether it may.

use super::name::{Host, Origin, default_port};
use super::{Cors, Origins};
use crate::Text;

/// Where a request says it comes from.
struct Source<'a> {
    /// As sent; empty if it does not say.
    text: &'a Text,
    /// Named by `Origin`, which wants an answer; else by `Referer`.
    asks: bool,
}

impl Origins {
    /// Judges a request by its headers; `secure` tells whether it came over TLS, as far as the server knows.
    ///
    /// A page of the server's own host is always allowed: host and port of `Host` are those of its origin. (A page over
    /// https is its own also for a server that knows of no TLS, for a proxy may have ended it; one over http is not for a
    /// server over TLS.) The others are looked up by `Origin`, or `Sec-WebSocket-Origin` with versions 7 and 8 of the
    /// websocket (facts 7.1); without one by `Referer`, as 0.8.7 does (facts 3.3). What names nothing is allowed, unless
    /// [`Origins::named_only`] or `Sec-Fetch-Site` says that a page of another site is behind it.
    ///
    /// ```
    /// # use socketio08::{Cors, Origins, Text};
    /// let header = |name, value| (Text::from_static(name), Text::from_static(value));
    /// let own = [header("Host", "io.example:8000"), header("Origin", "http://io.example:8000")];
    /// assert!(Origins::default().judge(&own, false).is_allowed(), "a page of the server's own");
    /// let other_port = [header("Host", "io.example:8000"), header("Origin", "http://io.example")];
    /// assert!(!Origins::default().judge(&other_port, false).is_allowed());
    /// ```
    pub fn judge(&self, headers: &[(Text, Text)], secure: bool) -> Cors {
        let Some(source) = source(headers) else {
            let foreign = self.named_only || hides_its_site(headers);
            return if foreign && !self.any { Cors::Refused { origin: Text::EMPTY } } else { Cors::Allowed };
        };
        match self.allows(&source, headers, secure) {
            Some(credentials) if source.asks => {
                // A copy: a slice may keep the whole head of the request in memory.
                Cors::Named { origin: Text::from(source.text.as_str()), credentials }
            }
            Some(_) => Cors::Allowed,
            None if self.any && source.asks => Cors::Any,
            None if self.any => Cors::Allowed,
            None => Cors::Refused { origin: source.text.clone() },
        }
    }

    /// Whether the source is allowed by name, and if so whether with credentials.
    fn allows(&self, source: &Source<'_>, headers: &[(Text, Text)], secure: bool) -> Option<bool> {
        if source.text == "null" {
            // Any sandboxed frame and any file has this origin, so that it names nobody.
            return self.null.then_some(false);
        }
        // The genuine Node client 0.9 says the host it connects to, without a scheme, which no page can.
        if source.asks && header(headers, "host") == Some(source.text) {
            return Some(true);
        }
        let parse = if source.asks { Origin::parse } else { Origin::of_url };
        let origin = parse(source.text).ok()?;
        if is_own(&origin, headers, secure) {
            return Some(true);
        }
        let mut entries = self.entries.iter().filter(|entry| entry.matches(&origin)).peekable();
        entries.peek()?;
        Some(entries.any(super::entry::Entry::names_a_host))
    }
}

/// Whether the origin is the server's own host and port, as the request calls them.
fn is_own(origin: &Origin, headers: &[(Text, Text)], secure: bool) -> bool {
    let default = default_port(&origin.scheme);
    let plain = origin.scheme == "http";
    let Some((host, port)) = header(headers, "host").and_then(|value| Host::of_header(value)) else {
        return false;
    };
    default.is_some() && !(secure && plain) && origin.host == host && origin.port == port.or(default)
}

fn source(headers: &[(Text, Text)]) -> Option<Source<'_>> {
    let early = matches!(header(headers, "sec-websocket-version").map(Text::as_str), Some("7" | "8"));
    let early = if early { header(headers, "sec-websocket-origin") } else { None };
    let named = early.or_else(|| header(headers, "origin"));
    let asked = named.map(|text| Source { text, asks: true });
    asked.or_else(|| header(headers, "referer").map(|text| Source { text, asks: false }))
}

/// Whether a browser says that a page of another site, which it does not name, is behind the request: an image or a script
/// with a policy of no referrer.
fn hides_its_site(headers: &[(Text, Text)]) -> bool {
    matches!(header(headers, "sec-fetch-site").map(Text::as_str), Some("cross-site" | "same-site"))
}

/// The value of a header that is not empty.
fn header<'a>(headers: &'a [(Text, Text)], name: &str) -> Option<&'a Text> {
    let found = headers.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_empty());
    found.map(|(_, value)| value)
}
