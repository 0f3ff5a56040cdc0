//! HAProxy's hash functions, checked against its recorded choices (`tests/balancer_choices.rs`).

use crate::scenario::HashFunction;

/// HAProxy's `full_hash`: the public-domain 32-bit integer hash of six steps, spread once more by a multiplication.
pub(super) fn full_hash(value: u32) -> u32 {
    let mut hash = value;
    hash = hash.wrapping_add(0x7ed5_5d16).wrapping_add(hash << 12);
    hash = hash ^ 0xc761_c23c ^ (hash >> 19);
    hash = hash.wrapping_add(0x1656_67b1).wrapping_add(hash << 5);
    hash = hash.wrapping_add(0xd3a2_646c) ^ (hash << 9);
    hash = hash.wrapping_add(0xfd70_46c5).wrapping_add(hash << 3);
    hash = hash ^ 0xb55a_4f09 ^ (hash >> 16);
    hash.wrapping_mul(3_221_225_473)
}

/// The hash of a text under a function (`hash-type ... sdbm`).
pub(super) fn of_text(function: HashFunction, text: &str) -> u32 {
    match function {
        HashFunction::Sdbm => fold(0, text, |hash, byte| {
            byte.wrapping_add(hash << 6).wrapping_add(hash << 16).wrapping_sub(hash)
        }),
        HashFunction::Djb2 => {
            fold(5_381, text, |hash, byte| (hash << 5).wrapping_add(hash).wrapping_add(byte))
        }
        HashFunction::Wt6 => wt6(text),
        HashFunction::Crc32 => !crc32_continue(!0, text.as_bytes()),
    }
}

fn fold(first: u32, text: &str, step: impl Fn(u32, u32) -> u32) -> u32 {
    text.bytes().fold(first, |hash, byte| step(hash, u32::from(byte)))
}

/// The hash by William Torrez, of two halves that are rotated by numbers drawn from them.
fn wt6(text: &str) -> u32 {
    let (mut h0, mut h1) = (0xa53c_965a_u32, 0x5ca6_953a_u32);
    let (mut step0, mut step1) = (6, 18);
    for byte in text.bytes().map(u32::from) {
        h0 = !(h0 ^ byte);
        h1 = !h1.wrapping_add(byte);
        (h0, h1) = (h1.rotate_left(step0), h0.rotate_left(step1));
        let drawn = ((h0 >> 16) ^ h1) & 0xffff;
        (step0, step1) = (drawn & 0x1f, drawn >> 11);
    }
    h0 ^ h1
}

/// CRC-32 (IEEE 802.3) over more bytes, without the inversions at both ends: begin with all ones, end with its inverse.
pub(super) fn crc32_continue(register: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(register, |register, byte| {
        (0..8).fold(register ^ u32::from(*byte), |register, _| {
            (register >> 1) ^ (0xedb8_8320 & (register & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_of_the_check_string() {
        assert_eq!(of_text(HashFunction::Crc32, "123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_hash_of_nothing_is_where_the_function_begins() {
        assert_eq!(of_text(HashFunction::Sdbm, ""), 0);
        assert_eq!(of_text(HashFunction::Djb2, ""), 5_381);
        assert_eq!(of_text(HashFunction::Crc32, ""), 0);
    }
}
