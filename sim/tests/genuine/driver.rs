//! Our client, over real sockets, against the genuine servers, over every transport they have. Towards servers of 0.9 it
//! behaves as the genuine client of 0.9.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use socketio08::client::{ClientBehaviour, ClientConfig, ClientEvent, LossCause};
use socketio08::server::{AckMode, Outgoing};
use socketio08::{AckId, Body, Packet, Profile, Text, Transport};
use socketio08_sim::probe::{Happening, Session};
use socketio08_tokio::DriverConfig;

use crate::common::free_port;
use crate::genuine::{Release, switched_on};
use crate::peer::Peer;
use crate::{MARKED, SILENCE};

const PATIENCE: Duration = Duration::from_secs(20);

/// A genuine server, and our client connected to it.
struct Pair {
    server: Option<Peer>,
    release: Release,
    transport: Transport,
    port: u16,
    session: Session,
    seen: Vec<Happening>,
}

impl Pair {
    async fn connect(peer: (Release, Transport)) -> Self {
        Self::connect_as(ClientBehaviour::Genuine, peer).await
    }

    async fn connect_as(behaviour: ClientBehaviour, (release, transport): (Release, Transport)) -> Self {
        let port = free_port();
        let server = Some(Peer::server(release, port, transport.name()));
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let client_release = match release {
            Release::V0_8_7 => Profile::V0_8_7,
            Release::V0_9_17 | Release::V0_9_19 => Profile::V0_9,
        };
        let config =
            ClientConfig::for_profile(client_release).behaviour(behaviour).transports(vec![transport]);
        let session = Session::open(address, DriverConfig::new(address.to_string()), config);
        let mut pair = Self { server, release, transport, port, session, seen: Vec::new() };
        let connected = pair.wait("Connected", |event| match event {
            ClientEvent::Connected { transport, .. } => Some(*transport),
            _ => None,
        });
        assert_eq!(connected.await, transport);
        pair
    }

    /// The first answer that `pick` gives about what happens from now on.
    async fn wait<T>(&mut self, what: &str, mut pick: impl FnMut(&ClientEvent) -> Option<T>) -> T {
        loop {
            let Some(happening) = self.session.next(PATIENCE).await else {
                panic!("no {what} within {PATIENCE:?}, but: {:#?}", self.seen);
            };
            self.seen.push(happening.clone());
            if let Happening::Event(event) = &happening
                && let Some(picked) = pick(event)
            {
                return picked;
            }
        }
    }

    async fn wait_for(&mut self, expected: &ClientEvent) {
        self.wait(&format!("{expected:?}"), |event| (event == expected).then_some(())).await;
    }

    async fn received(&mut self) -> Packet {
        self.wait("Received", |event| match event {
            ClientEvent::Received { packet, .. } => Some(packet.clone()),
            _ => None,
        })
        .await
    }

    async fn acknowledged(&mut self) -> Text {
        self.wait("Acknowledged", |event| match event {
            ClientEvent::Acknowledged { args, .. } => Some(args.clone()),
            _ => None,
        })
        .await
    }

    fn emit(&self, name: &str, args: &Value, ack: AckMode) {
        self.session.send("", event(name, args), ack);
    }
}

fn message(text: &str) -> Outgoing {
    Outgoing::Message(Text::from(text))
}

fn event(name: &str, args: &Value) -> Outgoing {
    Outgoing::Event(Text::from(json!({"name": name, "args": args}).to_string()))
}

fn parsed(data: &Text) -> Value {
    serde_json::from_str(data).unwrap()
}

#[track_caller]
fn assert_message(packet: &Packet, text: &str) {
    assert_eq!(packet.body, Body::Message { data: Text::from(text) });
}

#[track_caller]
fn assert_event(packet: &Packet, name: &str, args: &Value) {
    let Body::Event { data } = &packet.body else { panic!("no event: {packet:?}") };
    assert_eq!(parsed(data), json!({"name": name, "args": args}));
}

