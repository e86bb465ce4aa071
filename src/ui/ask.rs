//! Questions on the terminal.

use super::{Ui, Volume, lock};
use crate::consent::{Person, Question};
use crate::error::{Error, Result};
use crate::text::printable;
use std::sync::Arc;

impl Person for Ui {
    /// Asks on the terminal. `--yes` answers; where nobody can be asked it is an error of kind
    /// usage, and nothing is done. Ctrl-C ends the question, since the answer is read elsewhere.
    async fn ask(&self, question: &Question) -> Result<bool> {
        if self.yes {
            return Ok(true);
        }
        if !self.interactive {
            return Err(Error::usage(question.refusal.clone())
                .because("it has to be confirmed, and nobody can be asked here")
                .hint("add --yes to confirm it on the command line"));
        }
        self.inquire(&question.text).await
    }

    fn listens(&self, yes: bool) {
        if !yes {
            if let Some(volume) = self.raised.take() {
                self.volume.set(volume);
            }
        } else if self.interactive && !self.yes && self.volume() < Volume::Normal {
            self.raised.set(Some(self.volume.replace(Volume::Normal)));
        }
    }
}

impl Ui {
    /// Asks a person, whatever `--yes` says; only where there is one.
    pub(crate) async fn inquire(&self, question: &str) -> Result<bool> {
        let answer = self.line(&format!("{} [y/N]", printable(question))).await?;
        let answer = answer.unwrap_or_default().to_ascii_lowercase();
        Ok(matches!(answer.as_str(), "y" | "yes"))
    }

    /// Asks for a line, without the blanks around it; `None` where nothing comes any more. Only where
    /// there is a person.
    pub(crate) async fn line(&self, prompt: &str) -> Result<Option<String>> {
        let _speaking = self.speaks();
        self.write_err(&format!("{} ", printable(prompt)));
        let stdin = Arc::clone(&self.stdin);
        let (send, receive) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut answer = String::new();
            let read = lock(&stdin).read_line(&mut answer).map(|_| answer);
            // Nobody waits for it any more after Ctrl-C.
            let _ = send.send(read);
        });
        let answer = receive
            .await
            .unwrap_or_else(|_| Ok(String::new()))
            .map_err(|error| Error::failure(format!("cannot read the answer: {error}")))?;
        Ok((!answer.is_empty()).then(|| answer.trim().to_owned()))
    }
}
