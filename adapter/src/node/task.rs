//! The task that owns the machine and the application.

use std::collections::{BTreeMap, VecDeque};
use std::pin::{Pin, pin};
use std::sync::Arc;

use socketio08::Instant;
use socketio08::server::{ExchangeId, Server, ServerEvent, ServerInput, ServerTransmit, SessionId};
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Sleep, sleep_until, timeout};

use super::exchange::{Answer, Exchange, Full, queue};
use super::relay::Forwards;
use super::{Farewell, Mail, NodeConfig, Stage};
use crate::application::{Delivered, deliver};
use crate::authorization::{Answered, Question, settle};
use crate::mailbox::Receiver;
use crate::portable::Keeper;
use crate::{Application, CarrierLimits, Clock, IdSource};

pub(super) struct Task<A> {
    pub(super) server: Server,
    pub(super) application: A,
    ids: Box<dyn IdSource>,
    clock: Clock,
    pub(super) limits: CarrierLimits,
    pub(super) exchanges: BTreeMap<ExchangeId, Exchange>,
    /// Inputs that carrying out a transmission gave rise to.
    pub(super) afterwards: VecDeque<ServerInput>,
    connections: Arc<Semaphore>,
    stage: watch::Sender<Stage>,
    /// Answers that the application gives later, and how to cancel each.
    answers: JoinSet<Answered>,
    awaited: BTreeMap<Question, AbortHandle>,
    pub(super) forwards: Forwards,
    pub(super) keeper: Option<Keeper>,
    #[cfg(feature = "redis")]
    link: Option<crate::store::Link>,
}

impl<A: Application> Task<A> {
    pub(super) fn new(
        config: NodeConfig,
        application: A,
        ids: Box<dyn IdSource>,
        connections: Arc<Semaphore>,
        stage: watch::Sender<Stage>,
    ) -> Self {
        Self {
            server: Server::new(config.server, config.clock.now()),
            application,
            ids,
            clock: config.clock,
            limits: config.limits.on(&config.clock),
            exchanges: BTreeMap::new(),
            afterwards: VecDeque::new(),
            connections,
            stage,
            answers: JoinSet::new(),
            awaited: BTreeMap::new(),
            forwards: Forwards::new(config.peers),
            keeper: None,
            #[cfg(feature = "redis")]
            link: None,
        }
    }

    pub(super) fn with_keeper(self, keeper: Option<Keeper>) -> Self {
        Self { keeper, ..self }
    }

    #[cfg(feature = "redis")]
    pub(super) fn with_store(self, link: Option<crate::store::Link>) -> Self {
        Self { link, ..self }
    }

    pub(super) async fn run(mut self, mut mail: Receiver<Mail>) {
        let mut sleep = pin!(sleep_until(self.clock.to_tokio(self.clock.now())));
        let mut armed = None;
        // A machine with a store has something to say before anything happens.
        self.drain(self.clock.now());
        loop {
            self.arm(sleep.as_mut(), &mut armed);
            tokio::select! {
                // Timers first: a busy mailbox must not delay them, and they cannot starve it, since each firing leaves
                // only later deadlines.
                biased;
                () = sleep.as_mut(), if armed.is_some() => {
                    armed = None;
                    self.handle_timeout();
                }
                Some(answer) = self.answers.join_next_with_id(), if !self.answers.is_empty() => {
                    self.answered(answer);
                }
                forwarded = self.forwards.next(), if !self.forwards.is_empty() => {
                    if let Some((exchange, reply)) = forwarded {
                        self.forwarded(self.clock.now(), exchange, reply);
                    }
                }
                received = mail.recv() => match received {
                    Some(Mail::Shutdown(farewell)) => {
                        // What connections still send fails from here on, and ends them.
                        drop(mail);
                        return self.leave(farewell).await;
                    }
                    Some(received) => {
                        self.receive(received);
                        // A busy mailbox lets the thread's other tasks have their turn.
                        tokio::task::consume_budget().await;
                    }
                    None => return,
                },
            }
        }
    }

