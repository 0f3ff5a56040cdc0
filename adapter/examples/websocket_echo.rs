//! Echoes every websocket message, with the frame settings of a node: what `peers/autobahn` tests.
//!
//! ```console
//! $ cargo run --release -p socketio08-tokio --example websocket_echo -- 127.0.0.1:9001
//! ```

#[expect(dead_code, reason = "only the settings are used")]
#[path = "../src/socket.rs"]
mod socket;
#[expect(dead_code, reason = "only what the settings' file needs")]
#[path = "../src/watched.rs"]
mod watched;

use std::future::poll_fn;
use std::pin::Pin;

use futures_util::{Sink, Stream};
use socketio08::Limits;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};

/// The longest messages of the test suite, 16 MiB, are no packets of Socket.IO.
const MESSAGE_LEN_MAX: usize = 16 * 1024 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let listener = TcpListener::bind(&address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let limits = Limits::default().payload_len_max(MESSAGE_LEN_MAX);
            if let Ok(socket) = accept_async_with_config(stream, Some(socket::config(&limits))).await {
                echo(socket).await;
            }
        });
    }
}

/// Sends back what comes; pings and closes are answered by the framing itself.
async fn echo(mut socket: WebSocketStream<TcpStream>) {
    while let Some(Ok(message)) = poll_fn(|cx| Pin::new(&mut socket).poll_next(cx)).await {
        if matches!(message, Message::Text(_) | Message::Binary(_))
            && send(&mut socket, message).await.is_err()
        {
            return;
        }
    }
}

async fn send(
    socket: &mut WebSocketStream<TcpStream>,
    message: Message,
) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    poll_fn(|cx| Pin::new(&mut *socket).poll_ready(cx)).await?;
    Pin::new(&mut *socket).start_send(message)?;
    poll_fn(|cx| Pin::new(&mut *socket).poll_flush(cx)).await
}
