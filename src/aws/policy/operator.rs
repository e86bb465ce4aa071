//! Condition operators: whether one holds for what is known of a key. Pure.
//!
//! A key that is absent meets negated operators, `…IfExists` and `ForAllValues:`, and no other;
//! `ForAnyValue:` never, whatever else the operator says.

use super::answer::Allowed;
use super::facts::{Fact, Facts};
use super::pattern::{Pattern, PatternReading};
use crate::aws::normal::OperatorParts;
use std::cmp::Ordering;
use std::net::IpAddr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How values are compared, apart from whether that is negated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    AnyCase,
    Like,
    Arn,
    Number(OrderTest),
    Date(OrderTest),
    Bool,
    Binary,
    Address,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OrderTest {
    Same,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl OrderTest {
    fn holds(self, found: Ordering) -> bool {
        match self {
            Self::Same => found == Ordering::Equal,
            Self::Less => found == Ordering::Less,
            Self::AtMost => found != Ordering::Greater,
            Self::More => found == Ordering::Greater,
            Self::AtLeast => found != Ordering::Less,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "equals" => Self::Same,
            "lessthan" => Self::Less,
            "lessthanequals" => Self::AtMost,
            "greaterthan" => Self::More,
            "greaterthanequals" => Self::AtLeast,
            _ => return None,
        })
    }
}

/// The comparison of an operator in lower case, and whether it is negated.
fn comparison(operator: &str) -> Option<(Comparison, bool)> {
    let plain = |comparison| Some((comparison, false));
    let not = |comparison| Some((comparison, true));
    match operator {
        "stringequals" => plain(Comparison::Equal),
        "stringnotequals" => not(Comparison::Equal),
        "stringequalsignorecase" => plain(Comparison::AnyCase),
        "stringnotequalsignorecase" => not(Comparison::AnyCase),
        "stringlike" => plain(Comparison::Like),
        "stringnotlike" => not(Comparison::Like),
        "arnequals" | "arnlike" => plain(Comparison::Arn),
        "arnnotequals" | "arnnotlike" => not(Comparison::Arn),
        "bool" => plain(Comparison::Bool),
        "binaryequals" => plain(Comparison::Binary),
        "ipaddress" => plain(Comparison::Address),
        "notipaddress" => not(Comparison::Address),
        "numericnotequals" => not(Comparison::Number(OrderTest::Same)),
        "datenotequals" => not(Comparison::Date(OrderTest::Same)),
        _ => {
            let number = operator.strip_prefix("numeric").and_then(OrderTest::named);
            let date = operator.strip_prefix("date").and_then(OrderTest::named);
            number
                .map(Comparison::Number)
                .or(date.map(Comparison::Date))
                .map(|comparison| (comparison, false))
        }
    }
}

/// Whether a condition is met.
pub(super) fn holds(
    test: &OperatorParts,
    key: &str,
    values: &[String],
    facts: &Facts,
    variables: bool,
) -> Allowed {
    let fact = facts.get(key);
    let unknown = || Allowed::on(&key.to_ascii_lowercase());
    if test.operator == "null" && test.quantifier.is_empty() && !test.if_exists {
        return match fact {
            Fact::Unknown => unknown(),
            fact => exists(values, !matches!(fact, Fact::Absent)),
        };
    }
    let known_quantifier = ["", "forallvalues", "foranyvalue"].contains(&test.quantifier.as_str());
    let (Some((comparison, negated)), true) = (comparison(&test.operator), known_quantifier) else {
        return Allowed::on(&format!("the operator {}", test.describe()));
    };
    let found = match fact {
        Fact::Unknown => return unknown(),
        Fact::Is(found) if !found.is_empty() => found,
        _ => {
            return Allowed::from(match test.quantifier.as_str() {
                "foranyvalue" => false,
                "forallvalues" => true,
                _ => negated || test.if_exists,
            });
        }
    };
    let one = |found: &String| {
        let alike = values
            .iter()
            .map(|value| compare(comparison, value, found, facts, variables));
        let alike = Allowed::any(alike);
        if negated { !alike } else { alike }
    };
    let each = found.iter().map(one);
    match (test.quantifier.as_str(), negated) {
        ("forallvalues", _) | ("", true) => Allowed::all(each),
        _ => Allowed::any(each),
    }
}

/// `Null`: `true` asks that the key is absent, `false` that it is there.
fn exists(values: &[String], there: bool) -> Allowed {
    let wanted = |value: &String| match value.to_ascii_lowercase().as_str() {
        "true" => !there,
        "false" => there,
        _ => false,
    };
    Allowed::from(values.iter().any(wanted))
}

