//! What the application tells a server to do.

use super::response;
use super::{
    AckMode, Audience, ExchangeId, JoinRefusal, LocalError, Outgoing, Refusal, Response, Server, SessionId,
};
use crate::{AckId, Instant, Text};

impl Server {
    /// Accepts a handshake under `session`, an id that must be unguessable. With [`Routing::Routed`](super::Routing::Routed) the name
    /// of this server and a hyphen are put before it.
    ///
    /// ```
    /// # use socketio08::{Instant, LocalError, Text, server::{ExchangeId, Request, Server, ServerConfig, ServerInput, SessionId}};
    /// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
    /// let request = Request::get(ExchangeId(1), "/socket.io/1/");
    /// server.handle_input(Instant::ZERO, ServerInput::Request(request));
    /// let accepted = server.accept(Instant::ZERO, ExchangeId(1), SessionId(Text::from_static("a/b")));
    /// assert_eq!(accepted, Err(LocalError::BadSessionId), "the exchange still waits");
    /// server.accept(Instant::ZERO, ExchangeId(1), SessionId(Text::from_static("4711")))?;
    /// # Ok::<(), LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`] if the exchange is unknown or the id cannot be used; the exchange still waits then.
    pub fn accept(
        &mut self,
        now: Instant,
        exchange: ExchangeId,
        session: SessionId,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.accept_handshake(exchange, session)
    }

    /// Refuses a handshake.
    ///
    /// ```
    /// # use socketio08::{Instant, LocalError, server::{ExchangeId, Refusal, Request, Server, ServerConfig, ServerInput, ServerTransmit}};
    /// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
    /// let request = Request::get(ExchangeId(1), "/socket.io/1/");
    /// server.handle_input(Instant::ZERO, ServerInput::Request(request));
    /// server.refuse(Instant::ZERO, ExchangeId(1), Refusal::Unauthorized)?;
    /// let Some(ServerTransmit::Respond { response, .. }) = server.poll_transmit() else { unreachable!() };
    /// assert_eq!((response.status, &response.body[..]), (403, b"handshake unauthorized".as_slice()));
    /// # Ok::<(), LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownExchange`].
    pub fn refuse(&mut self, now: Instant, exchange: ExchangeId, refusal: Refusal) -> Result<(), LocalError> {
        self.advance(now);
        let (style, _) = self.take_handshake(exchange)?;
        self.store_withdrawn(exchange);
        self.transmit_response(exchange, response::refused(&style, refusal));
        Ok(())
    }

    /// Lets a session join a guarded endpoint that it asked for.
    ///
    /// ```
    /// use socketio08::server::{ExchangeId, ServerEvent, ServerInput};
    /// use socketio08::{Instant, Text};
    ///
    /// // A server that guards `/staff`; `ann`, at websocket 3, asks to join it.
    /// # let (mut server, ann, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let text = Text::from_static("1::/staff");
    /// server.handle_input(Instant::ZERO, ServerInput::Message { exchange: ExchangeId(3), text });
    /// let Some(ServerEvent::JoinRequested { session, endpoint, .. }) = server.poll_event() else { unreachable!() };
    /// server.accept_join(Instant::ZERO, &session, &endpoint)?;
    /// assert_eq!(sent(&mut server), ["1::/staff"]);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownSession`], [`LocalError::NoJoinRequested`].
    pub fn accept_join(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.answer_join(session, endpoint, Ok(()))
    }

