//! The source tree is what docs/architecture.md says it is: who uses whom, and how long a file is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Lines of code in a file: neither blank nor comments alone, without unit tests.
const LONGEST_FILE: usize = 500;

/// A source file of the program, without comments and unit tests.
struct Source {
    path: PathBuf,
    code: Vec<String>,
}

impl Source {
    /// The top-level module that it belongs to; `lib` and `main` belong to none.
    fn module(&self) -> String {
        let below = self.path.strip_prefix(root().join("src")).unwrap();
        let first = below.iter().next().unwrap().to_str().unwrap();
        first.trim_end_matches(".rs").to_owned()
    }

    fn text(&self) -> String {
        self.code.join("\n")
    }
}

/// Every source file but those that are compiled for tests alone.
fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    let mut tests: Vec<PathBuf> = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.next() {
            let attribute = line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(any(test");
            let declared = attribute.then(|| lines.next()).flatten();
            if let Some(name) = declared.and_then(module_in_a_file) {
                let beside = file.parent().unwrap();
                let folder = match file.file_stem().unwrap().to_str().unwrap() {
                    "mod" | "lib" | "main" => beside.to_owned(),
                    stem => beside.join(stem),
                };
                tests.push(folder.join(name));
            }
        }
    }
    files.retain(|file| {
        let is_test = |test: &PathBuf| file.starts_with(test) || *file == test.with_extension("rs");
        !tests.iter().any(is_test)
    });
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
            let code = text[..end]
                .lines()
                .filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//"))
                .map(str::to_owned)
                .collect();
            Source { path, code }
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

/// The name in `mod name;`, however visible it is.
fn module_in_a_file(line: &str) -> Option<&str> {
    let declared = match line.strip_prefix("pub") {
        Some(rest) => rest.strip_prefix("(crate)").unwrap_or(rest).trim_start(),
        None => line,
    };
    declared.strip_prefix("mod ")?.strip_suffix(';')
}

/// The modules of the first level, as the library declares them.
fn modules() -> BTreeSet<String> {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules: BTreeSet<String> = library
        .lines()
        .filter_map(module_in_a_file)
        .map(str::to_owned)
        .collect();
    assert!(modules.len() > 30, "{modules:?}");
    modules
}

/// The first names behind each `crate::`, those in braces one by one.
fn crate_names(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, word) in code.match_indices("crate::") {
        let rest = &code[at + word.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut begins = true;
            for (offset, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => begins = true,
                    _ if begins && depth == 1 && is_word(c) => {
                        names.push(word_at(&group[offset..]));
                        begins = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            names.push(word_at(rest));
        }
    }
    names
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word_at(text: &str) -> String {
    text.chars().take_while(|c| is_word(*c)).collect()
}

type Uses = BTreeMap<String, BTreeSet<String>>;

/// What each module uses of the others, from its `crate::` paths.
fn used() -> Uses {
    let modules = modules();
    let mut uses: Uses = modules
        .iter()
        .map(|name| (name.clone(), BTreeSet::new()))
        .collect();
    for source in sources() {
        let module = source.module();
        let Some(of) = uses.get_mut(&module) else {
            continue;
        };
        for name in crate_names(&source.text()) {
            if modules.contains(&name) && name != module {
                of.insert(name);
            }
        }
    }
    // They stand in the library for tests and fuzzing alone.
    uses.insert("fuzz".to_owned(), BTreeSet::new());
    uses
}

/// The table in docs/architecture.md: module, what it owns, what it may use.
fn allowed() -> Uses {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let mut rows = Uses::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        assert_eq!(
            cells.len(),
            3,
            "module, what it owns, what it may use: {line}"
        );
        let names = |cell: &str| -> BTreeSet<String> {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        };
        for module in names(cells[0]) {
            let earlier = rows.insert(module.clone(), names(cells[2]));
            assert!(earlier.is_none(), "{module} has two rows");
        }
    }
    rows
}

#[test]
fn every_module_has_a_row_and_uses_what_its_row_allows() {
    let (used, allowed) = (used(), allowed());
    let names = |uses: &Uses| -> Vec<String> { uses.keys().cloned().collect() };
    assert_eq!(
        names(&allowed),
        names(&used),
        "the rows of docs/architecture.md"
    );
    for (module, uses) in &used {
        assert_eq!(
            &allowed[module], uses,
            "what `{module}` may use (left, docs/architecture.md) and what it uses (right, src)"
        );
    }
}

#[test]
fn modules_depend_one_way() {
    let used = used();
    for module in used.keys() {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = used[module].iter().collect();
        while let Some(name) = next.pop() {
            assert_ne!(name, module, "`{module}` uses itself by way of {seen:?}");
            if seen.insert(name) {
                next.extend(&used[name]);
            }
        }
    }
}

#[test]
fn no_file_of_code_is_too_long() {
    let sources = sources();
    assert!(sources.len() > 100);
    for source in sources {
        let lines = source.code.len();
        let path = source.path.strip_prefix(root()).unwrap().display();
        assert!(
            lines <= LONGEST_FILE,
            "{path} has {lines} lines of code, more than {LONGEST_FILE}: split it by meaning"
        );
    }
}

#[test]
fn a_printed_command_is_a_value() {
    for source in sources() {
        let path = source.path.strip_prefix(root()).unwrap().display();
        for line in &source.code {
            // `mk8s {version}` and `mk8s "NAME" does not exist` are no commands.
            let verb = line.split("format!(\"mk8s ").nth(1);
            let is_command =
                verb.is_some_and(|verb| verb.starts_with(|c: char| c.is_ascii_lowercase()));
            assert!(
                !is_command,
                "{path} writes a command as text; see `invocation`: {line}"
            );
        }
    }
}

/// The name that a line declares a type under, if it does.
fn declared_type(line: &str) -> Option<&str> {
    let is_item = !line.starts_with(' ');
    let line = line.trim_start();
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.trim_start(),
        None => line,
    };
    let (word, rest) = line.split_once(' ')?;
    // The types that belong to a trait's implementation have the trait's names.
    let declares = matches!(word, "struct" | "enum" | "trait") || word == "type" && is_item;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    declares.then(|| &rest[..end.unwrap_or(rest.len())])
}

#[test]
fn no_type_name_stands_for_two_things() {
    let mut declared: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for source in sources() {
        for name in source.code.iter().filter_map(|line| declared_type(line)) {
            let places = declared.entry(name.to_owned()).or_default();
            places.push(source.path.clone());
        }
    }
    assert!(declared.len() > 400, "{}", declared.len());
    declared.retain(|_, places| places.len() > 1);
    assert!(declared.is_empty(), "{declared:#?}");
}
