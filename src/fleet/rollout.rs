//! In which order targets are worked on, and when no more are: canary, batches, budgets. Pure.
//!
//! Whoever works asks [`Rollout::step`] what may be begun, and tells what came of it. A budget is a
//! promise: of so many failures that are allowed there is never more than one too many, because no
//! more are under way than would use it up.

use super::amount::Amount;
use super::state::TargetState;
use crate::error::{Error, Result};
use std::collections::HashSet;
use std::fmt;

/// Which are done before all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Canary {
    /// So many.
    Amount(Amount),
    /// These.
    Names(Vec<String>),
}

impl Canary {
    /// `3`, `5%` or names with commas between them; the error is the reason. Whether the names are
    /// those of targets is not known here.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let expected = "it is N, P% or names with commas between them";
        match Amount::parse(text) {
            Ok(amount) if amount.is_none() => Err("a canary of none tries nothing".to_owned()),
            Ok(amount) => Ok(Self::Amount(amount)),
            // No name has a share's sign in it.
            Err(reason) if text.contains('%') && !text.contains(',') => Err(reason),
            Err(_) => {
                let names: Vec<String> = text.split(',').map(|it| it.trim().to_owned()).collect();
                let is_name = |name: &String| !name.is_empty() && !name.contains(['%', '*', '?']);
                if names.iter().all(is_name) {
                    Ok(Self::Names(names))
                } else {
                    Err(expected.to_owned())
                }
            }
        }
    }

    /// Those that were named.
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::Amount(_) => &[],
            Self::Names(names) => names,
        }
    }
}

/// How a run over many is to go, as it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RolloutWanted {
    /// The first ones.
    pub(crate) canary: Option<Canary>,
    /// Then so many of the rest, and so many, each with those before it.
    pub(crate) batches: Vec<Amount>,
    /// A question between two stages.
    pub(crate) pauses: bool,
    /// So many may fail.
    pub(crate) max_failures: Option<Amount>,
    /// So many may be out of reach.
    pub(crate) max_unreachable: Option<Amount>,
    /// So many are worked on at a time.
    pub(crate) parallel: Option<usize>,
}

/// Some targets that are done before the next ones are begun.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stage {
    is_canary: bool,
    targets: Vec<usize>,
    /// How its size came about.
    words: String,
}

/// What may not be exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Budget {
    /// What was asked for; `None` is none in the canary, and any number afterwards.
    most: Option<usize>,
    used: usize,
}

impl Budget {
    fn most(self, is_canary: bool) -> Option<usize> {
        self.most.or(is_canary.then_some(0))
    }

    /// How many may be under way.
    fn room(self, is_canary: bool) -> usize {
        self.most(is_canary).map_or(usize::MAX, |most| {
            most.saturating_sub(self.used).saturating_add(1)
        })
    }

    fn is_exceeded(self, is_canary: bool) -> bool {
        self.most(is_canary).is_some_and(|most| self.used > most)
    }
}

