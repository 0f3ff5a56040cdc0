//! One connection from its handshake to its end, for both sides.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::challenge::{Challenge, DIGEST_LEN, NONCE_LEN};
use super::upgrade::Proof;
use super::{
    CLOSE, Draft, Frame, FrameError, FrameReader, HandshakeError, HeadReader, NotOpen, Opening, Upgrade,
    write_message,
};
use crate::Text;

/// The longest response head a client reads.
const RESPONSE_LEN_MAX: usize = 16_384;

/// What a connection tells its carrier.
///
/// ```
/// # use socketio08::{Text, hixie::{Connection, Event, FrameError}};
/// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
/// // `upgrade` is a request for hixie-75.
/// let mut connection = Connection::accept(&upgrade, false, 1_000_000);
/// connection.handle_bytes(b"\x003:::hi\xff\x81");
/// let events: Vec<_> = std::iter::from_fn(|| connection.poll_event()).collect();
/// let message = Event::Message(Text::from_static("3:::hi"));
/// assert_eq!(events, [Event::Open, message, Event::Broken(FrameError::Start(0x81))]);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The handshake is done: messages can be sent.
    Open,
    /// A message. One that a U+FFFD or ill-formed UTF-8 ended is the part before it (facts 7.10).
    Message(Text),
    /// The peer closed. 0.8.7 answers nothing and ends the TCP connection, so nothing is to be sent.
    Closed,
    /// The peer sent no frame: end the TCP connection.
    Broken(FrameError),
    /// Client: the server did not accept. End the TCP connection.
    Refused(HandshakeError),
}

/// A websocket of a draft, above its bytes.
///
/// Commands are [`Connection::send`] and [`Connection::close`], input is [`Connection::handle_bytes`]; after each call drain
/// [`Connection::poll_transmit`] and [`Connection::poll_event`], which nothing else changes. After [`Event::Closed`],
/// [`Event::Broken`] or [`Event::Refused`] what comes in is ignored.
///
/// ```
/// use socketio08::hixie::{Connection, Event, Keys, Opening, Upgrade};
/// use socketio08::Text;
///
/// let mut numbers = 0..;
/// let opening = Opening {
///     keys: Some(Keys::draw(|| numbers.next().unwrap_or_default())),
///     host: Text::from_static("a.example"),
///     target: Text::from_static("/socket.io/1/websocket/7"),
///     origin: Text::from_static("http://a.example"),
///     subprotocol: None,
///     secure: false,
/// };
/// let mut client = Connection::connect(opening, 1_000_000);
/// let request = client.poll_transmit().expect("head and nonce");
/// let (head, nonce) = request.split_at(request.len() - 8);
/// let upgrade = Upgrade::parse(head)?.expect("hixie-76");
/// let mut server = Connection::accept(&upgrade, false, 1_000_000);
/// server.handle_bytes(nonce);
/// client.handle_bytes(&server.poll_transmit().expect("head and digest"));
/// assert_eq!((client.poll_event(), server.poll_event()), (Some(Event::Open), Some(Event::Open)));
/// # Ok::<(), socketio08::hixie::HandshakeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Connection {
    phase: Phase,
    draft: Draft,
    /// The end is said by a frame.
    says_close: bool,
    frames: FrameReader,
    transmit: BytesMut,
    events: VecDeque<Event>,
}

#[derive(Clone, Debug)]
enum Phase {
    /// Server: the nonce is on its way. Without a challenge it is not answered.
    Nonce {
        challenge: Option<Challenge>,
        nonce: Partial<NONCE_LEN>,
    },
    /// Client: the head of the response is on its way.
    Head {
        opening: Box<Opening>,
        reader: HeadReader,
    },
    /// Client: the digest is on its way.
    Digest {
        expected: [u8; DIGEST_LEN],
        digest: Partial<DIGEST_LEN>,
    },
    Open,
    Over,
}

/// Some of `N` bytes.
#[derive(Clone, Copy, Debug)]
struct Partial<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Partial<N> {
    const EMPTY: Self = Self { bytes: [0; N], len: 0 };

