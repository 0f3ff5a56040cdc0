//! The codec and the client machine of `socketio08` as WebAssembly, for JavaScript: `client.mjs` beside it is the carrier,
//! which owns sockets, clock and random numbers.
//!
//! Texts cross the border as UTF-8. JavaScript asks for [`exports::room`] and writes there what the next call reads; a call
//! that has something to say returns its length, and [`exports::answer`] is where it is. Times are microseconds from any
//! origin. One module instance is one client.

pub mod exports;
mod view;

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::Value;
use socketio08::client::{Client, ClientBehaviour, ClientConfig};
use socketio08::{Text, Transport};

/// What an instance holds between two calls.
struct State {
    input: Vec<u8>,
    answer: Vec<u8>,
    client: Option<Client>,
}

/// WebAssembly has one thread here; the lock is what makes the compiler sure of it.
fn state() -> MutexGuard<'static, State> {
    static STATE: Mutex<State> = Mutex::new(State { input: Vec::new(), answer: Vec::new(), client: None });
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// What JavaScript wrote last.
    fn take_input(&mut self) -> Text {
        Text::from_utf8_lossy(Bytes::from(std::mem::take(&mut self.input)))
    }

    /// Leaves an answer; gives its length.
    fn say(&mut self, answer: &Value) -> usize {
        self.answer = answer.to_string().into_bytes();
        self.answer.len()
    }
}

/// A client from options like `{"transports":["websocket"],"query":"token=1"}`; all may be left out.
fn client(options: &str) -> Option<Client> {
    let options: Value = serde_json::from_str(options).ok()?;
    let mut config = ClientConfig::default().behaviour(ClientBehaviour::Improved);
    if let Some(names) = options.get("transports").and_then(Value::as_array) {
        config.transports = names.iter().filter_map(Value::as_str).filter_map(Transport::from_name).collect();
    }
    if let Some(query) = options.get("query").and_then(Value::as_str) {
        config.query = Text::from(query);
    }
    Some(Client::new(config))
}
