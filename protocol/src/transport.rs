//! The names of the transports.

use core::fmt;

/// A transport of Socket.IO 0.8, by its name in request targets and handshake bodies.
///
/// ```
/// use socketio08::Transport;
///
/// assert_eq!(Transport::from_name("xhr-polling"), Some(Transport::XhrPolling));
/// assert_eq!(Transport::from_name("XHR-Polling"), None);
/// assert_eq!(Transport::Websocket.to_string(), "websocket");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Transport {
    /// `websocket`.
    Websocket,
    /// `flashsocket`.
    Flashsocket,
    /// `htmlfile`.
    Htmlfile,
    /// `xhr-polling`.
    XhrPolling,
    /// `jsonp-polling`.
    JsonpPolling,
}

impl Transport {
    /// Every transport, in the order of the genuine browser client's preference (facts 10.3).
    pub const ALL: [Transport; 5] = [
        Transport::Websocket,
        Transport::Flashsocket,
        Transport::Htmlfile,
        Transport::XhrPolling,
        Transport::JsonpPolling,
    ];

    /// The name on the wire.
    ///
    /// ```
    /// # use socketio08::Transport;
    /// let preferred = Transport::ALL.map(Transport::name);
    /// assert_eq!(preferred, ["websocket", "flashsocket", "htmlfile", "xhr-polling", "jsonp-polling"]);
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Websocket => "websocket",
            Transport::Flashsocket => "flashsocket",
            Transport::Htmlfile => "htmlfile",
            Transport::XhrPolling => "xhr-polling",
            Transport::JsonpPolling => "jsonp-polling",
        }
    }

    /// The transport of that exact name; names are case sensitive (facts 3.1).
    ///
    /// ```
    /// # use socketio08::Transport;
    /// assert_eq!(Transport::from_name("htmlfile"), Some(Transport::Htmlfile));
    /// assert_eq!(Transport::from_name("polling"), None, "a name of Engine.IO");
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transport| transport.name() == name)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
