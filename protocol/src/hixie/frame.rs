//! Frames: `00`, UTF-8, `FF`; and `FF 00`, which closes.

use bytes::{Buf, BytesMut};

use super::FrameError;
use crate::Text;

/// The close of hixie-76.
pub const CLOSE: [u8; 2] = [0xff, 0x00];

const REPLACEMENT: char = '\u{FFFD}';

/// What a stream of frames holds.
///
/// ```
/// # use socketio08::hixie::{CLOSE, Frame, FrameReader};
/// assert_eq!(FrameReader::new(1_000).next(&mut CLOSE.as_slice()), Some(Ok(Frame::Close)));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Frame {
    /// A text message.
    Message(Text),
    /// `FF 00`, or `00 00`, which 0.8.7 takes for the same (facts 7.10). Nothing after it is read.
    Close,
}

/// Takes a stream of frames apart; holds at most one message.
///
/// 0.8.7 looks for the end of a message in decoded text, where FF has become U+FFFD. So a message ends at the first byte
/// that is not UTF-8 and at a U+FFFD that was sent as such, and what follows has to be a frame again, which it mostly is
/// not (facts 7.10). The same here: it is on the wire of every server of the time, and clients never rely on it.
///
/// ```
/// use socketio08::hixie::{Frame, FrameReader};
///
/// let mut bytes = b"\x002::\xff\x003:::".as_slice();
/// let mut reader = FrameReader::new(1_000);
/// assert_eq!(reader.next(&mut bytes), Some(Ok(Frame::Message("2::".into()))));
/// assert_eq!(reader.next(&mut bytes), None, "the second is not whole");
/// assert!(bytes.is_empty(), "what came of it is kept");
/// ```
#[derive(Clone, Debug)]
pub struct FrameReader {
    state: State,
    len_max: usize,
    /// The message so far, and up to three bytes of a character that is not whole yet.
    body: BytesMut,
    /// How much of `body` is whole characters without an end among them.
    checked: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Between,
    /// After 00.
    First,
    Body,
    /// After FF.
    Closing,
    Failing(FrameError),
    Over,
}

/// Where a message ends.
struct End {
    at: usize,
    /// How many bytes the end itself has.
    len: usize,
}

impl FrameReader {
    /// A reader that takes messages of up to `len_max` bytes.
    ///
    /// ```
    /// # use socketio08::hixie::{FrameError, FrameReader};
    /// let too_long = FrameReader::new(3).next(&mut b"\x003:::\xff".as_slice());
    /// assert_eq!(too_long, Some(Err(FrameError::MessageTooLong { len_max: 3 })));
    /// ```
    #[must_use]
    pub fn new(len_max: usize) -> Self {
        Self { state: State::Between, len_max, body: BytesMut::new(), checked: 0 }
    }

    /// Takes bytes from the front of `bytes` up to the end of the next frame: `None` means that all are taken and the frame
    /// is not whole. After [`Frame::Close`] or an error every byte is taken and nothing comes any more.
    ///
    /// ```
    /// # use socketio08::hixie::{Frame, FrameReader};
    /// let mut reader = FrameReader::new(1_000);
    /// assert_eq!(reader.next(&mut b"\x003:::\xc3".as_slice()), None);
    /// assert_eq!(reader.next(&mut b"\xa9\xff".as_slice()), Some(Ok(Frame::Message("3:::é".into()))));
    /// ```
    ///
    /// # Errors
    /// [`FrameError`], once: what follows cannot be told apart from garbage.
    #[must_use = "a frame may be lost"]
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<Result<Frame, FrameError>> {
        loop {
            match self.state {
                State::Failing(error) => return Some(Err(self.fail(error))),
                State::Over => {
                    *bytes = &[];
                    return None;
                }
                State::Body => match self.body(bytes)? {
                    Ok(text) => return Some(Ok(Frame::Message(text))),
                    Err(error) => return Some(Err(self.fail(error))),
                },
                State::Between | State::First | State::Closing => {
                    let (&byte, rest) = bytes.split_first()?;
                    if self.state == State::First && byte != 0x00 {
                        self.state = State::Body;
                        continue;
                    }
                    *bytes = rest;
                    match self.step(byte) {
                        Ok(false) => {}
                        Ok(true) => return Some(Ok(Frame::Close)),
                        Err(error) => return Some(Err(self.fail(error))),
                    }
                }
            }
        }
    }

