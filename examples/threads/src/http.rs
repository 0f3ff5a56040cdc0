//! As much of HTTP/1.1 as these clients need: heads, bodies of known length, whole responses.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use bytes::Bytes;
use socketio08::Text;
use socketio08::server::{Method, Response};

/// Longest head.
const HEAD_LEN_MAX: usize = 16_384;
/// How long a connection may be idle between two requests.
const IDLE_MAX: Duration = Duration::from_secs(120);
/// How long a request may take from its first byte to its last: a peer that trickles is not waited for.
const REQUEST_MAX: Duration = Duration::from_secs(30);

/// A connection and what was read of it beyond the last request.
#[derive(Debug)]
pub struct Incoming {
    /// The connection.
    pub stream: TcpStream,
    /// Bytes not taken yet.
    pub rest: Vec<u8>,
}

/// A request, whole.
#[derive(Debug)]
pub struct Parsed {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: Text,
    /// Names and values.
    pub headers: Vec<(Text, Text)>,
    /// The body.
    pub body: Bytes,
    /// Whether the connection stays open afterwards.
    pub keep_alive: bool,
}

/// Why there is no request.
#[derive(Debug)]
pub enum Refused {
    /// The connection ended or failed.
    Gone,
    /// Answer this and close.
    Status(u16, &'static str),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Refused::Status(408, "too slow\n"),
            _ => Refused::Gone,
        }
    }
}

impl Parsed {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl Incoming {
    /// The next request, its body no longer than `body_len_max`.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn request(&mut self, body_len_max: usize) -> Result<Parsed, Refused> {
        if self.rest.is_empty() {
            // Nobody waits for an answer on a connection that was only idle.
            self.read(Instant::now() + IDLE_MAX).map_err(|_| Refused::Gone)?;
        }
        let end = Instant::now() + REQUEST_MAX;
        let (mut parsed, head_len, body_len) = loop {
            match parse(&self.rest)? {
                Some(head) => break head,
                None if self.rest.len() > HEAD_LEN_MAX => {
                    return Err(Refused::Status(431, "head too long\n"));
                }
                None => self.read(end)?,
            }
        };
        if body_len > body_len_max {
            return Err(Refused::Status(413, "body too long\n"));
        }
        while self.rest.len() < head_len + body_len {
            self.read(end)?;
        }
        parsed.body = self.rest.drain(..head_len + body_len).skip(head_len).collect();
        Ok(parsed)
    }

    fn read(&mut self, end: Instant) -> io::Result<()> {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut bytes = [0; 4_096];
        match self.stream.read(&mut bytes)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            len => {
                self.rest.extend_from_slice(&bytes[..len]);
                Ok(())
            }
        }
    }
}

/// The request without its body, the length of its head and that of its body; `None`: the head is not whole.
fn parse(bytes: &[u8]) -> Result<Option<(Parsed, usize, usize)>, Refused> {
    const BAD: Refused = Refused::Status(400, "bad request\n");
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let head_len = match request.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(BAD),
    };
    let method = match request.method {
        Some("GET" | "HEAD") => Method::Get,
        Some("POST") => Method::Post,
        Some("OPTIONS") => Method::Options,
        _ => Method::Other,
    };
    let text = |bytes: &[u8]| Text::from(String::from_utf8_lossy(bytes).into_owned());
    let headers =
        request.headers.iter().map(|header| (Text::from(header.name), text(header.value))).collect();
    let target = Text::from(request.path.unwrap_or_default());
    let mut parsed =
        Parsed { method, target, headers, body: Bytes::new(), keep_alive: request.version == Some(1) };
    if parsed.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
        parsed.keep_alive = false;
    }
    if parsed.header("transfer-encoding").is_some() {
        return Err(Refused::Status(411, "a length is required\n"));
    }
    let body_len = parsed.header("content-length").map_or(Ok(0), str::parse).map_err(|_| BAD)?;
    Ok(Some((parsed, head_len, body_len)))
}

/// Writes a response.
///
/// # Errors
/// What the system says.
pub fn write_response(mut stream: &TcpStream, response: &Response, keep_alive: bool) -> io::Result<()> {
    let mut bytes = format!("HTTP/1.1 {} -\r\n", response.status).into_bytes();
    for (name, value) in &response.headers {
        if !name.eq_ignore_ascii_case("content-length") && !name.eq_ignore_ascii_case("connection") {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
    }
    let connection = if keep_alive { "keep-alive" } else { "close" };
    let len = response.body.len();
    bytes.extend_from_slice(format!("Connection: {connection}\r\nContent-Length: {len}\r\n\r\n").as_bytes());
    bytes.extend_from_slice(&response.body);
    stream.write_all(&bytes)
}
