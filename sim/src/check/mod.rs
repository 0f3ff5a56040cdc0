//! Model checking: every order of events that a small deployment can have is played on the real machines.
//!
//! A [`Setup`] says what there is. A state is the machines themselves, the exchanges between them with what is on its way, and a
//! few notes of the checker. [`explore`] takes every possible step from every state, as far as there are new ones, and
//! looks whether the properties of `docs/INVARIANTS.md` hold. What makes that finite:
//!
//! * **Time passes only while nothing moves**, and then to the next deadline of any machine: messages are faster than timers.
//!   What a fault holds up may arrive at any later time. Deadlines of one instant fire in every order.
//! * **After each step the clocks show zero again** and everything is numbered anew (`Client::rebase`, `Server::rebase`), so
//!   that two ways to the same future lead to one state.
//! * **Applications say a bounded number of messages, and faults are rationed.**

mod action;
mod drive;
mod explore;
mod file;
mod frozen;
mod marks;
mod model;
mod network;
mod property;
mod relay;
mod settle;
mod setup;
mod shared;
mod step;
mod store;
mod story;
mod svg;
mod told;
mod world;

pub use action::Action;
pub use explore::{Effort, Explored, Finding, Progress, explore};
pub use file::{BadWay, Way};
pub use property::Kind;
pub use setup::{Balance, Behaviour, Fault, Setup, Store, Transports};
pub use story::{Impossible, Story, replay};
