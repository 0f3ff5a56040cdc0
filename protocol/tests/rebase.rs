//! A machine whose past was put away does what it would have done.

use std::time::Duration;

use socketio08::client::{Client, ClientBehaviour, ClientConfig, ClientInput, ClientTransmit};
use socketio08::server::{Request, Server, ServerConfig, ServerInput, SessionId};
use socketio08::{ExchangeId, Instant, Text, Transport};

fn drained(client: &mut Client) -> Vec<ClientTransmit> {
    while client.poll_event().is_some() {}
    std::iter::from_fn(|| client.poll_transmit()).collect()
}

/// A client that is connected over websocket 2 at ten seconds.
fn connected(behaviour: ClientBehaviour) -> Client {
    let at = Instant::from_millis(10_000);
    let mut client =
        Client::new(ClientConfig::default().behaviour(behaviour).transports(vec![Transport::Websocket]));
    client.connect(at);
    drained(&mut client);
    let body = "4711:15:25:websocket".into();
    client.handle_input(at, ClientInput::Response { exchange: ExchangeId(1), status: 200, body });
    client.handle_input(at, ClientInput::Opened { exchange: ExchangeId(2) });
    client.handle_input(at, ClientInput::Message { exchange: ExchangeId(2), text: Text::from_static("1::") });
    drained(&mut client);
    client
}

#[test]
fn a_client_waits_as_long_and_hears_its_exchanges_under_their_new_numbers() {
    for behaviour in [ClientBehaviour::Genuine, ClientBehaviour::Improved] {
        let before = connected(behaviour);
        let now = Instant::from_millis(12_000);
        let mut after = before.clone();
        assert_eq!(after.rebase(now), [(ExchangeId(2), ExchangeId(1))]);
        let wait =
            |client: &Client, from: Instant| client.poll_timeout().map(|due| (due.at - from, due.timer));
        assert_eq!(wait(&after, Instant::ZERO), wait(&before, now));
        let (mut old, mut new) = (before, after);
        let text = Text::from_static("2::");
        old.handle_input(now, ClientInput::Message { exchange: ExchangeId(2), text: text.clone() });
        new.handle_input(Instant::ZERO, ClientInput::Message { exchange: ExchangeId(1), text: text.clone() });
        assert_eq!(
            drained(&mut old),
            [ClientTransmit::Message { exchange: ExchangeId(2), text: text.clone() }]
        );
        assert_eq!(drained(&mut new), [ClientTransmit::Message { exchange: ExchangeId(1), text }]);
        old.handle_input(now, ClientInput::Closed { exchange: ExchangeId(2), clean: true });
        new.handle_input(Instant::ZERO, ClientInput::Closed { exchange: ExchangeId(1), clean: true });
        assert_eq!(wait(&new, Instant::ZERO), wait(&old, now), "the next attempt");
        old.rebase(now);
        new.rebase(Instant::ZERO);
        assert_eq!(old, new);
    }
}

#[test]
fn a_server_keeps_its_deadlines_and_the_ticks_of_its_sweep() {
    let mut server = Server::new(ServerConfig::default(), Instant::from_millis(3_000));
    let at = Instant::from_millis(4_500);
    let handshake = |server: &mut Server, at: Instant, exchange: u64, session: &'static str| {
        server.handle_input(at, ServerInput::Request(Request::get(ExchangeId(exchange), "/socket.io/1/")));
        server.accept(at, ExchangeId(exchange), SessionId(Text::from_static(session))).expect("it waits");
        while server.poll_event().is_some() {}
        while server.poll_transmit().is_some() {}
    };
    handshake(&mut server, at, 1, "ann");
    let now = Instant::from_millis(7_250);
    let mut moved = server.clone();
    moved.rebase(now);
    handshake(&mut server, now, 2, "bob");
    handshake(&mut moved, Instant::ZERO, 2, "bob");
    for (session, seconds) in [("ann", 35.75), ("bob", 35.75)] {
        let id = SessionId(Text::from_static(session));
        let wait = server.deadline_of(&id).map(|deadline| deadline.at - now);
        assert_eq!(wait, Some(Duration::from_secs_f64(seconds)), "the tick at 43 s: {session}");
        assert_eq!(moved.deadline_of(&id).map(|deadline| deadline.at - Instant::ZERO), wait);
    }
}
