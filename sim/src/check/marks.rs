//! What a step has shown: the checker's observations, one bit each.

/// Something that a step showed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(super) enum Mark {
    /// A message was delivered a second time in one session.
    Twice,
    /// A message was delivered after a later one of the same session.
    OutOfOrder,
    /// An acknowledgement came for an id that was not asked, or is another message's.
    AckUnasked,
    /// An acknowledgement came a second time.
    AckTwice,
    /// A message was delivered in a session that nobody issued.
    Foreign,
    /// A client met `7:::1+0`.
    Rejected,
    /// A client lost its connection.
    Lost,
    /// A side told that the other one broke the protocol.
    Violation,
    /// A machine refused what its application may ask.
    Refused,
    /// A machine asked its carrier for something that does not exist.
    Astray,
}

/// A set of them.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Marks(u16);

impl Marks {
    pub(super) fn set(&mut self, mark: Mark) {
        self.0 |= 1 << mark as u8;
    }

    pub(super) fn has(self, mark: Mark) -> bool {
        self.0 & (1 << mark as u8) != 0
    }
}
