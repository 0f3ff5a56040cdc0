//! A client machine, its carrier being the benchmark.

use std::hint::black_box;

use bytes::Bytes;
use socketio08::client::{Client, ClientConfig, ClientInput, ClientTransmit};
use socketio08::{AckMode, ExchangeId, Instant, Text, Transport};

use crate::message;

/// A connected client and the exchange that it waits for: its poll, or its websocket.
#[derive(Clone)]
pub struct Visitor {
    client: Client,
    waiting: ExchangeId,
}

impl Visitor {
    /// A client with an open poll.
    ///
    /// # Panics
    /// If it does not connect.
    #[must_use]
    pub fn polling() -> Self {
        let mut visitor = Self::shaken(Transport::XhrPolling);
        assert_eq!(visitor.poll_cycle("1::"), 1, "the next poll");
        visitor
    }

    /// A client with an open websocket.
    ///
    /// # Panics
    /// If it does not connect.
    #[must_use]
    pub fn websocket() -> Self {
        let mut visitor = Self::shaken(Transport::Websocket);
        visitor.input(ClientInput::Opened { exchange: visitor.waiting });
        assert_eq!(visitor.receive("1::"), 0, "a websocket stays open");
        visitor
    }

    fn shaken(transport: Transport) -> Self {
        let config = ClientConfig::default().transports(vec![transport]);
        let mut visitor = Self { client: Client::new(config), waiting: ExchangeId(0) };
        visitor.client.connect(Instant::ZERO);
        visitor.drain();
        let body = Bytes::from(format!("4711:15:25:{}", transport.name()));
        visitor.input(ClientInput::Response { exchange: visitor.waiting, status: 200, body });
        visitor
    }

    /// The poll is answered with `body`, and the client polls again. Gives how much it transmitted.
    pub fn poll_cycle(&mut self, body: &'static str) -> usize {
        let body = Bytes::from_static(body.as_bytes());
        self.input(ClientInput::Response { exchange: self.waiting, status: 200, body })
    }

    /// A message arrives over the websocket. Gives how much the client transmitted.
    pub fn receive(&mut self, text: &'static str) -> usize {
        self.input(ClientInput::Message { exchange: self.waiting, text: Text::from_static(text) })
    }

    /// A message is sent. Gives how much the client transmitted.
    ///
    /// # Panics
    /// If the client is not connected.
    pub fn send(&mut self) -> usize {
        self.client.send(Instant::ZERO, &Text::EMPTY, message(), AckMode::None).expect("room in the buffer");
        self.drain()
    }

    fn input(&mut self, input: ClientInput) -> usize {
        self.client.handle_input(Instant::ZERO, input);
        self.drain()
    }

    fn drain(&mut self) -> usize {
        let mut count = 0;
        loop {
            while let Some(transmit) = self.client.poll_transmit() {
                if let ClientTransmit::Get { exchange, .. } | ClientTransmit::Open { exchange, .. } = transmit
                {
                    self.waiting = exchange;
                }
                black_box(transmit);
                count += 1;
            }
            let Some(event) = self.client.poll_event() else { return count };
            black_box(event);
        }
    }
}
