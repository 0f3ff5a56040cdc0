// What examples of the client begin with: session 4711 over a websocket, and a function that takes the messages sent on it since.
{
    use socketio08::client::{Client, ClientConfig, ClientInput, ClientTransmit};
    use socketio08::{Instant, Text, Transport};

    fn sent(client: &mut Client) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(transmit) = client.poll_transmit() {
            if let ClientTransmit::Message { text, .. } = transmit {
                texts.push(text.to_string());
            }
        }
        texts
    }

    let mut client = Client::new(ClientConfig::default().transports(vec![Transport::Websocket]));
    client.connect(Instant::ZERO);
    let handshake = client.poll_transmit().expect("a request").exchange();
    let body = "4711:15:25:websocket".into();
    client.handle_input(Instant::ZERO, ClientInput::Response { exchange: handshake, status: 200, body });
    let socket = client.poll_transmit().expect("a websocket").exchange();
    client.handle_input(Instant::ZERO, ClientInput::Opened { exchange: socket });
    client.handle_input(Instant::ZERO, ClientInput::Message { exchange: socket, text: Text::from_static("1::") });
    while client.poll_event().is_some() {}
    sent(&mut client);
    (client, socket, sent)
}