/// Why a run ends before all were begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// More failed than may.
    Failures,
    /// More were out of reach than may be.
    Unreachable,
    /// The answer to the question between two stages was no, or nobody could be asked.
    Paused,
    /// The server takes no more for now.
    Quota,
    /// A signal came.
    Interrupted,
    /// It cannot be noted any more what is begun.
    Journal,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RolloutStep {
    /// Begin with this target.
    Start(usize),
    /// Wait until one that is under way ends.
    Wait,
    /// A stage is done and another comes: [`Rollout::go_on`] or [`Rollout::stop`] is the answer.
    Between,
    /// All are done that will be.
    End,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RolloutProgress {
    /// The stage, from 1, and how many there are.
    pub(crate) stage: usize,
    pub(crate) stages: usize,
    /// All targets of all stages.
    pub(crate) all: usize,
    /// Those that have ended.
    pub(crate) ended: usize,
    /// Those that are being written.
    pub(crate) in_flight: usize,
    /// Those that were written and not read back.
    pub(crate) unread: usize,
    /// Those that failed or could not be reached.
    pub(crate) failed: usize,
}

/// A run over many targets.
#[derive(Debug, Clone)]
pub(crate) struct Rollout {
    stages: Vec<Stage>,
    pauses: bool,
    parallel: usize,
    failures: Budget,
    unreachable: Budget,
    /// The stage that is worked on, and how many of it were begun.
    at: usize,
    begun: usize,
    /// Those that are being written.
    in_flight: usize,
    /// Those that were written and not read back.
    unread: usize,
    /// Those that have ended.
    over: usize,
    stopped: Option<Stop>,
    /// Whether this stage may be begun.
    is_answered: bool,
}

impl Rollout {
    /// Lays out the targets, each a number and its name, in stages. What cannot be meant is of kind
    /// usage.
    pub(crate) fn new(wanted: &RolloutWanted, targets: &[(usize, &str)]) -> Result<Self> {
        let count = targets.len();
        let (canary, rest) = split(wanted.canary.as_ref(), targets);
        let mut stages = Vec::new();
        stages.extend(canary);
        stages.extend(batches(&wanted.batches, &rest)?);
        let budget = |most: Option<Amount>| Budget {
            most: most.map(|most| most.down(count)),
            used: 0,
        };
        Ok(Self {
            stages,
            pauses: wanted.pauses,
            parallel: wanted.parallel.unwrap_or(usize::MAX).max(1),
            failures: budget(wanted.max_failures),
            unreachable: budget(wanted.max_unreachable),
            at: 0,
            begun: 0,
            in_flight: 0,
            unread: 0,
            over: 0,
            stopped: None,
            is_answered: true,
        })
    }

    /// The arithmetic, a line a stage and one for each budget that was asked for; nothing where there
    /// is one stage and no budget.
    pub(crate) fn arithmetic(&self, wanted: &RolloutWanted) -> Vec<String> {
        let count = self.stages.iter().map(|stage| stage.targets.len()).sum();
        let mut lines: Vec<String> = Vec::new();
        if self.stages.len() > 1 || self.stages.iter().any(|stage| stage.is_canary) {
            lines.extend(self.stages.iter().map(|stage| stage.words.clone()));
        }
        for (what, most) in [
            ("failed", wanted.max_failures),
            ("unreachable", wanted.max_unreachable),
        ] {
            if let Some(most) = most {
                lines.push(format!(
                    "ends when more than {}{} {what}",
                    most.down(count),
                    most.how(count, "down")
                        .map_or_else(String::new, |how| format!(" {how}")),
                ));
            }
        }
        lines
    }

    fn is_in_canary(&self) -> bool {
        self.stages
            .get(self.at)
            .is_some_and(|stage| stage.is_canary)
    }

    /// Whether the budgets let one more be begun. What was not read back may yet have failed.
    fn is_within_budgets(&self) -> bool {
        let canary = self.is_in_canary();
        let room = self.failures.room(canary);
        self.in_flight + self.unread < room.min(self.unreachable.room(canary))
    }

    /// Whether some are being written.
    pub(crate) fn is_writing(&self) -> bool {
        self.in_flight > 0
    }

    /// Whether nothing more is begun before those are read back that were written.
    pub(crate) fn waits_for_reading(&self) -> bool {
        let stage = self.stages.get(self.at);
        let has_more = stage.is_some_and(|stage| self.begun < stage.targets.len());
        self.unread > 0 && (self.stopped.is_some() || !has_more || !self.is_within_budgets())
    }

    /// What is to be done next. What it says to start counts as begun.
    pub(crate) fn step(&mut self) -> RolloutStep {
        loop {
            if self.stopped.is_some() {
                return self.rest();
            }
            let Some(stage) = self.stages.get(self.at) else {
                return self.rest();
            };
            if let Some(&target) = stage.targets.get(self.begun) {
                if !self.is_answered {
                    return RolloutStep::Between;
                }
                if self.in_flight >= self.parallel || !self.is_within_budgets() {
                    return RolloutStep::Wait;
                }
                self.begun += 1;
                self.in_flight += 1;
                return RolloutStep::Start(target);
            }
            if self.in_flight + self.unread > 0 {
                return RolloutStep::Wait;
            }
            self.at += 1;
            self.begun = 0;
            self.is_answered = false;
        }
    }

    fn rest(&self) -> RolloutStep {
        if self.in_flight + self.unread > 0 {
            RolloutStep::Wait
        } else {
            RolloutStep::End
        }
    }

    /// One that was under way is written, and will be read back.
    pub(crate) fn written(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.unread += 1;
    }

    /// One that was written was read back.
    pub(crate) fn read_back(&mut self, state: TargetState) {
        self.unread = self.unread.saturating_sub(1);
        self.count(state);
    }

    /// One that was under way has ended.
    pub(crate) fn ended(&mut self, state: TargetState) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.count(state);
    }

    fn count(&mut self, state: TargetState) {
        self.over += 1;
        match state {
            TargetState::Failed => self.failures.used += 1,
            TargetState::Unreachable => self.unreachable.used += 1,
            _ => {}
        }
        let canary = self.is_in_canary();
        if self.failures.is_exceeded(canary) {
            self.stop(Stop::Failures);
        } else if self.unreachable.is_exceeded(canary) {
            self.stop(Stop::Unreachable);
        }
    }

    /// One that had ended well turned out otherwise, before the next stage was begun.
    pub(crate) fn turned_out(&mut self, state: TargetState) {
        let (at, over) = (self.at, self.over);
        self.at = at.saturating_sub(1);
        self.count(state);
        (self.at, self.over) = (at, over);
    }

    /// How far it has come.
    pub(crate) fn course(&self) -> RolloutProgress {
        RolloutProgress {
            stage: (self.at + 1).min(self.stages.len()),
            stages: self.stages.len(),
            all: self.stages.iter().map(|stage| stage.targets.len()).sum(),
            ended: self.over,
            in_flight: self.in_flight,
            unread: self.unread,
            failed: self.failures.used + self.unreachable.used,
        }
    }

    /// The stage that is worked on, in words.
    pub(crate) fn stage(&self) -> &str {
        let stage = self.stages.get(self.at);
        stage.map_or("", |stage| &stage.words)
    }

    /// Whether a person is asked before each further stage.
    pub(crate) fn pauses(&self) -> bool {
        self.pauses
    }

    /// Whether there is more than one stage.
    pub(crate) fn is_staged(&self) -> bool {
        self.stages.len() > 1
    }

    /// No more are begun.
    pub(crate) fn stop(&mut self, why: Stop) {
        self.stopped.get_or_insert(why);
    }

    /// The next stage may be begun.
    pub(crate) fn go_on(&mut self) {
        self.is_answered = true;
    }

    /// Why it ended before all were begun.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    /// Between two stages: how many were in those before, and how many come next.
    pub(crate) fn pause(&self) -> (usize, usize) {
        let done = self.stages.iter().take(self.at);
        let next = self.stages.get(self.at).map_or(0, |it| it.targets.len());
        (done.map(|stage| stage.targets.len()).sum(), next)
    }
}

