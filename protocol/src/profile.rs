//! The two releases of the protocol's revision 1 that differ on the wire.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

/// Which release a machine behaves as. Both speak revision 1 with the same packets and payloads; what differs is around them:
/// timers, session ids, CORS headers, `?disconnect`, how sessions end (facts 11).
///
/// ```
/// use socketio08::Profile;
///
/// let profile: Profile = "0.9".parse()?;
/// assert_eq!(profile, Profile::V0_9);
/// assert_eq!(profile.heartbeat_timeout().as_secs(), 60);
/// # Ok::<(), socketio08::UnknownProfile>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Profile {
    /// 0.8.7, and the 0.7 and 0.8 before it.
    #[default]
    V0_8_7,
    /// 0.9, as 0.9.17 does it.
    V0_9,
}

impl Profile {
    /// Both, the older first.
    pub const ALL: [Profile; 2] = [Profile::V0_8_7, Profile::V0_9];

    /// `0.8` or `0.9`.
    ///
    /// ```
    /// # use socketio08::Profile;
    /// assert_eq!(Profile::ALL.map(Profile::name), ["0.8", "0.9"]);
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Profile::V0_8_7 => "0.8",
            Profile::V0_9 => "0.9",
        }
    }

    /// How long a server waits for the answer to its heartbeat: 15 s, 60 s in 0.9. The handshake's second field.
    ///
    /// ```
    /// # use socketio08::Profile;
    /// assert_eq!(Profile::ALL.map(|profile| profile.heartbeat_timeout().as_secs()), [15, 60]);
    /// ```
    #[must_use]
    pub const fn heartbeat_timeout(self) -> Duration {
        Duration::from_secs(match self {
            Profile::V0_8_7 => 15,
            Profile::V0_9 => 60,
        })
    }

    /// How long a server waits before its next heartbeat: 20 s, 25 s in 0.9. Not told to the client.
    ///
    /// ```
    /// # use socketio08::Profile;
    /// assert_eq!(Profile::ALL.map(|profile| profile.heartbeat_interval().as_secs()), [20, 25]);
    /// ```
    #[must_use]
    pub const fn heartbeat_interval(self) -> Duration {
        Duration::from_secs(match self {
            Profile::V0_8_7 => 20,
            Profile::V0_9 => 25,
        })
    }

    /// How long a session lives between two polls: 25 s, 60 s in 0.9. The handshake's third field.
    ///
    /// ```
    /// # use socketio08::Profile;
    /// assert_eq!(Profile::ALL.map(|profile| profile.close_timeout().as_secs()), [25, 60]);
    /// ```
    #[must_use]
    pub const fn close_timeout(self) -> Duration {
        Duration::from_secs(match self {
            Profile::V0_8_7 => 25,
            Profile::V0_9 => 60,
        })
    }

    /// How long a poll is held before it is answered `8::`: 20 s in both.
    ///
    /// ```
    /// # use socketio08::Profile;
    /// let profile = Profile::V0_8_7;
    /// assert!(profile.polling_duration() < profile.close_timeout(), "or sessions would end between polls");
    /// ```
    #[must_use]
    pub const fn polling_duration(self) -> Duration {
        Duration::from_secs(20)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that names no [`Profile`].
///
/// ```
/// # use socketio08::{Profile, UnknownProfile};
/// assert_eq!("1.0".parse::<Profile>(), Err(UnknownProfile));
/// assert_eq!(UnknownProfile.to_string(), "no such profile: there are 0.8 and 0.9");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownProfile;

impl fmt::Display for UnknownProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such profile: there are 0.8 and 0.9")
    }
}

impl core::error::Error for UnknownProfile {}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        Self::ALL.into_iter().find(|profile| profile.name() == name).ok_or(UnknownProfile)
    }
}
