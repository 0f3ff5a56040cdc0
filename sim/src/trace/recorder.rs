//! Takes the events in order, numbers them, and hands them on: to the summary, to a file, to the digest.

use std::hash::{Hash, Hasher};
use std::io::{self, Write};

use socketio08::Instant;

use super::{Record, TraceEvent};

/// Where engines put what happens. Times never go back.
pub trait TraceSink {
    /// Takes one event at `at`.
    fn record(&mut self, at: Instant, event: TraceEvent);
}

impl TraceSink for Vec<Record> {
    fn record(&mut self, at: Instant, event: TraceEvent) {
        let seq = self.len() as u64;
        self.push(event.recorded(at, seq));
    }
}

/// Numbers the records, digests them, hands each to `each` and writes the lines of `--trace`.
pub struct Recorder<'a> {
    seq: u64,
    digest: Fnv,
    file: Option<&'a mut dyn Write>,
    failure: Option<io::Error>,
    each: &'a mut dyn FnMut(&Record),
}

impl<'a> Recorder<'a> {
    /// A recorder that calls `each` for every record and writes JSON lines to `file`.
    pub fn new(each: &'a mut dyn FnMut(&Record), file: Option<&'a mut dyn Write>) -> Self {
        Self { seq: 0, digest: Fnv::default(), file, failure: None, each }
    }

    /// A number that two runs share only if they recorded the same.
    ///
    /// # Errors
    /// The first error that writing the file met; nothing was written after it.
    pub fn finish(mut self) -> io::Result<u64> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        Ok(self.digest.finish())
    }

    fn write(&mut self, record: &Record) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            serde_json::to_writer(&mut *file, record)?;
            file.write_all(b"\n")?;
        }
        Ok(())
    }
}

impl TraceSink for Recorder<'_> {
    fn record(&mut self, at: Instant, event: TraceEvent) {
        let record = event.recorded(at, self.seq);
        self.seq += 1;
        record.hash(&mut self.digest);
        (self.each)(&record);
        if self.failure.is_none()
            && let Err(error) = self.write(&record)
        {
            self.failure = Some(error);
        }
    }
}

/// FNV-1a: small, fixed, and the same in every process (the standard hasher is seeded at random).
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