/// The canary, and the others.
fn split(canary: Option<&Canary>, targets: &[(usize, &str)]) -> (Option<Stage>, Vec<usize>) {
    let numbers = |part: &[(usize, &str)]| part.iter().map(|(number, _)| *number).collect();
    let count = targets.len();
    let stage = |targets: Vec<usize>, how: Option<String>| {
        let how = how.map_or_else(String::new, |how| format!(" {how}"));
        Some(Stage {
            is_canary: true,
            words: format!("canary: {} of {count}{how}", targets.len()),
            targets,
        })
        .filter(|stage| !stage.targets.is_empty())
    };
    match canary {
        None => (None, numbers(targets)),
        Some(Canary::Amount(amount)) => {
            let (first, rest) = targets.split_at(amount.up(count));
            (
                stage(numbers(first), amount.how(count, "up")),
                numbers(rest),
            )
        }
        Some(Canary::Names(names)) => {
            let named: HashSet<&str> = names.iter().map(String::as_str).collect();
            let (first, rest): (Vec<_>, Vec<_>) =
                targets.iter().partition(|(_, name)| named.contains(name));
            (stage(numbers(&first), None), numbers(&rest))
        }
    }
}

/// The refusal of a batch that is less than the one before it.
pub(crate) fn goes_down(amount: Amount) -> Error {
    Error::usage(format!("--batch goes down at `{amount}`"))
        .because("each batch counts those before it as well, such as 1,10%,100%")
}

