//! One call of a server.

use bytes::Bytes;
use socketio08::server::{
    AckMode, Audience, ExchangeId, JoinRefusal, Method, Outgoing, Refusal, Request, Server, ServerInput,
    SessionId,
};
use socketio08::{AckId, Instant, Text};

use super::Draws;
use super::carrier::Carrier;

const PACKETS: [&str; 30] = [
    "3:::a",
    "2::",
    "0::",
    "0::/chat",
    "0::/vip",
    "1::",
    "1::/chat",
    "1::/chat:?x=1",
    "1::/nope",
    "1::/vip",
    "1::/vip:?x=1",
    "3:1::x",
    "3:2+:/chat:x",
    "3:1:/vip:x",
    "4:::{\"a\":1}",
    "4:::[",
    "5:::{\"name\":\"disconnect\"}",
    "5:7+::{\"name\":\"echo\",\"args\":[1]}",
    "5:::{\"name\":",
    "6:::1",
    "6::/chat:1+[1]",
    "6:::18446744073709551616",
    "7:::1+0",
    "8::",
    "9:1::",
    "",
    "\u{FFFD}5\u{FFFD}3:::a\u{FFFD}3\u{FFFD}2::",
    "\u{FFFD}3\u{FFFD}0::\u{FFFD}5\u{FFFD}3:::b",
    "\u{FFFD}-4\u{FFFD}3:::a",
    "3:::0123456789012345678901234567890123456789012345678901234567890123456789",
];

const TARGETS: [&str; 12] = [
    "/socket.io/1/?jsonp=1",
    "/socket.io/2/",
    "/socket.io/1/xhr-polling/nobody",
    "/socket.io/1/websocket/b-s1",
    "/socket.io/1/xhr-polling/c-s2",
    "/socket.io/1/jsonp-polling/b-s1?i=2",
    "/socket.io/1/xhr-polling/z-s1?disconnect",
    "/socket.io/socket.io.js",
    "/socket.io/1/toString/s1",
    "/",
    "",
    "%\u{0}\u{FFFD}",
];

const ROUTES: [&str; 5] = ["xhr-polling", "websocket", "htmlfile", "jsonp-polling", "flashsocket"];

#[derive(Clone)]
pub(super) enum Operation {
    Accept(ExchangeId, Text),
    AcceptJoin(SessionId),
    Acknowledge(SessionId, Text),
    Broadcast(Audience, Outgoing),
    Disconnect(SessionId),
    DisconnectEndpoint(SessionId, Text),
    Input(ServerInput),
    JoinRoom(SessionId, Text, Text),
    LeaveRoom(SessionId, Text, Text),
    Refuse(ExchangeId),
    RefuseJoin(SessionId),
    Send(SessionId, Text, Outgoing, AckMode),
    SendVolatile(SessionId, Text, Outgoing),
    Timeout,
}

pub(super) fn draw(draws: &mut Draws<'_>, carrier: &mut Carrier) -> Operation {
    let back = if draws.one_in(3) { draws.below(4) } else { 0 };
    let session = SessionId(carrier.session(back));
    match draws.below(24) {
        0 | 1 => Operation::Input(request(carrier, "/socket.io/1/?t=1")),
        2 | 3 => match carrier.handshakes.pop() {
            Some(exchange) if draws.one_in(8) => Operation::Refuse(exchange),
            Some(exchange) => Operation::Accept(exchange, carrier.fresh_session()),
            None => Operation::Accept(ExchangeId(999), Text::from("x")),
        },
        4 => {
            // The accepted handshake of a session that opens at once: what most runs need first.
            let target = format!("/socket.io/1/xhr-polling/{}?t=1", session.0);
            Operation::Input(request(carrier, &target))
        }
        5..=8 => Operation::Input(session_request(draws, carrier, &session)),
        9 => Operation::Input(stray_request(draws, carrier)),
        10 | 11 => {
            let exchange = carrier.exchange(draws.below(8));
            Operation::Input(ServerInput::Message { exchange, text: packet(draws) })
        }
        12 => {
            let (exchange, clean) = (carrier.exchange(draws.below(8)), draws.one_in(2));
            Operation::Input(ServerInput::Closed { exchange, clean })
        }
        13 => Operation::Input(store_speaks(draws, carrier)),
        14 => Operation::Input(published(draws, carrier, &session)),
        15 | 16 => Operation::Timeout,
        _ => application(draws, session),
    }
}

