//! What the application tells a client to do.

use super::{AckMode, Client, LocalError, LossCause, Outgoing};
use crate::{AckId, Instant, Text};

impl Client {
    /// Starts the handshake. The genuine profile starts another one even if one is pending, but none while a transport is
    /// opening; the improved profile does nothing unless idle or waiting for its next attempt.
    ///
    /// ```
    /// # use socketio08::{Instant, client::{Client, ClientConfig, ClientTransmit}};
    /// let mut client = Client::new(ClientConfig::default());
    /// client.connect(Instant::ZERO);
    /// assert!(matches!(client.poll_transmit(), Some(ClientTransmit::Get { .. })), "the handshake");
    /// ```
    pub fn connect(&mut self, now: Instant) {
        self.begin(now);
        if self.improved() {
            self.improved_connect();
        } else {
            self.genuine_connect();
        }
        self.settle();
    }

    /// Says `0::` and ends everything; no reconnection. The genuine profile does nothing unless connected: an attempt
    /// under way goes on, and transports left over from earlier sessions keep running.
    ///
    /// ```
    /// use socketio08::Instant;
    /// use socketio08::client::ClientState;
    ///
    /// // A client that is connected.
    /// # let (mut client, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
    /// client.disconnect(Instant::ZERO);
    /// assert_eq!(sent(&mut client), ["0::"]);
    /// assert_eq!(client.state(), ClientState::Idle);
    /// ```
    pub fn disconnect(&mut self, now: Instant) {
        self.begin(now);
        if self.improved() {
            self.improved_disconnect(true);
        } else {
            self.genuine_disconnect();
        }
        self.settle();
    }

    /// Ends the connection as a page that unloads does: without a word, for what the genuine client means to say never leaves
    /// (facts 10.14), or in 0.9 with [`ClientConfig::disconnect_on_unload`](super::ClientConfig::disconnect_on_unload) by a `?disconnect=1` request (facts 11).
    ///
    /// ```
    /// use socketio08::Instant;
    /// use socketio08::client::ClientTransmit;
    ///
    /// // A client that is connected.
    /// # let (mut client, exchange, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
    /// client.abandon(Instant::ZERO);
    /// assert_eq!(client.poll_transmit(), Some(ClientTransmit::Close { exchange }), "not a word before");
    /// ```
    pub fn abandon(&mut self, now: Instant) {
        self.begin(now);
        self.say_goodbye();
        if self.improved() {
            self.improved_disconnect(false);
        } else {
            self.lose(LossCause::Booted);
        }
        self.settle();
    }

    /// Joins an endpoint, now or as soon as connected, and again after each reconnection. Joining twice changes nothing.
    ///
    /// ```
    /// use socketio08::{Instant, Text};
    ///
    /// // A client that is connected.
    /// # let (mut client, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
    /// client.join(Instant::ZERO, Text::from_static("/chat"))?;
    /// assert_eq!(sent(&mut client), ["1::/chat"]);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::BadEndpoint`] if it has a colon or is too long, [`LocalError::Limit`] if there are too many.
    #[expect(clippy::needless_pass_by_value, reason = "an endpoint that is joined is kept")]
    pub fn join(&mut self, now: Instant, endpoint: Text) -> Result<(), LocalError> {
        self.begin(now);
        let joined = self.join_endpoint(&endpoint);
        self.settle();
        joined
    }

    /// Leaves an endpoint (`0::/endpoint`). The genuine profile joins it again after a reconnection.
    ///
    /// ```
    /// use socketio08::{Instant, Text};
    ///
    /// // A client that is connected.
    /// # let (mut client, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
    /// let chat = Text::from_static("/chat");
    /// client.join(Instant::ZERO, chat.clone())?;
    /// client.leave(Instant::ZERO, &chat)?;
    /// assert_eq!(sent(&mut client), ["1::/chat", "0::/chat"]);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::BadEndpoint`] for the root, or one that was not joined; [`LocalError::Limit`] if the outbox is full.
    pub fn leave(&mut self, now: Instant, endpoint: &Text) -> Result<(), LocalError> {
        self.begin(now);
        let left = self.leave_endpoint(endpoint);
        self.settle();
        left
    }

