//! Faults: what goes wrong between a client and a real server, on demand.
//!
//! Pure: parsing and choosing. `reply` carries a fault out. The grammar, as text or through
//! `POST /_sandbox/faults`:
//!
//! ```text
//! KIND[=VALUE][,PARAMETER[=VALUE]]…
//! ```
//!
//! | kind | what the client sees |
//! |---|---|
//! | `cut` | the connection closes without an answer |
//! | `stall` | nothing, ever |
//! | `noise` | bytes that are not HTTP |
//! | `truncate` | the true head, half of the true body, then the end of the connection |
//! | `drip[=GAP]` | the true answer, byte by byte, with a gap (default 20ms) between them |
//! | `delay=TIME` | the true answer, later |
//! | `garble` | 200 and `application/json`, but control characters and half a document |
//! | `html[=STATUS]` | a proxy's sign-in page, with 200 or the status |
//! | `flood=SIZE` | 200 and a JSON string of that many bytes (`k`, `m` and `g` count) |
//! | `redirect=URL` | 307 to the address |
//! | `status=CODE` | an error in the platform's form |
//! | `throttle` | 429 as it is for too many requests, with `Retry-After: 1` |
//! | `quota` | 429 as it is for a quota that is used up |
//! | `race` | the true answer, after another writer has changed the cluster just before |
//! | `issuer=DEFECT` | documents of an issuer with a defect: `other` or `slash` (another `issuer` in it, or one with a slash at its end), `no-keys`, `other-keys`, `same-ids`, `hs256`, `http-keys` |
//! | `certificate=DEFECT` | a certificate of an issuer that is `expired`, `expiring`, `unknown` (not of the sandbox's root), `incomplete` (without the intermediate), `other-host`, or good on a server that speaks only `tls13` |
//!
//! Parameters: `on=METHOD[|METHOD…][:PATH-END]` (`*` is any method; default: every request),
//! `times=N` and `skip=N` (counted over the requests that `on` matches; default: every one of
//! them), `after` (do the work first, then fail; with `delay`: wait afterwards), and for the error
//! answers `code=TEXT`, `retry-after=SECONDS`, `message=TEXT` or `body=TEXT`, of which the last two
//! take the rest of the line. Of several faults that match, the first one counts; delays and races
//! come on top, and so do the defects of issuers. A certificate is shown before there is a request:
//! `on` says nothing there, and `times` and `skip` count connections. `/_sandbox/` itself never
//! fails.

use super::defect::{Certificate, DISCOVERY, Defect, KEYS};
use std::str::FromStr;
use std::time::Duration;

/// One thing that goes wrong; see the module for the grammar of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    text: String,
    pub(super) kind: FaultKind,
    methods: Vec<String>,
    path_end: String,
    times: Option<u64>,
    skip: u64,
    /// Whether the request is worked on before it fails.
    pub(super) after: bool,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FaultKind {
    Cut,
    Stall,
    Noise,
    Truncate,
    Drip(Duration),
    Delay(Duration),
    Garble,
    Html(u16),
    Flood(u64),
    Redirect(String),
    Status(Failing),
    Race,
    Issuer(Defect),
    Certificate(Certificate),
}

/// An answer in place of the true one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failing {
    pub(super) status: u16,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) retry_after: Option<u64>,
    /// Sent as it stands instead of an error in the platform's form.
    pub(super) body: Option<String>,
}

impl Failing {
    fn new(status: u16) -> Self {
        Self {
            status,
            code: None,
            message: None,
            retry_after: None,
            body: None,
        }
    }
}

impl Fault {
    /// The text that it was made from.
    #[cfg(test)]
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        let fits = match self.kind {
            FaultKind::Certificate(_) => false,
            FaultKind::Issuer(_) => [DISCOVERY, KEYS].iter().any(|page| path.ends_with(page)),
            _ => true,
        };
        fits && (self.methods.is_empty() || self.methods.iter().any(|one| one == method))
            && path.ends_with(&self.path_end)
    }

    /// Counts what it matches, and says whether it strikes this time.
    fn due(&self, seen: &mut u64) -> bool {
        let nth = *seen;
        *seen += 1;
        nth >= self.skip && self.times.is_none_or(|times| nth - self.skip < times)
    }

    /// Whether the true answer is needed, so that the work is done in any case.
    pub(super) fn needs_work(&self) -> bool {
        self.after || matches!(self.kind, FaultKind::Truncate | FaultKind::Drip(_))
    }
}

