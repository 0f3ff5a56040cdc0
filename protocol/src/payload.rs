//! Several packets in one body: U+FFFD length U+FFFD packet ..., lengths in UTF-16 code units; one packet travels bare.
//!
//! ```text
//! Payload::new(text, limits)            an iterator of Result<Text, PayloadError>, one packet text each
//! encode(packets: &[Text]) -> Text      bare if one, framed if several, empty if none
//! ```
