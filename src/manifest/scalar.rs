//! What a plain scalar is: the value that `cpln` reads from its text.

use super::time::time;
use serde_json::{Number, Value};

/// What a plain scalar is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Number(f64),
    /// `.inf`, `.nan`: JSON has no such number, `cpln` sends `null`.
    NotFinite,
    /// A date or time, as `cpln` sends it.
    Time(String),
    Text,
}

/// JavaScript writes a whole number without a point.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked before the cast"
)]
pub(super) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9.2e18 {
        return Value::Number(Number::from(value as i64));
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// What a plain scalar is, read as `cpln` reads it.
pub(super) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Scalar::NotFinite,
        _ => {}
    }
    let Some(first) = text.bytes().next() else {
        return Scalar::Text;
    };
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return Scalar::Text;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Scalar::NotFinite;
    }
    if let Some(value) = integer(unsigned) {
        let negative = text.starts_with('-');
        return Scalar::Number(if negative { 0.0 - value } else { value });
    }
    if is_float(text) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Scalar::Number(value),
            _ => Scalar::Text,
        };
    }
    time(text).map_or(Scalar::Text, Scalar::Time)
}

fn integer(text: &str) -> Option<f64> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x', ..] => (&text[2..], 16),
        [b'0', b'o', ..] => (&text[2..], 8),
        [b'0', b'b', ..] => (&text[2..], 2),
        _ => (text, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    if radix == 10 {
        return digits.parse().ok().filter(|value: &f64| value.is_finite());
    }
    let value = digits.chars().fold(0.0, |sum, digit| {
        sum * f64::from(radix) + f64::from(digit.to_digit(radix).unwrap_or_default())
    });
    value.is_finite().then_some(value)
}

/// Digits with a point or an exponent; a sign is only read before a digit.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa_fits = digits(whole)
        && digits(fraction)
        && (!whole.is_empty() || (!fraction.is_empty() && unsigned.len() == text.len()));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_fits && exponent_fits && (exponent.is_some() || mantissa.contains('.'))
}
