//! The simulated world of Socket.IO 0.8.
#![forbid(unsafe_code)]

pub mod browser;
pub mod cli;
pub mod engine;
pub mod probe;
pub mod report;
pub mod scenario;
pub mod serve;
pub mod trace;
pub mod world;
