//! The balancer against the recorded rows of HAProxy 2.6. A test named after a row says which table it is in.

mod checks;
mod http;
mod laws;
mod limits;
mod nginx;
mod retries;
mod rig;
mod routing;
mod sticky;
mod tcp;
