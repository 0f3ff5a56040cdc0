//! Machines ready to be measured, for the benchmarks and for the count of instructions.

pub mod callgrind;
mod client;
mod inputs;
mod node;

pub use client::Visitor;
pub use inputs::{Input, Kind, Sweeps, inputs, sweeps};
pub use node::{Node, message};
