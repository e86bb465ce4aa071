//! `--selector`: terms that all have to hold for a cluster. Pure.
//!
//! A selector is a list of terms that all have to hold. It is decided here, whatever a server has
//! sorted out beforehand: what the server leaves out is not seen, what it lets through is looked at.
//! One that can hold for no cluster is refused, so that a slip is not taken for "nothing to do".

use crate::addon;
use crate::cluster::Cluster;
use crate::error::{Error, Result};
use crate::pattern::{fits, is_pattern};
use crate::text::{excerpt, printable};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Terms that all have to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selector {
    terms: Vec<SelectorTerm>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct SelectorTerm {
    /// As it was written, for messages.
    text: String,
    key: SelectorKey,
    test: SelectorTest,
}

/// What of a cluster is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SelectorKey {
    Name,
    Provider,
    Kubernetes,
    Tag(String),
    /// By its key below `spec.addOns`.
    Addon(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum SelectorTest {
    Exists,
    Absent,
    /// One of these values.
    In(Vec<String>),
    /// None of these; holds where there is nothing.
    NotIn(Vec<String>),
    Contains(String),
    /// The order of what is there to the version, and whether the same will do.
    Order(Ordering, bool, Version),
}

/// Numbers with dots between them. Compared by as many parts as the one that was asked for has:
/// 1.32.4 is the same as 1.32, so that `kubernetes=1.32` means all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version(Vec<u64>);

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let numbers = text.strip_prefix('v').unwrap_or(text);
        let parts = numbers.split('.').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        });
        parts.collect::<Option<Vec<u64>>>().map(Self)
    }

    /// How this one stands to what was asked for.
    fn to(&self, asked: &Self) -> Ordering {
        let parts = (0..asked.0.len()).map(|at| self.0.get(at).copied().unwrap_or(0));
        parts.cmp(asked.0.iter().copied())
    }
}

impl Selector {
    /// Parses what stands behind `--selector`; what is wrong, or can hold for no cluster, is of kind
    /// usage.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let wrong = |reason: String| {
            Error::usage(format!("`{}` is no selector", excerpt(text, 200)))
                .because(reason)
                .hint("the form is `tag.team=blue,provider=hetzner,kubernetes>=1.32,addon.aws-ecr,!addon.metrics`")
        };
        if text.trim().is_empty() {
            return Err(wrong("it is empty; --all means every cluster".to_owned()));
        }
        let terms = split(text)
            .and_then(|parts| parts.into_iter().map(term).collect::<Result<Vec<_>, _>>())
            .map_err(&wrong)?;
        if let Some((one, other)) = contradiction(&terms) {
            return Err(wrong(if one == other {
                format!("`{}` holds for no cluster", printable(one))
            } else {
                format!(
                    "`{}` and `{}` hold together for no cluster",
                    printable(one),
                    printable(other)
                )
            }));
        }
        Ok(Self { terms })
    }

    /// Whether all of it holds.
    pub(crate) fn matches(&self, cluster: &Cluster) -> bool {
        self.terms.iter().all(|term| term.holds(cluster))
    }

    /// The terms that the platform's query endpoint understands, as its `spec`; `None` if there is
    /// none. It may let through more than is meant and never less: an equal tag, a tag that is there,
    /// an equal name. All else is decided here alone.
    pub(crate) fn query(&self) -> Option<Value> {
        let terms: Vec<Value> = self.terms.iter().filter_map(SelectorTerm::query).collect();
        (!terms.is_empty()).then(|| json!({"match": "all", "terms": terms}))
    }

    /// Why nothing matched: for each term that holds for none of the clusters, what is there instead,
    /// the nearest first.
    pub(crate) fn why_nothing(&self, clusters: &[Cluster]) -> Vec<String> {
        let missed = self.terms.iter().filter(|term| {
            let holds = clusters.iter().any(|cluster| term.holds(cluster));
            !holds
        });
        let reasons: Vec<String> = missed.map(|term| term.instead(clusters)).collect();
        if reasons.is_empty() && !clusters.is_empty() {
            return vec!["each part holds for some cluster, and all of them for none".to_owned()];
        }
        reasons
    }
}

