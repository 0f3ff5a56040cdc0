//! `sio08 serve`: a real server.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use socketio08::server::ClientFiles;
use socketio08::{OriginError, Origins, Profile, Text};
use socketio08_tokio::{RedisUrl, Shards, gzip};

use super::Exit;
use super::old_clients::OldClients;
use super::pool::PoolArgs;
use crate::serve::{App, Options, serve};

/// Serves a Socket.IO 0.8 application on TCP, over every transport.
///
/// A page is at /, sessions are under /socket.io. Messages of the log go to standard error.
#[derive(Args, Debug)]
pub(super) struct ServeArgs {
    /// Where to listen: ADDRESS:PORT, or PORT on the loopback address. Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8000", value_name = "ADDR", value_parser = listen)]
    listen: SocketAddr,
    /// The application.
    #[arg(long, value_enum, default_value_t = AppName::Chat)]
    app: AppName,
    /// Serve on so many threads, each with a part of the sessions, to use as many processors; 1 to 1024. Without it all sessions are in
    /// the hands of one.
    #[arg(long, value_name = "N", value_parser = threads, conflicts_with_all = ["redis", "node", "portable"])]
    threads: Option<NonZeroUsize>,
    /// The release to behave as: 0.8 or 0.9. It decides timers, session ids, CORS headers and how sessions end.
    #[arg(long, value_name = "RELEASE", default_value_t = Profile::V0_8_7)]
    profile: Profile,
    /// A client script to serve at /socket.io/socket.io.js, such as dist/socket.io.js of the npm package
    /// socket.io-client@0.8.7; the page at / uses it then.
    #[arg(long, value_name = "FILE")]
    client_js: Option<PathBuf>,
    /// Another file for browsers, under its own name: socket.io+TRANSPORT.js, WebSocketMain.swf or WebSocketMainInsecure.swf. May be
    /// given several times.
    #[arg(long = "client-file", value_name = "FILE")]
    client_files: Vec<PathBuf>,
    /// A namespace beside the root; may be given several times.
    #[arg(long = "namespace", value_name = "NAME", default_value = "/chat", value_parser = namespace)]
    namespaces: Vec<String>,
    /// A page origin that may use this server beside its own pages: `SCHEME://HOST[:PORT]`, each part or `*.` before the host
    /// a wildcard; `null` for local files, `*` for every page, which then gets no cookies. May be given several times.
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = origin)]
    origins: Vec<String>,
    /// Do not log connects, disconnects and violations.
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    old_clients: OldClients,
    /// Share sessions, rooms and broadcasts through this Redis with every other server that uses it, genuine 0.8.7 with its
    /// Redis store included: redis://[:PASSWORD@]HOST[:PORT][/DATABASE].
    #[arg(long, value_name = "URL")]
    redis: Option<RedisUrl>,
    #[command(flatten)]
    pool: PoolArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AppName {
    /// Keeps messages, gives them to each newcomer, passes each new one on to the others
    Chat,
    /// Sends messages, JSON and events back, and acknowledges with their own data
    Echo,
}

impl From<AppName> for App {
    fn from(name: AppName) -> Self {
        match name {
            AppName::Chat => App::Chat,
            AppName::Echo => App::Echo,
        }
    }
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse().map_err(|_| "write it as 127.0.0.1:8000, [::1]:8000, or 8000".to_owned())
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let threads = text.parse().ok().filter(|threads: &NonZeroUsize| threads.get() <= Shards::MAX);
    threads.ok_or_else(|| format!("a number from 1 to {}", Shards::MAX))
}

fn namespace(text: &str) -> Result<String, String> {
    if text.starts_with('/') && text.len() > 1 && !text.contains([':', '?']) {
        Ok(text.to_owned())
    } else {
        Err("a namespace starts with a slash and has no colon or question mark: /chat".to_owned())
    }
}

fn origin(text: &str) -> Result<String, OriginError> {
    Origins::parse([text]).map(|_| text.to_owned())
}

/// The files for browsers, each compressed once.
fn client_files(args: &ServeArgs) -> Result<ClientFiles, String> {
    let script = args.client_js.iter().map(|path| ("--client-js", path, "socket.io.js".to_owned()));
    let others = args.client_files.iter().map(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        ("--client-file", path, name.unwrap_or_default())
    });
    let mut files = ClientFiles::default();
    for (option, path, name) in script.chain(others) {
        let content = std::fs::read(path)
            .map_err(|error| format!("cannot read {option} {}: {error}", path.display()))?;
        let gzip = gzip(&content);
        files
            .add(&name, content.into(), Some(gzip))
            .map_err(|error| format!("{option} {}: {error}", path.display()))?;
    }
    Ok(files)
}

/// Runs the command.
pub(super) fn run(args: ServeArgs) -> Exit {
    let client_files = match client_files(&args) {
        Ok(files) => files,
        Err(message) => {
            eprintln!("error: {message}");
            return Exit::Usage;
        }
    };
    let origins = match Origins::parse(&args.origins) {
        Ok(origins) => origins,
        Err(error) => {
            eprintln!("error: --origin: {error}");
            return Exit::Usage;
        }
    };
    let pool = match args.pool.read() {
        Ok(pool) => pool,
        Err(message) => {
            eprintln!("error: {message}");
            return Exit::Usage;
        }
    };
    let flash = args.old_clients.flash();
    let options = Options {
        listen: args.listen,
        app: args.app.into(),
        threads: args.threads,
        profile: args.profile,
        client_script: args.client_js.is_some(),
        client_files,
        redis: args.redis,
        pool,
        namespaces: args.namespaces.into_iter().map(Text::from).collect(),
        origins,
        transports: args.old_clients.transports,
        hixie: args.old_clients.hixie,
        flash,
        quiet: args.quiet,
    };
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = options.threads {
        builder.worker_threads(threads.get());
    }
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no runtime: {error}");
            return Exit::Internal;
        }
    };
    match runtime.block_on(serve_until_told(options)) {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("error: cannot wait for signals: {error}");
            Exit::Internal
        }
    }
}

#[cfg(unix)]
async fn serve_until_told(options: Options) -> io::Result<Exit> {
    use std::future::poll_fn;
    use std::task::Poll;

    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let told = std::cell::RefCell::new(move |cx: &mut std::task::Context<'_>| {
        if interrupt.poll_recv(cx).is_ready() || terminate.poll_recv(cx).is_ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    let stop = || poll_fn(|cx| (told.borrow_mut())(cx));
    Ok(outcome(serve(options, &mut io::stdout(), stop).await))
}

#[cfg(not(unix))]
async fn serve_until_told(options: Options) -> io::Result<Exit> {
    let stop = || async {
        // Without signals there is nothing to wait for, and the process is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    };
    Ok(outcome(serve(options, &mut io::stdout(), stop).await))
}

fn outcome(result: Result<(), crate::serve::ListenError>) -> Exit {
    match result {
        Ok(()) => Exit::Holds,
        Err(error) => {
            eprintln!("error: {error}");
            Exit::Usage
        }
    }
}
