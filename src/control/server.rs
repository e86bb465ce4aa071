//! A server on loopback for the tests of the client: answers by a script, misbehaves on demand and
//! remembers what it was asked.

use crate::settings::{Endpoint, Token};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the server does with one request.
#[derive(Clone)]
pub(super) enum ScriptedReply {
    /// A JSON body.
    Json(u16, Value),
    /// Headers and a body of any kind.
    Text(u16, Vec<(&'static str, String)>, String),
    /// Announces more than it sends, and closes.
    Truncated(u16, String),
    /// No length; the end of the connection is the end of the body.
    Unbounded(u16, String),
    /// Reads the request and closes.
    Cut,
    /// Reads the request and says nothing until the server ends.
    Hang,
    /// Sends the head, then nothing.
    HangInBody,
    /// These bytes, whatever they are.
    Raw(&'static str),
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct ArrivedRequest {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl ArrivedRequest {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Serves one connection for each reply; afterwards nobody listens.
pub(super) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<ArrivedRequest>>>,
    stop: Arc<AtomicBool>,
    /// Dropped to let go of connections that hang.
    release: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(script: impl IntoIterator<Item = ScriptedReply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (release, held) = mpsc::channel();
        let script: Vec<ScriptedReply> = script.into_iter().collect();
        let thread = std::thread::spawn({
            let (seen, stop) = (seen.clone(), stop.clone());
            move || {
                let mut hanging = Vec::new();
                for reply in script {
                    let (stream, _) = listener.accept().unwrap();
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    hanging.extend(serve(stream, &reply, &seen));
                }
                drop(listener);
                if !hanging.is_empty() {
                    let _ = held.recv();
                }
            }
        });
        Self {
            address,
            seen,
            stop,
            release: Some(release),
            thread: Some(thread),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint::parse(&self.url()).unwrap()
    }

    pub(super) fn seen(&self) -> Vec<ArrivedRequest> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(self.release.take());
        // Wakes a server that still waits for somebody.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The token of all tests.
pub(super) fn token() -> Token {
    Token::new("very-secret-token").unwrap()
}

/// Gives the stream back when it is to be kept open.
fn serve(
    mut stream: TcpStream,
    reply: &ScriptedReply,
    seen: &Mutex<Vec<ArrivedRequest>>,
) -> Option<TcpStream> {
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    if let Some(request) = read(&stream) {
        seen.lock().unwrap().push(request);
    }
    let head = |status: u16, length: usize, more: &str| {
        format!(
            "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n"
        )
    };
    let text = match reply {
        ScriptedReply::Json(status, value) => {
            let body = value.to_string();
            head(*status, body.len(), "content-type: application/json\r\n") + &body
        }
        ScriptedReply::Text(status, headers, body) => {
            let more: Vec<String> = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .collect();
            head(*status, body.len(), &more.concat()) + body
        }
        ScriptedReply::Truncated(status, body) => head(*status, body.len() + 100, "") + body,
        ScriptedReply::Unbounded(status, body) => {
            format!("HTTP/1.1 {status} X\r\nconnection: close\r\n\r\n{body}")
        }
        ScriptedReply::Cut => String::new(),
        ScriptedReply::Hang => return Some(stream),
        ScriptedReply::HangInBody => {
            stream.write_all(head(200, 100, "").as_bytes()).unwrap();
            return Some(stream);
        }
        ScriptedReply::Raw(text) => (*text).to_owned(),
    };
    // The other side may have gone already.
    let _ = stream.write_all(text.as_bytes());
    let _ = stream.shutdown(Shutdown::Write);
    None
}

fn read(stream: &TcpStream) -> Option<ArrivedRequest> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut seen = ArrivedRequest {
        line: line.trim_end().trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: String::new(),
    };
    let length = seen
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    seen.body = String::from_utf8(body).unwrap();
    Some(seen)
}
