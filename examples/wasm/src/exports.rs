//! What JavaScript calls.
#![expect(unsafe_code, reason = "the attribute that keeps a function's name; there is no unsafe block")]

use serde_json::Value;
use socketio08::client::{Client, ClientInput};
use socketio08::server::{AckMode, ExchangeId, Outgoing};
use socketio08::{Instant, Limits, Packet, Text, payload};

use crate::{state, view};

/// Makes room for `len` bytes, which the next call reads; gives where.
#[unsafe(no_mangle)]
pub extern "C" fn room(len: usize) -> *mut u8 {
    let mut state = state();
    state.input = vec![0; len];
    state.input.as_mut_ptr()
}

/// Where the last call left what it said.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> *const u8 {
    state().answer.as_ptr()
}

/// Decodes a payload; says a list of packets, at whose end there may be one `{"error":..}`.
#[unsafe(no_mangle)]
pub extern "C" fn decode() -> usize {
    let mut state = state();
    let limits = Limits::default();
    let mut packets = Vec::new();
    for text in payload::Payload::new(state.take_input(), &limits) {
        packets.push(match text {
            Ok(text) => match Packet::decode(&text) {
                Ok(packet) => view::packet(&packet),
                Err(error) => view::error(&error),
            },
            Err(error) => view::error(&error),
        });
    }
    state.say(&Value::Array(packets))
}

/// Makes the client anew from options; 0 if they are no JSON.
#[unsafe(no_mangle)]
pub extern "C" fn client_new() -> usize {
    let mut state = state();
    let options = state.take_input();
    state.client = crate::client(&options);
    usize::from(state.client.is_some())
}

/// Starts the handshake.
#[unsafe(no_mangle)]
pub extern "C" fn client_connect(now: u64) {
    with_client(|client, _| client.connect(at(now)));
}

/// Says `0::` and ends everything.
#[unsafe(no_mangle)]
pub extern "C" fn client_disconnect(now: u64) {
    with_client(|client, _| client.disconnect(at(now)));
}

/// Sends the message in the room to the root; 0 if a limit is reached.
#[unsafe(no_mangle)]
pub extern "C" fn client_send(now: u64) -> usize {
    with_client(|client, input| {
        client.send(at(now), &Text::EMPTY, Outgoing::Message(input), AckMode::None).is_ok()
    })
    .map_or(0, usize::from)
}

/// A request was answered; the room has the body.
#[unsafe(no_mangle)]
pub extern "C" fn client_response(now: u64, exchange: u64, status: u32) {
    let status = u16::try_from(status).unwrap_or(0);
    input(now, |body| ClientInput::Response {
        exchange: ExchangeId(exchange),
        status,
        body: body.into_bytes(),
    });
}

/// A websocket opened.
#[unsafe(no_mangle)]
pub extern "C" fn client_opened(now: u64, exchange: u64) {
    input(now, |_| ClientInput::Opened { exchange: ExchangeId(exchange) });
}

/// A websocket brought a message; it is in the room.
#[unsafe(no_mangle)]
pub extern "C" fn client_message(now: u64, exchange: u64) {
    input(now, |text| ClientInput::Message { exchange: ExchangeId(exchange), text });
}

/// A request failed or a websocket ended, with a close frame (`clean` is not 0) or without.
#[unsafe(no_mangle)]
pub extern "C" fn client_closed(now: u64, exchange: u64, clean: u32) {
    input(now, |_| ClientInput::Closed { exchange: ExchangeId(exchange), clean: clean != 0 });
}

/// Lets the timers due at `now` fire.
#[unsafe(no_mangle)]
pub extern "C" fn client_handle_timeout(now: u64) {
    with_client(|client, _| client.handle_timeout(at(now)));
}

/// Thousandths of the next reconnection delays to take off; draw one after each `reconnect-scheduled`.
#[unsafe(no_mangle)]
pub extern "C" fn client_set_jitter(permille: u32) {
    with_client(|client, _| client.set_jitter(u16::try_from(permille).unwrap_or(u16::MAX)));
}

/// Says what to do next; 0: nothing.
#[unsafe(no_mangle)]
pub extern "C" fn client_poll_transmit() -> usize {
    let mut state = state();
    let transmit = state.client.as_mut().and_then(Client::poll_transmit);
    transmit.map_or(0, |transmit| state.say(&view::transmit(&transmit)))
}

/// Says what happened next; 0: nothing.
#[unsafe(no_mangle)]
pub extern "C" fn client_poll_event() -> usize {
    let mut state = state();
    let event = state.client.as_mut().and_then(Client::poll_event);
    event.map_or(0, |event| state.say(&view::event(&event)))
}

/// When [`client_handle_timeout`] wants to be called; -1: never.
#[unsafe(no_mangle)]
pub extern "C" fn client_poll_timeout() -> i64 {
    let deadline = state().client.as_ref().and_then(Client::poll_timeout);
    deadline.map_or(-1, |deadline| i64::try_from(deadline.at.as_micros()).unwrap_or(i64::MAX))
}

fn at(micros: u64) -> Instant {
    Instant::from_micros(micros)
}

fn input(now: u64, make: impl FnOnce(Text) -> ClientInput) {
    with_client(|client, text| client.handle_input(at(now), make(text)));
}

/// Calls with the client and what is in the room; `None` if there is no client yet.
fn with_client<R>(call: impl FnOnce(&mut Client, Text) -> R) -> Option<R> {
    let mut state = state();
    let input = state.take_input();
    state.client.as_mut().map(|client| call(client, input))
}