impl SelectorTerm {
    fn holds(&self, cluster: &Cluster) -> bool {
        let there = self.key.of(cluster);
        match (&self.test, there) {
            (SelectorTest::Exists, there) => there.is_some(),
            (SelectorTest::Absent | SelectorTest::NotIn(_), None) => true,
            (SelectorTest::Absent, Some(_)) | (_, None) => false,
            (SelectorTest::In(values), Some(there)) => {
                values.iter().any(|it| self.key.is(&there, it))
            }
            (SelectorTest::NotIn(values), Some(there)) => {
                !values.iter().any(|it| self.key.is(&there, it))
            }
            (SelectorTest::Contains(part), Some(there)) => there.contains(part.as_str()),
            (SelectorTest::Order(order, same, asked), Some(there)) => Version::parse(&there)
                .is_some_and(|there| {
                    let is = there.to(asked);
                    is == *order || (*same && is == Ordering::Equal)
                }),
        }
    }

    fn query(&self) -> Option<Value> {
        let (op, value) = match &self.test {
            SelectorTest::Exists => ("exists", None),
            SelectorTest::In(values) => match &values[..] {
                [value] => ("=", Some(value)),
                _ => return None,
            },
            _ => return None,
        };
        let mut term = json!({"op": op});
        match &self.key {
            SelectorKey::Tag(tag) => term["tag"] = json!(tag),
            SelectorKey::Name if value.is_some() => term["property"] = json!("name"),
            _ => return None,
        }
        if let Some(value) = value {
            // A server may compare numbers with numbers, so a text that is one is not sent.
            if value.parse::<f64>().is_ok() || value == "true" || value == "false" {
                return None;
            }
            term["value"] = json!(value);
        }
        Some(term)
    }

    fn instead(&self, clusters: &[Cluster]) -> String {
        let text = printable(&self.text);
        let there: BTreeSet<String> = clusters.iter().filter_map(|it| self.key.of(it)).collect();
        let asked = match &self.test {
            SelectorTest::In(values) => values.first().map(String::as_str),
            SelectorTest::Contains(part) => Some(part.as_str()),
            _ => None,
        };
        let mut there: Vec<String> = there.into_iter().collect();
        if let Some(asked) = asked {
            let near = |value: &String| strsim::jaro_winkler(value, asked);
            there.sort_by(|a, b| near(b).total_cmp(&near(a)));
        }
        let more = if there.len() > 5 { ", …" } else { "" };
        let shown: Vec<String> = there.iter().take(5).map(|it| excerpt(it, 60)).collect();
        if let Some(number) = self.key.unreadable(clusters) {
            return format!("`{text}` holds for no cluster; {number}");
        }
        match &self.key {
            SelectorKey::Addon(_) => format!("`{text}` holds for no cluster"),
            key if shown.is_empty() => {
                format!("`{text}` holds for no cluster: none has {}", key.describe())
            }
            key => format!(
                "`{text}` holds for no cluster; {} is {}{more}",
                key.describe(),
                shown.join(", ")
            ),
        }
    }
}

impl SelectorKey {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "name" => return Ok(Self::Name),
            "provider" => return Ok(Self::Provider),
            "kubernetes" => return Ok(Self::Kubernetes),
            _ => {}
        }
        if let Some(tag) = text.strip_prefix("tag.").filter(|tag| !tag.is_empty()) {
            return Ok(Self::Tag(tag.to_owned()));
        }
        if let Some(word) = text.strip_prefix("addon.").filter(|word| !word.is_empty()) {
            // A key that the catalogue does not have is looked for as it is written, unless it looks like a
            // slip: `!addon.aws-erc` would be true of every cluster.
            return match (addon::by_word(word), addon::nearest(word)) {
                (Some(addon), _) => Ok(Self::Addon(addon.key.to_owned())),
                (None, Some(near)) => Err(format!(
                    "no add-on is called `{}`; is `addon.{near}` meant?",
                    excerpt(word, 60)
                )),
                (None, None) => Ok(Self::Addon(word.to_owned())),
            };
        }
        Err(format!(
            "`{}` is nothing that a cluster is chosen by: name, provider, kubernetes, tag.KEY, addon.NAME",
            excerpt(text, 80)
        ))
    }

    /// What the cluster has there. A tag's number or boolean is taken as the text that it is written
    /// with, and one that is `null` is not there.
    fn of(&self, cluster: &Cluster) -> Option<String> {
        match self {
            Self::Name => Some(cluster.name().to_owned()),
            Self::Provider => cluster.provider().map(str::to_owned),
            Self::Kubernetes => cluster.kubernetes().map(str::to_owned),
            Self::Tag(key) => match cluster.value().get("tags")?.get(key)? {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            },
            Self::Addon(key) => cluster.add_on(key).map(|_| "on".to_owned()),
        }
    }

    /// Where a version is a number, and so none: in one 1.30 is 1.3.
    fn unreadable(&self, clusters: &[Cluster]) -> Option<String> {
        let number = |cluster: &Cluster| {
            let version = cluster.value().pointer("/spec/version")?;
            version.is_number().then(|| version.to_string())
        };
        let found = clusters
            .iter()
            .find_map(|it| Some((it.name(), number(it)?)));
        let (name, number) = found.filter(|_| *self == Self::Kubernetes)?;
        Some(format!(
            "spec.version of `{}` is the number {number}: in quotes it is a version",
            excerpt(name, 80)
        ))
    }

    fn is(&self, there: &str, asked: &str) -> bool {
        match (self, Version::parse(there), Version::parse(asked)) {
            (Self::Kubernetes, Some(there), Some(asked)) => there.to(&asked) == Ordering::Equal,
            (Self::Name, ..) if is_pattern(asked) => fits(asked, there),
            _ => there == asked,
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Name => "the name".to_owned(),
            Self::Provider => "the provider".to_owned(),
            Self::Kubernetes => "the version of Kubernetes".to_owned(),
            Self::Tag(key) => format!("the tag `{}`", excerpt(key, 60)),
            Self::Addon(key) => format!("the add-on `{}`", excerpt(key, 60)),
        }
    }
}

