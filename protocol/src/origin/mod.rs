//! Which pages of other origins may use a server: the allow-list, and its verdict on a request.
//!
//! ```
//! use socketio08::{Cors, Origins, Text};
//!
//! let origins = Origins::parse(["https://app.example.com", "https://*.example.org:*"])?;
//! let header = |name, value| (Text::from_static(name), Text::from_static(value));
//! let named = [header("Host", "io.example.com"), header("Origin", "https://app.example.com")];
//! assert!(matches!(origins.judge(&named, true), Cors::Named { credentials: true, .. }));
//! let foreign = [header("Host", "io.example.com"), header("Origin", "https://evil.example")];
//! assert!(matches!(origins.judge(&foreign, true), Cors::Refused { .. }));
//! # Ok::<(), socketio08::OriginError>(())
//! ```

mod entry;
mod error;
mod judge;
mod name;

use alloc::vec::Vec;

pub use error::{OriginError, OriginErrorKind};
pub use name::{Host, Origin};

use self::entry::Entry;
use crate::Text;

/// The origins whose pages may use a server beside its own, which always may.
///
/// An entry is `SCHEME://HOST[:PORT]`. Each part may be a wildcard: the scheme `*`, the host `*` or `*.example.com` (every
/// name below it, not itself), the port `*`. Without a port it is the scheme's default, 80 or 443. `HOST:PORT`, as 0.8.7
/// has it, is that of any scheme; `*` alone and `*:*` are every origin; `null` is that of local files and sandboxed frames.
/// Names compare without case and without a final dot.
///
/// The default is no entry: only pages of the server's own host. 0.8.7 allows every origin by default (facts 3.3).
///
/// ```
/// use socketio08::server::ServerConfig;
/// use socketio08::Origins;
///
/// let origins = Origins::parse(["https://shop.example", "http://*.lan.example:*"])?;
/// let config = ServerConfig::default().origins(origins);
/// assert!(!config.origins.is_any());
/// # Ok::<(), socketio08::OriginError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Origins {
    any: bool,
    null: bool,
    entries: Vec<Entry>,
    named_only: bool,
}

/// What the allow-list says of one request.
///
/// ```
/// use socketio08::{Cors, Origins, Text};
///
/// let headers = [(Text::from_static("Origin"), Text::from_static("http://a.example"))];
/// assert_eq!(Origins::any().judge(&headers, false), Cors::Any, "without credentials");
/// let origin = Text::from_static("http://a.example");
/// let named = Cors::Named { origin, credentials: true };
/// assert_eq!(Origins::parse(["http://a.example"])?.judge(&headers, false), named);
/// # Ok::<(), socketio08::OriginError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Cors {
    /// Allowed, and the request has no `Origin` to answer.
    Allowed,
    /// Allowed as every origin is: `Access-Control-Allow-Origin: *`, never with credentials.
    Any,
    /// Allowed by name: the origin is echoed, with `Vary: Origin`.
    Named {
        /// The origin, as sent.
        origin: Text,
        /// `Access-Control-Allow-Credentials: true`: the entry names a host, or the page is of the server's own.
        credentials: bool,
    },
    /// Not allowed: no handshake, no upgrade, and no header that lets a page read the answer.
    Refused {
        /// What the request says it comes from, as sent; empty if it does not.
        origin: Text,
    },
}

impl Cors {
    /// Whether the request may be served.
    ///
    /// ```
    /// # use socketio08::{Cors, Text};
    /// assert!(Cors::Any.is_allowed());
    /// assert!(!Cors::Refused { origin: Text::from_static("http://evil.example") }.is_allowed());
    /// ```
    pub fn is_allowed(&self) -> bool {
        !matches!(self, Cors::Refused { .. })
    }
}

impl Origins {
    /// Every origin, without credentials: what an entry names besides is allowed by that name.
    ///
    /// ```
    /// # use socketio08::Origins;
    /// assert!(Origins::any().is_any());
    /// ```
    #[must_use]
    pub fn any() -> Self {
        Self { any: true, ..Self::default() }
    }

    /// An allow-list of entries.
    ///
    /// ```
    /// # use socketio08::{OriginErrorKind, Origins};
    /// assert!(Origins::parse(["*.example.com:80", "null"]).is_ok());
    /// let error = Origins::parse(["http://example.com/"]).unwrap_err();
    /// assert_eq!(error.kind, OriginErrorKind::Path, "an origin has no final slash");
    /// ```
    ///
    /// # Errors
    /// [`OriginError`] for the first entry that is none.
    pub fn parse<I>(entries: I) -> Result<Self, OriginError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut origins = Self::default();
        for entry in entries {
            origins.allow(entry.as_ref())?;
        }
        Ok(origins)
    }

    /// Adds an entry.
    ///
    /// ```
    /// # use socketio08::{Cors, Origins, Text};
    /// let headers = [(Text::from_static("Origin"), Text::from_static("http://a.example"))];
    /// let mut origins = Origins::default();
    /// assert!(!origins.judge(&headers, false).is_allowed());
    /// origins.allow("http://a.example")?;
    /// assert!(origins.judge(&headers, false).is_allowed());
    /// # Ok::<(), socketio08::OriginError>(())
    /// ```
    ///
    /// # Errors
    /// [`OriginError`] with the place in `entry`.
    pub fn allow(&mut self, entry: &str) -> Result<(), OriginError> {
        match entry {
            "*" | "*:*" | "*://*:*" => self.any = true,
            "null" => self.null = true,
            entry => self.entries.push(Entry::parse(entry)?),
        }
        Ok(())
    }

    /// Refuses requests that name no origin, by neither `Origin` nor `Referer`, as a restricted 0.8.7 does. Programs that
    /// are no browsers send neither, and a browser may leave both out towards the page's own host.
    ///
    /// ```
    /// # use socketio08::Origins;
    /// assert!(Origins::default().judge(&[], false).is_allowed(), "a program, not a page");
    /// assert!(!Origins::default().named_only().judge(&[], false).is_allowed());
    /// ```
    #[must_use]
    pub fn named_only(mut self) -> Self {
        self.named_only = true;
        self
    }

    /// Whether every origin is allowed.
    ///
    /// ```
    /// # use socketio08::Origins;
    /// assert!(Origins::parse(["*:*"])?.is_any(), "as 0.8.7 writes it");
    /// # Ok::<(), socketio08::OriginError>(())
    /// ```
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.any
    }
}
