//! The order to end a connection, for the task that serves it.

use std::cell::Cell;

use tokio::sync::Notify;

/// How a connection is to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Manner {
    /// At once.
    Cut,
    /// After the response that is being written.
    Finish,
    /// With the page for a request that did not come in time, if nothing of one has come.
    Late,
}

/// Set once, seen by one waiting task.
#[derive(Debug, Default)]
pub(super) struct Ending {
    manner: Cell<Option<Manner>>,
    changed: Notify,
}

impl Ending {
    /// Gives the order; a later one replaces it.
    pub(super) fn order(&self, manner: Manner) {
        self.manner.set(Some(manner));
        self.changed.notify_one();
    }

    /// Waits for the order.
    pub(super) async fn ordered(&self) -> Manner {
        loop {
            if let Some(manner) = self.manner.take() {
                return manner;
            }
            self.changed.notified().await;
        }
    }
}
