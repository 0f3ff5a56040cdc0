//! Names the library, so that it is built; nothing here is ever run.
#![no_std]

pub use socketio08;
