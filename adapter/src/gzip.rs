//! Compression of files that are served many times.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// `content` compressed as well as gzip can, for [`ClientFiles::add`](socketio08::server::ClientFiles::add); without a time in it,
/// so that equal contents are equal.
#[must_use]
pub fn gzip(content: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(content);
    encoder.finish().map(Bytes::from).unwrap_or_default()
}
