//! A server that answers with the bytes it is told to: for what no honest server sends.

use super::http;
use std::io::Write as _;
use std::net::{Shutdown, TcpListener, TcpStream};
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
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        Self::Raw(
            format!(
                "HTTP/1.1 {status} Scripted\r\n{headers}Content-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            )
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

/// The running server. Answers are given in order, the last one again and again.
pub(crate) struct Fake {
    endpoint: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// Listens on a free port of the loopback interface.
    pub(crate) fn serve(answers: Vec<Answer>) -> Self {
        assert!(!answers.is_empty(), "a script has at least one answer");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let thread = {
            let (seen, stopped) = (Arc::clone(&seen), Arc::clone(&stopped));
            thread::spawn(move || serve(&listener, &answers, &seen, &stopped))
        };
        Self {
            endpoint,
            seen,
            stopped,
            thread: Some(thread),
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread, which waits for a connection.
        let address = self.endpoint.trim_start_matches("http://");
        drop(TcpStream::connect(address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn serve(
    listener: &TcpListener,
    answers: &[Answer],
    seen: &Mutex<Vec<Seen>>,
    stopped: &AtomicBool,
) {
    // Connections that are owed no answer stay open until the end.
    let mut silent = Vec::new();
    for connection in listener.incoming() {
        if stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(mut stream) = connection else { continue };
        let Some(message) = http::read(&stream) else {
            continue;
        };
        let answer = {
            let mut seen = seen.lock().unwrap();
            let answer = answers.get(seen.len()).or(answers.last());
            seen.push(request(&message));
            answer
        };
        match answer {
            Some(Answer::Raw(bytes)) => {
                // The client may have gone: then there is nobody to answer.
                let _ = stream.write_all(bytes);
                let _ = stream.shutdown(Shutdown::Write);
            }
            Some(Answer::Silence) => silent.push(stream),
            Some(Answer::Close) | None => {}
        }
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
