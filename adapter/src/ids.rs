//! Where session ids come from.

use socketio08::Text;

/// Issues session ids: never twice the same, and unguessable wherever a stranger can reach the server, since an id is all
/// that a request proves who sends it.
pub trait IdSource: Send + 'static {
    /// A new id of `A-Z a-z 0-9 - _`; `None` if none can be made now (the handshake is answered 500 then).
    fn next_id(&mut self) -> Option<Text>;
}

impl<F: FnMut() -> Text + Send + 'static> IdSource for F {
    fn next_id(&mut self) -> Option<Text> {
        Some(self())
    }
}

/// Ids of 24 url-safe characters with 144 random bits from the operating system. (0.8.7 issued at most 64 bits from a
/// guessable generator.)
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn next_id(&mut self) -> Option<Text> {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut random = [0_u8; 24];
        getrandom::fill(&mut random).ok()?;
        let id: String = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect();
        Some(Text::from(id))
    }
}
