//! See `socketio08_fuzz::server_operations`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    socketio08_fuzz::server_operations(bytes);
});
