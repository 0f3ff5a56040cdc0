//! `cargo run -p socketio08-example-smol [ADDRESS:PORT]`: says hello to an echo and shows what comes back.

use std::net::SocketAddr;

use socketio08::client::{Client, ClientBehaviour, ClientConfig, ClientEvent};
use socketio08::server::{AckMode, Outgoing};
use socketio08::{Body, Text};
use socketio08_example_smol::{Next, drive};

fn main() {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let Ok(server) = address.parse::<SocketAddr>() else {
        eprintln!("{address} is not ADDRESS:PORT, such as 127.0.0.1:8000");
        std::process::exit(2);
    };
    let config = ClientConfig::default().behaviour(ClientBehaviour::Improved);
    let mut client = Client::new(config);
    smol::block_on(drive(server, &mut client, |now, client, event| match event {
        ClientEvent::Connected { session, transport } => {
            println!("connected over {transport} as {session}");
            let hello = Outgoing::Message(Text::from_static("hello"));
            // The outbox of a client that sends one message is not full.
            let _ = client.send(now, &Text::EMPTY, hello, AckMode::None);
            Next::Continue
        }
        ClientEvent::Received { packet, .. } => {
            if let Body::Message { data } = packet.body {
                println!("{data}");
            }
            client.disconnect(now);
            Next::Continue
        }
        ClientEvent::Disconnected { .. } | ClientEvent::ConnectFailed { .. } => Next::Stop,
        ClientEvent::HandshakeFailed { status, body } => {
            println!("no handshake: {status} {body}");
            Next::Stop
        }
        _ => Next::Continue,
    }));
}
