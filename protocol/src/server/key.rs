//! The secret that the servers of one pool share: it signs what one server must believe of another.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// 128 bits: what is left of HMAC-SHA-256, as much as an id must be unguessable.
const SIGNATURE_LEN: usize = 16;

/// The characters of [`SharedKey::sign`].
pub(super) const SIGNATURE_CHARS: usize = 22;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A secret that every server of a pool has and nobody else. It is not shown by `Debug`.
///
/// ```
/// use socketio08::server::SharedKey;
///
/// let key = SharedKey::new(b"0123456789abcdef0123456789abcdef")?;
/// assert_eq!(format!("{key:?}"), "SharedKey(..)");
/// assert!(SharedKey::new(b"too short").is_err());
/// # Ok::<(), socketio08::server::WeakKey>(())
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct SharedKey(Arc<[u8]>);

/// A secret that is too short to be one.
///
/// ```
/// use socketio08::server::SharedKey;
///
/// let weak = SharedKey::new(b"short").unwrap_err();
/// assert!(weak.to_string().starts_with("the secret has 5 bytes and needs 16 or more"));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WeakKey {
    len: usize,
}

impl fmt::Display for WeakKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, min) = (self.len, SharedKey::LEN_MIN);
        write!(
            f,
            "the secret has {len} bytes and needs {min} or more: take random ones, as `openssl rand -base64 33` writes them"
        )
    }
}

impl core::error::Error for WeakKey {}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKey(..)")
    }
}

impl SharedKey {
    /// Fewest bytes of a secret: 128 bits if they are random.
    pub const LEN_MIN: usize = 16;

    /// A secret, which should be random.
    ///
    /// # Errors
    /// [`WeakKey`] if it has fewer than [`SharedKey::LEN_MIN`] bytes.
    ///
    /// ```
    /// use socketio08::server::SharedKey;
    ///
    /// assert!(SharedKey::new(&[7; SharedKey::LEN_MIN]).is_ok());
    /// assert!(SharedKey::new(&[7; SharedKey::LEN_MIN - 1]).is_err());
    /// ```
    pub fn new(bytes: &[u8]) -> Result<Self, WeakKey> {
        if bytes.len() < Self::LEN_MIN { Err(WeakKey { len: bytes.len() }) } else { Ok(Self(bytes.into())) }
    }

    /// The signature of `parts` for one purpose, in url-safe characters.
    pub(super) fn sign(&self, purpose: &str, parts: &[&str]) -> String {
        let Some(mac) = self.mac(purpose, parts) else { return String::new() };
        let tag = mac.finalize().into_bytes();
        encode(tag.get(..SIGNATURE_LEN).unwrap_or_default())
    }

    /// Whether `signature` is that of `parts`; takes as long whatever is wrong with it.
    pub(super) fn verify(&self, purpose: &str, parts: &[&str], signature: &str) -> bool {
        let Some(tag) = decode(signature) else { return false };
        self.mac(purpose, parts).is_some_and(|mac| mac.verify_truncated_left(&tag).is_ok())
    }

    /// Each part with its length before it, so that no two lists of parts look the same.
    fn mac(&self, purpose: &str, parts: &[&str]) -> Option<Hmac<Sha256>> {
        // HMAC takes keys of every length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        for part in core::iter::once(&purpose).chain(parts) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Some(mac)
    }
}

fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(SIGNATURE_CHARS);
    let mut bits = 0_u32;
    let mut count = 0;
    let mut digit = |bits: u32| {
        let digit = ALPHABET.get(usize::try_from(bits & 63).unwrap_or_default());
        out.extend(digit.map(|&digit| char::from(digit)));
    };
    for &byte in bytes {
        bits = bits << 8 | u32::from(byte);
        count += 8;
        while count >= 6 {
            count -= 6;
            digit(bits >> count);
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        digit(bits << (6 - count));
    }
    out
}

/// `None` if it is not of the right length and characters.
fn decode(text: &str) -> Option<[u8; SIGNATURE_LEN]> {
    if text.len() != SIGNATURE_CHARS {
        return None;
    }
    let mut out = [0; SIGNATURE_LEN];
    let mut next = out.iter_mut();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|&known| known == byte)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            *next.next()? = u8::try_from(bits >> count & 255).ok()?;
        }
        bits &= (1 << count) - 1;
    }
    // Bits beyond the last byte: another spelling of the same signature is none.
    (bits == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SharedKey {
        SharedKey::new(&[7; 32]).unwrap()
    }

    #[test]
    fn a_signature_holds_for_its_parts_and_purpose_alone() {
        let signature = key().sign("id", &["ab", "c"]);
        assert_eq!(signature.len(), SIGNATURE_CHARS);
        assert!(key().verify("id", &["ab", "c"], &signature));
        assert!(!key().verify("id", &["a", "bc"], &signature));
        assert!(!key().verify("forward", &["ab", "c"], &signature));
        assert!(!SharedKey::new(&[8; 32]).unwrap().verify("id", &["ab", "c"], &signature));
    }

    #[test]
    fn every_changed_character_breaks_a_signature() {
        let signature = key().sign("id", &["a"]);
        for at in 0..signature.len() {
            for other in *ALPHABET {
                let mut changed = signature.clone().into_bytes();
                if changed[at] != other {
                    changed[at] = other;
                    assert!(!key().verify("id", &["a"], core::str::from_utf8(&changed).unwrap()));
                }
            }
        }
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        let bytes: [u8; SIGNATURE_LEN] = core::array::from_fn(|at| u8::try_from(at * 17).unwrap());
        assert_eq!(decode(&encode(&bytes)), Some(bytes));
        assert_eq!(decode(""), None);
        assert_eq!(decode("????????????????????????"), None);
    }
}
