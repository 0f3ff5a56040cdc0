//! JSON as nodes write it.

use alloc::string::{String, ToString};

use crate::Text;
use crate::event::quote;

/// A JSON string.
pub(super) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote(text, &mut out);
    out
}

/// What is published: who published, and the arguments.
pub(super) fn envelope(node_id: u64, args: &[&str]) -> Text {
    let len: usize = args.iter().map(|arg| arg.len() + 1).sum();
    let mut out = String::with_capacity(len + 48);
    out.push_str("{\"nodeId\":");
    out.push_str(&node_id.to_string());
    out.push_str(",\"args\":[");
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(arg);
    }
    out.push_str("]}");
    Text::from(out)
}
