//! What a handshake tells the application.

use alloc::string::String;
use alloc::vec::Vec;

use crate::{Instant, Text};

/// What a handshake tells the application, under the names it has in 0.8.7. The server keeps it for the session:
/// [`Server::handshake_data`](super::Server::handshake_data).
///
/// ```
/// use socketio08::server::{ExchangeId, Request, Server, ServerConfig, ServerEvent, ServerInput};
/// use socketio08::Instant;
///
/// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
/// let request = Request::get(ExchangeId(1), "/socket.io/1/?token=a%20b");
/// server.handle_input(Instant::ZERO, ServerInput::Request(request));
/// let Some(ServerEvent::HandshakeRequested { data, .. }) = server.poll_event() else { unreachable!() };
/// assert_eq!((data.query.as_str(), data.xdomain), ("token=a%20b", false));
/// assert_eq!(data.parameter("token").as_deref(), Some("a b"));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct HandshakeData {
    /// Names and values in their order.
    pub headers: Vec<(Text, Text)>,
    /// The peer's address, in the carrier's spelling.
    pub address: Text,
    /// The query as sent, without its question mark.
    pub query: Text,
    /// Path and query as sent.
    pub url: Text,
    /// The request had an `Origin`. Browsers of today send one to the page's own server too.
    pub xdomain: bool,
    /// It came over TLS.
    pub secure: bool,
    /// When it arrived.
    pub issued: Instant,
}

impl HandshakeData {
    /// The value of the first header of this name, compared without case.
    ///
    /// ```
    /// # let data = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/handshake.rs"));
    /// // The request had `Cookie: theme=dark; user=ann`.
    /// assert_eq!(data.header("cookie").map(|value| value.len()), Some(20));
    /// assert_eq!(data.header("origin"), None);
    /// ```
    pub fn header(&self, name: &str) -> Option<&Text> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The value of a cookie, as sent: without blanks around it, quotes and escapes kept.
    ///
    /// ```
    /// # let data = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/handshake.rs"));
    /// // The request had `Cookie: theme=dark; user=ann`.
    /// assert_eq!(data.cookie("user"), Some("ann"));
    /// ```
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case("cookie"));
        let mut cookies =
            headers.flat_map(|(_, value)| value.split(';')).filter_map(|pair| pair.split_once('='));
        cookies.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
    }

    /// The decoded value of the first parameter of this name in the query; empty if it has none.
    ///
    /// ```
    /// # let data = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/handshake.rs"));
    /// // The target was `/socket.io/1/?room=caf%C3%A9&quiet`.
    /// assert_eq!(data.parameter("room").as_deref(), Some("café"));
    /// assert_eq!(data.parameter("quiet").as_deref(), Some(""));
    /// assert_eq!(data.parameter("token"), None);
    /// ```
    pub fn parameter(&self, name: &str) -> Option<Text> {
        self.parameters().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The decoded names and values of the query, in their order: `+` is a blank, `%XX` a byte of UTF-8. A percent sign
    /// without two hexadecimal digits stands for itself, ill-formed UTF-8 becomes U+FFFD.
    ///
    /// ```
    /// # let data = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/handshake.rs"));
    /// // The target was `/socket.io/1/?room=caf%C3%A9&quiet`.
    /// let names: Vec<_> = data.parameters().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["room", "quiet"]);
    /// ```
    pub fn parameters(&self) -> impl Iterator<Item = (Text, Text)> + '_ {
        self.query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
    }

    /// How many bytes it holds.
    pub(super) fn len(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        self.url.len() + headers.sum::<usize>()
    }
}

fn decode(text: &str) -> Text {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match (first, tail) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            (plain, _) => *plain,
        });
    }
    Text::from(String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