/// Whether a value of the policy means a value of the request.
fn compare(
    comparison: Comparison,
    wanted: &str,
    found: &str,
    facts: &Facts,
    variables: bool,
) -> Allowed {
    let pattern = |wild| {
        let variables = variables.then_some(facts);
        Pattern::read(wanted, PatternReading { wild, variables })
    };
    let met = match comparison {
        Comparison::Equal => pattern(false).map(|it| it.matches(found)),
        Comparison::AnyCase => pattern(false).map(|it| it.matches_any_case(found)),
        Comparison::Like => pattern(true).map(|it| it.matches(found)),
        Comparison::Arn => pattern(true).map(|it| it.matches_arn(found, false)),
        Comparison::Number(order) => Ok(numbers(order, wanted, found)),
        Comparison::Date(order) => Ok(dates(order, wanted, found)),
        Comparison::Bool => Ok(booleans(wanted, found)),
        Comparison::Binary => Ok(wanted == found),
        Comparison::Address => Ok(in_network(wanted, found)),
    };
    match met {
        Ok(met) => Allowed::from(met),
        Err(key) => Allowed::on(&key),
    }
}

fn booleans(wanted: &str, found: &str) -> bool {
    ["true", "false"]
        .iter()
        .any(|it| wanted.eq_ignore_ascii_case(it) && found.eq_ignore_ascii_case(it))
}

fn numbers(order: OrderTest, wanted: &str, found: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok().filter(|it| it.is_finite());
    let (Some(wanted), Some(found)) = (number(wanted), number(found)) else {
        return false;
    };
    found.partial_cmp(&wanted).is_some_and(|it| order.holds(it))
}

fn dates(order: OrderTest, wanted: &str, found: &str) -> bool {
    let (Some(wanted), Some(found)) = (date(wanted), date(found)) else {
        return false;
    };
    order.holds(found.cmp(&wanted))
}

/// A date of ISO 8601, whole or only its day, or seconds since 1970.
fn date(text: &str) -> Option<OffsetDateTime> {
    if let Ok(seconds) = text.parse::<i64>() {
        return OffsetDateTime::from_unix_timestamp(seconds).ok();
    }
    let (day, time) = text.split_once('T').unwrap_or((text, "00:00"));
    let at = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, offset) = time.split_at(at);
    let seconds = if clock.matches(':').count() == 1 {
        ":00"
    } else {
        ""
    };
    let offset = if offset.is_empty() { "Z" } else { offset };
    OffsetDateTime::parse(&format!("{day}T{clock}{seconds}{offset}"), &Rfc3339).ok()
}