    fn arm(&self, sleep: Pin<&mut Sleep>, armed: &mut Option<Instant>) {
        let machine = self.server.poll_timeout().map(|deadline| deadline.at);
        let next = [machine, self.application.poll_timeout()].into_iter().flatten().min();
        self.clock.arm(next, sleep, armed);
    }

    fn handle_timeout(&mut self) {
        let now = self.clock.now();
        if self.server.poll_timeout().is_some_and(|deadline| deadline.at <= now) {
            self.server.handle_timeout(now);
        }
        self.drain(now);
        if self.application.poll_timeout().is_some_and(|at| at <= now) {
            self.application.handle_timeout(now, &mut self.server);
            self.drain(now);
        }
    }

    fn receive(&mut self, mail: Mail) {
        let now = self.clock.now();
        let input = match mail {
            Mail::Request { request, answer, room } => {
                self.exchanges.insert(request.exchange, Exchange::Waiting(answer));
                drop(room);
                ServerInput::Request(request)
            }
            Mail::Message { exchange, text, room } => {
                drop(room);
                if !self.exchanges.contains_key(&exchange) {
                    return;
                }
                ServerInput::Message { exchange, text }
            }
            Mail::Closed { exchange, clean } => {
                if self.exchanges.remove(&exchange).is_none() {
                    return;
                }
                self.forwards.give_up(exchange);
                ServerInput::Closed { exchange, clean }
            }
            Mail::Call { command, room } => {
                drop(room);
                command(now, &mut self.server);
                return self.drain(now);
            }
            Mail::Stored(input) => input,
            #[cfg(feature = "redis")]
            Mail::Store(mail) => return self.take_store_mail(now, mail),
            Mail::Shutdown(_) => return,
        };
        self.input(now, input);
        self.drain(now);
    }

    pub(super) fn input(&mut self, now: Instant, input: ServerInput) {
        self.application.observe(now, &input);
        self.server.handle_input(now, input);
    }

    /// Carries out transmissions, then gives one event, until nothing is left of either.
    pub(super) fn drain(&mut self, now: Instant) {
        loop {
            while let Some(transmit) = self.server.poll_transmit() {
                self.application.observe_transmit(now, &transmit);
                self.carry(transmit);
            }
            if let Some(input) = self.afterwards.pop_front() {
                self.input(now, input);
            } else if let Some(event) = self.server.poll_event() {
                self.deliver(now, event);
            } else {
                return;
            }
        }
    }

    fn deliver(&mut self, now: Instant, event: ServerEvent) {
        match deliver(now, &mut self.server, &mut self.application, self.ids.as_mut(), event) {
            Delivered::Done => {}
            Delivered::Later(question, answer) => {
                let handle = self.answers.spawn(answer);
                self.awaited.insert(question, handle);
            }
            Delivered::Abandoned(question) => {
                if let Some(handle) = self.awaited.remove(&question) {
                    handle.abort();
                }
            }
        }
    }

