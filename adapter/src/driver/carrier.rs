//! Every exchange of one client, polled together in its one task.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use socketio08::client::{ClientInput, ClientTransmit};
use socketio08::server::ExchangeId;
use socketio08::{Limits, Text};
use tokio::time::timeout;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::http::{self, Done, Failure, HttpConnection, Job, JobKind, Source};
use super::stream::{StreamEvent, Streaming};
use super::{Connecting, Connector, DriverConfig, Trouble, TroubleKind};
use crate::socket::{self, Socket, SocketEvent};
use crate::watched::Watched;

/// What happened to an exchange.
pub(super) struct Arrival {
    pub(super) input: ClientInput,
    pub(super) trouble: Option<Trouble>,
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

enum Activity<C: Connector> {
    Request {
        job: Job,
        done: Boxed<Done<C::Io>>,
    },
    Stream(Streaming<C::Io>),
    Opening {
        socket: Boxed<Result<Socket<C::Io>, TroubleKind>>,
        queue: Queue,
    },
    Open {
        socket: Box<Socket<C::Io>>,
        queue: Queue,
    },
    /// Fails as soon as it is polled.
    Failing(TroubleKind),
}

/// Messages on their way to a socket.
#[derive(Default)]
struct Queue {
    texts: VecDeque<Text>,
    len: usize,
}

pub(super) struct Carrier<C: Connector> {
    config: DriverConfig,
    machine_limits: Limits,
    connector: C,
    headers: HeaderMap,
    exchanges: Vec<(ExchangeId, Activity<C>)>,
    /// Connections between requests, the one idle for the shortest time last.
    idle: Vec<HttpConnection<C::Io>>,
    /// The connection of the response that is being handled, unless it is idle at once.
    handling: Option<(ExchangeId, HttpConnection<C::Io>)>,
    /// Requests that wait for a connection.
    waiting: VecDeque<Job>,
    /// Websockets that say goodbye.
    closing: Vec<Boxed<()>>,
}

impl<C: Connector> Carrier<C> {
    pub(super) fn new(mut config: DriverConfig, machine_limits: Limits, connector: C) -> Self {
        let headers = http::headers(&config);
        config.limits = config.limits.on(&config.clock);
        Self {
            config,
            machine_limits,
            connector,
            headers,
            exchanges: Vec::new(),
            idle: Vec::new(),
            handling: None,
            waiting: VecDeque::new(),
            closing: Vec::new(),
        }
    }

    pub(super) fn carry(&mut self, transmit: ClientTransmit) {
        match transmit {
            ClientTransmit::Get { exchange, target } => {
                self.request(Job { exchange, target, kind: JobKind::Get });
            }
            ClientTransmit::Stream { exchange, target } => {
                self.request(Job { exchange, target, kind: JobKind::Stream });
            }
            ClientTransmit::Post { exchange, target, body } => {
                self.request(Job { exchange, target, kind: JobKind::Post(body) });
            }
            ClientTransmit::Form { exchange, target, body } => {
                self.request(Job { exchange, target, kind: JobKind::Form(body) });
            }
            ClientTransmit::Open { exchange, target } => {
                let connecting = self.connector.connect();
                let url = format!("ws://{}{target}", self.config.host);
                let socket = Box::pin(open(connecting, url, self.headers.clone(), self.machine_limits));
                self.exchanges.push((exchange, Activity::Opening { socket, queue: Queue::default() }));
            }
            ClientTransmit::Message { exchange, text } => self.message(exchange, text),
            ClientTransmit::Close { exchange } => self.close(exchange),
        }
    }

    /// The next thing that happens. Idle and closing connections make progress meanwhile.
    pub(super) fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<Arrival> {
        self.idle.extend(self.handling.take().map(|(_, connection)| connection));
        self.idle.retain_mut(|connection| connection.poll_idle(cx).is_pending());
        self.closing.retain_mut(|socket| socket.as_mut().poll(cx).is_pending());
        let mut index = 0;
        while let Some((exchange, activity)) = self.exchanges.get_mut(index) {
            let exchange = *exchange;
            if let Poll::Ready(happening) = activity.poll(cx) {
                if let Some(arrival) = self.happened(index, exchange, happening) {
                    return Poll::Ready(arrival);
                }
                // It was begun anew in its place, and is polled from there.
                continue;
            }
            index += 1;
        }
        Poll::Pending
    }

