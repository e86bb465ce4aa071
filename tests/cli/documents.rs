//! What the help, the README and the docs show must be true: commands parse, links lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages of the root, and everything below docs/.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = walkdir::WalkDir::new(root().join("docs"))
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    for page in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        pages.push(root().join(page));
    }
    pages
}

/// The command lines of a text that start with `mk8s`: with a `$` anywhere, without one only where
/// a fence holds shell code.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut shell = false;
    let joined = text.replace("\\\n", " ");
    for line in joined.lines() {
        let line = line.trim();
        if let Some(language) = line.strip_prefix("```") {
            shell = matches!(language, "sh" | "bash" | "shell" | "yaml");
            continue;
        }
        if let Some(command) = line.strip_prefix("$ ") {
            found.extend(parts(command));
        } else if shell {
            found.extend(parts(line.strip_prefix("- run: ").unwrap_or(line)));
        }
    }
    found
}

/// The calls of `mk8s` in one line of shell.
fn parts(line: &str) -> Vec<String> {
    line.split(['|', ';', '&'])
        .map(str::trim)
        .filter(|part| *part == "mk8s" || part.starts_with("mk8s "))
        .map(str::to_owned)
        .collect()
}

/// Words as a shell splits them, for the plain quoting that documents use; a comment and a
/// redirection end the command.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in command.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '>' | '<') if word.as_deref().is_none_or(is_number) => {
                word = None;
                break;
            }
            (None, ' ') => words.extend(word.take()),
            (Some(_) | None, _) => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// The number of a redirected stream, as in `2>/dev/null`.
fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

#[track_caller]
fn parses(command: &str, place: &str) {
    let words = words(command).into_iter().map(Into::into);
    if let Err(error) = mk8s::cli::matches(words) {
        assert!(
            !error.use_stderr(),
            "{place}: `{command}` does not parse\n{error}"
        );
    }
}

fn helps(command: &mut clap::Command, path: &str, found: &mut Vec<(String, String)>) {
    let path = format!("{path} {}", command.get_name());
    found.push((path.clone(), command.render_long_help().to_string()));
    for child in command.get_subcommands_mut() {
        helps(child, &path, found);
    }
}

#[test]
fn every_example_in_the_help_parses_and_every_command_has_one() {
    let mut command = mk8s::cli::command();
    command.build();
    let mut found = Vec::new();
    helps(&mut command, "", &mut found);
    assert!(found.len() > 15, "{found:?}");
    for (path, help) in found {
        let examples = commands(&help);
        for example in &examples {
            parses(example, &path);
        }
        let group = help.contains("\nCommands:\n");
        let trivial = path.ends_with(" version") || path.ends_with(" help");
        assert!(
            group || trivial || !examples.is_empty(),
            "{path} --help has no example"
        );
    }
}

#[test]
fn every_command_in_the_documents_parses() {
    let mut count = 0;
    for page in pages() {
        let text =
            fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        for command in commands(&text) {
            parses(&command, &page.display().to_string());
            count += 1;
        }
    }
    assert!(count > 10, "only {count} commands were found");
}

/// The lines of a page that are no code in a fence.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

/// Where the links of a page lead to.
fn links(text: &str) -> Vec<&str> {
    prose(text)
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split(')').next())
        .collect()
}

/// The anchors of a page's headings, as GitHub and the site make them.
fn anchors(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in prose(text) {
        let Some((_, heading)) = line
            .split_once("# ")
            .filter(|(mark, _)| mark.bytes().all(|byte| byte == b'#'))
        else {
            continue;
        };
        let anchor: String = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        assert!(!found.contains(&anchor), "two headings are {anchor}");
        found.push(anchor);
    }
    found
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut count = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in links(&text) {
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => page.clone(),
                _ => page.parent().unwrap().join(file),
            };
            assert!(path.exists(), "{} links to {target}", page.display());
            if !anchor.is_empty() {
                let headings = anchors(&fs::read_to_string(&path).unwrap());
                assert!(
                    headings.iter().any(|it| it == anchor),
                    "{} links to {target}, and there are {headings:?}",
                    page.display()
                );
                count += 1;
            }
        }
    }
    assert!(count > 50, "only {count} anchors were found");
}

