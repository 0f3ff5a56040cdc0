//! A blocking Socket.IO 0.8 server on std threads. No runtime: [`machine`] drives the `Server` in one thread, each connection
//! has a thread of its own ([`connection`]) that reads HTTP/1.1 by `httparse`, and an upgraded one a second thread that writes
//! ([`websocket`], framed by `tungstenite`).
//!
//! Everything between the threads is a bounded channel: a connection waits while the machine is behind, and a peer that does
//! not read is cut when its queue is full.

pub mod connection;
pub mod http;
pub mod machine;
pub mod websocket;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use machine::Application;
use socketio08::server::ServerConfig;

/// Most inputs waiting for the machine.
const MAIL_MAX: usize = 1_024;

/// Serves for ever, or until accepting fails for want of a listener.
///
/// # Errors
/// What the system says.
pub fn serve(listener: &TcpListener, config: ServerConfig, application: impl Application) -> io::Result<()> {
    let (mail, receiver) = sync_channel(MAIL_MAX);
    let limits = config.limits;
    let machine = thread::Builder::new().name("machine".into());
    machine.spawn(move || machine::run(config, application, &receiver))?;
    let exchanges = Arc::new(AtomicU64::new(1));
    loop {
        match listener.accept() {
            Ok((stream, address)) => {
                let carrier = connection::Carrier {
                    mail: mail.clone(),
                    exchanges: Arc::clone(&exchanges),
                    limits,
                    address: address.ip().to_string().into(),
                };
                // A thread that cannot be had drops the connection: the peer comes back when there is room.
                let _ = thread::Builder::new().spawn(move || carrier.serve(stream));
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(error),
            // For want of descriptors or memory; others may give some back meanwhile.
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}
