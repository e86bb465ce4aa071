//! The few lines of HTTP/1.1 that the tests speak themselves.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// The head and body of a message.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// The request or status line.
    pub(super) first: String,
    /// Header names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// The first header of that (lower-case) name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads one message; `None` when the other side closed before it was whole.
pub(super) fn read(stream: &mut impl Read) -> Option<Message> {
    let mut reader = BufReader::new(stream);
    let first = line(&mut reader)?;
    let mut headers = Vec::new();
    loop {
        let text = line(&mut reader)?;
        if text.is_empty() {
            break;
        }
        let (name, value) = text.split_once(':')?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut message = Message {
        first,
        headers,
        body: Vec::new(),
    };
    if let Some(length) = message.header("content-length") {
        message.body = vec![0; length.parse().ok()?];
        reader.read_exact(&mut message.body).ok()?;
    } else if message.header("transfer-encoding") == Some("chunked") {
        loop {
            let size = usize::from_str_radix(line(&mut reader)?.trim(), 16).ok()?;
            let mut chunk = vec![0; size];
            reader.read_exact(&mut chunk).ok()?;
            message.body.extend(chunk);
            line(&mut reader)?;
            if size == 0 {
                break;
            }
        }
    }
    Some(message)
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut text = String::new();
    if reader.read_line(&mut text).ok()? == 0 {
        return None;
    }
    Some(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// One request to `http://127.0.0.1:PORT`, with a token: the status and the body.
pub(super) fn request(
    endpoint: &str,
    method: &str,
    path: &str,
    token: &str,
    body: &str,
) -> (u16, Vec<u8>) {
    try_request(endpoint, method, path, token, body).expect("the server answers")
}

/// The same; `None` when there is no server or no whole answer.
pub(crate) fn try_request(
    endpoint: &str,
    method: &str,
    path: &str,
    token: &str,
    body: &str,
) -> Option<(u16, Vec<u8>)> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json"
    );
    send(endpoint, &head, body)
}

/// A form that is posted to AWS, signed as much as an emulator wants it.
pub(super) fn form(endpoint: &str, body: &str) -> (u16, Vec<u8>) {
    let head = "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Authorization: AWS4-HMAC-SHA256 \
                Credential=testing/20260101/us-east-1/iam/aws4_request, \
                SignedHeaders=host, Signature=0";
    send(endpoint, head, body).expect("the emulator answers")
}

fn send(endpoint: &str, head: &str, body: &str) -> Option<(u16, Vec<u8>)> {
    let address = endpoint.strip_prefix("http://").expect("plain http");
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    write!(
        stream,
        "{head}\r\nHost: {address}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len(),
    )
    .ok()?;
    let message = read(&mut stream)?;
    let status = message.first.split(' ').nth(1)?.parse().ok()?;
    Some((status, message.body))
}