/// Cuts at the commas outside of parentheses and quotes.
fn split(text: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut from) = (Vec::new(), 0);
    let (mut open, mut quoted) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' if open => return Err("a parenthesis is inside another".to_owned()),
            '(' => open = true,
            ')' if !open => return Err("a parenthesis is closed that is not open".to_owned()),
            ')' => open = false,
            ',' if !open => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    if quoted || open {
        let what = if quoted { "quotation" } else { "parenthesis" };
        return Err(format!("a {what} is not closed"));
    }
    parts.push(&text[from..]);
    Ok(parts)
}

fn term(part: &str) -> Result<SelectorTerm, String> {
    let text = part.trim();
    let built = |key: SelectorKey, test: SelectorTest| {
        Ok(SelectorTerm {
            text: text.to_owned(),
            key,
            test,
        })
    };
    if text.is_empty() {
        return Err("a part between two commas is empty".to_owned());
    }
    if let Some(rest) = text.strip_prefix('!') {
        let key = SelectorKey::parse(rest.trim())?;
        existence(&key)?;
        return built(key, SelectorTest::Absent);
    }
    let Some(at) = text.find(|c: char| "=!<>~".contains(c) || c.is_whitespace()) else {
        let key = SelectorKey::parse(text)?;
        existence(&key)?;
        return built(key, SelectorTest::Exists);
    };
    let key = SelectorKey::parse(&text[..at])?;
    let rest = text[at..].trim_start();
    if let SelectorKey::Addon(_) = key {
        return Err(format!(
            "`{}`: an add-on is on or not; write `addon.NAME` or `!addon.NAME`",
            excerpt(text, 80)
        ));
    }
    for (word, is_in) in [("in", true), ("notin", false)] {
        let list = rest.strip_prefix(word).map(str::trim_start);
        if let Some(list) = list.filter(|list| list.starts_with('(')) {
            let list = list.strip_prefix('(').and_then(|it| it.strip_suffix(')'));
            let values = list.ok_or_else(|| format!("nothing may follow the list of `{word}`"))?;
            let values = values.split(',').map(|it| value(&key, it));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            return built(
                key,
                if is_in {
                    SelectorTest::In(values)
                } else {
                    SelectorTest::NotIn(values)
                },
            );
        }
    }
    for (op, order) in [
        ("!=", None),
        (">=", Some((Ordering::Greater, true))),
        ("<=", Some((Ordering::Less, true))),
        ("==", None),
        ("=", None),
        (">", Some((Ordering::Greater, false))),
        ("<", Some((Ordering::Less, false))),
        ("~", None),
    ] {
        let Some(asked) = rest.strip_prefix(op) else {
            continue;
        };
        let asked = value(&key, asked)?;
        let test = match (op, order) {
            (_, Some((order, same))) => {
                if matches!(key, SelectorKey::Name | SelectorKey::Provider) {
                    return Err(format!(
                        "{} has no order, so `{op}` says nothing",
                        key.describe()
                    ));
                }
                let version = Version::parse(&asked).ok_or_else(|| {
                    format!("`{}` is no version such as 1.32", excerpt(&asked, 60))
                })?;
                SelectorTest::Order(order, same, version)
            }
            ("!=", _) => SelectorTest::NotIn(vec![asked]),
            ("~", _) => SelectorTest::Contains(asked),
            _ => SelectorTest::In(vec![asked]),
        };
        return built(key, test);
    }
    Err(format!(
        "behind `{}` stands no operator: = != > >= < <= ~ in (a,b) notin (a,b)",
        excerpt(&text[..at], 80)
    ))
}

