//! See `fuzz/src/scenario.rs`.
#![no_main]

#[path = "../src/scenario.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|text: &str| {
    check::scenario(text, 1);
});
