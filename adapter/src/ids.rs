//! Where session ids come from.

use socketio08::{Profile, Text};

/// Issues session ids: never twice the same, and unguessable wherever a stranger can reach the server, since an id is all
/// that a request proves who sends it.
///
/// ```
/// use socketio08::Text;
/// use socketio08_tokio::IdSource;
///
/// /// Counts: for tests, never where a stranger can reach the server.
/// struct Counted(u64);
///
/// impl IdSource for Counted {
///     fn next_id(&mut self) -> Option<Text> {
///         self.0 += 1;
///         Some(Text::from(format!("s{}", self.0)))
///     }
/// }
/// assert_eq!(Counted(0).next_id().as_deref(), Some("s1"));
/// ```
pub trait IdSource: Send + 'static {
    /// A new id of `A-Z a-z 0-9 - _`; `None` if none can be made now (the handshake is answered 500 then).
    ///
    /// ```
    /// # use socketio08_tokio::{IdSource, RandomIds};
    /// assert_ne!(RandomIds.next_id(), RandomIds.next_id());
    /// ```
    fn next_id(&mut self) -> Option<Text>;
}

impl<F: FnMut() -> Text + Send + 'static> IdSource for F {
    fn next_id(&mut self) -> Option<Text> {
        Some(self())
    }
}

/// Ids of 24 url-safe characters with 144 random bits from the operating system. (0.8.7 issued at most 64 bits from a
/// guessable generator.)
///
/// ```
/// # use socketio08_tokio::{IdSource, RandomIds};
/// assert_eq!(RandomIds.next_id().map(|id| id.len()), Some(24));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn next_id(&mut self) -> Option<Text> {
        random_id::<24>()
    }
}

/// Ids in the shape of a release: for 0.8 those of [`RandomIds`], for 0.9 the 20 url-safe characters its servers issue, for
/// programs and balancers that count on them. They hold 120 random bits from the operating system, all that fits into the
/// shape (of those in 0.9 itself 96 are random, the rest counts up). [`RandomIds`] goes with either profile, for whoever wants
/// 128 bits or more: clients take an id as it comes.
///
/// ```
/// # use socketio08::Profile;
/// # use socketio08_tokio::{IdSource, ProfileIds};
/// assert_eq!(ProfileIds(Profile::V0_9).next_id().map(|id| id.len()), Some(20));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ProfileIds(pub Profile);

impl IdSource for ProfileIds {
    fn next_id(&mut self) -> Option<Text> {
        match self.0 {
            Profile::V0_8_7 => RandomIds.next_id(),
            Profile::V0_9 => random_id::<20>(),
        }
    }
}

/// Six random bits a character.
fn random_id<const LEN: usize>() -> Option<Text> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = [0_u8; LEN];
    getrandom::fill(&mut random).ok()?;
    let id: String = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect();
    Some(Text::from(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_length_of_their_profile_and_only_url_safe_characters() {
        for (profile, len) in [(Profile::V0_8_7, 24), (Profile::V0_9, 20)] {
            let mut ids = ProfileIds(profile);
            let (first, second) = (ids.next_id().unwrap(), ids.next_id().unwrap());
            assert_ne!(first, second);
            for id in [first, second] {
                assert_eq!(id.len(), len);
                assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{id}");
            }
        }
    }
}
