//! One client over real TCP, as a stream of happenings: for the probe and for tests that hold conversations.

use std::net::SocketAddr;
use std::time::Duration;

use socketio08::client::{Client, ClientConfig, ClientEvent};
use socketio08::server::{AckMode, LocalError, Outgoing};
use socketio08::{Instant, Text};
use socketio08_tokio::{
    ClientApplication, ClientDriver, ClientHandle, DriverConfig, TcpConnector, Trouble, TroubleKind,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

/// Most happenings waiting to be read; later ones are dropped, since a probe that does not read waits for none.
const HAPPENINGS_MAX: usize = 4_096;

/// What happens to a session, in order.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The machine says so.
    Event(ClientEvent),
    /// The carrier says why an exchange ended.
    Trouble(TroubleKind),
}

/// A client that runs in a task of its own until this is dropped.
#[derive(Debug)]
pub struct Session {
    handle: ClientHandle,
    happenings: Receiver<Happening>,
    task: JoinHandle<()>,
}

impl Session {
    /// Starts to connect to `address`, within a tokio runtime.
    pub fn open(address: SocketAddr, driver: DriverConfig, client: ClientConfig) -> Self {
        let (report, happenings) = channel(HAPPENINGS_MAX);
        let connector = TcpConnector { to: address, from: None };
        let (driver, handle) = ClientDriver::new(driver, Client::new(client), connector, Reporter(report));
        let task = tokio::spawn(async move {
            driver.run().await;
        });
        Self { handle, happenings, task }
    }

    /// Sends on the endpoint, now or as soon as connected.
    pub fn send(&self, endpoint: &'static str, outgoing: Outgoing, ack: AckMode) {
        self.call(move |now, client| {
            client.send(now, &Text::from_static(endpoint), outgoing, ack).map(|_| ())
        });
    }

    /// Runs a command on the machine. A refused command shows as the silence that follows.
    pub fn call(
        &self,
        command: impl FnOnce(Instant, &mut Client) -> Result<(), LocalError> + Send + 'static,
    ) {
        // A driver that has ended has told everything there is to tell.
        let _ = self.handle.call(move |now, client| {
            let _ = command(now, client);
        });
    }

    /// The next happening; `None` after `patience`, or if there will be no other.
    pub async fn next(&mut self, patience: Duration) -> Option<Happening> {
        tokio::time::timeout(patience, self.happenings.recv()).await.ok().flatten()
    }

    /// Takes leave and ends.
    pub async fn leave(mut self) {
        // The farewell is on its way when nothing more happens; a peer that does not answer it is not waited for.
        const FAREWELL: Duration = Duration::from_millis(200);
        self.call(|now, client| {
            client.disconnect(now);
            Ok(())
        });
        while self.next(FAREWELL).await.is_some() {}
        self.handle.stop();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Passes everything on.
struct Reporter(Sender<Happening>);

impl Reporter {
    fn report(&self, happening: Happening) {
        // Full: see HAPPENINGS_MAX. Closed: the session was dropped, and this task is about to be.
        let _ = self.0.try_send(happening);
    }
}

impl ClientApplication for Reporter {
    fn event(&mut self, _now: Instant, _client: &mut Client, event: ClientEvent) {
        self.report(Happening::Event(event));
    }

    fn observe_trouble(&mut self, _now: Instant, trouble: &Trouble) {
        self.report(Happening::Trouble(trouble.kind.clone()));
    }
}
