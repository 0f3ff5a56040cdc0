//! The client's side of the handshake.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use bytes::Bytes;

use super::challenge::{Challenge, NONCE_LEN};
use super::head::{HEADERS_MAX, parsed};
use super::{Draft, HandshakeError};
use crate::Text;

/// What a client asks for. The values go into a request head as they are: none may have a line break.
///
/// ```
/// use socketio08::Text;
/// use socketio08::hixie::{Draft, Opening};
///
/// let opening = Opening {
///     keys: None,
///     host: Text::from_static("a.example"),
///     target: Text::from_static("/socket.io/1/websocket/7"),
///     origin: Text::from_static("http://a.example"),
///     subprotocol: None,
///     secure: false,
/// };
/// assert_eq!(opening.draft(), Draft::Hixie75);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opening {
    /// The keys of hixie-76, or `None` for hixie-75.
    pub keys: Option<Keys>,
    /// The host, with its port unless it is the scheme's own.
    pub host: Text,
    /// Path and query.
    pub target: Text,
    /// The page's origin.
    pub origin: Text,
    /// The subprotocol.
    pub subprotocol: Option<Text>,
    /// Over TLS: the location is `wss:`.
    pub secure: bool,
}

/// The keys and the nonce of hixie-76.
///
/// ```
/// # use socketio08::hixie::{Draft, Keys, Opening};
/// # let opening = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/opening.rs"));
/// let keys = Keys::new("1x 2".into(), "4 y2".into(), *b"nonce678")?;
/// assert_eq!(Opening { keys: Some(keys), ..opening }.draft(), Draft::Hixie76);
/// # Ok::<(), socketio08::hixie::HandshakeError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Keys {
    key1: Text,
    key2: Text,
    nonce: [u8; NONCE_LEN],
    challenge: Challenge,
}

impl Keys {
    /// Takes keys and nonce as given.
    ///
    /// ```
    /// # use socketio08::hixie::{HandshakeError, KeyError, Keys};
    /// let keys = Keys::new("1x 2".into(), "x y".into(), [0; 8]);
    /// assert_eq!(keys, Err(HandshakeError::Key2(KeyError::NoDigits)));
    /// ```
    ///
    /// # Errors
    /// [`HandshakeError::Key1`] or [`HandshakeError::Key2`].
    pub fn new(key1: Text, key2: Text, nonce: [u8; NONCE_LEN]) -> Result<Self, HandshakeError> {
        let challenge = Challenge::new(&key1, &key2)?;
        Ok(Self { key1, key2, nonce, challenge })
    }

    /// Draws keys and nonce from the caller's random numbers, by the rule of the draft (4.1, steps 16 to 26).
    ///
    /// ```
    /// # use socketio08::hixie::Keys;
    /// let seeded = |seed: u32| {
    ///     let mut number = seed;
    ///     Keys::draw(move || {
    ///         number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    ///         number
    ///     })
    /// };
    /// assert!(seeded(1) == seeded(1) && seeded(1) != seeded(2), "the caller's numbers decide");
    /// ```
    pub fn draw(mut random: impl FnMut() -> u32) -> Self {
        let ((key1, first), (key2, second)) = (draw_key(&mut random), draw_key(&mut random));
        let mut nonce = [0; NONCE_LEN];
        for half in nonce.chunks_mut(4) {
            half.copy_from_slice(&random().to_be_bytes());
        }
        Self { key1, key2, nonce, challenge: Challenge::of(first, second) }
    }
}

/// A key and its number: a multiple of 1 to 12, that many spaces within it, and 1 to 12 characters that are neither digit
/// nor space.
fn draw_key(random: &mut impl FnMut() -> u32) -> (Text, u32) {
    let mut below = |bound: u32| random() % bound;
    let spaces = 1 + below(12);
    let number = below(u32::MAX / spaces);
    let mut key: Vec<char> = format!("{}", number * spaces).chars().collect();
    for _ in 0..=below(12) {
        // Printable characters but space and digits: 21 to 2F and 3A to 7E.
        let pick = below(15 + 69);
        let code = if pick < 15 { 0x21 + pick } else { 0x3a + (pick - 15) };
        let at = place(&mut below, key.len() + 1);
        key.insert(at, char::from_u32(code).unwrap_or('!'));
    }
    for _ in 0..spaces {
        // Neither first nor last: a key has two characters at least by now.
        let at = 1 + place(&mut below, key.len() - 1);
        key.insert(at, ' ');
    }
    (Text::from(key.into_iter().collect::<String>()), number)
}