/// The site has its navigation from that list (`scripts/docs_hooks.py`).
#[test]
fn every_page_is_in_the_list_of_all_pages() {
    let docs = root().join("docs");
    let index = fs::read_to_string(docs.join("index.md")).unwrap();
    let (_, list) = index.split_once("\n## All pages\n").unwrap();
    let listed: Vec<PathBuf> = links(list).into_iter().map(|it| docs.join(it)).collect();
    for page in pages() {
        let is_of_the_book = page.starts_with(&docs) && page != docs.join("index.md");
        assert!(
            !is_of_the_book || listed.contains(&page),
            "{} is not in docs/index.md",
            page.display()
        );
    }
}

/// The words of a text that are in backticks and have the form of a test's name.
fn test_names(text: &str) -> Vec<&str> {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.contains("::") && word.split("::").all(part))
        .collect()
}

/// Why there is no test of the name that `cargo test` prints: of the library, or of `tests/cli`.
fn missing(name: &str) -> Option<String> {
    let (module, function) = name.rsplit_once("::")?;
    // A module of tests stands in the file that it tests, or in one of its own.
    let inline = module.strip_suffix("::tests").map(|outer| (outer, true));
    let places = [Some((module, false)), inline];
    let mut read = false;
    for (module, inline) in places.into_iter().flatten() {
        let module = module.replace("::", "/");
        for folder in ["src", "tests/cli"] {
            for file in [format!("{module}.rs"), format!("{module}/mod.rs")] {
                let Ok(text) = fs::read_to_string(root().join(folder).join(file)) else {
                    continue;
                };
                // What is below `mod tests {` is not printed as of the module itself.
                let inner = ["\nmod tests {", "\npub(crate) mod tests {"]
                    .into_iter()
                    .find_map(|start| text.find(start))
                    .unwrap_or(text.len());
                let part = if inline {
                    &text[inner..]
                } else {
                    &text[..inner]
                };
                read = true;
                if has_test(part, function) {
                    return None;
                }
            }
        }
    }
    Some(if read {
        format!("`{name}`: no test of its file is called {function}")
    } else {
        format!("`{name}`: there is no file of {module}")
    })
}

/// Whether a function of that name is marked as a test, with other attributes in between or not.
fn has_test(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let start = |line: &&str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ")
            .and_then(|rest| rest.strip_prefix(function))
            .is_some_and(|rest| rest.starts_with('('))
    };
    lines.iter().enumerate().any(|(number, line)| {
        start(line)
            && lines[..number]
                .iter()
                .rev()
                .take_while(|line| !line.is_empty() && **line != "}")
                .any(|line| {
                    ["#[test]", "#[tokio::test"]
                        .iter()
                        .any(|mark| line.starts_with(mark))
                })
    })
}

#[test]
fn every_claim_about_security_names_the_test_that_holds_it() {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let mut claims = 0;
    let mut wrong = Vec::new();
    let (held, not_defended) = page.split_once("\n## Not defended\n").unwrap();
    for section in held.split("\n## ").skip(1) {
        let title = section.lines().next().unwrap_or_default();
        let bullets: Vec<&str> = section.split("\n- ").skip(1).collect();
        assert!(!bullets.is_empty(), "{title} claims nothing");
        for bullet in bullets {
            // A paragraph behind the list claims nothing that a test holds.
            let bullet = bullet.split("\n\n").next().unwrap_or_default();
            let names = test_names(bullet);
            if names.is_empty() {
                wrong.push(format!("{title}: no test holds: {bullet}"));
            }
            wrong.extend(names.into_iter().filter_map(missing));
            claims += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(claims > 30, "only {claims} claims were found");
    assert_eq!(test_names(not_defended), Vec::<&str>::new());
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    let here = "documents::a_test_that_is_not_there_is_missed";
    assert_eq!(missing(here), None);
    assert_eq!(
        missing("manifest::second::tests::other_ends_of_lines_make_another_document"),
        None
    );
    assert_eq!(
        missing("aws::properties::foreign_statements_stay_byte_for_byte"),
        None
    );
    for name in [
        "documents::missing",
        "documents::a_test_that_is_not_there",
        "documents::tests::a_test_that_is_not_there_is_missed",
        "manifest::second::other_ends_of_lines_make_another_document",
        "nowhere::a_test_that_is_not_there_is_missed",
    ] {
        assert!(missing(name).is_some(), "{name}");
    }
    assert_eq!(
        test_names("see `a::b`, `A::b`, `mk8s check` and c::d"),
        ["a::b"]
    );
}
