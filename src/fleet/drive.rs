//! Carries a rollout out: begins what may be begun, has what was written read back, several together
//! where that is cheaper, and hands on what ended.

use super::rollout::{Rollout, RolloutStep, Stop};
use super::several::Queue;
use super::state::TargetState;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long those that were written wait for the last ones of a stage, to be read back with them.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long they wait while there is more to write: whoever looks on wants to see something done.
const INTERVAL: Duration = Duration::from_secs(30);

/// What came of a target, and what it is to the rollout.
pub(crate) struct TargetEnd<T> {
    /// The result.
    pub(crate) result: T,
    /// As what it ended.
    pub(crate) state: TargetState,
    /// Whether, and why, no more are to be begun, whatever the budgets say.
    pub(crate) stop: Option<Stop>,
}

/// What a target that was begun has come to.
pub(crate) enum TargetBegun<T, O> {
    /// It has ended.
    Ended(TargetEnd<T>),
    /// It was written, and is to be read back.
    Written(O),
}

/// Some that were read back together.
pub(crate) struct ReadTogether<T, O> {
    /// Those that have ended by that.
    pub(crate) ended: Vec<(usize, TargetEnd<T>)>,
    /// Those that are to be looked at by themselves.
    pub(crate) left: Vec<(usize, O)>,
}

/// What is done to the targets of a rollout.
pub(crate) trait RolloutWork {
    /// What comes of one.
    type Result;
    /// One that was written.
    type Open;

    /// Begins with a target, until it has ended or is written.
    async fn begin(&self, number: usize) -> TargetBegun<Self::Result, Self::Open>;

    /// Reads one back.
    async fn read_back(&self, open: Self::Open) -> TargetEnd<Self::Result>;

    /// Reads several back in few requests.
    async fn read_together(
        &self,
        open: Vec<(usize, Self::Open)>,
    ) -> ReadTogether<Self::Result, Self::Open>;

    /// Whether it takes fewer requests to read so many back together.
    fn is_cheaper_together(&self, count: usize) -> bool;

    /// Between two stages: whether to go on. By then all that is done was handed on.
    async fn between(&self, rollout: &mut Rollout) -> bool;

    /// Shows how far it has come.
    fn shows(&self, rollout: &Rollout);

    /// Whether, and why, no more are to be begun, as somebody from outside wants it.
    fn is_stopped(&self) -> Option<Stop>;
}

/// What a job has come to.
enum DriveEvent<W: RolloutWork + ?Sized> {
    Begun(usize, TargetBegun<W::Result, W::Open>),
    Back(usize, TargetEnd<W::Result>),
    Together(ReadTogether<W::Result, W::Open>),
}

type DriveJob<'w, W> = Pin<Box<dyn Future<Output = DriveEvent<W>> + 'w>>;

/// Those that were written and not read back yet.
struct UnreadWrites<O> {
    open: Vec<(usize, O)>,
    /// Since when nothing else can be begun before they are read back.
    held: Option<Instant>,
    /// When some were read back last.
    read: Instant,
    /// Whether some are being read back together.
    is_reading: bool,
}

impl<O> UnreadWrites<O> {
    /// When they are to be read back; `None` is not for now.
    fn due<W: RolloutWork<Open = O>>(&mut self, work: &W, rollout: &Rollout) -> Option<Instant> {
        let now = Instant::now();
        if !rollout.waits_for_reading() {
            self.held = None;
        }
        if self.open.is_empty() || self.is_reading {
            return None;
        }
        if rollout.waits_for_reading() {
            let held = *self.held.get_or_insert(now);
            let due = if rollout.is_writing() {
                held + PATIENCE
            } else {
                now
            };
            return Some(due);
        }
        let is_cheap = work.is_cheaper_together(self.open.len());
        is_cheap.then(|| self.read + INTERVAL)
    }
}

