//! The one processor of a server: a Node process has one thread, so what arrives while it works waits.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socketio08::Instant;
use socketio08::server::{Request, Response, Server, ServerEvent, ServerInput, ServerTransmit};
use socketio08_tokio::{Application, Clock};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep_until};

use crate::scenario::ServerCost;
use crate::world::application::PoolApplication;

/// As much as is read at once: a segment is a request or a websocket message in nearly every case, since turmoil does not
/// merge writes and the clients write each as one.
const BUFFER_LEN: usize = 8_192;

/// The processor of one process; clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Processor {
    cost: ServerCost,
    clock: Clock,
    tick: Duration,
    free_at: Arc<Mutex<Instant>>,
}

impl Processor {
    pub(super) fn new(cost: ServerCost, clock: Clock, tick: Duration) -> Self {
        Self { cost, clock, tick, free_at: Arc::new(Mutex::new(clock.now())) }
    }

    /// Takes `cost` of its time after all that came before, and says when that begins.
    fn take(&self, cost: Duration) -> Instant {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = self.clock.now().max(*free_at);
        *free_at = begins + cost;
        begins
    }

    /// A connection was accepted.
    pub(super) fn accepts(&self) {
        self.take(self.cost.connection);
    }

    /// A session was opened beside so many.
    fn opens(&self, sessions: usize) {
        self.take(self.cost.opening(sessions));
    }

    /// Waits for work to begin, in whole ticks rounded down: an idle processor would otherwise cost each piece a tick.
    fn wait(&self, begins: Instant) -> Option<Pin<Box<Sleep>>> {
        let tick = self.tick.as_micros().max(1);
        let ticks = (begins - self.clock.now()).as_micros() / tick;
        let wait = self.tick * u32::try_from(ticks).unwrap_or(u32::MAX);
        (ticks > 0).then(|| Box::pin(sleep_until(self.clock.to_tokio(self.clock.now() + wait))))
    }

    fn cost_of(&self, segment: &[u8]) -> Duration {
        let request =
            [b"GET ".as_slice(), b"POST ", b"OPTIONS "].iter().any(|method| segment.starts_with(method));
        if request { self.cost.request } else { self.cost.message }
    }

    /// What answers a request is part of its cost.
    fn cost_of_writing(&self, bytes: &[u8]) -> Duration {
        if bytes.starts_with(b"HTTP/") { Duration::ZERO } else { self.cost.send }
    }
}

/// The application of a process, whose processor pays for what the machine does for its sessions.
pub(super) struct Charged {
    pub(super) application: PoolApplication,
    pub(super) processor: Processor,
}

impl Application for Charged {
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
        if matches!(&event, ServerEvent::Connected { endpoint, .. } if endpoint.is_empty()) {
            self.processor.opens(self.application.opened());
        }
        self.application.event(now, server, event);
    }

    fn outside(&mut self, now: Instant, request: &Request) -> Response {
        self.application.outside(now, request)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.application.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Instant, server: &mut Server) {
        self.application.handle_timeout(now, server);
    }

    fn observe(&mut self, now: Instant, input: &ServerInput) {
        self.application.observe(now, input);
    }

    fn observe_transmit(&mut self, now: Instant, transmit: &ServerTransmit) {
        self.application.observe_transmit(now, transmit);
    }
}

/// A connection whose bytes arrive when the processor gets to them.
pub(super) struct Metered<Io> {
    io: Io,
    processor: Processor,
    buffer: Box<[u8]>,
    /// The part of the buffer that waits to be read.
    waiting: std::ops::Range<usize>,
    turn: Option<Pin<Box<Sleep>>>,
    /// What is about to be written is paid for, and waits for its turn.
    writing: bool,
    write_turn: Option<Pin<Box<Sleep>>>,
}

