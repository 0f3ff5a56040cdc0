//! One websocket.

use std::net::SocketAddr;

use async_tungstenite::tungstenite::{Message, Utf8Bytes};
use async_tungstenite::{WebSocketStream, client_async};
use smol::channel::{Receiver, Sender};
use smol::future::or;
use smol::net::TcpStream;
use smol::stream::StreamExt;
use socketio08::Text;
use socketio08::client::ClientInput;
use socketio08::server::ExchangeId;

enum Step {
    /// Something to send; `None`: the queue has ended.
    Send(Option<Text>),
    /// Something came; `None`: the socket has ended cleanly, or not.
    Received(Result<Message, bool>),
}

/// Opens a socket, carries messages until one side ends it, and tells what happened.
pub async fn carry(
    server: SocketAddr,
    exchange: ExchangeId,
    target: Text,
    queue: Receiver<Text>,
    arrivals: Sender<ClientInput>,
) {
    let clean = match open(server, &target).await {
        Some(socket) => {
            // Sending fails only once the driver has ended.
            let _ = arrivals.send(ClientInput::Opened { exchange }).await;
            messages(socket, exchange, &queue, &arrivals).await
        }
        None => false,
    };
    let _ = arrivals.send(ClientInput::Closed { exchange, clean }).await;
}

async fn open(server: SocketAddr, target: &Text) -> Option<WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(server).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let (socket, _) = client_async(format!("ws://{server}{target}"), stream).await.ok()?;
    Some(socket)
}

async fn messages(
    mut socket: WebSocketStream<TcpStream>,
    exchange: ExchangeId,
    queue: &Receiver<Text>,
    arrivals: &Sender<ClientInput>,
) -> bool {
    loop {
        // Both may be dropped at any time without losing anything.
        let step = or(async { Step::Send(queue.recv().await.ok()) }, async {
            Step::Received(match socket.next().await {
                Some(Ok(message)) => Ok(message),
                Some(Err(_)) => Err(false),
                None => Err(true),
            })
        });
        match step.await {
            Step::Send(Some(text)) => {
                let text = Utf8Bytes::try_from(text.into_bytes()).unwrap_or_default();
                if socket.send(Message::Text(text)).await.is_err() {
                    return false;
                }
            }
            Step::Send(None) => {
                let _ = socket.close(None).await;
                return true;
            }
            Step::Received(Ok(Message::Text(text))) => {
                let text = Text::from_utf8_lossy(text.into());
                if arrivals.send(ClientInput::Message { exchange, text }).await.is_err() {
                    return true;
                }
            }
            Step::Received(Ok(Message::Close(_))) => return true,
            Step::Received(Ok(_)) => {}
            Step::Received(Err(clean)) => return clean,
        }
    }
}
