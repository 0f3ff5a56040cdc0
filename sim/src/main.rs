//! The `sio08` command.
fn main() {}