    /// Takes what is missing from the front of `bytes`; all of it once it is there.
    fn take(&mut self, bytes: &mut &[u8]) -> Option<[u8; N]> {
        let missing = self.bytes.get_mut(self.len..).unwrap_or_default();
        let len = missing.len().min(bytes.len());
        let (taken, rest) = bytes.split_at(len);
        for (place, byte) in missing.iter_mut().zip(taken) {
            *place = *byte;
        }
        *bytes = rest;
        self.len += len;
        (self.len == N).then_some(self.bytes)
    }
}

impl Connection {
    /// As a server: accepts a request. The head of the response is to be sent at once, as recorded: clients of hixie-76
    /// may wait for it before they send their nonce. `message_len_max` is in bytes.
    ///
    /// ```
    /// # use socketio08::hixie::Connection;
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// // `upgrade` is a request for hixie-75, which has no challenge.
    /// let mut connection = Connection::accept(&upgrade, true, 1_000_000);
    /// let head = connection.poll_transmit().expect("a response");
    /// assert!(head.starts_with(b"HTTP/1.1 101 ") && connection.is_open());
    /// assert!(String::from_utf8_lossy(&head).contains("WebSocket-Location: wss://a.example/"));
    /// ```
    pub fn accept(upgrade: &Upgrade, secure: bool, message_len_max: usize) -> Self {
        let mut connection = Self::new(upgrade.draft(), message_len_max);
        connection.transmit.extend_from_slice(&upgrade.response_head(secure));
        let challenge = match upgrade.proof() {
            Proof::Nothing => {
                connection.open();
                return connection;
            }
            Proof::Digest(challenge) => Some(challenge),
            Proof::Silence => None,
        };
        connection.phase = Phase::Nonce { challenge, nonce: Partial::EMPTY };
        connection
    }

    /// As a client: asks for a websocket. `message_len_max` is in bytes.
    ///
    /// ```
    /// # use socketio08::hixie::Connection;
    /// # let opening = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/opening.rs"));
    /// let mut connection = Connection::connect(opening, 1_000_000);
    /// assert!(connection.poll_transmit().expect("a request").starts_with(b"GET /socket.io/1/websocket/7 HTTP/1.1\r\n"));
    /// ```
    pub fn connect(opening: Opening, message_len_max: usize) -> Self {
        let mut connection = Self::new(opening.draft(), message_len_max);
        connection.transmit.extend_from_slice(&opening.request());
        connection.says_close = connection.draft == Draft::Hixie76;
        connection.phase =
            Phase::Head { opening: Box::new(opening), reader: HeadReader::new(RESPONSE_LEN_MAX) };
        connection
    }

    fn new(draft: Draft, message_len_max: usize) -> Self {
        Self {
            phase: Phase::Over,
            draft,
            says_close: false,
            frames: FrameReader::new(message_len_max),
            transmit: BytesMut::new(),
            events: VecDeque::new(),
        }
    }

    /// Which draft is spoken.
    ///
    /// ```
    /// # use socketio08::hixie::{Connection, Draft};
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// // `upgrade` is a request for hixie-75.
    /// assert_eq!(Connection::accept(&upgrade, false, 1_000_000).draft(), Draft::Hixie75);
    /// ```
    #[must_use]
    pub fn draft(&self) -> Draft {
        self.draft
    }

    /// The handshake is done and the connection is not over.
    ///
    /// ```
    /// # use socketio08::hixie::Connection;
    /// # let opening = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/opening.rs"));
    /// assert!(!Connection::connect(opening, 1_000_000).is_open(), "nobody has answered yet");
    /// ```
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Sends a message.
    ///
    /// ```
    /// # use socketio08::hixie::{Connection, NotOpen};
    /// # let opening = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/opening.rs"));
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// let mut server = Connection::accept(&upgrade, false, 1_000_000);
    /// server.poll_transmit();
    /// server.send("2::")?;
    /// assert_eq!(server.poll_transmit().as_deref(), Some(b"\x002::\xff".as_slice()));
    /// let mut client = Connection::connect(opening, 1_000_000);
    /// assert_eq!(client.send("2::"), Err(NotOpen));
    /// # Ok::<(), NotOpen>(())
    /// ```
    ///
    /// # Errors
    /// [`NotOpen`] before [`Event::Open`] and after the end.
    pub fn send(&mut self, text: &str) -> Result<(), NotOpen> {
        if !self.is_open() {
            return Err(NotOpen);
        }
        write_message(text, &mut self.transmit);
        Ok(())
    }

