//! Clients that do what clients do, and check what they get.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socketio08::client::{Client, ClientConfig, ClientEvent};
use socketio08::server::{AckMode, Outgoing};
use socketio08::{Instant, Text, Transport, event_text, json_text};
use socketio08_tokio::{ClientApplication, ClientDriver, ClientHandle, DriverConfig, TcpConnector, Trouble};

/// What all honest clients saw together.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) connected: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) acknowledged: AtomicU64,
    pub(crate) echoed: AtomicU64,
    pub(crate) errors: AtomicU64,
    /// The end: disconnections are no errors any more.
    pub(crate) leaving: AtomicBool,
    first: Mutex<Vec<String>>,
}

impl Counts {
    fn error(&self, number: usize, transport: Transport, what: &str) {
        if self.leaving.load(Ordering::Relaxed) {
            return;
        }
        self.errors.fetch_add(1, Ordering::Relaxed);
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.len() < 10 {
            first.push(format!("client {number}, {transport}: {what}"));
        }
    }

    pub(crate) fn first_errors(&self) -> Vec<String> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        write!(
            f,
            "{} connected, {} events sent, {} acknowledged, {} echoed, {} errors",
            get(&self.connected),
            get(&self.sent),
            get(&self.acknowledged),
            get(&self.echoed),
            get(&self.errors)
        )
    }
}

/// Starts one on the current runtime.
pub(crate) fn start(
    address: SocketAddr,
    number: usize,
    transport: Transport,
    period: Duration,
    counts: Arc<Counts>,
) -> ClientHandle {
    let config = ClientConfig::default().transports(vec![transport]);
    let connector = TcpConnector { to: address, from: None };
    let caller = Caller {
        number,
        transport,
        period,
        counts,
        next: None,
        serial: 0,
        unacknowledged: VecDeque::new(),
        unechoed: VecDeque::new(),
    };
    let driver = DriverConfig::new(address.to_string());
    let (driver, handle) = ClientDriver::new(driver, Client::new(config), connector, caller);
    tokio::spawn(driver.run());
    handle
}

/// One client: sends an event each period.
struct Caller {
    number: usize,
    transport: Transport,
    period: Duration,
    counts: Arc<Counts>,
    next: Option<Instant>,
    serial: u64,
    unacknowledged: VecDeque<Text>,
    unechoed: VecDeque<Text>,
}

impl Caller {
    fn error(&self, what: &str) {
        self.counts.error(self.number, self.transport, what);
    }

    fn send(&mut self, now: Instant, client: &mut Client) {
        self.serial += 1;
        let text = format!("{}/{} \u{e9}\u{1f600}</script>\"\\", self.number, self.serial);
        let (Ok(args), Ok(event)) = (json_text(&[&text]), event_text("soak", &[&text])) else {
            return self.error("the event could not be built");
        };
        if let Err(error) = client.send(now, &Text::EMPTY, Outgoing::Event(event), AckMode::WithData) {
            return self.error(&format!("not sent: {error}"));
        }
        self.counts.sent.fetch_add(1, Ordering::Relaxed);
        self.unacknowledged.push_back(args.clone());
        self.unechoed.push_back(args);
        if self.unacknowledged.len() > 6 {
            self.error("six events are not acknowledged");
        }
    }
}

/// Whether two JSON texts say the same: one side may escape what the other does not.
fn same(expected: Option<Text>, got: &str) -> bool {
    let Some(expected) = expected else { return false };
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    value(&expected).is_some_and(|expected| value(got) == Some(expected))
}

impl ClientApplication for Caller {
    fn event(&mut self, now: Instant, client: &mut Client, event: ClientEvent) {
        match event {
            ClientEvent::Connected { .. } => {
                self.counts.connected.fetch_add(1, Ordering::Relaxed);
                self.send(now, client);
                self.next = Some(now + self.period);
            }
            ClientEvent::Acknowledged { args, .. } => {
                let expected = self.unacknowledged.pop_front();
                if same(expected, &args) {
                    self.counts.acknowledged.fetch_add(1, Ordering::Relaxed);
                } else {
                    self.error(&format!("a wrong acknowledgement: {args}"));
                }
            }
            ClientEvent::Received { packet, .. } => {
                let expected = self.unechoed.pop_front();
                let echoed = packet.event().is_ok_and(|event| same(expected, event.args_text()));
                if echoed {
                    self.counts.echoed.fetch_add(1, Ordering::Relaxed);
                } else {
                    self.error(&format!("a wrong echo: {packet:?}"));
                }
            }
            ClientEvent::Handshaken { .. } | ClientEvent::Connecting { .. } => {}
            other => self.error(&format!("{other:?}")),
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.next
    }

    fn handle_timeout(&mut self, now: Instant, client: &mut Client) {
        self.next = Some(now + self.period);
        if !self.counts.leaving.load(Ordering::Relaxed) {
            self.send(now, client);
        }
    }

    fn observe_trouble(&mut self, _now: Instant, trouble: &Trouble) {
        self.error(&format!("{trouble:?}"));
    }
}
