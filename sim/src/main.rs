//! The `sio08` command.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    socketio08_sim::cli::main(std::env::args_os()).into()
}
