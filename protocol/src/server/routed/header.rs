//! The header by which one server tells another whose request it forwards: `FROM SCHEME SIGNATURE ADDRESS`.

use alloc::format;

use super::super::{Method, Request};
use super::config::{NodeName, RoutedConfig};
use crate::Text;

/// The header, in lower case.
const NAME: &str = "x-socketio08-forwarded";

/// What the signature is for.
const PURPOSE: &str = "forwarded request";

/// What a request says of having been forwarded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Seen {
    /// Nothing: it comes from a client or a balancer.
    Nothing,
    /// Something that is not signed as it should be.
    Unsigned,
    /// Another server forwarded it.
    Signed,
}

fn method_name(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Head => "HEAD",
        Method::Options => "OPTIONS",
        Method::Other => "",
    }
}

const fn scheme(secure: bool) -> &'static str {
    if secure { "https" } else { "http" }
}

/// Everything that the owner believes, and what makes it good for this request and this owner alone.
fn signed<'a>(
    from: &'a str,
    to: &'a NodeName,
    request: &'a Request,
    scheme: &'a str,
    address: &'a str,
) -> [&'a str; 6] {
    [from, to.as_str(), method_name(request.method), &request.target, scheme, address]
}

/// Adds the header for the owner `to`.
pub(super) fn add(routed: &RoutedConfig, to: &NodeName, request: &mut Request) {
    // An address that no header can carry is not told.
    let printable = request.address.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let address = if printable { request.address.as_str().trim() } else { "" };
    let scheme = scheme(request.secure);
    let from = routed.node.as_str();
    let signature = routed.key.sign(PURPOSE, &signed(from, to, request, scheme, address));
    let value = Text::from(format!("{from} {scheme} {signature} {address}"));
    request.headers.push((Text::from_static(NAME), value));
}

/// Takes the header out, whoever wrote it; of a signed one the address and the scheme are the request's from here on.
pub(super) fn take(routed: &RoutedConfig, request: &mut Request) -> Seen {
    let is_ours = |(name, _): &(Text, Text)| name.eq_ignore_ascii_case(NAME);
    let Some((_, value)) = request.headers.iter().find(|header| is_ours(header)).cloned() else {
        return Seen::Nothing;
    };
    let count = request.headers.len();
    request.headers.retain(|header| !is_ours(header));
    let one = request.headers.len() + 1 == count;
    let mut words = value.splitn(4, ' ');
    let mut word = || words.next().unwrap_or_default();
    let (from, scheme, signature, address) = (word(), word(), word(), word());
    let parts = signed(from, &routed.node, request, scheme, address);
    if !one || !routed.key.verify(PURPOSE, &parts, signature) {
        return Seen::Unsigned;
    }
    (request.secure, request.address) = (scheme == "https", Text::from(address));
    Seen::Signed
}
