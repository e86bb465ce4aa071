//! Who may be connected: a bound that a crowd of strangers cannot use up.
//!
//! A guest who has shown the token keeps the seat; one who has not gives it up to whoever comes next
//! once all are taken, the oldest first. So no number of half-open connections locks out a client
//! that says who it is. Knows no bytes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::task::{AbortHandle, Id};

/// How many connections are served at a time.
const SEATS: usize = 512;

/// Whether whoever is at the other end has shown the token.
#[derive(Debug, Clone, Default)]
pub(super) struct Authenticated(Arc<AtomicBool>);

impl Authenticated {
    /// The token was shown, and was right.
    pub(super) fn is_known(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn known(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The connections that are served, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Connections(VecDeque<(AbortHandle, Authenticated)>);

impl Connections {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether one more can be served, be it in the place of a stranger.
    pub(super) fn has_room(&self) -> bool {
        self.0.len() < SEATS || self.stranger().is_some()
    }

    fn stranger(&self) -> Option<usize> {
        self.0.iter().position(|(_, guest)| !guest.known())
    }

    /// Seats a connection; the oldest stranger goes where no seat is free.
    pub(super) fn take(&mut self, task: AbortHandle, guest: Authenticated) {
        if self.0.len() >= SEATS
            && let Some(index) = self.stranger()
            && let Some((task, _)) = self.0.remove(index)
        {
            task.abort();
        }
        self.0.push_back((task, guest));
    }

    /// A connection has ended; one that had to go has no seat any more.
    pub(super) fn leave(&mut self, id: Id) {
        self.0.retain(|(task, _)| task.id() != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::task::JoinSet;

    #[tokio::test]
    async fn strangers_make_room_and_guests_do_not() {
        let (mut tasks, mut connections) = (JoinSet::new(), Connections::default());
        let mut come = |connections: &mut Connections, known: bool| {
            let guest = Authenticated::default();
            if known {
                guest.is_known();
            }
            let task = tasks.spawn(std::future::pending::<()>());
            connections.take(task.clone(), guest.clone());
            (task, guest)
        };
        let (first, _) = come(&mut connections, true);
        let mut strangers = Vec::new();
        while connections.len() < SEATS {
            strangers.push(come(&mut connections, false));
        }
        assert!(connections.has_room());
        let (late, _) = come(&mut connections, false);
        assert_eq!(connections.len(), SEATS);
        tokio::task::yield_now().await;
        let gone: Vec<bool> = strangers
            .iter()
            .map(|(task, _)| task.is_finished())
            .collect();
        assert!(gone[0] && !gone[1..].contains(&true), "the oldest goes");
        assert!(!first.is_finished() && !late.is_finished());
        for (_, guest) in &strangers {
            guest.is_known();
        }
        let (_, last) = come(&mut connections, false);
        for _ in 0..SEATS {
            tokio::task::yield_now().await;
        }
        assert!(late.is_finished(), "the last stranger goes");
        last.is_known();
        assert!(!connections.has_room(), "nobody is a stranger");
        connections.leave(first.id());
        assert!(connections.has_room());
        connections.leave(late.id());
        assert_eq!(connections.len(), SEATS - 1);
    }
}
