//! A gate in front of both servers: it counts the calls of a command and can hold one of them,
//! before the server sees it or after it has been carried out, for as long as it takes to kill the
//! command.

use super::env::Env;
use super::http::{self, Message};
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Where a call is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// The server never sees it.
    Before,
    /// The server has done it, the command does not hear of it.
    After,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<String>,
    hold: Option<(usize, Edge)>,
    reached: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// The gate; calls pass through it as long as it lives.
pub(crate) struct Gate {
    shared: Arc<Shared>,
    doors: Vec<SocketAddr>,
}

impl Gate {
    /// Puts itself between the processes of `env` and the servers that it names.
    pub(crate) fn start(env: &mut Env) -> Self {
        let shared = Arc::new(Shared::default());
        let mut doors = Vec::new();
        for variable in ["CPLN_ENDPOINT", "AWS_ENDPOINT_URL"] {
            let Some(server) = env.variables().get(variable).cloned() else {
                continue;
            };
            let server = server.strip_prefix("http://").unwrap().to_owned();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            env.set(variable, &format!("http://{address}"));
            doors.push(address);
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for connection in listener.incoming().map_while(Result::ok) {
                    if Arc::strong_count(&shared) == 1 {
                        return;
                    }
                    let (shared, server) = (Arc::clone(&shared), server.clone());
                    thread::spawn(move || pass(&shared, connection, &server));
                }
            });
        }
        Self { shared, doors }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts from the start again, and holds the call of that number (from 1).
    pub(crate) fn hold(&self, call: usize, edge: Edge) {
        *self.state() = State {
            hold: Some((call, edge)),
            ..State::default()
        };
    }

    /// Lets everything pass; what is held is dropped.
    pub(crate) fn open(&self) {
        self.state().hold = None;
        self.shared.changed.notify_all();
    }

    /// The calls since they are counted: an action of AWS, or `METHOD PATH`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// Waits until the call is held (`true`), or the process has ended by itself.
    #[track_caller]
    pub(crate) fn reached(&self, child: &mut Child) -> bool {
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            {
                let state = self.state();
                let (state, _) = self
                    .shared
                    .changed
                    .wait_timeout_while(state, Duration::from_millis(20), |it| !it.reached)
                    .unwrap_or_else(PoisonError::into_inner);
                if state.reached {
                    return true;
                }
            }
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            assert!(Instant::now() < until, "the command does not end");
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
        self.shared = Arc::default();
        for door in &self.doors {
            // Wakes the thread, which waits for a connection.
            drop(TcpStream::connect(door));
        }
    }
}

fn pass(shared: &Shared, mut client: TcpStream, server: &str) {
    let Some(request) = http::read(&mut client) else {
        return;
    };
    let number = {
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.calls.push(name(&request));
        state.calls.len()
    };
    if is_held(shared, number, Edge::Before) {
        return;
    }
    // A server that is gone gives no answer, and so does the gate.
    let Ok(mut connection) = TcpStream::connect(server) else {
        return;
    };
    if connection.write_all(&bytes(&request)).is_err() {
        return;
    }
    let Some(answer) = http::read(&mut connection) else {
        return;
    };
    if is_held(shared, number, Edge::After) {
        return;
    }
    let _ = client.write_all(&bytes(&answer));
}

/// Keeps the call waiting if it is the one; whether it was.
fn is_held(shared: &Shared, number: usize, edge: Edge) -> bool {
    let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
    if state.hold != Some((number, edge)) {
        return false;
    }
    state.reached = true;
    shared.changed.notify_all();
    while state.hold.is_some() {
        state = shared
            .changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
    }
    true
}

/// What a request asks for.
fn name(request: &Message) -> String {
    let body = String::from_utf8_lossy(&request.body);
    let action = body
        .split('&')
        .find_map(|field| field.strip_prefix("Action="));
    action.map_or_else(
        || {
            let mut words = request.first.split(' ');
            let method = words.next().unwrap_or_default();
            format!("{method} {}", words.next().unwrap_or_default())
        },
        str::to_owned,
    )
}

/// The message as it goes over the wire, the last one of its connection.
fn bytes(message: &Message) -> Vec<u8> {
    let mut head = format!("{}\r\n", message.first);
    for (name, value) in &message.headers {
        if !["connection", "content-length", "transfer-encoding"].contains(&name.as_str()) {
            head = head + name + ": " + value + "\r\n";
        }
    }
    let length = message.body.len();
    let _ = write!(
        head,
        "content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let mut all = head.into_bytes();
    all.extend(&message.body);
    all
}
