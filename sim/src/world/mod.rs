//! The parts of the world that decide, without I/O: both engines share them, so an outcome is decided once.

pub mod application;
pub mod balancer;
pub mod bytes;
pub mod cluster;
pub mod deploy;
pub mod fault;
pub mod health;
pub mod jar;
pub mod population;
pub mod proxy;
pub mod redis;
pub mod seed;
pub mod sharing;
pub mod weather;
