//! See `socketio08_fuzz::joined`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    socketio08_fuzz::joined(bytes);
});
