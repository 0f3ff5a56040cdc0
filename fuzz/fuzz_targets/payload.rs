//! See `socketio08_fuzz::payload`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| socketio08_fuzz::payload(text));
