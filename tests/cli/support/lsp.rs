//! The YAML language server, as an editor talks to it.

use super::tools::{installed, node};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running server; it ends with the value.
pub(crate) struct Lsp {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    requests: u64,
}

impl Lsp {
    /// Starts one, and lets it check and complete.
    pub(crate) fn start() -> Self {
        let program = installed("npm/node_modules/yaml-language-server/bin/yaml-language-server");
        let mut child = Command::new(node())
            .arg(program)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the language server starts");
        let mut lsp = Self {
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
            requests: 0,
        };
        let capabilities = json!({
            "workspace": {"configuration": true},
            "textDocument": {"completion": {"completionItem": {}}},
        });
        let process = std::process::id();
        let params = json!({"processId": process, "rootUri": null, "capabilities": capabilities});
        lsp.request("initialize", &params);
        lsp.tell("initialized", &json!({}));
        lsp
    }

    /// What is wrong with a text, by the server.
    pub(crate) fn open(&mut self, uri: &str, text: &str) -> Value {
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", &json!({"textDocument": document}));
        loop {
            let message = self.receive();
            if message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
            {
                return message["params"]["diagnostics"].clone();
            }
        }
    }

    /// What may stand at a place of an open text; lines and columns count from 0.
    pub(crate) fn complete(&mut self, uri: &str, line: usize, column: usize) -> Vec<String> {
        let params = json!({
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": column},
        });
        let answer = self.request("textDocument/completion", &params);
        let items = match &answer {
            Value::Array(items) => items,
            other => other["items"].as_array().expect("items"),
        };
        items
            .iter()
            .map(|item| item["label"].as_str().unwrap().to_owned())
            .collect()
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.receive();
            if message["id"] == id && message.get("method").is_none() {
                return message["result"].clone();
            }
        }
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.stdin.flush().unwrap();
    }

    /// The next message; what the server asks is answered on the way.
    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            let read = self.stdout.read_line(&mut line).unwrap();
            assert!(read > 0, "the language server has ended");
            if let Some(text) = line.strip_prefix("Content-Length: ") {
                length = text.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut bytes = vec![0; length];
        self.stdout.read_exact(&mut bytes).unwrap();
        let message: Value = serde_json::from_slice(&bytes).unwrap();
        if message.get("method").is_some() && message.get("id").is_some() {
            let yaml =
                json!({"validate": true, "completion": true, "schemaStore": {"enable": false}});
            let items = message["params"]["items"].as_array();
            let answers: Option<Vec<Value>> = items.map(|items| {
                let answer = |item: &Value| match item["section"].as_str() {
                    Some("yaml") => yaml.clone(),
                    _ => json!({}),
                };
                items.iter().map(answer).collect()
            });
            let id = &message["id"];
            self.send(&json!({"jsonrpc": "2.0", "id": id, "result": answers}));
        }
        message
    }
}

impl Drop for Lsp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
