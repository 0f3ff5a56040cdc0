//! What [`crate::mailbox`] is built of. `tests/mailbox` compiles the same file with the primitives of loom in this place, and
//! plants the faults there.

pub(crate) use std::sync::{Arc, Mutex, MutexGuard};

/// A fault that the test of the mailbox plants, each in the place of what it removes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// A sender looks whether the mailbox is closed, and then puts its mail there without looking again.
    SendsUnseen,
    /// The receiver looks for mail, and then goes to sleep without looking again.
    SleepsUnseen,
    /// The receiver takes what is new before it has given all that it took.
    TakesEarly,
    /// A sender wakes the receiver while it holds the lock.
    WakesLocked,
    /// The last sender leaves without waking the receiver.
    LeavesSilently,
    /// A sender is cloned and not counted.
    ClonesUncounted,
    /// A weak sender looks whether there are others, and then becomes one without looking again.
    UpgradesUnseen,
}

/// None is planted here.
pub(crate) const fn planted(_: Fault) -> bool {
    false
}
