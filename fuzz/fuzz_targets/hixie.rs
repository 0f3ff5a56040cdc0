//! See `socketio08_fuzz::hixie`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| socketio08_fuzz::hixie(bytes));
