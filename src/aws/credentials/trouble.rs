//! Why credentials cannot be had, in the user's words. Pure.
//!
//! Nothing here ever holds what a credential process or a token file says: either may be a secret.

use super::super::explain::explain;
use super::super::iam::AwsFailure;
use super::super::quotable;
use crate::error::Kind;
use crate::invocation::{Hint, Invocation};
use crate::shell::quote;
use crate::text::nearest;
use std::fmt;

/// A profile that was named, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedProfile {
    /// Its name.
    pub(crate) name: String,
    /// What named it.
    pub(crate) by: NamedBy,
}

/// What named a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// `--aws-profile`.
    Flag,
    /// `AWS_PROFILE`.
    Variable,
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "--aws-profile",
            Self::Variable => "AWS_PROFILE",
        })
    }
}

impl fmt::Display for NamedProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the AWS profile `{}` ({})",
            quotable(&self.name),
            self.by
        )
    }
}

/// Why credentials cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CredentialTrouble {
    /// The profile that was named, if one was.
    pub(crate) named: Option<NamedProfile>,
    /// The profile at fault: the one that was named, one beneath it, or `default`.
    pub(crate) at: Option<String>,
    /// What is wrong with it.
    pub(crate) reason: Reason,
}

/// What is wrong with credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There are none anywhere.
    Nothing,
    /// There is no such profile; these are there.
    NoSuchProfile(Vec<String>),
    /// The files of the profiles cannot be read.
    Files(String),
    /// The profile has no credentials and does not say where any come from.
    Empty,
    /// `role_arn` without a source.
    NoSource,
    /// `role_arn` with two sources.
    TwoSources,
    /// `source_profile` names a profile that does not exist.
    NoSourceProfile(String),
    /// `source_profile` leads in a circle.
    Circle(Vec<String>),
    /// `credential_source` with a value that has no meaning.
    UnknownSource(String),
    /// `credential_source = Environment`, and no keys there.
    NoKeysInEnvironment,
    /// A setting is not there, without which the others mean nothing.
    Lacks(&'static str),
    /// `sso_session` names a section that does not exist.
    NoSsoSession(String),
    /// Nobody has logged in to the SSO session on this machine.
    SsoNever,
    /// The login to the SSO session is over.
    SsoOver,
    /// A one-time code is wanted.
    Mfa,
    /// Signs in by `aws login`.
    Login,
    /// The command of `credential_process` failed, in these words.
    Process(String),
    /// The file with the web identity token cannot be used.
    TokenFile {
        /// Its path.
        path: String,
        /// Why.
        why: String,
    },
    /// A call on the way to the credentials failed.
    Call {
        /// What was not done.
        what: String,
        /// How the call failed.
        failure: Box<AwsFailure>,
    },
    /// The metadata of the machine or container gave none.
    Metadata(&'static str),
    /// The file of trusted authorities cannot be used.
    Bundle {
        /// Its path.
        path: String,
        /// What names it.
        from: String,
        /// Why.
        why: String,
    },
    /// They did not come in time.
    Slow,
}

impl fmt::Display for CredentialTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.because().join("; "))
    }
}

impl std::error::Error for CredentialTrouble {}

impl CredentialTrouble {
    /// Whether there are simply none: nothing was named and nothing is set up.
    pub(crate) fn is_nothing(&self) -> bool {
        self.named.is_none() && self.reason == Reason::Nothing
    }

