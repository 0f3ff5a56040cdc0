// What examples of a handshake's data begin with: a cookie, and a query of two parameters.
{
    use socketio08::server::{ExchangeId, Request, Server, ServerConfig, ServerEvent, ServerInput};
    use socketio08::{Instant, Text};

    let cookie = (Text::from_static("Cookie"), Text::from_static("theme=dark; user=ann"));
    let request = Request::get(ExchangeId(1), "/socket.io/1/?room=caf%C3%A9&quiet");
    let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
    server.handle_input(Instant::ZERO, ServerInput::Request(Request { headers: vec![cookie], ..request }));
    match server.poll_event() {
        Some(ServerEvent::HandshakeRequested { data, .. }) => data,
        other => unreachable!("{other:?}"),
    }
}
