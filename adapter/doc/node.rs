// What examples of a node begin with: one whose application says what it receives back, and a port that it serves.
{
    use socketio08::server::{Server, ServerConfig, ServerEvent};
    use socketio08::{AckMode, Body, Instant, Outgoing};
    use socketio08_tokio::{Application, Node, NodeConfig, RandomIds, serve_tcp};

    struct Echo;

    impl Application for Echo {
        fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
            if let ServerEvent::Received { session, packet } = event
                && let Body::Message { data } = packet.body
            {
                let _ = server.send(now, &session, &packet.endpoint, Outgoing::Message(data), AckMode::None);
            }
        }
    }

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let node = Node::start(NodeConfig::new(ServerConfig::default()), Echo, RandomIds);
    let serving = node.clone();
    tokio::spawn(async move { serve_tcp(&serving, &listener).await });
    (node, address)
}
