//! The forms in which somebody may repeat a token, found and replaced in any text. Pure.
//!
//! Whoever was sent a token can send it back: as it came, cut, backwards, in base64, in hex or
//! percent-encoded. A piece of any of these forms that is long enough to matter is replaced. This is
//! a net, no proof: what is mixed with other characters is not found.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::collections::HashMap;
use std::fmt::Write as _;

/// A shorter token is no secret, and replacing it would garble the text.
const SHORTEST: usize = 8;
/// A piece of so many characters of a token is replaced …
const PIECE: usize = 16;
/// … and of a short token all but so many.
const SPARED: usize = 3;
/// By so many bytes a piece is looked up.
const GRAM: usize = 8;
/// A token that repeats itself is looked up by its first repetitions.
const PLACES: usize = 16;

/// The forms of one token.
pub(super) struct Forms {
    all: Vec<Form>,
    /// Where in the forms these bytes are.
    places: HashMap<[u8; GRAM], Vec<(usize, usize)>>,
    /// The length of the shortest piece of any form.
    least: usize,
    /// So much of the token's beginning is no secret by itself.
    public: usize,
}

struct Form {
    bytes: Vec<u8>,
    /// A piece of this length is replaced.
    least: usize,
}

impl Forms {
    /// Of a token whose beginning of `public` bytes, its id, may be shown by itself.
    pub(super) fn of(token: &str, public: usize) -> Self {
        let mut forms = Vec::new();
        let mut places: HashMap<_, Vec<_>> = HashMap::new();
        let mut least = usize::MAX;
        if token.len() >= SHORTEST {
            let piece = (token.len() - SPARED).clamp(SHORTEST, PIECE);
            for bytes in variants(token) {
                let needed = (piece * bytes.len()).div_ceil(token.len()).max(GRAM);
                if bytes.len() < needed {
                    continue;
                }
                for (at, gram) in bytes.windows(GRAM).enumerate() {
                    if let Ok(gram) = <[u8; GRAM]>::try_from(gram) {
                        let known = places.entry(gram).or_default();
                        if known.len() < PLACES {
                            known.push((forms.len(), at));
                        }
                    }
                }
                least = least.min(needed);
                forms.push(Form {
                    bytes,
                    least: needed,
                });
            }
        }
        Self {
            all: forms,
            places,
            least,
            public,
        }
    }

