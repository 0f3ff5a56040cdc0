//! How many bytes things take on the wire: what the direct engine, which carries none, counts by.
//!
//! Stated, not measured on each run: headers of a browser are about 900 bytes (the measurements of memory sent as many),
//! heads of responses are those of 0.8.7 to a poll, to the byte.

/// The headers of a browser's request, its request line apart.
const REQUEST_HEADERS: u64 = 900;
/// `HTTP/1.1 200 OK`, `Content-Type: text/plain; charset=UTF-8`, `Content-Length: 3`, `Connection: Keep-Alive`.
const RESPONSE_HEAD: u64 = 103;
/// `HTTP/1.1 101 Switching Protocols` with `Upgrade`, `Connection` and `Sec-WebSocket-Accept`.
const UPGRADE_HEAD: u64 = 129;
/// ` HTTP/1.1` and the line's end, with the spaces around the target.
const REQUEST_LINE: u64 = 12;
/// The policy file of 0.8.7, which allows every host, as recorded.
pub const POLICY: u64 = 206;

/// A request with a method of `method` bytes.
pub fn request(method: usize, target: usize, body: usize) -> u64 {
    REQUEST_LINE + REQUEST_HEADERS + [method, target, body].map(|part| part as u64).iter().sum::<u64>()
}

/// A response with its whole body, or the first part of it.
pub fn response(body: usize) -> u64 {
    RESPONSE_HEAD + body as u64
}

/// The response that opens a websocket.
pub fn upgraded() -> u64 {
    UPGRADE_HEAD
}

/// A part of a response that goes on: its length in hexadecimal digits and two ends of lines (RFC 2616, 3.6.1).
pub fn chunk(part: usize) -> u64 {
    let digits = u64::from((usize::BITS - part.leading_zeros()).div_ceil(4).max(1));
    digits + 4 + part as u64
}

/// A websocket message in one frame (RFC 6455, 5.2); those of clients are masked.
pub fn message(text: usize, masked: bool) -> u64 {
    let head = match text {
        0..=125 => 2,
        126..=65_535 => 4,
        _ => 10,
    };
    head + if masked { 4 } else { 0 } + text as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_2_4_or_10_bytes_before_the_text_and_4_more_from_clients() {
        assert_eq!(
            [0, 125, 126, 65_535, 65_536].map(|text| message(text, false) - text as u64),
            [2, 2, 4, 4, 10]
        );
        assert_eq!(message(3, true), 9);
    }

    #[test]
    fn chunks_have_their_length_in_hexadecimal_before_them() {
        assert_eq!([1, 15, 16, 255, 256].map(|part| chunk(part) - part as u64), [5, 5, 6, 6, 7]);
    }
}
