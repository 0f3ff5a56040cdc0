//! Which destination a request has.

use crate::scenario::{Destination, Route};
use crate::world::balancer::RequestHead;

/// Whether the rule fits a request.
pub fn fits(route: &Route, head: &RequestHead) -> bool {
    let path = route.path.as_ref().is_none_or(|prefix| head.path().starts_with(prefix.as_str()));
    let header = route.header.as_ref().is_none_or(|name| head.headers.get(name).is_some());
    let upgrade = route.upgrade.is_none_or(|upgrade| upgrade == head.upgrade);
    path && header && upgrade
}

/// Where the first rule that fits sends a request; `otherwise` if none does.
pub fn destination<'a>(
    routes: &'a [Route],
    otherwise: &'a Destination,
    head: &RequestHead,
) -> &'a Destination {
    routes.iter().find(|route| fits(route, head)).map_or(otherwise, |route| &route.to)
}

#[cfg(test)]
mod tests {
    use socketio08::server::Method;

    use super::*;

    fn route(path: Option<&str>, header: Option<&str>, upgrade: Option<bool>, to: Destination) -> Route {
        Route { path: path.map(str::to_owned), header: header.map(str::to_owned), upgrade, to }
    }

    fn goes(routes: &[Route], target: &'static str, upgrade: bool) -> Destination {
        let head = RequestHead { upgrade, ..RequestHead::new(Method::Get, target) };
        destination(routes, &Destination::App, &head).clone()
    }

    #[test]
    fn the_path_counts_without_its_query() {
        let routes = [route(Some("/socket.io"), None, None, Destination::Servers)];
        assert_eq!(goes(&routes, "/socket.io/1/?t=1", false), Destination::Servers);
        assert_eq!(goes(&routes, "/page?next=/socket.io", false), Destination::App);
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let routes = [
            route(None, None, Some(true), Destination::Deny),
            route(Some("/socket.io"), None, None, Destination::Servers),
        ];
        assert_eq!(goes(&routes, "/socket.io/1/websocket/5", true), Destination::Deny);
        assert_eq!(goes(&routes, "/socket.io/1/xhr-polling/5", false), Destination::Servers);
    }

    #[test]
    fn a_header_only_has_to_be_there() {
        let routes = [route(None, Some("X-Beta"), None, Destination::Servers)];
        let mut head = RequestHead::new(Method::Get, "/");
        assert_eq!(destination(&routes, &Destination::App, &head), &Destination::App);
        head.headers.add("x-beta", "");
        assert_eq!(destination(&routes, &Destination::App, &head), &Destination::Servers);
    }
}
