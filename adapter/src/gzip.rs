//! Compression of files that are served many times.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// `content` compressed as well as gzip can, for [`ClientFiles::add`](socketio08::server::ClientFiles::add); without a time in it,
/// so that equal contents are equal.
///
/// ```
/// use socketio08::server::ClientFiles;
/// use socketio08_tokio::gzip;
///
/// let script = "var io = {};".repeat(1_000);
/// let compressed = gzip(script.as_bytes());
/// assert!(compressed.len() < script.len() / 50);
/// let mut files = ClientFiles::default();
/// files.add("socket.io.js", script.into(), Some(compressed))?;
/// # Ok::<(), socketio08::server::ClientFileError>(())
/// ```
#[must_use]
pub fn gzip(content: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(content);
    encoder.finish().map(Bytes::from).unwrap_or_default()
}
