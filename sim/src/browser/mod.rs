//! What a page in a given browser can do towards a server of another scheme, host or port, and which transport the genuine client of
//! 0.8.7 picks there. Pure: it decides for a person (`sio08 explain origin`) and for a simulation alike.

mod place;
mod profile;
mod rules;

pub use place::{Page, Site, UrlError};
pub use profile::{Browser, Mixed, Remote, Sockets};
pub use rules::{Answer, Judgement, Sends, Tries, judge};