/// The batches, cumulative as they were asked for, and what is left as the last one.
fn batches(wanted: &[Amount], rest: &[usize]) -> Result<Vec<Stage>> {
    let count = rest.len();
    let mut stages = Vec::new();
    let mut done = 0;
    let mut last = None;
    for (number, amount) in wanted.iter().enumerate() {
        let to = amount.up(count);
        if last.is_some_and(|last| to < last) {
            return Err(goes_down(*amount));
        }
        last = Some(to);
        if to > done {
            let how = amount.how(count, "up");
            let how = how.map_or_else(String::new, |how| format!(" {how}"));
            stages.push(Stage {
                is_canary: false,
                targets: rest[done..to].to_vec(),
                words: format!("batch {}: up to {to} of {count}{how}", number + 1),
            });
            done = to;
        }
    }
    if done < count {
        stages.push(Stage {
            is_canary: false,
            targets: rest[done..].to_vec(),
            words: format!("then the other {}", count - done),
        });
    }
    Ok(stages)
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failures => "too many failed",
            Self::Unreachable => "too many were unreachable",
            Self::Paused => "it is paused between two stages",
            Self::Quota => "Control Plane takes no more requests for now",
            Self::Interrupted => "it was interrupted",
            Self::Journal => "the journal cannot be written",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::state::FleetSummary;
    use proptest::prelude::*;

    fn targets(count: usize) -> Vec<(usize, String)> {
        (0..count)
            .map(|number| (number, format!("c{number}")))
            .collect()
    }

    fn rollout(wanted: &RolloutWanted, count: usize) -> Result<Rollout> {
        let named = targets(count);
        let named: Vec<(usize, &str)> = named.iter().map(|(n, name)| (*n, name.as_str())).collect();
        Rollout::new(wanted, &named)
    }

    fn amounts(text: &str) -> Vec<Amount> {
        let parts = text.split(',').filter(|it| !it.is_empty());
        parts.map(|it| Amount::parse(it).unwrap()).collect()
    }

    fn wanted(canary: &str, batches: &str) -> RolloutWanted {
        RolloutWanted {
            canary: (!canary.is_empty()).then(|| Canary::parse(canary).unwrap()),
            batches: amounts(batches),
            ..RolloutWanted::default()
        }
    }

    #[test]
    fn stages_follow_the_arithmetic_that_is_shown() {
        for (canary, batch, count, lines) in [
            ("", "", 37, vec![]),
            (
                "5%",
                "",
                37,
                vec!["canary: 2 of 37 (5 %, rounded up)", "then the other 35"],
            ),
            (
                "c3,c1",
                "1,10%,100%",
                37,
                vec![
                    "canary: 2 of 37",
                    "batch 1: up to 1 of 35",
                    "batch 2: up to 4 of 35 (10 %, rounded up)",
                    "batch 3: up to 35 of 35 (100 %)",
                ],
            ),
            ("50", "", 3, vec!["canary: 3 of 3"]),
            (
                "",
                "10%,1,2",
                3,
                vec![
                    "batch 1: up to 1 of 3 (10 %, rounded up)",
                    "batch 3: up to 2 of 3",
                    "then the other 1",
                ],
            ),
        ] {
            let wanted = wanted(canary, batch);
            let rollout = rollout(&wanted, count).unwrap();
            assert_eq!(rollout.arithmetic(&wanted), lines, "{canary} {batch}");
        }
        let error = rollout(&wanted("", "10%,1"), 37).unwrap_err();
        assert!(error.message.contains("goes down at `1`"), "{error}");
        for text in ["", "a,,b", "0", "0%", "150%", "c*", "c1,50%"] {
            assert!(Canary::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_failure_in_the_canary_ends_it_and_one_outside_does_not() {
        let mut run = rollout(&wanted("1", ""), 4).unwrap();
        assert_eq!(run.step(), RolloutStep::Start(0));
        assert_eq!(run.step(), RolloutStep::Wait);
        let mut failed = run.clone();
        failed.ended(TargetState::Failed);
        assert_eq!(
            (failed.step(), failed.stopped()),
            (RolloutStep::End, Some(Stop::Failures))
        );
        run.ended(TargetState::Changed);
        assert_eq!(run.step(), RolloutStep::Between);
        let mut late = run.clone();
        late.turned_out(TargetState::Failed);
        assert_eq!(
            (late.step(), late.stopped()),
            (RolloutStep::End, Some(Stop::Failures))
        );
        run.go_on();
        assert_eq!(run.step(), RolloutStep::Start(1));
        run.ended(TargetState::Failed);
        assert_eq!(
            (run.step(), run.step()),
            (RolloutStep::Start(2), RolloutStep::Start(3))
        );
    }

    #[test]
    fn a_pause_asks_once_between_two_stages() {
        let mut run = rollout(
            &RolloutWanted {
                pauses: true,
                ..wanted("1", "")
            },
            3,
        )
        .unwrap();
        assert_eq!(run.step(), RolloutStep::Start(0));
        run.ended(TargetState::Changed);
        assert_eq!((run.step(), run.pause()), (RolloutStep::Between, (1, 2)));
        let mut other = run.clone();
        other.stop(Stop::Paused);
        assert_eq!(other.step(), RolloutStep::End);
        run.go_on();
        assert_eq!(
            (run.step(), run.step(), run.step()),
            (
                RolloutStep::Start(1),
                RolloutStep::Start(2),
                RolloutStep::Wait
            )
        );
        run.ended(TargetState::Changed);
        run.ended(TargetState::Changed);
        assert_eq!((run.step(), run.stopped()), (RolloutStep::End, None));
    }

    fn amount() -> impl Strategy<Value = Amount> {
        prop_oneof![
            (0_usize..8).prop_map(Amount::Count),
            (0_usize..=100).prop_map(Amount::Percent),
        ]
    }

    fn any_wanted() -> impl Strategy<Value = RolloutWanted> {
        let canary = prop_oneof![
            amount().prop_map(Canary::Amount),
            prop::collection::vec(0_usize..30, 1..4).prop_map(|numbers| Canary::Names(
                numbers.iter().map(|n| format!("c{n}")).collect()
            )),
        ];
        (
            prop::option::of(canary),
            prop::collection::vec(amount(), 0..4),
            any::<bool>(),
            prop::option::of(amount()),
            prop::option::of(amount()),
            prop::option::of(1_usize..6),
        )
            .prop_map(
                |(canary, batches, pauses, max_failures, max_unreachable, parallel)| {
                    RolloutWanted {
                        canary,
                        batches,
                        pauses,
                        max_failures,
                        max_unreachable,
                        parallel,
                    }
                },
            )
    }

    /// What a schedule decides: which of those under way ends next, and as what.
    type Turn = (prop::sample::Index, TargetState, bool, bool);

    fn turn() -> impl Strategy<Value = Turn> {
        let state = prop_oneof![
            6 => Just(TargetState::Changed),
            1 => Just(TargetState::Unchanged),
            2 => Just(TargetState::Failed),
            2 => Just(TargetState::Unreachable),
        ];
        (
            any::<prop::sample::Index>(),
            state,
            prop::bool::weighted(0.9),
            any::<bool>(),
        )
    }

    /// Runs a schedule and looks after every step at what has to hold.
    fn holds(wanted: &RolloutWanted, count: usize, turns: &[Turn]) -> Result<(), TestCaseError> {
        let Ok(mut run) = rollout(wanted, count) else {
            return Ok(());
        };
        let stage_of = |target: usize| {
            run.stages
                .iter()
                .position(|it| it.targets.contains(&target))
        };
        let stage_of: Vec<Option<usize>> = (0..count).map(stage_of).collect();
        prop_assert!(
            stage_of.iter().all(Option::is_some),
            "a target is in no stage"
        );
        let mut turns = turns.iter().cycle();
        let (mut ended, mut flying, mut unread) = (vec![None; count], Vec::new(), Vec::new());
        loop {
            match run.step() {
                RolloutStep::Start(target) => {
                    let is_new = !flying.contains(&target) && !unread.contains(&target);
                    prop_assert!(ended[target].is_none() && is_new, "begun twice");
                    flying.push(target);
                    prop_assert!(wanted.parallel.is_none_or(|most| flying.len() <= most));
                    // All of the stages before have ended.
                    let before = (0..count).filter(|&it| stage_of[it] < stage_of[target]);
                    prop_assert!(before.into_iter().all(|it| ended[it].is_some()));
                }
                RolloutStep::Wait => {
                    let (index, state, _, is_written) = turns.next().unwrap();
                    if run.waits_for_reading() && (flying.is_empty() || *is_written) {
                        let target: usize = unread.swap_remove(index.index(unread.len()));
                        ended[target] = Some(*state);
                        run.read_back(*state);
                        continue;
                    }
                    prop_assert!(!flying.is_empty(), "waits for nobody");
                    let target = flying.swap_remove(index.index(flying.len()));
                    if *is_written {
                        unread.push(target);
                        run.written();
                    } else {
                        ended[target] = Some(*state);
                        run.ended(*state);
                    }
                }
                RolloutStep::Between => {
                    prop_assert!(run.is_staged() && flying.is_empty() && unread.is_empty());
                    if turns.next().unwrap().2 {
                        run.go_on();
                    } else {
                        run.stop(Stop::Paused);
                    }
                }
                RolloutStep::End => break,
            }
        }
        prop_assert!(flying.is_empty() && unread.is_empty());
        let states = ended.iter().map(|it| it.unwrap_or(TargetState::NotStarted));
        let summary = FleetSummary::of(states);
        prop_assert!(summary.adds_up(count));
        prop_assert_eq!(
            summary.count(TargetState::NotStarted) > 0,
            run.stopped().is_some() && ended.contains(&None)
        );
        for (most, state) in [
            (wanted.max_failures, TargetState::Failed),
            (wanted.max_unreachable, TargetState::Unreachable),
        ] {
            if let Some(most) = most {
                prop_assert!(summary.count(state) <= most.down(count) + 1, "{summary:?}");
            }
        }
        Ok(())
    }

    proptest! {
        /// `PROPTEST_CASES=10000` is the long form.
        #[test]
        fn no_schedule_exceeds_a_budget_or_loses_a_target(
            wanted in any_wanted(),
            count in 0_usize..40,
            turns in prop::collection::vec(turn(), 1..60),
        ) {
            holds(&wanted, count, &turns)?;
        }
    }
}