fn request(carrier: &Carrier, target: &str) -> ServerInput {
    ServerInput::Request(Request::get(carrier.next_exchange(), target))
}

fn session_request(draws: &mut Draws<'_>, carrier: &Carrier, session: &SessionId) -> ServerInput {
    let route = draws.pick(&ROUTES);
    let suffix = draws.pick(&["", "?t=1", "?i=0", "?disconnect", "?disconnect=1"]);
    let target = format!("/socket.io/1/{route}/{}{suffix}", session.0);
    let mut request = Request::get(carrier.next_exchange(), target.as_str());
    if route.ends_with("socket") {
        request.upgrade = !draws.one_in(8);
    } else if draws.one_in(2) {
        request.method = Method::Post;
        request.body = match packet(draws) {
            text if route == "jsonp-polling" => {
                let field = socketio08::script::form_field("d", &socketio08::script::quote(&text));
                Bytes::copy_from_slice(field.as_bytes())
            }
            text => text.into_bytes(),
        };
    }
    ServerInput::Request(request)
}

fn stray_request(draws: &mut Draws<'_>, carrier: &Carrier) -> ServerInput {
    let headers = [
        ("Origin", draws.pick(&["null", "http://io.example.com", "*"])),
        ("Host", "io.example.com"),
        ("X-Socketio08-Forwarded", draws.pick(&["", "1", "b"])),
    ];
    ServerInput::Request(Request {
        method: draws.pick(&[Method::Get, Method::Head, Method::Post, Method::Options, Method::Other]),
        headers: headers.map(|(name, value)| (Text::from(name), Text::from(value))).to_vec(),
        body: Bytes::copy_from_slice(draws.raw()),
        upgrade: draws.one_in(3),
        secure: draws.one_in(2),
        ..Request::get(carrier.next_exchange(), draws.pick(&TARGETS))
    })
}

fn packet(draws: &mut Draws<'_>) -> Text {
    if draws.one_in(6) {
        return Text::from(String::from_utf8_lossy(draws.raw()).as_ref());
    }
    Text::from(draws.pick(&PACKETS))
}

/// The store, another server of the pool, or what they never said.
fn store_speaks(draws: &mut Draws<'_>, carrier: &mut Carrier) -> ServerInput {
    let exchange = carrier.exchange(draws.below(4));
    match draws.below(8) {
        0 => ServerInput::ForwardBegun { exchange },
        1 => ServerInput::ForwardFailed { exchange },
        kind => {
            if kind == 2 {
                carrier.record_changes();
            }
            carrier.store_answers(kind == 3).unwrap_or(ServerInput::ForwardFailed { exchange })
        }
    }
}

/// What another node published, or this one did and another says again.
fn published(draws: &mut Draws<'_>, carrier: &Carrier, session: &SessionId) -> ServerInput {
    let own = carrier.publications.get(draws.below(16)).filter(|_| !draws.one_in(3));
    if let Some((channel, message)) = own {
        let message = Text::from(message.replace("\"nodeId\":1", "\"nodeId\":2"));
        return ServerInput::Published { channel: channel.clone(), message };
    }
    let kinds = ["open", "close", "connect", "disconnect", "handshake", "join", "leave", "dispatch", "other"];
    let kind = draws.pick(&kinds);
    let args = match draws.below(6) {
        0 => format!("[\"{}\",{{\"issued\":1}}]", session.0),
        1 => format!("[\"{}\",\"/chat\"]", session.0),
        2 => String::from("[\"\",\"3:::x\",null,[]]"),
        3 => String::from_utf8_lossy(draws.raw()).into_owned(),
        4 => String::from("[\"x9\",{\"url\":\"/\",\"headers\":{}}]"),
        _ => format!("[\"{}\"]", session.0),
    };
    let channel = if draws.one_in(2) { format!("{kind}:{}", session.0) } else { String::from(kind) };
    let message = Text::from(format!("{{\"nodeId\":2,\"args\":{args}}}"));
    ServerInput::Published { channel: Text::from(channel), message }
}