    /// Refuses a session a guarded endpoint that it asked for. A session that had joined it before and asked again leaves it.
    ///
    /// ```
    /// use socketio08::server::{JoinRefusal, LocalError};
    /// use socketio08::{Instant, Text};
    ///
    /// // A server that guards `/staff`, which `ann` did not ask to join.
    /// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let staff = Text::from_static("/staff");
    /// let refused = server.refuse_join(Instant::ZERO, &ann, &staff, JoinRefusal::Unauthorized);
    /// assert_eq!(refused, Err(LocalError::NoJoinRequested));
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownSession`], [`LocalError::NoJoinRequested`].
    pub fn refuse_join(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
        refusal: JoinRefusal,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.answer_join(session, endpoint, Err(refusal))
    }

    /// Answers a request reported by [`ServerEvent::Outside`](super::ServerEvent::Outside).
    ///
    /// ```
    /// use socketio08::server::{
    ///     ExchangeId, Request, Response, Server, ServerConfig, ServerEvent, ServerInput, ServerTransmit,
    /// };
    /// use socketio08::Instant;
    ///
    /// let mut server = Server::new(ServerConfig::default(), Instant::ZERO);
    /// server.handle_input(Instant::ZERO, ServerInput::Request(Request::get(ExchangeId(1), "/")));
    /// let Some(ServerEvent::Outside(request)) = server.poll_event() else { unreachable!() };
    /// let response = Response { status: 404, headers: Vec::new(), body: "not found".into() };
    /// server.respond(Instant::ZERO, request.exchange, response)?;
    /// assert!(matches!(server.poll_transmit(), Some(ServerTransmit::Respond { .. })));
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownExchange`].
    pub fn respond(
        &mut self,
        now: Instant,
        exchange: ExchangeId,
        response: Response,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.take_outside(exchange)?;
        self.transmit_response(exchange, response);
        Ok(())
    }

    /// Sends to one session; returns the id to be acknowledged if `ack` asks for one.
    ///
    /// ```
    /// use socketio08::{AckMode, Instant, Outgoing, Text};
    ///
    /// // A server with the session `ann`.
    /// # let (mut server, ann, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let (now, root) = (Instant::ZERO, Text::EMPTY);
    /// let id = server.send(now, &ann, &root, Outgoing::Message(Text::from_static("tea?")), AckMode::WithData)?;
    /// assert_eq!((id, sent(&mut server)), (Some(1), vec!["3:1+::tea?".to_owned()]));
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`]; nothing is sent then.
    pub fn send(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
        outgoing: Outgoing,
        ack: AckMode,
    ) -> Result<Option<u64>, LocalError> {
        self.advance(now);
        self.send_packet(session, endpoint, outgoing, ack)
    }

    /// Sends to one session if its transport can take it at once; tells whether it did.
    ///
    /// ```
    /// use socketio08::{Instant, Outgoing, Text};
    ///
    /// // A server with the session `ann`, over a websocket, which takes everything at once.
    /// # let (mut server, ann, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let tick = Outgoing::Message(Text::from_static("tick"));
    /// assert!(server.send_volatile(Instant::ZERO, &ann, &Text::EMPTY, tick)?);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn send_volatile(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
        outgoing: Outgoing,
    ) -> Result<bool, LocalError> {
        self.advance(now);
        self.send_packet_volatile(session, endpoint, outgoing)
    }

    /// Acknowledges a received packet with data; `args` is a JSON array or empty.
    ///
    /// ```
    /// use socketio08::server::{ExchangeId, ServerEvent, ServerInput};
    /// use socketio08::{Instant, Text};
    ///
    /// // A server whose session `ann` has websocket 3, and asks.
    /// # let (mut server, ann, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let text = Text::from_static("3:5+::tea?");
    /// server.handle_input(Instant::ZERO, ServerInput::Message { exchange: ExchangeId(3), text });
    /// let Some(ServerEvent::Received { session, packet }) = server.poll_event() else { unreachable!() };
    /// if let Some(id) = packet.id.filter(|id| id.with_data) {
    ///     server.acknowledge(Instant::ZERO, &session, &packet.endpoint, &id, Text::from_static(r#"["yes"]"#))?;
    /// }
    /// assert_eq!(sent(&mut server), [r#"6:::5+["yes"]"#]);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn acknowledge(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
        id: &AckId,
        args: Text,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.send_ack(session, endpoint, id, args)
    }

    /// Sends to many; returns to how many.
    ///
    /// ```
    /// use socketio08::server::Audience;
    /// use socketio08::{Instant, Outgoing, Text};
    ///
    /// // A server with the sessions `ann` and `bob`.
    /// # let (mut server, _, _, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let news = Outgoing::Message(Text::from_static("news"));
    /// assert_eq!(server.broadcast(Instant::ZERO, &Audience::default(), &news)?, 2);
    /// assert_eq!(sent(&mut server), ["3:::news", "3:::news"]);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::BadEndpoint`].
    pub fn broadcast(
        &mut self,
        now: Instant,
        audience: &Audience,
        outgoing: &Outgoing,
    ) -> Result<usize, LocalError> {
        self.advance(now);
        self.send_to_audience(audience, outgoing)
    }

    /// Puts a session into a room of an endpoint.
    ///
    /// ```
    /// use socketio08::server::Audience;
    /// use socketio08::{Instant, Outgoing, Text};
    ///
    /// // A server with the sessions `ann` and `bob`.
    /// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let kitchen = Text::from_static("kitchen");
    /// server.join_room(&ann, &Text::EMPTY, kitchen.clone())?;
    /// let there = Audience::default().room(Some(kitchen));
    /// assert_eq!(server.broadcast(Instant::ZERO, &there, &Outgoing::Message(Text::from_static("tea")))?, 1);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn join_room(&mut self, session: &SessionId, endpoint: &Text, room: Text) -> Result<(), LocalError> {
        self.enter_room(session, endpoint, room)
    }

    /// Takes a session out of a room.
    ///
    /// ```
    /// use socketio08::server::Audience;
    /// use socketio08::{Instant, Outgoing, Text};
    ///
    /// // A server with the sessions `ann` and `bob`.
    /// # let (mut server, ann, ..) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// let kitchen = Text::from_static("kitchen");
    /// server.join_room(&ann, &Text::EMPTY, kitchen.clone())?;
    /// server.leave_room(&ann, &Text::EMPTY, &kitchen)?;
    /// let there = Audience::default().room(Some(kitchen));
    /// assert_eq!(server.broadcast(Instant::ZERO, &there, &Outgoing::Message(Text::from_static("tea")))?, 0);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError`].
    pub fn leave_room(
        &mut self,
        session: &SessionId,
        endpoint: &Text,
        room: &Text,
    ) -> Result<(), LocalError> {
        self.exit_room(session, endpoint, room)
    }

    /// Ends a session: `0::` to an open transport, then closed (facts 4.9, 7.9).
    ///
    /// ```
    /// use socketio08::Instant;
    ///
    /// // A server with the sessions `ann` and `bob`.
    /// # let (mut server, ann, bob, sent) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// server.disconnect(Instant::ZERO, &ann)?;
    /// assert_eq!(sent(&mut server), ["0::"]);
    /// assert_eq!(server.sessions().collect::<Vec<_>>(), [&bob]);
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownSession`].
    pub fn disconnect(&mut self, now: Instant, session: &SessionId) -> Result<(), LocalError> {
        self.advance(now);
        if !self.sessions.contains_key(session) {
            return Err(LocalError::UnknownSession);
        }
        if !self.store_disconnects(session) {
            self.boot(session);
        }
        Ok(())
    }

    /// Ends a session's membership of one endpoint: `0::/chat` in 0.9; in 0.8.7 the whole session ends, whatever the endpoint
    /// (facts 9.7, 11). The root stands for the whole session in both.
    ///
    /// ```
    /// use socketio08::{Instant, Text};
    ///
    /// // A server of profile 0.8, with the sessions `ann` and `bob`.
    /// # let (mut server, ann, bob, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/server.rs"));
    /// server.disconnect_endpoint(Instant::ZERO, &ann, &Text::from_static("/chat"))?;
    /// assert_eq!(server.sessions().collect::<Vec<_>>(), [&bob], "0.8.7 ends the whole session");
    /// # Ok::<(), socketio08::LocalError>(())
    /// ```
    ///
    /// # Errors
    /// [`LocalError::UnknownSession`] or [`LocalError::BadEndpoint`].
    pub fn disconnect_endpoint(
        &mut self,
        now: Instant,
        session: &SessionId,
        endpoint: &Text,
    ) -> Result<(), LocalError> {
        self.advance(now);
        self.boot_from(session, endpoint)
    }
}
