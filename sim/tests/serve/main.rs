//! `sio08 serve` as a process: its pages, its two applications, and what it says when it cannot serve.
#![allow(clippy::unwrap_used, reason = "tests")]

mod old_clients;
mod origins;
mod pages;
mod process;
mod profile;
mod routed;
mod sessions;
mod threads;
mod usage;
