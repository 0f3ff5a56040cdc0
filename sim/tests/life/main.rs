//! What clients live through in the direct engine: arrivals, moves, sleep, and how they leave.

mod clients;
mod deploys;
mod faults;
mod proxies;
mod sessions;
mod world;
