//! One connection: requests one after the other, then messages if upgraded.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel};
use std::time::Duration;

use bytes::Bytes;
use socketio08::server::{ExchangeId, Request, Response};
use socketio08::{Limits, Text};
use tungstenite::handshake::derive_accept_key;

use crate::http::{Incoming, Parsed, Refused, write_response};
use crate::machine::{Answer, Mail};
use crate::websocket;

/// How long a peer may take nothing of what is written to it.
const WRITE_MAX: Duration = Duration::from_secs(60);
/// How often a request that waits for its answer looks whether its peer is still there.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a connection's thread needs.
#[derive(Debug)]
pub struct Carrier {
    /// To the machine's thread.
    pub mail: SyncSender<Mail>,
    /// Numbers for exchanges; none is used twice.
    pub exchanges: Arc<AtomicU64>,
    /// The machine's limits.
    pub limits: Limits,
    /// The peer's address.
    pub address: Text,
}

impl Carrier {
    /// Serves the connection to its end.
    pub fn serve(self, stream: TcpStream) {
        // Whatever ends a connection, its peer knows, and the machine was told where it is used.
        let _ = self.carry(Incoming { stream, rest: Vec::new() });
    }

    fn carry(&self, mut incoming: Incoming) -> io::Result<()> {
        incoming.stream.set_nodelay(true)?;
        incoming.stream.set_write_timeout(Some(WRITE_MAX))?;
        loop {
            let parsed = match incoming.request(self.limits.payload_len_max) {
                Ok(parsed) => parsed,
                Err(Refused::Gone) => return Ok(()),
                Err(Refused::Status(status, text)) => {
                    let response =
                        Response { status, headers: Vec::new(), body: Bytes::from_static(text.as_bytes()) };
                    return write_response(&incoming.stream, &response, false);
                }
            };
            let keep_alive = parsed.keep_alive;
            let accept = websocket_accept(&parsed);
            let exchange = ExchangeId(self.exchanges.fetch_add(1, Ordering::Relaxed));
            let (answer, answered) = channel();
            let request = self.request(exchange, parsed, accept.is_some());
            self.tell(Mail::Request(request, answer, incoming.stream.try_clone()?))?;
            match (self.wait(exchange, &answered, &incoming.stream)?, accept) {
                (Answer::Respond(response), _) => {
                    write_response(&incoming.stream, &response, keep_alive)?;
                    if !keep_alive {
                        return Ok(());
                    }
                }
                (Answer::Upgrade(queue), Some(accept)) => {
                    let head = format!(
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                         Sec-WebSocket-Accept: {accept}\r\n\r\n"
                    );
                    let clean = match incoming.stream.write_all(head.as_bytes()) {
                        Ok(()) => websocket::carry(incoming, &self.limits, queue, |text| {
                            self.tell(Mail::Message(exchange, text))
                        }),
                        Err(_) => false,
                    };
                    return self.tell(Mail::Closed(exchange, clean));
                }
                // The machine upgrades only what asked for it.
                (Answer::Close | Answer::Upgrade(_), _) => return Ok(()),
            }
        }
    }

    fn request(&self, exchange: ExchangeId, parsed: Parsed, upgrade: bool) -> Request {
        Request {
            exchange,
            method: parsed.method,
            target: parsed.target,
            headers: parsed.headers,
            body: parsed.body,
            upgrade,
            address: self.address.clone(),
            secure: false,
        }
    }

    fn tell(&self, mail: Mail) -> io::Result<()> {
        self.mail.send(mail).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Waits for the answer, and tells the machine if the peer leaves first: a poll waits for many seconds.
    fn wait(
        &self,
        exchange: ExchangeId,
        answered: &Receiver<Answer>,
        stream: &TcpStream,
    ) -> io::Result<Answer> {
        loop {
            match answered.recv_timeout(LOOK_EVERY) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Disconnected) => return Ok(Answer::Close),
                Err(RecvTimeoutError::Timeout) => {}
            }
            stream.set_nonblocking(true)?;
            let peeked = stream.peek(&mut [0]);
            stream.set_nonblocking(false)?;
            let clean = match peeked {
                Ok(0) => true,
                Ok(_) => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(_) => false,
            };
            self.tell(Mail::Closed(exchange, clean))?;
            return Ok(Answer::Close);
        }
    }
}

/// The accept key if the request asks for a websocket that we speak: version 13, and 7 and 8, which frame alike.
fn websocket_accept(request: &Parsed) -> Option<String> {
    let is = |name: &str, token: &str| {
        request
            .header(name)
            .is_some_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
    };
    let spoken = matches!(request.header("sec-websocket-version"), Some("13" | "8" | "7"));
    (is("upgrade", "websocket") && is("connection", "upgrade") && spoken)
        .then(|| request.header("sec-websocket-key"))
        .flatten()
        .map(|key| derive_accept_key(key.as_bytes()))
}
