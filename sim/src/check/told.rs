//! What happens in a step, for who reads the story.

/// Where something happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Party {
    Client(u8),
    Server(u8),
    /// The balancer, or the wire.
    Between,
}

/// One thing that happens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Told {
    /// Something arrives.
    Arrow { from: Party, to: Party, words: String },
    /// Something happens at one place.
    Remark { party: Party, words: String },
}
