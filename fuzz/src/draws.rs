//! Choices read from the bytes of a fuzzer: every text of bytes is a run, and a small change of it a similar run.

use core::time::Duration;

/// The bytes not yet used.
pub(crate) struct Draws<'a>(&'a [u8]);

impl<'a> Draws<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte; zero once there is none.
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        byte
    }

    /// A number below `bound`, which is 1 to 256.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Up to fifteen bytes as they are.
    pub(crate) fn raw(&mut self) -> &'a [u8] {
        let len = self.below(16).min(self.0.len());
        let (raw, rest) = self.0.split_at(len);
        self.0 = rest;
        raw
    }

    /// Nothing to an hour, mostly little.
    pub(crate) fn duration(&mut self) -> Duration {
        const SHORT: [u64; 8] = [0, 0, 0, 1, 5, 20, 100, 500];
        const LONG: [u64; 8] = [499, 1_000, 2_500, 10_000, 15_000, 20_000, 25_000, 3_600_000];
        let millis = if self.one_in(12) { self.pick(&LONG) } else { self.pick(&SHORT) };
        Duration::from_millis(millis)
    }
}
