//! Dates and time stamps without quotes, which `cpln` sends in a form of its own.
//!
//! Follows JavaScript's calendar, also where it is lenient; pure arithmetic, no clock.

/// A date (`2024-01-31`) or time stamp as `cpln` sends it: in UTC with milliseconds.
pub(super) fn time(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let year: i64 = text.get(..4)?.parse().ok()?;
    let mut reader = TimeReader {
        text: text.get(5..)?,
    };
    let (month, month_digits) = reader.digits(2)?;
    reader.literal('-')?;
    let (day, day_digits) = reader.digits(2)?;
    if reader.text.is_empty() {
        let whole = month_digits == 2 && day_digits == 2;
        return whole.then(|| stamp(year, month, day, 0));
    }
    let blank = reader.text.trim_start_matches([' ', '\t']);
    reader.text = if blank.len() < reader.text.len() {
        blank
    } else {
        reader.text.strip_prefix(['T', 't'])?
    };
    let (hour, _) = reader.digits(2)?;
    reader.literal(':')?;
    let (minute, 2) = reader.digits(2)? else {
        return None;
    };
    reader.literal(':')?;
    let (second, 2) = reader.digits(2)? else {
        return None;
    };
    let mut millis = ((hour * 60 + minute) * 60 + second) * 1000;
    if let Some(rest) = reader.text.strip_prefix('.') {
        let end = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let fraction: String = format!("{:0<3}", &rest[..end]).chars().take(3).collect();
        millis += fraction.parse::<i64>().ok()?;
        reader.text = &rest[end..];
    }
    reader.text = reader.text.trim_start_matches([' ', '\t']);
    if let Some(rest) = reader.text.strip_prefix('Z') {
        reader.text = rest;
    } else if let Some(sign) = reader
        .text
        .chars()
        .next()
        .filter(|c| matches!(c, '+' | '-'))
    {
        reader.text = &reader.text[1..];
        let (hours, _) = reader.digits(2)?;
        let mut offset = hours * 60;
        if reader.literal(':').is_some() {
            let (minutes, 2) = reader.digits(2)? else {
                return None;
            };
            offset += minutes;
        }
        millis -= offset * 60_000 * if sign == '-' { -1 } else { 1 };
    }
    reader
        .text
        .is_empty()
        .then(|| stamp(year, month, day, millis))
}

struct TimeReader<'a> {
    text: &'a str,
}

impl TimeReader<'_> {
    /// One to `most` digits: their value and number.
    fn digits(&mut self, most: usize) -> Option<(i64, usize)> {
        let count = self
            .text
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        let value = self.text[..count].parse().ok()?;
        self.text = &self.text[count..];
        Some((value, count))
    }

    fn literal(&mut self, expected: char) -> Option<()> {
        self.text = self.text.strip_prefix(expected)?;
        Some(())
    }
}

/// JavaScript's `Date.UTC`, which lets a 13th month run over into the next year, in ISO form.
fn stamp(year: i64, month: i64, day: i64, millis: i64) -> String {
    let months = year * 12 + month - 1;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    // Days since 1970 of the civil calendar, with years that begin in March.
    let shifted = if month <= 2 { year - 1 } else { year };
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5;
    let days = shifted.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100
        + of_year
        + (day - 1)
        - 719_468;
    let total = days * 86_400_000 + millis;
    let (days, millis) = (total.div_euclid(86_400_000), total.rem_euclid(86_400_000));
    let era_day = days + 719_468;
    let (era, day_of_era) = (era_day.div_euclid(146_097), era_day.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        millis / 3_600_000,
        millis / 60_000 % 60,
        millis / 1000 % 60,
        millis % 1000
    )
}
