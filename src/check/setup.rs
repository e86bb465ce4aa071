//! The group *setup*: which profile and token are used, and whether the clocks agree.

use super::words::{as_finding, kind, new_token};
use super::{Check, CheckFunction, Finding, Gate, Group, Scene, Severity, Soon};
use crate::invocation::Invocation;
use crate::settings::Settings;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// A token that ends this soon is worth a warning.
const SOON: Duration = Duration::minutes(10);
/// AWS allows five minutes between the clocks; below this nothing is said.
const SKEW: Duration = Duration::seconds(60);
/// From here on signatures and tokens are refused.
const SKEW_FATAL: Duration = Duration::minutes(5);

pub(super) static GROUP: Group = Group {
    id: "setup",
    summary: "the profile, the token and this machine's clock",
    prepare,
    checks: &[
        Check {
            id: "profile-found",
            summary: "the settings are readable, and a profile that is named exists",
            needs: &[],
            severity: Severity::Fatal,
            hint: "`--profile`, `CPLN_PROFILE` or the default file names a profile that is not \
                   there, or a setting that cannot be used. A profile, its folder or a token file that \
                   everybody on the machine can change is a warning.",
            fix: "Name a profile that exists (`cpln profile get` lists them), or mend the setting \
                  that is named.",
            run: CheckFunction::Now(profile_found),
        },
        Check {
            id: "token-source",
            summary: "there is a token, and it is known where it comes from",
            needs: &["profile-found"],
            severity: Severity::Failure,
            hint: "Neither `--token-file`, `CPLN_TOKEN` nor the profile holds a token. A token in \
                   `--token` is a warning: everybody on the machine can read it.",
            fix: "Log in with `cpln login`, or set `CPLN_TOKEN`.",
            run: CheckFunction::Now(token_source),
        },
        Check {
            id: "token-expiry",
            summary: "the token does not end soon",
            needs: &["token-source"],
            severity: Severity::Failure,
            hint: "The token has ended and could not be renewed. One that ends within ten minutes \
                   is a warning. Keys of service accounts do not end.",
            fix: "Log in again with `cpln login`, or use the key of a service account.",
            run: CheckFunction::Now(token_expiry),
        },
        Check {
            id: "clock-skew",
            summary: "this machine's clock agrees with the API's",
            needs: &["token-source"],
            severity: Severity::Failure,
            hint: "The `Date` of the API's answers differs from this machine's clock. AWS refuses \
                   signatures and tokens beyond five minutes; beyond one minute it is a warning.",
            fix: "Let the clock be set by the network, such as with `sudo timedatectl set-ntp true`.",
            run: CheckFunction::Now(clock_skew),
        },
    ],
};

fn prepare<'a>(scene: &'a Scene<'_>) -> Soon<'a, Gate> {
    Box::pin(async move {
        if !scene.session.is_online() {
            return Gate::NotAsked("only manifests were named".to_owned());
        }
        scene.session.probe().await;
        Gate::Open
    })
}

fn profile_found(scene: &Scene<'_>) -> Vec<Finding> {
    if let Some(Ok(settings)) = &scene.session.settings
        && !settings.exposed().is_empty()
    {
        return settings
            .exposed()
            .iter()
            .map(|exposed| {
                Finding::warn("the settings are readable, and not only yours to change")
                    .evidence(exposed.words())
                    .fix(exposed.fix())
            })
            .collect();
    }
    vec![match &scene.session.settings {
        Some(Ok(settings)) => match settings.profile() {
            Some(profile) => Finding::pass(format!(
                "profile {} found ({})",
                profile.value, profile.origin
            )),
            None => Finding::pass("no profile is named, none is needed"),
        },
        Some(Err(error)) => as_finding(error).fix(Invocation::cpln("profile get")),
        None => Finding::skip("only manifests were named"),
    }]
}

