//! Carries the Socket.IO 0.8 machines over any `AsyncRead + AsyncWrite`.
#![forbid(unsafe_code)]

use socketio08::Instant;
use socketio08::server::{Server, ServerEvent, ServerInput};

/// What runs on a [`Server`]: it takes events, calls commands, and may have deadlines of its own. The same application runs
/// on TCP, on turmoil and in the direct engine.
pub trait Application: Send + 'static {
    /// Sees each input before the machine takes it: for counting and logging only.
    fn observe(&mut self, _now: Instant, _input: &ServerInput) {}

    /// Takes one event. `HandshakeRequested` comes here only if [`Application::authorize`] is not enough.
    fn event(&mut self, now: Instant, server: &mut Server, event: ServerEvent);

    /// When [`Application::handle_timeout`] wants to be called; `None`: never.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The deadline passed.
    fn handle_timeout(&mut self, _now: Instant, _server: &mut Server) {}
}