/// Only of what need not be there it can be asked whether it is: `kubernetes` alone is what is left
/// of `kubernetes>1.32` where a shell took the rest for a file.
fn existence(key: &SelectorKey) -> Result<(), String> {
    match key {
        SelectorKey::Tag(_) | SelectorKey::Addon(_) => Ok(()),
        _ => Err(format!(
            "every cluster has {}; if a comparison stood here, a shell took `>` or `<`: quote the selector",
            key.describe()
        )),
    }
}

/// A value, trimmed and out of its quotes.
fn value(key: &SelectorKey, text: &str) -> Result<String, String> {
    let text = text.trim();
    let inner = text
        .strip_prefix('"')
        .and_then(|it| it.strip_suffix('"'))
        .filter(|_| text.len() > 1);
    let value = inner.unwrap_or(text);
    if value.is_empty() && inner.is_none() {
        return Err(format!("{} is compared with nothing", key.describe()));
    }
    if value.contains('"') || (inner.is_none() && value.starts_with(['=', '<', '>', '~', '!'])) {
        return Err(format!("`{}` is no value", excerpt(text, 80)));
    }
    if *key == SelectorKey::Kubernetes && Version::parse(value).is_none() {
        return Err(format!(
            "`{}` is no version such as 1.32",
            excerpt(value, 60)
        ));
    }
    Ok(value.to_owned())
}

/// Two terms, or one, that hold together for no cluster, as far as that can be seen from them.
fn contradiction(terms: &[SelectorTerm]) -> Option<(&str, &str)> {
    terms.iter().enumerate().find_map(|(at, one)| {
        let others = terms[at + 1..].iter().filter(|it| it.key == one.key);
        others
            .filter(|other| excludes(one, other) || excludes(other, one))
            .map(|other| (one.text.as_str(), other.text.as_str()))
            .next()
    })
}

