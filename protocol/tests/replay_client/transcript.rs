//! One recorded transcript, taken apart: requests with their answers, websocket messages, events, what the application did.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// A request of the client, with what became of it.
#[derive(Debug, Default)]
pub struct Request {
    /// When it was complete at the peer.
    pub at: u64,
    /// `GET TARGET`, `POST TARGET BODY`, `FORM TARGET BODY` or `OPEN TARGET`, the value of `t` blanked.
    pub key: String,
    /// Status and body, and when they were complete.
    pub answer: Option<(u64, u16, Vec<u8>)>,
    /// When the peer ended the connection without an answer.
    pub cut: Option<u64>,
    /// An upgrade of the Node build's websocket, which never opens (facts 10.16).
    pub hixie: bool,
    /// Messages of the peer over the upgraded connection.
    pub messages: Vec<(u64, Vec<u8>)>,
}

/// Something the recorder wrote down on the client's side.
#[derive(Debug)]
pub enum Noted {
    /// An event of a socket by name: event and arguments.
    Event { socket: String, event: String, args: Vec<Value> },
    /// The application did something; counted from 0.
    Control(usize),
    /// A callback of an acknowledgement ran.
    Acknowledged,
    /// The page opened a websocket.
    SocketMade,
    /// The page sent this over its websocket.
    SocketSent(String),
    /// The page's websocket ended.
    SocketEnded,
    /// The page aborted a request, or closed a websocket that had not ended.
    Aborted,
}

#[derive(Debug)]
pub struct Transcript {
    pub browser: bool,
    pub options: Value,
    pub without_websocket: bool,
    /// The page is of another origin, and its browser has no CORS.
    pub without_cors: bool,
    /// Path and query of the URL.
    pub path: String,
    pub query: String,
    pub requests: Vec<Request>,
    pub noted: Vec<(u64, Noted)>,
    pub end: u64,
}

impl Transcript {
    /// `conns`: only what these connections carried, if any is named.
    pub fn read(path: &Path, conns: &[&str]) -> Self {
        let text = std::fs::read_to_string(path).expect("a readable file");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        let client = &file["client"];
        let mut events = file["events"].as_array().expect("events").clone();
        events.retain(|event| {
            let conn = event["conn"].as_str();
            conns.is_empty() || conn.is_none_or(|conn| conns.contains(&conn))
        });
        let events = &events;
        let url = client["url"].as_str().expect("a URL");
        let (path, query) = split_url(url);
        let noted = notes(events);
        // Where the recorder was stopped, the last thing the client did is the end.
        let exit = events.iter().find(|event| event["ev"] == "client-exit");
        let last = events.iter().rfind(|event| event["ev"] == "c2s" || event["ev"] == "client");
        let end = exit.or(last).map_or(0, time);
        let mut requests = requests(events);
        date_by_the_page(&mut requests, &noted);
        Self {
            browser: client["package"].as_str().is_some_and(|package| package.contains("browser")),
            options: client["options"].clone(),
            without_websocket: client["environment"]["noWebSocket"] == true,
            without_cors: client["environment"]["xdomain"] == true && client["environment"]["cors"] == false,
            path,
            query,
            requests,
            noted,
            end,
        }
    }
}

fn split_url(url: &str) -> (String, String) {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after.find('/').map_or("", |at| &after[at..]);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    (path.trim_end_matches('/').to_owned(), query.to_owned())
}

fn time(event: &Value) -> u64 {
    event["t_ms"].as_u64().unwrap_or(0)
}

// --- what the recorder noted on the client's side

fn notes(events: &[Value]) -> Vec<(u64, Noted)> {
    let mut noted = Vec::new();
    let mut controls = 0;
    let mut socket_open = false;
    for event in events.iter().filter(|event| event["ev"] == "client") {
        let note = if let (Some(socket), Some(name)) = (event["client"].as_str(), event["event"].as_str()) {
            let args = event["args"].as_array().cloned().unwrap_or_default();
            Noted::Event { socket: socket.to_owned(), event: name.to_owned(), args }
        } else if event.get("ctl").is_some() || event["client"] == "uncaughtException" {
            controls += 1;
            Noted::Control(controls - 1)
        } else if event.get("ack").is_some() {
            Noted::Acknowledged
        } else {
            match event["stub"].as_str() {
                Some("new WebSocket") => {
                    socket_open = true;
                    Noted::SocketMade
                }
                Some("ws.send") => Noted::SocketSent(event["data"].as_str().unwrap_or_default().to_owned()),
                Some("ws.onclose") => {
                    socket_open = false;
                    Noted::SocketEnded
                }
                Some("xhr.abort") => Noted::Aborted,
                Some("ws.close") if socket_open => Noted::Aborted,
                _ => continue,
            }
        };
        noted.push((time(event), note));
    }
    noted
}

/// A websocket of the page reaches the peer late; the page's own time is nearer to the cause.
fn date_by_the_page(requests: &mut [Request], noted: &[(u64, Noted)]) {
    let made = noted.iter().filter(|(_, note)| matches!(note, Noted::SocketMade)).map(|(at, _)| *at);
    for (request, at) in requests.iter_mut().filter(|request| request.key.starts_with("OPEN")).zip(made) {
        request.at = at;
    }
}