    /// Whether a file or a network is at fault that no credentials mend.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(
            self.reason,
            Reason::Bundle { .. } | Reason::Call { .. } | Reason::Slow
        )
    }

    /// What sort of failure it is.
    pub(crate) fn kind(&self) -> Kind {
        match &self.reason {
            Reason::Bundle { .. } => Kind::Usage,
            Reason::Slow => Kind::Unavailable,
            Reason::Call { failure, .. } => match explain(failure, "", None).kind {
                kind @ (Kind::Usage | Kind::Unavailable) => kind,
                _ => Kind::Denied,
            },
            _ => Kind::Denied,
        }
    }

    /// The reasons, the nearest first.
    pub(crate) fn because(&self) -> Vec<String> {
        let mut lines = vec![match (&self.reason, &self.named) {
            (Reason::Nothing, None) => "no AWS credentials were found".to_owned(),
            (Reason::NoSuchProfile(_), Some(named)) => format!(
                "there is no AWS profile `{}`, which {} names",
                quotable(&named.name),
                named.by
            ),
            (Reason::Bundle { path, from, why }, _) => format!(
                "the trusted authorities cannot be read from {} ({from}): {why}",
                quotable(path)
            ),
            (reason, _) => format!("{} cannot be used: {}", self.who(), self.words(reason)),
        }];
        if let Reason::Call { failure, .. } = &self.reason {
            lines.extend(explain(failure, "", None).because);
        }
        lines
    }

    fn who(&self) -> String {
        match (&self.named, &self.at) {
            (Some(named), _) => named.to_string(),
            (None, Some(at)) => format!("the AWS profile `{}`", quotable(at)),
            (None, None) => "AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(),
        }
    }

    /// The profile at fault, as the sentence goes on after [`Self::who`].
    fn it(&self) -> String {
        match (&self.named, &self.at) {
            (Some(named), Some(at)) if named.name != *at => {
                format!("the source profile `{}`", quotable(at))
            }
            _ => "it".to_owned(),
        }
    }

    fn its(&self) -> String {
        match self.it().as_str() {
            "it" => "its".to_owned(),
            it => format!("{it}'s"),
        }
    }

    fn words(&self, reason: &Reason) -> String {
        let it = self.it();
        match reason {
            Reason::Nothing | Reason::NoSuchProfile(_) | Reason::Bundle { .. } => {
                "there are no credentials".to_owned()
            }
            Reason::Files(why) => format!(
                "the files of the profiles cannot be read: {}",
                quotable(why)
            ),
            Reason::Empty => {
                format!("{it} has no credentials and does not say where any come from")
            }
            Reason::NoSource => {
                format!("{it} has role_arn, but neither source_profile nor credential_source")
            }
            Reason::TwoSources => {
                format!(
                    "{it} has both source_profile and credential_source, and only one can be meant"
                )
            }
            Reason::NoSourceProfile(name) => format!(
                "{it} has source_profile = {}, and there is no such profile",
                quotable(name)
            ),
            Reason::Circle(names) => format!(
                "its source_profile leads in a circle: {}",
                quotable(&names.join(", "))
            ),
            Reason::UnknownSource(value) => format!(
                "{it} has credential_source = {}, which means nothing: it is Environment, \
                 Ec2InstanceMetadata or EcsContainer",
                quotable(value)
            ),
            Reason::NoKeysInEnvironment => format!(
                "{it} takes its credentials from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and \
                 they are not set"
            ),
            Reason::Lacks(setting) => format!("{it} lacks {setting}"),
            Reason::NoSsoSession(name) => format!(
                "{it} has sso_session = {}, and there is no such section",
                quotable(name)
            ),
            Reason::SsoNever => {
                format!("nobody has logged in to {} SSO session yet", self.its())
            }
            Reason::SsoOver => format!("{} SSO session has ended", self.its()),
            Reason::Mfa => {
                format!("{it} wants a one-time code (mfa_serial), and mk8s cannot ask for one")
            }
            Reason::Login => {
                format!("{it} signs in with `aws login`, and mk8s does not read such sessions")
            }
            Reason::Process(how) => format!("{} credential_process {how}", self.its()),
            Reason::TokenFile { path, why } => {
                format!(
                    "the web identity token {} cannot be read: {why}",
                    quotable(path)
                )
            }
            Reason::Call { what, .. } => what.clone(),
            Reason::Metadata(what) => {
                format!("{it} takes its credentials from {what}, which gave none")
            }
            Reason::Slow => "its credentials did not come in time".to_owned(),
        }
    }

    /// A command of the AWS CLI for the profile at fault, which need not be the run's.
    fn aws(&self, verb: &'static str) -> Invocation {
        let at = self.at.clone().filter(|at| at != "default");
        Invocation::aws(verb).elsewhere().flag_if("--profile", at)
    }

    /// The same for what is set up in no profile.
    fn at_large(verb: &'static str) -> Invocation {
        Invocation::aws(verb).elsewhere()
    }

    fn setting(&self, name: &'static str, hole: &'static str) -> Invocation {
        let at = self.at.clone().filter(|at| at != "default");
        Self::at_large("configure set")
            .plain(name)
            .hole(hole)
            .flag_if("--profile", at)
    }

    /// The command that mends it, or shows what has to be mended.
    pub(crate) fn fix(&self) -> Option<Invocation> {
        match &self.reason {
            Reason::SsoNever | Reason::SsoOver => Some(self.aws("sso login")),
            Reason::NoSuchProfile(known) if known.is_empty() => Some(self.aws("configure")),
            Reason::NoSuchProfile(_) => Some(Self::at_large("configure list-profiles")),
            Reason::Mfa | Reason::Login => Some(self.exported()),
            Reason::Process(_) => Some(self.aws("sts get-caller-identity")),
            Reason::Empty | Reason::Lacks(_) | Reason::Metadata(_) => {
                Some(self.aws("configure list"))
            }
            Reason::NoSource | Reason::NoSourceProfile(_) | Reason::Circle(_) => {
                Some(self.setting("source_profile", "NAME"))
            }
            _ => None,
        }
    }

    /// The command that takes over what the AWS CLI gets for the profile that was named.
    fn exported(&self) -> Invocation {
        let export = match &self.named {
            Some(named) => {
                Self::at_large("configure export-credentials").flag("--profile", &named.name)
            }
            None => self.aws("configure export-credentials"),
        };
        export.plain("--format env").evaluated()
    }

    /// What to do.
    pub(crate) fn hints(&self) -> Vec<Hint> {
        match &self.reason {
            Reason::Nothing => vec![
                "pass --aws-profile NAME, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                    .into(),
            ],
            Reason::NoSuchProfile(known) => self.others(known),
            Reason::SsoNever | Reason::SsoOver => vec![self.aws("sso login").into()],
            Reason::Mfa | Reason::Login => {
                let without = match &self.named {
                    Some(NamedProfile { by: NamedBy::Flag, .. }) => ", then run the command without --aws-profile",
                    _ => ", then run the same command again",
                };
                vec![self.exported().within("", without)]
            }
            Reason::NoSource | Reason::NoSourceProfile(_) | Reason::Circle(_) => vec![
                self.setting("source_profile", "NAME")
                    .within("name a profile with credentials: ", ""),
            ],
            Reason::Lacks(setting) if setting.starts_with("sso_") => {
                vec![self.aws("configure sso").within("", " sets all of it up")]
            }
            Reason::Lacks("role_arn") => vec![self.setting("role_arn", "ARN").into()],
            Reason::Lacks(_) => {
                vec![self.aws("configure").within("", " sets both halves of the key")]
            }
            Reason::NoSsoSession(name) => {
                let after = format!(" makes it, by the name {}", quotable(name));
                vec![Self::at_large("configure sso-session").within("", &after)]
            }
            Reason::UnknownSource(_) => vec![
                self.setting("credential_source", "SOURCE")
                    .within("name the right one: ", ""),
            ],
            Reason::TwoSources => vec!["take one of the two lines out of the profile".into()],
            Reason::Empty => vec![
                self.aws("configure")
                    .within("give it some: ", " for keys, ")
                    .command(self.aws("configure sso"))
                    .text(" for SSO"),
            ],
            Reason::Process(_) => vec![
                self.aws("sts get-caller-identity")
                    .within("", " shows what the command says"),
            ],
            Reason::Files(_) => {
                vec![Self::at_large("configure list-profiles").within("", " reads the same files")]
            }
            Reason::Bundle { from, .. } => vec![
                format!(
                    "{from} has to name a file with certificates in PEM (-----BEGIN CERTIFICATE-----)"
                )
                .into(),
            ],
            Reason::Call { failure, .. } if failure.denied() => {
                if failure.action.starts_with("sts:AssumeRole") {
                    vec!["the role's trust policy must let in whoever assumes it, and they need sts:AssumeRole on the role".into()]
                } else {
                    Vec::new()
                }
            }
            Reason::Call { failure, .. } => explain(failure, "", None).hints,
            _ => Vec::new(),
        }
    }

    /// The profiles that exist, the nearest first.
    fn others(&self, known: &[String]) -> Vec<Hint> {
        let Some(named) = &self.named else {
            return Vec::new();
        };
        if known.is_empty() {
            let makes = |verb| Self::at_large(verb).flag("--profile", &named.name);
            return vec![
                makes("configure")
                    .within("no profile is set up: ", " or ")
                    .command(makes("configure sso"))
                    .text(" makes it"),
            ];
        }
        let mut hints = Vec::new();
        // What is outside the AWS SDKs' rules for names is left out when the files are read.
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c);
        if !named.name.chars().all(plain) {
            hints.push(
                "a profile is read only if its name has letters, digits and _ - / . % @ : + alone: give it another one"
                    .into(),
            );
        } else if let Some(near) = nearest(&named.name, known.iter().map(String::as_str)) {
            let near = quote(near);
            hints.push(match named.by {
                NamedBy::Flag => format!("did you mean --aws-profile {near}?").into(),
                NamedBy::Variable => format!("did you mean AWS_PROFILE={near}?").into(),
            });
        }
        let shown: Vec<String> = known.iter().take(10).map(|name| quotable(name)).collect();
        let all = format!("profiles that exist: {}", shown.join(", "));
        hints.push(match known.len().saturating_sub(shown.len()) {
            0 => all.into(),
            more => Self::at_large("configure list-profiles")
                .within(&format!("{all} and {more} more ("), ")"),
        });
        hints
    }
}
