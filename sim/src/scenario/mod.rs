//! Scenario files: what a world is made of, read from TOML and refused with a place and a remedy.
//!
//! `docs/SCENARIOS.md` describes every key. [`Scenario::load`] takes a file or the name of a built-in scenario,
//! [`Scenario::parse`] a text.

mod model;

pub use model::{
    AddressBlock, Arrival, Balance, Balancer, BalancerMode, Check, ClientProfile, Clients, Connections,
    Deploy, DeployKind, Fault, HashType, HttpOption, Latency, Network, Redispatch, Scenario, ServerCost,
    ServerIx, Servers, Signal, Store,
};
