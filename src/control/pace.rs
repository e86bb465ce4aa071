//! How fast requests go out: as fast as the server takes them, learned from its answers.
//!
//! All requests of a run share one pace. Those under way grow in number as long as that makes more
//! of them pass; a 429 halves them and has everybody wait for as long as the server asks, once. From
//! then on no more go out in a second than the server was seen to answer, and a little more each
//! second, since what was somebody else's share may come free.
//!
//! [`Pace`] decides, with the clock as a parameter; [`PaceGate`] is where requests wait for it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, sleep_until};

/// So many are under way at first.
const FIRST: f64 = 8.0;
/// More than this are never under way.
pub(super) const MOST: usize = 64;
/// Answers that take so many times as long as the fastest come from a queue: more requests would only
/// make it longer.
const QUEUED: f64 = 1.5;
/// … beyond a difference that says nothing.
const NOISE: Duration = Duration::from_millis(10);
/// How much a new answer counts in the time that answers take.
const WEIGHT: f64 = 0.1;
/// A server that says no has answered some at once before, most likely those of a second.
const BURST: Duration = Duration::from_secs(1);
/// Of what the server was seen to take, so much is asked for.
const BELOW: f64 = 0.96;
/// How much of it is what was seen over a longer time; the rest is the rate that was too high.
const SEEN: f64 = 0.75;
/// A rate that nothing spoke against is raised by this share each second, …
const RAISE: f64 = 0.004;
/// … and by so much more with each second that nothing speaks against it: others may have left.
const BOLDER: f64 = 0.0004;
/// As long as it is a guess, it is raised by this share, …
const SEARCH: f64 = 0.05;
/// … and to this multiple while it is less than half of what went out before.
const DOUBLE: f64 = 2.0;
/// No rate is lower, in requests a second.
const LEAST: f64 = 0.2;
/// How much is made up for of what was late, since timers are not exact; one request in any case.
const LATE: Duration = Duration::from_millis(3);
/// The pause where the server names none.
const PAUSE: Duration = Duration::from_millis(250);

/// How an answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaceSignal {
    /// The server did something with the request.
    Answered,
    /// It is to come again later: when, if that was said.
    Throttled(Option<Duration>),
    /// The server has trouble, or there was no answer.
    Lost,
}

/// When the next request may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PaceTurn {
    /// Now.
    Now,
    /// Not before this moment.
    At(Instant),
    /// When one that is under way has ended.
    Full,
}

/// What was learned so far.
#[derive(Debug)]
struct Pace {
    /// So many may be under way.
    window: f64,
    in_flight: usize,
    /// The most that ever were.
    peak: usize,
    /// So many may go out in a second, once the server has said no.
    rate: Option<f64>,
    /// Whether the rate was measured from one no to the next, or is a guess.
    is_known: bool,
    /// Half of what went out in a second before the first no.
    half: f64,
    /// So many may go out in a second, as somebody said on the command line.
    cap: Option<f64>,
    /// When the next goes out by the rate.
    next: Instant,
    /// Until when nothing goes out.
    until: Instant,
    /// When it was slowed down last: what was sent before that says nothing new.
    cut: Option<Instant>,
    /// Since when it counts what was answered, and how much that was.
    since: Option<Instant>,
    answered: f64,
    raised: Instant,
    /// The shortest and the usual time of an answer.
    fastest: Option<Duration>,
    usual: Option<f64>,
    /// When the last ones were sent, for what goes out in a second.
    sent: VecDeque<Instant>,
    /// A longer pause than this is not waited for.
    patience: Duration,
}

impl Pace {
    fn new(now: Instant, patience: Duration) -> Self {
        Self {
            window: FIRST,
            in_flight: 0,
            peak: 0,
            rate: None,
            is_known: false,
            half: 0.0,
            cap: None,
            next: now,
            until: now,
            cut: None,
            since: None,
            answered: 0.0,
            raised: now,
            fastest: None,
            usual: None,
            sent: VecDeque::new(),
            patience,
        }
    }