    /// Lets websockets that say goodbye do so.
    pub(super) async fn finish(&mut self) {
        self.exchanges.clear();
        self.handling = None;
        self.idle.clear();
        poll_fn(|cx| {
            self.closing.retain_mut(|socket| socket.as_mut().poll(cx).is_pending());
            if self.closing.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn request(&mut self, job: Job) {
        if self.has_room() {
            self.start(job);
        } else if self.waiting.len() < self.config.limits.client_waiting_max {
            self.waiting.push_back(job);
        } else {
            let failing = Activity::Failing(TroubleKind::Limit("client_waiting_max"));
            self.exchanges.push((job.exchange, failing));
        }
    }

    fn has_room(&self) -> bool {
        let active = self.exchanges.iter().filter(|(_, activity)| activity.is_request()).count();
        active < self.config.limits.client_connections_max
    }

    fn start(&mut self, job: Job) {
        let source = match self.idle.pop() {
            Some(connection) => Source::Idle(connection),
            None => Source::New(self.connector.connect()),
        };
        let exchange = job.exchange;
        let activity = self.perform(source, job);
        self.exchanges.push((exchange, activity));
    }

    fn perform(&self, source: Source<C::Io>, job: Job) -> Activity<C> {
        let headers = self.headers.clone();
        let len_max = self.machine_limits.payload_len_max;
        let connections = self.config.connections;
        if matches!(job.kind, JobKind::Stream) {
            return Activity::Stream(Streaming::open(source, job, headers, connections, len_max));
        }
        let done = Box::pin(http::perform(source, job.clone(), headers, connections, len_max));
        Activity::Request { job, done }
    }

    fn message(&mut self, exchange: ExchangeId, text: Text) {
        let limits = self.machine_limits;
        let Some((_, activity)) = self.exchanges.iter_mut().find(|(id, _)| *id == exchange) else { return };
        if let Activity::Opening { queue, .. } | Activity::Open { queue, .. } = activity {
            queue.len += text.len();
            queue.texts.push_back(text);
            // One message always fits, whatever its length: the machine's own limit holds for it.
            let too_long = queue.texts.len() > 1 && queue.len > limits.outbox_len_max;
            if too_long || queue.texts.len() > limits.outbox_packets_max {
                *activity = Activity::Failing(TroubleKind::Limit("outbox"));
            }
        }
    }

    /// Aborts a request by dropping its connection; closes a websocket once its messages are sent.
    fn close(&mut self, exchange: ExchangeId) {
        if self.handling.as_ref().is_some_and(|(handled, _)| *handled == exchange) {
            self.handling = None;
        }
        self.waiting.retain(|job| job.exchange != exchange);
        let Some(index) = self.exchanges.iter().position(|(id, _)| *id == exchange) else { return };
        let (_, activity) = self.exchanges.remove(index);
        if let Activity::Open { socket, queue } = activity {
            let linger = self.config.limits.linger;
            self.closing.push(Box::pin(async move {
                // A peer that does not take its messages or answer the close frame in time is cut.
                let _ = timeout(linger, close_socket(*socket, queue)).await;
            }));
        }
        self.start_waiting();
    }

    fn start_waiting(&mut self) {
        while self.has_room()
            && let Some(job) = self.waiting.pop_front()
        {
            self.start(job);
        }
    }

    /// Turns what happened into an input; `None` if the exchange was begun anew.
    fn happened(
        &mut self,
        index: usize,
        exchange: ExchangeId,
        happening: Happening<C::Io>,
    ) -> Option<Arrival> {
        let closed = |clean, kind: Option<TroubleKind>| Arrival {
            input: ClientInput::Closed { exchange, clean },
            trouble: kind.map(|kind| Trouble { exchange, kind }),
        };
        match happening {
            Happening::Opened => Some(Arrival { input: ClientInput::Opened { exchange }, trouble: None }),
            Happening::Message(text) => {
                Some(Arrival { input: ClientInput::Message { exchange, text }, trouble: None })
            }
            Happening::Chunk(chunk) => {
                Some(Arrival { input: ClientInput::Chunk { exchange, chunk }, trouble: None })
            }
            Happening::Response(status, body) => {
                self.exchanges.remove(index);
                self.start_waiting();
                Some(Arrival { input: ClientInput::Response { exchange, status, body }, trouble: None })
            }
            Happening::Ended { clean, kind } => {
                self.exchanges.remove(index);
                // A stream leaves a connection to others.
                self.start_waiting();
                Some(closed(clean, kind))
            }
            Happening::Done(done, job) => {
                let Done { result, connection } = *done;
                if self.config.reuse_while_handling {
                    self.idle.extend(connection);
                } else {
                    self.handling = connection.map(|connection| (exchange, connection));
                }
                if let Err(Failure { reused: true, .. }) = &result
                    && self.config.retry_reused_get
                    && matches!(job.kind, JobKind::Get)
                {
                    let again = self.perform(Source::New(self.connector.connect()), job);
                    if let Some((_, activity)) = self.exchanges.get_mut(index) {
                        *activity = again;
                    }
                    return None;
                }
                self.exchanges.remove(index);
                self.start_waiting();
                Some(match result {
                    Ok((status, body)) => {
                        Arrival { input: ClientInput::Response { exchange, status, body }, trouble: None }
                    }
                    Err(failure) => closed(failure.clean, Some(failure.kind)),
                })
            }
        }
    }
}

/// What polling an exchange yields.
enum Happening<Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static> {
    Opened,
    Message(Text),
    Ended {
        clean: bool,
        kind: Option<TroubleKind>,
    },
    /// A part of a stream.
    Chunk(Bytes),
    /// A stream was answered by something else than 200.
    Response(u16, Bytes),
    Done(Box<Done<Io>>, Job),
}

impl<C: Connector> Activity<C> {
    fn is_request(&self) -> bool {
        matches!(self, Activity::Request { .. } | Activity::Stream(_))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Happening<C::Io>> {
        match self {
            Activity::Request { job, done } => {
                done.as_mut().poll(cx).map(|done| Happening::Done(Box::new(done), job.clone()))
            }
            Activity::Stream(stream) => stream.poll(cx).map(|event| match event {
                StreamEvent::Chunk(data) => Happening::Chunk(data),
                StreamEvent::Response(status, body) => Happening::Response(status, body),
                StreamEvent::Ended { clean, kind } => Happening::Ended { clean, kind },
            }),
            Activity::Opening { socket, queue } => match socket.as_mut().poll(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Err(kind)) => Poll::Ready(Happening::Ended { clean: false, kind: Some(kind) }),
                Poll::Ready(Ok(socket)) => {
                    let queue = std::mem::take(queue);
                    *self = Activity::Open { socket: Box::new(socket), queue };
                    Poll::Ready(Happening::Opened)
                }
            },
            Activity::Open { socket, queue } => {
                // Sending ends only by failing; what the peer had sent before comes first.
                let sent = socket.poll_send(cx, |_| queue.next());
                let event = match (socket.poll_receive(cx), sent) {
                    (Poll::Ready(event), _) => event,
                    (Poll::Pending, Poll::Ready(Err(error))) => socket.failed(&error),
                    (Poll::Pending, _) => return Poll::Pending,
                };
                Poll::Ready(match event {
                    SocketEvent::Message(text) => Happening::Message(text),
                    SocketEvent::Ended { clean, trouble } => {
                        Happening::Ended { clean, kind: trouble.map(TroubleKind::Websocket) }
                    }
                })
            }
            Activity::Failing(kind) => {
                Poll::Ready(Happening::Ended { clean: false, kind: Some(kind.clone()) })
            }
        }
    }
}

impl Queue {
    /// Pending when empty: the driver polls again after each message queued.
    fn next(&mut self) -> Poll<Option<Text>> {
        match self.texts.pop_front() {
            None => Poll::Pending,
            Some(text) => {
                self.len -= text.len();
                Poll::Ready(Some(text))
            }
        }
    }
}

async fn open<Io>(
    connecting: Connecting<Io>,
    url: String,
    headers: HeaderMap,
    limits: Limits,
) -> Result<Socket<Io>, TroubleKind>
where
    Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let io = connecting.await.map_err(|error| http::connect_trouble(&error))?;
    let mut request = url.into_client_request().map_err(|error| TroubleKind::Websocket(error.to_string()))?;
    for (name, value) in &headers {
        request.headers_mut().insert(name.clone(), value.clone());
    }
    match client_async_with_config(request, Watched::new(io, None), Some(socket::config(&limits))).await {
        Ok((stream, _)) => Ok(Socket::new(stream)),
        Err(Error::Http(response)) => {
            let server = response.headers().get(header::SERVER).map(HeaderValue::as_bytes);
            Err(TroubleKind::UpgradeRefused {
                status: response.status().as_u16(),
                server: server.map(|name| Text::from(String::from_utf8_lossy(name).into_owned())),
            })
        }
        Err(error) => Err(TroubleKind::Websocket(error.to_string())),
    }
}

async fn close_socket<Io>(mut socket: Socket<Io>, mut queue: Queue)
where
    Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    if poll_fn(|cx| socket.poll_send(cx, |_| Poll::Ready(queue.texts.pop_front()))).await.is_ok() {
        socket.close().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::DuplexStream;

    use super::*;

    /// Counts the connections asked for and makes none.
    #[derive(Clone, Default)]
    struct Counting(Arc<AtomicUsize>);

    impl Connector for Counting {
        type Io = DuplexStream;

        fn connect(&self) -> Connecting<DuplexStream> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Box::pin(std::future::pending())
        }
    }

    fn get(n: u64) -> ClientTransmit {
        ClientTransmit::Get { exchange: ExchangeId(n), target: Text::from_static("/") }
    }

    fn carrier() -> (Carrier<Counting>, Counting) {
        let connector = Counting::default();
        let carrier = Carrier::new(DriverConfig::new("test"), Limits::default(), connector.clone());
        (carrier, connector)
    }

    #[tokio::test]
    async fn the_seventh_request_waits_until_one_of_six_is_over() {
        let (mut carrier, connector) = carrier();
        (1..=8).for_each(|n| carrier.carry(get(n)));
        assert_eq!(connector.0.load(Ordering::Relaxed), 6);
        carrier.carry(ClientTransmit::Close { exchange: ExchangeId(3) });
        assert_eq!(connector.0.load(Ordering::Relaxed), 7);
        carrier.carry(ClientTransmit::Close { exchange: ExchangeId(8) });
        assert_eq!(connector.0.load(Ordering::Relaxed), 7, "the eighth was still waiting");
    }

    #[tokio::test]
    async fn a_request_too_many_in_the_queue_fails() {
        let (mut carrier, _) = carrier();
        (1..=6 + 256 + 1).for_each(|n| carrier.carry(get(n)));
        let arrival = poll_fn(|cx| carrier.poll_arrival(cx)).await;
        assert_eq!(arrival.input, ClientInput::Closed { exchange: ExchangeId(263), clean: false });
        let kind = arrival.trouble.map(|trouble| trouble.kind);
        assert!(matches!(kind, Some(TroubleKind::Limit("client_waiting_max"))), "{kind:?}");
    }

    #[tokio::test]
    async fn a_socket_whose_messages_pile_up_fails() {
        let (mut carrier, _) = carrier();
        let exchange = ExchangeId(1);
        carrier.carry(ClientTransmit::Open { exchange, target: Text::from_static("/") });
        for _ in 0..5 {
            let text = Text::from("x".repeat(1_000_000));
            carrier.carry(ClientTransmit::Message { exchange, text });
        }
        let arrival = poll_fn(|cx| carrier.poll_arrival(cx)).await;
        assert_eq!(arrival.input, ClientInput::Closed { exchange, clean: false });
    }
}