impl FromStr for Fault {
    type Err = String;

    /// The error is the reason alone; the caller names the text.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Parts { rest: Some(text) };
        let (name, value) = parts.next().unwrap_or_default();
        let mut fault = Self {
            kind: parse_kind(name, value)?,
            text: text.to_owned(),
            methods: Vec::new(),
            path_end: String::new(),
            times: None,
            skip: 0,
            after: false,
        };
        for (name, value) in parts {
            match (name, value) {
                ("after", None) => fault.after = true,
                ("on", Some(value)) => {
                    let (methods, path_end) = value.split_once(':').unwrap_or((value, ""));
                    fault.methods = methods
                        .split('|')
                        .filter(|method| *method != "*")
                        .map(str::to_ascii_uppercase)
                        .collect();
                    path_end.clone_into(&mut fault.path_end);
                }
                ("times", Some(value)) => fault.times = Some(number(value)?),
                ("skip", Some(value)) => fault.skip = number(value)?,
                (name, value) => {
                    let FaultKind::Status(failing) = &mut fault.kind else {
                        return Err(format!("`{name}` is not a parameter of this fault"));
                    };
                    failing.set(name, value)?;
                }
            }
        }
        Ok(fault)
    }
}

impl Failing {
    fn set(&mut self, name: &str, value: Option<&str>) -> Result<(), String> {
        match (name, value) {
            ("code", Some(value)) => self.code = Some(value.to_owned()),
            ("message", Some(value)) => self.message = Some(value.to_owned()),
            ("body", Some(value)) => self.body = Some(value.to_owned()),
            ("retry-after", Some(value)) => self.retry_after = Some(number(value)?),
            _ => return Err(format!("`{name}` is not a parameter of this fault")),
        }
        Ok(())
    }
}

/// The parts of a fault's text; `message=` and `body=` take the rest.
struct Parts<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for Parts<'a> {
    type Item = (&'a str, Option<&'a str>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let takes_all = rest.starts_with("message=") || rest.starts_with("body=");
        let part = match rest.split_once(',') {
            Some((part, rest)) if !takes_all => {
                self.rest = Some(rest);
                part
            }
            _ => rest,
        };
        Some(match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value)),
            None => (part.trim(), None),
        })
    }
}

fn parse_kind(name: &str, value: Option<&str>) -> Result<FaultKind, String> {
    Ok(match (name, value) {
        ("cut", None) => FaultKind::Cut,
        ("stall", None) => FaultKind::Stall,
        ("noise", None) => FaultKind::Noise,
        ("truncate", None) => FaultKind::Truncate,
        ("garble", None) => FaultKind::Garble,
        ("race", None) => FaultKind::Race,
        ("drip", None) => FaultKind::Drip(Duration::from_millis(20)),
        ("drip", Some(value)) => FaultKind::Drip(duration(value)?),
        ("delay", Some(value)) => FaultKind::Delay(duration(value)?),
        ("html", None) => FaultKind::Html(200),
        ("html", Some(value)) => FaultKind::Html(status(value)?),
        ("flood", Some(value)) => FaultKind::Flood(size(value)?),
        ("redirect", Some(value)) if is_header(value) => FaultKind::Redirect(value.to_owned()),
        ("redirect", Some(_)) => return Err("the address is not visible ASCII".to_owned()),
        ("status", Some(value)) => FaultKind::Status(Failing::new(status(value)?)),
        ("throttle", None) => FaultKind::Status(Failing {
            message: Some("too many requests".to_owned()),
            retry_after: Some(1),
            ..Failing::new(429)
        }),
        ("quota", None) => FaultKind::Status(Failing {
            code: Some("QUOTA_EXCEEDED".to_owned()),
            message: Some("quota exceeded: the org has used up its quota of mk8s".to_owned()),
            ..Failing::new(429)
        }),
        ("issuer", Some(value)) => FaultKind::Issuer(Defect::parse(value)?),
        ("certificate", Some(value)) => FaultKind::Certificate(Certificate::parse(value)?),
        ("delay" | "flood" | "redirect" | "status" | "issuer" | "certificate", None) => {
            return Err(format!("`{name}` needs a value, as in `{name}=…`"));
        }
        (
            "cut" | "stall" | "noise" | "truncate" | "garble" | "race" | "throttle" | "quota",
            Some(_),
        ) => {
            return Err(format!("`{name}` takes no value"));
        }
        _ => {
            return Err(
                "the kind is none of cut, stall, noise, truncate, drip, delay, garble, \
                        html, flood, redirect, status, throttle, quota, race, issuer, \
                        certificate"
                    .to_owned(),
            );
        }
    })
}