fn application(draws: &mut Draws<'_>, session: SessionId) -> Operation {
    let endpoint = Text::from(draws.pick(&["", "", "/chat", "/nope", "/vip"]));
    let message = match draws.below(3) {
        0 => Outgoing::Json(Text::from("[1]")),
        1 => Outgoing::Event(socketio08::event_text_raw("e", "[]")),
        _ => Outgoing::Message(Text::from("m")),
    };
    let room = Text::from(draws.pick(&["r1", "r2", "r3"]));
    match draws.below(12) {
        0 => Operation::AcceptJoin(session),
        1 => Operation::RefuseJoin(session),
        2 => Operation::Acknowledge(session, endpoint),
        3 => {
            let audience = Audience::default().endpoint(endpoint).volatile(draws.one_in(2));
            Operation::Broadcast(audience.room(draws.one_in(2).then_some(room)), message)
        }
        4 if draws.one_in(2) => Operation::Disconnect(session),
        4 => Operation::DisconnectEndpoint(session, endpoint),
        5 => Operation::JoinRoom(session, endpoint, room),
        6 => Operation::LeaveRoom(session, endpoint, room),
        7 => Operation::SendVolatile(session, endpoint, message),
        _ => {
            let ack = draws.pick(&[AckMode::None, AckMode::Plain, AckMode::WithData]);
            Operation::Send(session, endpoint, message, ack)
        }
    }
}

impl Operation {
    /// Calls the server. Refusals are the point of some of these calls; what they leave behind is checked with everything else.
    pub(super) fn apply(&self, server: &mut Server, now: Instant) {
        let vip = Text::from("/vip");
        match self.clone() {
            Operation::Accept(exchange, name) => drop(server.accept(now, exchange, SessionId(name))),
            Operation::AcceptJoin(session) => drop(server.accept_join(now, &session, &vip)),
            Operation::Acknowledge(session, endpoint) => {
                let id = AckId { id: Text::from("1"), with_data: true };
                drop(server.acknowledge(now, &session, &endpoint, &id, Text::from("[1]")));
            }
            Operation::Broadcast(audience, message) => drop(server.broadcast(now, &audience, &message)),
            Operation::Disconnect(session) => drop(server.disconnect(now, &session)),
            Operation::DisconnectEndpoint(session, endpoint) => {
                drop(server.disconnect_endpoint(now, &session, &endpoint));
            }
            Operation::Input(input) => server.handle_input(now, input),
            Operation::JoinRoom(session, endpoint, room) => {
                drop(server.join_room(&session, &endpoint, room));
            }
            Operation::LeaveRoom(session, endpoint, room) => {
                drop(server.leave_room(&session, &endpoint, &room));
            }
            Operation::Refuse(exchange) => drop(server.refuse(now, exchange, Refusal::Unauthorized)),
            Operation::RefuseJoin(session) => {
                drop(server.refuse_join(now, &session, &vip, JoinRefusal::Unauthorized));
            }
            Operation::Send(session, endpoint, message, ack) => {
                drop(server.send(now, &session, &endpoint, message, ack));
            }
            Operation::SendVolatile(session, endpoint, message) => {
                drop(server.send_volatile(now, &session, &endpoint, message));
            }
            Operation::Timeout => server.handle_timeout(now),
        }
    }
}