    fn rate(&self) -> Option<f64> {
        match (self.rate, self.cap) {
            (Some(rate), Some(cap)) => Some(rate.min(cap)),
            (rate, cap) => rate.or(cap),
        }
    }

    fn turn(&self, now: Instant) -> PaceTurn {
        if self.in_flight >= self.room() {
            return PaceTurn::Full;
        }
        let by_rate = if self.rate().is_some() {
            self.next
        } else {
            now
        };
        let at = self.until.max(by_rate);
        if at > now {
            PaceTurn::At(at)
        } else {
            PaceTurn::Now
        }
    }

    /// How many may be under way.
    fn room(&self) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 1 and MOST"
        )]
        let window = self.window as usize;
        window.clamp(1, MOST)
    }

    fn begin(&mut self, now: Instant) {
        self.in_flight += 1;
        self.peak = self.peak.max(self.in_flight);
        self.since.get_or_insert(now);
        self.sent.push_back(now);
        while self.sent.front().is_some_and(|at| *at + BURST < now) {
            self.sent.pop_front();
        }
        self.raise(now);
        if let Some(rate) = self.rate() {
            let each = Duration::from_secs_f64(1.0 / rate);
            let from = now.checked_sub(LATE.max(each)).unwrap_or(now);
            self.next = self.next.max(from) + each;
        }
    }

    fn raise(&mut self, now: Instant) {
        let seconds = now.saturating_duration_since(self.raised).as_secs_f64();
        self.raised = now;
        let quiet = self
            .cut
            .map_or(Duration::ZERO, |cut| now.saturating_duration_since(cut));
        let (is_known, half) = (self.is_known, self.half);
        if let Some(rate) = &mut self.rate {
            if is_known {
                // Of a small rate a share is too little to find out anything.
                let share = BOLDER.mul_add(quiet.as_secs_f64(), RAISE);
                *rate += share * rate.max(50.0) * seconds;
            } else if *rate < half {
                *rate = (*rate * DOUBLE.powf(seconds)).min(half);
            } else {
                *rate *= (1.0 + SEARCH).powf(seconds);
            }
        }
    }

    fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    fn hear(&mut self, heard: PaceSignal, sent: Instant, now: Instant) {
        match heard {
            PaceSignal::Answered => self.answered(now.saturating_duration_since(sent)),
            PaceSignal::Throttled(wish) => self.throttled(wish, sent, now),
            // One at a time: a server in trouble is not pressed.
            PaceSignal::Lost => self.window = (self.window - 1.0).max(1.0),
        }
    }

    fn answered(&mut self, took: Duration) {
        self.answered += 1.0;
        let fastest = self.fastest.map_or(took, |fastest| fastest.min(took));
        self.fastest = Some(fastest);
        let took = took.as_secs_f64();
        let usual = self
            .usual
            .map_or(took, |usual| usual + (took - usual) * WEIGHT);
        self.usual = Some(usual);
        // Room that nobody wanted yet is no reason for more.
        let is_wanted = self.peak * 2 >= self.room();
        let limit = (fastest.as_secs_f64() * QUEUED).max((fastest + NOISE).as_secs_f64());
        if usual > limit {
            self.window = (self.window - 1.0 / self.window).max(FIRST.min(self.window));
        } else if is_wanted {
            // Once it was slowed down, one more for each round; before that, one for each answer.
            let more = if self.cut.is_some() {
                1.0 / self.window
            } else {
                1.0
            };
            #[expect(clippy::cast_precision_loss, reason = "it is a small number")]
            let most = MOST as f64;
            self.window = (self.window + more).min(most);
        }
    }

    fn throttled(&mut self, wish: Option<Duration>, sent: Instant, now: Instant) {
        let pause = wish.unwrap_or(PAUSE).max(PAUSE);
        if pause > self.patience {
            return;
        }
        let until = self.until.max(now + pause);
        if self.cut.is_none_or(|cut| sent >= cut) {
            self.slow_down(now);
            // What is counted from here on begins with a server that has nothing left to give.
            self.cut = Some(until);
            self.since = Some(now);
            self.answered = 0.0;
        }
        self.until = until;
        self.next = self.next.max(until);
        self.raised = until;
    }

    fn slow_down(&mut self, now: Instant) {
        self.window = (self.window / 2.0).max(1.0);
        let time = self
            .since
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        // The first time the server had a store of answers that nobody had asked for yet.
        let time = if self.cut.is_none() {
            time + BURST
        } else {
            time.max(BURST)
        };
        let seen = self.answered / time.as_secs_f64() * BELOW;
        self.is_known = self.cut.is_some();
        let next = if let Some(rate) = self.rate {
            let mixed = SEEN.mul_add(seen, (1.0 - SEEN) * rate * BELOW);
            // A moment's luck or bad luck never counts for more than half.
            mixed.clamp(rate / 2.0, rate * BELOW)
        } else {
            let time = self.usual.unwrap_or_default().max(0.001);
            self.half = self.window / time;
            seen
        };
        self.rate = Some(next.max(LEAST));
    }
}

