//! Pages and servers as their addresses say.

use std::fmt;

use socketio08::{Host, Origin, OriginError};

/// Where a page was loaded from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Page {
    /// A local file: its origin is `null`.
    File,
    /// A page of this origin.
    Web(Origin),
}

/// A server that a page connects to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Site(pub Origin);

/// Why a text is the address of no page or server.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UrlError {
    /// No scheme, host or port, or a bad one.
    #[error("`{text}`: {error}")]
    Origin {
        /// The address.
        text: String,
        /// Where and why.
        #[source]
        error: OriginError,
    },
    /// A scheme that is no web page's.
    #[error("`{text}`: {scheme}:// at byte 0 is no scheme of a {what}: write {remedy}")]
    Scheme {
        /// The address.
        text: String,
        /// What it says.
        scheme: String,
        /// A page or a server.
        what: &'static str,
        /// What to write.
        remedy: &'static str,
    },
}

fn origin(text: &str) -> Result<Origin, UrlError> {
    let start = text.find("://").map_or(0, |at| at + "://".len());
    let end = text[start..].find(['/', '?', '#']).map_or(text.len(), |end| start + end);
    Origin::parse(&text[..end]).map_err(|error| UrlError::Origin { text: text.to_owned(), error })
}

impl Page {
    /// Reads `http://..`, `https://..` or `file://..`.
    ///
    /// # Errors
    /// [`UrlError`] with the place.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file://")) {
            return Ok(Page::File);
        }
        let origin = origin(text)?;
        match origin.scheme.as_str() {
            "http" | "https" => Ok(Page::Web(origin)),
            scheme => Err(UrlError::Scheme {
                text: text.to_owned(),
                scheme: scheme.to_owned(),
                what: "page",
                remedy: "http://, https:// or file://",
            }),
        }
    }

    /// Its origin as browsers send it.
    pub fn origin(&self) -> String {
        match self {
            Page::File => "null".to_owned(),
            Page::Web(origin) => origin.to_string(),
        }
    }

    pub(super) fn is_secure(&self) -> bool {
        matches!(self, Page::Web(origin) if origin.scheme == "https")
    }
}

impl Site {
    /// Reads `http://..` or `https://..`; a path does not matter.
    ///
    /// # Errors
    /// [`UrlError`] with the place.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let origin = origin(text)?;
        match origin.scheme.as_str() {
            "http" | "https" => Ok(Site(origin)),
            scheme => Err(UrlError::Scheme {
                text: text.to_owned(),
                scheme: scheme.to_owned(),
                what: "server",
                remedy: "http:// or https://, also for websockets",
            }),
        }
    }

    pub(super) fn is_secure(&self) -> bool {
        self.0.scheme == "https"
    }

    /// What a browser sends as `Host`.
    pub(super) fn host_header(&self) -> String {
        let whole = self.0.to_string();
        whole.split_once("://").map_or(whole.clone(), |(_, host)| host.to_owned())
    }

    /// The machine itself, whose plain connections modern browsers take for safe.
    pub(super) fn is_loopback(&self) -> bool {
        match &self.0.host {
            Host::V6(address) => address.is_loopback(),
            Host::Name(name) => {
                name.as_str() == "localhost"
                    || name.ends_with(".localhost")
                    || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_none_are_shown_with_the_place() {
        for (text, wanted) in [
            ("example.com", "at byte 0"),
            ("http://exa mple.com/", "at byte 10"),
            ("http://example.com:99999/x", "at byte 19"),
            ("ftp://example.com/", "ftp:// at byte 0 is no scheme of a page"),
        ] {
            let error = Page::parse(text).map(|_| ()).map_err(|error| error.to_string());
            assert!(error.as_ref().is_err_and(|error| error.contains(wanted)), "{text}: {error:?}");
        }
        assert!(Site::parse("ws://example.com").is_err());
        assert!(Site::parse("file:///x").is_err());
    }
}