fn token_source(scene: &Scene<'_>) -> Vec<Finding> {
    let Some(settings) = scene.session.settings() else {
        return vec![Finding::skip("profile-found failed")];
    };
    vec![match settings.identity() {
        None => Finding::fail("there is no token")
            .evidence("neither --token-file, CPLN_TOKEN nor a profile holds one")
            .fix(Invocation::cpln("login")),
        Some(identity) => {
            let text = format!("token from {} ({})", identity.origin, kind(&identity));
            if identity.origin == crate::settings::Origin::Flag("--token") {
                Finding::warn(text)
                    .evidence("everybody on this machine can read the command line")
                    .fix(Invocation::mk8s("auth status"))
            } else {
                Finding::pass(text)
            }
        }
    }]
}

fn token_expiry(scene: &Scene<'_>) -> Vec<Finding> {
    vec![match (scene.session.settings(), &scene.session.client) {
        (Some(settings), Some(Ok(_))) => {
            expiry(settings, new_token(scene), OffsetDateTime::now_utc())
        }
        (Some(_), Some(Err(error))) if error.kind == crate::error::Kind::Denied => {
            as_finding(error).fix_if(new_token(scene))
        }
        _ => Finding::skip("there is no connection"),
    }]
}

fn expiry(settings: &Settings, fix: Option<Invocation>, now: OffsetDateTime) -> Finding {
    let Some(identity) = settings.identity() else {
        return Finding::skip("there is no token");
    };
    let Some(end) = identity.expires else {
        return Finding::pass("the token has no end that it tells");
    };
    let moment = end.format(&Rfc3339).unwrap_or_default();
    if end <= now {
        Finding::fail(format!("the token ended at {moment}"))
            .evidence(format!("it comes from {}", identity.origin))
            .fix_if(fix)
    } else if end - now < SOON {
        Finding::warn(format!("the token ends at {moment}"))
            .evidence(format!("that is in {} s", (end - now).whole_seconds()))
            .fix_if(fix)
    } else {
        Finding::pass(format!("the token ends at {moment}"))
    }
}

fn clock_skew(scene: &Scene<'_>) -> Vec<Finding> {
    let clocks = scene.session.probed().and_then(|probe| probe.clocks);
    vec![match clocks {
        Some((server, ours)) => skew(server, ours),
        None => Finding::skip("the API told no time"),
    }]
}

/// The `Date` header has whole seconds, and the answer was some time on its way.
fn skew(server: OffsetDateTime, ours: OffsetDateTime) -> Finding {
    let difference = ours - server;
    let (side, by) = if difference.is_negative() {
        ("behind", -difference)
    } else {
        ("ahead of", difference)
    };
    let text = format!(
        "this machine's clock is {} s {side} the API's",
        by.whole_seconds()
    );
    let evidence = format!(
        "the API says {}, this machine says {}",
        server.format(&Rfc3339).unwrap_or_default(),
        ours.replace_nanosecond(0)
            .unwrap_or(ours)
            .format(&Rfc3339)
            .unwrap_or_default()
    );
    let fix = Invocation::other("sudo").plain("timedatectl set-ntp true");
    if by >= SKEW_FATAL {
        Finding::fail(text).evidence(evidence).fix(fix)
    } else if by >= SKEW {
        Finding::warn(text).evidence(evidence).fix(fix)
    } else {
        Finding::pass("this machine's clock agrees with the API's")
    }
}

#[cfg(test)]
mod tests {
    use super::super::CheckState;
    use super::*;

    #[test]
    fn the_clock_may_be_off_by_less_than_a_minute() {
        let server = OffsetDateTime::from_unix_timestamp(784_111_777).unwrap();
        for (seconds, state) in [
            (0, CheckState::Pass),
            (59, CheckState::Pass),
            (-59, CheckState::Pass),
            (60, CheckState::Warn),
            (-299, CheckState::Warn),
            (300, CheckState::Fail),
            (-4000, CheckState::Fail),
        ] {
            let finding = skew(server, server + Duration::seconds(seconds));
            assert_eq!(finding.state, state, "{seconds}");
        }
        let finding = skew(server, server - Duration::seconds(400));
        assert_eq!(
            finding.message,
            "this machine's clock is 400 s behind the API's"
        );
    }
}
