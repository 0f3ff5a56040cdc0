//! As much of RFC 6455 framing as the recordings of packets have.

/// A frame, unmasked.
pub(crate) struct Frame {
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

/// Opcode of a text frame.
pub(crate) const TEXT: u8 = 1;
/// Opcode of a close frame.
pub(crate) const CLOSE: u8 = 8;

impl Frame {
    /// Takes one frame from the front of `stream`, if it is there.
    pub(crate) fn take(stream: &mut Vec<u8>) -> Option<Self> {
        let (first, second) = (*stream.first()?, *stream.get(1)?);
        let (len_len, mut len) = match second & 0x7f {
            126 => (2, 0),
            127 => (8, 0),
            short => (0, usize::from(short)),
        };
        for &byte in stream.get(2..2 + len_len)? {
            len = len << 8 | usize::from(byte);
        }
        let mask_len = if second & 0x80 == 0 { 0 } else { 4 };
        let start = 2 + len_len + mask_len;
        let mask = stream.get(start - mask_len..start)?.to_vec();
        let mut payload = stream.get(start..start.checked_add(len)?)?.to_vec();
        if mask_len > 0 {
            payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        }
        stream.drain(..start + len);
        Some(Self { opcode: first & 0x0f, payload })
    }
}
