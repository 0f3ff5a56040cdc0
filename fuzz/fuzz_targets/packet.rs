//! See `socketio08_fuzz::packet`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| socketio08_fuzz::packet(text));
