//! See `socketio08_fuzz::jsonp_body`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| socketio08_fuzz::jsonp_body(bytes));
