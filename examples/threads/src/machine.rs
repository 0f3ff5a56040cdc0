//! The thread that owns the machine, its clock and the session ids.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, sync_channel};
use std::time;

use bytes::Bytes;
use socketio08::server::{
    ExchangeId, Refusal, Request, Response, Server, ServerConfig, ServerEvent, ServerInput, ServerTransmit,
    SessionId,
};
use socketio08::{Instant, Text};

/// Takes the events that are not the carrier's own business.
pub trait Application: Send + 'static {
    /// Takes one event.
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent);
}

impl<F: FnMut(Instant, &mut Server, ServerEvent) + Send + 'static> Application for F {
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
        self(now, server, event);
    }
}

/// What connections tell the machine's thread.
#[derive(Debug)]
pub enum Mail {
    /// A request, where its answer goes, and the connection to cut should its socket not be read.
    Request(Request, Sender<Answer>, TcpStream),
    /// A message of a socket.
    Message(ExchangeId, Text),
    /// The peer ended an exchange; `true`: by a FIN or close frame.
    Closed(ExchangeId, bool),
}

/// What the machine's thread answers to a request.
#[derive(Debug)]
pub enum Answer {
    /// A response.
    Respond(Response),
    /// 101; what comes out of the queue goes to the socket, which is closed when the queue ends.
    Upgrade(Receiver<Text>),
    /// The connection is closed without a response.
    Close,
}

enum Exchange {
    Waiting(Sender<Answer>, TcpStream),
    Upgraded(SyncSender<Text>, TcpStream),
}

struct Machine<A> {
    server: Server,
    application: A,
    exchanges: BTreeMap<ExchangeId, Exchange>,
    /// Exchanges found dead while transmitting.
    dead: Vec<ExchangeId>,
}

/// Runs until every sender of mail is gone.
pub fn run(config: ServerConfig, application: impl Application, mail: &Receiver<Mail>) {
    let origin = time::Instant::now();
    // Any origin will do, as long as time only goes forward: law 2.
    let clock = || Instant::ZERO + origin.elapsed();
    let server = Server::new(config, clock());
    let mut machine = Machine { server, application, exchanges: BTreeMap::new(), dead: Vec::new() };
    loop {
        let received = match machine.server.poll_timeout() {
            Some(deadline) => mail.recv_timeout(deadline.at - clock()),
            None => mail.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let now = clock();
        match received {
            Ok(mail) => machine.receive(now, mail),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // Also when mail came: a busy mailbox must not delay timers. Early calls change nothing: law 3.
        machine.server.handle_timeout(now);
        machine.drain(now);
    }
}

impl<A: Application> Machine<A> {
    fn receive(&mut self, now: Instant, mail: Mail) {
        let input = match mail {
            Mail::Request(request, answer, stream) => {
                self.exchanges.insert(request.exchange, Exchange::Waiting(answer, stream));
                ServerInput::Request(request)
            }
            Mail::Message(exchange, text) => ServerInput::Message { exchange, text },
            Mail::Closed(exchange, clean) => {
                self.exchanges.remove(&exchange);
                ServerInput::Closed { exchange, clean }
            }
        };
        self.server.handle_input(now, input);
        self.drain(now);
    }

    /// Law 1: all transmissions, then one event, until there is neither.
    fn drain(&mut self, now: Instant) {
        loop {
            while let Some(transmit) = self.server.poll_transmit() {
                self.carry(transmit);
            }
            if let Some(exchange) = self.dead.pop() {
                self.server.handle_input(now, ServerInput::Closed { exchange, clean: false });
            } else if let Some(event) = self.server.poll_event() {
                self.tell(now, event);
            } else {
                return;
            }
        }
    }

    fn carry(&mut self, transmit: ServerTransmit) {
        match transmit {
            ServerTransmit::Respond { exchange, response } => {
                self.answer(exchange, Answer::Respond(response));
            }
            ServerTransmit::Upgrade { exchange } => self.upgrade(exchange),
            ServerTransmit::Message { exchange, text } => self.message(exchange, text),
            ServerTransmit::Close { exchange } => self.answer(exchange, Answer::Close),
            // Streams and the store belong to choices that this carrier does not offer.
            _ => {}
        }
    }

    /// Ends an exchange; for an upgraded one, dropping the queue closes the socket.
    fn answer(&mut self, exchange: ExchangeId, answer: Answer) {
        if let Some(Exchange::Waiting(sender, _)) = self.exchanges.remove(&exchange) {
            // A connection that is gone needs no answer.
            let _ = sender.send(answer);
        }
    }

    fn upgrade(&mut self, exchange: ExchangeId) {
        if let Some(Exchange::Waiting(answer, stream)) = self.exchanges.remove(&exchange) {
            let (queue, receiver) = sync_channel(self.server.config().limits.outbox_packets_max);
            let _ = answer.send(Answer::Upgrade(receiver));
            self.exchanges.insert(exchange, Exchange::Upgraded(queue, stream));
        }
    }

    fn message(&mut self, exchange: ExchangeId, text: Text) {
        if let Some(Exchange::Upgraded(queue, stream)) = self.exchanges.get(&exchange)
            && let Err(TrySendError::Full(_)) = queue.try_send(text)
        {
            // The peer does not read. Never wait for it here: every other session would wait too.
            let _ = stream.shutdown(Shutdown::Both);
            self.exchanges.remove(&exchange);
            self.dead.push(exchange);
        }
    }

    fn tell(&mut self, now: Instant, event: ServerEvent) {
        match event {
            ServerEvent::HandshakeRequested { exchange, .. } => {
                let done = match session_id() {
                    Some(id) => self.server.accept(now, exchange, id),
                    None => self.server.refuse(now, exchange, Refusal::Error),
                };
                if done.is_err() {
                    // The exchange ended meanwhile, or there is no room: then it still waits.
                    let _ = self.server.refuse(now, exchange, Refusal::Full);
                }
            }
            ServerEvent::Outside(request) => {
                let body = Bytes::from_static(b"not found\n");
                let response = Response { status: 404, headers: Vec::new(), body };
                let _ = self.server.respond(now, request.exchange, response);
            }
            event => self.application.event(now, &mut self.server, event),
        }
    }
}

/// 128 random bits from the operating system: the id is all that a request proves who sends it.
fn session_id() -> Option<SessionId> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).ok()?;
    Some(SessionId(Text::from(format!("{:032x}", u128::from_be_bytes(random)))))
}
