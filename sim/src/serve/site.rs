//! What a visitor sees: the application on the sessions, and the pages around it.

use bytes::Bytes;
use socketio08::server::{Cause, Method, Request, Response, Server, ServerEvent, Violation};
use socketio08::{Instant, Text};
use socketio08_tokio::{Application, Shard, StoreHealth};

use super::App;
use super::chat::{Chat, Rooms};
use super::echo::Echo;
use super::log::{self, Log, shown};
use super::running;

const PAGE: &str = include_str!("page.html");
const OWN_CLIENT: &str = include_str!("own-client.js");
const GENUINE_CLIENT: &str = include_str!("genuine-client.js");
const SCRIPT_PATH: &str = "/socket.io/socket.io.js";
const NO_SCRIPT: &str = "There is no client script here: this server was started without one. Take socket.io.js from the \
    dist folder of the npm package socket.io-client@0.8.7 and start again with --client-js FILE.\n";

#[derive(Debug)]
enum Running {
    Chat(Chat),
    Echo(Echo),
}

/// An application with its pages and its log.
#[derive(Debug)]
pub(super) struct Site {
    running: Running,
    page: Bytes,
    log: Log,
    /// What goes on without the store.
    without_store: &'static str,
    /// Whether the store ever answered.
    reached: bool,
}

/// Without the Redis store of 0.8.
const ALONE: &str = "sessions of this server go on, but nothing reaches or comes from other servers, and clients that a balancer moves are \
     told to reconnect";

/// Without the store of portable sessions.
const STAYING: &str = "sessions go on at the servers that have them, but nobody can connect anew, and clients that a balancer moves are \
     answered 503";

impl Site {
    /// The site of a server, or of one of its shards.
    pub(super) fn new(parts: &running::Site, log: Log, rooms: &Rooms, shard: Option<Shard>) -> Self {
        let running = match parts.app {
            App::Chat => Running::Chat(Chat::new(rooms.clone(), shard)),
            App::Echo => Running::Echo(Echo),
        };
        let page = page(parts.app, parts.client_script);
        Self {
            running,
            page,
            log,
            without_store: if parts.portable { STAYING } else { ALONE },
            reached: false,
        }
    }
}

/// The page, with the genuine client if there is one to load, or else one of our own for websockets.
fn page(app: App, genuine: bool) -> Bytes {
    let client = if genuine {
        format!("<script src=\"{SCRIPT_PATH}\"></script>\n<script>\n{GENUINE_CLIENT}</script>")
    } else {
        format!("<script>\n{OWN_CLIENT}</script>")
    };
    let hint = match app {
        App::Chat => "What you type goes to everybody else here, and waits for those who come later.",
        App::Echo => "What you type comes back.",
    };
    Bytes::from(PAGE.replace("{app}", app.name()).replace("{hint}", hint).replace("{client}", &client))
}

impl Application for Site {
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent) {
        describe(&mut self.log, now, &event);
        let result = match &mut self.running {
            Running::Chat(chat) => chat.event(now, server, &event),
            Running::Echo(echo) => echo.event(now, server, &event),
        };
        if let (
            Err(reason),
            ServerEvent::Received { session, .. } | ServerEvent::Acknowledged { session, .. },
        ) = (result, &event)
        {
            self.log.event(now, || format!("dropped       {}  {}", session.0, shown(&reason)));
        }
    }

    fn store(&mut self, _now: Instant, health: &StoreHealth) {
        // Neither rare nor frequent, and whoever runs the server wants to know: not part of what --quiet leaves out.
        match health {
            StoreHealth::Connected => {
                self.reached = true;
                log::line("redis         connected");
            }
            StoreHealth::Lost { reason } => log::line(&format!(
                "warning: redis {} ({}): {}; trying again",
                if self.reached { "lost" } else { "not reached" },
                shown(reason),
                self.without_store
            )),
            StoreHealth::Healed { away, dropped } => log::line(&format!(
                "redis         connected again after {:.1} s; {dropped} publications of this server were dropped",
                away.as_secs_f64()
            )),
            _ => {}
        }
    }

    fn outside(&mut self, _now: Instant, request: &Request) -> Response {
        let path = request.target.split('?').next().unwrap_or_default();
        if !matches!(path, "/" | SCRIPT_PATH) {
            return answer(404, PLAIN, "There is nothing here; the page is at /.\n");
        }
        if !matches!(request.method, Method::Get | Method::Head) {
            let mut response = answer(405, PLAIN, "This can only be read: use GET or HEAD.\n");
            response.headers.push(("Allow", Text::from_static("GET, HEAD")));
            return response;
        }
        match path {
            "/" => answer(200, "text/html; charset=utf-8", self.page.clone()),
            // With a script the server answers by itself.
            _ => answer(404, PLAIN, NO_SCRIPT),
        }
    }
}

const PLAIN: &str = "text/plain; charset=utf-8";

fn answer(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    Response { status, headers: vec![("Content-Type", Text::from_static(content_type))], body: body.into() }
}

fn describe(log: &mut Log, now: Instant, event: &ServerEvent) {
    match event {
        ServerEvent::Connected { session, endpoint, transport } if endpoint.is_empty() => {
            log.event(now, || format!("connected     {}  {transport}", session.0));
        }
        ServerEvent::Connected { session, endpoint, .. } => {
            log.event(now, || format!("joined        {}  {}", session.0, shown(endpoint)));
        }
        ServerEvent::Left { session, endpoint } => {
            log.event(now, || format!("left          {}  {}", session.0, shown(endpoint)));
        }
        ServerEvent::Disconnected { session, cause } => {
            log.event(now, || format!("disconnected  {}  {}", session.0, in_words(*cause)));
        }
        ServerEvent::UnknownSession { session, open } => log.event(now, || {
            let what = if *open { "opened by a client; it was told to reconnect" } else { "posted to" };
            format!("unknown       {}  {what}", shown(session))
        }),
        ServerEvent::OriginRefused { origin, address } => {
            log.event(now, || format!("refused       {}  {}", shown(address), refused_origin(origin)));
        }
        ServerEvent::PeerViolation { session, error } => log.event(now, || {
            let session = session.as_ref().map_or("-", |session| session.0.as_str());
            match error {
                Violation::Payload(error) => format!("violation     {session}  payload: {error}"),
                Violation::Post(error) => format!("violation     {session}  post: {error}"),
                error => format!("violation     {session}  {error}"),
            }
        }),
        ServerEvent::StoreViolation { channel, error } => {
            log.event(now, || format!("dropped       published on {}  {error}", shown(channel)));
        }
        _ => {}
    }
}

/// What was refused, and how to allow it. Without an `Origin` it is the address of the page, of which the origin counts.
fn refused_origin(text: &str) -> String {
    let host = text.find("://").map_or(0, |at| at + "://".len());
    let end = text[host..].find(['/', '?', '#']).map_or(text.len(), |end| host + end);
    match &text[..end] {
        "" => "a page that hides its origin".to_owned(),
        origin => format!("a page of {0}; --origin {0} allows it", shown(origin)),
    }
}

fn in_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Booted => "ended by either side's disconnect packet",
        Cause::Packet => "left",
        Cause::CloseTimeout => "no poll within the close timeout",
        Cause::HeartbeatTimeout => "no heartbeat within the heartbeat timeout",
        Cause::SocketEnd => "the client closed its connection",
        Cause::SocketClose => "the connection was reset",
        Cause::Limit => "a limit was reached",
        Cause::Error => "what the client posted could not be read",
        other => other.name(),
    }
}