async fn gets_messages_back(peer: (Release, Transport)) {
    let mut pair = Pair::connect(peer).await;
    for text in ["plain", MARKED, ""] {
        pair.session.send("", message(text), AckMode::None);
        assert_message(&pair.received().await, text);
    }
}

async fn keeps_the_order_of_a_hundred_messages_each_way(peer: (Release, Transport)) {
    let mut pair = Pair::connect(peer).await;
    let numbered: Vec<String> = (0..100).map(|number| format!("{number} \u{e9}\u{1f600}")).collect();
    for text in &numbered {
        pair.session.send("", message(text), AckMode::None);
    }
    for text in &numbered {
        assert_message(&pair.received().await, text);
    }
}

async fn gets_json_back(peer: (Release, Transport)) {
    let mut pair = Pair::connect(peer).await;
    for value in [json!({"a": [1, 2.5, null, true], "b": MARKED}), json!([]), json!(7)] {
        pair.session.send("", Outgoing::Json(Text::from(value.to_string())), AckMode::None);
        let packet = pair.received().await;
        let Body::Json { data } = &packet.body else { panic!("no JSON: {packet:?}") };
        assert_eq!(parsed(data), value);
    }
}

async fn gets_events_back(peer: (Release, Transport)) {
    let mut pair = Pair::connect(peer).await;
    let args = json!([MARKED, {"n": 1}]);
    pair.emit("echo", &args, AckMode::None);
    assert_event(&pair.received().await, "echo", &args);
}

async fn gets_a_plain_acknowledgement(peer: (Release, Transport)) {
    let mut pair = Pair::connect(peer).await;
    pair.session.send("", message("m"), AckMode::Plain);
    assert_eq!(pair.acknowledged().await, "");
}

async fn gets_an_acknowledgement_with_data(peer: (Release, Transport)) {
    let mut pair = Pair::connect(peer).await;
    pair.emit("echo", &json!([MARKED, 2]), AckMode::WithData);
    assert_eq!(parsed(&pair.acknowledged().await), json!([MARKED, 2]));
}

async fn acknowledges_what_the_server_asks_about(peer: (Release, Transport)) {
    let mut pair = Pair::connect(peer).await;
    pair.emit("ask", &json!([]), AckMode::None);
    assert_message(&pair.received().await, "acknowledge this");
    // The server goes on only because our machine acknowledged the message by itself.
    let question = pair.received().await;
    assert_event(&question, "question", &json!(["and this"]));
    let id: AckId = question.id.unwrap();
    assert!(id.with_data);
    let answer = Text::from_static("[\"the answer\"]");
    pair.session.call(move |now, client| client.acknowledge(now, &Text::EMPTY, &id, answer));
    assert_event(&pair.received().await, "answered", &json!(["the answer"]));
}

async fn talks_in_a_namespace_beside_the_root(peer: (Release, Transport)) {
    let mut pair = Pair::connect(peer).await;
    pair.session.call(|now, client| client.join(now, Text::from_static("/chat")));
    pair.wait_for(&ClientEvent::Joined { endpoint: Text::from_static("/chat") }).await;
    pair.session.send("/chat", message("in chat"), AckMode::None);
    let packet = pair.received().await;
    assert_eq!(packet.endpoint, "/chat");
    assert_message(&packet, "in chat");
}

async fn stays_connected_through_a_silence(peer: (Release, Transport)) {
    let mut pair = Pair::connect(peer).await;
    let during = pair.session.next(SILENCE).await;
    assert!(during.is_none(), "{during:?}");
    pair.session.send("", message("still here"), AckMode::None);
    assert_message(&pair.received().await, "still here");
}

