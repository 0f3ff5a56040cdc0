//! A real server on TCP, with the chat of the textbook or an echo on it.

mod chat;
mod echo;
mod flash;
mod log;
mod pool;
mod running;
mod site;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::num::NonZeroUsize;

use socketio08::server::{ClientFiles, ServerConfig};
use socketio08::{Origins, Profile, Text, Transport};
use socketio08_tokio::{Farewell, NodeConfig, RedisUrl};
use tokio::net::TcpListener;

use self::flash::Beside;
pub use self::flash::FlashOptions;
pub use self::pool::Pool;
use self::running::Running;

/// Which application is served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum App {
    /// Keeps messages, gives them to each newcomer, and passes each new one on to the others.
    Chat,
    /// Sends everything back to its sender.
    Echo,
}

impl App {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            App::Chat => "chat",
            App::Echo => "echo",
        }
    }
}

/// What is served, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The application.
    pub app: App,
    /// Over how many threads the sessions are spread, each with a part of them; `None`: one task has all. Not with a store.
    pub threads: Option<NonZeroUsize>,
    /// The release it behaves as.
    pub profile: Profile,
    /// Whether the files have the client script `/socket.io/socket.io.js`, for the page.
    pub client_script: bool,
    /// What browsers are given under `/socket.io`.
    pub client_files: ClientFiles,
    /// The Redis through which sessions are shared with other servers.
    pub redis: Option<RedisUrl>,
    /// The pool that the server is one of.
    pub pool: Option<Pool>,
    /// Namespaces beside the root.
    pub namespaces: Vec<Text>,
    /// The pages of other origins that may use the server.
    pub origins: Origins,
    /// The transports offered, in order; empty for those of the release.
    pub transports: Vec<Transport>,
    /// Whether the websocket drafts hixie-75 and hixie-76 are served.
    pub hixie: bool,
    /// The flash policy, if one is given.
    pub flash: Option<FlashOptions>,
    /// Whether connects, disconnects and violations are left out of the log.
    pub quiet: bool,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", reason(.error, .option))]
pub struct ListenError {
    address: SocketAddr,
    /// The option that names the address.
    option: &'static str,
    #[source]
    error: io::Error,
}

fn reason(error: &io::Error, option: &str) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another process listens there; end it, or pick another port with {option} (port 0 takes a free one)"
        ),
        io::ErrorKind::AddrNotAvailable => {
            "this machine does not have that address; --listen 0.0.0.0:PORT takes all it has".into()
        }
        io::ErrorKind::PermissionDenied => {
            format!("ports below 1024 are the administrator's; pick a higher one with {option}")
        }
        _ => error.to_string(),
    }
}

/// Serves until `stop` is ready, then takes leave: what is queued is sent and connections closed, so that clients reconnect
/// to whoever listens next. A second `stop` cuts it short. Writes one line to `out` once it listens.
///
/// # Errors
/// [`ListenError`].
pub async fn serve<Stop>(
    options: Options,
    out: &mut impl Write,
    mut stop: impl FnMut() -> Stop,
) -> Result<(), ListenError>
where
    Stop: Future<Output = ()>,
{
    let failed = |error| ListenError { address: options.listen, option: "--listen", error };
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let app = options.app;
    if options.origins.is_any() {
        log::line(
            "warning: pages of every origin may use this server; name them (--origin https://app.example.com) if you can",
        );
    }
    let mut server = ServerConfig::for_profile(options.profile)
        .endpoints(options.namespaces)
        .origins(options.origins)
        .client_files(options.client_files);
    if !options.transports.is_empty() {
        server.transports = options.transports;
    }
    let mut config = NodeConfig::new(server);
    config.hixie = options.hixie;
    // The hosts were read as such, and an address that is listened on has a port.
    config.flash_policy = options.flash.as_ref().and_then(|flash| flash.policy(address).ok());
    let policies = Beside::listen(options.flash.as_ref(), config.flash_policy.as_ref(), address).await?;
    if let Some(url) = options.redis {
        log::line(&format!(
            "redis         {url}  connecting; sessions are shared with every server that uses it"
        ));
        config = config.shared_through(url).map_err(failed)?;
    }
    let portable = matches!(options.pool, Some(Pool::Portable { .. }));
    if let Some(pool) = options.pool {
        config = pool.enter(config).map_err(failed)?;
    }
    let site = running::Site { app, client_script: options.client_script, quiet: options.quiet, portable };
    let running = Running::start(config, options.threads, &site, options.profile).map_err(failed)?;
    // Whoever closed our output does not want to know.
    let _ = writeln!(out, "{}", greeting(address, app, options.profile)).and_then(|()| out.flush());
    tokio::select! {
        () = running.serve_tcp(&listener) => {}
        () = policies.serve() => {}
        () = stop() => {}
    }
    drop((listener, policies));
    log::line("stopping: connections are closed, clients reconnect (interrupt again to cut them)");
    tokio::select! {
        () = running.shutdown(Farewell::Close) => {}
        () = stop() => {}
    }
    Ok(())
}

fn greeting(address: SocketAddr, app: App, profile: Profile) -> String {
    let what = match app {
        App::Chat => "open it in two browser tabs and type",
        App::Echo => "try sio08 probe on it",
    };
    let profile = match profile {
        Profile::V0_8_7 => String::new(),
        Profile::V0_9 => format!(", profile {profile}"),
    };
    format!("listening on http://{address} (app {}{profile}): {what}; Ctrl-C ends it", app.name())
}