    /// The text with `***` for every piece of a form.
    pub(super) fn redact(&self, text: &str) -> String {
        if self.all.is_empty() {
            return text.to_owned();
        }
        let bytes = text.as_bytes();
        // A piece that counts holds a look-up at each of so many places in a row.
        let step = self.least - GRAM + 1;
        let mut out = String::new();
        let mut done = 0;
        let mut at = 0;
        while let Some(gram) = bytes.get(at..at + GRAM) {
            let Some((start, end)) = self.piece(bytes, at, gram) else {
                at += step;
                continue;
            };
            // The forms are ASCII, so that both are ends of characters.
            out.push_str(text.get(done..start.max(done)).unwrap_or_default());
            out.push_str("***");
            done = end;
            at = end;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }

    /// The longest piece of a form around the bytes at this place.
    fn piece(&self, text: &[u8], at: usize, gram: &[u8]) -> Option<(usize, usize)> {
        let places = self.places.get(gram)?;
        places
            .iter()
            .filter_map(|(form, place)| {
                let is_plain = *form == 0;
                let form = self.all.get(*form)?;
                let before = text[..at].iter().rev();
                let before = before.zip(form.bytes[..*place].iter().rev());
                let start = at - before.take_while(|(a, b)| a == b).count();
                let after = text[at..].iter().zip(&form.bytes[*place..]);
                let end = at + after.take_while(|(a, b)| a == b).count();
                let is_id = is_plain && place + (end - at) <= self.public;
                (end - start >= form.least && !is_id).then_some((start, end))
            })
            .max_by_key(|(start, end)| end - start)
    }
}

/// The token in every form, in ASCII.
fn variants(token: &str) -> Vec<Vec<u8>> {
    let mut all = vec![
        token.as_bytes().to_vec(),
        token.bytes().rev().collect::<Vec<u8>>(),
    ];
    // In base64 a text has three forms, by its place in what is encoded: `Bearer TOKEN` is another
    // than TOKEN. The characters that depend on what is around it are left out.
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(token.as_bytes());
        let whole = bytes.len() * 8 / 6;
        let from = (before * 8).div_ceil(6);
        for encoded in [
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
        ] {
            all.extend(
                encoded
                    .get(from..whole)
                    .map(|text| text.as_bytes().to_vec()),
            );
        }
    }
    let mut texts = [String::new(), String::new(), String::new(), String::new()];
    let mut escaped = [String::new(), String::new()];
    let [hex, upper_hex, percent, upper_percent] = &mut texts;
    let [some, some_upper] = &mut escaped;
    for byte in token.bytes() {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        let _ = write!(upper_hex, "{byte:02X}");
        let _ = write!(percent, "%{byte:02x}");
        let _ = write!(upper_percent, "%{byte:02X}");
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            some.push(char::from(byte));
            some_upper.push(char::from(byte));
        } else {
            let _ = write!(some, "%{byte:02x}");
            let _ = write!(some_upper, "%{byte:02X}");
        }
    }
    all.extend(texts.into_iter().chain(escaped).map(String::into_bytes));
    // Most are the same for most tokens.
    let mut seen = std::collections::HashSet::new();
    all.retain(|form| seen.insert(form.clone()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    const TOKEN: &str = "sABCDEF0123.YWNtZS5hY2NvdW50LnNlY3JldA+/=~x";

    fn redacted(token: &str, text: &str) -> String {
        Forms::of(token, 0).redact(text)
    }

    #[test]
    fn every_form_of_a_token_is_found_wherever_it_is() {
        let backwards: String = TOKEN.chars().rev().collect();
        let hex = TOKEN.bytes().fold(String::new(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        });
        let escaped = TOKEN
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        for form in [
            TOKEN.to_owned(),
            backwards,
            hex.to_uppercase(),
            hex,
            escaped,
        ] {
            for text in ["ü{}ü", "{}", "a{} b", "\"{}\"", "x=1&t={}&{}", "{}{}"] {
                let plain = text.replace("{}", &form);
                let found = redacted(TOKEN, &plain);
                assert!(found.contains("***"), "{plain}: {found}");
                assert!(!found.contains(&form[..20]), "{plain}: {found}");
                assert!(found.len() < 30, "{plain}: {found}");
            }
        }
        for length in 0..7 {
            let around = format!("{}{TOKEN}{}", "b".repeat(length), "c".repeat(length));
            let bearer = format!("{{\"authorization\":\"Bearer {TOKEN}\",\"n\":{length}}}");
            for whole in [around, bearer] {
                for text in [STANDARD.encode(&whole), URL_SAFE.encode(&whole)] {
                    let found = redacted(TOKEN, &text);
                    let left = text.len() - found.len() + 3;
                    assert!(left * 3 / 4 > TOKEN.len() - 4, "{text}: {found}");
                }
            }
        }
    }

    #[test]
    fn long_pieces_are_replaced_and_short_ones_are_not() {
        for from in 0..TOKEN.len() {
            for to in from + 1..=TOKEN.len() {
                let piece = &TOKEN[from..to];
                let found = redacted(TOKEN, &format!("<{piece}>"));
                let want = if piece.len() >= PIECE { "<***>" } else { "" };
                assert!(
                    found == want || want.is_empty() && found == format!("<{piece}>"),
                    "{piece}: {found}"
                );
            }
        }
        assert_eq!(redacted("very-secret", "a very-secre b"), "a *** b");
        assert_eq!(redacted("very-secret", "a very-sec b"), "a *** b");
        assert_eq!(redacted("very-secret", "a very-se b"), "a very-se b");
        assert_eq!(redacted("short", "a short token"), "a short token");
        let same = "x".repeat(60_000);
        assert_eq!(redacted(&same, &format!("<{same}>")), "<***>");
    }

    #[test]
    fn the_id_of_a_key_may_be_shown_and_nothing_more_of_it() {
        let id = "s0123456789abcdef01";
        let token = format!("{id}.YWNtZS5hY2NvdW50LnNlY3JldA");
        let forms = Forms::of(&token, id.len());
        assert_eq!(forms.redact(&format!("by {id} at")), format!("by {id} at"));
        assert_eq!(forms.redact(&format!("by {token} at")), "by *** at");
        assert_eq!(forms.redact(&token[..id.len() + 4]), "***");
        assert_eq!(forms.redact(&token[3..]), "***");
    }

    #[test]
    fn a_text_without_it_stays_as_it_is() {
        let text = "{\"name\": \"prod\", \"ü\": [\u{1F600}, 1]}\n".repeat(1000);
        assert_eq!(redacted(TOKEN, &text), text);
        assert_eq!(redacted(TOKEN, ""), "");
    }
}
