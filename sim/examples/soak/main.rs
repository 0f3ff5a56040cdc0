//! Thousands of honest clients beside hostile ones, against one `sio08 serve` on the loopback:
//! `cargo run --release -p socketio08-sim --example soak -- [--clients N] [--seconds S] [--hostile N]`.
//!
//! Honest clients are spread over the transports; each sends events that want an acknowledgement, and checks that the
//! acknowledgement and the echo bring back what it sent, in order. Hostile ones do what `hostile.rs` lists, over and over.
//! The memory of the server is read from `/proc`. Exit code 1 if an honest client saw an error or memory grew.

mod honest;
mod hostile;
mod server;

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Parser;
use socketio08::Transport;
use socketio08_tokio::ClientHandle;
use tokio::time::{Instant, sleep};

use self::honest::Counts;
use self::server::ServerProcess;

/// Soak `sio08 serve` with honest and hostile clients.
#[derive(Parser, Debug)]
struct Arguments {
    /// Honest clients.
    #[arg(long, default_value_t = 4_800)]
    clients: usize,
    /// Hostile clients.
    #[arg(long, default_value_t = 200)]
    hostile: usize,
    /// Seconds of load, after the clients have arrived.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// Handshakes a second while clients arrive.
    #[arg(long, default_value_t = 250)]
    arrivals: u32,
    /// Seconds between two events of one client.
    #[arg(long, default_value_t = 10)]
    period: u64,
    /// The transports of the honest clients, in turn.
    #[arg(long, value_delimiter = ',', default_value = "websocket,xhr-polling,jsonp-polling,htmlfile", value_parser = transport)]
    transports: Vec<Transport>,
    /// The `sio08` to test; the default is the one built beside this example.
    #[arg(long)]
    binary: Option<std::path::PathBuf>,
}

fn transport(name: &str) -> Result<Transport, String> {
    Transport::from_name(name).ok_or_else(|| "websocket, xhr-polling, jsonp-polling or htmlfile".to_owned())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut server = ServerProcess::start(arguments.binary.as_deref())?;
    println!("{} · {} kB at the start", server.address, server.resident_kb()?);
    let counts = Arc::new(Counts::default());
    let hostile: Vec<_> =
        (0..arguments.hostile).map(|seed| tokio::spawn(hostile::run(server.address, seed))).collect();
    let handles = arrive(&arguments, server.address, &counts).await;
    let memory = load(&arguments, &mut server, &counts).await?;
    counts.leaving.store(true, Ordering::Relaxed);
    for handle in &handles {
        let _ = handle.call(|now, client| client.disconnect(now));
    }
    sleep(Duration::from_secs(2)).await;
    handles.iter().for_each(ClientHandle::stop);
    hostile.iter().for_each(tokio::task::JoinHandle::abort);
    let errors = counts.errors.load(Ordering::Relaxed);
    println!("{counts}");
    for line in counts.first_errors() {
        println!("  {line}");
    }
    let growth = growth_percent(&memory);
    println!("memory grew by {growth:.1} % from the third quarter of the load to the last");
    server.check_alive()?;
    let passed = errors == 0 && growth < 5.0 && counts.acknowledged.load(Ordering::Relaxed) > 0;
    println!("{}", if passed { "passed" } else { "FAILED" });
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Starts the honest clients at a steady rate.
async fn arrive(arguments: &Arguments, address: SocketAddr, counts: &Arc<Counts>) -> Vec<ClientHandle> {
    let pause = Duration::from_secs(1) / arguments.arrivals.max(1);
    let start = Instant::now();
    let mut due = Duration::ZERO;
    let mut handles = Vec::with_capacity(arguments.clients);
    for (number, transport) in arguments.transports.iter().cycle().take(arguments.clients).enumerate() {
        due += pause;
        if start.elapsed() < due {
            tokio::time::sleep_until(start + due).await;
        }
        let period = Duration::from_secs(arguments.period.max(1));
        handles.push(honest::start(address, number, *transport, period, Arc::clone(counts)));
    }
    handles
}

/// Lets it run; gives the server's memory, once a second.
async fn load(
    arguments: &Arguments,
    server: &mut ServerProcess,
    counts: &Counts,
) -> Result<Vec<u64>, Box<dyn Error>> {
    let mut memory = Vec::new();
    for second in 1..=arguments.seconds {
        sleep(Duration::from_secs(1)).await;
        memory.push(server.resident_kb()?);
        if second % 10 == 0 {
            println!("{second:>4} s · {} kB · {counts}", server.resident_kb()?);
        }
    }
    Ok(memory)
}

/// How much the mean of the last quarter lies above that of the third, in percent.
#[expect(clippy::cast_precision_loss, reason = "kilobytes of one process")]
fn growth_percent(memory: &[u64]) -> f64 {
    let quarter = memory.len() / 4;
    let half = memory.len() / 2;
    let mean = |part: &[u64]| part.iter().sum::<u64>() as f64 / part.len().max(1) as f64;
    let before = mean(memory.get(half..half + quarter).unwrap_or_default());
    let after = mean(memory.get(memory.len() - quarter..).unwrap_or_default());
    if before > 0.0 { (after / before - 1.0) * 100.0 } else { 0.0 }
}
