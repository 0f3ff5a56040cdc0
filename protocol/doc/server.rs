// What examples of the server begin with: the sessions `ann` and `bob`, over websockets 3 and 4, and a function that takes the
// messages sent to them since.
{
    use socketio08::server::{ExchangeId, Request, Server, ServerConfig, ServerInput, ServerTransmit, SessionId};
    use socketio08::{Instant, Text};

    fn sent(server: &mut Server) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(transmit) = server.poll_transmit() {
            if let ServerTransmit::Message { text, .. } = transmit {
                texts.push(text.to_string());
            }
        }
        texts
    }

    let config = ServerConfig::default()
        .endpoints(vec![Text::from_static("/chat")])
        .guarded_endpoints(vec![Text::from_static("/staff")]);
    let mut server = Server::new(config, Instant::ZERO);
    let sessions = ["ann", "bob"].map(|id| SessionId(Text::from_static(id)));
    for (session, number) in sessions.iter().zip(1..) {
        let handshake = Request::get(ExchangeId(number), "/socket.io/1/");
        server.handle_input(Instant::ZERO, ServerInput::Request(handshake));
        server.accept(Instant::ZERO, ExchangeId(number), session.clone()).expect("the exchange waits");
        let upgrade = Request::get(ExchangeId(number + 2), format!("/socket.io/1/websocket/{}", session.0));
        server.handle_input(Instant::ZERO, ServerInput::Request(Request { upgrade: true, ..upgrade }));
    }
    while server.poll_event().is_some() {}
    sent(&mut server);
    let [ann, bob] = sessions;
    (server, ann, bob, sent)
}
