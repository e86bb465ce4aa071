//! What is written into a report for others: names, accounts and ids by words that stand for them. Pure.

use crate::addon::ISSUER;
use crate::cluster::Cluster;
use serde_json::Value;

/// A run of so many letters and digits with a digit in it may be an id.
const ID: usize = 8;

/// What of a cluster is not to be seen.
pub(super) struct Redactor {
    /// The texts and what stands for them, the longest first.
    names: Vec<(String, &'static str)>,
}

impl Redactor {
    /// For a cluster of an org.
    pub(super) fn of(cluster: &Cluster, org: &str) -> Self {
        let text = |pointer: &str| cluster.value().pointer(pointer).and_then(Value::as_str);
        let mut names = vec![
            (org.to_owned(), "ORG"),
            (cluster.name().to_owned(), "CLUSTER"),
            (text("/alias").unwrap_or_default().to_owned(), "ALIAS"),
            (text("/id").unwrap_or_default().to_owned(), "ID"),
        ];
        if let Some((_, issuer)) = text(ISSUER).and_then(|url| url.split_once("://")) {
            names.push((issuer.trim_end_matches('/').to_owned(), "ISSUER"));
        }
        names.retain(|(name, _)| !name.is_empty());
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self { names }
    }

    /// The same, with the issuer as it looks.
    pub(super) fn of_issuer(mut self) -> Self {
        self.names.retain(|(_, word)| *word != "ISSUER");
        self
    }

    /// A text as it may be shown.
    pub(super) fn text(&self, text: &str) -> String {
        let mut result = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            let at_word = !result.ends_with(|c: char| c.is_ascii_alphanumeric());
            let known = self.names.iter().find(|(name, _)| {
                let after = rest.strip_prefix(name.as_str());
                at_word
                    && after.is_some_and(|it| !it.starts_with(|c: char| c.is_ascii_alphanumeric()))
            });
            if let Some((name, word)) = known {
                result.push_str(word);
                rest = &rest[name.len()..];
                continue;
            }
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            result.push_str(&shape(word));
            let mut chars = after.chars();
            result.extend(chars.next());
            rest = chars.as_str();
        }
        result
    }

    /// A document with every text in it, names of fields included, as it may be shown.
    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (self.text(key), self.value(value)))
                .collect(),
            other => other.clone(),
        }
    }
}

/// A word, unless it may be an account or an id.
fn shape(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if digits == 12 && word.len() == 12 {
        "ACCOUNT".to_owned()
    } else if digits > 0 && word.len() >= ID {
        format!("<{} characters>", word.len())
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_tells_whose_it_is_is_replaced_and_what_the_platform_says_stays() {
        let cluster = Cluster::new(json!({
            "name": "prod", "alias": "kg75uli2umuj", "id": "c2ecc996-cb4e-441c-8b71-239e0415d89f",
            "status": {"oidcProviderUrl": "https://oidc.example.io/kg75uli2umuj"},
        }));
        let redactor = Redactor::of(&cluster, "acme");
        for (text, shown) in [
            (
                "/org/acme/mk8s/prod/-eventlog",
                "/org/ORG/mk8s/CLUSTER/-eventlog",
            ),
            (
                "arn:aws:iam::111122223333:oidc-provider/oidc.example.io/kg75uli2umuj",
                "arn:aws:iam::ACCOUNT:oidc-provider/ISSUER",
            ),
            (
                "arn:aws:iam::<AWS_ACCOUNT_ID>:role/x",
                "arn:aws:iam::<AWS_ACCOUNT_ID>:role/x",
            ),
            (
                "system:serviceaccount:kube-system:ecr-credential-provider",
                "system:serviceaccount:kube-system:ecr-credential-provider",
            ),
            ("2012-10-17", "2012-10-17"),
            ("production", "production"),
            ("x/abcdef123456/y", "x/<12 characters>/y"),
        ] {
            assert_eq!(redactor.text(text), shown);
        }
        let shown = redactor.value(
            &json!({"StringEquals": {"oidc.example.io/kg75uli2umuj:aud": "sts.amazonaws.com"}}),
        );
        assert_eq!(
            shown,
            json!({"StringEquals": {"ISSUER:aud": "sts.amazonaws.com"}})
        );
        let url = Redactor::of(&cluster, "acme").of_issuer();
        assert_eq!(
            url.text("https://oidc.example.io/kg75uli2umuj"),
            "https://oidc.example.io/ALIAS"
        );
    }
}
