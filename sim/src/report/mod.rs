//! What a run shows: the trace summed up, a verdict drawn from the figures, and the two ways to print it.
//!
//! `docs/REPORT.md` describes the JSON, key by key.

mod connection_tests;
mod figures;
mod finding;
mod impact;
mod life;
mod matrix;
mod sharing;
mod story;
mod summary;
mod table;
mod tally;
mod text;
mod verdict;
mod why;

pub use connection_tests::TestFigures;
pub use figures::{
    ClientFigures, Delivery, Figures, Handshakes, Opens, RedisFigures, ServerFigures, Spread, per_cent,
    spread,
};
pub use finding::{finding, meets};
pub use impact::{Impact, Toll};
pub use life::{Bar, Episode, Ghosts, HarmFigures, LifeFigures, Load, Storms, Traffic};
pub use matrix::{MatrixRow, matrix, worst_seed};
pub use story::Story;
pub use summary::Summary;
pub use table::{compare, engines};
pub use text::{Screen, header, render};
pub use verdict::{Class, Verdict, judge};
