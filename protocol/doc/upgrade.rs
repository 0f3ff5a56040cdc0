// What examples of hixie sockets begin with: a request for hixie-75.
{
    use socketio08::hixie::Upgrade;

    let head = b"GET /socket.io/1/websocket/7 HTTP/1.1\r\nHost: a.example\r\nOrigin: http://a.example\r\n\
        Upgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n";
    Upgrade::parse(head).expect("an HTTP request").expect("it asks for a draft")
}
