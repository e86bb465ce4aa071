//! What a run over many clusters was asked to be, and the question between two stages.

use super::Context;
use crate::cli::RolloutArgs;
use crate::error::{Error, Result};
use crate::fleet::{self, Amount, Canary, Rollout, RolloutWanted};
use crate::text::excerpt;

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
    Ok(RolloutWanted {
        canary: args.canary.as_deref().map(canary).transpose()?,
        batches: args.batch.iter().map(batch).collect::<Result<_>>()?,
        pauses: args.pause,
        max_failures: max_failures.or(args.fail_fast.then_some(Amount::Count(0))),
        max_unreachable: budget("--max-unreachable", args.max_unreachable.as_ref())?,
        parallel: Some(args.parallel.unwrap_or(fleet::AT_ONCE)),
    })
}

/// Whether to go on with the next stage. Where nobody can be asked, the run rests here.
pub(super) async fn goes_on(cx: &Context, rollout: &Rollout) -> bool {
    let (done, next) = rollout.pause();
    let question = format!("{done} done. Go on with the next {next}?");
    cx.ui.is_interactive() && matches!(cx.ui.inquire(&question).await, Ok(true))
}
