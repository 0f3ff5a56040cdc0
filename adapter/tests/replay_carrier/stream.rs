//! What a server sends on one connection, taken apart into items that can be compared.

use super::http::Whole;
use super::hybi::{CLOSE, Frame, TEXT};

/// The pong of 0.8.7, which is no frame (facts 7.6).
const PONG_OF_0_8_7: &[u8] = &[0xc2, 0x8a, 0x00];

/// Reads what a server sends.
#[derive(Default)]
pub(crate) struct Stream {
    bytes: Vec<u8>,
    mode: Mode,
    /// The response said that the connection is closed after it.
    closing: bool,
    pub(crate) items: Vec<String>,
}

#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Mode {
    #[default]
    Http,
    /// RFC 6455.
    Hybi,
    /// Hixie-76 before its digest.
    Digest,
    /// Hixie.
    Hixie,
    /// A flash policy file, up to the end.
    Policy,
}

impl Stream {
    /// Reads the answer to a flash policy request.
    pub(crate) fn of_policy() -> Self {
        Self { mode: Mode::Policy, ..Self::default() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.starts_with(b"<?xml") {
            self.mode = Mode::Policy;
        }
        while let Some(item) = self.take() {
            self.items.push(item);
        }
    }

    pub(crate) fn fin(&mut self) {
        if !self.bytes.is_empty() {
            self.items.push(format!("rest {}", String::from_utf8_lossy(&self.bytes)));
        }
        if !self.closing {
            self.items.push("fin".to_owned());
        }
    }

    fn take(&mut self) -> Option<String> {
        match self.mode {
            Mode::Http => self.take_response(),
            Mode::Hybi => self.take_frame(),
            Mode::Digest if self.bytes.first()? == &0x00 => {
                self.mode = Mode::Hixie;
                self.take()
            }
            Mode::Digest => {
                let digest = self.bytes.get(..16)?.escape_ascii().to_string();
                self.bytes.drain(..16);
                self.mode = Mode::Hixie;
                Some(format!("digest {digest}"))
            }
            Mode::Hixie => {
                let end = self.bytes.iter().position(|&byte| byte == 0xff)?;
                let frame: Vec<u8> = self.bytes.drain(..=end).collect();
                let text = frame.strip_prefix(b"\x00").expect("a frame of hixie starts with 00");
                Some(format!("message {}", String::from_utf8_lossy(&text[..text.len() - 1])))
            }
            Mode::Policy => None,
        }
    }

    fn take_response(&mut self) -> Option<String> {
        let end = self.bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&self.bytes[..end]).into_owned();
        if head.contains("Socket Protocol Handshake") {
            // Clients compare it byte by byte, and so does this.
            self.bytes.drain(..end);
            let digest = head.contains(" WebSocket Protocol Handshake");
            self.mode = if digest { Mode::Digest } else { Mode::Hixie };
            return Some(format!("head {}", head.trim_end().replace("\r\n", " | ")));
        }
        let whole = Whole::take(&mut self.bytes).ok()?;
        // Node sends chunks where a length is sent here.
        let headers: Vec<String> =
            whole.own_headers().into_iter().filter(|header| !header.starts_with("content-length")).collect();
        if whole.status() == 101 {
            self.mode = Mode::Hybi;
        }
        self.closing = whole.header("connection") == Some("close");
        let body = String::from_utf8_lossy(&whole.body).trim_end().to_owned();
        Some(format!("{} [{}] {body}", whole.status(), headers.join(", ")).trim_end().to_owned())
    }

    fn take_frame(&mut self) -> Option<String> {
        if self.bytes.starts_with(PONG_OF_0_8_7) {
            self.bytes.drain(..PONG_OF_0_8_7.len());
            return Some("the bytes C2 8A 00".to_owned());
        }
        if self.bytes.starts_with(&[0x81, 126, 0, 0]) && self.bytes.get(4).is_some() {
            // 0.8.7 and 0.9 send a packet of 65,536 bytes with length 0 (facts 7.4).
            let text = self.bytes.get(4..4 + 65_536)?.to_vec();
            self.bytes.drain(..4 + 65_536);
            return Some(format!("length 0 before {}", shortened(&String::from_utf8_lossy(&text))));
        }
        let frame = Frame::take(&mut self.bytes)?;
        let payload = String::from_utf8_lossy(&frame.payload);
        Some(match frame.opcode {
            TEXT => format!("message {}", shortened(&payload)),
            CLOSE => match frame.payload[..] {
                [high, low, ..] => format!("close {}", u16::from_be_bytes([high, low])),
                _ => "close".to_owned(),
            },
            0xa => format!("pong {payload}"),
            opcode => format!("opcode {opcode} {payload}"),
        })
    }
}

/// A text, or the beginning and the length of a long one.
fn shortened(text: &str) -> String {
    match text.get(..20) {
        Some(start) if text.len() > 120 => format!("{start}... of {} bytes", text.len()),
        _ => text.to_owned(),
    }
}
