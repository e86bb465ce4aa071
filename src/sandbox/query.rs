//! `POST -query`: which clusters match, and in what order. Pure.
//!
//! A term without an operator is `=`; a query without terms is everything. Values are compared as
//! numbers when both are numbers, otherwise as text, because clients send booleans as text.

use super::answer::Refusal;
use serde_json::{Value, json};
use std::cmp::Ordering;

/// A parsed query.
#[derive(Debug, Clone)]
pub(super) struct Query {
    combine: Combine,
    terms: Vec<QueryTerm>,
    sort: Option<QueryOrder>,
    /// Whether only links to the clusters are wanted.
    links_only: bool,
}

#[derive(Debug, Clone, Copy)]
enum Combine {
    All,
    Any,
    None,
}

#[derive(Debug, Clone)]
struct QueryTerm {
    subject: QuerySubject,
    op: QueryOperator,
    value: Value,
}

#[derive(Debug, Clone)]
enum QuerySubject {
    Tag(String),
    Property(String),
    Rel(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QueryOperator {
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Contains,
    Exists,
    NotExists,
}

#[derive(Debug, Clone)]
struct QueryOrder {
    by: String,
    descending: bool,
}

impl Query {
    /// Reads the body of a request; `None` is an empty body.
    pub(super) fn parse(body: Option<&Value>) -> Result<Self, Refusal> {
        let empty = json!({});
        let body = body.unwrap_or(&empty);
        if !body.is_object() {
            return Err(Refusal::bad_request("\"query\" must be of type object"));
        }
        if body
            .get("kind")
            .is_some_and(|kind| kind != crate::cluster::KIND)
        {
            return Err(Refusal::bad_request("\"kind\" must be mk8s"));
        }
        let links_only = match body.get("fetch").and_then(Value::as_str) {
            None | Some("items") => false,
            Some("links") => true,
            Some(_) => {
                return Err(Refusal::bad_request(
                    "\"fetch\" must be one of [items, links]",
                ));
            }
        };
        let spec = body.get("spec").unwrap_or(&empty);
        let combine = match spec.get("match").and_then(Value::as_str) {
            None | Some("all") => Combine::All,
            Some("any") => Combine::Any,
            Some("none") => Combine::None,
            Some(_) => {
                return Err(Refusal::bad_request(
                    "\"spec.match\" must be one of [all, any, none]",
                ));
            }
        };
        let terms = match spec.get("terms") {
            None => Vec::new(),
            Some(Value::Array(terms)) => terms
                .iter()
                .enumerate()
                .map(|(n, term)| QueryTerm::parse(n, term))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(Refusal::bad_request("\"spec.terms\" must be an array")),
        };
        let sort = match spec.get("sort") {
            None => None,
            Some(sort) => Some(QueryOrder {
                by: sort
                    .get("by")
                    .and_then(Value::as_str)
                    .ok_or_else(|| Refusal::bad_request("\"spec.sort.by\" is required"))?
                    .to_owned(),
                descending: sort.get("order").is_some_and(|order| order == "desc"),
            }),
        };
        Ok(Self {
            combine,
            terms,
            sort,
            links_only,
        })
    }

    /// The clusters that match, sorted, in the form that was asked for.
    pub(super) fn select(&self, clusters: Vec<Value>) -> Vec<Value> {
        let mut found: Vec<Value> = clusters
            .into_iter()
            .filter(|cluster| self.matches(cluster))
            .collect();
        if let Some(sort) = &self.sort {
            found.sort_by(|a, b| {
                let order = match (first(a, &sort.by), first(b, &sort.by)) {
                    (Some(a), Some(b)) => compare(a, b),
                    (a, b) => a.is_some().cmp(&b.is_some()),
                };
                if sort.descending {
                    order.reverse()
                } else {
                    order
                }
            });
        }
        if self.links_only {
            for cluster in &mut found {
                *cluster = json!({"kind": cluster["kind"], "name": cluster["name"], "links": cluster["links"]});
            }
        }
        found
    }

    fn matches(&self, cluster: &Value) -> bool {
        let mut each = self.terms.iter().map(|term| term.holds(cluster));
        match self.combine {
            _ if self.terms.is_empty() => true,
            Combine::All => each.all(|holds| holds),
            Combine::Any => each.any(|holds| holds),
            Combine::None => !each.any(|holds| holds),
        }
    }
}

impl QueryTerm {
    fn parse(n: usize, term: &Value) -> Result<Self, Refusal> {
        let text = |field: &str| term.get(field).and_then(Value::as_str).map(str::to_owned);
        let subject = match (text("tag"), text("property"), text("rel")) {
            (Some(tag), None, None) => QuerySubject::Tag(tag),
            (None, Some(property), None) => QuerySubject::Property(property),
            (None, None, Some(rel)) => QuerySubject::Rel(rel),
            _ => {
                return Err(Refusal::bad_request(format!(
                    "\"spec.terms[{n}]\" must contain exactly one of [tag, property, rel]"
                )));
            }
        };
        let op = match text("op").as_deref() {
            None | Some("=") => QueryOperator::Equal,
            Some("!=") => QueryOperator::NotEqual,
            Some(">") => QueryOperator::Greater,
            Some(">=") => QueryOperator::GreaterEqual,
            Some("<") => QueryOperator::Less,
            Some("<=") => QueryOperator::LessEqual,
            Some("~" | "=~" | "contains") => QueryOperator::Contains,
            Some("exists") => QueryOperator::Exists,
            Some("!exists") => QueryOperator::NotExists,
            Some(_) => {
                return Err(Refusal::bad_request(format!(
                    "\"spec.terms[{n}].op\" must be one of [=, >, >=, <, <=, !=, ~, exists, !exists]"
                )));
            }
        };
        let value = term.get("value").cloned();
        if value.is_none() && !matches!(op, QueryOperator::Exists | QueryOperator::NotExists) {
            return Err(Refusal::bad_request(format!(
                "\"spec.terms[{n}].value\" is required"
            )));
        }
        Ok(Self {
            subject,
            op,
            value: value.unwrap_or_default(),
        })
    }

    fn holds(&self, cluster: &Value) -> bool {
        let found = self.subject.values(cluster);
        let any = |test: fn(Ordering) -> bool| {
            found.iter().any(|value| test(compare(value, &self.value)))
        };
        match self.op {
            QueryOperator::Exists => !found.is_empty(),
            QueryOperator::NotExists => found.is_empty(),
            QueryOperator::Equal => any(Ordering::is_eq),
            QueryOperator::NotEqual => !any(Ordering::is_eq),
            QueryOperator::Greater => any(Ordering::is_gt),
            QueryOperator::GreaterEqual => any(Ordering::is_ge),
            QueryOperator::Less => any(Ordering::is_lt),
            QueryOperator::LessEqual => any(Ordering::is_le),
            QueryOperator::Contains => found
                .iter()
                .any(|value| text(value).contains(&text(&self.value))),
        }
    }
}

impl QuerySubject {
    /// What the cluster has there; `null` is nothing.
    fn values<'a>(&self, cluster: &'a Value) -> Vec<&'a Value> {
        match self {
            Self::Tag(tag) => cluster
                .get("tags")
                .and_then(|tags| tags.get(tag))
                .into_iter()
                .collect(),
            Self::Property(path) => resolve(cluster, path),
            Self::Rel(rel) => cluster
                .get("links")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter(|link| link.get("rel").is_some_and(|found| found == rel.as_str()))
                .filter_map(|link| link.get("href"))
                .collect(),
        }
    }
}