fn is_header(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

fn number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a number"))
}

fn status(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(code @ 200..=599) => Ok(code),
        _ => Err(format!("`{text}` is not a status from 200 to 599")),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let (digits, unit) = split_unit(text);
    let amount = number(digits)?;
    match unit {
        "ms" => Ok(Duration::from_millis(amount)),
        "" | "s" => Ok(Duration::from_secs(amount)),
        "m" => Ok(Duration::from_secs(amount.saturating_mul(60))),
        _ => Err(format!("`{text}` is not a time such as 500ms, 2s or 1m")),
    }
}

fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = split_unit(text);
    let factor = match unit {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => return Err(format!("`{text}` is not a size such as 500k or 64m")),
    };
    Ok(number(digits)?.saturating_mul(factor))
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// The faults of a sandbox and how often each has matched.
#[derive(Debug, Default)]
pub(super) struct Faults {
    armed: Vec<(Fault, u64)>,
}

/// What is to go wrong with one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct RequestFaults {
    pub(super) delay_before: Duration,
    pub(super) delay_after: Duration,
    pub(super) race: bool,
    /// What is wrong with an issuer's documents.
    pub(super) defect: Option<Defect>,
    /// The main fault.
    pub(super) fault: Option<Fault>,
    /// Texts of all of them, for the log.
    pub(super) names: Vec<String>,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.armed.push((fault, 0));
    }

    pub(super) fn clear(&mut self) {
        self.armed.clear();
    }

    /// Each fault's text and the number of requests that it has matched.
    pub(super) fn list(&self) -> impl Iterator<Item = (&str, u64)> {
        self.armed
            .iter()
            .map(|(fault, seen)| (fault.text.as_str(), *seen))
    }

    /// Counts the request and says what goes wrong with it.
    pub(super) fn choose(&mut self, method: &str, path: &str) -> RequestFaults {
        let mut chosen = RequestFaults::default();
        for (fault, seen) in &mut self.armed {
            if !fault.matches(method, path) {
                continue;
            }
            if !fault.due(seen) {
                continue;
            }
            match &fault.kind {
                FaultKind::Delay(time) if fault.after => chosen.delay_after += *time,
                FaultKind::Delay(time) => chosen.delay_before += *time,
                FaultKind::Race => chosen.race = true,
                FaultKind::Issuer(_) if chosen.defect.is_some() => continue,
                FaultKind::Issuer(defect) => chosen.defect = Some(*defect),
                _ if chosen.fault.is_some() => continue,
                _ => chosen.fault = Some(fault.clone()),
            }
            chosen.names.push(fault.text.clone());
        }
        chosen
    }

    /// Counts the connection to an issuer and says which certificate it is shown.
    pub(super) fn certificate(&mut self) -> Certificate {
        for (fault, seen) in &mut self.armed {
            if let FaultKind::Certificate(certificate) = fault.kind
                && fault.due(seen)
            {
                return certificate;
            }
        }
        Certificate::Good
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_parses() {
        for (text, kind) in [
            ("cut", FaultKind::Cut),
            ("stall", FaultKind::Stall),
            ("noise", FaultKind::Noise),
            ("truncate", FaultKind::Truncate),
            ("drip", FaultKind::Drip(Duration::from_millis(20))),
            ("drip=1ms", FaultKind::Drip(Duration::from_millis(1))),
            ("delay=2s", FaultKind::Delay(Duration::from_secs(2))),
            ("delay=2", FaultKind::Delay(Duration::from_secs(2))),
            ("delay=1m", FaultKind::Delay(Duration::from_mins(1))),
            ("garble", FaultKind::Garble),
            ("html", FaultKind::Html(200)),
            ("html=502", FaultKind::Html(502)),
            ("flood=2k", FaultKind::Flood(2048)),
            (
                "redirect=http://127.0.0.1:1/x",
                FaultKind::Redirect("http://127.0.0.1:1/x".to_owned()),
            ),
            ("status=503", FaultKind::Status(Failing::new(503))),
            (
                "status=400,code=C,retry-after=2,message=a, b=c",
                FaultKind::Status(Failing {
                    code: Some("C".to_owned()),
                    retry_after: Some(2),
                    message: Some("a, b=c".to_owned()),
                    ..Failing::new(400)
                }),
            ),
            (
                "status=200,body=[1,",
                FaultKind::Status(Failing {
                    body: Some("[1,".to_owned()),
                    ..Failing::new(200)
                }),
            ),
            ("race", FaultKind::Race),
            ("issuer=slash", FaultKind::Issuer(Defect::Slash)),
            (
                "certificate=expired",
                FaultKind::Certificate(Certificate::Expired),
            ),
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.kind, kind, "{text}");
            assert_eq!(fault.as_str(), text);
        }
        let quota: Fault = "quota".parse().unwrap();
        assert!(matches!(quota.kind, FaultKind::Status(failing)
            if failing.status == 429 && failing.message.as_deref().unwrap().contains("quota")));
    }

    #[test]
    fn a_bad_text_says_why() {
        for (text, want) in [
            ("", "the kind is none of"),
            ("explode", "the kind is none of"),
            ("cut=1", "`cut` takes no value"),
            ("status", "`status` needs a value"),
            ("status=99", "`99` is not a status"),
            ("status=x", "`x` is not a status"),
            ("issuer", "`issuer` needs a value"),
            ("issuer=x", "`x` is none of other, slash"),
            ("certificate=x", "`x` is none of expired"),
            ("delay=5h", "`5h` is not a time"),
            ("delay=", "`` is not a number"),
            ("flood=1t", "`1t` is not a size"),
            ("cut,times=x", "`x` is not a number"),
            ("cut,code=X", "`code` is not a parameter"),
            ("cut,after=1", "`after` is not a parameter"),
            ("status=500,colour=red", "`colour` is not a parameter"),
            ("redirect=a b", "the address is not visible ASCII"),
        ] {
            let error = text.parse::<Fault>().unwrap_err();
            assert!(error.starts_with(want), "{text}: {error}");
        }
    }

    /// The texts of the faults chosen for a list of requests.
    fn chosen(specs: &[&str], requests: &[(&str, &str)]) -> Vec<String> {
        let mut faults = Faults::default();
        for spec in specs {
            faults.add(spec.parse().unwrap());
        }
        requests
            .iter()
            .map(|(method, path)| faults.choose(method, path).names.join(" "))
            .collect()
    }

    #[test]
    fn matchers_count_what_they_match() {
        let requests = [
            ("GET", "/org/a/mk8s/x"),
            ("PATCH", "/org/a/mk8s/x"),
            ("PATCH", "/org/a/mk8s/y"),
            ("PUT", "/org/a/mk8s"),
        ];
        for (specs, want) in [
            (vec!["cut"], ["cut", "cut", "cut", "cut"]),
            (vec!["cut,times=1"], ["cut,times=1", "", "", ""]),
            (
                vec!["cut,on=PATCH,skip=1,times=1"],
                ["", "", "cut,on=PATCH,skip=1,times=1", ""],
            ),
            (
                vec!["cut,on=patch|put:mk8s"],
                ["", "", "", "cut,on=patch|put:mk8s"],
            ),
            (vec!["cut,on=*:/x"], ["cut,on=*:/x", "cut,on=*:/x", "", ""]),
            (
                vec!["cut,times=1", "stall,times=2"],
                ["cut,times=1", "stall,times=2", "", ""],
            ),
            (
                vec!["delay=1s,on=GET", "race,on=GET", "cut,on=GET"],
                ["delay=1s,on=GET race,on=GET cut,on=GET", "", "", ""],
            ),
        ] {
            assert_eq!(chosen(&specs, &requests), want, "{specs:?}");
        }
    }

    #[test]
    fn a_delay_stands_before_or_after_the_work() {
        let mut faults = Faults::default();
        for spec in ["delay=1s", "delay=2s,after", "truncate"] {
            faults.add(spec.parse().unwrap());
        }
        let got = faults.choose("GET", "/");
        assert_eq!(got.delay_before, Duration::from_secs(1));
        assert_eq!(got.delay_after, Duration::from_secs(2));
        assert!(got.fault.unwrap().needs_work());
        assert!(!"cut".parse::<Fault>().unwrap().needs_work());
        assert!("cut,after".parse::<Fault>().unwrap().needs_work());
    }
}
