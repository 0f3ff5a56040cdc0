//! As much of HTTP/1.x as the recordings have.

use std::collections::BTreeSet;

/// A head and a body, taken from the front of a stream.
pub(crate) struct Whole {
    /// The first line.
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Why nothing was taken.
pub(crate) enum NotWhole {
    /// More bytes are needed.
    Incomplete,
    /// A parser of HTTP gives up here.
    Malformed,
}

impl Whole {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Takes one message from the front of `stream`. A request without a length has no body, a response without one goes on to
    /// the end of the stream.
    pub(crate) fn take(stream: &mut Vec<u8>) -> Result<Self, NotWhole> {
        let end = find(stream, b"\r\n\r\n").ok_or(NotWhole::Incomplete)?;
        let head = String::from_utf8_lossy(&stream[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        if !line.starts_with("HTTP/") && line.split(' ').count() != 3 {
            return Err(NotWhole::Malformed);
        }
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut whole = Self { line, headers, body: Vec::new() };
        let start = end + 4;
        let used = if whole.header("transfer-encoding") == Some("chunked") {
            whole.take_chunks(&stream[start..])?
        } else {
            let len = whole.header("content-length").and_then(|len| len.parse().ok());
            if len.is_none() && whole.line.starts_with("HTTP/") && whole.status() != 101 {
                return Err(NotWhole::Incomplete);
            }
            let len = len.unwrap_or(0);
            whole.body = stream.get(start..start + len).ok_or(NotWhole::Incomplete)?.to_vec();
            len
        };
        stream.drain(..start + used);
        Ok(whole)
    }

    /// Takes a response that ends with the stream, if one is there.
    pub(crate) fn take_to_end(stream: &mut Vec<u8>) -> Option<Self> {
        let body = stream.split_off(find(stream, b"\r\n\r\n")? + 4);
        let end = stream.len() - 2;
        stream.splice(end..end, *b"Content-Length: 0\r\n");
        let mut whole = Self::take(stream).ok()?;
        whole.headers.retain(|(name, _)| name != "content-length");
        whole.body = body;
        Some(whole)
    }

    /// Takes the head of a response in HTML that goes on in chunks, if one is there.
    pub(crate) fn take_stream_head(stream: &mut Vec<u8>) -> Option<Self> {
        let end = find(stream, b"\r\n\r\n")? + 4;
        let mut head = stream.get(..end)?.to_vec();
        let lower = String::from_utf8_lossy(&head).to_ascii_lowercase();
        if !lower.contains("content-type: text/html") || !lower.contains("transfer-encoding: chunked") {
            return None;
        }
        stream.drain(..end);
        head.extend_from_slice(b"0\r\n\r\n");
        Self::take(&mut head).ok()
    }

    fn take_chunks(&mut self, bytes: &[u8]) -> Result<usize, NotWhole> {
        let mut at = 0;
        loop {
            let line = find(&bytes[at..], b"\r\n").ok_or(NotWhole::Incomplete)?;
            let digits = String::from_utf8_lossy(&bytes[at..at + line]).into_owned();
            let len = usize::from_str_radix(digits.trim(), 16).map_err(|_| NotWhole::Malformed)?;
            let start = at + line + 2;
            let chunk = bytes.get(start..start + len).ok_or(NotWhole::Incomplete)?;
            self.body.extend_from_slice(chunk);
            at = start + len + 2;
            if len == 0 {
                return Ok(at);
            }
        }
    }

    /// The status of a response.
    pub(crate) fn status(&self) -> u16 {
        self.line.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }

    /// The headers of a response that Socket.IO set: without those of Node's HTTP server.
    pub(crate) fn own_headers(&self) -> BTreeSet<String> {
        self.headers
            .iter()
            .filter(|(name, value)| !is_of_node(name, value))
            .map(|(name, value)| format!("{name}: {value}"))
            .collect()
    }
}

/// Whether a header, its name in lower case, may be one of Node's HTTP server.
pub(crate) fn is_of_node(name: &str, value: &str) -> bool {
    name == "date"
        || name == "transfer-encoding"
        || (name == "connection" && matches!(value, "keep-alive" | "close"))
}

/// Takes one chunk from the front of `stream`, the last one being empty.
pub(crate) fn take_chunk(stream: &mut Vec<u8>) -> Option<Vec<u8>> {
    let line = find(stream, b"\r\n")?;
    let digits = String::from_utf8_lossy(stream.get(..line)?).into_owned();
    let len = usize::from_str_radix(digits.trim(), 16).expect("the length of a chunk");
    let chunk = stream.get(line + 2..line + 2 + len)?.to_vec();
    stream.get(line + 2 + len..line + 4 + len)?;
    stream.drain(..line + 4 + len);
    Some(chunk)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