async fn leaves_and_the_server_knows(peer: (Release, Transport)) {
    let mut pair = Pair::connect(peer).await;
    pair.session.call(|now, client| {
        client.disconnect(now);
        Ok(())
    });
    pair.wait_for(&ClientEvent::Disconnected { cause: LossCause::Booted }).await;
    // What was to be sent is, before this thread waits for the server.
    assert!(pair.session.next(Duration::from_millis(500)).await.is_none());
    pair.server.as_mut().unwrap().wait_for(&json!({"on": "disconnect", "endpoint": ""}));
}

async fn is_sent_away_and_stays_away(peer: (Release, Transport)) {
    let mut pair = Pair::connect(peer).await;
    pair.emit("leave", &json!([]), AckMode::None);
    pair.wait_for(&ClientEvent::Disconnected { cause: LossCause::Booted }).await;
    let after = pair.session.next(Duration::from_secs(2)).await;
    assert!(after.is_none(), "{after:?}");
}

async fn comes_back_after_a_restart(peer: (Release, Transport)) {
    // That a stream ended, the genuine client does not notice.
    let streams = peer.1 == Transport::Htmlfile;
    let behaviour = if streams { ClientBehaviour::Improved } else { ClientBehaviour::Genuine };
    let mut pair = Pair::connect_as(behaviour, peer).await;
    pair.server = None;
    pair.wait_for(&ClientEvent::Disconnected { cause: LossCause::Transport }).await;
    pair.session.send("", message("sent while away"), AckMode::None);
    pair.server = Some(Peer::server(pair.release, pair.port, pair.transport.name()));
    pair.wait_for(&ClientEvent::Reconnected).await;
    assert_message(&pair.received().await, "sent while away");
    pair.session.send("", message(MARKED), AckMode::None);
    assert_message(&pair.received().await, MARKED);
}

fn run(test: impl Future<Output: Debug>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

macro_rules! tests {
    ($module:ident: $release:ident $transport:ident, $($name:ident),+ $(,)?) => {
        mod $module {
            $(#[test]
            fn $name() {
                if super::switched_on() {
                    super::run(super::$name((super::Release::$release, super::Transport::$transport)));
                }
            })+
        }
    };
}

macro_rules! over_each {
    ($($module:ident: $release:ident $transport:ident),+ $(,)?) => {
        $(tests!($module: $release $transport,
            gets_messages_back,
            keeps_the_order_of_a_hundred_messages_each_way,
            gets_json_back,
            gets_events_back,
            gets_a_plain_acknowledgement,
            gets_an_acknowledgement_with_data,
            acknowledges_what_the_server_asks_about,
            talks_in_a_namespace_beside_the_root,
            stays_connected_through_a_silence,
            leaves_and_the_server_knows,
            is_sent_away_and_stays_away,
            comes_back_after_a_restart,
        );)+
    };
}

over_each!(
    websocket: V0_8_7 Websocket,
    xhr_polling: V0_8_7 XhrPolling,
    jsonp_polling: V0_8_7 JsonpPolling,
    htmlfile: V0_8_7 Htmlfile,
);

macro_rules! over_each_briefly {
    ($($module:ident: $release:ident $transport:ident),+ $(,)?) => {
        $(tests!($module: $release $transport,
            gets_messages_back,
            keeps_the_order_of_a_hundred_messages_each_way,
            acknowledges_what_the_server_asks_about,
            talks_in_a_namespace_beside_the_root,
            leaves_and_the_server_knows,
            comes_back_after_a_restart,
        );)+
    };
}

over_each_briefly!(
    flashsocket: V0_8_7 Flashsocket,
    websocket_0_9_17: V0_9_17 Websocket,
    xhr_polling_0_9_17: V0_9_17 XhrPolling,
    jsonp_polling_0_9_17: V0_9_17 JsonpPolling,
    htmlfile_0_9_17: V0_9_17 Htmlfile,
    jsonp_polling_0_9_19: V0_9_19 JsonpPolling,
    htmlfile_0_9_19: V0_9_19 Htmlfile,
);
