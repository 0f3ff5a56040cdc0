//! What [`crate::mailbox`] and [`crate::fill`] are built of. `tests/mailbox` compiles the same files with the primitives of loom in
//! this place, and plants the faults there.

pub(crate) use std::sync::atomic::{AtomicUsize, Ordering};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard};

use crate::mailbox::Fault;

/// None is planted here.
pub(crate) const fn planted(_: Fault) -> bool {
    false
}
