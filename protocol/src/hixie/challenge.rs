//! The challenge of hixie-76: two numbers hidden in keys, a nonce, and their MD5.

use md5::{Digest, Md5};

use super::{HandshakeError, KeyError};

/// Bytes that follow the head of a request of hixie-76.
pub const NONCE_LEN: usize = 8;

/// Bytes that follow the head of its response.
pub const DIGEST_LEN: usize = 16;

/// The numbers of the two keys.
///
/// ```
/// // The example of draft-hixie-thewebsocketprotocol-76, section 1.3.
/// let challenge = socketio08::hixie::Challenge::new("18x 6]8vM;54 *(5:  {   U1]8  z [  8", "1_ tx7X d  <  nw  334J702) 7]o}` 0")?;
/// assert_eq!(&challenge.digest(*b"Tm[K T2u"), b"fQJ,fN/4F4!~K~MH");
/// # Ok::<(), socketio08::hixie::HandshakeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Challenge {
    first: u32,
    second: u32,
}

impl Challenge {
    /// Reads `Sec-WebSocket-Key1` and `Sec-WebSocket-Key2`.
    ///
    /// ```
    /// # use socketio08::hixie::{Challenge, HandshakeError, KeyError};
    /// assert_eq!(Challenge::new("12x", "1 2"), Err(HandshakeError::Key1(KeyError::NoSpaces)));
    /// assert!(Challenge::new("1x 2", "4 y2").is_ok(), "12 and 42, by one space each");
    /// ```
    ///
    /// # Errors
    /// [`HandshakeError::Key1`] or [`HandshakeError::Key2`], where 0.8.7 sends a wrong digest (facts 7.10).
    pub fn new(key1: &str, key2: &str) -> Result<Self, HandshakeError> {
        let first = number(key1).map_err(HandshakeError::Key1)?;
        let second = number(key2).map_err(HandshakeError::Key2)?;
        Ok(Self { first, second })
    }

    /// The challenge of two numbers.
    pub(super) const fn of(first: u32, second: u32) -> Self {
        Self { first, second }
    }

    /// What the server answers to the nonce.
    ///
    /// ```
    /// # use socketio08::hixie::Challenge;
    /// let challenge = Challenge::new("1x 2", "4 y2")?;
    /// assert_ne!(challenge.digest([0; 8]), challenge.digest([1; 8]), "each nonce has its own");
    /// # Ok::<(), socketio08::hixie::HandshakeError>(())
    /// ```
    #[must_use]
    pub fn digest(&self, nonce: [u8; NONCE_LEN]) -> [u8; DIGEST_LEN] {
        let mut md5 = Md5::new();
        md5.update(self.first.to_be_bytes());
        md5.update(self.second.to_be_bytes());
        md5.update(nonce);
        md5.finalize().into()
    }
}

/// The digits of a key as one number, divided by its spaces.
fn number(key: &str) -> Result<u32, KeyError> {
    let mut digits = key.chars().filter_map(|c| c.to_digit(10)).peekable();
    if digits.peek().is_none() {
        return Err(KeyError::NoDigits);
    }
    let number = digits
        .try_fold(0_u32, |number, digit| number.checked_mul(10)?.checked_add(digit))
        .ok_or(KeyError::TooLarge)?;
    let spaces = key.bytes().filter(|&byte| byte == b' ').count();
    match u32::try_from(spaces) {
        Ok(0) => Err(KeyError::NoSpaces),
        Ok(spaces) if number % spaces == 0 => Ok(number / spaces),
        _ => Err(KeyError::NotDivisible),
    }
}
