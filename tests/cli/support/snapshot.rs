//! Snapshots of what a command says, with what differs from run to run replaced.

use super::env::Env;

/// The filters of a test's environment.
pub(crate) fn filters(env: &Env) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    let root = regex_escape(env.root().to_str().unwrap());
    settings.add_filter(&format!("{root}/work"), "[WORK]");
    settings.add_filter(&format!("{root}/home"), "[HOME]");
    settings.add_filter(&root, "[TEMP]");
    settings.add_filter(&regex_escape(env!("CARGO_PKG_VERSION")), "[VERSION]");
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]");
    settings.add_filter(r"request [0-9a-f][0-9a-f-]{7,}", "request [ID]");
    settings.add_filter(r"Mk8sEcr[0-9a-f]{10}", "Mk8sEcr[HASH]");
    settings.add_filter(r"-\d{8}T\d{6}Z", "-[TIME]");
    settings.add_filter(r"\d{8}-\d{6}-[0-9a-f]{4}", "[RUN]");
    settings.set_omit_expression(true);
    settings
}

fn regex_escape(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let escape = !character.is_ascii_alphanumeric() && character != '/';
            escape.then_some('\\').into_iter().chain([character])
        })
        .collect()
}

/// Compares exit code, stdout and stderr with an inline snapshot.
macro_rules! snapshot {
    ($env:expr, $run:expr, @$expected:literal) => {{
        let run = $run;
        $crate::support::filters(&$env).bind(|| insta::assert_snapshot!(run, @$expected));
    }};
}
pub(crate) use snapshot;