/// Works on the targets of a rollout, and hands each result on with its number.
///
/// `decided` are the results of the targets that no stage has, which nothing is done to. The results
/// come in the order of the numbers as far as that holds nobody up, as in [`super::each`].
pub(crate) async fn drive<W: RolloutWork>(
    rollout: &mut Rollout,
    work: &W,
    decided: Vec<(usize, W::Result)>,
    take: impl FnMut(usize, W::Result),
) {
    let mut queue = Queue::new(take);
    for (number, result) in decided {
        queue.put(number, result);
    }
    let mut running: FuturesUnordered<DriveJob<'_, W>> = FuturesUnordered::new();
    let mut written = UnreadWrites {
        open: Vec::new(),
        held: None,
        read: Instant::now(),
        is_reading: false,
    };
    loop {
        match rollout.step() {
            RolloutStep::Start(number) => running.push(Box::pin(async move {
                DriveEvent::Begun(number, work.begin(number).await)
            })),
            RolloutStep::Wait => {
                work.shows(rollout);
                let due = written.due(work, rollout);
                if due.is_some_and(|due| due <= Instant::now()) {
                    read_back(work, &mut written, &mut running);
                    continue;
                }
                let until = [queue.until(), due].into_iter().flatten().min();
                match next(work, rollout, &mut running, until).await {
                    DriveWake::Event(Some(event)) => {
                        settle(work, event, rollout, &mut written, &mut running, &mut queue);
                    }
                    DriveWake::Event(None) => break,
                    DriveWake::Time => {
                        if queue.until().is_some_and(|until| until <= Instant::now()) {
                            queue.release();
                        }
                    }
                    DriveWake::Stop(why) => rollout.stop(why),
                }
            }
            RolloutStep::Between => {
                queue.release();
                if work.between(rollout).await {
                    rollout.go_on();
                } else {
                    rollout.stop(work.is_stopped().unwrap_or(Stop::Paused));
                }
            }
            RolloutStep::End => break,
        }
    }
}

/// Why a wait is over.
enum DriveWake<E> {
    /// A job has come to something; `None` is that there is none.
    Event(Option<E>),
    /// The time is up.
    Time,
    /// No more are to be begun.
    Stop(Stop),
}

async fn next<W: RolloutWork>(
    work: &W,
    rollout: &Rollout,
    running: &mut FuturesUnordered<DriveJob<'_, W>>,
    until: Option<Instant>,
) -> DriveWake<DriveEvent<W>> {
    let stopped = poll_fn(|_| work.is_stopped().map_or(Poll::Pending, Poll::Ready));
    let time = async {
        match until {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        why = stopped, if rollout.stopped().is_none() => DriveWake::Stop(why),
        event = running.next() => DriveWake::Event(event),
        () = time => DriveWake::Time,
    }
}

/// Has all that were written read back, together where that is cheaper.
fn read_back<'w, W: RolloutWork>(
    work: &'w W,
    written: &mut UnreadWrites<W::Open>,
    running: &mut FuturesUnordered<DriveJob<'w, W>>,
) {
    let open = std::mem::take(&mut written.open);
    written.read = Instant::now();
    written.held = None;
    if work.is_cheaper_together(open.len()) {
        written.is_reading = true;
        running.push(Box::pin(async move {
            DriveEvent::Together(work.read_together(open).await)
        }));
    } else {
        one_by_one(work, open, running);
    }
}

fn one_by_one<'w, W: RolloutWork>(
    work: &'w W,
    open: Vec<(usize, W::Open)>,
    running: &mut FuturesUnordered<DriveJob<'w, W>>,
) {
    for (number, open) in open {
        running.push(Box::pin(async move {
            DriveEvent::Back(number, work.read_back(open).await)
        }));
    }
}

