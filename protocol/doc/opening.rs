// What examples of a client of the drafts begin with: what it asks for by hixie-75.
{
    use socketio08::Text;
    use socketio08::hixie::Opening;

    Opening {
        keys: None,
        host: Text::from_static("a.example"),
        target: Text::from_static("/socket.io/1/websocket/7"),
        origin: Text::from_static("http://a.example"),
        subprotocol: None,
        secure: false,
    }
}