fn excludes(one: &SelectorTerm, other: &SelectorTerm) -> bool {
    match (&one.test, &other.test) {
        (
            SelectorTest::Absent,
            SelectorTest::Exists
            | SelectorTest::In(_)
            | SelectorTest::Contains(_)
            | SelectorTest::Order(..),
        ) => true,
        (SelectorTest::In(values), test) if !values.iter().any(|it| is_pattern(it)) => match test {
            // A version may stand for all that begin with it: either way round.
            SelectorTest::In(others) => !values.iter().any(|a| {
                others
                    .iter()
                    .any(|b| is_pattern(b) || one.key.is(a, b) || one.key.is(b, a))
            }),
            SelectorTest::NotIn(others) => values
                .iter()
                .all(|a| others.iter().any(|b| one.key.is(a, b))),
            _ => false,
        },
        (
            SelectorTest::Order(Ordering::Greater, ge, low),
            SelectorTest::Order(Ordering::Less, le, high),
        ) => match low.to(high) {
            Ordering::Greater => true,
            Ordering::Equal => !(*ge && *le) && low.0.len() <= high.0.len(),
            Ordering::Less => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cluster(name: &str) -> Cluster {
        Cluster::new(json!({
            "kind": "mk8s", "name": name,
            "tags": {"team": "blue", "tier": 3, "cpln/managedByTerraform": "true", "gone": null},
            "spec": {
                "version": "1.32.4",
                "provider": {"hetzner": {}},
                "addOns": {"awsECR": {}, "metrics": null, "mine": {}},
            },
        }))
    }

    #[test]
    fn each_term_holds_or_not() {
        let prod = cluster("prod-eu");
        for (text, holds) in [
            ("tag.team=blue", true),
            ("tag.team==blue", true),
            ("tag.team = blue", true),
            ("tag.team=\"blue\"", true),
            ("tag.team=red", false),
            ("tag.team!=red", true),
            ("tag.team!=blue", false),
            ("tag.nobody!=red", true),
            ("tag.team", true),
            ("!tag.team", false),
            ("!tag.gone", true),
            ("tag.tier=3", true),
            ("tag.tier>=3", true),
            ("tag.tier>3", false),
            ("tag.cpln/managedByTerraform=true", true),
            ("tag.team in (red, blue)", true),
            ("tag.team in (red)", false),
            ("tag.team notin (red)", true),
            ("tag.team~lu", true),
            ("provider=hetzner", true),
            ("provider!=hetzner", false),
            ("provider in (aws,hetzner)", true),
            ("kubernetes=1.32", true),
            ("kubernetes=1.32.4", true),
            ("kubernetes=1.3", false),
            ("kubernetes>1.32", false),
            ("kubernetes>=1.32", true),
            ("kubernetes<=1.32", true),
            ("kubernetes>1.9", true),
            ("kubernetes<1.33", true),
            ("kubernetes!=1.32", false),
            ("addon.aws-ecr", true),
            ("addon.awsECR", true),
            ("!addon.metrics", true),
            ("addon.mine", true),
            ("name=prod-*", true),
            ("name~eu", true),
            (
                "tag.team=blue,provider=hetzner,kubernetes>=1.32,addon.aws-ecr,!addon.metrics",
                true,
            ),
            ("tag.team=blue,provider=aws", false),
        ] {
            let selector = Selector::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(selector.matches(&prod), holds, "{text}");
        }
    }

    #[test]
    fn what_says_nothing_is_refused() {
        for (text, reason) in [
            ("", "it is empty; --all means every cluster"),
            ("tag.team=blue,", "a part between two commas is empty"),
            ("kubernetes", "a shell took `>` or `<`"),
            ("!provider", "every cluster has the provider"),
            ("team=blue", "`team` is nothing that a cluster is chosen by"),
            ("tag.=x", "`tag.` is nothing"),
            ("tag.team=", "the tag `team` is compared with nothing"),
            ("tag.team in ()", "the tag `team` is compared with nothing"),
            ("tag.team in (a", "a parenthesis is not closed"),
            ("tag.team in (a) b", "nothing may follow the list"),
            ("tag.team blue", "stands no operator"),
            ("kubernetes>=new", "`new` is no version"),
            ("provider>aws", "has no order"),
            ("addon.aws-ecr=on", "an add-on is on or not"),
            ("!addon.aws-erc", "is `addon.aws-ecr` meant?"),
            ("provider=aws,provider=gcp", "hold together for no cluster"),
            (
                "addon.metrics,!addon.metrics",
                "hold together for no cluster",
            ),
            ("tag.a=1,tag.a!=1", "hold together for no cluster"),
            (
                "kubernetes>1.33,kubernetes<1.32",
                "hold together for no cluster",
            ),
            (
                "kubernetes=1.31,kubernetes=1.32",
                "hold together for no cluster",
            ),
            ("tag.a=\"b", "a quotation is not closed"),
        ] {
            let error = Selector::parse(text).expect_err(text);
            assert_eq!(error.kind, crate::error::Kind::Usage, "{text}");
            assert!(error.to_string().contains(reason), "{text}: {error}");
        }
        for fine in [
            "kubernetes=1.32,kubernetes=1.32.4",
            "kubernetes>=1.30,kubernetes<=1.30",
            "name=prod-*,name=*-eu",
            "tag.a,tag.a!=1",
        ] {
            assert!(Selector::parse(fine).is_ok(), "{fine}");
        }
    }

    #[test]
    fn what_is_there_instead_is_named_nearest_first() {
        let clusters = [cluster("a"), cluster("b")];
        let why = |text: &str| Selector::parse(text).unwrap().why_nothing(&clusters);
        assert_eq!(
            why("tag.team=blu,provider=hetzner"),
            ["`tag.team=blu` holds for no cluster; the tag `team` is blue"]
        );
        assert_eq!(
            why("tag.nobody=x"),
            ["`tag.nobody=x` holds for no cluster: none has the tag `nobody`"]
        );
        let number = Cluster::new(json!({"name": "c", "spec": {"version": 1.3}}));
        assert_eq!(
            Selector::parse("kubernetes>=1.29")
                .unwrap()
                .why_nothing(&[number]),
            [
                "`kubernetes>=1.29` holds for no cluster; spec.version of `c` is the number 1.3: \
              in quotes it is a version"
            ]
        );
        assert_eq!(
            why("addon.metrics"),
            ["`addon.metrics` holds for no cluster"]
        );
    }

    #[test]
    fn the_server_is_asked_what_it_understands_alone() {
        let query = |text: &str| Selector::parse(text).unwrap().query();
        assert_eq!(
            query("tag.team=blue,kubernetes>=1.32,tag.x,!tag.y"),
            Some(json!({"match": "all", "terms": [
                {"op": "=", "tag": "team", "value": "blue"},
                {"op": "exists", "tag": "x"},
            ]}))
        );
        assert_eq!(query("kubernetes>=1.32,tag.tier=3"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[a-z.=!<>~(),\" *?1-9]{0,40}") {
            if let Ok(selector) = Selector::parse(&text) {
                let _ = selector.matches(&cluster("prod"));
                let _ = selector.why_nothing(&[cluster("prod")]);
            }
        }
    }
}