fn first<'a>(cluster: &'a Value, path: &str) -> Option<&'a Value> {
    resolve(cluster, path).first().copied()
}

/// All values at a dotted path; every item of an array counts.
fn resolve<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![value];
    for part in path.split('.') {
        found = found
            .into_iter()
            .filter_map(|value| value.get(part))
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect(),
                other => vec![other],
            })
            .collect();
    }
    found.retain(|value| !value.is_null());
    found
}

fn compare(a: &Value, b: &Value) -> Ordering {
    let (a, b) = (text(a), text(b));
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        _ => a.cmp(&b),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters() -> Vec<Value> {
        vec![
            json!({"kind": "mk8s", "name": "prod", "version": 9, "tags": {"team": "a", "live": true},
                "spec": {"version": "1.33.5", "addOns": {"awsECR": {}},
                    "provider": {"aws": {"region": "eu-central-1", "nodePools": [{"name": "x"}, {"name": "y"}]}}},
                "links": [{"rel": "self", "href": "/org/acme/mk8s/prod"}]}),
            json!({"kind": "mk8s", "name": "dev", "version": 10, "tags": {"team": "b", "n": 5},
                "spec": {"version": "1.31.5", "provider": {"generic": {}}},
                "links": [{"rel": "self", "href": "/org/acme/mk8s/dev"}]}),
        ]
    }

    fn names(query: &Value) -> Vec<String> {
        Query::parse(Some(query))
            .unwrap()
            .select(clusters())
            .iter()
            .map(|cluster| cluster["name"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn each_operator() {
        for (term, want) in [
            (json!({"property": "name", "value": "dev"}), vec!["dev"]),
            (
                json!({"op": "!=", "tag": "team", "value": "a"}),
                vec!["dev"],
            ),
            (
                json!({"op": ">", "property": "version", "value": 9}),
                vec!["dev"],
            ),
            (
                json!({"op": ">=", "property": "version", "value": "9"}),
                vec!["prod", "dev"],
            ),
            (json!({"op": "<", "tag": "n", "value": 5}), vec![]),
            (json!({"op": "<=", "tag": "n", "value": 5}), vec!["dev"]),
            (
                json!({"op": "~", "property": "name", "value": "ro"}),
                vec!["prod"],
            ),
            (
                json!({"op": "exists", "property": "spec.addOns.awsECR"}),
                vec!["prod"],
            ),
            (
                json!({"op": "!exists", "property": "spec.addOns.awsECR"}),
                vec!["dev"],
            ),
            (
                json!({"op": "=", "tag": "live", "value": "true"}),
                vec!["prod"],
            ),
            (
                json!({"property": "spec.provider.aws.nodePools.name", "value": "y"}),
                vec!["prod"],
            ),
            (
                json!({"op": "~", "rel": "self", "value": "/dev"}),
                vec!["dev"],
            ),
        ] {
            assert_eq!(names(&json!({"spec": {"terms": [term]}})), want, "{term}");
        }
    }

    #[test]
    fn terms_combine_and_results_sort() {
        let terms = json!([{"tag": "team", "value": "a"}, {"property": "name", "value": "dev"}]);
        for (how, want) in [
            ("all", vec![]),
            ("any", vec!["prod", "dev"]),
            ("none", vec![]),
        ] {
            assert_eq!(
                names(&json!({"spec": {"match": how, "terms": terms}})),
                want
            );
        }
        assert_eq!(
            names(&json!({"spec": {"match": "none", "terms": []}})),
            ["prod", "dev"]
        );
        for (sort, want) in [
            (json!({"by": "name"}), ["dev", "prod"]),
            (json!({"by": "version", "order": "desc"}), ["dev", "prod"]),
            (
                json!({"by": "spec.version", "order": "asc"}),
                ["dev", "prod"],
            ),
        ] {
            assert_eq!(names(&json!({"spec": {"sort": sort}})), want);
        }
    }

    #[test]
    fn an_empty_body_is_everything_and_links_are_bare() {
        assert_eq!(Query::parse(None).unwrap().select(clusters()).len(), 2);
        let found = Query::parse(Some(&json!({"fetch": "links"})))
            .unwrap()
            .select(clusters());
        assert_eq!(
            found[0],
            json!({"kind": "mk8s", "name": "prod", "links": [{"rel": "self", "href": "/org/acme/mk8s/prod"}]})
        );
    }

    #[test]
    fn a_bad_query_names_its_field() {
        for (query, want) in [
            (json!([]), "\"query\""),
            (json!({"kind": "gvc"}), "\"kind\""),
            (json!({"fetch": "all"}), "\"fetch\""),
            (json!({"spec": {"match": "some"}}), "\"spec.match\""),
            (json!({"spec": {"terms": {}}}), "\"spec.terms\""),
            (
                json!({"spec": {"terms": [{"value": 1}]}}),
                "\"spec.terms[0]\"",
            ),
            (
                json!({"spec": {"terms": [{"tag": "a", "property": "b", "value": 1}]}}),
                "\"spec.terms[0]\"",
            ),
            (
                json!({"spec": {"terms": [{"op": "%", "tag": "a"}]}}),
                "\"spec.terms[0].op\"",
            ),
            (
                json!({"spec": {"terms": [{"tag": "a"}]}}),
                "\"spec.terms[0].value\"",
            ),
            (json!({"spec": {"sort": {}}}), "\"spec.sort.by\""),
        ] {
            let refusal = Query::parse(Some(&query)).unwrap_err();
            assert!(
                refusal.message.starts_with(want),
                "{query}: {}",
                refusal.message
            );
        }
    }
}