    /// Sends, now or as soon as connected; returns the id to be acknowledged if `ack` asks for one. An endpoint that was
    /// not joined is joined first.
    ///
    /// ```
    /// use socketio08::client::{ClientEvent, ClientInput};
    /// use socketio08::{AckMode, Instant, Outgoing, Text};
    ///
    /// // A client that is connected.
    /// # let (mut client, exchange, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
    /// let (now, root) = (Instant::ZERO, Text::EMPTY);
    /// let id = client.send(now, &root, Outgoing::Message(Text::from_static("tea?")), AckMode::WithData)?;
    /// assert_eq!((id, sent(&mut client)), (Some(1), vec!["3:1+::tea?".to_owned()]));
    /// // The server's application answers.
    /// client.handle_input(now, ClientInput::Message { exchange, text: Text::from_static(r#"6:::1+["yes"]"#) });
    /// let Some(ClientEvent::Acknowledged { id: 1, args, .. }) = client.poll_event() else { unreachable!() };
    /// assert_eq!(args, r#"["yes"]"#);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::BadEndpoint`]; [`LocalError::Limit`] if the outbox or the acknowledgements owed are at their limit.
    pub fn send(
        &mut self,
        now: Instant,
        endpoint: &Text,
        outgoing: Outgoing,
        ack: AckMode,
    ) -> Result<Option<u64>, LocalError> {
        self.begin(now);
        let sent = self.send_packet(endpoint, outgoing, ack);
        self.settle();
        sent
    }

    /// Acknowledges a received packet with data; `args` is a JSON array or empty.
    ///
    /// ```
    /// use socketio08::client::{ClientEvent, ClientInput};
    /// use socketio08::{Instant, Text};
    ///
    /// // A client that is connected, and asked.
    /// # let (mut client, exchange, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/client.rs"));
    /// client.handle_input(Instant::ZERO, ClientInput::Message { exchange, text: Text::from_static("3:5+::tea?") });
    /// let Some(ClientEvent::Received { packet, .. }) = client.poll_event() else { unreachable!() };
    /// if let Some(id) = packet.id.filter(|id| id.with_data) {
    ///     client.acknowledge(Instant::ZERO, &packet.endpoint, &id, Text::from_static(r#"["yes"]"#))?;
    /// }
    /// assert_eq!(sent(&mut client), [r#"6:::5+["yes"]"#]);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::BadEndpoint`] if it was not joined; [`LocalError::Limit`] if the outbox is full.
    pub fn acknowledge(
        &mut self,
        now: Instant,
        endpoint: &Text,
        id: &AckId,
        args: Text,
    ) -> Result<(), LocalError> {
        self.begin(now);
        let sent = self.send_ack(endpoint, id, args);
        self.settle();
        sent
    }

    /// Supplies jitter for the next reconnection delays of the improved profile: thousandths (0 to 1,000) of the delay
    /// taken off. The caller draws a new one after each [`ClientEvent::ReconnectScheduled`](super::ClientEvent::ReconnectScheduled).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use socketio08::Instant;
    /// use socketio08::client::{Client, ClientBehaviour, ClientConfig, ClientEvent, ClientInput};
    ///
    /// let mut client = Client::new(ClientConfig::default().behaviour(ClientBehaviour::Improved));
    /// client.set_jitter(500);
    /// client.connect(Instant::ZERO);
    /// let exchange = client.poll_transmit().expect("the handshake").exchange();
    /// client.handle_input(Instant::ZERO, ClientInput::Closed { exchange, clean: false });
    /// while let Some(event) = client.poll_event() {
    ///     if let ClientEvent::ReconnectScheduled { delay, .. } = event {
    ///         assert_eq!(delay, Duration::from_millis(250), "half of it was taken off");
    ///     }
    /// }
    /// ```
    pub fn set_jitter(&mut self, permille: u16) {
        self.jitter_permille = permille.min(1_000);
    }
}
