//! `-o jsonpath=EXPR`: RFC 9535, and one path in the manner of kubectl.

use crate::error::{Error, Result};
use crate::text;
use jsonpath_rust::JsonPath as _;
use serde_json::Value;

/// Refuses an expression that cannot be read, with kind usage.
pub(crate) fn check(expression: &str) -> Result<()> {
    let query = standard(expression)?;
    jsonpath_rust::parser::parse_json_path(&query)
        .map(|_| ())
        .map_err(|_| bad(expression, "it cannot be read as RFC 9535"))
}

/// The matches, one line each: strings raw, everything else as JSON on one line.
pub(crate) fn select(value: &Value, expression: &str) -> Result<Vec<String>> {
    let query = standard(expression)?;
    let matches = value
        .query(&query)
        .map_err(|_| bad(expression, "it cannot be read as RFC 9535"))?;
    if matches.is_empty() {
        return Err(Error::not_found(format!("nothing matches `{expression}`"))
            .hint("-o json prints the whole document"));
    }
    Ok(matches
        .into_iter()
        .map(|found| match found {
            Value::String(text) => text.clone(),
            other => text::json(other.to_string()),
        })
        .collect())
}

fn bad(expression: &str, reason: &str) -> Error {
    Error::usage(format!("`{expression}` is not a path"))
        .because(reason)
        .hint("$.status.oidcProviderUrl and {.status.oidcProviderUrl} are of the two forms that are read")
}

/// The expression in the standard's form: `{.a.b}` and `.a.b` become `$.a.b`.
fn standard(expression: &str) -> Result<String> {
    let text = expression.trim();
    if text.starts_with('$') {
        return Ok(text.to_owned());
    }
    let path = match text.strip_prefix('{') {
        Some(rest) => match rest.strip_suffix('}') {
            Some(path) if !path.contains(['{', '}']) => path.trim(),
            _ => return Err(bad(expression, "one path in braces is read, no templates")),
        },
        None => text,
    };
    if path.starts_with('$') {
        return Ok(path.to_owned());
    }
    if !path.starts_with(['.', '[']) {
        return Err(bad(expression, "it does not start with `$`, `{` or `.`"));
    }
    // kubectl writes a dot inside a key as `\.` and needs no quotes around dashes.
    let mut standard = String::from("$");
    let mut rest = path;
    while let Some(after) = rest.strip_prefix('.') {
        if let Some(deep) = after.strip_prefix('.') {
            standard.push_str("..");
            rest = deep;
        } else {
            rest = after;
        }
        if rest.starts_with('[') {
            rest = brackets(rest, &mut standard);
            continue;
        }
        let mut key = String::new();
        let mut chars = rest.char_indices();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => key.extend(chars.next().map(|(_, c)| c)),
                '.' | '[' => {
                    end = at;
                    break;
                }
                _ => key.push(c),
            }
        }
        rest = &rest[end..];
        if key == "*" {
            standard.push_str("[*]");
        } else if !key.is_empty() {
            standard.push('[');
            standard.push_str(&Value::String(key).to_string());
            standard.push(']');
        }
        rest = brackets(rest, &mut standard);
    }
    rest = brackets(rest, &mut standard);
    standard.push_str(rest);
    Ok(standard)
}

/// Copies `[…]` groups, quotes respected.
fn brackets<'a>(mut rest: &'a str, standard: &mut String) -> &'a str {
    while rest.starts_with('[') {
        let mut quote = None;
        let mut depth = 0_usize;
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            match (quote, c) {
                (Some(open), _) if c == open => quote = None,
                (None, '\'' | '"') => quote = Some(c),
                (None, '[') => depth += 1,
                (None, ']') => {
                    depth -= 1;
                    if depth == 0 {
                        end = at + 1;
                        break;
                    }
                }
                _ => {}
            }
        }
        standard.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_spellings_find_the_same() {
        let value = json!({"status": {"oidcProviderUrl": "https://x"}, "tags": {"cpln/protected": true, "a.b": 1},
            "items": [{"name": "a"}, {"name": "b"}]});
        for (expression, lines) in [
            ("$.status.oidcProviderUrl", vec!["https://x"]),
            ("{.status.oidcProviderUrl}", vec!["https://x"]),
            (".status.oidcProviderUrl", vec!["https://x"]),
            ("{$.status.oidcProviderUrl}", vec!["https://x"]),
            ("{.tags.cpln/protected}", vec!["true"]),
            ("{.tags.a\\.b}", vec!["1"]),
            ("{.tags['a.b']}", vec!["1"]),
            ("{.items[*].name}", vec!["a", "b"]),
            ("{.items[1].name}", vec!["b"]),
            ("{..name}", vec!["a", "b"]),
            ("$.items[?@.name=='b'].name", vec!["b"]),
            ("{.items[?(@.name=='b')].name}", vec!["b"]),
            ("$.status", vec![r#"{"oidcProviderUrl":"https://x"}"#]),
        ] {
            check(expression).unwrap();
            assert_eq!(select(&value, expression).unwrap(), lines, "{expression}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_usage_error_and_no_match_is_not_found() {
        use crate::error::Kind;
        for expression in [
            "",
            "status",
            "{.a}{.b}",
            "$.a[",
            "{range .items[*]}{.name}{end}",
            "{.a",
        ] {
            assert_eq!(
                check(expression).unwrap_err().kind,
                Kind::Usage,
                "{expression}"
            );
        }
        assert_eq!(select(&json!({}), "$.a").unwrap_err().kind, Kind::NotFound);
    }
}
