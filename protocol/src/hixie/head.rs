//! The head of a request or response, as its bytes come.

use bytes::{Bytes, BytesMut};

use super::HandshakeError;

/// Most headers read: as many as hyper does.
pub(super) const HEADERS_MAX: usize = 100;

const END: &[u8] = b"\r\n\r\n";

/// What came of parsing a whole head.
pub(super) fn parsed(result: httparse::Result<usize>) -> Result<(), HandshakeError> {
    match result {
        Ok(httparse::Status::Complete(_)) => Ok(()),
        Err(httparse::Error::TooManyHeaders) => Err(HandshakeError::TooManyHeaders),
        Ok(httparse::Status::Partial) | Err(_) => Err(HandshakeError::NotHttp),
    }
}

/// Collects a head up to its empty line; looks at each byte once and holds no more than it is allowed to.
///
/// ```
/// use socketio08::hixie::HeadReader;
///
/// let mut reader = HeadReader::new(16_384);
/// assert!(reader.handle_bytes(b"GET / HTTP/1.1\r\nHost: a.exa")?.is_none());
/// let (head, rest) = reader.handle_bytes(b"mple\r\n\r\nnonce")?.expect("it is whole");
/// assert_eq!((head.len(), rest), (35, b"nonce".as_slice()));
/// # Ok::<(), socketio08::hixie::HandshakeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HeadReader {
    head: BytesMut,
    len_max: usize,
}

impl HeadReader {
    /// A reader of heads of up to `len_max` bytes, the empty line included.
    ///
    /// ```
    /// # use socketio08::hixie::{HandshakeError, HeadReader};
    /// let mut reader = HeadReader::new(8);
    /// assert_eq!(reader.handle_bytes(b"GET /a/long/path"), Err(HandshakeError::HeadTooLong { len_max: 8 }));
    /// ```
    #[must_use]
    pub fn new(len_max: usize) -> Self {
        Self { head: BytesMut::new(), len_max }
    }

    /// The bytes so far.
    ///
    /// ```
    /// # use socketio08::hixie::HeadReader;
    /// let mut reader = HeadReader::new(16_384);
    /// reader.handle_bytes(b"GET / HT")?;
    /// assert_eq!(reader.bytes(), b"GET / HT");
    /// # Ok::<(), socketio08::hixie::HandshakeError>(())
    /// ```
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.head
    }

    /// Takes the next bytes. `None`: the head is not whole. Else the head, the empty line included, and those of `bytes` that
    /// come after it; the reader starts anew.
    ///
    /// ```
    /// # use socketio08::hixie::HeadReader;
    /// let mut reader = HeadReader::new(16_384);
    /// assert_eq!(reader.handle_bytes(b"GET / HTTP/1.1\r\n\r")?, None);
    /// assert!(reader.handle_bytes(b"\n")?.is_some(), "however it is cut");
    /// # Ok::<(), socketio08::hixie::HandshakeError>(())
    /// ```
    ///
    /// # Errors
    /// [`HandshakeError::HeadTooLong`]; what was read is still in [`HeadReader::bytes`].
    pub fn handle_bytes<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<(Bytes, &'b [u8])>, HandshakeError> {
        let before = self.head.len();
        let room = self.len_max.saturating_sub(before);
        let (taken, _) = bytes.split_at(bytes.len().min(room));
        self.head.extend_from_slice(taken);
        // The end may straddle what was there before.
        let from = before.saturating_sub(END.len() - 1);
        let unseen = self.head.get(from..).unwrap_or_default();
        match unseen.windows(END.len()).position(|window| window == END) {
            Some(found) => {
                let end = from + found + END.len();
                let rest = bytes.get(end - before..).unwrap_or_default();
                let head = self.head.split_to(end).freeze();
                self.head.clear();
                Ok(Some((head, rest)))
            }
            None if self.head.len() >= self.len_max => {
                Err(HandshakeError::HeadTooLong { len_max: self.len_max })
            }
            None => Ok(None),
        }
    }
}
