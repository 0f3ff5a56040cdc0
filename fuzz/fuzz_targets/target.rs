//! See `socketio08_fuzz::target`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| socketio08_fuzz::target(text));
