//! The model checker: what it finds of the machines as they are.

mod holds;
