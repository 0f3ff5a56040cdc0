//! A Socket.IO 0.8 client on smol: the `Client` machine driven by another runtime than tokio, over its own small carrier.
//!
//! [`drive`] is the loop: carry out what the machine wants, tell the application what happened, then wait for whichever comes
//! first, something a carrier brought or the machine's deadline.

pub mod http;
pub mod websocket;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time;

use smol::channel::{Receiver, Sender, bounded, unbounded};
use smol::future::or;
use smol::{LocalExecutor, Task, Timer};
use socketio08::client::{Client, ClientEvent, ClientInput, ClientTransmit};
use socketio08::server::ExchangeId;
use socketio08::{Instant, Text};

/// Most inputs that wait for the machine: carriers wait to hand in more.
const ARRIVALS_MAX: usize = 64;

/// Whether to go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// Go on.
    Continue,
    /// Return from [`drive`], cutting every connection.
    Stop,
}

/// An exchange under way. Dropping it cuts it.
struct Running {
    carrier: Task<()>,
    /// Towards a websocket.
    queue: Option<Sender<Text>>,
}

struct Driver<'a> {
    server: SocketAddr,
    executor: &'a LocalExecutor<'static>,
    running: BTreeMap<ExchangeId, Running>,
    arrivals: Sender<ClientInput>,
}

/// Connects `client` to a server and drives it until `application` says so. Jitter is the application's to supply after
/// [`ClientEvent::ReconnectScheduled`].
pub async fn drive(
    server: SocketAddr,
    client: &mut Client,
    mut application: impl FnMut(Instant, &mut Client, ClientEvent) -> Next,
) {
    let executor = LocalExecutor::new();
    let (arrivals, arrived) = bounded(ARRIVALS_MAX);
    let mut driver = Driver { server, executor: &executor, running: BTreeMap::new(), arrivals };
    let origin = time::Instant::now();
    let now = Rc::new(Cell::new(Instant::ZERO));
    client.connect(now.get());
    let turns = async {
        loop {
            // Law 1: all transmissions, then one event, until there is neither.
            loop {
                while let Some(transmit) = client.poll_transmit() {
                    driver.carry(transmit);
                }
                let Some(event) = client.poll_event() else { break };
                if application(now.get(), client, event) == Next::Stop {
                    return;
                }
            }
            let input = driver.wait(origin, client, &arrived).await;
            now.set(Instant::ZERO + origin.elapsed());
            if let Some(input) = input {
                driver.forget_ended(&input);
                client.handle_input(now.get(), input);
            }
            // Timers get their turn even when input never stops; early calls change nothing (law 3).
            client.handle_timeout(now.get());
        }
    };
    executor.run(turns).await;
}

impl Driver<'_> {
    /// What a carrier brought, or `None` at the deadline.
    async fn wait(
        &self,
        origin: time::Instant,
        client: &Client,
        arrived: &Receiver<ClientInput>,
    ) -> Option<ClientInput> {
        let arrival = async { arrived.recv().await.ok() };
        match client.poll_timeout() {
            None => arrival.await,
            Some(deadline) => {
                let due = origin + (deadline.at - Instant::ZERO);
                or(arrival, async {
                    Timer::at(due).await;
                    None
                })
                .await
            }
        }
    }

    fn carry(&mut self, transmit: ClientTransmit) {
        match transmit {
            ClientTransmit::Get { exchange, target } => self.request(exchange, "GET", &target, &Text::EMPTY),
            ClientTransmit::Post { exchange, target, body, .. } => {
                self.request(exchange, "POST", &target, &body);
            }
            ClientTransmit::Open { exchange, target, .. } => self.open(exchange, &target),
            ClientTransmit::Message { exchange, text } => {
                if let Some(Running { queue: Some(queue), .. }) = self.running.get(&exchange) {
                    // A socket that has ended has said so, or is about to.
                    let _ = queue.try_send(text);
                }
            }
            ClientTransmit::Close { exchange } => match self.running.remove(&exchange) {
                // The end of its queue makes a socket say goodbye.
                Some(Running { carrier, queue: Some(_) }) => carrier.detach(),
                // Dropping the task aborts a request.
                Some(Running { carrier, queue: None }) => drop(carrier),
                None => {}
            },
            // Forms and streams belong to transports that this carrier does not offer.
            _ => {}
        }
    }

    fn request(&mut self, exchange: ExchangeId, method: &'static str, target: &Text, body: &Text) {
        let (server, arrivals) = (self.server, self.arrivals.clone());
        let (target, body) = (target.clone(), body.clone());
        let carrier = self.executor.spawn(async move {
            let input = match http::request(server, method, &target, &body).await {
                Ok((status, body)) => ClientInput::Response { exchange, status, body },
                Err(_) => ClientInput::Closed { exchange, clean: false },
            };
            // A driver that has ended needs no answer.
            let _ = arrivals.send(input).await;
        });
        self.running.insert(exchange, Running { carrier, queue: None });
    }

    fn open(&mut self, exchange: ExchangeId, target: &Text) {
        // Bounded by the machine's own outbox: what it hands out is on its way.
        let (queue, messages) = unbounded();
        let carry = websocket::carry(self.server, exchange, target.clone(), messages, self.arrivals.clone());
        let carrier = self.executor.spawn(carry);
        self.running.insert(exchange, Running { carrier, queue: Some(queue) });
    }

    fn forget_ended(&mut self, input: &ClientInput) {
        if let ClientInput::Response { exchange, .. } | ClientInput::Closed { exchange, .. } = input
            && let Some(ended) = self.running.remove(exchange)
        {
            ended.carrier.detach();
        }
    }
}
