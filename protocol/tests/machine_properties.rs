//! The laws of the machines under calls drawn by proptest, which shrinks the run that breaks one. What is checked after each call
//! is in `fuzz/src`: equal calls give equal outputs and clones stay equal, drained is empty, no deadline is left behind, a
//! repeated timeout changes nothing, limits hold, exchanges are answered as a carrier can.
#![cfg(all(feature = "hixie", feature = "json"))]

use proptest::prelude::*;

#[expect(unreachable_pub, reason = "the file is a library of its own")]
#[expect(dead_code, reason = "the targets of the codec have a test of their own")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

/// The bytes that choose a configuration and then some dozens of calls.
fn run() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 2..400)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn a_client_keeps_the_laws_whatever_is_called(bytes in run()) {
        targets::client_operations(&bytes);
    }

    /// Alone, in a pool, with portable sessions, with the Redis store, with and without the faults of 0.8.7.
    #[test]
    fn a_server_keeps_the_laws_whatever_is_called(bytes in run()) {
        targets::server_operations(&bytes);
    }

    #[test]
    fn nothing_is_delivered_twice_in_a_session_whatever_the_wire_does(bytes in run()) {
        targets::joined(&bytes);
    }
}

/// A sum over runs of bytes from a generator with a seed.
fn reached(run: fn(&[u8]) -> usize) -> usize {
    let mut number: u64 = 8;
    let mut byte = || {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        number.to_be_bytes()[0]
    };
    (0..200).map(|_| run(&core::array::from_fn::<u8, 300, _>(|_| byte()))).sum()
}

#[test]
fn drawn_runs_reach_what_they_are_drawn_for() {
    let (connected, opened) = (reached(targets::client_operations), reached(targets::server_operations));
    let delivered = reached(targets::joined);
    println!("connected {connected}, opened {opened}, delivered {delivered}");
    assert!(connected > 200 && opened > 200 && delivered > 200, "{connected} {opened} {delivered}");
}
