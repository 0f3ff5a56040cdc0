//! `cargo run -p socketio08-example-axum`: the application on port 8000, until interrupted.

use std::net::SocketAddr;

use socketio08_example_axum::{application, start};
use socketio08_tokio::Farewell;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
    let node = start();
    let service = application(node.clone()).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move {
            // Without a way to hear of an interruption there is none, and the server goes on.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            // Sessions first: axum waits for open polls, which end only when the node says so.
            node.shutdown(Farewell::Close).await;
        })
        .await
}