fn place(below: &mut impl FnMut(u32) -> u32, places: usize) -> usize {
    let bound = u32::try_from(places).unwrap_or(u32::MAX).max(1);
    usize::try_from(below(bound)).unwrap_or(0)
}

impl Opening {
    /// The request: its head, and the nonce of hixie-76.
    ///
    /// ```
    /// # use socketio08::hixie::{Keys, Opening};
    /// # let opening = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/opening.rs"));
    /// let keys = Keys::new("1x 2".into(), "4 y2".into(), *b"nonce678")?;
    /// let request = Opening { keys: Some(keys), ..opening }.request();
    /// assert!(request.ends_with(b"Sec-WebSocket-Key2: 4 y2\r\n\r\nnonce678"));
    /// # Ok::<(), socketio08::hixie::HandshakeError>(())
    /// ```
    pub fn request(&self) -> Bytes {
        let Self { host, target, origin, .. } = self;
        let mut head = format!(
            "GET {target} HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: {host}\r\nOrigin: {origin}\r\n"
        );
        let prefix = self.prefix();
        // Writing to a string cannot fail.
        if let Some(subprotocol) = &self.subprotocol {
            let _ = write!(head, "{prefix}WebSocket-Protocol: {subprotocol}\r\n");
        }
        let Some(Keys { key1, key2, nonce, .. }) = &self.keys else {
            head.push_str("\r\n");
            return Bytes::from(head);
        };
        let _ = write!(head, "Sec-WebSocket-Key1: {key1}\r\nSec-WebSocket-Key2: {key2}\r\n\r\n");
        let mut request = head.into_bytes();
        request.extend_from_slice(nonce);
        Bytes::from(request)
    }

    /// Which draft it speaks.
    ///
    /// ```
    /// # use socketio08::hixie::Draft;
    /// # let opening = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/opening.rs"));
    /// // `opening` has no keys.
    /// assert_eq!(opening.draft(), Draft::Hixie75);
    /// ```
    pub fn draft(&self) -> Draft {
        if self.keys.is_some() { Draft::Hixie76 } else { Draft::Hixie75 }
    }

    /// What the server has to answer to the keys.
    pub(super) fn digest(&self) -> Option<[u8; super::DIGEST_LEN]> {
        self.keys.as_ref().map(|keys| keys.challenge.digest(keys.nonce))
    }

    /// Reads the head of the response.
    pub(super) fn check(&self, head: &[u8]) -> Result<(), HandshakeError> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        parsed(response.parse(head))?;
        match response.code {
            Some(101) => {}
            code => return Err(HandshakeError::Status(code.unwrap_or(0))),
        }
        let header = |name: &str| {
            let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.map(|header| header.value)
        };
        let expect = |name: &'static str, wanted: &str| {
            if header(name) == Some(wanted.as_bytes()) { Ok(()) } else { Err(HandshakeError::Mismatch(name)) }
        };
        expect("Upgrade", "WebSocket")?;
        let scheme = if self.secure { "wss" } else { "ws" };
        let location = format!("{scheme}://{}{}", self.host, self.target);
        let (origin_name, location_name, protocol_name) = match self.draft() {
            Draft::Hixie75 => ("WebSocket-Origin", "WebSocket-Location", "WebSocket-Protocol"),
            Draft::Hixie76 => ("Sec-WebSocket-Origin", "Sec-WebSocket-Location", "Sec-WebSocket-Protocol"),
        };
        expect(origin_name, &self.origin)?;
        expect(location_name, &location)?;
        self.subprotocol.as_ref().map_or(Ok(()), |subprotocol| expect(protocol_name, subprotocol))
    }

    fn prefix(&self) -> &'static str {
        match self.draft() {
            Draft::Hixie75 => "",
            Draft::Hixie76 => "Sec-",
        }
    }
}