/// Where requests wait until they may go out.
pub(super) struct PaceGate {
    pace: RefCell<Pace>,
    /// One after another, in the order in which they came.
    door: Mutex<()>,
    /// Rings when one that was under way has ended.
    bell: Notify,
}

/// A request that is under way.
pub(super) struct GatePass<'a> {
    gate: &'a PaceGate,
    sent: Instant,
}

impl PaceGate {
    /// A gate at which no longer pause is waited for.
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            pace: RefCell::new(Pace::new(Instant::now(), patience)),
            door: Mutex::new(()),
            bell: Notify::new(),
        }
    }

    /// So many requests a second at most.
    pub(super) fn cap(&self, rate: f64) {
        self.pace.borrow_mut().cap = Some(rate.max(LEAST));
    }

    /// Pauses as long as this are waited for.
    pub(super) fn is_patient(&self, patience: Duration) {
        self.pace.borrow_mut().patience = patience;
    }

    /// What goes out in a second at present.
    pub(super) fn per_second(&self) -> usize {
        let pace = self.pace.borrow();
        let now = Instant::now();
        let recent = pace.sent.iter().filter(|at| **at + BURST >= now);
        recent.count()
    }

    /// Waits until one more may go out.
    pub(super) async fn enter(&self) -> GatePass<'_> {
        let _next = self.door.lock().await;
        loop {
            let now = Instant::now();
            let turn = self.pace.borrow().turn(now);
            match turn {
                PaceTurn::Now => {
                    self.pace.borrow_mut().begin(now);
                    return GatePass {
                        gate: self,
                        sent: now,
                    };
                }
                PaceTurn::At(moment) => sleep_until(moment).await,
                PaceTurn::Full => self.bell.notified().await,
            }
        }
    }
}

impl GatePass<'_> {
    /// What came of it.
    pub(super) fn heard(&self, heard: PaceSignal) {
        let mut pace = self.gate.pace.borrow_mut();
        pace.hear(heard, self.sent, Instant::now());
    }
}

