//! How many requests a second a server answers over one thread, and over several.
//!
//! ```console
//! $ cargo run --release -p socketio08-tokio --example throughput -- 1 2
//! ```
//!
//! For each number of threads: a server of as many shards on a runtime of as many threads, and clients on two threads of their own that
//! post messages to their sessions over TCP, each the next one when the last one is answered. Clients and server share the
//! machine, so a server of as many threads as there are processors has none to itself.

use std::io;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use socketio08::server::{Server, ServerConfig, ServerEvent};
use socketio08_tokio::{Application, Farewell, NodeConfig, RandomIds, Shards};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

const CLIENTS: usize = 64;
const CLIENT_THREADS: usize = 2;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);

struct Silent;

impl Application for Silent {
    fn event(&mut self, _now: socketio08::Instant, _server: &mut Server, _event: ServerEvent) {}
}

fn main() -> ExitCode {
    let threads: Result<Vec<NonZeroUsize>, _> = std::env::args().skip(1).map(|text| text.parse()).collect();
    let measured = match threads {
        Ok(threads) if !threads.is_empty() => threads.into_iter().try_for_each(measure),
        _ => Err(io::Error::other("say over how many threads: 1 2")),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn runtime(threads: usize) -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(threads).enable_all().build()
}

fn measure(threads: NonZeroUsize) -> io::Result<()> {
    let (server, clients) = (runtime(threads.get())?, runtime(CLIENT_THREADS)?);
    let listener = server.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let shards = {
        let _inside = server.enter();
        let config = NodeConfig::new(ServerConfig::default());
        Shards::start(&config, threads, |_| Silent, || RandomIds).map_err(io::Error::other)?
    };
    let serving = shards.clone();
    server.spawn(async move { serving.serve_tcp(&listener).await });

    let answered = Arc::new(AtomicU64::new(0));
    for _ in 0..CLIENTS {
        let answered = Arc::clone(&answered);
        clients.spawn(async move {
            // The end of the measurement ends them.
            let _ = post_for_ever(TcpStream::connect(address).await?, &answered).await;
            io::Result::Ok(())
        });
    }
    std::thread::sleep(WARM_UP);
    let (before, began) = (answered.load(Ordering::Relaxed), Instant::now());
    std::thread::sleep(MEASURED);
    let count = answered.load(Ordering::Relaxed) - before;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rate = count as f64 / began.elapsed().as_secs_f64();
    println!("{threads} thread(s): {rate:.0} posts a second by {CLIENTS} clients");
    clients.shutdown_background();
    server.block_on(shards.shutdown(Farewell::Cut));
    Ok(())
}

async fn post_for_ever(mut stream: TcpStream, answered: &AtomicU64) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let handshake = ask(&mut stream, "GET /socket.io/1/ HTTP/1.1\r\nHost: test\r\n\r\n").await?;
    let id = handshake.split(':').next().unwrap_or_default().to_owned();
    let path = format!("/socket.io/1/xhr-polling/{id}");
    ask(&mut stream, &format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await?;
    let post =
        format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: 20\r\n\r\n3:::sixteen bytes, y");
    loop {
        ask(&mut stream, &post).await?;
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends a request; gives the body of its answer.
async fn ask(stream: &mut TcpStream, request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(512);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let len = head
            .to_ascii_lowercase()
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= len.unwrap_or(0_usize) {
            return Ok(body.to_owned());
        }
    }
}
