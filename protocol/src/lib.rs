//! Socket.IO 0.8 (protocol revision 1) without I/O.
//!
//! Two layers, usable one without the other:
//!
//! * the **codec**: [`Packet`], [`PacketRef`], [`payload`], [`handshake`], [`target`]; below it, for carriers of old
//!   clients, websocket drafts (`hixie`) and flash policy files ([`policy`]);
//! * the **machines**: [`client::Client`] and [`server::Server`], which hold sessions. They own no clock, socket, thread
//!   or random number: time is a parameter, session ids and jitter come from the caller.
//!
//! # The laws of the machines
//!
//! 1. After any `&mut` call drain `poll_transmit`, then `poll_event`, before waiting on `poll_timeout`.
//! 2. `now` never goes back; a smaller one counts as the last one seen.
//! 3. After `handle_timeout(now)` every deadline left is later than `now`; early or repeated calls change nothing.
//! 4. Same calls, same outputs. No map with random order.
//! 5. The peer cannot make a call fail, panic, or grow memory without bound.
//! 6. Every queue has a limit from [`Limits`], each with its reason; reaching it is a defined error or close, and nothing
//!    already accepted is lost silently.
//! 7. Finding the next deadline costs O(log sessions), never a scan.
//!
//! # Features
//!
//! The first two are on by default; without them the crate needs bytes, bytestring and nom alone.
//!
//! | feature | what it adds |
//! |---|---|
//! | `hixie` | the websocket drafts of 2010 and 2011, module `hixie`: for carriers |
//! | `json` | typed views of JSON data, module `json`: `event_text`, `json_text`, `packet.event()`, `packet.json()` |
//! | `seeded-faults` | faults on purpose, for tests of what checks the machines, and for nothing else |
//!
//! None needs `std`; the crate is `no_std` with `alloc`, and builds for WebAssembly.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod client;
mod config;
mod event;
pub mod handshake;
#[cfg(feature = "hixie")]
pub mod hixie;
pub mod htmlfile;
#[cfg(feature = "json")]
pub mod json;
pub mod jsonp;
mod limits;
mod origin;
mod packet;
pub mod payload;
pub mod policy;
mod profile;
mod quoted;
pub mod script;
mod seeded;
pub mod server;
mod shared;
pub mod target;
mod text;
mod time;
mod timer;
mod transport;

pub use event::event_text_raw;
#[cfg(feature = "json")]
pub use json::{EventView, JsonError, JsonErrorKind, event_text, json_text};
pub use limits::Limits;
pub use origin::{Cors, Host, Origin, OriginError, OriginErrorKind, Origins};
pub use packet::{
    AckId, Advice, Body, BodyRef, DecodeError, DecodeErrorKind, Packet, PacketRef, PacketType, Reason,
};
pub use profile::{Profile, UnknownProfile};
#[cfg(feature = "seeded-faults")]
pub use seeded::SeededFault;
pub use shared::{AckMode, ExchangeId, LocalError, Outgoing, Violation};
pub use text::{NotUtf8, Text};
pub use time::Instant;
pub use timer::{Deadline, Timer};
pub use transport::Transport;