impl Drop for GatePass<'_> {
    fn drop(&mut self) {
        self.gate.pace.borrow_mut().end();
        self.gate.bell.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream::{self, StreamExt as _};
    use std::cell::Cell;
    use tokio::time::sleep;

    const PATIENT: Duration = Duration::from_mins(5);

    /// A server with so many answers a second and a store of them, which takes 50 ms for each.
    struct Server {
        rate: f64,
        burst: f64,
        left: Cell<f64>,
        at: Cell<Instant>,
    }

    impl Server {
        fn new(rate: f64, burst: f64) -> Self {
            Self {
                rate,
                burst,
                left: Cell::new(burst),
                at: Cell::new(Instant::now()),
            }
        }

        async fn answer(&self) -> PaceSignal {
            sleep(Duration::from_millis(50)).await;
            let now = Instant::now();
            let more = now.saturating_duration_since(self.at.get()).as_secs_f64() * self.rate;
            self.at.set(now);
            let left = (self.left.get() + more).min(self.burst);
            if left < 1.0 {
                self.left.set(left);
                let wait = ((1.0 - left) / self.rate).ceil();
                return PaceSignal::Throttled(Some(Duration::from_secs_f64(wait)));
            }
            self.left.set(left - 1.0);
            PaceSignal::Answered
        }
    }

    /// So many requests, each until it is answered: how long it took, and when the server said no.
    async fn run(gate: &PaceGate, server: &Server, count: usize) -> (Duration, Vec<Duration>) {
        let start = Instant::now();
        let noes = RefCell::new(Vec::new());
        stream::iter(0..count)
            .for_each_concurrent(200, |_| async {
                loop {
                    let pass = gate.enter().await;
                    let heard = server.answer().await;
                    pass.heard(heard);
                    if heard == PaceSignal::Answered {
                        return;
                    }
                    noes.borrow_mut().push(start.elapsed());
                }
            })
            .await;
        (start.elapsed(), noes.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_of_a_server_is_found_and_held() {
        for (rate, burst, most) in [
            (100.0, 100.0, 1.05),
            (500.0, 500.0, 1.05),
            (20.0, 20.0, 1.05),
            (5.0, 5.0, 1.1),
            // Where nothing is stored, a pause is lost for good.
            (100.0, 10.0, 1.25),
            (100.0, 1.0, 1.5),
        ] {
            let (gate, server) = (PaceGate::new(PATIENT), Server::new(rate, burst));
            let count = 100.0 * rate;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "they are small"
            )]
            let (took, noes) = run(&gate, &server, count as usize).await;
            let least = (count - burst) / rate;
            let late = noes.iter().filter(|at| at.as_secs() >= 8).count();
            let told = format!(
                "{rate}/s, burst {burst}: {:.1} s of {least:.1} s, {} noes, {late} of them late",
                took.as_secs_f64(),
                noes.len()
            );
            assert!(took.as_secs_f64() < least * most, "{told}");
            #[expect(clippy::cast_precision_loss, reason = "they are small")]
            let late = late as f64;
            assert!(late < (count / 100.0).max(15.0), "{told}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_more_and_more_are_under_way() {
        let (gate, server) = (PaceGate::new(PATIENT), Server::new(1e9, 1e9));
        let (took, noes) = run(&gate, &server, 2000).await;
        assert!(noes.is_empty());
        // 64 under way at 50 ms each are 1,280 a second.
        assert!(took < Duration::from_millis(2500), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_no_stops_everybody_for_as_long_as_the_server_asks() {
        let gate = PaceGate::new(PATIENT);
        let start = Instant::now();
        let first = gate.enter().await;
        first.heard(PaceSignal::Throttled(Some(Duration::from_mins(1))));
        drop(first);
        let _second = gate.enter().await;
        assert_eq!(start.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_is_too_long_stops_nobody() {
        let gate = PaceGate::new(Duration::from_secs(20));
        let start = Instant::now();
        let first = gate.enter().await;
        first.heard(PaceSignal::Throttled(Some(Duration::from_hours(1))));
        let _second = gate.enter().await;
        assert_eq!(start.elapsed().as_secs(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cap_holds() {
        let (gate, server) = (PaceGate::new(PATIENT), Server::new(1e9, 1e9));
        gate.cap(10.0);
        let (took, _) = run(&gate, &server, 100).await;
        assert!(took > Duration::from_secs(9), "{took:?}");
        assert!(took < Duration::from_secs(11), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn two_runs_share_a_server() {
        let server = Server::new(100.0, 100.0);
        let (one, two) = (PaceGate::new(PATIENT), PaceGate::new(PATIENT));
        let ((first, _), (second, _)) =
            tokio::join!(run(&one, &server, 5000), run(&two, &server, 5000));
        let (least, most) = (first.min(second), first.max(second));
        assert!(most.as_secs_f64() < 110.0, "{most:?}");
        // Neither had more than 60 of a hundred.
        assert!(least.as_secs_f64() > 83.0, "{least:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_leaves_room() {
        let gate = PaceGate::new(PATIENT);
        let mut all = Vec::new();
        for _ in 0..8 {
            all.push(gate.enter().await);
        }
        let ninth = tokio::time::timeout(Duration::from_secs(1), gate.enter()).await;
        assert!(ninth.is_err());
        drop(all);
        let _tenth = gate.enter().await;
    }
}
