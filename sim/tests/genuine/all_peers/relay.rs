//! A relay between a client and a server that gives the client a session id the server does not know.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a handshake begins with.
const HANDSHAKE: &[u8] = b"GET /socket.io/1/?";

/// Relays connections to `server`, and changes the session id in the answer to the first handshake. Gives its port. It goes on as long
/// as the process does.
pub(super) fn misleading(server: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let first = Arc::new(AtomicBool::new(true));
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            // A server that has ended shows as a connection that ends.
            let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
            relay(client, server, &first);
        }
    });
    port
}

fn relay(client: TcpStream, server: TcpStream, first: &Arc<AtomicBool>) {
    let mislead = Arc::new(AtomicBool::new(false));
    let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (armed, first) = (Arc::clone(&mislead), Arc::clone(first));
    std::thread::spawn(move || {
        copy(from, to, |bytes| {
            // Before the request is passed on, so before its answer comes.
            if bytes.starts_with(HANDSHAKE) && first.swap(false, Ordering::SeqCst) {
                armed.store(true, Ordering::SeqCst);
            }
            std::mem::take(bytes)
        });
    });
    std::thread::spawn(move || {
        copy(server, client, |bytes| {
            if !mislead.load(Ordering::SeqCst) {
                return std::mem::take(bytes);
            }
            match session_id_end(bytes) {
                None => Vec::new(),
                Some(end) => {
                    mislead.store(false, Ordering::SeqCst);
                    let last = &mut bytes[end - 1];
                    *last = if *last == b'1' { b'2' } else { b'1' };
                    std::mem::take(bytes)
                }
            }
        });
    });
}

/// Copies until either side ends; `pass` takes out of what has come what is passed on.
fn copy(mut from: TcpStream, mut to: TcpStream, mut pass: impl FnMut(&mut Vec<u8>) -> Vec<u8>) {
    let mut chunk = [0; 16_384];
    let mut come = Vec::new();
    while let Ok(len @ 1..) = from.read(&mut chunk) {
        come.extend_from_slice(&chunk[..len]);
        if to.write_all(&pass(&mut come)).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Write).ok();
}

/// Where the session id of a handshake's answer ends: 16 or more digits, letters, `-` and `_` before a colon, after the head.
fn session_id_end(bytes: &[u8]) -> Option<usize> {
    let body = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let mut len = 0;
    bytes.iter().enumerate().skip(body).find_map(|(place, byte)| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            len += 1;
            return None;
        }
        let found = *byte == b':' && len >= 16;
        len = 0;
        found.then_some(place)
    })
}
