//! Every document that any test sees is held against its schema, by a validator that is not ours.

use super::tools::aws_python;
use serde_json::Value;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

static VALIDATOR: OnceLock<Mutex<Validator>> = OnceLock::new();

/// One for all tests of this process; it ends with its input.
struct Validator {
    _child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    seen: HashSet<u64>,
}

impl Validator {
    fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut child = Command::new(aws_python())
            .arg(root.join("tests/support/validate_documents.py"))
            .arg(root.join("docs/schemas"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the validator starts");
        Self {
            questions: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            seen: HashSet::new(),
            _child: child,
        }
    }

    fn ask(&mut self, document: &Value) -> String {
        writeln!(self.questions, "{document}").expect("the validator listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).expect("an answer of the validator")
    }
}

/// The kinds that have a schema, as the command line names them.
pub(crate) fn schema_kinds() -> Vec<String> {
    let command = mk8s::cli::command();
    let schema = command.find_subcommand("schema").unwrap();
    let of = schema.get_arguments().find(|it| it.get_id() == "of");
    of.unwrap()
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect()
}

/// Insists on the schemas of what was printed, of a failure on stderr as well, where it is a document
/// of `mk8s/v1`.
#[track_caller]
pub(super) fn validate(line: &str, stdout: &[u8], stderr: &[u8]) {
    one(line, stdout);
    for words in stderr.split(|byte| *byte == b'\n') {
        one(line, words);
    }
}

#[track_caller]
fn one(line: &str, text: &[u8]) {
    if !text.starts_with(b"{") {
        return;
    }
    let Ok(document) = serde_json::from_slice::<Value>(text) else {
        return;
    };
    if document["schema"] != "mk8s/v1" {
        return;
    }
    let validator = VALIDATOR.get_or_init(|| Mutex::new(Validator::start()));
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let mut validator = validator.lock().unwrap_or_else(PoisonError::into_inner);
    if !validator.seen.insert(hasher.finish()) {
        return;
    }
    let verdict = validator.ask(&document);
    drop(validator);
    assert!(
        verdict.is_empty(),
        "the document of `{line}` is not as docs/schemas has it\n{verdict}\n{document:#}"
    );
}
