//! The model checker: what it finds of the machines as they are, and of machines with planted faults.

mod holds;
#[cfg(feature = "seeded-faults")]
mod seeded;
