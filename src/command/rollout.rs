//! What a run over many clusters was asked to be, and the question between two stages.

use super::Context;
use crate::cli::RolloutArgs;
use crate::control::Client;
use crate::error::{Error, Result};
use crate::fleet::{self, Amount, Canary, Rollout, RolloutProgress, RolloutWanted};
use crate::text::{self, excerpt};
use crate::ui::Progress;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// What was asked for, checked.
pub(super) fn wanted(args: &RolloutArgs) -> Result<RolloutWanted> {
    let refused = |flag: &str, text: &str, reason: String| {
        let text = excerpt(text, 80);
        Error::usage(format!("`{text}` cannot be given to {flag}")).because(reason)
    };
    let amount =
        |flag: &str, text: &str| Amount::parse(text).map_err(|reason| refused(flag, text, reason));
    let batch = |text: &String| match amount("--batch", text) {
        Ok(amount) if amount.is_none() => {
            let reason = "a batch of none changes nothing".to_owned();
            Err(refused("--batch", text, reason))
        }
        other => other,
    };
    let canary =
        |text: &str| Canary::parse(text).map_err(|reason| refused("--canary", text, reason));
    let budget = |flag, text: Option<&String>| text.map(|text| amount(flag, text)).transpose();
    if args.parallel == Some(0) {
        return Err(Error::usage("`0` cannot be given to --parallel")
            .because("at least one cluster is worked on at a time"));
    }
    let max_failures = budget("--max-failures", args.max_failures.as_ref())?;
    let max_unreachable = budget("--max-unreachable", args.max_unreachable.as_ref())?;
    let fast = args.fail_fast.then_some(Amount::Count(0));
    let batches: Vec<Amount> = args.batch.iter().map(batch).collect::<Result<_>>()?;
    if let Some(less) = batches
        .windows(2)
        .find_map(|pair| pair[0].is_surely_more(pair[1]).then_some(pair[1]))
    {
        return Err(fleet::goes_down(less));
    }
    Ok(RolloutWanted {
        canary: args.canary.as_deref().map(canary).transpose()?,
        batches,
        pauses: args.pause,
        max_failures: max_failures.or(fast),
        max_unreachable: max_unreachable.or(fast),
        parallel: Some(args.parallel.unwrap_or(fleet::MANY)),
    })
}

/// How far a run has come, as it is shown: one line on a terminal, else a line a stage.
pub(super) struct RolloutScreen<'a> {
    cx: &'a Context,
    /// Whether there is anything to show.
    is_on: bool,
    progress: RefCell<Option<Progress<'a>>>,
    began: Instant,
    /// The stage that was told last.
    stage: Cell<usize>,
}

impl<'a> RolloutScreen<'a> {
    /// A screen that shows nothing yet.
    pub(super) fn new(cx: &'a Context, is_on: bool) -> Self {
        Self {
            cx,
            is_on,
            progress: RefCell::new(None),
            began: Instant::now(),
            stage: Cell::new(0),
        }
    }

    /// Shows nothing until there is more to show.
    pub(super) fn hide(&self) {
        *self.progress.borrow_mut() = None;
    }

    /// Shows how far it is.
    pub(super) fn show(&self, rollout: &Rollout, client: &Client) {
        if !self.is_on {
            return;
        }
        let course = rollout.course();
        let mut progress = self.progress.borrow_mut();
        let line = progress.get_or_insert_with(|| self.cx.ui.progress());
        if line.is_live() {
            line.say(&words(&course, client.per_second(), self.began.elapsed()));
        } else if course.stages > 1 && self.stage.replace(course.stage) != course.stage {
            let (stage, stages) = (course.stage, course.stages);
            let words = rollout.stage();
            self.cx
                .ui
                .status(&format!("Stage {stage} of {stages}, {words}"));
        }
    }
}

/// `412 of 1000 written, 300 done, 64 in flight, 2 failed, 96 requests/s, about 6s left`
fn words(course: &RolloutProgress, rate: usize, took: Duration) -> String {
    let written = course.ended + course.unread;
    let mut parts = vec![format!("{written} of {} written", course.all)];
    for (count, what) in [
        (course.ended, "done"),
        (course.in_flight, "in flight"),
        (course.failed, "failed"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.push(format!("{rate} requests/s"));
    let left = course.all.saturating_sub(written);
    if written > 0 && left > 0 && took > Duration::from_secs(2) {
        #[expect(clippy::cast_precision_loss, reason = "nobody has so many clusters")]
        let left = took.mul_f64(left as f64 / written as f64);
        parts.push(format!("about {} left", text::elapsed(left)));
    }
    parts.join(", ")
}

/// Whether to go on with the next stage. Where nobody can be asked, the run rests here.
pub(super) async fn goes_on(cx: &Context, rollout: &Rollout) -> bool {
    let (done, next) = rollout.pause();
    let question = format!("{done} done. Go on with the next {next}?");
    cx.ui.is_interactive() && matches!(cx.ui.inquire(&question).await, Ok(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_it_is_and_how_long_it_may_take() {
        let course = RolloutProgress {
            stage: 1,
            stages: 1,
            all: 1000,
            ended: 300,
            in_flight: 64,
            unread: 100,
            failed: 2,
        };
        assert_eq!(
            words(&course, 96, Duration::from_secs(4)),
            "400 of 1000 written, 300 done, 64 in flight, 2 failed, 96 requests/s, about 6s left"
        );
        let begun = RolloutProgress {
            ended: 0,
            unread: 0,
            failed: 0,
            in_flight: 8,
            ..course
        };
        assert_eq!(
            words(&begun, 8, Duration::ZERO),
            "0 of 1000 written, 8 in flight, 8 requests/s"
        );
    }
}
