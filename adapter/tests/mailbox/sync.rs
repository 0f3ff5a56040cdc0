//! The primitives of loom in the place of the adapter's, and the fault that is planted.

pub(crate) use loom::sync::atomic::{AtomicUsize, Ordering};
pub(crate) use loom::sync::{Arc, Mutex, MutexGuard};

use std::cell::Cell;

use crate::mailbox::Fault;

thread_local! {
    static PLANTED: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Loom runs the threads of a model as coroutines of the thread that calls it, so one variable of the thread is enough.
pub(crate) fn planted(fault: Fault) -> bool {
    PLANTED.get() == Some(fault)
}

/// Plants the fault of that name, if it is one.
pub(crate) fn plant(name: &str) {
    let faults = [
        Fault::SendsUnseen,
        Fault::SleepsUnseen,
        Fault::TakesEarly,
        Fault::WakesLocked,
        Fault::LeavesSilently,
        Fault::ClonesUncounted,
        Fault::UpgradesUnseen,
        Fault::CountsLate,
    ];
    PLANTED.set(faults.into_iter().find(|fault| format!("{fault:?}") == name));
}
