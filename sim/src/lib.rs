//! The simulated world of Socket.IO 0.8.
#![forbid(unsafe_code)]
#![allow(
    clippy::must_use_candidate,
    reason = "the library of one program; the lint is for what others embed"
)]

pub mod browser;
pub mod check;
pub mod cli;
pub mod engine;
pub mod probe;
pub mod report;
pub mod scenario;
pub mod serve;
pub mod sweep;
pub mod trace;
pub mod world;
