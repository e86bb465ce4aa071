//! The log of requests, for tests and curious users. Pure.
//!
//! Holds no token: the `Authorization` header is not kept, and the token's text is masked wherever
//! else it stands.

use serde_json::{Value, json};
use std::collections::VecDeque;

/// How many requests are kept.
const KEPT: usize = 10_000;

/// How long a body is kept as it came.
const BODY: usize = 16 * 1024;

/// How much is kept of a path and the like: strangers are logged as well.
const TEXT: usize = 1024;

/// The log; the oldest entries fall out.
#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: VecDeque<Value>,
    count: u64,
}

/// One request and what became of it.
#[derive(Debug)]
pub(super) struct JournalEntry<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) user_agent: Option<&'a str>,
    pub(super) body: &'a [u8],
    /// `None` when no answer was sent.
    pub(super) status: Option<u16>,
    /// Whether the request changed what is stored.
    pub(super) applied: bool,
    /// Texts of the faults that struck.
    pub(super) faults: &'a [String],
    pub(super) request_id: &'a str,
}

impl Journal {
    pub(super) fn add(&mut self, entry: &JournalEntry<'_>, token: &str) {
        let mask = |text: &str| text.replace(token, "***");
        let short = |text: &str| {
            let text = mask(text);
            let end = text.floor_char_boundary(TEXT);
            text[..end].to_owned()
        };
        self.count += 1;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        let body = match entry.body {
            [] => Value::Null,
            bytes if bytes.len() > BODY => json!(format!("({} bytes)", bytes.len())),
            bytes => {
                let text = mask(&String::from_utf8_lossy(bytes));
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            }
        };
        self.entries.push_back(json!({
            "n": self.count,
            "method": entry.method,
            "path": short(entry.path),
            "query": entry.query.map(short),
            "userAgent": entry.user_agent.map(short),
            "body": body,
            "status": entry.status,
            "applied": entry.applied,
            "faults": entry.faults,
            "requestId": entry.request_id,
        }));
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(super) fn items(&self) -> Vec<Value> {
        self.entries.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(body: &[u8]) -> JournalEntry<'_> {
        JournalEntry {
            method: "PUT",
            path: "/org/a/mk8s",
            query: Some("x=t0ken"),
            user_agent: Some("curl"),
            body,
            status: None,
            applied: true,
            faults: &[],
            request_id: "r",
        }
    }

    #[test]
    fn a_token_is_masked_wherever_it_stands() {
        let mut journal = Journal::default();
        journal.add(&entry(br#"{"note": "t0ken!"}"#), "t0ken");
        journal.add(&entry(b"not json t0ken"), "t0ken");
        journal.add(&entry(b""), "t0ken");
        let items = journal.items();
        assert_eq!(items[0]["body"], json!({"note": "***!"}));
        assert_eq!(items[0]["query"], "x=***");
        assert_eq!(items[0]["status"], Value::Null);
        assert_eq!(items[1]["body"], "not json ***");
        assert_eq!(items[2]["body"], Value::Null);
        assert!(!json!(items).to_string().contains("t0ken"));
    }

    #[test]
    fn it_stays_bounded() {
        let mut journal = Journal::default();
        journal.add(&entry(&vec![b' '; BODY + 1]), "t");
        assert_eq!(journal.items()[0]["body"], "(16385 bytes)");
        for _ in 0..KEPT {
            journal.add(&entry(b""), "t");
        }
        let items = journal.items();
        assert_eq!((items.len(), &items[0]["n"]), (KEPT, &json!(2)));
    }
}