    /// One byte outside of a message; true if it completes a close.
    fn step(&mut self, byte: u8) -> Result<bool, FrameError> {
        self.state = match (self.state, byte) {
            (State::Between, 0x00) => State::First,
            (State::Between, 0xff) => State::Closing,
            (State::Between, _) => return Err(FrameError::Start(byte)),
            (_, 0x00) => State::Over,
            _ => return Err(FrameError::Close(byte)),
        };
        Ok(self.state == State::Over)
    }

    fn fail(&mut self, error: FrameError) -> FrameError {
        self.state = State::Over;
        self.body = BytesMut::new();
        error
    }

    /// Takes bytes of a message; `None` if it goes on.
    fn body(&mut self, bytes: &mut &[u8]) -> Option<Result<Text, FrameError>> {
        loop {
            if bytes.is_empty() {
                return None;
            }
            // Beyond the limit only as far as a character may straddle it.
            let room = self.len_max.saturating_add(4).saturating_sub(self.body.len());
            let piece = bytes.iter().position(|&byte| byte == 0xff).map_or(bytes.len(), |end| end + 1);
            let (taken, rest) = bytes.split_at(piece.min(room));
            self.body.extend_from_slice(taken);
            match self.find_end() {
                Some(end) if end.at <= self.len_max => {
                    let (text, unread) = self.cut(&end, taken.len());
                    bytes.advance(taken.len() - unread);
                    return Some(Ok(text));
                }
                None if self.checked <= self.len_max => *bytes = rest,
                _ => return Some(Err(FrameError::MessageTooLong { len_max: self.len_max })),
            }
        }
    }

    /// Looks for the end in what is not checked yet.
    fn find_end(&mut self) -> Option<End> {
        let unchecked = self.body.get(self.checked..).unwrap_or_default();
        let (whole, bad) = match core::str::from_utf8(unchecked) {
            Ok(whole) => (whole, false),
            Err(error) => {
                let whole = unchecked.get(..error.valid_up_to()).unwrap_or_default();
                (core::str::from_utf8(whole).unwrap_or_default(), error.error_len().is_some())
            }
        };
        if let Some(at) = whole.find(REPLACEMENT) {
            return Some(End { at: self.checked + at, len: REPLACEMENT.len_utf8() });
        }
        self.checked += whole.len();
        // Byte by byte, as the decoder of 0.8.7 replaces them.
        bad.then_some(End { at: self.checked, len: 1 })
    }

    /// Cuts the message off. Of the `taken` bytes that came last, also says how many are beyond its end.
    fn cut(&mut self, end: &End, taken: usize) -> (Text, usize) {
        let text = Text::from_utf8_lossy(self.body.split_to(end.at).freeze());
        self.body.advance(end.len);
        self.state = match self.body.first() {
            // Left of a character that an earlier call began: it is no start of a frame.
            Some(&byte) if self.body.len() > taken => State::Failing(FrameError::Start(byte)),
            _ => State::Between,
        };
        let unread = self.body.len().min(taken);
        self.body.clear();
        self.checked = 0;
        (text, unread)
    }
}

/// Appends a message. The text of a packet never begins with U+0000; one that does would read as a close.
///
/// ```
/// # use socketio08::hixie::write_message;
/// let mut out = bytes::BytesMut::new();
/// write_message("2::", &mut out);
/// assert_eq!(out, b"\x002::\xff".as_slice());
/// ```
pub fn write_message(text: &str, out: &mut BytesMut) {
    out.reserve(text.len() + 2);
    out.extend_from_slice(&[0x00]);
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(&[0xff]);
}
