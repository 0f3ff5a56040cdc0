//! `cargo run -p socketio08-example-threads`: an echo on port 8000.

use std::net::TcpListener;

use socketio08::Instant;
use socketio08::server::{AckMode, Outgoing, Server, ServerConfig, ServerEvent};
use socketio08::{Body, Transport};

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:8000")?;
    let transports = vec![Transport::Websocket, Transport::XhrPolling];
    socketio08_example_threads::serve(&listener, ServerConfig::default().transports(transports), echo)
}

fn echo(now: Instant, server: &mut Server, event: ServerEvent) {
    if let ServerEvent::Received { session, packet } = event
        && let Body::Message { data } = packet.body
    {
        // It fails for a session that ended meanwhile.
        let _ = server.send(now, &session, &packet.endpoint, Outgoing::Message(data), AckMode::None);
    }
}