// --- the wire

#[derive(Default)]
struct Connection {
    sent: Vec<u8>,
    received: Vec<u8>,
    upgraded: bool,
    open: Vec<usize>,
    ended: bool,
}

fn requests(events: &[Value]) -> Vec<Request> {
    let mut requests: Vec<Request> = Vec::new();
    let mut connections: BTreeMap<&str, Connection> = BTreeMap::new();
    for event in events {
        let Some(name) = event["conn"].as_str() else { continue };
        let connection = connections.entry(name).or_default();
        let bytes = event["base64"].as_str().map(decode_base64).unwrap_or_default();
        match event["ev"].as_str() {
            Some("c2s") => {
                connection.sent.extend(bytes);
                while let Some(request) = connection.take_request(time(event)) {
                    connection.open.push(requests.len());
                    requests.push(request);
                }
            }
            Some("s2c") => {
                connection.received.extend(bytes);
                connection.take_answers(time(event), &mut requests);
            }
            // What the client ends, it ends for itself.
            Some("client-fin" | "client-destroy") => connection.ended = true,
            Some("server-fin" | "closed") if !connection.ended => {
                connection.ended = true;
                for index in connection.open.drain(..) {
                    requests[index].cut = Some(time(event));
                }
            }
            _ => {}
        }
    }
    requests
}

impl Connection {
    fn take_request(&mut self, at: u64) -> Option<Request> {
        if self.upgraded {
            return None;
        }
        let (head, rest) = split_head(&self.sent)?;
        let mut words = head.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let target = blank_time(target);
        let length = header(&head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        if rest.len() < length {
            return None;
        }
        let body = String::from_utf8_lossy(&rest[..length]).into_owned();
        let rest = rest[length..].to_vec();
        self.upgraded = header(&head, "upgrade").is_some();
        let key = match method {
            _ if self.upgraded => format!("OPEN {target}"),
            "POST" if header(&head, "content-type").is_some_and(|kind| kind.contains("form")) => {
                format!("FORM {target} {body}")
            }
            "POST" => format!("POST {target} {body}"),
            _ => format!("{method} {target}"),
        };
        let hixie = header(&head, "sec-websocket-key1").is_some();
        self.sent = rest;
        Some(Request { at, key, hixie, ..Request::default() })
    }

    fn take_answers(&mut self, at: u64, requests: &mut [Request]) {
        while let Some(index) = self.open.first().copied() {
            let request = &mut requests[index];
            if request.answer.as_ref().is_some_and(|(_, status, _)| *status == 101) {
                while let Some(message) = take_frame(&mut self.received) {
                    request.messages.push((at, message));
                }
                return;
            }
            let Some((status, body, rest)) = take_response(&self.received) else { return };
            self.received = rest;
            request.answer = Some((at, status, body));
            if status != 101 {
                self.open.remove(0);
            }
        }
    }
}

fn split_head(bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((String::from_utf8_lossy(&bytes[..at]).into_owned(), bytes[at + 4..].to_vec()))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// The digits after `t=` differ with every recording.
pub fn blank_time(target: &str) -> String {
    let Some(at) = target.find("?t=").or_else(|| target.find("&t=")) else { return target.to_owned() };
    let value = &target[at + 3..];
    let rest = value.trim_start_matches(|character: char| character.is_ascii_digit());
    format!("{}{rest}", &target[..at + 3])
}

fn take_response(bytes: &[u8]) -> Option<(u16, Vec<u8>, Vec<u8>)> {
    let (head, rest) = split_head(bytes)?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    if status == 101 {
        return Some((status, Vec::new(), rest));
    }
    if header(&head, "transfer-encoding").is_some() {
        let (body, rest) = take_chunks(&rest)?;
        return Some((status, body, rest));
    }
    let length: usize = header(&head, "content-length")?.parse().ok()?;
    (rest.len() >= length).then(|| (status, rest[..length].to_vec(), rest[length..].to_vec()))
}

fn take_chunks(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut body = Vec::new();
    let mut rest = bytes;
    loop {
        let at = rest.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..at]).ok()?, 16).ok()?;
        let chunk = rest.get(at + 2..at + 2 + length)?;
        body.extend_from_slice(chunk);
        rest = rest.get(at + 4 + length..)?;
        if length == 0 {
            return Some((body, rest.to_vec()));
        }
    }
}

/// The next text message of a server: unmasked frames, shorter than 65,536 bytes. Other frames are passed over.
fn take_frame(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        let (kind, short) = (*bytes.first()?, usize::from(*bytes.get(1)?));
        let (start, length) = match short {
            126 => (4, usize::from(*bytes.get(2)?) * 256 + usize::from(*bytes.get(3)?)),
            short => (2, short),
        };
        let payload = bytes.get(start..start + length)?.to_vec();
        bytes.drain(..start + length);
        if kind == 0x81 {
            return Some(payload);
        }
    }
}

fn decode_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for character in text.bytes().filter(|character| *character != b'=') {
        let value = ALPHABET.iter().position(|letter| *letter == character).expect("base64");
        bits = bits << 6 | u32::try_from(value).expect("six bits");
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).expect("eight bits"));
        }
    }
    bytes
}