/// Whether an address is in a network, such as `10.0.0.0/8`; a bare address is a network of one.
fn in_network(network: &str, address: &str) -> bool {
    let (base, length) = match network.split_once('/') {
        Some((base, length)) => (base, length.parse::<u32>().ok()),
        None => (network, Some(u32::MAX)),
    };
    let (Ok(base), Ok(address), Some(length)) = (base.parse(), address.parse(), length) else {
        return false;
    };
    let (base, address, bits): (u128, u128, u32) = match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            (u32::from(base).into(), u32::from(address).into(), 32)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => (base.into(), address.into(), 128),
        _ => return false,
    };
    if length != u32::MAX && length > bits {
        return false;
    }
    let dropped = bits.saturating_sub(length);
    // All of 128 bits cannot be shifted out.
    dropped == 128 || base >> dropped == address >> dropped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::normal::Statement;
    use serde_json::{Value, json};

    const UNKNOWN: &str = "aws:sourceip";

    fn facts() -> Facts {
        Facts::new(Fact::Unknown)
            .is("s", "abc")
            .is("n", "10")
            .is("d", "2026-11-27T12:00:00Z")
            .is("b", "true")
            .is("ip", "10.1.2.3")
            .is("ip6", "2001:db8::1")
            .is("arn", "arn:aws:iam::111122223333:role/team/x")
            .with("many", Fact::Is(vec!["a".to_owned(), "b".to_owned()]))
            .with("gone", Fact::Absent)
    }

    fn of(operator: &str, key: &str, value: &Value) -> Allowed {
        let view = Statement::new(&json!({"Condition": {operator: {key: value}}}));
        let condition = view.conditions.first().unwrap();
        let values: Vec<String> = condition.values.iter().cloned().collect();
        holds(&condition.test, key, &values, &facts(), true)
    }

    #[test]
    fn each_operator_holds_where_the_reference_says_so() {
        for (operator, key, value, yes) in [
            ("StringEquals", "s", json!("abc"), true),
            ("StringEquals", "s", json!("ABC"), false),
            ("StringEquals", "s", json!("a*"), false),
            ("StringEquals", "s", json!([]), false),
            ("StringNotEquals", "s", json!(["abc", "x"]), false),
            ("StringNotEquals", "s", json!([]), true),
            ("StringEqualsIgnoreCase", "s", json!("aBC"), true),
            ("StringNotEqualsIgnoreCase", "s", json!("aBC"), false),
            ("StringLike", "s", json!("a?*"), true),
            ("StringLike", "s", json!("A*"), false),
            ("StringNotLike", "s", json!("a*"), false),
            ("StringNotLike", "s", json!("b*"), true),
            ("NumericEquals", "n", json!("10.0"), true),
            ("NumericEquals", "n", json!(10), true),
            ("NumericNotEquals", "n", json!("10"), false),
            ("NumericNotEquals", "n", json!("x"), true),
            ("NumericLessThan", "n", json!("11"), true),
            ("NumericLessThan", "n", json!("10"), false),
            ("NumericLessThanEquals", "n", json!("10"), true),
            ("NumericGreaterThan", "n", json!("10"), false),
            ("NumericGreaterThanEquals", "n", json!("10"), true),
            ("NumericEquals", "s", json!("10"), false),
            ("DateEquals", "d", json!("2026-11-27T13:00:00+01:00"), true),
            ("DateNotEquals", "d", json!("2026-11-27T12:00:00Z"), false),
            ("DateLessThan", "d", json!("2026-11-28"), true),
            (
                "DateLessThanEquals",
                "d",
                json!("2026-11-27T12:00:00"),
                true,
            ),
            ("DateGreaterThan", "d", json!("0"), true),
            (
                "DateGreaterThanEquals",
                "d",
                json!("2026-11-27T12:00Z"),
                true,
            ),
            ("DateGreaterThan", "d", json!("yesterday"), false),
            ("Bool", "b", json!(true), true),
            ("Bool", "b", json!("TRUE"), true),
            ("Bool", "b", json!("false"), false),
            ("Bool", "s", json!("abc"), false),
            ("BinaryEquals", "s", json!("abc"), true),
            ("IpAddress", "ip", json!("10.0.0.0/8"), true),
            ("IpAddress", "ip", json!("10.1.2.3"), true),
            ("IpAddress", "ip", json!("0.0.0.0/0"), true),
            ("IpAddress", "ip", json!("::/0"), false),
            ("IpAddress", "ip6", json!("2001:db8::/32"), true),
            ("IpAddress", "ip6", json!("::/0"), true),
            ("IpAddress", "ip", json!("10.1.2.4/31"), false),
            ("IpAddress", "ip", json!("10.0.0.0/33"), false),
            ("NotIpAddress", "ip", json!("10.0.0.0/8"), false),
            ("ArnLike", "arn", json!("arn:aws:iam::*:role/*"), true),
            ("ArnEquals", "arn", json!("arn:aws:iam::*:role/*"), true),
            ("ArnLike", "arn", json!("arn:*:role/team/x"), false),
            ("ArnNotLike", "arn", json!("arn:aws:iam::*:role/*"), false),
            ("ArnNotEquals", "arn", json!("arn:aws:iam::1:role/*"), true),
            ("Null", "s", json!("false"), true),
            ("Null", "s", json!(true), false),
            ("Null", "gone", json!(true), true),
            ("StringEquals", "gone", json!("x"), false),
            ("StringNotEquals", "gone", json!("x"), true),
            ("StringEqualsIfExists", "gone", json!("x"), true),
            ("NumericLessThanIfExists", "gone", json!("1"), true),
            ("BoolIfExists", "b", json!("false"), false),
            ("NotIpAddress", "gone", json!("10.0.0.0/8"), true),
            ("ForAllValues:StringEquals", "gone", json!("x"), true),
            ("ForAnyValue:StringEquals", "gone", json!("x"), false),
            ("ForAnyValue:StringNotEquals", "gone", json!("x"), false),
            (
                "ForAnyValue:StringEqualsIfExists",
                "gone",
                json!("x"),
                false,
            ),
            ("ForAllValues:StringEquals", "many", json!("a"), false),
            (
                "ForAllValues:StringEquals",
                "many",
                json!(["a", "b", "c"]),
                true,
            ),
            ("ForAnyValue:StringEquals", "many", json!("a"), true),
            ("ForAnyValue:StringNotEquals", "many", json!("a"), true),
            ("ForAllValues:StringNotEquals", "many", json!("a"), false),
            ("ForAllValues:StringNotLike", "many", json!("x*"), true),
        ] {
            let wanted = Allowed::from(yes);
            assert_eq!(
                of(operator, key, &value),
                wanted,
                "{operator} {key} {value}"
            );
            let lower = operator.to_lowercase();
            assert_eq!(of(&lower, key, &value), wanted, "{lower} {key} {value}");
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        for (operator, key, on) in [
            ("StringEquals", "aws:SourceIp", UNKNOWN),
            ("Null", "aws:SourceIp", UNKNOWN),
            ("ForAllValues:StringLike", "aws:SourceIp", UNKNOWN),
            ("BoolIfExists", "aws:SourceIp", UNKNOWN),
            ("Odd", "s", "the operator Odd"),
            ("NullIfExists", "s", "the operator NullIfExists"),
            (
                "ForSome:StringEquals",
                "s",
                "the operator ForSome:StringEquals",
            ),
        ] {
            assert_eq!(
                of(operator, key, &json!("x")),
                Allowed::on(on),
                "{operator}"
            );
        }
        let variable = json!("${aws:SourceIp}");
        for operator in ["StringEquals", "StringNotLike", "ArnLike"] {
            assert_eq!(
                of(operator, "s", &variable),
                Allowed::on(UNKNOWN),
                "{operator}"
            );
        }
        assert_eq!(
            of("StringEquals", "s", &json!(["abc", "${gone}"])),
            Allowed::Yes
        );
        // Only texts have variables.
        assert_eq!(of("NumericEquals", "n", &variable), Allowed::No);
    }
}
