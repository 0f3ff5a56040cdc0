//! An upgraded connection: this thread reads, a second one writes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use socketio08::{Limits, Text};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, Utf8Bytes, WebSocket};

use crate::http::Incoming;

/// How long a closed socket may take to answer the close frame.
const LINGER: Duration = Duration::from_secs(10);

/// A stream whose writes are whole: the reader answers pings while the writer sends, and frames must not mix.
#[derive(Clone, Debug)]
struct Half {
    read: Arc<TcpStream>,
    write: Arc<Mutex<TcpStream>>,
}

impl Read for Half {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        (&*self.read).read(bytes)
    }
}

impl Write for Half {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut stream = self.write.lock().unwrap_or_else(PoisonError::into_inner);
        stream.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Carries messages until one side ends the socket; tells whether the peer ended it cleanly.
pub fn carry(
    incoming: Incoming,
    limits: &Limits,
    queue: Receiver<Text>,
    mut receive: impl FnMut(Text) -> io::Result<()>,
) -> bool {
    let Incoming { stream, rest } = incoming;
    let Ok(write) = stream.try_clone() else { return false };
    // A session's heartbeats, not this socket, tell when a quiet peer is gone.
    if stream.set_read_timeout(None).is_err() {
        return false;
    }
    let half = Half { read: Arc::new(stream), write: Arc::new(Mutex::new(write)) };
    let config = WebSocketConfig::default()
        .max_message_size(Some(limits.payload_len_max))
        .max_frame_size(Some(limits.payload_len_max))
        .accept_unmasked_frames(true);
    let writer = WebSocket::from_raw_socket(half.clone(), Role::Server, Some(config));
    let mut reader = WebSocket::from_partially_read(half.clone(), rest, Role::Server, Some(config));
    if thread::Builder::new().spawn(move || write_all(writer, &queue)).is_err() {
        return false;
    }
    let clean = loop {
        match reader.read() {
            Ok(Message::Text(text)) => {
                if receive(Text::from_utf8_lossy(text.into())).is_err() {
                    break false;
                }
            }
            Ok(Message::Close(_)) => {
                // Sends the answer to the close frame.
                let _ = reader.flush();
                break true;
            }
            Ok(_) => {}
            Err(tungstenite::Error::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => {
                break true;
            }
            Err(_) => break false,
        }
    };
    // Wakes a writer that is in the middle of it.
    let _ = half.read.shutdown(Shutdown::Both);
    clean
}

/// Sends what comes out of the queue; when the queue ends, a close frame and a FIN (old clients know only that).
fn write_all(mut socket: WebSocket<Half>, queue: &Receiver<Text>) {
    for text in queue {
        let text = Utf8Bytes::try_from(text.into_bytes()).unwrap_or_default();
        if socket.send(Message::Text(text)).is_err() {
            // The reader sees the end of the connection too, and reports it.
            let _ = socket.get_ref().read.shutdown(Shutdown::Both);
            return;
        }
    }
    let _ = socket.close(None);
    let _ = socket.flush();
    let stream = &socket.get_ref().read;
    let _ = stream.shutdown(Shutdown::Write);
    // The reader waits for the peer's answer, but not for ever.
    thread::sleep(LINGER);
    let _ = stream.shutdown(Shutdown::Both);
}
