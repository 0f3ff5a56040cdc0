//! The closed lists of the protocol: types, reasons, advice.

use core::fmt;

/// The nine packet types, by their digit on the wire.
///
/// ```
/// # use socketio08::PacketType;
/// assert_eq!(PacketType::ALL[5], PacketType::Event, "in the order of their digits");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum PacketType {
    /// `0`
    Disconnect,
    /// `1`
    Connect,
    /// `2`
    Heartbeat,
    /// `3`
    Message,
    /// `4`
    Json,
    /// `5`
    Event,
    /// `6`
    Ack,
    /// `7`
    Error,
    /// `8`
    Noop,
}

impl PacketType {
    /// Every type, by its digit.
    pub const ALL: [PacketType; 9] = [
        PacketType::Disconnect,
        PacketType::Connect,
        PacketType::Heartbeat,
        PacketType::Message,
        PacketType::Json,
        PacketType::Event,
        PacketType::Ack,
        PacketType::Error,
        PacketType::Noop,
    ];

    /// The digit on the wire.
    ///
    /// ```
    /// # use socketio08::PacketType;
    /// assert_eq!(PacketType::ALL.map(PacketType::digit).concat(), "012345678");
    /// ```
    #[must_use]
    pub const fn digit(self) -> &'static str {
        match self {
            PacketType::Disconnect => "0",
            PacketType::Connect => "1",
            PacketType::Heartbeat => "2",
            PacketType::Message => "3",
            PacketType::Json => "4",
            PacketType::Event => "5",
            PacketType::Ack => "6",
            PacketType::Error => "7",
            PacketType::Noop => "8",
        }
    }

    /// The type of that digit; nothing but exactly one of `0` to `8` is a type (facts 1.2).
    ///
    /// ```
    /// # use socketio08::PacketType;
    /// assert_eq!(PacketType::from_digit('6'), Some(PacketType::Ack));
    /// assert_eq!(PacketType::from_digit('9'), None);
    /// ```
    #[must_use]
    pub const fn from_digit(digit: char) -> Option<Self> {
        match digit {
            '0' => Some(PacketType::Disconnect),
            '1' => Some(PacketType::Connect),
            '2' => Some(PacketType::Heartbeat),
            '3' => Some(PacketType::Message),
            '4' => Some(PacketType::Json),
            '5' => Some(PacketType::Event),
            '6' => Some(PacketType::Ack),
            '7' => Some(PacketType::Error),
            '8' => Some(PacketType::Noop),
            _ => None,
        }
    }

    /// The name that 0.8.7 uses in its programming interface, in lower case.
    ///
    /// ```
    /// # use socketio08::PacketType;
    /// assert_eq!(PacketType::Noop.name(), "noop");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PacketType::Disconnect => "disconnect",
            PacketType::Connect => "connect",
            PacketType::Heartbeat => "heartbeat",
            PacketType::Message => "message",
            PacketType::Json => "json",
            PacketType::Event => "event",
            PacketType::Ack => "ack",
            PacketType::Error => "error",
            PacketType::Noop => "noop",
        }
    }

    /// The type of that name; names are case sensitive.
    ///
    /// ```
    /// # use socketio08::PacketType;
    /// assert_eq!(PacketType::from_name("json"), Some(PacketType::Json));
    /// assert_eq!(PacketType::from_name("JSON"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|packet_type| packet_type.name() == name)
    }
}

impl fmt::Display for PacketType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why the server refuses (type 7).
///
/// ```
/// # use socketio08::Reason;
/// assert_eq!(Reason::Unauthorized.to_string(), "unauthorized");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// `0`
    TransportNotSupported,
    /// `1`
    ClientNotHandshaken,
    /// `2`
    Unauthorized,
}

impl Reason {
    /// Every reason, by its digit.
    pub const ALL: [Reason; 3] =
        [Reason::TransportNotSupported, Reason::ClientNotHandshaken, Reason::Unauthorized];

    /// The digit on the wire.
    ///
    /// ```
    /// # use socketio08::Reason;
    /// assert_eq!(Reason::ALL.map(Reason::digit), ["0", "1", "2"]);
    /// ```
    #[must_use]
    pub const fn digit(self) -> &'static str {
        match self {
            Reason::TransportNotSupported => "0",
            Reason::ClientNotHandshaken => "1",
            Reason::Unauthorized => "2",
        }
    }

    /// The words that 0.8.7 hands to the application.
    ///
    /// ```
    /// # use socketio08::Reason;
    /// assert_eq!(Reason::ClientNotHandshaken.name(), "client not handshaken");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Reason::TransportNotSupported => "transport not supported",
            Reason::ClientNotHandshaken => "client not handshaken",
            Reason::Unauthorized => "unauthorized",
        }
    }

    /// The reason of those words.
    ///
    /// ```
    /// # use socketio08::Reason;
    /// assert_eq!(Reason::from_name("unauthorized"), Some(Reason::Unauthorized));
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the client should do about an error (type 7).
///
/// ```
/// # use socketio08::{Advice, BodyRef, PacketRef};
/// let body = PacketRef::decode("7::/chat:+0")?.body;
/// assert_eq!(body, BodyRef::Error { reason: None, advice: Some(Advice::Reconnect) });
/// # Ok::<(), socketio08::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Advice {
    /// `0`
    Reconnect,
}

impl Advice {
    /// The digit on the wire.
    ///
    /// ```
    /// # use socketio08::Advice;
    /// assert_eq!(Advice::Reconnect.digit(), "0");
    /// ```
    #[must_use]
    pub const fn digit(self) -> &'static str {
        match self {
            Advice::Reconnect => "0",
        }
    }

    /// The word that 0.8.7 hands to the application.
    ///
    /// ```
    /// # use socketio08::Advice;
    /// assert_eq!(Advice::Reconnect.name(), "reconnect");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Advice::Reconnect => "reconnect",
        }
    }

    /// The advice of that word.
    ///
    /// ```
    /// # use socketio08::Advice;
    /// assert_eq!(Advice::from_name("reconnect"), Some(Advice::Reconnect));
    /// assert_eq!(Advice::from_name("0"), None, "a digit is no name");
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        (name == Advice::Reconnect.name()).then_some(Advice::Reconnect)
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
