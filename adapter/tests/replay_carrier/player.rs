//! Plays a transcript over real sockets.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use socketio08::server::{Request, Response, Server, ServerEvent};
use socketio08::{Instant, Profile, Text};
use socketio08_tokio::{Application, Node, NodeConfig, PolicyServer, serve_tcp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::task::JoinHandle;
use tokio::time::{Instant as Moment, sleep, sleep_until};

use super::app::{self, App};
use super::compare;
use super::stream::Stream;
use super::transcript::{Recorded, Transcript, What};

/// How long ours has for what the recording has at that moment.
const PATIENCE: Duration = Duration::from_millis(600);

/// The recorder's application, on a node.
struct Carried(Arc<Mutex<App>>);

impl Application for Carried {
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
        self.0.lock().unwrap().hear(server, now, event);
    }

    fn outside(&mut self, _now: Instant, _request: &Request) -> Response {
        let headers = vec![("Content-Type", Text::from("text/plain"))];
        Response { status: 404, headers, body: Bytes::from_static(b"app: not socket.io") }
    }
}

/// One connection: what was recorded on it so far, and what ours sent.
struct Line {
    name: String,
    recorded: Stream,
    ours: Arc<Mutex<Stream>>,
    writing: Option<OwnedWriteHalf>,
    reading: JoinHandle<()>,
    client_left: bool,
}

/// What is listened on.
struct Servers {
    node: Node,
    node_address: SocketAddr,
    policy_address: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

/// Plays a transcript; returns the differences.
pub(crate) async fn replay(text: &str, profile: Profile) -> Vec<String> {
    let transcript = Transcript::parse(text, profile);
    let app = App::new(&transcript.harness, transcript.config.endpoints.clone());
    let app = Arc::new(Mutex::new(app));
    let servers = start(&transcript, Carried(Arc::clone(&app))).await;
    let (lines, heard) = play(&transcript, &servers).await;
    let mut found = Vec::new();
    for line in &lines {
        let ours = line.ours.lock().unwrap().items.clone();
        found.extend(compare::text_differences(&line.name, &line.recorded.items, &ours));
        line.reading.abort();
    }
    let mut log = app.lock().unwrap().log.clone();
    // The recorder's hanging up at the end was a race with the end of the process.
    while log.len() > heard.len() && log.last().is_some_and(|line| line.starts_with("disconnect")) {
        log.pop();
    }
    found.extend(app::differences(heard, &log));
    for line in &mut found {
        for (index, id) in transcript.session_ids.iter().enumerate() {
            *line = line.replace(id, &format!("S{}", index + 1));
        }
    }
    servers.tasks.iter().for_each(JoinHandle::abort);
    found
}

async fn start(transcript: &Transcript, application: Carried) -> Servers {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let policy_listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (node_address, policy_address) =
        (listener.local_addr().unwrap(), policy_listener.local_addr().unwrap());
    let mut config = NodeConfig::new(transcript.config.clone());
    config.hixie = true;
    config.flash_policy.clone_from(&transcript.policy);
    let mut ids = transcript.session_ids.clone().into_iter();
    let ids = move || Text::from(ids.next().unwrap_or_else(|| "unrecorded".to_owned()));
    let node = Node::start(config, application, ids);
    let mut tasks = Vec::new();
    let serving = node.clone();
    tasks.push(tokio::spawn(async move { serve_tcp(&serving, &listener).await }));
    if let Some(policy) = transcript.policy.clone() {
        tasks.push(tokio::spawn(async move { PolicyServer::new(&policy).serve_tcp(&policy_listener).await }));
    }
    Servers { node, node_address, policy_address, tasks }
}

/// Returns the connections, and what the genuine application heard.
async fn play(transcript: &Transcript, servers: &Servers) -> (Vec<Line>, Vec<String>) {
    let mut heard = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    let began = Moment::now();
    for event in causes_first(transcript) {
        sleep_until(began + Duration::from_millis(event.at_ms)).await;
        let line =
            event.connection.as_deref().and_then(|name| open.get(name)).and_then(|&at| lines.get_mut(at));
        match (&event.what, line) {
            (What::Open { policy_port }, _) => {
                let name = event.connection.as_deref().unwrap_or_default();
                open.insert(name, lines.len());
                lines.push(Line::open(name, servers, *policy_port).await);
            }
            (What::FromClient(bytes), Some(line)) => line.send(bytes).await,
            (What::FromServer(bytes), Some(line)) => {
                line.recorded.push(bytes);
                line.catch_up().await;
            }
            (What::ServerFin, Some(line)) if !line.client_left => {
                line.recorded.fin();
                line.catch_up().await;
            }
            (What::ClientFin, Some(line)) => line.leave(true).await,
            (What::ClientReset, Some(line)) => line.leave(false).await,
            (What::Told(script, _), _) => {
                let script = script.clone();
                servers.node.call(move |now, server| app::obey(server, now, &script));
            }
            (What::Heard(event), _) => heard.extend(app::heard(event)),
            _ => {}
        }
    }
    sleep(Duration::from_millis(100)).await;
    (lines, heard)
}

/// The events in their order, but what the application was told before what came of it: the recorder noted it when the call
/// had returned, mostly after the bytes.
fn causes_first(transcript: &Transcript) -> Vec<&Recorded> {
    const AT_ONCE_MS: u64 = 5;
    const QUIET_MS: u64 = 20;
    let mut events: Vec<&Recorded> = Vec::new();
    let mut client_at_ms = 0;
    for event in &transcript.events {
        let mut at = events.len();
        if matches!(event.what, What::Told(..)) && event.at_ms > client_at_ms + QUIET_MS {
            let came_of_it = |earlier: &&Recorded| {
                matches!(earlier.what, What::FromServer(_)) && earlier.at_ms + AT_ONCE_MS >= event.at_ms
            };
            at -= events.iter().rev().take_while(|earlier| came_of_it(earlier)).count();
        } else if matches!(event.what, What::FromClient(_)) {
            client_at_ms = event.at_ms;
        }
        events.insert(at, event);
    }
    events
}

impl Line {
    async fn open(name: &str, servers: &Servers, of_policy: bool) -> Self {
        let address = if of_policy { servers.policy_address } else { servers.node_address };
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).unwrap();
        let (mut reading, writing) = stream.into_split();
        let new = || if of_policy { Stream::of_policy() } else { Stream::default() };
        let ours = Arc::new(Mutex::new(new()));
        let read = Arc::clone(&ours);
        let reading = tokio::spawn(async move {
            let mut bytes = [0; 4_096];
            while let Ok(len @ 1..) = reading.read(&mut bytes).await {
                read.lock().unwrap().push(&bytes[..len]);
            }
            read.lock().unwrap().fin();
        });
        Self {
            name: name.to_owned(),
            recorded: new(),
            ours,
            writing: Some(writing),
            reading,
            client_left: false,
        }
    }

    async fn send(&mut self, bytes: &[u8]) {
        if let Some(writing) = &mut self.writing {
            // Ours may have closed the connection, as it may differ.
            let _ = writing.write_all(bytes).await;
        }
    }

    /// Waits until ours has sent as many items as the recording.
    async fn catch_up(&self) {
        let until = Moment::now() + PATIENCE;
        while self.ours.lock().unwrap().items.len() < self.recorded.items.len() && Moment::now() < until {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// The client ends its side, or goes away. What is sent to it after that is not looked at.
    async fn leave(&mut self, half: bool) {
        self.client_left = true;
        let Some(mut writing) = self.writing.take() else { return };
        if half {
            let _ = writing.shutdown().await;
        }
        self.reading.abort();
    }
}
