//! A machine that many states share, with its hash.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// A value that most steps leave alone: a clone is a reference count, and its hash is computed once.
#[derive(Clone, Debug)]
pub(super) struct Frozen<T> {
    value: Arc<T>,
    hash: u64,
    /// It was changed since its hash was computed.
    stale: bool,
}

impl<T: Clone + Hash> Frozen<T> {
    pub(super) fn new(value: T) -> Self {
        let hash = hash(&value);
        Self { value: Arc::new(value), hash, stale: false }
    }

    /// To change it. [`Frozen::freeze`] must follow.
    pub(super) fn thaw(&mut self) -> &mut T {
        self.stale = true;
        Arc::make_mut(&mut self.value)
    }

    pub(super) fn is_stale(&self) -> bool {
        self.stale
    }

    pub(super) fn freeze(&mut self) {
        if self.stale {
            self.hash = hash(&*self.value);
            self.stale = false;
        }
    }
}

impl<T> std::ops::Deref for Frozen<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// The same in every process: without keys.
fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl<T> Hash for Frozen<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl<T: Eq> Eq for Frozen<T> {}

impl<T: PartialEq> PartialEq for Frozen<T> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && (Arc::ptr_eq(&self.value, &other.value) || self.value == other.value)
    }
}
