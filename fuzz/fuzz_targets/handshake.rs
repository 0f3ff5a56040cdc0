//! See `socketio08_fuzz::handshake`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| socketio08_fuzz::handshake(text));
