//! Our own server as a process.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A port that was free a moment ago, and that nobody else is given: servers are restarted on it, so the system must not
/// hand it to a client in between, as it may any port of its own range (from 32,768 on Linux).
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 20_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Processes that test at the same time start far from each other.
    let start = std::process::id().wrapping_mul(97);
    loop {
        let turn = start.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + turn % COUNT).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// `sio08 serve` as a process, killed when dropped.
pub(crate) struct Sio08(Child);

impl Sio08 {
    /// Serves `application` on `port` of the loopback address; returns when it listens.
    #[allow(dead_code, reason = "not every test that has this module uses it")]
    pub(crate) fn serve(port: u16, application: &str) -> Self {
        Self::serve_with(port, application, &[])
    }

    /// The same, with more options.
    pub(crate) fn serve_with(port: u16, application: &str, options: &[&str]) -> Self {
        const PATIENCE: Duration = Duration::from_secs(20);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let child = Command::new(env!("CARGO_BIN_EXE_sio08"))
            .args(["serve", "--quiet", "--app", application, "--listen", &address.to_string()])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self(child);
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(server.0.try_wait().unwrap().is_none(), "sio08 serve has ended");
            assert!(Instant::now() < end, "sio08 serve does not listen on {address}");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for Sio08 {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