    /// The application answered a question, or failed to.
    fn answered(&mut self, answer: Result<(Id, Answered), JoinError>) {
        let (id, answered) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let failed = self.awaited.iter().find(|(_, handle)| handle.id() == error.id());
                let Some((question, _)) = failed else { return };
                (error.id(), Answered::failed(question.clone()))
            }
        };
        let question = answered.question();
        // An answer that was abandoned as it came is none, also if the same was asked again.
        if self.awaited.get(&question).is_none_or(|handle| handle.id() != id) {
            return;
        }
        self.awaited.remove(&question);
        let now = self.clock.now();
        settle(now, &mut self.server, self.ids.as_mut(), answered);
        self.drain(now);
    }

    fn carry(&mut self, transmit: ServerTransmit) {
        match transmit {
            ServerTransmit::Respond { exchange, response } => {
                self.answer(exchange, Answer::Respond(response));
            }
            ServerTransmit::Upgrade { exchange } => {
                self.forwards.give_up(exchange);
                let (sender, receiver) = queue(&self.server.config().limits);
                if let Some(Exchange::Waiting(answer)) = self.exchanges.remove(&exchange) {
                    self.exchanges.insert(exchange, Exchange::Upgraded(sender));
                    // A connection that is gone reports the end of the exchange.
                    let _ = answer.send(Answer::Upgrade(receiver));
                }
            }
            ServerTransmit::Begin { exchange, response } => {
                self.forwards.give_up(exchange);
                let (sender, receiver) = queue(&self.server.config().limits);
                if let Some(Exchange::Waiting(answer)) = self.exchanges.remove(&exchange) {
                    self.exchanges.insert(exchange, Exchange::Streaming(sender));
                    // A connection that is gone reports the end of the exchange.
                    let _ = answer.send(Answer::Begin(response, receiver));
                }
            }
            ServerTransmit::Message { exchange, text } => {
                if let Some(Exchange::Upgraded(queue)) = self.exchanges.get_mut(&exchange)
                    && let Err(Full) = queue.push(text)
                {
                    self.give_up(exchange);
                }
            }
            ServerTransmit::Chunk { exchange, chunk } => {
                if let Some(Exchange::Streaming(queue)) = self.exchanges.get_mut(&exchange)
                    && let Err(Full) = queue.push(chunk)
                {
                    self.give_up(exchange);
                }
            }
            ServerTransmit::Close { exchange } => self.answer(exchange, Answer::Close),
            ServerTransmit::StoreGet { .. }
            | ServerTransmit::StorePut { .. }
            | ServerTransmit::StoreDelete { .. } => self.operate(transmit),
            ServerTransmit::Forward { exchange, node, request } => self.forward(exchange, node, request),
            ServerTransmit::Publish { .. }
            | ServerTransmit::Subscribe { .. }
            | ServerTransmit::Unsubscribe { .. } => self.tell(transmit),
        }
    }

    #[cfg(feature = "redis")]
    pub(super) fn carry_to_store(&mut self, transmit: ServerTransmit) {
        if let Some(link) = &self.link {
            super::store::carry(link, transmit);
        }
    }

    /// A node without a connection is alone: nobody listens.
    #[cfg(not(feature = "redis"))]
    #[expect(clippy::unused_self, reason = "as with the feature `redis`")]
    pub(super) fn carry_to_store(&mut self, _transmit: ServerTransmit) {}

    /// A peer that does not read has ended the exchange, as far as the machine is concerned.
    fn give_up(&mut self, exchange: ExchangeId) {
        self.exchanges.remove(&exchange);
        self.afterwards.push_back(ServerInput::Closed { exchange, clean: false });
    }

    /// Ends an exchange. Dropping a queue closes its socket, or completes its stream.
    fn answer(&mut self, exchange: ExchangeId, answer: Answer) {
        self.forwards.give_up(exchange);
        if let Some(Exchange::Waiting(sender)) = self.exchanges.remove(&exchange) {
            // A connection that is gone needs no answer.
            let _ = sender.send(answer);
        }
    }

    async fn leave(mut self, farewell: Farewell) {
        if farewell == Farewell::Disconnect {
            self.disconnect_all();
        }
        if farewell != Farewell::Cut {
            self.hand_over(self.clock.now());
            // Requests without an answer are closed, sockets closed when their queue is sent.
            self.exchanges.clear();
            self.stage.send_replace(Stage::Leaving);
            let all = u32::try_from(self.limits.connections_max).unwrap_or(u32::MAX);
            // Those that have not finished in time are cut below.
            let _ = timeout(self.limits.linger, self.connections.acquire_many(all)).await;
        }
        if let Some(keeper) = self.keeper.take() {
            keeper.finish().await;
        }
        #[cfg(feature = "redis")]
        if let Some(link) = self.link.take() {
            link.finish().await;
        }
        self.stage.send_replace(Stage::Gone);
    }

    fn disconnect_all(&mut self) {
        let now = self.clock.now();
        let sessions: Vec<SessionId> = self.server.sessions().cloned().collect();
        for session in sessions {
            // A session may have ended by the events of an earlier one's end.
            let _ = self.server.disconnect(now, &session);
            self.drain(now);
        }
    }
}