impl<Io> Metered<Io> {
    pub(super) fn new(io: Io, processor: Processor) -> Self {
        Self {
            io,
            processor,
            buffer: vec![0; BUFFER_LEN].into(),
            waiting: 0..0,
            turn: None,
            writing: false,
            write_turn: None,
        }
    }

    /// Hands out what waits.
    fn hand_out(&mut self, buffer: &mut ReadBuf<'_>) {
        let end = self.waiting.end.min(self.waiting.start + buffer.remaining());
        buffer.put_slice(self.buffer.get(self.waiting.start..end).unwrap_or_default());
        self.waiting.start = end;
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Metered<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if let Some(turn) = &mut this.turn {
                ready!(turn.as_mut().poll(cx));
                this.turn = None;
            }
            if !this.waiting.is_empty() {
                this.hand_out(buffer);
                return Poll::Ready(Ok(()));
            }
            let mut segment = ReadBuf::new(&mut this.buffer);
            ready!(Pin::new(&mut this.io).poll_read(cx, &mut segment))?;
            let len = segment.filled().len();
            if len == 0 {
                return Poll::Ready(Ok(()));
            }
            let begins = this.processor.take(this.processor.cost_of(segment.filled()));
            this.waiting = 0..len;
            this.turn = this.processor.wait(begins);
        }
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Metered<Io> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if !this.writing {
            let begins = this.processor.take(this.processor.cost_of_writing(bytes));
            this.write_turn = this.processor.wait(begins);
            this.writing = true;
        }
        if let Some(turn) = &mut this.write_turn {
            ready!(turn.as_mut().poll(cx));
            this.write_turn = None;
        }
        let written = ready!(Pin::new(&mut this.io).poll_write(cx, bytes));
        this.writing = false;
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const TICK: Duration = Duration::from_millis(1);

    fn free_but(set: impl FnOnce(&mut ServerCost)) -> ServerCost {
        let free = Duration::ZERO;
        let mut cost = ServerCost {
            request: free,
            message: free,
            send: free,
            connection: free,
            open: free,
            open_per_1000: free,
        };
        set(&mut cost);
        cost
    }

    fn processor(request: Duration) -> Processor {
        Processor::new(free_but(|cost| cost.request = request), Clock::start(), TICK)
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_processor_takes_work_at_once() {
        let processor = processor(Duration::from_millis(5));
        let mut io = Metered::new(b"GET / HTTP/1.1\r\n".as_slice(), processor.clone());
        assert_eq!(io.read(&mut [0; 64]).await.unwrap(), 16);
        assert_eq!(processor.clock.now(), Instant::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn work_waits_for_the_work_before_it_on_any_connection() {
        let processor = processor(Duration::from_millis(5));
        let mut last = Instant::ZERO;
        for _ in 0..3 {
            let mut io = Metered::new(b"GET / HTTP/1.1\r\n".as_slice(), processor.clone());
            assert_eq!(io.read(&mut [0; 64]).await.unwrap(), 16);
            last = processor.clock.now();
        }
        assert_eq!(last, Instant::from_millis(10));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_waits_for_what_was_written_before_but_answers_cost_nothing() {
        let cost = free_but(|cost| cost.send = Duration::from_millis(5));
        let processor = Processor::new(cost, Clock::start(), TICK);
        for (bytes, at) in
            [(b"\x81\x01a".as_slice(), 0), (b"\x81\x01a", 5), (b"HTTP/1.1 200 OK", 10), (b"6\r\n", 10)]
        {
            let mut io = Metered::new(tokio::io::sink(), processor.clone());
            io.write_all(bytes).await.unwrap();
            assert_eq!(processor.clock.now(), Instant::from_millis(at));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_that_are_no_request_cost_a_message() {
        let processor = processor(Duration::from_millis(5));
        assert_eq!(processor.cost_of(b"\x81\x03abc"), Duration::ZERO);
        assert_eq!(processor.cost_of(b"POST / HTTP/1.1"), Duration::from_millis(5));
    }
}
