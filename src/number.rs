//! Numbers of JSON. Pure.

use serde_json::Number;

/// Whether two numbers mean the same: 1.0 is 1. Integers are compared as such, as two that are far from
/// zero may be one as floating-point numbers.
pub(crate) fn same(a: &Number, b: &Number) -> bool {
    let is_integer = |number: &Number| number.is_i64() || number.is_u64();
    a == b || !(is_integer(a) && is_integer(b)) && a.as_f64() == b.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_compared_to_the_last_digit() {
        let number = |text: &str| text.parse::<Number>().unwrap();
        for (a, b, expected) in [
            ("1", "1.0", true),
            ("1e3", "1000", true),
            ("0", "-0.0", true),
            ("9007199254740993", "9007199254740992", false),
            ("18446744073709551615", "18446744073709551614", false),
            ("1.5", "1", false),
        ] {
            assert_eq!(same(&number(a), &number(b)), expected, "{a} {b}");
        }
    }
}
