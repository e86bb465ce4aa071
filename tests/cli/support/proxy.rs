//! A proxy that counts bytes: what a network does to a connection in the middle of a message.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Which way the bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the client to the server.
    Request,
    /// From the server to the client.
    Answer,
}

/// What happens to the bytes of one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Harm {
    /// After so many bytes both sides are closed.
    Cut(usize),
    /// After so many bytes no more come, and nothing is closed.
    Stall(usize),
    /// The byte at this place has one bit turned.
    Flip(usize),
    /// Every byte is a packet of its own.
    Split,
}

/// The running proxy.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    way: Way,
    harm: Harm,
    /// How many connections are still to be harmed.
    left: AtomicUsize,
    stopped: AtomicBool,
    requests: AtomicUsize,
    answers: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Stands in front of the server at `http://ADDRESS` and harms the first `times` connections.
    pub(crate) fn before(endpoint: &str, way: Way, harm: Harm, times: usize) -> Self {
        let server = endpoint
            .strip_prefix("http://")
            .and_then(|address| address.parse().ok())
            .expect("the address of a server");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server,
            way,
            harm,
            left: AtomicUsize::new(times),
            stopped: AtomicBool::new(false),
            requests: AtomicUsize::new(0),
            answers: AtomicUsize::new(0),
            open: Mutex::default(),
        });
        let thread = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || listen(&listener, &shared))
        };
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many bytes of all requests, or of all answers, came through.
    pub(crate) fn bytes(&self, way: Way) -> usize {
        self.shared.counter(way).load(Ordering::SeqCst)
    }
}

impl Shared {
    fn counter(&self, way: Way) -> &AtomicUsize {
        match way {
            Way::Request => &self.requests,
            Way::Answer => &self.answers,
        }
    }

    fn close_all(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            // Closed already is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread, which waits for a connection.
        drop(TcpStream::connect(self.address));
        self.shared.close_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        self.shared.close_all();
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = connection else { continue };
        let Ok(server) = TcpStream::connect_timeout(&shared.server, Duration::from_secs(5)) else {
            continue;
        };
        let _ = client.set_nodelay(true);
        let _ = server.set_nodelay(true);
        let harmed = shared
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .is_ok();
        let copies = (client.try_clone(), server.try_clone());
        let (Ok(client_again), Ok(server_again)) = copies else {
            continue;
        };
        shared.open.lock().unwrap().extend(
            [client.try_clone(), server.try_clone()]
                .into_iter()
                .flatten(),
        );
        for (way, from, to) in [
            (Way::Request, client, server),
            (Way::Answer, server_again, client_again),
        ] {
            let harm = (harmed && way == shared.way).then_some(shared.harm);
            let shared = Arc::clone(shared);
            thread::spawn(move || carry(from, to, way, harm, &shared));
        }
    }
}

/// Carries the bytes of one way until its end.
fn carry(mut from: TcpStream, mut to: TcpStream, way: Way, harm: Option<Harm>, shared: &Shared) {
    let mut buffer = [0; 16 * 1024];
    let mut passed = 0;
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        shared.counter(way).fetch_add(length, Ordering::SeqCst);
        let bytes = &mut buffer[..length];
        match harm {
            Some(Harm::Cut(at)) if passed + length >= at => {
                let _ = to.write_all(&bytes[..at - passed]);
                let _ = to.shutdown(Shutdown::Both);
                let _ = from.shutdown(Shutdown::Both);
                return;
            }
            Some(Harm::Stall(at)) if passed + length >= at => {
                let _ = to.write_all(&bytes[..at - passed]);
                // Reads on, so that the other side is not held up by a full buffer.
                while let Ok(1..) = from.read(&mut buffer) {}
                return;
            }
            Some(Harm::Flip(at)) if (passed..passed + length).contains(&at) => {
                bytes[at - passed] ^= 1 << (at % 7);
            }
            _ => {}
        }
        passed += length;
        let written = if harm == Some(Harm::Split) {
            bytes.iter().try_for_each(|byte| to.write_all(&[*byte]))
        } else {
            to.write_all(bytes)
        };
        if written.is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
