//! Who is at the other end of a client's connection: clients share a few hosts, so their source addresses travel as data.
//!
//! Each connection to the balancer begins with one line in the form of the PROXY protocol, version 1, which the balancer
//! takes off; the bytes after it are clean. The source port carries the number of the client, from 1.

use std::net::Ipv4Addr;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::trace::ClientId;

/// The longest line of version 1, its end included.
const LINE_MAX: usize = 107;

/// The most clients: a source port could number 65,535, but each also needs connections, and all of them together have the
/// balancer's ports. Six each, as a browser has, is the least that keeps the mechanisms.
pub(super) const CLIENTS_MAX: u32 = 10_000;

/// A client at the far end of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Origin {
    /// Which.
    pub(super) client: ClientId,
    /// Its source address.
    pub(super) address: Ipv4Addr,
}

impl Origin {
    /// The line, its end included. The client's number is less than [`CLIENTS_MAX`].
    pub(super) fn line(self) -> String {
        format!("PROXY TCP4 {} 127.0.0.1 {} 80\r\n", self.address, self.client.0 + 1)
    }

    /// Takes the line off a connection; `None` if the connection begins otherwise or ends. Reads byte by byte, so that
    /// nothing after the line is touched.
    pub(super) async fn read(io: &mut (impl AsyncRead + Unpin)) -> Option<Self> {
        let mut line = Vec::with_capacity(LINE_MAX);
        while !line.ends_with(b"\r\n") {
            if line.len() == LINE_MAX {
                return None;
            }
            line.push(io.read_u8().await.ok()?);
        }
        Self::parse(std::str::from_utf8(&line).ok()?.trim_end())
    }

    fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("PROXY TCP4 ")?.split(' ');
        let address = words.next()?.parse().ok()?;
        let number: u32 = words.nth(1)?.parse().ok()?;
        Some(Self { client: ClientId(number.checked_sub(1)?), address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_is_taken_off_and_nothing_after_it() {
        let origin = Origin { client: ClientId(39), address: Ipv4Addr::new(127, 0, 1, 40) };
        let bytes = format!("{}GET / HTTP/1.1\r\n", origin.line());
        let mut io = bytes.as_bytes();
        assert_eq!(Origin::read(&mut io).await, Some(origin));
        assert_eq!(io, b"GET / HTTP/1.1\r\n");
    }

    #[tokio::test]
    async fn a_connection_that_begins_otherwise_has_no_origin() {
        for bytes in
            ["GET / HTTP/1.1\r\n", "PROXY TCP4 127.0.0.1 127.0.0.1 0 80\r\n", "PROXY", &"x".repeat(300)]
        {
            assert_eq!(Origin::read(&mut bytes.as_bytes()).await, None, "{bytes}");
        }
    }
}
