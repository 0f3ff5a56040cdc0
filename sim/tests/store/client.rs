//! Single requests and sockets, each to the server of one's choice.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

const PATIENCE: Duration = Duration::from_secs(30);

/// The body that a request is answered with.
fn request(port: u16, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = Vec::new();
    let mut byte = [0];
    // A genuine poll is answered `Connection: Keep-Alive`, whatever was asked for.
    while !is_whole(&response) && stream.read(&mut byte).unwrap() == 1 {
        response.push(byte[0]);
    }
    let response = String::from_utf8(response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    if is_chunked(head) { unchunked(body) } else { body.to_owned() }
}

fn is_chunked(head: &str) -> bool {
    head.to_ascii_lowercase().contains("transfer-encoding: chunked")
}

fn is_whole(response: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(response) else { return false };
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length: Option<usize> = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    match length {
        Some(length) => body.len() == length,
        None => is_chunked(head) && body.ends_with("0\r\n\r\n"),
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            break;
        }
        whole.push_str(&rest[..length]);
        body = rest[length..].trim_start_matches("\r\n");
    }
    whole
}

/// Handshakes at a server; the session's id, when every other node knows it.
pub(crate) fn handshake(port: u16) -> String {
    let body = request(port, "GET /socket.io/1/?t=1", "");
    crate::settle();
    body.split(':').next().unwrap().to_owned()
}

pub(crate) fn poll(port: u16, session: &str) -> String {
    request(port, &format!("GET /socket.io/1/xhr-polling/{session}?t=2"), "")
}

pub(crate) fn post(port: u16, session: &str, packet: &str) {
    assert_eq!(request(port, &format!("POST /socket.io/1/xhr-polling/{session}?t=3"), packet), "1");
}

/// A websocket that is connected.
pub(crate) struct Socket(WebSocket<TcpStream>);

impl Socket {
    pub(crate) fn open(port: u16, session: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let url = format!("ws://127.0.0.1:{port}/socket.io/1/websocket/{session}");
        let (socket, _) = tungstenite::client(url, stream).unwrap();
        let mut socket = Self(socket);
        assert_eq!(socket.next(), "1::");
        crate::settle();
        socket
    }

    pub(crate) fn send(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).unwrap();
    }

    /// The next message; `closed` if there is none any more.
    pub(crate) fn next(&mut self) -> String {
        match self.0.read() {
            Ok(Message::Text(text)) => text.to_string(),
            Ok(Message::Close(_))
            | Err(tungstenite::Error::ConnectionClosed | tungstenite::Error::Protocol(_)) => {
                "closed".to_owned()
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => panic!("nothing came: {error}"),
        }
    }
}
