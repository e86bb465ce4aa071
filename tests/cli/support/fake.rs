//! A server that answers with the bytes it is told to: for what no honest server sends.

use super::{fixture, http};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// One answer, or the lack of one.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// These bytes, then the connection is closed.
    Raw(Vec<u8>),
    /// The connection is closed without a byte.
    Close,
    /// Nothing comes, and the connection stays open until the server goes away.
    Silence,
}

impl Answer {
    /// A well-formed answer with a JSON body.
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    /// A well-formed answer.
    pub(crate) fn text(status: u16, media_type: &str, body: &str) -> Self {
        Self::headers(status, &[("Content-Type", media_type)], body)
    }

    /// A well-formed answer with these headers.
    pub(crate) fn headers(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut text = format!("HTTP/1.1 {status} Scripted\r\n");
        for (name, value) in headers {
            text = text + name + ": " + value + "\r\n";
        }
        let length = body.len();
        Self::Raw(
            format!("{text}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
                .into_bytes(),
        )
    }

    /// Promises more bytes than it sends.
    pub(crate) fn truncated(body: &str) -> Self {
        Self::Raw(
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len() + 1000
            )
            .into_bytes(),
        )
    }
}

/// A request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What is answered.
enum Script {
    /// In order, the last one again and again.
    Row(Vec<Answer>),
    /// By the request.
    By(Box<dyn Fn(&Seen) -> Answer + Send + Sync>),
}

/// The running server.
pub(crate) struct Fake {
    endpoint: String,
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// Listens on a free port of the loopback interface. Answers are given in order, the last one
    /// again and again.
    pub(crate) fn serve(answers: Vec<Answer>) -> Self {
        Self::start(Script::row(answers), None)
    }

    /// Answers each request by what it is.
    pub(crate) fn by(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(Script::By(Box::new(answer)), None)
    }

    /// The same over TLS, as `localhost`, with the certificate in `tests/fixtures/tls`.
    pub(crate) fn serve_tls(answers: Vec<Answer>) -> Self {
        let file = |name: &str| fixture("tls").join(name);
        let certificate = CertificateDer::from_pem_file(file("server.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Self::start(Script::row(answers), Some(Arc::new(config)))
    }

    fn start(script: Script, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let endpoint = match tls {
            Some(_) => format!("https://localhost:{}", address.port()),
            None => format!("http://{address}"),
        };
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let thread = {
            let (seen, stopped) = (Arc::clone(&seen), Arc::clone(&stopped));
            thread::spawn(move || serve(&listener, tls.as_ref(), &script, &seen, &stopped))
        };
        Self {
            endpoint,
            address,
            seen,
            stopped,
            thread: Some(thread),
        }
    }

    /// `http://127.0.0.1:PORT` or `https://localhost:PORT`.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Script {
    fn row(answers: Vec<Answer>) -> Self {
        assert!(!answers.is_empty(), "a script has at least one answer");
        Self::Row(answers)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread, which waits for a connection.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn serve(
    listener: &TcpListener,
    tls: Option<&Arc<ServerConfig>>,
    script: &Script,
    seen: &Mutex<Vec<Seen>>,
    stopped: &AtomicBool,
) {
    // Connections that are owed no answer stay open until the end.
    let mut silent = Vec::new();
    for connection in listener.incoming() {
        if stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = connection else { continue };
        let left = match tls {
            None => answer(stream, script, seen),
            Some(config) => ServerConnection::new(Arc::clone(config))
                .ok()
                .and_then(|session| answer(StreamOwned::new(session, stream), script, seen)),
        };
        silent.extend(left);
    }
}

/// What the two kinds of connection have in common.
trait Connection: Read + Write {
    /// Says that no more bytes follow.
    fn finish(&mut self);
    /// The connection itself, to keep it open.
    fn into_stream(self) -> TcpStream;
}

impl Connection for TcpStream {
    fn finish(&mut self) {
        // The client may have gone already.
        let _ = self.shutdown(Shutdown::Write);
    }

    fn into_stream(self) -> TcpStream {
        self
    }
}

impl Connection for StreamOwned<ServerConnection, TcpStream> {
    fn finish(&mut self) {
        self.conn.send_close_notify();
        let _ = self.flush();
        self.sock.finish();
    }

    fn into_stream(self) -> TcpStream {
        self.sock
    }
}

/// Reads one request and answers it; gives the connection back when it must stay open.
fn answer(
    mut stream: impl Connection,
    script: &Script,
    seen: &Mutex<Vec<Seen>>,
) -> Option<TcpStream> {
    let message = http::read(&mut stream)?;
    let answer = {
        let mut seen = seen.lock().unwrap();
        let request = request(&message);
        let answer = match script {
            Script::Row(answers) => answers.get(seen.len()).or(answers.last()).cloned(),
            Script::By(answer) => Some(answer(&request)),
        };
        seen.push(request);
        answer?
    };
    match answer {
        Answer::Raw(bytes) => {
            // The client may have gone: then there is nobody to answer.
            let _ = stream.write_all(&bytes);
            stream.finish();
            None
        }
        Answer::Silence => Some(stream.into_stream()),
        Answer::Close => None,
    }
}

fn request(message: &http::Message) -> Seen {
    let mut words = message.first.split(' ').map(str::to_owned);
    Seen {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        authorization: message.header("authorization").map(str::to_owned),
        body: message.body.clone(),
    }
}