    /// Ends the connection; end the TCP connection once everything is transmitted. A client of hixie-76 says `FF 00`; a server
    /// of 0.8.7 never does (facts 7.9), and hixie-75 has no such frame.
    ///
    /// ```
    /// # use socketio08::hixie::Connection;
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// let mut server = Connection::accept(&upgrade, false, 1_000_000);
    /// server.close();
    /// assert!(!server.is_open() && server.send("2::").is_err());
    /// ```
    pub fn close(&mut self) {
        if self.is_open() && self.says_close {
            self.transmit.extend_from_slice(&CLOSE);
        }
        self.phase = Phase::Over;
    }

    /// Takes bytes from the peer, cut anywhere.
    ///
    /// ```
    /// # use socketio08::hixie::{Connection, Event};
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// let mut server = Connection::accept(&upgrade, false, 1_000_000);
    /// for byte in b"\x002::\xff" {
    ///     server.handle_bytes(&[*byte]);
    /// }
    /// let events: Vec<_> = std::iter::from_fn(|| server.poll_event()).collect();
    /// assert_eq!(events, [Event::Open, Event::Message("2::".into())]);
    /// ```
    pub fn handle_bytes(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.phase {
                Phase::Nonce { challenge, nonce } => {
                    let Some(nonce) = nonce.take(&mut bytes) else { return };
                    if let Some(challenge) = challenge {
                        self.transmit.extend_from_slice(&challenge.digest(nonce));
                    }
                    self.open();
                }
                Phase::Head { opening, reader } => match reader.handle_bytes(bytes) {
                    Ok(None) => return,
                    Ok(Some((head, rest))) => {
                        bytes = rest;
                        let (checked, digest) = (opening.check(&head), opening.digest());
                        self.answered(checked, digest);
                    }
                    Err(error) => self.end(Event::Refused(error)),
                },
                Phase::Digest { expected, digest } => {
                    let Some(digest) = digest.take(&mut bytes) else { return };
                    if digest == *expected {
                        self.open();
                    } else {
                        self.end(Event::Refused(HandshakeError::Digest));
                    }
                }
                Phase::Open => self.frame(&mut bytes),
                Phase::Over => return,
            }
        }
    }

    fn answered(&mut self, checked: Result<(), HandshakeError>, digest: Option<[u8; DIGEST_LEN]>) {
        match (checked, digest) {
            (Err(error), _) => self.end(Event::Refused(error)),
            (Ok(()), Some(expected)) => self.phase = Phase::Digest { expected, digest: Partial::EMPTY },
            (Ok(()), None) => self.open(),
        }
    }

    fn frame(&mut self, bytes: &mut &[u8]) {
        match self.frames.next(bytes) {
            None => {}
            Some(Ok(Frame::Message(text))) => self.events.push_back(Event::Message(text)),
            Some(Ok(Frame::Close)) => self.end(Event::Closed),
            Some(Err(error)) => self.end(Event::Broken(error)),
        }
    }

    fn open(&mut self) {
        self.phase = Phase::Open;
        self.events.push_back(Event::Open);
    }

    fn end(&mut self, event: Event) {
        self.phase = Phase::Over;
        self.events.push_back(event);
    }

    /// Bytes for the peer, in order.
    ///
    /// ```
    /// # use socketio08::hixie::Connection;
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// let mut server = Connection::accept(&upgrade, false, 1_000_000);
    /// server.send("2::")?;
    /// assert!(server.poll_transmit().is_some_and(|bytes| bytes.ends_with(b"\r\n\r\n\x002::\xff")), "all at once");
    /// assert_eq!(server.poll_transmit(), None);
    /// # Ok::<(), socketio08::hixie::NotOpen>(())
    /// ```
    #[must_use]
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        (!self.transmit.is_empty()).then(|| self.transmit.split().freeze())
    }

    /// The next event, in order.
    ///
    /// ```
    /// # use socketio08::hixie::{Connection, Event};
    /// # let upgrade = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/upgrade.rs"));
    /// let mut server = Connection::accept(&upgrade, false, 1_000_000);
    /// server.handle_bytes(b"\xff\x00");
    /// assert_eq!((server.poll_event(), server.poll_event()), (Some(Event::Open), Some(Event::Closed)));
    /// ```
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}
