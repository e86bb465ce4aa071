//! The Debian package: made of the binary under test, looked at, installed, used and removed.

use crate::support::{Cmd, Env, installed, of_debian};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What reads or packs a hundred megabytes beside other tests takes its time.
const LONG: Duration = Duration::from_mins(5);

/// Every file below a folder, from there.
fn files(root: &Path) -> Vec<String> {
    fn below(folder: &Path, root: &Path, all: &mut Vec<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().unwrap().is_dir() {
                below(&entry.path(), root, all);
            } else {
                let path = entry.path();
                all.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    let mut all = Vec::new();
    below(root, root, &mut all);
    all.sort();
    all
}

/// The package, made anew.
fn package(env: &Env, folder: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/package");
    let folder = env.path(folder);
    let made = env
        .program(&script, &[Path::new(env!("CARGO_BIN_EXE_mk8s")), &folder])
        .with("DPKG_DEB_COMPRESSOR_TYPE", "gzip")
        .with("DPKG_DEB_COMPRESSOR_LEVEL", "1")
        .limit(LONG)
        .run()
        .ok();
    PathBuf::from(made.stdout.trim_end())
}

/// dpkg in a root of its own, as anybody.
fn dpkg(env: &Env, root: &Path, words: &[&str]) -> Cmd {
    let root = format!("--root={}", root.display());
    let mut all = vec![root.as_str(), "--force-not-root"];
    all.extend(words);
    let path = std::env::var("PATH").unwrap();
    env.program(&of_debian("dpkg"), &all)
        .with("PATH", &format!("{path}:/usr/sbin:/sbin"))
}

#[test]
fn the_package_is_installed_used_and_removed_without_a_trace() {
    let env = Env::new();
    let package = package(&env, "out");
    let root = env.path("root");
    for folder in ["var/lib/dpkg/updates", "var/lib/dpkg/info"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
    let deb = package.to_str().unwrap();
    // Of what it depends on nothing is in there.
    dpkg(&env, &root, &["--force-depends", "-i", deb])
        .run()
        .ok();
    dpkg(&env, &root, &["-s", "mk8s"])
        .run()
        .ok()
        .out("Status: install ok installed");
    // Nothing that was packed is missing or other.
    dpkg(&env, &root, &["--verify", "mk8s"]).run().ok().silent();

    let program = root.join("usr/bin/mk8s");
    env.program(&program, &["version"])
        .run()
        .ok()
        .out("mk8s 0.1.0");
    env.program(&root.join("usr/bin/kubectl-mk8s"), &["-h"])
        .run()
        .ok()
        .out("Usage: kubectl mk8s");
    let pages = root.join("usr/share/man/man1");
    let page = |name: &str| pages.join(format!("{name}.1.gz"));
    for name in [
        "mk8s",
        "kubectl-mk8s",
        "mk8s-addon-enable",
        "mk8s-aws-setup",
    ] {
        let run = env.program(
            &of_debian("mandoc"),
            &[Path::new("-T"), Path::new("utf8"), &page(name)],
        );
        run.run().ok().out("mk8s");
    }
    // The shell finds the completions where bash-completion looks for them, and they find the program.
    let line = "COMP_LINE='mk8s addon en' COMP_POINT=13 COMP_WORDS=(mk8s addon en) COMP_CWORD=2; \
                . \"$ROOT/usr/share/bash-completion/completions/mk8s\"; \
                $(complete -p mk8s | sed 's/.*-F \\([^ ]*\\) .*/\\1/') mk8s en addon; echo \"${COMPREPLY[@]}\"";
    let path = format!(
        "{}:{}",
        root.join("usr/bin").display(),
        std::env::var("PATH").unwrap()
    );
    env.program(&of_debian("bash"), &["--norc", "-c", line])
        .with("ROOT", root.to_str().unwrap())
        .with("PATH", &path)
        .run()
        .ok()
        .out("enable");

    dpkg(&env, &root, &["--purge", "mk8s"]).run().ok();
    let left: Vec<String> = files(&root)
        .into_iter()
        .filter(|file| !file.starts_with("var/"))
        .collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn the_package_has_no_error_and_is_made_the_same_again() {
    let env = Env::new();
    let (one, two) = (package(&env, "one"), package(&env, "two"));
    assert!(fs::read(&one).unwrap() == fs::read(two).unwrap());
    let lintian = of_debian("lintian");
    let mut run = env.program(
        &lintian,
        &[Path::new("--fail-on"), Path::new("error"), &one],
    );
    if lintian.starts_with(installed("debian")) {
        let root = installed("debian");
        let folder = |path: &str| root.join(path).display().to_string();
        let mut perl = vec![folder("usr/share/perl5")];
        for versions in fs::read_dir(root.join("usr/lib")).unwrap().flatten() {
            let found = fs::read_dir(versions.path().join("perl5"))
                .into_iter()
                .flatten();
            perl.extend(found.flatten().map(|it| it.path().display().to_string()));
        }
        let library = std::env::consts::ARCH.to_owned() + "-linux-gnu";
        let path = format!("{}:{}", folder("usr/bin"), std::env::var("PATH").unwrap());
        run = run
            .with("PERL5LIB", &perl.join(":"))
            .with("LD_LIBRARY_PATH", &folder(&format!("usr/lib/{library}")))
            .with("PATH", &path);
    }
    let run = run.limit(LONG).run().ok();
    assert_eq!(run.stdout, "", "{run}");
}
