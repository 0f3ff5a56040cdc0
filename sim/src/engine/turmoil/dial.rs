//! Connecting as TCP does.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use socketio08_tokio::Clock;
use tokio::time::sleep_until;
use turmoil::net::TcpStream;

use crate::scenario::Latency;

use super::PORT;

/// Connects, or is refused, after a whole round trip. Turmoil's own connect ends as soon as the other side has accepted or
/// refused: its answer does not travel back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialer {
    round_trip: Duration,
    clock: Clock,
}

impl Dialer {
    /// A dialer on the host that runs now; a drawn latency counts with its mean.
    pub(super) fn new(latency: Latency, clock: Clock) -> Self {
        Self { round_trip: latency.min + latency.max, clock }
    }

    /// Connects. To be awaited to its end: turmoil never forgets a connect that was given up half-way.
    pub(super) async fn connect(self, host: IpAddr) -> io::Result<TcpStream> {
        let answered = self.clock.now() + self.round_trip;
        let result = TcpStream::connect((host, PORT)).await;
        sleep_until(self.clock.to_tokio(answered)).await;
        result
    }
}