/// Takes in what a job has come to.
fn settle<'w, W: RolloutWork, F: FnMut(usize, W::Result)>(
    work: &'w W,
    event: DriveEvent<W>,
    rollout: &mut Rollout,
    written: &mut UnreadWrites<W::Open>,
    running: &mut FuturesUnordered<DriveJob<'w, W>>,
    queue: &mut Queue<W::Result, F>,
) {
    let mut back = Vec::new();
    match event {
        DriveEvent::Begun(number, TargetBegun::Written(open)) => {
            rollout.written();
            written.open.push((number, open));
        }
        DriveEvent::Begun(number, TargetBegun::Ended(ended)) => {
            rollout.ended(ended.state);
            if let Some(why) = ended.stop {
                rollout.stop(why);
            }
            queue.put(number, ended.result);
        }
        DriveEvent::Back(number, ended) => back.push((number, ended)),
        DriveEvent::Together(together) => {
            written.is_reading = false;
            back = together.ended;
            one_by_one(work, together.left, running);
        }
    }
    for (number, ended) in back {
        rollout.read_back(ended.state);
        if let Some(why) = ended.stop {
            rollout.stop(why);
        }
        queue.put(number, ended.result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Amount, Canary, RolloutWanted};
    use std::cell::{Cell, RefCell};
    use tokio::time::sleep;

    /// Six targets of which the second fails, and what was done to them.
    #[derive(Default)]
    struct Six {
        goes_on: bool,
        begun: RefCell<Vec<usize>>,
        /// How many were read back by each request.
        read: RefCell<Vec<usize>>,
        /// After so many nobody is to be begun any more.
        enough: Cell<Option<usize>>,
    }

    fn ended(state: TargetState) -> TargetEnd<()> {
        TargetEnd {
            result: (),
            state,
            stop: None,
        }
    }

    impl RolloutWork for Six {
        type Result = ();
        type Open = usize;

        async fn begin(&self, number: usize) -> TargetBegun<(), usize> {
            self.begun.borrow_mut().push(number);
            sleep(Duration::from_millis(10 * (7 - number as u64))).await;
            if number == 2 {
                TargetBegun::Ended(ended(TargetState::Failed))
            } else {
                TargetBegun::Written(number)
            }
        }

        async fn read_back(&self, _: usize) -> TargetEnd<()> {
            self.read.borrow_mut().push(1);
            sleep(Duration::from_millis(10)).await;
            ended(TargetState::Changed)
        }

        async fn read_together(&self, open: Vec<(usize, usize)>) -> ReadTogether<(), usize> {
            self.read.borrow_mut().push(open.len());
            sleep(Duration::from_millis(10)).await;
            // The last target cannot be told from the others.
            let (left, back) = open.into_iter().partition(|(number, _)| *number == 6);
            let back: Vec<(usize, usize)> = back;
            let back = back.into_iter();
            ReadTogether {
                ended: back
                    .map(|(n, _)| (n, ended(TargetState::Changed)))
                    .collect(),
                left,
            }
        }

        fn is_cheaper_together(&self, count: usize) -> bool {
            count > 2
        }

        async fn between(&self, _: &mut Rollout) -> bool {
            self.goes_on
        }

        fn shows(&self, rollout: &Rollout) {
            let course = rollout.course();
            let begun = course.ended + course.unread + course.in_flight;
            // Those that were begun this moment have not said so yet.
            assert!(begun >= self.begun.borrow().len());
        }

        fn is_stopped(&self) -> Option<Stop> {
            let enough = self.enough.get()?;
            (self.begun.borrow().len() >= enough).then_some(Stop::Interrupted)
        }
    }

    /// Runs them; gives what was handed on, in order, and why it ended early.
    async fn run(wanted: &RolloutWanted, work: &Six) -> (Vec<usize>, Option<Stop>) {
        let targets: Vec<(usize, &str)> = (1..7).map(|number| (number, "c")).collect();
        let mut rollout = Rollout::new(wanted, &targets).unwrap();
        let seen = RefCell::new(Vec::new());
        let take = |number, ()| seen.borrow_mut().push(number);
        drive(&mut rollout, work, vec![(0, ())], take).await;
        (seen.into_inner(), rollout.stopped())
    }

    #[tokio::test(start_paused = true)]
    async fn results_come_in_order_and_are_read_back_together() {
        let work = Six::default();
        let (seen, stopped) = run(&RolloutWanted::default(), &work).await;
        assert_eq!((seen, stopped), (vec![0, 1, 2, 3, 4, 5, 6], None));
        assert_eq!(work.begun.into_inner(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(work.read.into_inner(), [5, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_or_a_no_ends_it() {
        let budget = RolloutWanted {
            max_failures: Some(Amount::Count(0)),
            ..RolloutWanted::default()
        };
        let work = Six::default();
        let (seen, stopped) = run(&budget, &work).await;
        assert_eq!((seen, stopped), (vec![0, 1, 2], Some(Stop::Failures)));
        assert_eq!(work.begun.into_inner(), [1, 2]);
        let canary = RolloutWanted {
            canary: Some(Canary::Amount(Amount::Count(1))),
            ..RolloutWanted::default()
        };
        let work = Six::default();
        let (_, stopped) = run(&canary, &work).await;
        assert_eq!(stopped, Some(Stop::Paused));
        assert_eq!(work.begun.into_inner(), [1]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_stops_it_has_what_is_under_way_ended() {
        let work = Six {
            enough: Cell::new(Some(3)),
            ..Six::default()
        };
        let wanted = RolloutWanted {
            parallel: Some(3),
            ..RolloutWanted::default()
        };
        let (seen, stopped) = run(&wanted, &work).await;
        assert_eq!((seen, stopped), (vec![0, 1, 2, 3], Some(Stop::Interrupted)));
    }
}
