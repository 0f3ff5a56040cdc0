//! The server under test, as a process.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// `sio08 serve`, killed when dropped.
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl ServerProcess {
    pub(crate) fn start(binary: Option<&Path>) -> io::Result<Self> {
        let beside = std::env::current_exe()?;
        let built = beside.parent().and_then(Path::parent).map(|target| target.join("sio08"));
        let binary = binary.map(PathBuf::from).or(built).unwrap_or_else(|| "sio08".into());
        let mut child = Command::new(&binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--app", "echo", "--quiet"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", binary.display())))?;
        let mut greeting = String::new();
        if let Some(stdout) = child.stdout.as_mut() {
            BufReader::new(stdout).read_line(&mut greeting)?;
        }
        let address = greeting
            .split_whitespace()
            .find_map(|word| word.strip_prefix("http://")?.trim_end_matches('/').parse().ok())
            .ok_or_else(|| {
                io::Error::other(format!("the server did not say where it listens: {greeting}"))
            })?;
        Ok(Self { child, address })
    }

    /// What it holds in memory, in kilobytes.
    pub(crate) fn resident_kb(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
            .ok_or_else(|| io::Error::other("the server has no memory: it ended"))
    }

    pub(crate) fn check_alive(&mut self) -> io::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(io::Error::other(format!("the server ended: {status}"))),
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
