//! Why a text is not a document: the parser's complaints in the user's words.
//!
//! Finds the place of a complaint where the parser names another one; draws nothing.

use super::scan;
use granit_parser::{ErrorKind, ScanError};
use std::borrow::Cow;

/// Why a text is not a document: a position in it and a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParseTrouble {
    pub(super) at: usize,
    pub(super) message: Cow<'static, str>,
    pub(super) hint: Option<&'static str>,
}

impl ParseTrouble {
    /// What the parser found in the text.
    pub(super) fn of(error: &ScanError, text: &str) -> Self {
        let at = error.marker().byte_offset().unwrap_or_default();
        let (message, hint) = explain(error.kind());
        let at = if hint.is_some() {
            first_tab(text, at)
        } else {
            at
        };
        Self {
            at: at.min(text.len()),
            message,
            hint,
        }
    }
}

/// The parser complains about the token before; the tab is in one of the next indentations.
fn first_tab(text: &str, at: usize) -> usize {
    let mut line = scan::line_start(text, at.min(text.len()));
    while line < text.len() {
        let blanks = text[line..]
            .find(|c: char| !matches!(c, ' ' | scan::BOM))
            .unwrap_or_default();
        if text[line + blanks..].starts_with('\t') {
            return line + blanks;
        }
        line = scan::next_line(text, line);
    }
    at
}

/// The parser's complaint in the user's words.
fn explain(kind: &ErrorKind) -> (Cow<'static, str>, Option<&'static str>) {
    use ErrorKind as E;
    let tabs = Some("indent with spaces; YAML does not allow tabs there");
    let text = match kind {
        E::TabInIndentation | E::TabInBlockIndentation | E::TabNotAllowed | E::TabInPlainScalar => {
            return ("a tab is used as indentation".into(), tabs);
        }
        E::TabAtBlockScalarStart => return ("a block scalar begins with a tab".into(), tabs),
        E::RecursionLimitExceeded => "it is nested too deep",
        E::UnknownAnchor => "no anchor of this name comes before the alias",
        E::ExpectedBlockMappingKey => "a key was expected here; is the indentation right?",
        E::SimpleKeyExpected | E::InvalidSimpleKey => "this line has no `:` behind its key",
        E::ExpectedBlockSequenceEntry => {
            "a `- ` entry was expected here; is the indentation right?"
        }
        E::ExpectedFlowMappingSeparator => "a `,` or `}` was expected here",
        E::ExpectedFlowSequenceSeparator => "a `,` or `]` was expected here",
        E::UnexpectedEofFlowMapping
        | E::UnexpectedEofFlowSequence
        | E::UnexpectedEofImplicitFlowMapping => "the text ends inside `{…}` or `[…]`",
        E::UnexpectedEof | E::UnexpectedEofBlockMapping | E::UnexpectedEofBlockSequence => {
            "the text ends in the middle of the document"
        }
        E::UnclosedFlowCollection { .. } => "this bracket is never closed",
        E::UnclosedQuotedScalar => "this quote is never closed",
        E::MisplacedFlowCollectionEnd => "this bracket closes nothing",
        E::MappingValueNotAllowed | E::InvalidColonPlacement => {
            "a `:` is not allowed here; a text that contains `: ` needs quotes"
        }
        E::MappingKeyNotAllowed => "a key is not allowed here",
        E::ExpectedDocumentStart => "something follows that does not belong to the document",
        E::InvalidIndentation => "the indentation does not fit the lines above",
        E::BomInsideDocument => "there is a byte-order mark inside the document",
        E::UndeclaredTagHandle => "the tag's prefix is not declared",
        E::UnknownQuotedScalarEscape => "this escape does not exist",
        other => {
            let text = other.to_string();
            let text = text
                .rsplit_once(", ")
                .map_or(text.as_str(), |(_, rest)| rest);
            let begins = ["`@'", "`%'", "``'"];
            if begins.iter().any(|sign| text.ends_with(sign)) {
                return (
                    "a value without quotes cannot begin with this character".into(),
                    None,
                );
            }
            return (text.to_owned().into(), None);
        }
    };
    (text.into(), None)
}
