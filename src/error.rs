//! The one error type of the crate.
//!
//! An [`Error`] holds what a person reads (what was not done, why, what to do next) and a [`Kind`]
//! that decides the exit code. Nothing here prints: `ui` renders it, `exit` maps it.

use crate::invocation::Hint;
use std::fmt;

/// More than two things to do are none.
const HINTS: usize = 2;

/// What sort of failure it is. The exit code follows the kind and never the text (`exit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Unexpected, a local I/O error, or a verification that failed after a write.
    Failure,
    /// The command line or a settings file is wrong, or an answer was needed and nobody could be asked.
    Usage,
    /// An org, cluster, file, document or status field is not there.
    NotFound,
    /// Not logged in, expired, or not allowed.
    Denied,
    /// Changed by somebody else meanwhile, retries used up.
    Conflict,
    /// A rule is not met, or the content was rejected; nothing was changed.
    Refused,
    /// Waited, and the condition was not reached.
    Timeout,
    /// Network, throttling, quota, 5xx after retries, or an answer that is not Control Plane's.
    Unavailable,
    /// Some targets are done, others failed.
    Partial,
    /// Ctrl-C, SIGTERM or SIGHUP.
    Interrupted,
}

impl Kind {
    /// The stable name, as in the exit-code table and in JSON errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Usage => "usage",
            Self::NotFound => "not-found",
            Self::Denied => "denied",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Partial => "partial",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Where in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePlace {
    /// The file as it was named; `-` for stdin.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: Option<usize>,
    /// The column in it, in characters from 1.
    pub(crate) column: Option<usize>,
}

/// A failure in the user's words.
///
/// Rendered as `error: MESSAGE`, the excerpt, `  because: …` lines, plain notes and `hint: …` lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Decides the exit code.
    pub(crate) kind: Kind,
    /// What was not done, with the name and value in question; lower case, no full stop.
    pub(crate) message: String,
    /// Where it is, for a failure that is in a file.
    pub(crate) place: Option<Box<FilePlace>>,
    /// The offending lines of a file, already drawn, without a final newline.
    pub(crate) excerpt: Option<String>,
    /// Why: facts as the other side reported them.
    pub(crate) because: Vec<String>,
    /// What did happen all the same ("The add-on stays enabled."), full sentences.
    pub(crate) notes: Vec<String>,
    /// What to do next, at most two, only commands that can succeed in this state.
    pub(crate) hints: Vec<Hint>,
    /// The id by which the server's operators find the request.
    pub(crate) request_id: Option<String>,
    /// Further failures of the same run; each is rendered on its own, after this one.
    pub(crate) others: Vec<Self>,
}

impl Error {
    /// An error of the given kind.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            place: None,
            excerpt: None,
            because: Vec::new(),
            notes: Vec::new(),
            hints: Vec::new(),
            request_id: None,
            others: Vec::new(),
        }
    }

    /// Whether whoever fails so has changed nothing for sure.
    pub(crate) fn leaves_all_as_it_was(&self) -> bool {
        matches!(
            self.kind,
            Kind::Usage | Kind::NotFound | Kind::Denied | Kind::Conflict | Kind::Refused
        )
    }

    /// Exit 1.
    pub(crate) fn failure(message: impl Into<String>) -> Self {
        Self::new(Kind::Failure, message)
    }

    /// Exit 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Exit 3.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// Exit 4.
    pub(crate) fn denied(message: impl Into<String>) -> Self {
        Self::new(Kind::Denied, message)
    }

    /// Exit 5.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// Exit 6.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// Exit 7.
    pub(crate) fn timeout(message: impl Into<String>) -> Self {
        Self::new(Kind::Timeout, message)
    }

    /// Exit 8.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, message)
    }

    /// Adds the reason.
    #[must_use]
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.because.push(reason.into());
        self
    }

    /// Adds one thing to do, if it is not there yet and no two others are: the first are the best.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<Hint>) -> Self {
        let hint = hint.into();
        if self.hints.len() < HINTS && !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
        self
    }

    /// Adds one thing to do, where there is one.
    #[must_use]
    pub(crate) fn hint_if(self, hint: Option<impl Into<Hint>>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// With what takes its run up again in the place of giving the same command once more.
    #[must_use]
    pub(crate) fn taken_up(mut self, again: &Hint) -> Self {
        for hint in std::mem::take(&mut self.hints) {
            let hint = if hint.is_once_more() {
                again.clone()
            } else {
                hint
            };
            self = self.hint(hint);
        }
        self
    }

    /// Adds a sentence about what holds all the same.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Sets the file that it is in, where nobody knew better.
    #[must_use]
    pub(crate) fn in_file(mut self, file: impl Into<String>) -> Self {
        self.place.get_or_insert_with(|| {
            Box::new(FilePlace {
                file: file.into(),
                line: None,
                column: None,
            })
        });
        self
    }

    /// Sets where in a file it is.
    #[must_use]
    pub(crate) fn at(mut self, file: impl Into<String>, line: usize, column: usize) -> Self {
        self.place = Some(Box::new(FilePlace {
            file: file.into(),
            line: Some(line),
            column: Some(column),
        }));
        self
    }

    /// Sets the drawn excerpt of a file.
    #[must_use]
    pub(crate) fn excerpt(mut self, excerpt: impl Into<String>) -> Self {
        self.excerpt = Some(excerpt.into());
        self
    }

    /// Sets the server's request id.
    #[must_use]
    pub(crate) fn request(mut self, id: Option<String>) -> Self {
        self.request_id = id;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for reason in &self.because {
            write!(f, ": {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// The result of everything that can fail.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;
