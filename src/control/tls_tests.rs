//! Which certificates are trusted, against a TLS server on loopback.

use super::*;
use crate::cluster::Cluster;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// Set in the process that this test starts of itself.
const CHILD: &str = "MK8S_TEST_TLS_ENDPOINT";

/// An endpoint with a certificate of its own making, and what clients sent to it.
struct TlsServer {
    url: String,
    certificate: String,
    heard: Arc<Mutex<Vec<String>>>,
}

fn start() -> TlsServer {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let heard = Arc::new(Mutex::new(Vec::new()));
    std::thread::spawn({
        let heard = heard.clone();
        // Ends with the process of the test.
        move || {
            for stream in listener.incoming() {
                if let Some(text) = serve(&config, stream.unwrap()) {
                    heard.lock().unwrap().push(text);
                }
            }
        }
    });
    TlsServer {
        url,
        certificate: made.cert.pem(),
        heard,
    }
}

/// Gives back what was sent over the encrypted connection, if there came one to be.
fn serve(config: &Arc<ServerConfig>, stream: TcpStream) -> Option<String> {
    let session = ServerConnection::new(config.clone()).unwrap();
    let mut stream = StreamOwned::new(session, stream);
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
    let body = r#"{"kind":"mk8s","name":"prod"}"#;
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    Some(String::from_utf8_lossy(&buffer[..count]).into_owned())
}

async fn get(url: &str, insecure: bool) -> Result<Cluster, ApiError> {
    let connection = Connection {
        endpoint: Endpoint::parse(url).unwrap(),
        org: "acme".to_owned(),
        token: Token::new("very-secret-token").unwrap(),
        insecure,
        timeout: Duration::from_secs(10),
        proxy: None,
    };
    Client::new(connection, None).unwrap().get("prod").await
}

/// Runs itself once more, because the file of authorities is read from the process's environment.
#[tokio::test]
async fn authorities_come_from_ssl_cert_file() {
    if let Ok(url) = std::env::var(CHILD) {
        assert_eq!(get(&url, false).await.unwrap().name(), "prod");
        return;
    }
    let server = start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &server.certificate).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "control::tls_tests::authorities_come_from_ssl_cert_file",
        ])
        .env(CHILD, &server.url)
        .env("SSL_CERT_FILE", &file)
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && shown.contains("1 passed"),
        "{shown}"
    );
    let heard = server.heard.lock().unwrap();
    assert!(heard[0].contains("Bearer very-secret-token"), "{heard:?}");
}

#[tokio::test]
async fn an_unknown_authority_gets_nothing() {
    let server = start();
    let error = get(&server.url, false).await.unwrap_err();
    assert!(
        matches!(&error.problem, ApiProblem::Tls(reason) if reason.contains("certificate")),
        "{error:?}"
    );
    assert!(!error.sent);
    assert_eq!(error.tries, 1);
    assert_eq!(*server.heard.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unknown_authority_is_taken_when_it_is_asked_for() {
    let server = start();
    assert_eq!(get(&server.url, true).await.unwrap().name(), "prod");
}

#[tokio::test]
async fn https_to_a_server_without_it_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    let error = get(&url, true).await.unwrap_err();
    assert!(matches!(error.problem, ApiProblem::Tls(_)), "{error:?}");
}
